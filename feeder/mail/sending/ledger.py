"""The ledger: what has become of each delivery, and nobody is lost or served twice.

States go queued → sending → sent, deferred, failed, held or skipped. ``sending`` is committed before the final dot of
a message can leave, and what the server said is committed together with the next ``sending``: whatever ends the
process, only rows in ``sending`` are uncertain, one for each message under way.

Written with the driver's own cursor: SQLAlchemy costs more here than the sending itself.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from feeder.mail.sending.syncing import Syncer
from feeder.mail.sending.traffic import Traffic
from feeder.mail.values import DeliveryState

SYNC_MESSAGES: Final = 200
"""A commit reaches the disk for certain after so many messages…"""
SYNC_SECONDS: Final = 1.0
"""…or so much time: a power cut hides the outcome of no more than these."""

_OPEN = "state IN ('queued', 'deferred', 'sending', 'held')"
"""As the index ``delivery_open`` has it; SQLite uses a partial index only where its own words stand in the query."""

_PAIR = f"""
SELECT digest, provider FROM delivery INDEXED BY delivery_open
WHERE transport = ? AND (digest, provider) > (?, ?) AND {_OPEN} ORDER BY digest, provider LIMIT 1"""

_READ = f"""
SELECT d.subscriber, d.subscription, d.due_at, d.attempt, d.uncertain, d.revision, person.address, person.name
FROM delivery AS d INDEXED BY delivery_open LEFT JOIN subscriber AS person ON person.id = d.subscriber
WHERE d.transport = ? AND d.digest = ? AND d.provider = ? AND (d.due_at, d.subscriber) > (?, ?) AND d.due_at <= ?
AND d.{_OPEN} AND d.state IN ('queued', 'deferred')
ORDER BY d.due_at, d.subscriber LIMIT ?"""

_CLAIM = """
UPDATE delivery SET state = 'sending', attempt = attempt + 1, revision = ?2, message_id = ?3, updated_at = ?1
WHERE digest = ?4 AND transport = ?5 AND subscriber = ?6 AND state IN ('queued', 'deferred') AND due_at <= ?1
AND EXISTS (SELECT 1 FROM subscription AS s JOIN subscriber AS person ON person.id = s.subscriber
    WHERE s.id = delivery.subscription AND s.state = 'active' AND person.address = ?7)
AND EXISTS (SELECT 1 FROM digest WHERE digest.id = delivery.digest AND digest.state = 'ready' AND digest.send_at <= ?1
    AND (digest.revision = ?2 OR delivery.uncertain > 0))
AND NOT EXISTS (SELECT 1 FROM pause WHERE pause.transport = ?5 AND pause.provider IN ('*', delivery.provider)
    AND pause.until > ?1)"""

_SKIP = """
UPDATE delivery SET state = 'skipped', reply = ?2, updated_at = ?1
WHERE digest = ?3 AND transport = ?4 AND subscriber = ?5 AND state IN ('queued', 'deferred')
AND NOT EXISTS (SELECT 1 FROM subscription AS s JOIN subscriber AS person ON person.id = s.subscriber
    WHERE s.id = delivery.subscription AND s.state = 'active')"""

# A refusal before the body was asked for comes to a row that was never claimed.
_SETTLE = """
UPDATE delivery SET attempt = attempt + (state <> 'sending'), state = ?1, reply = ?2, updated_at = ?3, message_id = ?4
WHERE digest = ?5 AND transport = ?6 AND subscriber = ?7 AND state IN ('queued', 'deferred', 'sending')"""
_DEFER = _SETTLE.replace("SET ", "SET due_at = ?8, ")

_UNCERTAIN = """
UPDATE delivery SET uncertain = uncertain + 1, state = CASE WHEN ?1 OR uncertain > 0 THEN 'held' ELSE 'deferred' END,
due_at = min(due_at, ?2), updated_at = ?2, reply = ?3"""
_WHY_UNCERTAIN: Final = "the connection or the program ended before the answer"

_UNSENT = """
UPDATE delivery SET attempt = attempt - 1, updated_at = ?1,
state = CASE WHEN attempt > 1 OR uncertain > 0 THEN 'deferred' ELSE 'queued' END
WHERE digest = ?2 AND transport = ?3 AND subscriber = ?4 AND state = 'sending'"""

_NOTICES = """
SELECT id, address, list, attempt, uncertain FROM notice
WHERE state = ? AND due_at <= ? ORDER BY due_at, id LIMIT ?"""


class Row(NamedTuple):
    """A delivery, or a system mail (``digest`` 0, ``subscriber`` its number), as it was read ahead of its claim."""

    digest: int
    subscriber: int
    subscription: int
    provider: str
    address: str | None
    """None: the person was forgotten meanwhile."""
    name: str
    attempt: int
    """Tries so far."""
    uncertain: int
    revision: int
    """The snapshot it was last sent from."""
    due_at: int

    @property
    def pinned(self) -> bool:
        """It may have arrived: what is sent again must be the same, byte for byte."""
        return self.uncertain > 0


@dataclass(slots=True)
class Tally:
    """What a run of sending did."""

    sent: int = 0
    deferred: int = 0
    failed: int = 0
    held: int = 0
    skipped: int = 0
    notices: int = 0
    """System mails among those sent."""
    suppressed: int = 0
    """Addresses that were found not to exist."""
    alarms: list[str] = field(default_factory=list)
    """What the editor should hear of, each a line; told once, not at every run that meets it."""
    down: str = ""
    """Why nothing more could be sent: the server cannot be reached, or does not let us in."""


class DigestRow(NamedTuple):
    """What sending needs of a digest."""

    id: int
    list: str
    language: str
    revision: int
    page: str


class SnapshotRow(NamedTuple):
    """A frozen text."""

    subject: str
    html: str
    text: str
    made_at: int


class Ledger:
    """The deliveries of one transport, to the one process that holds the sending lock.

    Args:
        connection: in autocommit; the ledger closes it.
        transport: its name in the ledger (`lists.ledger_transport`).
        syncer: brings commits onto the disk; none: SQLite does so by itself, now and then.

    ``traffic`` is what it knows of the providers; it is written in the same transactions.
    """

    def __init__(self, connection: sqlite3.Connection, transport: str, syncer: Syncer | None = None) -> None:
        self._connection = connection
        self._run = connection.execute
        self._transport = transport
        self.traffic = Traffic(connection, transport)
        self._syncer = syncer
        if syncer:
            connection.execute("PRAGMA wal_autocheckpoint = 0")

    def close(self) -> None:
        """Nothing is under way any more."""
        if self._syncer:
            self._syncer.close()
        self._connection.close()

    def sync_soon(self) -> None:
        """What is committed by now is on the disk before long; nobody waits for it."""
        if self._syncer:
            self._syncer.ask()

    @contextmanager
    def transaction(self, *, durable: bool = False) -> Iterator[None]:
        """All or nothing; ``durable``: on the disk when it ends, and all before it."""
        if durable:
            self._run("PRAGMA synchronous = FULL")
        self._run("BEGIN IMMEDIATE")
        try:
            yield
            self._run("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._run("ROLLBACK")
            raise
        finally:
            if durable:
                self._run("PRAGMA synchronous = NORMAL")

    def recover(self, now: int, *, hold: bool) -> tuple[int, int]:
        """Take up what a dead run left in ``sending``: (to be sent again, held for a person to decide).

        ``hold``: hold all of them; else those whose outcome was hidden for the second time.
        """
        with self.transaction(durable=True):
            where = f" WHERE transport = ?4 AND state = 'sending' AND {_OPEN} RETURNING state"
            values = (hold, now, _WHY_UNCERTAIN, self._transport)
            states = [row[0] for row in self._run(_UNCERTAIN + where, values)]
            notices = _UNCERTAIN.replace("delivery", "notice", 1) + " WHERE state = 'sending' RETURNING state"
            states += [row[0] for row in self._run(notices, values[:3])]
        return states.count("deferred"), states.count("held")

    def pairs(self, now: int) -> Iterator[tuple[int, str]]:
        """(digest, provider) with deliveries to make, oldest digest first; those of digests that wait are left out.

        A seek in the index for each, however many rows there are behind it.
        """
        ready: dict[int, bool] = {}
        place = (0, "")
        while found := self._run(_PAIR, (self._transport, *place)).fetchone():
            digest, provider = place = found
            if digest not in ready:
                ready[digest] = self.is_ready(digest, now)
            if ready[digest]:
                yield digest, provider
            else:
                place = (digest + 1, "")

    def is_ready(self, digest: int, now: int) -> bool:
        """Whether it may be sent now: neither paused nor cancelled, nor looked at by the editor."""
        query = "SELECT 1 FROM digest WHERE id = ? AND state = 'ready' AND send_at <= ?"
        return self._run(query, (digest, now)).fetchone() is not None

    def due(self, now: int) -> int:
        """How many deliveries and notices could be sent now."""
        query = f"""SELECT count(*) FROM delivery AS d INDEXED BY delivery_open
            WHERE transport = ? AND digest = ? AND {_OPEN} AND state IN ('queued', 'deferred') AND due_at <= ?"""
        digests = dict.fromkeys(digest for digest, _ in self.pairs(now))
        deliveries = sum(self._run(query, (self._transport, digest, now)).fetchone()[0] for digest in digests)
        query = "SELECT count(*) FROM notice WHERE state IN ('queued', 'deferred') AND due_at <= ?"
        return int(deliveries + self._run(query, (now,)).fetchone()[0])

    def read(self, digest: int, provider: str, after: tuple[int, int], now: int, most: int) -> list[Row]:
        """Up to ``most`` due deliveries behind ``after`` (due_at, subscriber), in that order; nothing is claimed."""
        found = self._run(_READ, (self._transport, digest, provider, *after, now, most))
        return [
            Row(digest, subscriber, subscription, provider, address, name or "", attempt, uncertain, revision, due_at)
            for subscriber, subscription, due_at, attempt, uncertain, revision, address, name in found
        ]

    def notices(self, now: int, most: int) -> list[tuple[Row, str]]:
        """Up to ``most`` due system mails, each with its list; nothing is claimed."""
        found = [row for state in ("queued", "deferred") for row in self._run(_NOTICES, (state, now, most))]
        return [
            (Row(0, number, 0, "", address, "", attempt, uncertain, 0, 0), name)
            for number, address, name, attempt, uncertain in found[:most]
        ]

    def notice(self, number: int) -> tuple[str, bytes, int]:
        """Message-ID, unsigned data and time of making of a system mail."""
        found = self._run("SELECT message_id, data, made_at FROM notice WHERE id = ?", (number,)).fetchone()
        return found[0], found[1], found[2]

    def digest(self, number: int) -> DigestRow:
        """A digest as it stands now."""
        query = "SELECT id, list, language, revision, page FROM digest WHERE id = ?"
        return DigestRow(*self._run(query, (number,)).fetchone())

    def snapshot(self, digest: int, revision: int) -> SnapshotRow:
        """A frozen text of a digest."""
        query = "SELECT subject, html, text, made_at FROM snapshot WHERE digest = ? AND revision = ?"
        return SnapshotRow(*self._run(query, (digest, revision)).fetchone())

    def claim(self, row: Row, revision: int, message_id: str, now: int) -> bool:
        """Mark it as being sent, if it may still be: active, unclaimed, its digest ready, nothing paused.

        To be called in a transaction that ends before the message does.
        """
        if not row.digest:
            query = """UPDATE notice SET state = 'sending', attempt = attempt + 1, updated_at = ?
                WHERE id = ? AND state IN ('queued', 'deferred')"""
            return self._run(query, (now, row.subscriber)).rowcount == 1
        values = (now, revision, message_id, row.digest, self._transport, row.subscriber, row.address)
        return self._run(_CLAIM, values).rowcount == 1

    def skip(self, row: Row, now: int) -> bool:
        """Give up a delivery whose subscription has ended, was paused, or is gone; False where it stands."""
        query = "SELECT state FROM subscription WHERE id = ?"
        found = self._run(query, (row.subscription,)).fetchone()
        why = f"subscription {found[0]}" if found and row.address else "subscriber forgotten"
        return self._run(_SKIP, (now, why, row.digest, self._transport, row.subscriber)).rowcount == 1

    def settle(self, row: Row, state: DeliveryState, reply: str, message_id: str, now: int, due_at: int = 0) -> None:
        """Write down what became of it; ``due_at``: when a deferred one is tried again."""
        if not row.digest:
            self._settle_notice(row, state, reply, now, due_at)
            return
        values = (state, reply, now, message_id, row.digest, self._transport, row.subscriber)
        if state == "deferred":
            self._run(_DEFER, (*values, due_at))
        else:
            self._run(_SETTLE, values)

    def _settle_notice(self, row: Row, state: DeliveryState, reply: str, now: int, due_at: int) -> None:
        # What was sent is not kept: its link still works, and strangers set off as much of it as they may.
        query = """UPDATE notice SET attempt = attempt + (state <> 'sending'), state = ?1, reply = ?2, updated_at = ?3,
            due_at = CASE WHEN ?1 = 'deferred' THEN ?4 ELSE due_at END,
            data = CASE WHEN ?1 = 'sent' THEN x'' ELSE data END
            WHERE id = ?5 AND state IN ('queued', 'deferred', 'sending')"""
        self._run(query, (state, reply, now, due_at, row.subscriber))

    def uncertain(self, row: Row, now: int, reply: str, *, hold: bool) -> DeliveryState:
        """Nobody knows whether it was taken: due again at once, or held."""
        if not row.digest:
            query = _UNCERTAIN.replace("delivery", "notice", 1) + " WHERE id = ?4 AND state = 'sending' RETURNING state"
            found = self._run(query, (hold, now, reply, row.subscriber))
        else:
            where = " WHERE digest = ?4 AND transport = ?5 AND subscriber = ?6 AND state = 'sending' RETURNING state"
            values = (hold, now, reply, row.digest, self._transport, row.subscriber)
            found = self._run(_UNCERTAIN + where, values)
        states: list[tuple[DeliveryState]] = found.fetchall()
        return states[0][0] if states else "held"

    def unsent(self, row: Row, now: int) -> None:
        """Undo a claim: not all of the message had left."""
        if row.digest:
            self._run(_UNSENT, (now, row.digest, self._transport, row.subscriber))
            return
        query = "UPDATE notice SET state = 'deferred', attempt = attempt - 1, updated_at = ? WHERE id = ?"
        self._run(f"{query} AND state = 'sending'", (now, row.subscriber))
