"""Digests that the history remembers and the mail database does not: an older one was put back, or a new one made.

The history keeps, beside the pages, up to when each schedule of each list was served, and the highest number of a
digest. That is written when the mail database is on the disk, so whatever ends a run, the history is never ahead of the
mail database that it was written for. Where it is ahead, another stands there: what the later digests had is not mailed
again to those they were for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, text

from feeder import dates
from feeder.config.settings import Settings
from feeder.history import History
from feeder.mail import lists
from feeder.mail.cutting import numbering, remembered
from feeder.mail.cutting.cells import Cells
from feeder.mail.cutting.remembered import Served
from feeder.mail.cutting.values import Overtaken
from feeder.mail.database import MailDatabase

_KEY: Final = "mail"
_PEOPLE: Final = "smtp"
"""The transport that reaches people; the others are rehearsals."""
WHY_HELD: Final = "an older mail database was put back: nobody knows whether it was sent since"
_HOLD: Final = text(
    "UPDATE delivery SET state = 'held', uncertain = 1, reply = :why, updated_at = :now "
    "WHERE state IN ('queued', 'deferred', 'sending')"
)


@dataclass(slots=True)
class Kept:
    """What the history remembers of mail."""

    digests: int = 0
    """The highest number of a digest."""
    served: Served = field(default_factory=dict)


def remembered_by(history: History) -> Kept:
    """What the history remembers of mail."""
    told: dict[str, Any] = json.loads(history.meta(_KEY) or "{}")
    return Kept(max(told.get("digests", 0), history.last_digest()), told.get("served", {}))


def keep(database: MailDatabase, history: History) -> None:
    """Let the history remember what the mail database knows by now; the caller commits it."""
    before = remembered_by(history)
    with database.read() as connection:
        last, served = numbering.last(connection), remembered.served(connection)
    now = Kept(max(last, before.digests), _later(before.served, served))
    if history.meta(_KEY) and (now.digests, now.served) == (before.digests, before.served):
        return
    # A power cut must not take from the mail database what the history says of it.
    database.sync()
    told = {"digests": now.digests, "served": now.served}
    history.set_meta(_KEY, json.dumps(told, ensure_ascii=False, sort_keys=True))


def _later(one: Mapping[str, Mapping[str, int]], other: Mapping[str, Mapping[str, int]]) -> Served:
    return {
        key: {
            schedule: max(one.get(key, {}).get(schedule, 0), other.get(key, {}).get(schedule, 0))
            for schedule in sorted({*one.get(key, {}), *other.get(key, {})})
        }
        for key in sorted({*one, *other})
    }


def reckon(database: MailDatabase, settings: Settings, history: History, now: datetime) -> list[Overtaken]:
    """Take those whom later digests were for as served by them, once; who they are, by the list.

    What waits to be sent in a mail database that was replaced is held: it may have been sent since. Numbers of digests
    go on behind the highest that the history knows, since they stand in pages and Message-IDs.
    """
    kept = remembered_by(history)
    with database.read() as connection:
        last, known = numbering.last(connection), remembered.served(connection)
    ahead = _ahead(kept.served or _by_pages(settings, history, last), known)
    if last >= kept.digests and not ahead:
        return []
    with database.begin() as connection:
        numbering.count_on_from(connection, kept.digests)
        held = _hold(connection, now) if ahead else 0
        return _overtake(connection, settings, ahead, held)


def _ahead(kept: Served, known: Served) -> Served:
    """What the history knows to be served, and the mail database does not."""
    found = {
        key: {chosen: until for chosen, until in kept[key].items() if until > known.get(key, {}).get(chosen, 0)}
        for key in kept
    }
    return {key: later for key, later in found.items() if later}


def _by_pages(settings: Settings, history: History, last: int) -> Served:
    """By the pages of digests alone, where the history is one that was made anew: the lists' own schedules."""
    found: Served = {}
    for one in settings.lists if lists.ledger_transport(settings) == _PEOPLE else ():
        newest = next(iter(history.digests(one.name, 1)), None)
        if newest is not None and newest.number > last:
            own = remembered.schedule_key((one.frequency, None, ""))
            found[remembered.served_key(_PEOPLE, one.name)] = {own: newest.until}
    return found


def _hold(connection: Connection, now: datetime) -> int:
    return int(connection.execute(_HOLD, {"why": WHY_HELD, "now": dates.to_micros(now)}).rowcount)


def _overtake(connection: Connection, settings: Settings, ahead: Served, held: int) -> list[Overtaken]:
    found: dict[str, Overtaken] = {}
    for key, later in ahead.items():
        transport, name = remembered.transport_and_list(key)
        cells, many = Cells(connection, name, transport), 0
        for chosen, until in later.items():
            many += cells.overtake(remembered.schedule_of(chosen), until)
            remembered.note_served(connection, transport, name, [remembered.schedule_of(chosen)], until)
        if transport == lists.ledger_transport(settings):
            latest = dates.from_micros(max(later.values()))
            found[name] = Overtaken(list=name, until=latest, subscriptions=many, held=held)
            held = 0
    return list(found.values())


def turn_back(database: MailDatabase, settings: Settings, name: str, since: datetime) -> int:
    """Let the next digest of a list have again what was released after ``since``; for how many subscriptions.

    Raises ``UsageError`` where there is no such list.
    """
    wanted = lists.find(settings, name)
    with database.begin() as connection:
        return Cells(connection, wanted.name, lists.ledger_transport(settings)).turn_back(dates.to_micros(since))
