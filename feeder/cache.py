"""Parsed and rendered entries, by content: disposable, since everything in it can be made again from the files.

A key is a hash of a file's bytes, its path and all settings that matter for reading it. Entries are kept in two
parts, so that planning need not load rendered HTML.
"""

from __future__ import annotations

import marshal
import os
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import fields
from hashlib import blake2b
from types import TracebackType
from typing import Any, Final, Self

from feeder import dates
from feeder.errors import Problem
from feeder.model import Asset, Enclosure, Entry, Image, Moment, Reading, Via

FILE: Final = ".feeder/cache.db"
KEY_SIZE: Final = 16
"""Bytes of a key that tell the text; what follows tells its assets."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reading (key BLOB PRIMARY KEY, meta BLOB NOT NULL, html BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS file (path TEXT PRIMARY KEY, key BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS uses (source TEXT, path TEXT, PRIMARY KEY (source, path)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS uses_path ON uses (path);
CREATE TABLE IF NOT EXISTS ref (target TEXT, path TEXT, PRIMARY KEY (target, path)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ref_path ON ref (path);
"""

_ENTRY = tuple(field.name for field in fields(Entry))
_MOMENTS = ("date", "updated", "expires")


def key_of(path: str, data: bytes, context: str) -> bytes:
    """The key of a file's content at a path, read under ``context`` (settings and versions)."""
    digest = blake2b(digest_size=KEY_SIZE)
    digest.update(f"{path}\0{context}\0".encode("utf-8", "surrogateescape"))
    digest.update(data)
    return digest.digest()


def stamped(key: bytes, reading: Reading) -> bytes:
    """The key of a reading with the assets it names: other bytes of a picture make other pages of the same text."""
    assets = sorted({asset.path for entry in reading.entries for asset in entry.assets})
    return (
        key + blake2b("\n".join(assets).encode("utf-8", "surrogateescape"), digest_size=8).digest() if assets else key
    )


class Packed:
    """A reading as the cache stores it."""

    __slots__ = ("bad", "html", "key", "meta", "path", "refs", "uses")

    def __init__(
        self,
        key: bytes,
        path: str,
        meta: bytes,
        html: bytes,
        uses: tuple[str, ...],
        refs: tuple[str, ...],
        *,
        bad: bool = False,
    ) -> None:
        self.key = key
        self.path = path
        self.meta = meta
        self.html = html
        self.uses = uses
        """Assets that the entries use, or look for in vain: a change there means reading again."""
        self.refs = refs
        """Entry files that the entries link to."""
        self.bad = bad
        """Whether something in the file was withheld."""


def pack(key: bytes, reading: Reading) -> Packed:
    """What the cache stores of a reading."""
    entries = [_entry_to(entry) for entry in reading.entries]
    problems = [
        (p.place, p.message, p.hint, p.rejects, p.source, p.column, p.width) for p in reading.problems
    ]  # fmt: skip
    meta = marshal.dumps((reading.path, entries, problems, sorted(reading.bad), reading.absent))
    html = marshal.dumps([entry.html for entry in reading.entries])
    uses = {asset.source for entry in reading.entries for asset in entry.assets} | set(reading.absent)
    refs = {ref.partition("#")[0] for entry in reading.entries for ref in entry.refs}
    return Packed(key, reading.path, meta, html, tuple(sorted(uses)), tuple(sorted(refs)), bad=bool(reading.bad))


def unpack(meta: bytes, html: bytes | None = None) -> Reading:
    """The reading again; without ``html`` its entries have none."""
    path, entries, problems, bad, absent = marshal.loads(meta)  # noqa: S302 - our own file
    texts = marshal.loads(html) if html is not None else [""] * len(entries)  # noqa: S302
    return Reading(
        path,
        tuple(_entry_from(row, text) for row, text in zip(entries, texts, strict=True)),
        tuple(Problem(*problem) for problem in problems),
        frozenset(bad),
        tuple(absent),
    )


class Cache:
    """The open cache of one publication."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    def get(self, key: bytes, *, html: bool = True) -> Reading | None:
        """The reading with this key; without HTML when that is not wanted."""
        columns = "meta, html" if html else "meta, NULL"
        row = self._db.execute(f"SELECT {columns} FROM reading WHERE key = ?", (key[:KEY_SIZE],)).fetchone()
        return unpack(row[0], row[1]) if row else None

    def put(self, packed: Iterable[Packed]) -> None:
        """Store readings as what their files hold now."""
        for one in packed:
            self._db.execute("INSERT OR REPLACE INTO reading VALUES (?, ?, ?)", (one.key, one.meta, one.html))
            self._db.execute("INSERT OR REPLACE INTO file VALUES (?, ?)", (one.path, one.key))
            if not one.bad:  # what is public still comes from the version before a bad one
                self._db.execute("DELETE FROM uses WHERE path = ?", (one.path,))
                self._db.execute("DELETE FROM ref WHERE path = ?", (one.path,))
            uses, refs = ((source, one.path) for source in one.uses), ((target, one.path) for target in one.refs)
            self._db.executemany("INSERT OR IGNORE INTO uses VALUES (?, ?)", uses)
            self._db.executemany("INSERT OR IGNORE INTO ref VALUES (?, ?)", refs)

    def keep(self, packed: Packed) -> None:
        """Store a reading that is not what its file holds now: the last good one."""
        self._db.execute("INSERT OR REPLACE INTO reading VALUES (?, ?, ?)", (packed.key, packed.meta, packed.html))

    def has(self, key: bytes) -> bool:
        """Whether there is a reading with this key."""
        return self._db.execute("SELECT 1 FROM reading WHERE key = ?", (key,)).fetchone() is not None

    def file_key(self, path: str) -> bytes | None:
        """The key of what a file held when it was last read."""
        row = self._db.execute("SELECT key FROM file WHERE path = ?", (path,)).fetchone()
        return bytes(row[0]) if row else None

    def files(self) -> Iterator[str]:
        """All files that were read."""
        for (path,) in self._db.execute("SELECT path FROM file"):
            yield path

    def forget(self, path: str) -> None:
        """A file is gone."""
        for table in ("file", "uses", "ref"):
            self._db.execute(f"DELETE FROM {table} WHERE path = ?", (path,))

    def users_of(self, source: str) -> list[str]:
        """Files that use an asset, or look for it in vain."""
        return [path for (path,) in self._db.execute("SELECT path FROM uses WHERE source = ?", (source,))]

    def used_outside(self, folders: Iterable[str]) -> list[str]:
        """Assets that are used or looked for in vain, but for those in these folders."""
        found: list[str] = []
        low, query = "", "SELECT DISTINCT source FROM uses WHERE source >= ? AND source < ?"
        for folder in sorted(f"{folder}/" for folder in folders):
            found += [source for (source,) in self._db.execute(query, (low, folder))]
            low = max(low, f"{folder[:-1]}0")  # the first text after all that begin with the folder
        rest = self._db.execute("SELECT DISTINCT source FROM uses WHERE source >= ?", (low,))
        return found + [source for (source,) in rest]

    def referrers(self, target: str) -> list[str]:
        """Files that link to an entry file."""
        return [path for (path,) in self._db.execute("SELECT path FROM ref WHERE target = ?", (target,))]

    def meta(self, key: str) -> str:
        """A remembered value; empty when there is none."""
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else ""

    def set_meta(self, key: str, value: str) -> None:
        """Remember a value."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def clear(self) -> None:
        """Forget everything: another version reads differently."""
        for table in ("meta", "reading", "file", "uses", "ref"):
            self._db.execute(f"DELETE FROM {table}")

    def prune(self, keep: Iterable[bytes]) -> None:
        """Drop readings that neither a file nor a public entry needs."""
        self._db.execute("CREATE TEMP TABLE wanted (key BLOB PRIMARY KEY)")
        self._db.executemany("INSERT OR IGNORE INTO wanted VALUES (?)", ((key[:KEY_SIZE],) for key in keep))
        self._db.execute(
            "DELETE FROM reading WHERE key NOT IN (SELECT key FROM file) AND key NOT IN (SELECT key FROM wanted)"
        )
        self._db.execute("DROP TABLE wanted")

    def commit(self) -> None:
        """Keep what was stored so far."""
        self._db.execute("COMMIT")
        self._db.execute("BEGIN")


def open_cache(root: str) -> Cache:
    """The cache of the publication at ``root``; a damaged one is made anew."""
    path = os.path.join(root, FILE)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    try:
        return _connect(path)
    except sqlite3.DatabaseError:
        remove(root)
        return _connect(path)


def remove(root: str) -> None:
    """Delete the cache; the next run makes it anew."""
    for ending in ("", "-wal", "-shm"):
        if os.path.exists(os.path.join(root, FILE + ending)):
            os.unlink(os.path.join(root, FILE + ending))


def _connect(path: str) -> Cache:
    connection = sqlite3.connect(path, isolation_level=None, timeout=60)
    try:
        # Losing the cache costs a full build, losing speed costs every build.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = OFF")
        connection.executescript(_SCHEMA)
        connection.execute("SELECT count(*) FROM (SELECT 1 FROM file LIMIT 1)").fetchone()
        connection.execute("BEGIN")
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return Cache(connection)


def _moment_to(moment: Moment | None) -> tuple[int, int, str, bool] | None:
    if moment is None:
        return None
    return (dates.to_micros(moment.instant), dates.to_micros(moment.due), moment.day, moment.date_only)


def _moment_from(row: tuple[int, int, str, bool] | None) -> Moment | None:
    if row is None:
        return None
    return Moment(dates.from_micros(row[0]), dates.from_micros(row[1]), row[2], row[3])


def _entry_to(entry: Entry) -> tuple[Any, ...]:
    values = {name: getattr(entry, name) for name in _ENTRY}
    values["html"] = ""
    for name in _MOMENTS:
        values[name] = _moment_to(values[name])
    values["via"] = tuple((via.url, via.title) for via in entry.via)
    values["enclosures"] = tuple((e.url, e.media_type, e.length, e.title, e.seconds) for e in entry.enclosures)
    values["assets"] = tuple((a.source, a.path, a.stamp) for a in entry.assets)
    cover = entry.cover
    values["cover"] = (cover.url, cover.alt, cover.media_type, cover.width, cover.height) if cover else None
    values["extra"] = {str(name): _plain(value) for name, value in entry.extra.items()}
    return tuple(values.values())


def _entry_from(row: tuple[Any, ...], html: str) -> Entry:
    values = dict(zip(_ENTRY, row, strict=True))
    for name in _MOMENTS:
        values[name] = _moment_from(values[name])
    values["via"] = tuple(Via(*via) for via in values["via"])
    values["enclosures"] = tuple(Enclosure(*enclosure) for enclosure in values["enclosures"])
    values["assets"] = tuple(Asset(*asset) for asset in values["assets"])
    values["cover"] = Image(*values["cover"]) if values["cover"] else None
    values["html"] = html
    return Entry(**values)


def _plain(value: object) -> object:
    """A front matter value as something ``marshal`` keeps."""
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
