"""``feeder lists``: the lists, their schedules and their subscribers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, get_args
from zoneinfo import ZoneInfo

import click

from feeder.cli.options import HELP, in_directory, note, now, say, settings_in
from feeder.cli.terminal import clean, pad, width

if TYPE_CHECKING:
    from feeder.config import MailingList, Settings
    from feeder.mail.calendar import Schedule

Census = Mapping[tuple[str, str], int]
"""``(list, state)`` -> how many subscriptions."""


@dataclass(frozen=True, slots=True)
class Row:
    """One list as it is told."""

    settings: Settings
    mailing_list: MailingList
    schedule: Schedule
    counts: dict[str, int]
    """Subscriptions by state."""
    next: datetime | None
    """When the list's own schedule is due next; None where digests follow the entries."""


@click.command(context_settings=HELP)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@in_directory
def lists(directory: Path, as_json: bool) -> int:
    """Tell the lists and their subscribers.

    With the schedule of those who have not chosen one, and when that is due next.
    """
    settings, moment = settings_in(directory), now()
    census = counted(settings, moment)
    rows = [row(settings, one, census, moment) for one in settings.lists]
    if as_json:
        say(json.dumps(machine(rows), ensure_ascii=False))
    elif rows:
        for line in table(rows):
            say(line)
    else:
        say("no lists; [[lists]] in feeder.toml makes one")
    for name in forgotten(settings, census):
        note(f"list `{clean(name)}` has subscribers, and is not in feeder.toml: nothing is sent to them")
    return 0


def counted(settings: Settings, moment: datetime) -> Census:
    """How many subscriptions there are; a mail database is read, never made."""
    from feeder.mail import database

    if not database.exists(settings):
        database.require_there(settings)
        return {}
    from feeder.mail.subscribers import persons

    with database.open_mail(settings, moment) as mail, mail.read() as connection:
        return persons.census(connection)


def row(settings: Settings, mailing_list: MailingList, census: Census, moment: datetime) -> Row:
    """What is to be told of one list."""
    from feeder.mail import calendar
    from feeder.mail.lists import schedule_of
    from feeder.mail.values import SubscriptionState

    schedule = schedule_of(settings, mailing_list)
    counts = {state: census.get((mailing_list.name, state), 0) for state in get_args(SubscriptionState)}
    due = None if schedule.frequency == "instant" else calendar.next_due(schedule, moment)
    return Row(settings, mailing_list, schedule, counts, due)


def forgotten(settings: Settings, census: Census) -> list[str]:
    """Lists that people have subscribed to and that the settings no longer name."""
    known = {one.name for one in settings.lists}
    return sorted(
        {name for (name, state), number in census.items() if name not in known and state != "ended" and number}
    )


def table(rows: list[Row]) -> Iterator[str]:
    """A line a list, under a line of headings; numbers stand to the right."""
    states = list(rows[0].counts)
    lines = [["list", "title", "schedule", *states, "next digest"]]
    lines += [_cells(one, states) for one in rows]
    widths = [max(width(line[column]) for line in lines) for column in range(len(lines[0]))]
    numbers = range(3, 3 + len(states))
    for line in lines:
        cells = [f"{cell:>{widths[at]}}" if at in numbers else pad(cell, widths[at]) for at, cell in enumerate(line)]
        yield "  ".join(cells).rstrip()


def _cells(one: Row, states: list[str]) -> list[str]:
    from feeder.mail.lists import title_of

    title = clean(title_of(one.settings, one.mailing_list))
    numbers = [f"{one.counts[state]:,}" for state in states]
    return [one.mailing_list.name, title, in_words(one.schedule), *numbers, _next(one)]


def in_words(schedule: Schedule) -> str:
    """``weekly, Monday 08:00 (Asia/Shanghai)``."""
    if schedule.frequency == "instant":
        return "instant"
    day = {"weekly": f", {schedule.weekday.title()}", "monthly": f", day {schedule.day}"}.get(schedule.frequency, "")
    return f"{schedule.frequency}{day} {schedule.hour:02}:00 ({schedule.zone})"


def _next(one: Row) -> str:
    if one.next is None:
        return "as entries come"
    return one.next.astimezone(ZoneInfo(one.schedule.zone)).strftime("%Y-%m-%d %H:%M")


def machine(rows: list[Row]) -> dict[str, object]:
    """The same for programs."""
    from feeder.mail.lists import allowed, title_of

    found = [
        {
            "name": one.mailing_list.name,
            "title": title_of(one.settings, one.mailing_list),
            "frequency": one.schedule.frequency,
            "allowed": list(allowed(one.mailing_list)),
            "schedule": in_words(one.schedule),
            "subscribers": one.counts,
            "next": one.next.astimezone(ZoneInfo(one.schedule.zone)).isoformat() if one.next is not None else None,
        }
        for one in rows
    ]
    return {"version": 1, "lists": found}
