"""Instants as feeds write them, in the offset of the datetime that was handed in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_FIRST_YEAR = 1990
"""Validators call what is before it implausible, and Atom cannot leave ``updated`` out."""
_OLDEST = datetime(1990, 1, 2, tzinfo=UTC)
_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
_SHRUNK = 100_000
_MINUTE = timedelta(minutes=1)
_HALF_HOUR = timedelta(minutes=30)
_NO_OFFSET = timedelta()


def _writable(moment: datetime, step: timedelta) -> datetime:
    """The same instant in UTC where the offset cannot be written (local mean times had seconds)."""
    offset = moment.utcoffset()
    if offset is None or offset % step != _NO_OFFSET:
        return moment.astimezone(UTC)
    return moment


def rfc3339(moment: datetime) -> str:
    """``2026-11-22T09:00:00+08:00`` (RFC 3339 section 5.6); whole seconds."""
    return _writable(moment, _MINUTE).isoformat(timespec="seconds")


def exact(moment: datetime) -> str:
    """As ``rfc3339``, with microseconds: what ``feeder recover`` needs to find the same instant again."""
    return _writable(moment, _MINUTE).isoformat(timespec="microseconds")


def atom(moment: datetime) -> str:
    """As ``rfc3339``; what is before 1990 is moved, still in its order, into the first days of that year."""
    return rfc3339(moment) if moment.year > _FIRST_YEAR else _old(moment)


def _old(moment: datetime) -> str:
    written = _writable(moment, _MINUTE)
    if written.year < _FIRST_YEAR:
        return _moved(written).isoformat(timespec="microseconds")
    return written.isoformat(timespec="seconds")


def _moved(moment: datetime) -> datetime:
    """Two thousand years fit into a week: one second becomes ten microseconds, and no two moments meet."""
    return _OLDEST + (moment - _BEGINNING) / _SHRUNK


def rfc822(moment: datetime) -> str:
    """``Sun, 22 Nov 2026 09:00:00 +0800`` (RFC 822 with four-digit years), in English under any locale.

    What is before 1990 is moved as in ``atom``.
    Offsets that are no multiple of 30 minutes (Nepal) are written in UTC: validators doubt them.
    """
    m = _writable(moment, _HALF_HOUR)
    if m.year < _FIRST_YEAR:
        m = _moved(m)
    offset = int((m.utcoffset() or _NO_OFFSET).total_seconds()) // 60
    sign, minutes = ("-", -offset) if offset < 0 else ("+", offset)
    day = f"{_DAYS[m.weekday()]}, {m.day:02} {_MONTHS[m.month - 1]} {m.year:04}"
    return f"{day} {m.hour:02}:{m.minute:02}:{m.second:02} {sign}{minutes // 60:02}{minutes % 60:02}"
