"""How the process stands: for the pages, for `feeder status`, for `systemctl status`."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Final

from feeder.daemon.duties import Duty
from feeder.daemon.troubles import Troubles
from feeder.upkeep import running
from feeder.upkeep.running import Running
from feeder.web.values import Condition

_BESIDE: Final = {"settings", "web", "limits", "program"}
"""Troubles with which it does its work all the same, as it did before: no reason to start it anew."""


class Standing:
    """Counts what was done since the start; threads may share it."""

    def __init__(self, root: Path, pid: int, started: datetime, troubles: Troubles) -> None:
        self._root, self._pid, self._started, self._troubles = root, pid, started, troubles
        self._lock = threading.Lock()
        self._runs: Counter[int] = Counter()
        self._seconds = 0.0
        self._last: tuple[datetime, int] | None = None
        self._next: Duty | None = None
        self._digests = self._sent = self._failures = 0
        self._saving = threading.Lock()
        self._ended = False
        self.address = ""
        """Where the pages answer."""
        self.watching = ""
        """How changes are noticed."""
        self.dead = ""
        """What has stopped that should not have; empty: nothing."""

    def ran(self, at: datetime, code: int, seconds: float, *, failed: bool = False) -> None:
        """A run ended."""
        with self._lock:
            self._last = at, code
            self._runs[code] += 1
            self._seconds += seconds
            self._failures += failed

    def mailed(self, *, digests: int = 0, sent: int = 0) -> None:
        """Digests were cut, messages left."""
        with self._lock:
            self._digests += digests
            self._sent += sent

    def comes(self, duty: Duty | None) -> None:
        """What comes next."""
        with self._lock:
            self._next = duty

    def condition(self) -> Condition:
        """For the pages."""
        failing = tuple((one.where, one.words) for one in self._troubles.all())
        why = self.dead or next((f"{where}: {words}" for where, words in failing if where not in _BESIDE), "")
        with self._lock:
            return Condition(
                started=self._started,
                ok=not why,
                why=why,
                failing=failing,
                last_run=self._last[0] if self._last else None,
                last_exit=self._last[1] if self._last else None,
                next=self._next.at if self._next else None,
                next_why=self._next.why if self._next else "",
                runs=dict(self._runs),
                run_seconds=self._seconds,
                watching=self.watching,
                digests=self._digests,
                sent=self._sent,
                failures=self._failures,
            )

    def forget(self) -> None:
        """It ended as it was asked to; what a thread would still tell is not of interest."""
        with self._saving:
            self._ended = True
            running.forget(self._root)

    def save(self) -> None:
        """For `feeder status`."""
        # One after the other, or what was found out first might be written last.
        with self._saving:
            if not self._ended:
                running.save(self._root, self._running(self.condition()))

    def _running(self, found: Condition) -> Running:
        return Running(
            pid=self._pid,
            since=self._started,
            address=self.address,
            watching=self.watching,
            last=found.last_run,
            exit=found.last_exit,
            next=found.next,
            why=found.next_why,
            troubles=self._troubles.all(),
        )
