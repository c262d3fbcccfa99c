"""The words of this project as values: what was read, what is public, what goes out.

No format's dialect is spoken here, and nothing here reads a clock, a file or a setting.
All instants are aware ``datetime`` values in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum

from feeder.errors import Problem


@dataclass(frozen=True, slots=True)
class Moment:
    """When something is dated, as its author wrote it."""

    instant: datetime
    """UTC. For a day without a time: 12:00 UTC of that day, so that hardly any zone shifts the day."""
    due: datetime
    """UTC. From when it may be public; for a day without a time 00:00 of it in the site's zone."""
    day: str
    """``YYYY-MM-DD`` in the site's zone."""
    date_only: bool = False


@dataclass(frozen=True, slots=True)
class Via:
    """Whom the news came from (Atom ``rel="via"``)."""

    url: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that belongs to an entry, usually audio (RSS ``enclosure``)."""

    url: str
    """Absolute, or ``feeder:/asset/…`` for a file of the publication."""
    media_type: str
    length: int
    """Bytes; 0 where it cannot be known (a remote file)."""
    title: str = ""
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class Image:
    """A picture that stands for an entry."""

    url: str
    """Absolute, or ``feeder:/asset/…`` for a file of the publication."""
    alt: str = ""
    media_type: str = ""
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Asset:
    """A local file that an entry uses, and where it goes."""

    source: str
    """Path from the publication's root."""
    path: str
    """Path in ``out/``; carries a hash of what is written there: ``assets/card.3f2a91c0.png``."""
    stamp: tuple[int, int, int] = (0, 0, 0)
    """``(mtime_ns, size, inode)`` of the source when it was read; an asset that differs is read again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One dated piece of news as its author wrote it; what ``reading`` hands on.

    Addresses inside ``html``, ``cover`` and ``enclosures`` are absolute, or one of
    ``feeder:/asset/PATH-IN-OUT``, ``feeder:/entry/SOURCE-PATH[#ANCHOR]`` and ``feeder:/site/PATH``,
    which ``links.absolute`` resolves at the last moment, so that the cache outlives a new domain.
    """

    path: str
    """The file, from the publication's root: ``entries/2026/a.md``."""
    anchor: str = ""
    """Which item of a news page; empty for an entry file."""
    line: int = 1
    title: str
    page_title: str = ""
    """Title of the news page the item stands on; empty for an entry file."""
    id: str = ""
    """As written by the author; empty when it is to be minted."""
    date: Moment
    updated: Moment | None = None
    expires: Moment | None = None
    draft: bool = False
    slug: str = ""
    slug_fixed: bool = False
    """The author wrote the slug (not derived from file name or title)."""
    permalink: str = ""
    """Path or address the author wrote; empty for the pattern of the settings."""
    aliases: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    language: str = ""
    """BCP 47; empty for the site's."""
    summary: str = ""
    html: str = ""
    cover: Image | None = None
    via: tuple[Via, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    assets: tuple[Asset, ...] = ()
    refs: tuple[str, ...] = ()
    """Source paths (``entries/b.md``, ``entries/b.md#item``) of entries this one links to."""
    lists: tuple[str, ...] = ()
    mail: bool | None = None
    correction: str = ""
    extra: Mapping[str, object] = field(default_factory=dict)
    hash: str = ""
    """Of title, source and enclosures, never of rendered HTML: tells whether the author changed it."""
    body_hash: str = ""
    """Of the body's source alone: finds an entry again whose title, date and file changed."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one file gave."""

    path: str
    entries: tuple[Entry, ...] = ()
    problems: tuple[Problem, ...] = ()
    bad: frozenset[str] = frozenset()
    """Anchors of the entries that were withheld because of a problem; ``""`` stands for the whole file."""
    absent: tuple[str, ...] = ()
    """Paths from the publication's root where a missing image was looked for; if one appears, read again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """A public entry as lists of entries show it."""

    id: str
    url: str
    """Absolute and percent-encoded."""
    title: str
    """Stands alone: ``天数智芯：融资消息`` for an item of a news page."""
    published: datetime
    updated: datetime
    language: str
    summary: str = ""
    correction: str = ""
    tags: tuple[str, ...] = ()
    cover: Image | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicEntry(Headline):
    """A public entry, whole; every address in it is absolute."""

    path: str
    """The source file, with the item's anchor: ``entries/page.md#item``."""
    released: datetime
    short_title: str = ""
    """The title without that of its page."""
    html: str = ""
    authors: tuple[str, ...] = ()
    via: tuple[Via, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    hash: str = ""
    withdrawn: bool = False
    """It was public and is not any more: title ``已撤回``, no text."""
    number: int = 0
    """Its number in the order of release, from 1; 0 where it has none."""
    corrected: datetime | None = None
    """When its correction was told, if that was after its release."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Ordered entries with title and id; a format turns it into documents."""

    id: str
    """Permanent IRI."""
    title: str
    path: str
    """Where it goes in ``out/``, without ending: ``feed``, ``tags/芯片/feed``, ``archive/12``."""
    page_url: str
    """The page for people that shows the same."""
    site_url: str
    subtitle: str = ""
    language: str = ""
    author: str = ""
    email: str = ""
    """Where to reach the publisher of a podcast; empty for none."""
    rights: str = ""
    icon: str = ""
    """Absolute address of a square image; empty for none."""
    hub: str = ""
    style_url: str = ""
    """Absolute address of the CSS for people who open the feed in a browser; empty for none."""
    updated: datetime
    entries: tuple[PublicEntry, ...] = ()
    current: str = ""
    """For an archive document: the path (without ending) of the feed it belongs to."""
    previous: str = ""
    """Path (without ending) of the next older archive document; empty for none."""
    also: tuple[str, ...] = ()
    """Old addresses (paths in ``out/`` with ending) where the same feed is also written."""

    @property
    def is_archive(self) -> bool:
        """Whether this is an archive document (RFC 5005 section 4) and not what readers subscribe to."""
        return bool(self.current)


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestLine:
    """A digest as lists of digests show it."""

    url: str
    """Absolute and percent-encoded."""
    title: str
    """Its subject."""
    at: datetime
    """The instant up to which it serves, in the list's zone."""
    language: str
    """BCP 47: of the texts around the entries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest(DigestLine):
    """A digest as its public page shows it now; every address in it is absolute."""

    list: DigestList
    preface: str = ""
    """Safe HTML."""
    entries: tuple[PublicEntry, ...]
    """In their present text; those withdrawn since are empty."""
    corrections: tuple[PublicEntry, ...] = ()
    """Entries sent earlier, whose corrections it tells."""
    older: DigestLine | None = None
    newer: DigestLine | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestList:
    """A list that people can subscribe to, or could."""

    name: str
    title: str
    description: str = ""
    language: str
    page_url: str = ""
    """Absolute address of the archive of its digests; empty where there is none."""
    feed: str = ""
    """Path (without ending) of the feed of its digests; empty where there is none."""
    subscribe_url: str = ""
    """Where people subscribe; empty where they cannot by themselves."""
    frequencies: tuple[str, ...] = ()
    """How often it comes, its own first: ``instant``, ``daily``, ``weekly``, ``monthly``."""
    weekday: int = 0
    """Of the weekly digest; 0 is Monday."""


class Stage(IntEnum):
    """The order in which documents go live: nothing may name what is not there yet."""

    ASSET = 0
    PAGE = 1
    INDEX = 2
    FEED = 3


@dataclass(frozen=True, slots=True)
class Document:
    """One file of the output."""

    path: str
    """From ``out/``, with ``/``, not percent-encoded."""
    media_type: str
    body: bytes
    stage: Stage
