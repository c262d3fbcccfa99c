"""Runs a command and says what it cost."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one run."""

    cpu: float
    """Seconds, user and system, of the process and all that it waited for."""
    wall: float
    """Seconds."""
    memory: float
    """MB; the peak of the largest process (``ru_maxrss``)."""


@dataclass(frozen=True, slots=True)
class Costs:
    """Of some runs of the same thing: medians, and the spread of CPU."""

    runs: tuple[Cost, ...]

    @property
    def cpu(self) -> float:
        return statistics.median(run.cpu for run in self.runs)

    @property
    def wall(self) -> float:
        return statistics.median(run.wall for run in self.runs)

    @property
    def memory(self) -> float:
        return max(run.memory for run in self.runs)

    @property
    def spread(self) -> tuple[float, float]:
        return min(run.cpu for run in self.runs), max(run.cpu for run in self.runs)


class Starter:
    """A small process of its own that starts the commands.

    On Linux a child's ``ru_maxrss`` is never below what its parent held when it was started, and this program
    holds a lot with a hundred thousand files in mind.
    """

    def __init__(self) -> None:
        self.child = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def run(self, command: Sequence[str], folder: Path) -> Cost:
        """Run to the end; its output is thrown away, a bad exit ends the benchmark with what it said."""
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        self.child.stdin.write(json.dumps([list(command), str(folder)]) + "\n")
        self.child.stdin.flush()
        answer = json.loads(self.child.stdout.readline())
        if isinstance(answer, str):
            sys.exit(answer)
        return Cost(*answer)


def run(command: Sequence[str], folder: Path) -> Cost | str:
    """Run to the end, in this process; text if it failed."""
    with tempfile.TemporaryFile() as said:
        started = time.perf_counter()
        child = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=clean())
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - started
        child.returncode = code = os.waitstatus_to_exitcode(status)
        if code:
            said.seek(0)
            return f"{command[0]} ended with {code}:\n{said.read(4000).decode(errors='replace')}"
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


def clean() -> dict[str, str]:
    """The environment of the measured programs."""
    return {key: os.environ[key] for key in ("PATH", "HOME", "TMPDIR") if key in os.environ} | {"LC_ALL": "C.UTF-8"}


def peak(command: Sequence[str], folder: Path) -> float:
    """MB: the most that the process and its children hold together at one time.

    Proportional set size, so that pages shared after a fork count once; sampled every 50 ms, hence in a run of
    its own that is not timed. 0 where ``/proc`` does not tell.
    """
    child = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=clean())
    most = [0.0]
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.05):
            most[0] = max(most[0], sum(map(held, family(child.pid))))

    watcher = threading.Thread(target=watch)
    watcher.start()
    child.wait()
    done.set()
    watcher.join()
    return most[0]


def family(pid: int) -> list[int]:
    """The process and its living descendants."""
    found = [pid]
    for parent in found:
        try:
            children = Path(f"/proc/{parent}/task/{parent}/children").read_text("ascii")
        except OSError:
            continue
        found += map(int, children.split())
    return found


def held(pid: int) -> float:
    """MB of proportional set size."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)


def machine() -> list[str]:
    """What one needs to know of the machine to read the figures; nothing that names it."""
    import platform

    model = "unknown processor"
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), model)
    except OSError:
        pass
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return [
        f"{model}, {cores} cores, {memory:.0f} GB",
        f"{platform.system()} {platform.release().split('-')[0]}, Python {platform.python_version()}",
        f"load average while measuring: {os.getloadavg()[0]:.1f} at the start",
    ]


if __name__ == "__main__":
    for line in sys.stdin:
        argv, where = json.loads(line)
        cost = run(argv, Path(where))
        print(json.dumps(cost if isinstance(cost, str) else [cost.cpu, cost.wall, cost.memory]), flush=True)
