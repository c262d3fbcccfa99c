"""Where a subscription starts: up to which instant it counts as served, and what a newcomer gets at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, func, select

from feeder.config.settings import MailingList, Settings
from feeder.dates import from_micros, to_micros
from feeder.mail import calendar, lists
from feeder.mail.schema import delivery, digest
from feeder.mail.subscribers.choices import Choice
from feeder.mail.subscribers.persons import Subscription

_INSTANT_QUIET: Final = timedelta(hours=1)
_WELCOME_NEWER: Final = timedelta(days=35)
"""A digest older than that is no welcome: a monthly one is 31 days old at most."""

_SERVE = """
INSERT INTO served (transport, subscription, through) VALUES (?, ?, ?)
ON CONFLICT (transport, subscription) DO UPDATE SET through = max(through, excluded.through)
"""
_WELCOME = """
INSERT OR IGNORE INTO delivery
  (digest, transport, subscriber, subscription, provider, state, due_at, updated_at)
SELECT ?, ?, subscriber.id, ?, subscriber.provider, 'queued', ?, ? FROM subscriber WHERE subscriber.id = ?
"""


def starts_at(
    connection: Connection, settings: Settings, mailing_list: MailingList, wanted: Choice, now: datetime
) -> datetime:
    """The instant up to which a subscription counts as served when it becomes active now.

    That is the previous due instant of its schedule: whoever joins on Thursday gets on Monday what everybody gets. For
    instant digests it is the last one that was cut, if that was within the hour, else now.
    """
    schedule = lists.schedule_of(settings, mailing_list, wanted.frequency, wanted.hour, wanted.timezone)
    if schedule.frequency != "instant":
        return calendar.previous_due(schedule, now)
    transport = lists.ledger_transport(settings)
    here = select(delivery.c.digest).where(delivery.c.transport == transport, delivery.c.digest == digest.c.id)
    last = connection.execute(
        select(func.max(digest.c.until)).where(
            digest.c.list == mailing_list.name,
            digest.c.frequency == "instant",
            digest.c.until > to_micros(now - _INSTANT_QUIET),
            here.exists(),
        )
    ).scalar_one()
    return from_micros(last) if last is not None else now


def serve(connection: Connection, settings: Settings, number: int, start: datetime) -> None:
    """Count the subscription with this number as served up to ``start``, never to an earlier instant than it is."""
    connection.exec_driver_sql(_SERVE, (lists.ledger_transport(settings), number, to_micros(start)))


def welcome(connection: Connection, settings: Settings, known: Subscription, start: datetime, now: datetime) -> None:
    """Queue the latest digest for a newcomer, if there is one that holds nothing of what the next one will hold."""
    if known.choice.tags or _had_any(connection, known):
        return
    language = known.choice.language or lists.language_of(settings, lists.find(settings, known.list))
    latest = (
        select(digest.c.id)
        .join(delivery, delivery.c.digest == digest.c.id)
        .where(
            digest.c.list == known.list,
            digest.c.language == language,
            digest.c.frequency == known.choice.frequency,
            digest.c.state == "ready",
            digest.c.until.between(to_micros(now - _WELCOME_NEWER), to_micros(start)),
        )
        .group_by(digest.c.id)
        .order_by(digest.c.until.desc(), func.count().desc())
        .limit(1)
    )
    number = connection.execute(latest).scalar_one_or_none()
    if number is not None:
        at, transport = to_micros(now), lists.ledger_transport(settings)
        connection.exec_driver_sql(_WELCOME, (number, transport, known.id, at, at, known.subscriber))


def _had_any(connection: Connection, known: Subscription) -> bool:
    mine = select(delivery.c.digest).where(
        delivery.c.subscriber == known.subscriber, delivery.c.subscription == known.id
    )
    return connection.execute(mine.limit(1)).first() is not None
