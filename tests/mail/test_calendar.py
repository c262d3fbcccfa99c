"""Due instants: once a day, week or month, whatever clocks do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feeder.config.settings import Frequency, Weekday
from feeder.mail.calendar import Schedule, next_due, previous_due

ZONES = [
    "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC", "Asia/Kathmandu",
    "America/St_Johns", "Pacific/Apia", "Pacific/Kwajalein", "America/Sao_Paulo", "Africa/Casablanca",
    "Asia/Pyongyang", "Asia/Tehran", "Africa/Cairo", "Antarctica/Troll", "Europe/Dublin", "America/Havana",
    "Asia/Beirut", "Pacific/Chatham", "America/Nuuk", "Asia/Amman", "Europe/Istanbul",
]  # fmt: skip
INSTANTS = st.datetimes(datetime(1975, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))
SCHEDULES = st.builds(
    Schedule,
    st.sampled_from(["daily", "weekly", "monthly"]),
    st.integers(0, 23),
    st.sampled_from(get_args(Weekday)),
    st.integers(1, 31),
    st.sampled_from(ZONES),
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def in_zone(due: datetime, zone: str) -> str:
    return due.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


def test_the_week_of_the_repository() -> None:
    weekly = Schedule("weekly", 8, "monday", 1, "Asia/Shanghai")
    assert next_due(weekly, utc("2026-11-22 01:00")) == utc("2026-11-23 00:00")
    assert previous_due(weekly, utc("2026-11-23 00:00")) == utc("2026-11-23 00:00")
    assert previous_due(weekly, utc("2026-11-22 23:59:59.999999")) == utc("2026-11-16 00:00")
    assert next_due(weekly, utc("2026-11-23 00:00")) == utc("2026-11-30 00:00")


@pytest.mark.parametrize(
    ("zone", "hour", "at", "due"),
    [
        # Clocks go from 02:00 to 03:00 at 01:00 UTC.
        ("Europe/Berlin", 2, "2026-03-28 12:00", "2026-03-29 01:00"),
        ("Europe/Berlin", 3, "2026-03-28 12:00", "2026-03-29 01:00"),
        # The hour from 02:00 comes twice, first in summer time.
        ("Europe/Berlin", 2, "2026-10-24 12:00", "2026-10-25 00:00"),
        ("America/New_York", 2, "2026-03-07 12:00", "2026-03-08 07:00"),
        ("America/New_York", 1, "2026-10-31 12:00", "2026-11-01 05:00"),
        # Half an hour: 02:00 to 02:30, and back.
        ("Australia/Lord_Howe", 2, "2026-10-03 00:00", "2026-10-03 15:30"),
        ("Australia/Lord_Howe", 3, "2026-10-03 00:00", "2026-10-03 16:00"),
        ("Australia/Lord_Howe", 1, "2026-04-04 00:00", "2026-04-04 14:00"),
        # The gap begins at midnight; in 2018 Brazil had it too.
        ("America/Havana", 0, "2026-03-07 12:00", "2026-03-08 05:00"),
        ("America/Sao_Paulo", 0, "2018-11-03 12:00", "2018-11-04 03:00"),
        # North Korea left out the half hour before midnight: no whole hour is gone.
        ("Asia/Pyongyang", 0, "2018-05-04 12:00", "2018-05-04 15:00"),
        # The gap of Antarctica/Troll is two hours; the second of them is no later than the first.
        ("Antarctica/Troll", 1, "2026-03-28 12:00", "2026-03-29 01:00"),
        ("Antarctica/Troll", 2, "2026-03-28 12:00", "2026-03-29 01:00"),
        # Samoa had no 30 December 2011.
        ("Pacific/Apia", 8, "2011-12-29 19:00", "2011-12-30 10:00"),
        ("Pacific/Apia", 8, "2011-12-30 10:00", "2011-12-30 18:00"),
    ],
)
def test_gaps_and_doubled_hours(zone: str, hour: int, at: str, due: str) -> None:
    daily = Schedule("daily", hour, zone=zone)
    assert next_due(daily, utc(at)) == utc(due)
    assert previous_due(daily, utc(due)) == utc(due)
    assert previous_due(daily, utc(due) - timedelta(microseconds=1)) < utc(at) + timedelta(days=1)


def test_a_gap_over_midnight_ends_within_the_hour() -> None:
    # Toronto's clocks went at 00:01 from 1987 to 2006: midnight was there, and one o'clock is the end of the gap.
    daily = Schedule("daily", 0, zone="America/St_Johns")
    assert in_zone(next_due(daily, utc("2006-04-01 12:00")), "America/St_Johns") == "2006-04-02 00:00"
    daily = Schedule("daily", 1, zone="America/St_Johns")
    assert in_zone(next_due(daily, utc("2006-04-02 03:30")), "America/St_Johns") == "2006-04-02 01:01"
    # Gaps that begin before the hour and end within it: 23:30 to 00:30 in Toronto, 1919.
    daily = Schedule("daily", 0, zone="America/Toronto")
    assert in_zone(next_due(daily, utc("1919-03-30 12:00")), "America/Toronto") == "1919-03-31 00:30"


def test_the_31st_is_the_last_of_the_month_and_leap_days_count() -> None:
    monthly = Schedule("monthly", 8, day=31, zone="Asia/Shanghai")
    found, at = [], utc("2027-12-31 01:00")
    for _ in range(5):
        at = next_due(monthly, at)
        found.append(in_zone(at, "Asia/Shanghai"))
    assert found == [
        "2028-01-31 08:00", "2028-02-29 08:00", "2028-03-31 08:00", "2028-04-30 08:00", "2028-05-31 08:00",
    ]  # fmt: skip
    thirtieth = Schedule("monthly", 8, day=30, zone="Asia/Shanghai")
    assert in_zone(next_due(thirtieth, utc("2027-02-01 00:00")), "Asia/Shanghai") == "2027-02-28 08:00"


def test_another_zone_is_another_instant() -> None:
    at = utc("2026-11-22 01:00")
    dues = {zone: next_due(Schedule("weekly", 8, "monday", zone=zone), at) for zone in ZONES[:4]}
    assert dues["Asia/Shanghai"] < dues["Europe/Berlin"] < dues["America/New_York"]
    assert {in_zone(due, zone) for zone, due in dues.items()} == {"2026-11-23 08:00"}


def test_instant_digests_and_instants_without_a_zone_are_refused() -> None:
    for call in (previous_due, next_due):
        with pytest.raises(ValueError, match="instant"):
            call(Schedule("instant"), utc("2026-11-22 01:00"))
        with pytest.raises(ValueError, match="zone"):
            call(Schedule("daily"), datetime(2026, 11, 22))


@given(SCHEDULES, INSTANTS)
@example(Schedule("daily", 0, zone="Pacific/Apia"), datetime(2011, 12, 30, 10, tzinfo=UTC))
@example(Schedule("weekly", 0, "friday", zone="Pacific/Apia"), datetime(2011, 12, 30, 10, tzinfo=UTC))
def test_an_instant_lies_between_two_dues(schedule: Schedule, at: datetime) -> None:
    before, after = previous_due(schedule, at), next_due(schedule, at)
    assert before <= at < after
    assert before.tzinfo is UTC
    assert after.tzinfo is UTC
    assert next_due(schedule, before) == after
    assert previous_due(schedule, after) == after
    assert previous_due(schedule, after - timedelta(microseconds=1)) == before


@given(SCHEDULES, INSTANTS, st.integers(-14, 14))
def test_the_zone_of_the_question_does_not_matter(schedule: Schedule, at: datetime, hours: int) -> None:
    elsewhere = at.astimezone(ZoneInfo("Etc/GMT" + (f"{hours:+d}" if -15 < hours < 13 and hours else "")))
    assert previous_due(schedule, elsewhere) == previous_due(schedule, at)
    assert next_due(schedule, elsewhere) == next_due(schedule, at)


@pytest.mark.parametrize("frequency", ["daily", "weekly", "monthly"])
@pytest.mark.parametrize("zone", ZONES)
def test_exactly_one_a_day_a_week_a_month(zone: str, frequency: Frequency) -> None:
    """Over years: the due instants, one after the other, name each local day, week or month once."""
    for hour in (0, 1, 2, 3, 8, 23) if frequency == "daily" else (0, 2):
        schedule = Schedule(frequency, hour, "sunday", 31, zone)
        at, until = utc("2009-12-30 12:00"), utc("2019-01-01 00:00")
        days: list[date] = []
        while (at := next_due(schedule, at)) < until:
            local = at.astimezone(ZoneInfo(zone))
            # In a gap the first instant after it is due: never earlier than the hour, never a day later.
            assert local.hour >= hour or local.date() > date.fromordinal(days[-1].toordinal())
            days.append(local.date())
        found = periods(days, frequency)
        assert list(dict.fromkeys(found)) == every_period(days, frequency, zone)
        # The day that Samoa skipped is due with the first instant of the next, as every gap is.
        skipped = zone == "Pacific/Apia" and frequency == "daily" and hour > 0
        assert len(found) - len(set(found)) == skipped


def periods(days: list[date], frequency: str) -> list[object]:
    forms = {"daily": "%Y-%m-%d", "weekly": "%G-%V", "monthly": "%Y-%m"}
    return [day.strftime(forms[frequency]) for day in days]


def every_period(days: list[date], frequency: str, zone: str) -> list[object]:
    between = [days[0] + timedelta(days=number) for number in range((days[-1] - days[0]).days + 1)]
    if zone == "Pacific/Apia":
        between.remove(date(2011, 12, 30))
    return list(dict.fromkeys(periods(between, frequency)))
