"""Numbers of digests, which stand in public pages and are never given twice."""

from __future__ import annotations

from sqlalchemy import text

from feeder.mail.database import MailDatabase

_LAST = text("SELECT seq FROM sqlite_sequence WHERE name = 'digest'")
_FORGET = text("DELETE FROM sqlite_sequence WHERE name = 'digest'")
_SET = text("INSERT INTO sqlite_sequence (name, seq) VALUES ('digest', :number)")


def count_on_from(database: MailDatabase, number: int) -> None:
    """Let the next digest have a higher number than ``number``.

    A mail database that is new, or comes from a backup, does not know all numbers that the history's pages have.
    """
    with database.read() as connection:
        known = connection.execute(_LAST).scalar()
    if (known or 0) >= number:
        return
    with database.begin() as connection:
        connection.execute(_FORGET)
        connection.execute(_SET, {"number": number})
