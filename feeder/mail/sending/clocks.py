"""The clock that sending is given: it works for hours, so an instant as argument is not enough."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time, and lets it pass."""

    def now(self) -> datetime:
        """The instant, UTC."""

    def seconds(self) -> float:
        """A clock that is never set back; only differences mean something."""

    def sleep(self, seconds: float) -> None:
        """Come back later; a signal may end it early."""
