"""Sending: ``run`` empties the queue, the ``desk`` hands out messages, the ``ledger`` knows what became of each."""

from __future__ import annotations

from feeder.mail.sending.run import (
    send,
)

__all__ = ["send"]
