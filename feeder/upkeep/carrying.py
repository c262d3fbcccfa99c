"""What a restore takes over from the databases that it puts aside, as far as they can still be read.

A backup brings back who subscribes and what is public. What was sent since, and who left since, is no less true for it:
nobody is mailed twice, and nobody who unsubscribed is subscribed again.
"""

from __future__ import annotations

import json
import os
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self
from urllib.parse import quote

from feeder.dates import to_micros
from feeder.errors import Locked
from feeder.history.opening import VERSION as HISTORY_VERSION
from feeder.history.opening import refusal
from feeder.mail.cutting import remembered
from feeder.mail.founding import HEAD as MAIL_VERSION
from feeder.mail.subscribers.suppression import Suppressions

_LEAP: Final = 100_000
"""By so much numbers go on where nobody knows how far they went: they stand in tokens for ever, and in Message-IDs."""
_LEAP_OF_DIGESTS: Final = 1_000
_WHY: Final = "restored from a backup: nobody knows whether it was sent since"

# `was` is the database that is put aside.
_HISTORY: Final = """
CREATE TEMP TABLE later AS SELECT number FROM was.digest
  WHERE number > (SELECT coalesce(max(number), 0) FROM main.digest);
INSERT OR IGNORE INTO main.digest SELECT * FROM was.digest WHERE number IN (SELECT number FROM later);
INSERT OR IGNORE INTO main.digest_entry SELECT * FROM was.digest_entry WHERE number IN (SELECT number FROM later);
INSERT OR REPLACE INTO main.meta SELECT key, value FROM was.meta WHERE key IN ('mail', 'cut')
  AND (SELECT CAST(value AS INTEGER) FROM was.meta WHERE key = 'cut')
    > coalesce((SELECT CAST(value AS INTEGER) FROM main.meta WHERE key = 'cut'), 0);
"""
_NEWER: Final = """SELECT coalesce((SELECT json_extract(value, '$.at') FROM was.meta WHERE key = 'cut'), 0)
  >= coalesce((SELECT json_extract(value, '$.at') FROM main.meta WHERE key = 'cut'), 0)"""
_SENT: Final = """
CREATE TEMP TABLE before AS SELECT coalesce(max(id), 0) AS value FROM main.digest;
CREATE TEMP TABLE changed AS SELECT id FROM was.digest WHERE id NOT IN (SELECT id FROM main.digest)
  UNION SELECT digest FROM main.delivery WHERE state IN ('queued', 'deferred', 'sending', 'held');
INSERT OR REPLACE INTO main.digest SELECT * FROM was.digest WHERE id IN (SELECT id FROM changed);
INSERT OR REPLACE INTO main.digest_entry SELECT * FROM was.digest_entry WHERE digest IN (SELECT id FROM changed);
INSERT OR REPLACE INTO main.snapshot SELECT * FROM was.snapshot WHERE digest IN (SELECT id FROM changed);
INSERT OR REPLACE INTO main.delivery SELECT * FROM was.delivery
  WHERE digest IN (SELECT id FROM changed) AND subscriber IN (SELECT id FROM same);
UPDATE main.delivery SET state = 'sent' WHERE state IN ('queued', 'deferred', 'sending', 'held')
  AND EXISTS (SELECT 1 FROM was.delivery AS w WHERE w.digest = delivery.digest AND w.transport = delivery.transport
    AND w.subscriber = delivery.subscriber AND w.state = 'sent');
UPDATE main.served SET through = max(through, coalesce((SELECT w.through FROM was.served AS w
  JOIN was.subscription AS t ON t.id = w.subscription JOIN main.subscription AS s ON s.id = t.id
    AND s.subscriber = t.subscriber AND s.list = t.list
  WHERE w.transport = served.transport AND w.subscription = served.subscription), 0));
INSERT OR IGNORE INTO main.served SELECT w.* FROM was.served AS w JOIN was.subscription AS t ON t.id = w.subscription
  JOIN main.subscription AS s ON s.id = t.id AND s.subscriber = t.subscriber AND s.list = t.list;
INSERT OR IGNORE INTO main.bounce SELECT * FROM was.bounce WHERE subscriber IN (SELECT id FROM same);
INSERT OR IGNORE INTO main.seen_mail SELECT * FROM was.seen_mail;
INSERT OR REPLACE INTO main.note SELECT * FROM was.note;
INSERT OR REPLACE INTO main.volume SELECT * FROM was.volume;
INSERT OR REPLACE INTO main.notice SELECT * FROM was.notice WHERE id IN (SELECT id FROM main.notice);
INSERT OR REPLACE INTO main.meta SELECT key, value FROM was.meta
  WHERE key = 'cut' OR key LIKE 'served %' OR key LIKE 'instant %';
"""
_LEFT: Final = """
CREATE TEMP TABLE same AS SELECT s.id FROM main.subscriber AS s
  JOIN was.subscriber AS w ON w.id = s.id AND w.key = s.key;
CREATE UNIQUE INDEX temp.same_id ON same (id);
UPDATE main.subscription SET (state, state_at, consent) = (SELECT t.state, t.state_at, t.consent
    FROM was.subscription AS t WHERE t.id = subscription.id)
  WHERE state <> 'ended' AND EXISTS (SELECT 1 FROM was.subscription AS t WHERE t.id = subscription.id
    AND t.subscriber = subscription.subscriber AND t.list = subscription.list AND t.state IN ('ended', 'paused')
    AND t.state_at >= subscription.state_at);
INSERT OR REPLACE INTO main.suppression SELECT * FROM was.suppression;
UPDATE main.sqlite_sequence SET seq = max(seq, coalesce((SELECT w.seq FROM was.sqlite_sequence AS w
  WHERE w.name = sqlite_sequence.name), 0));
INSERT INTO main.sqlite_sequence (name, seq) SELECT name, seq FROM was.sqlite_sequence
  WHERE name NOT IN (SELECT name FROM main.sqlite_sequence);
"""


@dataclass(frozen=True, slots=True)
class Carried:
    """What became of a database when it was taken back."""

    name: str
    read: bool
    """Whether the one that is put aside could be read; else nobody knows what happened since the backup."""
    digests: int = 0
    """Those that were cut since the backup, and are known all the same."""
    left: int = 0
    """Subscriptions that ended since the backup, and stay ended."""
    lost: int = 0
    """Subscribers, or entries, that came since the backup: they are in what is put aside."""
    held: int = 0
    """Deliveries of which nobody knows whether they left since the backup."""


def carry_history(staged: str, present: str) -> Carried:
    """Let the history that comes back know the digests that were cut since."""
    try:
        with _Pair(staged, present, "PRAGMA {}.user_version", HISTORY_VERSION) as pair:
            lost = pair.number("SELECT count(*) FROM was.entry WHERE id NOT IN (SELECT id FROM main.entry)")
            pair.run(_HISTORY)
            return Carried("history.db", read=True, digests=pair.number("SELECT count(*) FROM later"), lost=lost)
    except sqlite3.DatabaseError as error:
        _require_damage(error)
        return Carried("history.db", read=False)


def carry_mail(staged: str, present: str, now: datetime, *, counted: bool) -> Carried:
    """Let the mail database that comes back know what was sent since, and who left.

    ``counted`` says that the history knows all numbers of digests; the next cut goes on behind them.
    """
    try:
        return _carry_mail(staged, present)
    except sqlite3.DatabaseError as error:
        _require_damage(error)
        with _Pair(staged) as pair:
            return Carried("mail.db", read=False, held=_hold(pair.connection, now, counted=counted))


def _carry_mail(staged: str, present: str) -> Carried:
    with _Pair(staged, present, "SELECT version_num FROM {}.alembic_version", MAIL_VERSION) as pair:
        if not pair.number(_RELATED):
            raise sqlite3.DatabaseError("another publication's, or one that was made anew")
        before = _ended(pair)
        lost = pair.number("SELECT count(*) FROM was.subscriber WHERE key NOT IN (SELECT key FROM main.subscriber)")
        pair.run(_LEFT)
        digests = _take_what_was_sent(pair) if pair.number(_NEWER) else 0
        erased = _forget(pair)
        left = _ended(pair) - before + erased
    if erased:
        _write_anew(staged)
    return Carried("mail.db", read=True, digests=digests, left=left, lost=lost)


def _write_anew(staged: str) -> None:
    """Leave no old copies of erased rows in unused parts of pages."""
    connection = sqlite3.connect(staged, isolation_level=None)
    try:
        connection.execute("VACUUM")
    finally:
        connection.close()


def _take_what_was_sent(pair: _Pair) -> int:
    """Nothing was, where the present one is older than the backup; how many digests were cut since the backup."""
    pair.run(_SENT)
    for key, value in pair.connection.execute("SELECT key, value FROM main.meta WHERE key LIKE 'served %'").fetchall():
        transport, name = remembered.transport_and_list(key)
        for schedule, until in json.loads(value).items():
            frequency, hour, zone = remembered.schedule_of(schedule)
            pair.connection.execute(_SERVE_VANISHED, (until, transport, until, name, frequency, hour, zone))
    return pair.number("SELECT count(*) FROM was.digest WHERE id > (SELECT value FROM temp.before)")


_SERVE_VANISHED: Final = """UPDATE main.served SET through = ? WHERE transport = ? AND through < ? AND subscription IN
  (SELECT id FROM main.subscription WHERE list = ? AND frequency = ? AND hour IS ? AND timezone = ?
    AND id NOT IN (SELECT id FROM was.subscription))"""
"""Those who are in the backup alone were deleted since, by mistake: they had what the others of their schedule had."""


def _require_damage(error: sqlite3.DatabaseError) -> None:
    """A disk that is full, or a program that writes, says nothing of the database that is put aside."""
    refused = refusal(error)
    if isinstance(refused, Locked) or "full" in str(error):
        raise refused or error


def _ended(pair: _Pair) -> int:
    return pair.number("SELECT count(*) FROM main.subscription WHERE state = 'ended'")


def _forget(pair: _Pair) -> int:
    """Erase once more those who were erased since; how many subscriptions that ends."""
    ids = [(number,) for number, key in pair.connection.execute(_GONE).fetchall() if pair.is_erased(key)]
    ended = 0
    for statement in _ERASE:
        done = pair.connection.executemany(statement, ids)
        ended = ended or max(done.rowcount, 0)
    return ended


_RELATED: Final = """SELECT (SELECT value FROM was.meta WHERE key = 'secret')
  = (SELECT value FROM main.meta WHERE key = 'secret')"""
_GONE: Final = "SELECT id, key FROM main.subscriber WHERE id NOT IN (SELECT id FROM was.subscriber)"
_ERASE: Final = (
    "DELETE FROM main.subscription WHERE subscriber = ?",
    "DELETE FROM main.served WHERE subscription NOT IN (SELECT id FROM main.subscription) AND ? > 0",
    "DELETE FROM main.bounce WHERE subscriber = ?",
    "UPDATE main.delivery SET message_id = '', reply = '', provider = '' WHERE subscriber = ?",
    "DELETE FROM main.subscriber WHERE id = ?",
)


def _hold(connection: sqlite3.Connection, now: datetime, *, counted: bool) -> int:
    """Nobody knows what was sent since: what waited then is held, and numbers go on from afar."""
    at = to_micros(now)
    held = connection.execute(
        "UPDATE main.delivery SET state = 'held', uncertain = 1, reply = ?, updated_at = ? "
        "WHERE state IN ('queued', 'deferred', 'sending')", (_WHY, at),
    )  # fmt: skip
    connection.execute(
        "UPDATE main.notice SET state = 'skipped', reply = ?, updated_at = ? "
        "WHERE state IN ('queued', 'deferred', 'sending', 'held')", (_WHY, at),
    )  # fmt: skip
    connection.execute("UPDATE main.sqlite_sequence SET seq = seq + ? WHERE name <> 'digest'", (_LEAP,))
    if not counted:
        connection.execute("UPDATE main.sqlite_sequence SET seq = seq + ? WHERE name = 'digest'", (_LEAP_OF_DIGESTS,))
    return held.rowcount


class _Pair:
    """The database that comes back as ``main``, and the present one as ``was``; one transaction.

    Raises ``sqlite3.DatabaseError`` where the present one cannot be read; nothing is ever written to it.
    """

    def __init__(self, staged: str, present: str = "", version: str = "", wanted: int | str = "") -> None:
        self._staged, self._present = staged, present
        self._version, self._wanted = version, str(wanted)

    def __enter__(self) -> Self:
        self.connection = sqlite3.connect(
            f"file:{quote(os.fsencode(self._staged))}?mode=rw", uri=True, isolation_level=None
        )
        try:
            # Without a log beside it: one file is all of it until it stands in its place.
            self.connection.execute("PRAGMA main.journal_mode = DELETE")
            self.connection.execute("PRAGMA secure_delete = ON")
            if self._present:
                self._attach()
            self.connection.execute("BEGIN")
        except sqlite3.DatabaseError:
            self.connection.close()
            raise
        return self

    def _attach(self) -> None:
        self.connection.execute("ATTACH ? AS was", (f"file:{quote(os.fsencode(self._present))}?mode=ro",))
        versions = [str(self.connection.execute(self._version.format(of)).fetchone()[0]) for of in ("main", "was")]
        found = self.connection.execute("PRAGMA was.quick_check(1)").fetchone()[0]
        if found != "ok" or versions != [self._wanted] * 2:
            raise sqlite3.DatabaseError(f"{found}, versions {versions}")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            self.connection.execute("ROLLBACK" if kind else "COMMIT")
        finally:
            self.connection.close()

    def number(self, query: str) -> int:
        """The first value of a query's first row; 0 for none."""
        row = self.connection.execute(query).fetchone()
        return int(row[0] or 0) if row else 0

    def run(self, script: str) -> None:
        """Statements, one after another."""
        for statement in script.split(";\n"):
            if statement.strip():
                self.connection.execute(statement)

    def is_erased(self, key: str) -> bool:
        """As ``suppression`` has it."""
        secret = json.loads(self.connection.execute("SELECT value FROM main.meta WHERE key = 'secret'").fetchone()[0])
        known = Suppressions([one.encode() for one in secret]).hash(key)
        query = "SELECT 1 FROM main.suppression WHERE hash = ? AND reason = 'erasure'"
        return self.connection.execute(query, (known,)).fetchone() is not None
