"""What the pages ask of this process; see ``feeder.web.values.Office``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from feeder.daemon.standing import Standing
from feeder.mail.sending.clocks import Clock
from feeder.web.values import Condition, Why


class Reception:
    """Passes on what visitors set off."""

    def __init__(
        self, clock: Clock, standing: Standing, *, mail: Callable[[], None], entries: Callable[[], None]
    ) -> None:
        """``mail`` and ``entries`` are called when something was queued, and when an input changed."""
        self._clock, self._standing = clock, standing
        self._bells: dict[Why, Callable[[], None]] = {"mail": mail, "entries": entries}

    def now(self) -> datetime:
        """The time, in UTC."""
        return self._clock.now()

    def ring(self, why: Why) -> None:
        """There is something to do; returns at once."""
        self._bells[why]()

    def condition(self) -> Condition:
        """How things stand."""
        return self._standing.condition()
