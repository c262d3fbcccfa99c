"""Who is subscribed to what, read from the mail database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from feeder.dates import from_micros
from feeder.mail.schema import subscriber, subscription
from feeder.mail.subscribers import consent
from feeder.mail.subscribers.choices import Choice, tags_read
from feeder.mail.values import SubscriptionState


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One person on one list."""

    id: int
    subscriber: int
    address: str
    name: str
    list: str
    state: SubscriptionState
    choice: Choice
    created_at: datetime
    state_at: datetime
    """When it came into its state."""
    scheduled_at: datetime
    confirmed_at: datetime | None
    consent: tuple[dict[str, str], ...]
    """What happened, oldest first (``consent.py``)."""
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One address, and all that is subscribed with it."""

    id: int
    address: str
    key: str
    provider: str
    name: str
    created_at: datetime
    subscriptions: tuple[Subscription, ...]

    def on(self, name: str) -> Subscription | None:
        """The subscription to that list, in whatever state."""
        return next((one for one in self.subscriptions if one.list == name), None)


def find(connection: Connection, key: str) -> Person | None:
    """Whoever has the address with this key (`addresses.normal`)."""
    return _person(connection, select(subscriber).where(subscriber.c.key == key))


def by_number(connection: Connection, number: int) -> Person | None:
    """The subscriber with this number, as tokens and return paths name it."""
    return _person(connection, select(subscriber).where(subscriber.c.id == number))


def every(connection: Connection, *, list: str = "", state: str = "") -> Iterator[Subscription]:  # noqa: A002
    """Subscriptions in the order of their addresses, then lists; of one list and in one state, where asked for."""
    asked = _subscriptions()
    if list:
        asked = asked.where(subscription.c.list == list)
    if state:
        asked = asked.where(subscription.c.state == state)
    rows = connection.execution_options(yield_per=1000).execute(asked.order_by(subscriber.c.key, subscription.c.list))
    return (_subscription(row) for row in rows)


def census(connection: Connection) -> dict[tuple[str, str], int]:
    """How many subscriptions there are: ``(list, state)`` -> number."""
    counted = select(subscription.c.list, subscription.c.state, func.count()).group_by(
        subscription.c.list, subscription.c.state
    )
    return {(row[0], row[1]): row[2] for row in connection.execute(counted)}


def _person(connection: Connection, asked: Select[Any]) -> Person | None:
    row = connection.execute(asked).one_or_none()
    if row is None:
        return None
    rows = connection.execute(_subscriptions().where(subscriber.c.id == row.id).order_by(subscription.c.list))
    return Person(
        id=row.id,
        address=row.address,
        key=row.key,
        provider=row.provider,
        name=row.name,
        created_at=from_micros(row.created_at),
        subscriptions=tuple(_subscription(one) for one in rows),
    )


def _subscriptions() -> Select[Any]:
    joined = subscription.join(subscriber, subscriber.c.id == subscription.c.subscriber)
    return select(subscription, subscriber.c.address, subscriber.c.name).select_from(joined)


def _subscription(row: Row[Any]) -> Subscription:
    return Subscription(
        id=row.id,
        subscriber=row.subscriber,
        address=row.address,
        name=row.name,
        list=row.list,
        state=row.state,
        choice=Choice(
            frequency=row.frequency,
            hour=row.hour,
            timezone=row.timezone,
            tags=tags_read(row.tags),
            language=row.language,
        ),
        created_at=from_micros(row.created_at),
        state_at=from_micros(row.state_at),
        scheduled_at=from_micros(row.scheduled_at),
        confirmed_at=from_micros(row.confirmed_at) if row.confirmed_at is not None else None,
        consent=tuple(consent.read(row.consent)),
        origin=row.origin,
    )
