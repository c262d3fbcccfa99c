"""Waits for what is due: APScheduler for the instants, and a look at whether somebody set the clock.

Nothing that matters is kept here. Its jobs only ring for somebody, which takes no time: so none is ever skipped because
another is at work, or dropped because it is late.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import UTC
from typing import Any, Final

from feeder.daemon.duties import Duty
from feeder.mail.sending.clocks import Clock

STEP: Final = 0.25
"""Seconds by which the clock may differ from one that is never set before the jobs are derived anew."""


class Clockwork:
    """Rings when a duty's instant has come."""

    def __init__(self, clock: Clock, ring: Callable[[Duty], None]) -> None:
        self._clock, self._ring = clock, ring
        self._scheduler = _scheduler()
        self._lock = threading.Lock()
        self._offset = self._look()

    def start(self) -> None:
        """Ring from now on."""
        self._scheduler.start()

    def stop(self) -> None:
        """Ring no more."""
        self._scheduler.shutdown(wait=False)

    def set(self, duties: Iterable[Duty]) -> None:
        """These are the jobs from now on, and no others; one whose instant has passed rings at once."""
        with self._lock:
            self._scheduler.remove_all_jobs()
            for duty in duties:
                # Each under a name of its own: of two with one name, one that has only just rung would stop the other.
                self._scheduler.add_job(self._ring, "date", run_date=duty.at, args=(duty,), name=duty.why)

    def tick(self) -> float:
        """Seconds by which the clock was set since the last look, negative for back; 0: it was not.

        To be called every second or oftener. After a step the jobs are to be ``set`` anew: the scheduler waits for so
        many seconds, whatever the clock says meanwhile (agronholm/apscheduler#351, #752, #794). A machine that slept is
        a step too: the other clock stands still meanwhile.
        """
        offset = self._look()
        moved = offset - self._offset
        if abs(moved) < STEP:
            return 0.0
        self._offset = offset
        return moved

    def _look(self) -> float:
        return self._clock.now().timestamp() - self._clock.seconds()


def _scheduler() -> Any:  # noqa: ANN401  (the library has no types)
    from apscheduler.executors.pool import ThreadPoolExecutor
    from apscheduler.schedulers.background import BackgroundScheduler

    return BackgroundScheduler(
        timezone=UTC,
        daemon=True,
        executors={"default": ThreadPoolExecutor(1)},
        # Late jobs are run, and once: the default drops whatever is a second late.
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
