"""The system's clock, for what works for hours."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class SystemClock:
    """See ``feeder.mail.sending.clocks.Clock``."""

    def now(self) -> datetime:
        """The instant, UTC."""
        return datetime.now(UTC)

    def seconds(self) -> float:
        """A clock that is never set back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Come back later."""
        time.sleep(seconds)
