"""The file of the mail database: made whole or not at all, looked at before it is opened, brought up to date."""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
from datetime import datetime
from typing import Final

from feeder.dates import to_micros
from feeder.errors import MailDamaged, MailUnreachable
from feeder.mail.driver import connected, damaged, engine_of, force, of_driver

HEAD: Final = "0002"
"""The newest migration; an up-to-date file is opened without Alembic."""


def version_of(path: str) -> str:
    """The migration the file stands at; empty for one that never was finished."""
    if not _size(path):
        raise damaged(path, "it is empty")  # SQLite would take it for a new one
    try:
        connection = connected(path)
        try:
            _require_whole(path, connection)
            tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if "alembic_version" not in tables:
                raise damaged(path, "it is another program's database")
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        raise of_driver(error, path) or damaged(path, error) from error
    if row is None:
        raise damaged(path, "it does not say which version it is")
    return str(row[0])


def _require_whole(path: str, connection: sqlite3.Connection) -> None:
    """Look whether the end is there: SQLite itself may not notice before it needs what is gone.

    By its stat alone. To open and close the file would take from this process all locks that SQLite has on it
    (sqlite.org/howtocorrupt.html, 2.2): another program that looks in beside a sending would then take the log away.
    """
    page, pages = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_size", "page_count"))
    # What is in the log need not be in the file. In this order, since another program may be moving it there.
    if not _size(f"{path}-wal") and _size(path) < page * pages:
        raise damaged(path, "its end is missing")


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except FileNotFoundError:
        return 0


def make(path: str, now: datetime, *, own_folder: bool) -> None:
    """Make an empty one, with the key of its tokens.

    Args:
        path: of the file; one that another program made meanwhile counts.
        now: when.
        own_folder: make the folder, too.

    Raises:
        MailUnreachable: the folder is not there, and not ours to make.
    """
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
    force(draft)


def _put(draft: str, path: str) -> None:
    try:
        os.link(draft, path)
    except FileExistsError:
        return  # another program made one meanwhile: that one counts
    except OSError:
        os.rename(draft, path)  # a file system without links


def migrate(path: str, found: str) -> None:
    """Bring the file from the migration it stands at to the newest; raises ``MailDamaged`` for a newer feeder's."""
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
    engine = engine_of(path)
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except DBAPIError as error:
        raise of_driver(error.orig, path) or error from error
    finally:
        engine.dispose()
