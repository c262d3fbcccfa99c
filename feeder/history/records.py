"""What history knows, as values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

from feeder.errors import Problem

TOMBSTONE_US: Final = 14 * 86_400 * 1_000_000
"""How long a withdrawn entry stays in the feeds, empty: readers never delete, so they must be told."""


BACK_DATED: Final = 14 * 86_400 * 1_000_000
"""How old an entry may be at its release and still be mailed: what is older came by an import."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What history knows of one entry that is or was public."""

    seq: int
    """Its number in the order of release; the archive and the feeds are cut by it."""
    id: str
    path: str
    anchor: str
    slug: str
    permalink: str
    """From the site's root, not percent-encoded: ``/2024/04/订单/``, or with ``#anchor``."""
    hash: str
    body_hash: str
    dated: int
    """The author's date, before ties and releases moved it."""
    day: str
    published: int
    updated: int
    released: int
    document: int
    """Number of the archive document it is in, from 1."""
    touched: int
    """Number of the last notable event: release, correction, withdrawal, restoration."""
    withdrawn: int | None = None
    tombstone: int | None = None
    """Until when it stays in the feeds as withdrawn; None: not shown there."""
    key: bytes
    """Where the cache keeps the content that is public."""
    title: str
    page_title: str = ""
    summary: str = ""
    language: str = ""
    correction: str = ""
    month: str
    """``YYYY-MM`` of publication in the site's zone."""
    corrected: int = 0
    """When its present correction was told, if that was after its release; 0: never. Digests are cut by it."""
    mail: bool | None = None
    """Whether the author wants it mailed; None: as its age says."""
    lists: tuple[str, ...] = ()
    """The lists it is for; none: all."""
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    cover: tuple[Any, ...] = ()

    @property
    def public(self) -> bool:
        """Whether it can be read now."""
        return self.withdrawn is None

    @property
    def place(self) -> str:
        """File and item, as the author knows them: ``entries/a.md#融资``."""
        return f"{self.path}#{self.anchor}" if self.anchor else self.path


COLUMNS: Final = tuple(Record.__dataclass_fields__)
NAMES: Final = ", ".join(COLUMNS)
_MAIL: Final = COLUMNS.index("mail")
_JSON_FROM: Final = COLUMNS.index("lists")
SELECT: Final = f"SELECT {NAMES} FROM entry "
QUALIFIED: Final = "SELECT " + ", ".join(f"entry.{name}" for name in COLUMNS)
UPSERT: Final = (
    f"INSERT INTO entry ({NAMES}) VALUES ({', '.join('?' * len(COLUMNS))}) ON CONFLICT (seq) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in COLUMNS[1:])
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestRecord:
    """What history knows of one digest that has a public page."""

    number: int
    """Its id in the mail database."""
    list: str
    """Name of its list."""
    path: str
    """Of its page's folder in ``out/``, without slashes around: ``digests/weekly/2026-11-23``."""
    until: int
    """The instant up to which it serves its subscribers."""
    subject: str
    """One line, without control characters; the title of its page."""
    preface: str = ""
    """Safe HTML; empty: none."""
    language: str
    """BCP 47: of the texts around the entries."""
    made: int
    """When it was cut."""
    entries: tuple[str, ...]
    """Ids of its entries, in their order."""
    corrections: tuple[str, ...] = ()
    """Ids of the entries sent earlier whose corrections it tells."""

    @property
    def year(self) -> str:
        """Of its page's address, which is that of ``until`` in the list's zone."""
        return self.path.rpartition("/")[2][:4]


@dataclass(frozen=True, slots=True)
class Label:
    """A tag, author or language that public entries carry."""

    kind: str
    """``tag``, ``author`` or ``language``."""
    slug: str
    name: str
    count: int = 0
    last: int = 0
    """The highest position in it, from 0; older pages are cut by position, so that they never shift."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that has something to happen at an instant: a release or an expiry."""

    path: str
    at: int
    why: str


@lru_cache(4096)
def _tuple(text: str) -> tuple[Any, ...]:
    # Few sets of tags are many entries' own.
    return tuple(json.loads(text))


def record_of(row: Sequence[Any]) -> Record:
    tail = map(_tuple, row[_JSON_FROM:])
    mail = None if row[_MAIL] is None else bool(row[_MAIL])
    return Record(**dict(zip(COLUMNS, (*row[:_MAIL], mail, *tail), strict=True)))


def row_of(record: Record) -> tuple[Any, ...]:
    values = [getattr(record, name) for name in COLUMNS]
    values[_JSON_FROM:] = [json.dumps(value, ensure_ascii=False) for value in values[_JSON_FROM:]]
    return tuple(values)


def problem_of(row: Sequence[Any]) -> Problem:
    place, message, hint, rejects, source, mark, width = row
    return Problem(place, message, hint, bool(rejects), source, mark, width)


def without_tombstone(record: Record) -> Record:
    """A withdrawn entry that leaves the feeds too."""
    return replace(record, tombstone=None)
