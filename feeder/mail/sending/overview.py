"""How every digest stands: for `feeder status` and `feeder digest status`. Read only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, text

from feeder.dates import from_micros, to_micros

if TYPE_CHECKING:
    from feeder.mail.database import MailDatabase

RECENT: Final = 3
"""Finished digests of a transport that are told, beside those that have deliveries to make."""
_PACE_COUNTS: Final = timedelta(seconds=10)
"""A run that has not been heard of for so long is over."""
_OPEN = "state IN ('queued', 'deferred', 'sending', 'held')"

# Of an open digest the index tells all but what is settled; that takes one walk over its deliveries.
_COUNTS = text("""SELECT count(*), total(state = 'queued'), total(state = 'sending'), total(state = 'sent'),
    total(state = 'deferred'), total(state = 'failed'), total(state = 'held'), total(state = 'skipped')
    FROM delivery WHERE digest = :digest AND transport = :transport""")
_OPEN_DIGESTS = text(f"""WITH RECURSIVE place (transport, digest) AS (
    SELECT * FROM (SELECT transport, digest FROM delivery WHERE {_OPEN} ORDER BY transport, digest LIMIT 1)
    UNION ALL SELECT (SELECT transport FROM delivery WHERE {_OPEN} AND (transport, digest) > (p.transport, p.digest)
            ORDER BY transport, digest LIMIT 1),
        (SELECT digest FROM delivery WHERE {_OPEN} AND (transport, digest) > (p.transport, p.digest)
            ORDER BY transport, digest LIMIT 1)
    FROM place AS p WHERE p.digest IS NOT NULL)
    SELECT transport, digest FROM place WHERE digest IS NOT NULL""")
_NEXT_TRY = text(f"""SELECT min(due_at) FROM delivery
    WHERE transport = :transport AND digest = :digest AND {_OPEN} AND state = 'deferred'""")
_HELD = text(f"""SELECT d.subscriber, person.address, d.message_id, d.reply, d.updated_at
    FROM delivery AS d LEFT JOIN subscriber AS person ON person.id = d.subscriber
    WHERE d.transport = :transport AND d.digest = :digest AND d.{_OPEN} AND d.state = 'held' ORDER BY d.subscriber""")


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestStatus:
    """One digest on one transport."""

    digest: int
    list: str
    until: datetime
    """The instant up to which it serves."""
    transport: str
    """The ledger's name of it; ``smtp`` is told as handed over, since a relay may yet fail."""
    state: str
    """ready, paused, cancelled."""
    send_at: datetime
    total: int
    queued: int
    """Not tried yet, those under way included."""
    sent: int
    deferred: int
    failed: int
    held: int
    skipped: int
    next_try: datetime | None
    """When the first of the deferred ones is tried again."""
    per_second: float
    """Speed of the run that is sending now; 0: none is."""
    left: timedelta | None
    """Until the queue is empty at this speed; None: nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """A provider whose mail waits; ``*``: all of a transport."""

    transport: str
    provider: str
    until: datetime
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A delivery of which nobody knows whether it arrived."""

    subscriber: int
    address: str
    """Empty: the person was forgotten."""
    message_id: str
    why: str
    since: datetime


def overview(database: MailDatabase, now: datetime, *, sending: bool = True) -> list[DigestStatus]:
    """Digests with deliveries to make, and the last few that are done, newest first; no speed unless ``sending``."""
    with database.read() as connection:
        paces = _paces(connection, now) if sending else {}
        chosen = {(row[0], row[1]) for row in connection.execute(_OPEN_DIGESTS)}
        chosen.update(_recent(connection))
        return [
            _status(connection, transport, digest, paces.get(transport, 0.0))
            for transport, digest in sorted(chosen, key=lambda pair: (-pair[1], pair[0]))
        ]


def waiting(database: MailDatabase, transport: str) -> int:
    """Deliveries of a transport that were not sent yet."""
    query = text(f"SELECT count(*) FROM delivery WHERE transport = :transport AND {_OPEN} AND state <> 'held'")
    with database.read() as connection:
        return int(connection.execute(query, {"transport": transport}).scalar_one())


def pauses(database: MailDatabase, now: datetime) -> list[Paused]:
    """Whose mail waits now, and why."""
    query = text("SELECT transport, provider, until, why FROM pause WHERE until > :now ORDER BY transport, provider")
    with database.read() as connection:
        return [
            Paused(transport=transport, provider=provider, until=from_micros(until), why=why)
            for transport, provider, until, why in connection.execute(query, {"now": to_micros(now)})
        ]


def held(database: MailDatabase, digest: int, transport: str = "smtp") -> list[Held]:
    """The deliveries of a digest that wait for a person to decide."""
    with database.read() as connection:
        found = connection.execute(_HELD, {"digest": digest, "transport": transport})
        return [
            Held(subscriber=number, address=address or "", message_id=mark, why=why, since=from_micros(at))
            for number, address, mark, why, at in found
        ]


def release(connection: Connection, digest: int, now: datetime, *, again: bool, transport: str = "smtp") -> int:
    """Decide what is held: send it once more, or believe that it arrived; how many there were."""
    query = f"""UPDATE delivery SET state = :state, uncertain = 1, due_at = :now, updated_at = :now
        WHERE transport = :transport AND digest = :digest AND {_OPEN} AND state = 'held'"""
    values = {"state": "deferred" if again else "sent", "now": to_micros(now), "transport": transport}
    return connection.execute(text(query), {**values, "digest": digest}).rowcount


def _paces(connection: Connection, now: datetime) -> dict[str, float]:
    """Transport -> messages a second of the run at work."""
    found: dict[str, float] = {}
    for key, value in connection.execute(text("SELECT key, value FROM meta WHERE key LIKE 'pace %'")):
        started, at, count = map(int, value.split(" "))
        if to_micros(now - _PACE_COUNTS) <= at and at > started:
            found[key.partition(" ")[2]] = count * 1e6 / (at - started)
    return found


def _recent(connection: Connection) -> Iterator[tuple[str, int]]:
    digests = connection.execute(text("SELECT id FROM digest ORDER BY id DESC LIMIT :most"), {"most": RECENT})
    transports = text("SELECT DISTINCT transport FROM served UNION SELECT DISTINCT transport FROM volume")
    names = connection.execute(transports).scalars().all()
    one = text("SELECT 1 FROM delivery WHERE digest = :digest AND transport = :transport LIMIT 1")
    for digest in digests.scalars().all():
        for name in names:
            if connection.execute(one, {"digest": digest, "transport": name}).first():
                yield name, digest


def _status(connection: Connection, transport: str, digest: int, pace: float) -> DigestStatus:
    values = {"digest": digest, "transport": transport}
    query = text("SELECT list, until, state, send_at FROM digest WHERE id = :digest")
    name, until, state, send_at = connection.execute(query, values).one()
    total, queued, sending, sent, deferred, failed, kept, skipped = map(int, connection.execute(_COUNTS, values).one())
    next_try = connection.execute(_NEXT_TRY, values).scalar() if deferred else None
    at_work = pace if queued + sending and state == "ready" else 0.0
    return DigestStatus(
        digest=digest, list=name, until=from_micros(until), transport=transport, state=state,
        send_at=from_micros(send_at), total=total, queued=queued + sending, sent=sent, deferred=deferred,
        failed=failed, held=kept, skipped=skipped, next_try=from_micros(next_try) if next_try is not None else None,
        per_second=at_work, left=timedelta(seconds=round((queued + sending) / at_work)) if at_work else None,
    )  # fmt: skip
