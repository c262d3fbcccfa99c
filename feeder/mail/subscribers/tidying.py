"""Dropping what was kept for a time, when that time is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, select, update

from feeder.dates import to_micros
from feeder.mail.schema import seen_mail, subscription
from feeder.mail.subscribers import askings, erasure, persons

KEPT_PENDING: Final = timedelta(days=30)
"""How long an address is kept whose confirmation nobody clicked."""
AT_ONCE: Final = 1000
"""People erased by one call at most: each takes 0.7 ms, while whoever unsubscribes waits."""
KEPT_SEEN: Final = timedelta(days=365)
"""How long it is known which mail came back: none comes a second time so late."""

StandIn = Callable[[str], str]
"""Gives what stands for the address with a key, once its person is erased."""


def tidy(connection: Connection, names: Sequence[str], now: datetime, stand_in: StandIn) -> int:
    """Drop requests nobody confirmed within a month, as their mail promised; how many there were, `AT_ONCE` at most.

    Those of imports stay, since only the editor can know whether they will be invited, and so do those of former
    subscribers, who are `ended` again.

    Args:
        connection: inside a transaction.
        names: of the lists.
        now: the time.
        stand_in: see ``StandIn``.
    """
    connection.execute(delete(seen_mail).where(seen_mail.c.at < to_micros(now - KEPT_SEEN)))
    askings.forget(connection, now)
    # By list, as the index is: there may be a million others.
    mine = subscription.c.list.in_(names)
    old = subscription.c.state_at < to_micros(now - KEPT_PENDING)
    stale = mine & (subscription.c.state == "pending") & old
    ended = {"state": "ended", "state_at": to_micros(now)}
    connection.execute(update(subscription).where(stale, subscription.c.confirmed_at.is_not(None)).values(ended))
    lost = select(subscription.c.id).where(stale, ~subscription.c.origin.startswith("import", autoescape=True))
    dropped = delete(subscription).where(subscription.c.id.in_(lost.order_by(subscription.c.id).limit(AT_ONCE)))
    gone = connection.execute(dropped.returning(subscription.c.subscriber)).scalars().all()
    for number in dict.fromkeys(gone):
        drop_if_alone(connection, number, now, stand_in)
    return len(gone)


def drop_if_alone(connection: Connection, number: int, now: datetime, stand_in: StandIn) -> None:
    """Erase whoever has no subscription at all."""
    person = persons.by_number(connection, number)
    if person is not None and not person.subscriptions:
        erasure.erase(connection, person, stand_in(person.key), now)
