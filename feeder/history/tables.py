"""What all tables share."""

from __future__ import annotations

import sqlite3

from feeder.history.records import SELECT, Record, record_of


class Tables:
    """Reading rows of one open history."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def _one(self, where: str, *args: object) -> Record | None:
        row = self._db.execute(SELECT + where, args).fetchone()
        return record_of(row) if row else None

    def _all(self, where: str, *args: object) -> list[Record]:
        return [record_of(row) for row in self._db.execute(SELECT + where, args)]

    def _query(self, query: str, *args: object) -> list[Record]:
        return [record_of(row) for row in self._db.execute(query, args)]

    def _number(self, query: str, *args: object) -> int:
        return int(self._db.execute(query, args).fetchone()[0])

    def meta(self, key: str) -> str:
        """A remembered value; empty when there is none."""
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else ""

    def labels_of(self, seq: int) -> list[tuple[str, str]]:
        """``(kind, slug)`` of the labels of one entry."""
        return list(self._db.execute("SELECT kind, slug FROM label WHERE seq = ?", (seq,)))
