"""What comes next: for the index, which wakes ``publish`` up, and for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from feeder import dates
from feeder.config.settings import MailingList, Settings
from feeder.history import History
from feeder.mail import calendar, lists
from feeder.mail.cutting import remembered
from feeder.mail.cutting.cells import Cells
from feeder.mail.cutting.remembered import Chosen
from feeder.mail.cutting.selection import instant_after, instants, mailable
from feeder.mail.cutting.values import Outlook
from feeder.mail.database import MailDatabase


def next_due(
    database: MailDatabase, settings: Settings, history: History, now: datetime
) -> tuple[datetime, str] | None:
    """The first instant after ``now`` at which a digest may be due, and why; None: not without an edit.

    What is queued already has its own instants, which the ledger knows.
    """
    found = []
    for one in settings.lists:
        at = _next(database, settings, one, history, now)
        if at is not None:
            found.append((at, f"digest {one.name}"))
    return min(found, default=None)


def _next(
    database: MailDatabase, settings: Settings, one: MailingList, history: History, now: datetime
) -> datetime | None:
    transport = lists.ledger_transport(settings)
    with database.read() as connection:
        chosen = Cells(connection, one.name, transport).schedules()
        last = remembered.last_instant(connection, transport, one)
    found = set()
    for schedule in {lists.schedule_of(settings, one, *choice) for choice in chosen}:
        if schedule.frequency != "instant":
            found.add(calendar.next_due(schedule, now))
            continue
        # What is released under a clock that ran ahead is due when that time has come.
        released = history.released_between(last, 1 << 62)
        at = instant_after((r.released for r in released if mailable(r, one, settings)), dates.to_micros(now))
        if at is not None:
            found.add(dates.from_micros(at))
    return min(found, default=None)


def outlook(database: MailDatabase, settings: Settings, history: History, now: datetime) -> list[Outlook]:
    """What each list that has subscribers is about to send."""
    found = []
    transport = lists.ledger_transport(settings)
    for one in settings.lists:
        own = lists.schedule_of(settings, one)
        with database.read() as connection:
            cells = Cells(connection, one.name, transport)
            subscribers = cells.count()
            if not subscribers:
                continue
            following = _following(settings, one, cells.schedules())
            since, served = cells.usual_through(following), cells.count_of(following)
            last = remembered.last_instant(connection, transport, one)
        released = history.released_between(_start(own, since, now), 1 << 62)
        waiting = [record.released for record in released if mailable(record, one, settings)]
        found.append(
            Outlook(
                list=one.name,
                title=lists.title_of(settings, one),
                frequency=own.frequency,
                at=_instant(history, one, settings, last, waiting)
                if own.frequency == "instant"
                else calendar.next_due(own, now),
                zone=lists.zone_of(settings, one),
                entries=len(waiting),
                subscribers=served,
                others=subscribers - served,
            )
        )
    return found


def _instant(
    history: History, one: MailingList, settings: Settings, last: int, waiting: Sequence[int]
) -> datetime | None:
    """When the digest of the entries that were released at these instants is due; None: none wait."""
    if not waiting:
        return None
    first = min(waiting)
    released = history.released_between(min(last, first - 1), 1 << 62)
    burst = instants(record.released for record in released if mailable(record, one, settings))
    return dates.from_micros(min(at for at in burst if at >= first))


def _following(settings: Settings, one: MailingList, chosen: Sequence[Chosen]) -> list[Chosen]:
    """The choices that come to the list's own schedule."""
    own = lists.schedule_of(settings, one)
    return [choice for choice in chosen if lists.schedule_of(settings, one, *choice) == own]


def _start(own: calendar.Schedule, since: int | None, now: datetime) -> int:
    if since is not None:
        return since
    return dates.to_micros(now if own.frequency == "instant" else calendar.previous_due(own, now))
