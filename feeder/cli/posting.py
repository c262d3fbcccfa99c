"""What sending needs of the process it runs in: a clock, secrets, and the signals that end it in good order."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType
from typing import TYPE_CHECKING

from feeder.cli.clock import SystemClock

if TYPE_CHECKING:
    from feeder.pipeline import Post


class _Clock(SystemClock):
    """A clock whose sleep a signal ends."""

    def __init__(self, stop: Event) -> None:
        self._stop = stop

    def sleep(self, seconds: float) -> None:
        """Come back later, or as soon as a signal says stop."""
        self._stop.wait(seconds)


@contextmanager
def post() -> Iterator[Post]:
    """What sending needs. SIGTERM, and Ctrl-C once sending has begun, let it finish what is under way."""
    from feeder.config.secrets import Secrets
    from feeder.pipeline import Post

    stop, asked = Event(), Event()

    def stopping() -> bool:
        asked.set()  # only sending asks
        return stop.is_set()

    def handler(number: int, frame: FrameType | None) -> None:
        patient = number == signal.SIGTERM or asked.is_set()
        if stop.is_set() or not patient:
            signal.default_int_handler(number, frame)
        stop.set()

    before = {number: signal.signal(number, handler) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield Post(_Clock(stop), Secrets(os.environ), stopping)
    finally:
        for number, former in before.items():
            signal.signal(number, former)
