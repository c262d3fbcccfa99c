"""What is due, read from the history, the mail database and the notes of followed feeds. Nothing is kept in between."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from feeder import dates
from feeder import history as histories
from feeder.config import Settings
from feeder.daemon.duties import LATE, Duty, later_than
from feeder.history import History

if TYPE_CHECKING:
    from feeder.mail.database import MailDatabase

_AGAIN: Final = timedelta(seconds=1)


def publishing(settings: Settings, since: datetime) -> tuple[Duty, ...]:
    """What a publish will have to do after the instant ``since``, digests aside, the next one first.

    Raises ``FeederError`` or ``sqlite3.Error`` where the history cannot be read.
    """
    if not os.path.exists(settings.root / histories.FILE):
        return ()
    with histories.read_history(str(settings.root)) as history:
        return later_than([*_entries(history), *_feeds(settings, since), *_hub(settings, since)], since)


def digests(settings: Settings, since: datetime) -> tuple[Duty, ...]:
    """The next digest after ``since`` of each list that has somebody to serve.

    Raises ``FeederError`` or ``sqlite3.Error`` where a database cannot be read.
    """
    if not _has_mail(settings) or not os.path.exists(settings.root / histories.FILE):
        return ()
    from feeder.mail.database import open_mail

    with histories.read_history(str(settings.root)) as history, open_mail(settings, since) as database:
        return later_than(_digests(settings, history, database, since), since)


def missed(settings: Settings, wall: datetime) -> tuple[Duty, ...]:
    """What was due since the last run, for a process that has only just started; raises as ``publishing`` does."""
    if not os.path.exists(settings.root / histories.FILE):
        return ()
    with histories.read_history(str(settings.root)) as history:
        cut = dates.from_micros(int(history.meta("cut") or 0))
    since = max(min(cut, wall), wall - LATE)
    return (*publishing(settings, since), *digests(settings, since))


def sending(settings: Settings, now: datetime) -> tuple[Duty, ...]:
    """When mail that is queued may leave; none: there is none, or it waits for a person. Raises ``FeederError``."""
    if not _has_mail(settings):
        return ()
    from feeder.mail import lists
    from feeder.mail.database import open_mail
    from feeder.mail.sending import upcoming

    with open_mail(settings, now) as database:
        at = upcoming.next_due(database, lists.ledger_transport(settings))
    return (Duty(at, "mail", "queued mail"),) if at is not None else ()


def _entries(history: History) -> Iterator[Duty]:
    waiting = history.next_due()
    if waiting is not None:
        yield Duty(dates.from_micros(waiting.at), "entry", waiting.why)


def _digests(settings: Settings, history: History, database: MailDatabase, since: datetime) -> Iterator[Duty]:
    from feeder.mail import cutting

    for one in settings.lists:
        found = cutting.next_due(database, replace(settings, lists=(one,)), history, since)
        if found is not None:
            yield Duty(found[0], "digest", found[1])


def _feeds(settings: Settings, since: datetime) -> Iterator[Duty]:
    if settings.follow:
        from feeder.importers import feed

        at = feed.next_poll(settings, since)
        if at is not None:
            yield Duty(at, "feed", "followed feed")


def _hub(settings: Settings, since: datetime) -> Iterator[Duty]:
    """What the hub could not be told yet; a round that ended for lack of time goes on at once."""
    from feeder.pipeline import notifying

    found = notifying.standing(settings, since)
    if found is not None and found.next is not None:
        yield Duty(max(found.next, since + _AGAIN), "retry", "the hub is told")


def _has_mail(settings: Settings) -> bool:
    if not settings.lists:
        return False
    from feeder.mail import database

    return database.exists(settings) or database.is_gone(settings)
