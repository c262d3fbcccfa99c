"""Many rows into the mail database at once: a temporary table of them, and a handful of statements."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from feeder.config.settings import Settings
from feeder.dates import to_micros
from feeder.mail import lists
from feeder.mail.subscribers import activation, consent
from feeder.mail.subscribers.choices import Choice

Arrival = tuple[str, str, str, str, str, str, str, int | None, str, str, str, str, int | None, str, str, str]
"""One row, in the order of the columns of `arrival`."""

_TABLES = """
CREATE TEMP TABLE IF NOT EXISTS arrival (
  key TEXT, address TEXT, provider TEXT, name TEXT, list TEXT, usual TEXT, frequency TEXT, hour INTEGER, timezone TEXT,
  tags TEXT, language TEXT, state TEXT, confirmed_at INTEGER, consent TEXT, origin TEXT, hash TEXT,
  subscriber INTEGER, subscription INTEGER, fresh INTEGER NOT NULL DEFAULT 0, activated INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (key, list)) WITHOUT ROWID;
DELETE FROM arrival;
CREATE TEMP TABLE IF NOT EXISTS start (list TEXT, frequency TEXT, hour INTEGER, timezone TEXT, through INTEGER);
DELETE FROM start
"""
_ARRIVE = (
    "INSERT OR IGNORE INTO arrival (key, address, provider, name, list, usual, frequency, hour, timezone, tags, "
    "language, state, confirmed_at, consent, origin, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_SUPPRESSED = "DELETE FROM arrival WHERE hash IN (SELECT hash FROM suppression)"
_NEW_SUBSCRIBERS = """
INSERT INTO subscriber (address, key, provider, name, created_at)
SELECT address, key, provider, name, ? FROM arrival WHERE true ON CONFLICT (key) DO NOTHING
"""
_FIND_SUBSCRIBERS = "UPDATE arrival SET subscriber = (SELECT id FROM subscriber WHERE subscriber.key = arrival.key)"
_FIND_SUBSCRIPTIONS = """
UPDATE arrival SET subscription = (
  SELECT id FROM subscription WHERE subscription.subscriber = arrival.subscriber AND subscription.list = arrival.list)
WHERE subscription IS NULL
"""
_MARK_FRESH = "UPDATE arrival SET fresh = 1, activated = state = 'active' WHERE subscription IS NULL"
_NEW_SUBSCRIPTIONS = """
INSERT INTO subscription (subscriber, list, state, frequency, hour, timezone, tags, language, created_at, state_at,
  scheduled_at, confirmed_at, consent, origin)
SELECT subscriber, list, state, CASE frequency WHEN '' THEN usual ELSE frequency END, hour, timezone, tags, language,
  ?1, ?1, ?1, confirmed_at, consent, origin
FROM arrival WHERE fresh
"""
_UPDATE_NAMES = """
UPDATE subscriber SET name = arrival.name FROM arrival
WHERE arrival.subscriber = subscriber.id AND NOT arrival.fresh AND arrival.name NOT IN ('', subscriber.name)
RETURNING subscriber.id
"""
_UPDATE_CHOICES = """
UPDATE subscription SET
  scheduled_at = CASE
    WHEN arrival.frequency NOT IN ('', subscription.frequency) OR arrival.timezone NOT IN ('', subscription.timezone)
      OR coalesce(arrival.hour, subscription.hour) IS NOT subscription.hour THEN ?1 ELSE scheduled_at END,
  frequency = CASE arrival.frequency WHEN '' THEN subscription.frequency ELSE arrival.frequency END,
  timezone = CASE arrival.timezone WHEN '' THEN subscription.timezone ELSE arrival.timezone END,
  hour = coalesce(arrival.hour, subscription.hour),
  tags = CASE arrival.tags WHEN '' THEN subscription.tags ELSE arrival.tags END,
  language = CASE arrival.language WHEN '' THEN subscription.language ELSE arrival.language END
FROM arrival
WHERE arrival.subscription = subscription.id AND NOT arrival.fresh AND (
  arrival.frequency NOT IN ('', subscription.frequency) OR arrival.timezone NOT IN ('', subscription.timezone)
  OR coalesce(arrival.hour, subscription.hour) IS NOT subscription.hour
  OR arrival.tags NOT IN ('', subscription.tags) OR arrival.language NOT IN ('', subscription.language))
RETURNING subscription.subscriber
"""
_MARK_CONFIRMED = """
UPDATE arrival SET activated = 1
FROM subscription
WHERE NOT arrival.fresh AND arrival.state = 'active' AND subscription.id = arrival.subscription
  AND subscription.state = 'pending'
"""
_UPDATE_CONFIRMED = """
UPDATE subscription SET state = 'active', state_at = ?1, scheduled_at = ?1, confirmed_at = arrival.confirmed_at,
  consent = CASE subscription.consent WHEN '' THEN arrival.consent
    ELSE substr(subscription.consent, 1, length(subscription.consent) - 1) || ',' || substr(arrival.consent, 2) END
FROM arrival
WHERE arrival.activated AND NOT arrival.fresh AND arrival.subscription = subscription.id
RETURNING subscription.subscriber
"""
_UPDATE_ENDED = """
UPDATE subscription SET state = 'ended', state_at = ?1,
  consent = CASE subscription.consent WHEN '' THEN '[' || ?2 || ']'
    ELSE substr(subscription.consent, 1, length(subscription.consent) - 1) || ',' || ?2 || ']' END
FROM arrival
WHERE NOT arrival.fresh AND arrival.state = 'ended' AND arrival.subscription = subscription.id
  AND subscription.state <> 'ended'
RETURNING subscription.subscriber
"""
_SCHEDULES = """
SELECT DISTINCT subscription.list, subscription.frequency, subscription.hour, subscription.timezone
FROM arrival JOIN subscription ON subscription.id = arrival.subscription WHERE arrival.activated
"""
_SERVE = """
INSERT INTO served (transport, subscription, through)
SELECT ?, subscription.id, start.through
FROM arrival
JOIN subscription ON subscription.id = arrival.subscription
JOIN start ON start.list = subscription.list AND start.frequency = subscription.frequency
  AND start.hour IS subscription.hour AND start.timezone = subscription.timezone
WHERE arrival.activated
ON CONFLICT (transport, subscription) DO UPDATE SET through = max(through, excluded.through)
"""
_FRESH = "SELECT state, count(*) FROM arrival WHERE fresh GROUP BY state"
_WAITING = """
SELECT subscriber.key, subscription.list FROM arrival
JOIN subscription ON subscription.id = arrival.subscription AND subscription.state = 'pending'
JOIN subscriber ON subscriber.id = subscription.subscriber ORDER BY subscriber.key
"""


class Batch:
    """Some thousand rows on their way in, within the caller's transaction."""

    def __init__(self, connection: Connection, settings: Settings, now: datetime) -> None:
        self._connection = connection
        self._settings = settings
        self._now = now
        self._at = to_micros(now)
        for statement in _TABLES.split(";"):
            connection.exec_driver_sql(statement)

    def arrive(self, rows: Sequence[Arrival]) -> None:
        """Take the rows; of two about the same subscription, the first."""
        if rows:
            self._connection.exec_driver_sql(_ARRIVE, list(rows))

    def leave_suppressed(self) -> int:
        """Leave out the rows of suppressed addresses; how many there were."""
        return self._connection.exec_driver_sql(_SUPPRESSED).rowcount

    def insert(self) -> dict[str, int]:
        """Make the subscriptions that are not there: state -> number."""
        self._connection.exec_driver_sql(_NEW_SUBSCRIBERS, (self._at,))
        self._connection.exec_driver_sql(_FIND_SUBSCRIBERS)
        self._connection.exec_driver_sql(_FIND_SUBSCRIPTIONS)
        self._connection.exec_driver_sql(_MARK_FRESH)
        self._connection.exec_driver_sql(_NEW_SUBSCRIPTIONS, (self._at,))
        self._connection.exec_driver_sql(_FIND_SUBSCRIPTIONS)
        return {row[0]: row[1] for row in self._connection.exec_driver_sql(_FRESH)}

    def update(self, origin: str) -> int:
        """Take over what the rows say of subscriptions that were there; how many people that changed."""
        self._connection.exec_driver_sql(_MARK_CONFIRMED)
        ended = json.dumps(consent.event("ended", self._now, how=origin), ensure_ascii=False)
        statements: tuple[tuple[str, tuple[object, ...]], ...] = (
            (_UPDATE_NAMES, ()),
            (_UPDATE_CHOICES, (self._at,)),
            (_UPDATE_CONFIRMED, (self._at,)),
            (_UPDATE_ENDED, (self._at, ended)),
        )
        changed = (self._connection.exec_driver_sql(statement, values) for statement, values in statements)
        return len({row[0] for rows in changed for row in rows})

    def serve(self) -> None:
        """Give every subscription that became active the instant from which it is served."""
        found = self._connection.exec_driver_sql(_SCHEDULES).all()
        starts = [(*row, to_micros(self._start(*row))) for row in found]
        if starts:
            self._connection.exec_driver_sql("INSERT INTO start VALUES (?, ?, ?, ?, ?)", starts)
            self._connection.exec_driver_sql(_SERVE, (lists.ledger_transport(self._settings),))

    def waiting(self) -> list[tuple[str, str]]:
        """Keys of the addresses that are pending, and their lists."""
        return [(row[0], row[1]) for row in self._connection.exec_driver_sql(_WAITING)]

    def _start(self, name: str, frequency: str, hour: int | None, timezone: str) -> datetime:
        wanted = Choice(frequency=frequency, hour=hour, timezone=timezone)
        mailing_list = lists.find(self._settings, name)
        return activation.starts_at(self._connection, self._settings, mailing_list, wanted, self._now)
