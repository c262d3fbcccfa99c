"""A week in seconds: three lists, four frequencies, four zones. Each digest once, at its time, with what is due."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from mail.newsdesk import Newsdesk, text_of
from support import soak

from feeder.mail import lists
from feeder.mail.database import open_mail
from feeder.mail.subscribers import Subscribers
from feeder.mail.subscribers.choices import choice
from tests.daemon.stage import Stage, SteppedClock

ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
FREQUENCIES = ("instant", "daily", "weekly", "monthly")
HOURS = {"morning": 8, "noon": 12, "night": 2}  # 2 o'clock is where the clocks are changed
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

WEEKS = [date(2026, 10, 25)]  # Berlin goes back on this day, New York a week later
"""First days."""
if soak(0, 1):
    # Lord Howe goes forward by half an hour; forward in New York, Berlin, back in Lord Howe; weeks of no change.
    WEEKS += [date(2026, 9, 29), date(2026, 3, 7), date(2026, 3, 27), date(2026, 3, 31), date(2026, 11, 22)]


def settings(first: date) -> str:
    blocks = [
        '[mail]\nfrom = "News <news@example.org>"\npostal_address = "1 Street"\ntransport = "maildir"',
        '[web]\nurl = "https://subscribe.example.org/"',
    ]
    for number, (name, hour) in enumerate(HOURS.items()):
        day = first + timedelta(days=2 + number)
        blocks.append(
            f'[[lists]]\nname = "{name}"\nfrequency = "daily"\nallowed = ["instant", "weekly", "monthly"]\n'
            f'hour = {hour}\nweekday = "{WEEKDAYS[day.weekday()]}"\nday = {day.day}\n'
            f"archive = {'true' if name == 'morning' else 'false'}"
        )
    return "\n".join(blocks)


def expected(frequency: str, name: str, zone: str, first: date, start: datetime, end: datetime) -> list[datetime]:
    """When digests are due, counted day by day on the wall clock of the zone."""
    found = []
    chosen = first + timedelta(days=2 + list(HOURS).index(name))
    for number in range(-2, 12):
        day = first + timedelta(days=number)
        if frequency == "weekly" and day.weekday() != chosen.weekday():
            continue
        if frequency == "monthly" and day.day != chosen.day:
            continue
        found.append(_instant(day, HOURS[name], ZoneInfo(zone)))
    return [at for at in found if start < at <= end]


def _instant(day: date, hour: int, zone: ZoneInfo) -> datetime:
    """The first instant of that day at which its clocks show the hour, or have passed it."""
    at = datetime.combine(day, time(), zone).astimezone(UTC)
    while at.astimezone(zone).replace(tzinfo=None) < datetime.combine(day, time(hour)):
        at += timedelta(minutes=15)
    return at


def subscribe(desk: Newsdesk, now: datetime) -> dict[str, tuple[str, str, str]]:
    people = {}
    settings = desk.settings
    with open_mail(settings, now) as database, database.begin() as connection:
        register = Subscribers(settings, database.secrets())
        for one in settings.lists:
            for zone in ZONES:
                for frequency in FREQUENCIES:
                    address = f"{one.name}-{frequency}-{zone.partition('/')[2].lower()}@example.org"
                    wish = choice(lists.find(settings, one.name), frequency=frequency, timezone=zone)
                    register.add(connection, one, address, now, kept="a test", choice=wish)
                    people[address] = (one.name, frequency, zone)
    return people


@pytest.mark.parametrize("first", WEEKS, ids=str)
def test_each_digest_once_at_its_time(tmp_path: Path, first: date) -> None:
    desk = Newsdesk(tmp_path / "pub")
    desk.configure(settings(first))
    start = datetime.combine(first, time(), UTC) - timedelta(hours=14)
    end = start + timedelta(days=8, minutes=-30)
    # Every nine hours or so, and one at the very instant of a digest for Berlin and for Lord Howe.
    releases = [start + timedelta(hours=6 + 9 * number, minutes=7 * number) for number in range(19)]
    releases += [_instant(first + timedelta(days=3), 8, ZoneInfo(zone)) for zone in ("Europe/Berlin", ZONES[3])]
    for number, at in enumerate(sorted(releases)):
        desk.entry(f"e{number}", "x\n", title=f"Entry-{number:02}-", date=at.isoformat())
    releases.sort()
    people = subscribe(desk, start)
    stage = Stage(desk, SteppedClock(start))
    stage.start()
    stage.until(end, safety=False)

    got: dict[str, list[tuple[datetime, list[int]]]] = defaultdict(list)
    for letter in desk.letters():
        numbers = sorted({int(number) for number in re.findall(r"Entry-(\d\d)-", text_of(letter))})
        got[str(letter["To"])].append((parsedate_to_datetime(str(letter["Date"])), numbers))
    for address, (name, frequency, zone) in people.items():
        mine = sorted(got[address])
        if frequency == "instant":
            served = [number for _, numbers in mine for number in numbers]
            assert sorted(served) == list(range(len(releases))), address
            assert all(at - releases[numbers[0]] <= timedelta(hours=1) for at, numbers in mine)
            continue
        wanted, since = [], start
        for due in expected(frequency, name, zone, first, start, end):
            numbers = [number for number, at in enumerate(releases) if since < at <= due]
            wanted += [(due, numbers)] if numbers else []
            since = due
        assert [(at.astimezone(UTC), numbers) for at, numbers in mine] == wanted, address
    assert stage.voice.warned == []
