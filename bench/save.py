"""Measures how long a saved entry takes to reach readers, and writes the section "Saving" of bench/RESULTS.md.

python bench/save.py [-n 10000] [--saves 40] [--write bench/RESULTS.md]

A real ``feeder run`` watches a publication. An entry of the main feed is saved as editors do it, a temporary file
renamed over the old one; what is told is the time from that rename to the one that puts the new ``out/feed.atom`` in
its place, the quiet time of the watcher included. Then 500 files are saved at once, and the runs they cause counted.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent)]

import corpus  # noqa: E402
import measure  # noqa: E402
import report  # noqa: E402

SETTINGS = """\
[site]
title = "Bench"
url = "https://news.example.org/"
authority = "news.example.org,2026"
"""
MUST, DREAM = 100, 50
"""Milliseconds from save to feed."""
SAVES = 40
WARM = 5
"""Saves before those that count."""
MANY = 500
PATIENCE = 300.0
STILL = 2.0
"""Seconds without a run after which all that the 500 caused are over."""
TITLE = "Saving"


@dataclass(frozen=True, slots=True)
class Found:
    """What was measured."""

    entries: int
    delays: tuple[float, ...]
    """Milliseconds from a save to the feed."""
    work: tuple[float, ...]
    """Milliseconds of CPU of the whole process for each of them."""
    many: float
    """Milliseconds from the first of the 500 saves to the end of the last run they caused."""
    saving: float
    """Milliseconds which saving them took."""
    runs: int
    """How many runs that was."""
    idle: float
    """Share of a core taken while nothing happens."""


class Daemon:
    """A ``feeder run`` and what it says."""

    def __init__(self, root: Path) -> None:
        self.root = root
        command = [sys.executable, "-m", "feeder", "run", "-C", str(root), "--no-web", "--verbose"]
        environment = measure.clean() | {"PYTHONPATH": str(HERE.parent), "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.runs: list[float] = []
        """When each run ended."""
        self.lines: list[str] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line)
            if re.search(r"entries: |nothing changed", line):
                self.runs.append(time.perf_counter())

    def cpu(self) -> float:
        """Seconds so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def wait(self, done: int) -> None:
        """Until so many runs ended."""
        end = time.perf_counter() + PATIENCE
        while len(self.runs) < done:
            if self.process.poll() is not None or time.perf_counter() > end:
                sys.exit(f"feeder run ended, or does nothing:\n{''.join(self.lines[-20:])}")
            time.sleep(0.002)


@contextmanager
def daemon(root: Path) -> Iterator[Daemon]:
    """``feeder run``, after its first run and while it watches."""
    running = Daemon(root)
    try:
        running.wait(1)
        time.sleep(1)
        yield running
    finally:
        running.process.terminate()
        running.process.wait(30)


def save(path: Path, text: str) -> float:
    """Save as editors do, and tell when."""
    beside = path.with_name(f".{path.name}.tmp")
    beside.write_text(text, "utf-8")
    began = time.perf_counter()
    beside.replace(path)
    return began


def delay(root: Path, path: Path, mark: str) -> float:
    """Milliseconds from a save that adds ``mark`` to a feed that has it."""
    feed = root / "out" / "feed.atom"
    before = feed.stat().st_ino
    began = save(path, f"{path.read_text('utf-8')}\n{mark}\n")
    while feed.stat().st_ino == before:
        if time.perf_counter() - began > PATIENCE:
            sys.exit("the feed did not change")
        time.sleep(0.0003)
    ended = time.perf_counter()
    if mark not in feed.read_text("utf-8"):
        sys.exit(f"the feed changed, and not by what was saved: {mark}")
    return 1000 * (ended - began)


def each(running: Daemon, paths: list[Path], saves: int) -> Iterator[tuple[float, float]]:
    """Delay and CPU of single saves of the newest entries, one after the other."""
    for number in range(saves):
        runs, cpu = len(running.runs), running.cpu()
        found = delay(running.root, paths[-1 - number % 10], f"mark{number}")
        running.wait(runs + 1)
        time.sleep(0.3)
        yield found, 1000 * (running.cpu() - cpu)


def at_once(running: Daemon, paths: list[Path]) -> tuple[float, float, int]:
    """500 entries of the middle saved at once: all of it, saving alone, and how many runs."""
    runs = len(running.runs)
    some = paths[len(paths) // 2 :][:MANY]
    texts = [path.read_text("utf-8") for path in some]
    began = time.perf_counter()
    for path, text in zip(some, texts, strict=True):
        save(path, f"{text}\nAt once.\n")
    saved = time.perf_counter()
    running.wait(runs + 1)
    while time.perf_counter() - running.runs[-1] < STILL:
        time.sleep(0.05)
    return 1000 * (running.runs[-1] - began), 1000 * (saved - began), len(running.runs) - runs


def run(root: Path, saves: int) -> Found:
    """All of it on a publication that stands in ``root``."""
    paths = sorted((root / "entries").rglob("*.md"))
    with daemon(root) as running:
        list(each(running, paths, WARM))
        found = list(each(running, paths, saves))
        cpu, began = running.cpu(), time.perf_counter()
        time.sleep(10)
        idle = (running.cpu() - cpu) / (time.perf_counter() - began)
        many, saving, runs = at_once(running, paths)
    delays, work = zip(*found, strict=True)
    return Found(len(paths), delays, work, many, saving, runs, idle)


def section(found: Found, machine: list[str]) -> str:
    """Of RESULTS.md."""
    ordered = sorted(found.delays)
    median = statistics.median(ordered)
    verdict = "dream" if median <= DREAM else "reached" if median <= MUST else "**missed**"
    lines = [
        f"## {TITLE}",
        "",
        f"Written by `python bench/save.py` on {datetime.now(UTC):%Y-%m-%d}: `feeder run`, {found.entries:,} entries;",
        f"{len(ordered)} saves of entries in the main feed, each from the rename of the entry file to that of",
        "`feed.atom`. 50 ms of it are the quiet time: an editor may save in several steps.",
        "",
        *(f"- {fact}" for fact in machine),
        "",
        "| what | measured | must | dream | |",
        "|---|---:|---:|---:|---|",
        f"| save to `feed.atom`, median | {median:.0f} ms | {MUST} ms | {DREAM} ms | {verdict} |",
        "",
        "| what | |",
        "|---|---:|",
        f"| least – most | {ordered[0]:.0f} – {ordered[-1]:.0f} ms |",
        f"| nine of ten within | {ordered[len(ordered) * 9 // 10 - 1]:.0f} ms |",
        f"| CPU of a save, all of it | {statistics.median(found.work):.0f} ms |",
        f"| CPU while nothing happens | {100 * found.idle:.1f} % of a core |",
        f"| {MANY} files saved within {found.saving:.0f} ms: runs | {found.runs} |",
        f"| {MANY} files: from the first save to the end of the last run | {found.many / 1000:.1f} s |",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="measure the way from a saved entry to the feed")
    parser.add_argument("-n", type=int, default=10_000, help="entries")
    parser.add_argument("--saves", type=int, default=SAVES, help="single saves; the median is told")
    parser.add_argument("--write", type=Path, default=HERE / "RESULTS.md", help="where the results go")
    options = parser.parse_args()
    machine = measure.machine()
    with tempfile.TemporaryDirectory() as work:
        root = Path(work)
        corpus.make(options.n, root / "entries")
        (root / "feeder.toml").write_text(SETTINGS, "utf-8")
        found = run(root, options.saves)
    text = options.write.read_text("utf-8") if options.write.exists() else "# Results\n"
    options.write.write_text(report.put(text, TITLE, section(found, machine)), "utf-8")
    print(section(found, machine))


if __name__ == "__main__":
    main()
