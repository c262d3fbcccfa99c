"""What became of one incoming message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Result = Literal[
    "hard", "soft", "policy", "delayed", "complaint", "unsubscribed", "subscribed", "confirmed", "ignored", "again",
    "left",
]  # fmt: skip
"""``again``: it was dealt with before; ``left``: it is for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of it."""

    result: Result
    why: str = ""
    """In a few words, for the editor."""
    suppressed: bool = False
    """An address was suppressed by it."""
