"""How long to wait before another try: doubled each time, from minutes to a day."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

GIVE_UP: Final = 13
"""After so many deferrals a message has failed: it was tried for nearly six days (RFC 5321 section 4.5.4.1: 4 to 5)."""

_LONGEST: Final = timedelta(days=1)
_MINUTE: Final = timedelta(minutes=1)


def after_deferral(attempt: int) -> timedelta | None:
    """How long a message waits after its ``attempt``-th try (from 1) was put off: 5 minutes to a day; None: give up."""
    return _doubled(5 * _MINUTE, attempt) if attempt < GIVE_UP else None


def of_provider(times: int) -> timedelta:
    """How long a provider's mail waits when it is paused for the ``times``-th time in a row (from 1)."""
    return _doubled(5 * _MINUTE, times)


def of_breaker(times: int) -> timedelta:
    """The same where addresses are bad: an hour at least, so that a person can look."""
    return _doubled(60 * _MINUTE, times)


def of_transport(times: int) -> timedelta:
    """How long everything waits when the server cannot be reached for the ``times``-th time in a row (from 1)."""
    return min(_doubled(_MINUTE, times), 60 * _MINUTE)


def _doubled(first: timedelta, times: int) -> timedelta:
    return min(first * (1 << min(max(times, 1) - 1, 20)), _LONGEST)
