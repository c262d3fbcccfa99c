"""Opening the history's file, and bringing older ones up to date."""

from __future__ import annotations

import os
import sqlite3
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote

from feeder.errors import CannotCreate, CannotWrite, FeederError, HistoryDamaged, Locked
from feeder.history.digests import Digests
from feeder.history.entries import Entries
from feeder.history.labels import Labels
from feeder.history.notes import Notes
from feeder.history.swapping import ENDINGS, JOURNAL, finish

FILE: Final = ".feeder/history.db"
VERSION: Final = 2

_SCHEMA = """
CREATE TABLE entry (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, path TEXT NOT NULL, anchor TEXT NOT NULL,
  slug TEXT NOT NULL, permalink TEXT NOT NULL UNIQUE, hash TEXT NOT NULL, body_hash TEXT NOT NULL,
  dated INTEGER NOT NULL, day TEXT NOT NULL, published INTEGER NOT NULL, updated INTEGER NOT NULL,
  released INTEGER NOT NULL, document INTEGER NOT NULL, touched INTEGER NOT NULL,
  withdrawn INTEGER, tombstone INTEGER, key BLOB NOT NULL,
  title TEXT NOT NULL, page_title TEXT NOT NULL, summary TEXT NOT NULL, language TEXT NOT NULL,
  correction TEXT NOT NULL, month TEXT NOT NULL, tags TEXT NOT NULL, authors TEXT NOT NULL, cover TEXT NOT NULL,
  lists TEXT NOT NULL DEFAULT '[]', mail INTEGER, corrected INTEGER NOT NULL DEFAULT 0);
CREATE INDEX entry_permalink ON entry (permalink COLLATE NOCASE);
CREATE INDEX entry_place ON entry (path, anchor);
CREATE INDEX entry_body ON entry (body_hash);
CREATE INDEX entry_updated ON entry (updated);
CREATE INDEX entry_published ON entry (published, seq) WHERE withdrawn IS NULL;
CREATE INDEX entry_month ON entry (month) WHERE withdrawn IS NULL;
CREATE INDEX entry_document ON entry (document);
CREATE INDEX entry_touched ON entry (touched);
CREATE INDEX entry_released ON entry (released);
CREATE INDEX entry_tombstone ON entry (tombstone) WHERE tombstone IS NOT NULL;
CREATE TABLE label (
  kind TEXT NOT NULL, slug TEXT NOT NULL, seq INTEGER NOT NULL, position INTEGER NOT NULL, name TEXT NOT NULL,
  touched INTEGER NOT NULL,
  PRIMARY KEY (kind, slug, seq)) WITHOUT ROWID;
CREATE INDEX label_seq ON label (seq);
CREATE INDEX label_position ON label (kind, slug, position);
CREATE INDEX label_touched ON label (kind, slug, touched);
CREATE TABLE redirect (permalink TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX redirect_permalink ON redirect (permalink COLLATE NOCASE);
CREATE TABLE waiting (path TEXT NOT NULL, at INTEGER NOT NULL, why TEXT NOT NULL, PRIMARY KEY (path)) WITHOUT ROWID;
CREATE INDEX waiting_at ON waiting (at);
CREATE TABLE feed (path TEXT PRIMARY KEY, updated INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE source (path TEXT PRIMARY KEY, text BLOB NOT NULL);
CREATE TABLE problem (
  path TEXT NOT NULL, n INTEGER NOT NULL, place TEXT NOT NULL, message TEXT NOT NULL, hint TEXT NOT NULL,
  rejects INTEGER NOT NULL, source TEXT NOT NULL, mark INTEGER NOT NULL, width INTEGER NOT NULL,
  PRIMARY KEY (path, n)) WITHOUT ROWID;
CREATE TABLE output (owner TEXT NOT NULL, path TEXT NOT NULL, PRIMARY KEY (owner, path)) WITHOUT ROWID;
CREATE INDEX problem_rejects ON problem (path) WHERE rejects;
CREATE INDEX output_path ON output (path);
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
_MAIL: Final = """
CREATE INDEX entry_corrected ON entry (corrected) WHERE corrected;
CREATE TABLE digest (
  number INTEGER PRIMARY KEY, list TEXT NOT NULL, path TEXT NOT NULL UNIQUE, until INTEGER NOT NULL,
  subject TEXT NOT NULL, preface TEXT NOT NULL, language TEXT NOT NULL, made INTEGER NOT NULL);
CREATE INDEX digest_list ON digest (list, until, number);
CREATE TABLE digest_entry (
  number INTEGER NOT NULL, position INTEGER NOT NULL, entry TEXT NOT NULL, kind TEXT NOT NULL,
  PRIMARY KEY (number, position)) WITHOUT ROWID;
CREATE INDEX digest_entry_of ON digest_entry (entry);
"""
_MIGRATIONS: Final = {
    1: """
ALTER TABLE entry ADD COLUMN lists TEXT NOT NULL DEFAULT '[]';
ALTER TABLE entry ADD COLUMN mail INTEGER;
ALTER TABLE entry ADD COLUMN corrected INTEGER NOT NULL DEFAULT 0;
"""
    + _MAIL
}
"""By the version that they lead away from."""


class History(Entries, Labels, Digests, Notes):
    """The open history of one publication.

    Changes become visible to others, and survive a crash, at ``commit`` only.
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    def set_meta(self, key: str, value: str) -> None:
        """Remember a value; an empty one forgets it."""
        if value:
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))
        else:
            self._db.execute("DELETE FROM meta WHERE key = ?", (key,))

    def commit(self) -> None:
        """Make all changes since the last commit true."""
        self._db.execute("COMMIT")
        self._db.execute("BEGIN")

    def roll_back(self) -> None:
        """Forget all changes since the last commit."""
        self._db.execute("ROLLBACK")
        self._db.execute("BEGIN")

    def close(self) -> None:
        """Close without committing."""
        self._db.close()


def open_history(root: str, *, writing: bool = True) -> History:
    """The history of the publication at ``root``, made when there is none.

    Raises ``HistoryDamaged`` when the file is not a readable history; it is never overwritten.
    """
    path = os.path.join(root, FILE)
    finish(root)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if not os.path.lexists(path):
        _make(path)
    elif os.path.getsize(path) == 0:
        raise _damaged("it is empty")
    return History(_opened(path, writing=writing))


def _make(path: str) -> None:
    """A new one, under its name when it is whole: a file that is empty, or half a history, is a damaged one."""
    draft = f"{path}.{os.getpid()}.new"
    try:
        _opened(draft, writing=True).close()
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another program made one meanwhile: that one counts
        except OSError:
            os.rename(draft, path)  # a file system without links
    finally:
        for ending in ("", *ENDINGS):
            if os.path.lexists(draft + ending):
                os.unlink(draft + ending)


def _opened(path: str, *, writing: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=60)
    try:
        # Readers come and go beside the writer, and the plain journal would make its commit wait for them.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("BEGIN IMMEDIATE" if writing else "BEGIN")
        _migrate(connection)
    except BaseException as error:
        # Left open it would keep others out for as long as this process lives.
        connection.close()
        if isinstance(error, sqlite3.DatabaseError):
            raise refusal(error) or _damaged(error) from error
        raise
    return connection


def refusal(error: sqlite3.DatabaseError) -> FeederError | None:
    """What a database error says of the disk and not of the database; None where it does speak of the database."""
    said = str(error)
    if "disk is full" in said or "disk I/O error" in said:
        return CannotWrite(f".feeder/: {said}", hint="free some space; the next run goes on where this one stopped")
    if "readonly" in said or "unable to open" in said:
        return CannotCreate(f".feeder/: {said}", hint="make the folder and the files in it writable")
    if "locked" in said:
        return Locked(f".feeder/: {said}", hint="another program holds the database; run again when it has ended")
    return None


def _damaged(error: object) -> HistoryDamaged:
    return HistoryDamaged(
        f"{FILE} is damaged and was left as it is: {str(error).splitlines()[-1]}",
        hint="`feeder restore BACKUP` puts one back; without any, move it away and run `feeder recover`",
    )


def require_sound(root: str) -> None:
    """Look through the whole file (SQLite's ``quick_check``); raises ``HistoryDamaged`` when something is wrong."""
    connection = sqlite3.connect(os.path.join(root, FILE), isolation_level=None, timeout=60)
    try:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise _damaged(error) from error
    finally:
        connection.close()
    if found != "ok":
        raise _damaged(found)


def is_there(root: str) -> bool:
    """Whether there is a history, or one is about to be put back."""
    return any(os.path.exists(os.path.join(root, name)) for name in (FILE, JOURNAL))


def upgrade(path: str) -> None:
    """Bring the history at ``path`` up to date, which nobody has open."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("BEGIN")
        _migrate(connection)
    finally:
        connection.close()


def remove(root: str) -> None:
    """Delete the history of a publication in which nothing was ever published."""
    for ending in ("", "-wal", "-shm"):
        if os.path.exists(os.path.join(root, FILE + ending)):
            os.unlink(os.path.join(root, FILE + ending))


def read_history(root: str) -> History:
    """The history for reading only, as it was last committed; for workers beside the one that writes.

    Raises ``HistoryDamaged`` as ``open_history`` does.
    """
    finish(root)
    path = os.path.join(root, FILE)
    connection = sqlite3.connect(f"file:{quote(os.fsencode(path))}?mode=ro", uri=True, isolation_level=None)
    try:
        connection.execute("BEGIN")
        found = _version(connection)
    except sqlite3.DatabaseError as error:
        connection.close()
        raise refusal(error) or _damaged(error) from error
    if not found:
        connection.close()
        raise _damaged("it is empty")
    return History(connection)


def empty_history() -> History:
    """A history in memory."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("BEGIN")
    _migrate(connection)
    return History(connection)


def _migrate(connection: sqlite3.Connection) -> None:
    if _version(connection) == VERSION:
        return
    # Of two that open an older history at once, one may only read; the other has done it then.
    connection.execute("ROLLBACK")
    connection.execute("BEGIN IMMEDIATE")
    version = _version(connection)
    for step in [_SCHEMA + _MAIL] if version == 0 else [_MIGRATIONS[one] for one in range(version, VERSION)]:
        for statement in step.split(";"):
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")
    connection.execute("BEGIN")


def _version(connection: sqlite3.Connection) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > VERSION:
        raise HistoryDamaged(
            f"{FILE} was written by a newer feeder (its version is {version}, this one knows {VERSION})",
            hint="install that version again",
        )
    return version
