"""Numbers of digests, which stand in public pages and in Message-IDs, and are never given twice."""

from __future__ import annotations

from sqlalchemy import Connection, text

_LAST = text("SELECT seq FROM sqlite_sequence WHERE name = 'digest'")
_FORGET = text("DELETE FROM sqlite_sequence WHERE name = 'digest'")
_SET = text("INSERT INTO sqlite_sequence (name, seq) VALUES ('digest', :number)")


def last(connection: Connection) -> int:
    """The highest number that a digest ever had here; 0 before the first."""
    return int(connection.execute(_LAST).scalar() or 0)


def count_on_from(connection: Connection, number: int) -> None:
    """Let the next digest have a higher number than ``number``.

    A mail database that is new, or comes from a backup, does not know all numbers that the history knows.
    """
    if last(connection) < number:
        connection.execute(_FORGET)
        connection.execute(_SET, {"number": number})
