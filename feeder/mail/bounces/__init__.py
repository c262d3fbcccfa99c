"""What came back: ``replies`` tells what a server's words mean, ``counting`` when they are enough to end it."""

from __future__ import annotations

from feeder.mail.bounces.counting import (
    Bounce,
    record,
    redacted,
)

__all__ = ["Bounce", "record", "redacted"]
