"""How SQLite is spoken to about the mail database: connections, transactions, and what its errors mean to people."""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING, Final

from feeder.errors import FeederError, MailDamaged
from feeder.history.opening import refusal

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

BUSY: Final = 60.0
"""Seconds that a transaction waits for another program's, unless told otherwise."""
BREATH: Final = 0.15
"""Seconds between two steps of what writes for long: who waits for SQLite looks again every 0.1 s."""
READING: Final = "feeder_reading"
"""The execution option of a transaction that only reads."""


def connected(path: str, patience: float = BUSY) -> sqlite3.Connection:
    """A connection of the driver's own, in autocommit; whoever asks for it closes it."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=patience, check_same_thread=False)
    try:
        # What a power cut takes with NORMAL is the last commits, never the file; the ledger syncs in between (sending).
        connection.execute("PRAGMA synchronous = NORMAL")
        # Else whoever is erased stays readable in unused parts of the file, also where rows were moved long before.
        connection.execute("PRAGMA secure_delete = ON")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def engine_of(path: str, patience: float = BUSY) -> Engine:
    """Connections whose transactions are ``BEGIN IMMEDIATE``, or those of a reader."""
    from sqlalchemy import URL, create_engine, event

    url = URL.create("sqlite", database=path)
    # An error ends in a log, where neither addresses nor the links of mails belong.
    engine = create_engine(url, creator=lambda: connected(path, patience), hide_parameters=True)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get(READING, False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def of_driver(error: BaseException | None, path: str) -> FeederError | None:
    """What an error of the driver means to people; None where it is a fault of ours (a constraint, a wrong query)."""
    if not isinstance(error, sqlite3.DatabaseError):
        return None
    known = refusal(error)
    if known is not None:
        return known
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return damaged(path, error) if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB} else None


def damaged(path: str, why: object) -> MailDamaged:
    """The error that names a file as no readable mail database."""
    return MailDamaged(
        f"{path} is damaged and was left as it is: {str(why).splitlines()[-1]}",
        hint="`feeder restore BACKUP --only mail` puts one back; moved away, a new one without subscribers is made",
    )


def force(path: str) -> None:
    """Force a file that exists to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
