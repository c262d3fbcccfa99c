"""The mail database: opening it, making it, bringing older ones up to date, and transactions.

One SQLite file with subscribers, digests and the ledger. Precious: what cannot be read is named and left as it is.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from feeder import history as histories
from feeder.config.settings import Settings
from feeder.dates import to_micros
from feeder.errors import FeederError, MailDamaged, MailUnreachable, SettingsError
from feeder.history.opening import refusal
from feeder.history.swapping import finish

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

FILE: Final = ".feeder/mail.db"
HEAD: Final = "0002"
"""The newest migration; an up-to-date file is opened without Alembic."""

_BUSY: Final = 60.0
_READING: Final = "feeder_reading"
_ELSEWHERE: Final = "://"


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

    def checkpoint(self) -> None:
        """Empty the write-ahead log, so that nothing erased is left in it, unless somebody is reading."""
        connection = self.raw()
        try:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()

    def sync(self) -> None:
        """Force all that is committed to the disk."""
        for path in (f"{self.path}-wal", self.path):
            if os.path.exists(path):
                _force(path)

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
                connection = plain.execution_options(**{_READING: reading})
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
    patience: float = _BUSY,
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
        _make(path, now, own_folder=not settings.mail.database)
    found = _version(path)
    if found != HEAD:
        _migrate(path, found)
    return MailDatabase(path, _engine(path, patience), keys)


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
        raise of_driver(error, path) or _damaged(path, error) from error
    if found != "ok":
        raise _damaged(path, found)


def of_driver(error: BaseException | None, path: str) -> FeederError | None:
    """What an error of the driver means to people; None where it is a fault of ours (a constraint, a wrong query)."""
    if not isinstance(error, sqlite3.DatabaseError):
        return None
    known = refusal(error)
    if known is not None:
        return known
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return _damaged(path, error) if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB} else None


def connected(path: str, patience: float = _BUSY) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=patience, check_same_thread=False)
    # What a power cut takes with NORMAL is the last commits, never the file; the ledger syncs in between (sending).
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def _engine(path: str, patience: float = _BUSY) -> Engine:
    from sqlalchemy import URL, create_engine, event

    url = URL.create("sqlite", database=path)
    # An error ends in a log, where neither addresses nor the links of mails belong.
    engine = create_engine(url, creator=lambda: connected(path, patience), hide_parameters=True)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get(_READING, False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _version(path: str) -> str:
    """The migration the file stands at; empty for one that never was finished."""
    if not _size(path):
        raise _damaged(path, "it is empty")  # SQLite would take it for a new one
    try:
        connection = connected(path)
        try:
            _require_whole(path, connection)
            tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if "alembic_version" not in tables:
                raise _damaged(path, "it is another program's database")
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        raise of_driver(error, path) or _damaged(path, error) from error
    if row is None:
        raise _damaged(path, "it does not say which version it is")
    return str(row[0])


def _require_whole(path: str, connection: sqlite3.Connection) -> None:
    """Look whether the end is there: SQLite itself may not notice before it needs what is gone.

    By its stat alone. To open and close the file would take from this process all locks that SQLite has on it
    (sqlite.org/howtocorrupt.html, 2.2): another program that looks in beside a sending would then take the log away.
    """
    page, pages = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_size", "page_count"))
    # What is in the log need not be in the file. In this order, since another program may be moving it there.
    if not _size(f"{path}-wal") and _size(path) < page * pages:
        raise _damaged(path, "its end is missing")


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except FileNotFoundError:
        return 0


def _make(path: str, now: datetime, *, own_folder: bool) -> None:
    folder = os.path.dirname(path)
    if own_folder:
        os.makedirs(folder, exist_ok=True)
    elif not os.path.isdir(folder):
        # A disk that is not mounted must not become an empty list of subscribers.
        raise MailUnreachable(
            f"the folder of the mail database is not there: {folder}", hint="mount or make it, then run again"
        )
    # Made under another name and then linked: a file under the right name is whole, or damaged and named.
    draft = f"{path}.{os.getpid()}.new"
    try:
        _fill(draft, now)
        _put(draft, path)
    finally:
        for ending in ("", "-wal", "-shm", "-journal"):
            if os.path.lexists(draft + ending):
                os.unlink(draft + ending)


def _fill(draft: str, now: datetime) -> None:
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        connection = connected(draft)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        finally:
            connection.close()
        upgrade(draft)
        connection = connected(draft)
        try:
            keys = json.dumps([secrets.token_hex(32)])
            rows = [("secret", keys), ("made_at", str(to_micros(now)))]
            connection.executemany("INSERT INTO meta (key, value) VALUES (?, ?)", rows)
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        raise of_driver(error, draft) or error from error
    _force(draft)


def _force(path: str) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _put(draft: str, path: str) -> None:
    try:
        os.link(draft, path)
    except FileExistsError:
        return  # another program made one meanwhile: that one counts
    except OSError:
        os.rename(draft, path)  # a file system without links


def _migrate(path: str, found: str) -> None:
    if not (len(found) == len(HEAD) and found.isdigit() and found < HEAD):
        raise MailDamaged(
            f"{path} was written by a newer feeder (its version is {found}, this one knows {HEAD}); left as it is",
            hint="install that version again",
        )
    upgrade(path)


def upgrade(path: str) -> None:
    """Run the migrations that are missing in the database at ``path``, in one transaction."""
    from alembic import command
    from alembic.config import Config
    from sqlalchemy.exc import DBAPIError

    config = Config()
    config.set_main_option("script_location", os.path.join(os.path.dirname(__file__), "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    engine = _engine(path)
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except DBAPIError as error:
        raise of_driver(error.orig, path) or error from error
    finally:
        engine.dispose()


def _damaged(path: str, why: object) -> MailDamaged:
    return MailDamaged(
        f"{path} is damaged and was left as it is: {str(why).splitlines()[-1]}",
        hint="`feeder restore BACKUP --only mail` puts one back; moved away, a new one without subscribers is made",
    )
