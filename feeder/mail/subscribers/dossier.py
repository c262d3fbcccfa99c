"""All that is known about one person, for herself: what data protection law calls access and portability."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from feeder.dates import from_micros
from feeder.mail.schema import bounce, delivery, digest, notice, snapshot
from feeder.mail.subscribers import persons
from feeder.mail.subscribers.persons import Person, Subscription
from feeder.mail.subscribers.suppression import Suppressions

VERSION = 1
"""Grows when a key changes its meaning or goes."""


def dossier(connection: Connection, suppressions: Suppressions, key: str) -> dict[str, Any] | None:
    """Everything about the address with this key, as JSON takes it; None for one that is not known at all."""
    person = persons.find(connection, key)
    suppressed = suppressions.of(connection, key)
    if person is None and suppressed is None:
        return None
    found: dict[str, Any] = {"version": VERSION, "address": person.address if person is not None else key}
    if person is not None:
        found |= {
            "name": person.name,
            "provider": person.provider,
            "created_at": _instant(person.created_at),
            "subscriptions": [_subscription(one) for one in person.subscriptions],
            "digests": _digests(connection, person),
            "system_mails": _notices(connection, person),
            "bounces": _bounces(connection, person),
        }
    found["suppressed"] = (
        {"reason": suppressed.reason, "since": _instant(suppressed.since), "detail": suppressed.detail}
        if suppressed is not None
        else None
    )
    return found


def _subscription(one: Subscription) -> dict[str, Any]:
    return {
        "list": one.list,
        "state": one.state,
        "since": _instant(one.state_at),
        "frequency": one.choice.frequency,
        "hour": one.choice.hour,
        "timezone": one.choice.timezone,
        "tags": list(one.choice.tags),
        "language": one.choice.language,
        "created_at": _instant(one.created_at),
        "confirmed_at": _instant(one.confirmed_at) if one.confirmed_at is not None else None,
        "origin": one.origin,
        "consent": list(one.consent),
    }


def _digests(connection: Connection, person: Person) -> list[dict[str, Any]]:
    current = (snapshot.c.digest == digest.c.id) & (snapshot.c.revision == digest.c.revision)
    joined = delivery.join(digest, digest.c.id == delivery.c.digest).outerjoin(snapshot, current)
    asked = (
        select(delivery, digest.c.list, snapshot.c.subject)
        .select_from(joined)
        .where(delivery.c.subscriber == person.id)
        .order_by(delivery.c.digest, delivery.c.transport)
    )
    return [
        {
            "digest": row.digest,
            "list": row.list,
            "subject": row.subject or "",
            "transport": row.transport,
            "state": row.state,
            "at": _instant(from_micros(row.updated_at)),
            "message_id": row.message_id,
            "reply": row.reply,
        }
        for row in connection.execute(asked)
    ]


def _notices(connection: Connection, person: Person) -> list[dict[str, Any]]:
    asked = select(notice).where(notice.c.address == person.address).order_by(notice.c.made_at)
    return [
        {"kind": row.kind, "list": row.list, "state": row.state, "at": _instant(from_micros(row.made_at))}
        for row in connection.execute(asked)
    ]


def _bounces(connection: Connection, person: Person) -> list[dict[str, Any]]:
    asked = select(bounce).where(bounce.c.subscriber == person.id).order_by(bounce.c.at)
    return [
        {"kind": row.kind, "status": row.status, "detail": row.detail, "at": _instant(from_micros(row.at))}
        for row in connection.execute(asked)
    ]


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
