"""What the ledger knows of the providers: whose mail waits, how much each took day by day, and how fast mail leaves."""

from __future__ import annotations

import sqlite3


class Traffic:
    """The pauses and volumes of one transport.

    Args:
        connection: the ledger's: what is written becomes part of its transactions.
        transport: its name in the ledger (`lists.ledger_transport`).
    """

    def __init__(self, connection: sqlite3.Connection, transport: str) -> None:
        self._connection = connection
        self._run = connection.execute
        self._transport = transport

    def pauses(self) -> dict[str, tuple[int, int]]:
        """Provider -> until when it is paused, and for which time in a row; those over stand there still."""
        query = "SELECT provider, until, times FROM pause WHERE transport = ?"
        return {provider: (until, times) for provider, until, times in self._run(query, (self._transport,))}

    def pause(self, provider: str, until: int, times: int, why: str) -> None:
        """Let a provider's mail wait; ``*``: everything."""
        query = """INSERT INTO pause (transport, provider, until, why, times) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET until = excluded.until, why = excluded.why, times = excluded.times"""
        self._run(query, (self._transport, provider, until, why, times))

    def unpause(self, provider: str) -> None:
        """It takes mail again: the next pause is the first."""
        self._run("DELETE FROM pause WHERE transport = ? AND provider = ?", (self._transport, provider))

    def add_volume(self, day: str, counts: dict[str, tuple[int, int, int]]) -> None:
        """Add up (sent, deferred, failed) of a day, by provider."""
        query = """INSERT INTO volume (transport, provider, day, sent, deferred, failed) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET sent = sent + excluded.sent, deferred = deferred + excluded.deferred,
            failed = failed + excluded.failed"""
        rows = [(self._transport, provider, day, *count) for provider, count in counts.items()]
        self._connection.executemany(query, rows)

    def volumes(self, day: str) -> dict[str, tuple[int, int]]:
        """Provider -> (days before ``day`` on which it took mail, messages it took on that day)."""
        query = """SELECT provider, sum(day < ?1 AND sent > 0), sum((day = ?1) * sent) FROM volume
            WHERE transport = ?2 GROUP BY provider"""
        return {provider: (days, sent) for provider, days, sent in self._run(query, (day, self._transport))}

    def recent(self, since_day: str, since: int) -> dict[str, tuple[int, int]]:
        """Provider -> (messages it took or refused, addresses it said do not exist) since then; bounces count."""
        query = """SELECT provider, sum(sent + failed) FROM volume WHERE transport = ? AND day >= ? GROUP BY provider"""
        answered = dict(self._run(query, (self._transport, since_day)).fetchall())
        query = """SELECT person.provider, count(*) FROM bounce
            JOIN subscriber AS person ON person.id = bounce.subscriber
            WHERE bounce.kind = 'hard' AND bounce.at > ? GROUP BY person.provider"""
        hard = dict(self._run(query, (since,)).fetchall())
        return {provider: (count, hard.get(provider, 0)) for provider, count in answered.items()}

    def note_pace(self, started: int, now: int, count: int) -> None:
        """Remember how fast this run is, for those who ask for the state of things."""
        query = "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"
        self._run(query, (f"pace {self._transport}", f"{started} {now} {count}"))
