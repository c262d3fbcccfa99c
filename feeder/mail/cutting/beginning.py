"""What is otherwise than at the last cut: another way out, another schedule of a list."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from feeder import dates
from feeder.config.settings import Settings
from feeder.mail import calendar, lists
from feeder.mail.calendar import Schedule
from feeder.mail.cutting import remembered
from feeder.mail.cutting.cells import Cells
from feeder.mail.cutting.remembered import Past
from feeder.mail.cutting.selection import HOUR
from feeder.mail.cutting.values import Started
from feeder.mail.database import MailDatabase

_TICK: Final = timedelta(microseconds=1)


def begin(database: MailDatabase, settings: Settings, now: datetime) -> list[Started]:
    """See what is otherwise than at the last cut: another way out, another schedule of a list."""
    transport, schedules = lists.ledger_transport(settings), remembered.schedules(settings)
    with database.read() as connection:
        past = remembered.past(connection)
        unserved = any(Cells(connection, one.name, transport).has_unserved() for one in settings.lists)
    if past.schedules == schedules and not unserved:
        return []
    with database.begin() as connection:
        started = _start(connection, settings, past, now)
        for name, schedule in schedules.items():
            if past.at and past.schedules.get(name, schedule) != schedule:
                # What would have been due by the new schedule before the last cut, nobody was waiting for.
                Cells(connection, name, transport).reschedule(min(past.at, dates.to_micros(now)))
        remembered.remember(connection, Past(past.at, {**past.schedules, **schedules}))
    return started


def _start(connection: Connection, settings: Settings, past: Past, now: datetime) -> list[Started]:
    """Serve by this transport all those it has never served, from their previous due instants on."""
    found = []
    transport = lists.ledger_transport(settings)
    for one in settings.lists:
        cells = Cells(connection, one.name, transport)
        many, since = 0, now
        for chosen in cells.schedules():
            from_, previous = _since(lists.schedule_of(settings, one, *chosen), past, now)
            if count := cells.start(chosen, dates.to_micros(from_), dates.to_micros(previous)):
                many, since = many + count, min(since, from_)
        if many:
            found.append(Started(list=one.name, transport=transport, subscriptions=many, since=since))
    return found


def _since(schedule: Schedule, past: Past, now: datetime) -> tuple[datetime, datetime]:
    """From when a transport serves whom it has never served, and the last due instant of their schedule.

    The way out was changed between the last cut and this one. A due instant in between nobody has been served, so it
    counts; but never more than the last one does, however long ago the last cut was.
    """
    last = min(dates.from_micros(past.at), now) if past.at else now
    if schedule.frequency == "instant":
        since = max(last, now - timedelta(microseconds=HOUR))
        return since, now
    previous = calendar.previous_due(schedule, now)
    return max(calendar.previous_due(schedule, last), calendar.previous_due(schedule, previous - _TICK)), previous
