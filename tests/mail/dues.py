"""When a schedule is due, worked out without the code that is tested: by trying every quarter of an hour."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(65536)
def due_on(day: date, hour: int, zone: str) -> datetime:
    """The first quarter of an hour of a local day at which its clock shows ``hour`` or later."""
    place = ZoneInfo(zone)
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=14)
    while True:
        local = at.astimezone(place)
        if local.date() == day and local.hour >= hour:
            return at
        at += timedelta(minutes=15)


def last_due(frequency: str, hour: int, zone: str, at: datetime) -> datetime:
    """The last due instant, not after ``at``, of a daily, weekly (Monday) or monthly (the first) schedule."""
    day = at.astimezone(ZoneInfo(zone)).date() + timedelta(days=1)
    while True:
        fits = {"daily": True, "weekly": day.weekday() == 0, "monthly": day.day == 1}[frequency]
        if fits and due_on(day, hour, zone) <= at:
            return due_on(day, hour, zone)
        day -= timedelta(days=1)
