"""One entry as its page shows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from markupsafe import Markup

from feeder import links
from feeder.model import Enclosure, PublicEntry, Via
from feeder.pages import paths
from feeder.pages.content import fit
from feeder.pages.rows import Lister, direction, is_web


class Link(NamedTuple):
    """A name, and where it leads; an empty address for a name alone."""

    name: str
    href: str


class Time(NamedTuple):
    """An instant for machines (RFC 3339) and for people."""

    datetime: str
    text: str


class Attachment(NamedTuple):
    """An enclosure: ``kind`` is ``audio``, ``video`` or ``file``; ``about`` its length in words."""

    kind: str
    href: str
    name: str
    about: str
    media_type: str


@lru_cache(maxsize=4096)
def _label(kind: str, name: str) -> str:
    return links.encode(paths.label(kind, name)) + "/"


def labels(kind: str, names: Iterable[str], root: str) -> list[Link]:
    """Tags or authors, each with its page."""
    return [Link(name, root + _label(kind, name)) for name in names]


def sources(via: Iterable[Via]) -> list[Link]:
    """Whom the news came from; without a name, the host stands for it."""
    found = []
    for one in via:
        safe = is_web(one.url)
        host = one.url.split("/")[2].removeprefix("www.") if safe else one.url
        found.append(Link(one.title or host, one.url if safe else ""))
    return found


def size(count: int) -> str:
    """Bytes in words: ``640 kB``, ``12.3 MB``; empty for an unknown number."""
    if count <= 0:
        return ""
    if count < 1_000_000:
        return f"{max(count // 1000, 1)} kB"
    return f"{count / 1e6:.1f} MB"


def duration(seconds: int) -> str:
    """``3:05``, ``1:02:30``; empty for an unknown number."""
    if seconds <= 0:
        return ""
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def attachments(enclosures: Iterable[Enclosure], lister: Lister, root: str) -> Iterator[Attachment]:
    """Files to hear, to see or to take along."""
    for enclosure in enclosures:
        if not is_web(enclosure.url):
            continue
        kind = enclosure.media_type.partition("/")[0]
        name = enclosure.title or links.decode(enclosure.url.partition("?")[0].rstrip("/").rpartition("/")[2])
        about = " · ".join(filter(None, (duration(enclosure.seconds), size(enclosure.length))))
        yield Attachment(
            kind=kind if kind in ("audio", "video") else "file",
            href=lister.address(enclosure.url, root),
            name=name,
            about=about,
            media_type=enclosure.media_type,
        )


def _time(at: datetime, text: str) -> Time:
    return Time(at.isoformat(timespec="seconds"), text)


def times(entry: PublicEntry, lister: Lister) -> tuple[Time, Time | None]:
    """When it was published, and when it last changed notably if that says more than the first."""
    published, updated = lister.local(entry.published), lister.local(entry.updated)
    day = lister.words.full_date(published)
    first = _time(published, day)
    if updated <= published:
        return first, None
    text = lister.words.full_date(updated)
    return first, _time(updated, f"{text} {updated:%H:%M}" if text == day else text)


def values(entry: PublicEntry, lister: Lister, root: str, *, author_pages: bool) -> dict[str, object]:
    """What ``entry.html`` may name, beside what every page may."""
    language = lister.language_of(entry)
    published, updated = times(entry, lister)
    words = lister.words
    # A cover that the text shows too is not shown twice.
    cover = None if entry.cover is None or entry.cover.url in entry.html else entry.cover
    return {
        "entry": entry,
        "lang": language,
        "direction": direction(language or lister.language),
        "published": published,
        "updated": updated,
        "authors": labels("author", entry.authors, root) if author_pages else [Link(a, "") for a in entry.authors],
        "via": sources(entry.via),
        "tags": labels("tag", entry.tags, root),
        "cover": lister.image(cover, root),
        "attachments": list(attachments(entry.enclosures, lister, root)),
        # Sanitised when it was read.
        "content": Markup(fit(entry.html, entry.url, table=words.table, code=words.code)),  # noqa: S704
    }
