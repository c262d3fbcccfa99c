"""What the dashboard shows, read from the real history and mail database, which are neither made nor changed."""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, get_args
from urllib.parse import quote
from zoneinfo import ZoneInfo

from feeder import dates
from feeder import history as histories
from feeder.config import Settings
from feeder.mail import calendar, database, lists
from feeder.mail.values import DeliveryState
from feeder.web.preview.plots import Plot, Series
from feeder.web.preview.words import Words

MONTHS: Final = 24
DAYS: Final = 60
_OPEN: Final = "state IN ('queued', 'deferred', 'sending', 'held')"


@dataclass(frozen=True, slots=True)
class Next:
    """A list, and when its next digest is due."""

    name: str
    title: str
    at: datetime | None
    """In the list's zone; None: with the next entry."""
    subscribers: int


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A digest that is being sent."""

    number: int
    title: str
    """Of its list."""
    until: datetime
    counts: tuple[tuple[str, int], ...]
    """State of its deliveries, and how many are in it."""


@dataclass(frozen=True, slots=True)
class Board:
    """All of it."""

    public: int
    """Entries that can be read now."""
    last: datetime | None
    """When something was last published."""
    plots: tuple[Plot, ...]
    due: tuple[Next, ...]
    under_way: tuple[UnderWay, ...]
    mail: bool
    """Whether anybody ever subscribed."""


def board(settings: Settings, now: datetime, words: Words) -> Board:
    """How the publication does at ``now``."""
    zone = ZoneInfo(settings.site.timezone)
    months: dict[str, int] = {}
    public, last = 0, None
    if (settings.root / histories.FILE).exists():
        with histories.read_history(str(settings.root)) as history:
            months = dict(history.months())
            public, finished = history.public_count(), history.meta("finished")
            last = datetime.fromisoformat(finished).astimezone(zone) if finished else None
    plots = [_releases(months, now.astimezone(zone), words)]
    if not settings.lists or not database.exists(settings):
        return Board(public, last, tuple(plots), _due(settings, now, {}), (), mail=False)
    with closing(_reading(database.path_of(settings))) as mail:
        active = dict(mail.execute("SELECT list, count(*) FROM subscription WHERE state = 'active' GROUP BY list"))
        plots += [_deliveries(mail, now, words), _bounces(mail, now, words), _subscribers(mail, settings, now, words)]
        way = tuple(_under_way(mail, settings, words))
    return Board(public, last, tuple(plots), _due(settings, now, active), way, mail=True)


def _reading(path: str) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(os.fsencode(os.path.abspath(path)))}?mode=ro", uri=True, timeout=5)


def _due(settings: Settings, now: datetime, active: dict[str, int]) -> tuple[Next, ...]:
    found = []
    for one in settings.lists:
        schedule = lists.schedule_of(settings, one)
        zone = ZoneInfo(lists.zone_of(settings, one))
        at = None if schedule.frequency == "instant" else calendar.next_due(schedule, now).astimezone(zone)
        found.append(Next(one.name, lists.title_of(settings, one), at, active.get(one.name, 0)))
    return tuple(found)


def _under_way(mail: sqlite3.Connection, settings: Settings, words: Words) -> Iterator[UnderWay]:
    zone = ZoneInfo(settings.site.timezone)
    titles = {one.name: lists.title_of(settings, one) for one in settings.lists}
    rows = mail.execute(f"SELECT DISTINCT digest FROM delivery WHERE {_OPEN} ORDER BY digest DESC LIMIT 20").fetchall()  # noqa: S608  (a constant of ours)
    for (number,) in rows:
        name, until = mail.execute("SELECT list, until FROM digest WHERE id = ?", (number,)).fetchone()
        query = "SELECT state, count(*) FROM delivery WHERE digest = ? GROUP BY state"
        found = dict(mail.execute(query, (number,)).fetchall())
        counts = tuple((getattr(words, state), found[state]) for state in get_args(DeliveryState) if state in found)
        yield UnderWay(number, titles.get(name, name), dates.from_micros(until).astimezone(zone), counts)


def _releases(months: dict[str, int], today: datetime, words: Words) -> Plot:
    steps = [_month(today, back) for back in range(MONTHS - 1, -1, -1)]
    values = tuple(months.get(step, 0) for step in steps)
    summary = words.releases_summary.format(sum(values), MONTHS)
    return Plot("releases", words.releases, summary, tuple(steps), (Series(words.entries, values),))


def _month(today: datetime, back: int) -> str:
    number = today.year * 12 + today.month - 1 - back
    return f"{number // 12:04}-{number % 12 + 1:02}"


def _days(now: datetime) -> list[date]:
    return [now.date() - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]


def _deliveries(mail: sqlite3.Connection, now: datetime, words: Words) -> Plot:
    days = [day.isoformat() for day in _days(now)]
    query = "SELECT day, sum(sent), sum(deferred), sum(failed) FROM volume WHERE day >= ? GROUP BY day"
    found = {day: tuple(numbers) for day, *numbers in mail.execute(query, (days[0],))}
    names = (words.sent, words.deferred, words.failed)
    series = tuple(Series(name, tuple(found.get(day, (0, 0, 0))[at] for day in days)) for at, name in enumerate(names))
    summary = words.deliveries_summary.format(*(sum(one.values) for one in series), DAYS)
    return Plot("deliveries", words.deliveries, summary, tuple(days), series)


def _bounces(mail: sqlite3.Connection, now: datetime, words: Words) -> Plot:
    days = _days(now)
    start = int(datetime(days[0].year, days[0].month, days[0].day, tzinfo=now.tzinfo).timestamp() * 1_000_000)
    rows = mail.execute("SELECT kind, at FROM bounce WHERE at >= ?", (start,))
    found = Counter((kind, dates.from_micros(at).date()) for kind, at in rows)
    kinds = (("hard", words.hard), ("soft", words.soft), ("policy", words.policy), ("complaint", words.complaint))
    series = tuple(Series(name, tuple(found[kind, day] for day in days)) for kind, name in kinds)
    total = sum(sum(one.values) for one in series)
    steps = tuple(day.isoformat() for day in days)
    return Plot("bounces", words.bounces, words.bounces_summary.format(total, DAYS), steps, series)


def _subscribers(mail: sqlite3.Connection, settings: Settings, now: datetime, words: Words) -> Plot:
    """Those active at the end of each day, list by list: confirmed and not ended by then."""
    query = (
        "SELECT list, confirmed_at, CASE state WHEN 'ended' THEN state_at END FROM subscription WHERE confirmed_at > 0"
    )
    changes: dict[str, Counter[date]] = {one.name: Counter() for one in settings.lists}
    for name, begun, ended in mail.execute(query):
        if name in changes:
            changes[name][dates.from_micros(begun).date()] += 1
            if ended:
                changes[name][dates.from_micros(ended).date()] -= 1
    days = [now.date() - timedelta(days=back) for back in range(365, -1, -5)]
    series = tuple(
        Series(lists.title_of(settings, one), tuple(_until(changes[one.name], days))) for one in settings.lists
    )
    summary = words.subscribers_summary.format(sum(one.values[-1] for one in series))
    return Plot("subscribers", words.subscribers, summary, tuple(day.isoformat() for day in days), series)


def _until(changes: Counter[date], days: Sequence[date]) -> Iterator[int]:
    total, left = 0, sorted(changes.items())
    for day in days:
        while left and left[0][0] <= day:
            total += left.pop(0)[1]
        yield total
