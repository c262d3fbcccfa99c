"""The mail database: opening it, making it, bringing older ones up to date, and transactions.

One SQLite file with subscribers, digests and the ledger. Precious: what cannot be read is named and left as it is.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from feeder import history as histories
from feeder.config.settings import Settings
from feeder.errors import MailUnreachable, SettingsError
from feeder.history.swapping import finish
from feeder.mail import founding
from feeder.mail.driver import BUSY, READING, connected, damaged, engine_of, force, of_driver

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

FILE: Final = ".feeder/mail.db"
_ELSEWHERE: Final = "://"
_PATIENCE: Final = 5.0
"""Seconds that `MailDatabase.scrub` waits for somebody who writes or reads."""
_ANEW: Final = 64 * 1024 * 1024
"""Bytes of a file that is written anew in less than a second, for which whoever unsubscribes can wait."""


class MailDatabase:
    """The open mail database of one publication.

    Threads may share it: each transaction has a connection of its own.
    """

    def __init__(self, path: str, engine: Engine, keys: Sequence[bytes] = ()) -> None:
        self.path = path
        self._engine = engine
        self._keys = list(keys)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection; a transaction under way is rolled back."""
        self._engine.dispose()

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A connection inside ``BEGIN IMMEDIATE``: no other writes meanwhile; at the end, all is committed or nothing.

        Raises:
            Locked: another program has been writing for a minute, or as long as `open_mail` was told to wait.
            CannotWrite: the disk is full.
            MailDamaged: the file cannot be read.
        """
        with self._transaction(reading=False) as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees the database as it is now, for reading only; raises as `begin` does."""
        with self._transaction(reading=True) as connection:
            yield connection

    def scrub(self) -> None:
        """Leave nothing of what was erased in the file and its log, unless somebody is reading.

        Where a page was split, a copy of an old row may stay in its unused middle (SQLite overwrites what is deleted,
        not that; some 3 addresses in 1,000). A file of up to 64 MiB (100,000 subscribers) is therefore written anew.
        Raises as `begin` does.
        """
        try:
            connection = connected(self.path, _PATIENCE)
            try:
                if os.path.getsize(self.path) <= _ANEW:
                    # The disk is full, or somebody writes: the row itself is gone.
                    with suppress(sqlite3.OperationalError):
                        connection.execute("VACUUM")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                connection.close()
        except sqlite3.DatabaseError as error:
            raise of_driver(error, self.path) or error from error

    def sync(self) -> None:
        """Force all that is committed to the disk.

        The log alone: what was moved from it into the file is on the disk already, and to close the file would take
        all locks that SQLite has on it from this process, which may be sending (see ``founding``).
        """
        with suppress(FileNotFoundError):
            force(f"{self.path}-wal")

    def raw(self) -> sqlite3.Connection:
        """A new connection of the driver's own, in autocommit; whoever asks for it closes it."""
        return connected(self.path)

    def secrets(self) -> list[bytes]:
        """The keys of tokens and hashes, the newest first: the first one signs, all of them are believed."""
        with self.read() as connection:
            kept = stored_secrets(connection)
        return [*self._keys, *kept]

    @contextmanager
    def _transaction(self, *, reading: bool) -> Iterator[Connection]:
        from sqlalchemy.exc import DBAPIError

        try:
            with self._engine.connect() as plain:
                connection = plain.execution_options(**{READING: reading})
                with connection.begin() as transaction:
                    yield connection
                    if reading:
                        transaction.rollback()
        except DBAPIError as error:
            told = of_driver(error.orig, self.path)
            if told is None:
                raise
            raise told from error


def stored_secrets(connection: Connection) -> list[bytes]:
    """The keys kept in the database, the newest first."""
    kept = connection.exec_driver_sql("SELECT value FROM meta WHERE key = 'secret'").scalar_one()
    return [key.encode() for key in json.loads(kept)]


def path_of(settings: Settings) -> str:
    """Where the database is.

    Raises:
        SettingsError: the setting names a database that this version does not know.
    """
    given = settings.mail.database
    if _ELSEWHERE in given:
        kind = given.partition(_ELSEWHERE)[0]
        raise SettingsError(
            f"[mail] database: this version keeps mail in a SQLite file, not in {kind}",
            hint='leave it empty, or name a file, as database = ".feeder/mail.db"',
        )
    return os.path.join(settings.root, given or FILE)


def exists(settings: Settings) -> bool:
    """Whether there is a mail database; nothing is opened or imported for it."""
    return os.path.lexists(path_of(settings))


def is_gone(settings: Settings) -> bool:
    """Whether there is none, though the history knows digests: somebody's subscribers are missing."""
    root = str(settings.root)
    finish(root)
    if exists(settings) or not histories.is_there(root):
        return False
    try:
        with histories.read_history(root) as history:
            told = json.loads(history.meta("mail") or "{}")
            return bool(told.get("digests") or told.get("served") or history.last_digest())
    except sqlite3.DatabaseError:
        return False  # whoever reads the history for its own sake says what is wrong with it


def require_there(settings: Settings) -> None:
    """Raise ``MailUnreachable`` where the mail database is gone."""
    if is_gone(settings):
        raise MailUnreachable(
            f"the mail database is gone: {path_of(settings)}",
            hint="put it back, or restore a backup: `feeder restore BACKUP --only mail`; "
            "`feeder subscribers import` begins a new one",
        )


def open_mail(
    settings: Settings,
    now: datetime,
    *,
    keys: Sequence[bytes] = (),
    patience: float = BUSY,
    afresh: bool = False,
) -> MailDatabase:
    """The mail database of the publication, made when there is none, migrated when it is an older one's.

    Args:
        settings: the publication's.
        now: when it is made, if it is made.
        keys: those from outside (``Secrets.keys``); the first signs in place of those kept in the database.
        patience: seconds that a transaction waits for another program's.
        afresh: make one also where the history knows digests, since somebody begins anew.

    Raises:
        MailDamaged: the file is no readable mail database, or that of a newer feeder; it is left as it is.
        MailUnreachable: it is gone, or the folder of the file is not there.
        Locked, CannotCreate, CannotWrite: the system does not let us.
    """
    path = path_of(settings)
    finish(str(settings.root))
    if not os.path.lexists(path):
        if not afresh:
            require_there(settings)
        founding.make(path, now, own_folder=not settings.mail.database)
    found = founding.version_of(path)
    if found != founding.HEAD:
        founding.migrate(path, found)
    return MailDatabase(path, engine_of(path, patience), keys)


def require_sound(settings: Settings) -> None:
    """Look through the whole file (SQLite's ``quick_check``); raises ``MailDamaged`` when something is wrong."""
    path = path_of(settings)
    try:
        connection = connected(path)
        try:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        raise of_driver(error, path) or damaged(path, error) from error
    if found != "ok":
        raise damaged(path, found)
