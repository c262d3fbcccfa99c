"""When digests are due: pure arithmetic over days and zones, no clock.

A due instant is an hour of a local day. An hour that a clock change leaves out is due at the first instant after the
gap, one that comes twice at its first; so is every day, week and month due once.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import get_args
from zoneinfo import ZoneInfo

from feeder.config.settings import Frequency, Weekday

_DAYS = get_args(Weekday)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Schedule:
    """When the digests of a subscription are due."""

    frequency: Frequency
    hour: int = 8
    """Of the local day, 0 to 23."""
    weekday: Weekday = "monday"
    """Of the weekly digest."""
    day: int = 1
    """Of the monthly digest, 1 to 31; in shorter months the last."""
    zone: str = "UTC"
    """IANA name."""


def previous_due(schedule: Schedule, at: datetime) -> datetime:
    """The latest due instant that is not after ``at``, in UTC.

    Raises ``ValueError`` for ``instant``, which follows the entries, and for an instant without a zone.
    """
    period = _period(schedule, _local_day(schedule, at)) + 1
    while (due := _due(schedule, period)) > at:
        period -= 1
    return due


def next_due(schedule: Schedule, at: datetime) -> datetime:
    """The first due instant after ``at``, in UTC; raises ``ValueError`` as ``previous_due`` does."""
    # Where a zone has skipped a whole day, two periods may be due at one instant: that is looked for from before both.
    period = _period(schedule, _local_day(schedule, at)) - 1
    while (due := _due(schedule, period)) <= at:
        period += 1
    return due


def _local_day(schedule: Schedule, at: datetime) -> date:
    if schedule.frequency == "instant":
        raise ValueError("instant digests have no due instants of their own")
    if at.tzinfo is None:
        raise ValueError("an instant needs a zone")
    return at.astimezone(ZoneInfo(schedule.zone)).date()


def _period(schedule: Schedule, day: date) -> int:
    """The number of the day, week or month in which a local day lies."""
    if schedule.frequency == "daily":
        return day.toordinal()
    if schedule.frequency == "weekly":
        # 0001-01-01, the ordinal 1, is a Monday.
        return (day.toordinal() - 1 - _DAYS.index(schedule.weekday)) // 7
    return day.year * 12 + day.month - 1


@lru_cache(maxsize=4096)
def _due(schedule: Schedule, period: int) -> datetime:
    if schedule.frequency == "daily":
        day = date.fromordinal(period)
    elif schedule.frequency == "weekly":
        day = date.fromordinal(period * 7 + 1 + _DAYS.index(schedule.weekday))
    else:
        year, month = divmod(period, 12)
        day = date(year, month + 1, min(schedule.day, monthrange(year, month + 1)[1]))
    return _instant(day, schedule.hour, ZoneInfo(schedule.zone))


def _instant(day: date, hour: int, zone: ZoneInfo) -> datetime:
    local = datetime(day.year, day.month, day.day, hour, tzinfo=zone)
    first, second = local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
    # PEP 495: in a gap, and only there, the second reading lies before the first; the gap ends between them.
    return first if first <= second else _end_of_gap(second, first, zone)


def _end_of_gap(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first second at which the clock of ``after`` is in force, found by halving."""
    offset = after.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + (after - before) // 2
        middle -= timedelta(microseconds=middle.microsecond)
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after
