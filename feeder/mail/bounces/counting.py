"""What follows from a refusal or a complaint for the address: it is written down, and suppressed when that is enough.

One place for what a server says while a message is handed over and for what comes back later by mail.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import Connection, func, insert, select

from feeder.dates import to_micros
from feeder.mail import schema
from feeder.mail.bounces import replies
from feeder.mail.subscribers import Subscribers

HARD_ENOUGH: Final = 2
"""Refusals for "no such user" that suppress, where not the first one did (5.1.1)."""
HARD_WITHIN: Final = timedelta(days=365)
SOFT_ENOUGH: Final = 5
SOFT_WITHIN: Final = timedelta(days=30)

_DETAIL = 300
_SEVERAL = 3
_ADDRESS = re.compile(r"[^\s<>()\[\]:;,'\"=]*@[^\s<>()\[\]:;,'\"]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """A refusal, or a complaint, about a message to a subscriber."""

    subscriber: int
    kind: replies.ReplyKind | Literal["complaint"]
    status: str = ""
    """Enhanced status code (RFC 3463), or the reply code."""
    text: str = ""
    """The server's words."""
    digest: int = 0
    """Of which digest the message was; 0: a system mail."""
    sure: bool = True
    """It is about the subscriber's own address, not about one that it is forwarded to."""


def record(connection: Connection, subscribers: Subscribers, bounce: Bounce, now: datetime) -> bool:
    """Write it down, and suppress the address when it is enough, which ends its subscriptions; True when this did so.

    A second report about the same message counts for nothing: servers repeat themselves. 5.1.1 suppresses at once,
    other kinds of "no such user" after two, soft ones after five in thirty days, a complaint at once, policy never.
    """
    subscriber = schema.subscriber
    person = connection.execute(select(subscriber).where(subscriber.c.id == bounce.subscriber)).one_or_none()
    if person is None or _known(connection, bounce):
        return False
    detail = redacted(bounce.text)
    row = {"subscriber": bounce.subscriber, "kind": bounce.kind, "status": bounce.status, "detail": detail,
           "digest": bounce.digest, "at": to_micros(now)}  # fmt: skip
    connection.execute(insert(schema.bounce).values(row))
    if not _enough(connection, bounce, person.provider, now):
        return False
    known = subscribers.suppressions.of(connection, person.key)
    reason: Literal["complaint", "bounce"] = "complaint" if bounce.kind == "complaint" else "bounce"
    subscribers.suppress(connection, person.key, reason, now, detail or bounce.status)
    return known is None


def redacted(text: str) -> str:
    """A server's words on one line, cut, and without addresses: they outlive the subscriber."""
    return _ADDRESS.sub("…", " ".join(text.split()))[:_DETAIL]


def _known(connection: Connection, bounce: Bounce) -> bool:
    table = schema.bounce
    same = select(table.c.id).where(
        table.c.subscriber == bounce.subscriber, table.c.kind == bounce.kind, table.c.digest == bounce.digest
    )
    return bounce.digest != 0 and connection.execute(same.limit(1)).first() is not None


def _enough(connection: Connection, bounce: Bounce, provider: str, now: datetime) -> bool:
    if bounce.kind == "complaint":
        return True
    if bounce.kind == "hard":
        return (bounce.sure and _at_once(bounce)) or _count(connection, bounce, now - HARD_WITHIN) >= HARD_ENOUGH
    if bounce.kind == "soft":
        return _count(connection, bounce, now - SOFT_WITHIN) >= SOFT_ENOUGH and not _refuses_most(
            connection, provider, now - SOFT_WITHIN
        )
    return False


def _at_once(bounce: Bounce) -> bool:
    # Sendmail reports 5.1.1 for any bare 550: there the server's own words count.
    own = replies.own_status(bounce.text)
    return own == "5.1.1" or (bounce.status == "5.1.1" and not own and not replies.own_code(bounce.text))


def _count(connection: Connection, bounce: Bounce, since: datetime) -> int:
    """How many of this kind there were since then, and since the person last confirmed: that wiped the slate."""
    table, subscription = schema.bounce, schema.subscription
    confirmed = select(func.coalesce(func.max(subscription.c.confirmed_at), 0)).where(
        subscription.c.subscriber == bounce.subscriber
    )
    counted = select(func.count()).where(
        table.c.subscriber == bounce.subscriber,
        table.c.kind == bounce.kind,
        table.c.at > to_micros(since),
        table.c.at >= confirmed.scalar_subquery(),
    )
    return int(connection.execute(counted).scalar_one())


def _refuses_most(connection: Connection, provider: str, since: datetime) -> bool:
    """Whether the provider refuses nearly everybody: then it refuses us, in words that no phrase knows yet."""
    table, person, volume = schema.bounce, schema.subscriber, schema.volume
    refused = connection.execute(
        select(func.count(table.c.subscriber.distinct()), func.count())
        .join_from(table, person, person.c.id == table.c.subscriber)
        .where(person.c.provider == provider, table.c.kind == "soft", table.c.at > to_micros(since))
    ).one()
    sent = select(func.coalesce(func.sum(volume.c.sent), 0)).where(
        volume.c.provider == provider, volume.c.day >= f"{since:%Y-%m-%d}"
    )
    return refused[0] >= _SEVERAL and 2 * int(refused[1]) > int(connection.execute(sent).scalar_one())
