"""The entries as the bar beside the page lists them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from feeder import cache as caching
from feeder import dates
from feeder import history as histories
from feeder.cache import Cache
from feeder.history import History, Record
from feeder.web.preview.shadow import Shadow

Mark = Literal["draft", "later", "new", ""]
MOST: Final = 200
"""Entries that are listed; a word in the box above finds the others."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry."""

    title: str
    permalink: str
    path: str
    line: int
    """Of the file, on which it begins."""
    at: datetime
    """When it is or will be public, in UTC."""
    language: str
    mark: Mark
    until: datetime | None
    """When it leaves by itself, in UTC; None: never."""
    """``draft``: held back by its author. ``later``: by its date. ``new``: comes out with the next publish."""


@contextmanager
def opened(shadow: Shadow) -> Iterator[tuple[History, Cache]]:
    """History and cache of the preview, for reading."""
    root = str(shadow.root)
    with histories.read_history(root) as history, caching.open_cache(root) as cache:
        yield history, cache


def entries(shadow: Shadow, words: str, now: datetime) -> list[Listed]:
    """Those that are not public yet, then the others; the newest first."""
    with opened(shadow) as (history, cache):
        found = history.find(words, MOST)
        fresh = [] if words else history.since(shadow.basis, MOST)
        records = {record.seq: record for record in (*fresh, *found)}
        shown = [listed(record, cache, shadow.public, now) for record in records.values()]
    return sorted(shown, key=lambda one: one.mark not in ("draft", "later"))[:MOST]


def at_address(shadow: Shadow, path: str, now: datetime) -> list[Listed]:
    """The entries on the page at a path of the site: one, the items of a news page, or none."""
    with opened(shadow) as (history, cache):
        permalink = "/" + path.removesuffix("index.html")
        one = history.at_permalink(permalink)
        records = [one] if one else history.on_page(permalink)
        return [listed(record, cache, shadow.public, now) for record in records if record.public]


def of_file(shadow: Shadow, path: str) -> str:
    """The permalink of the newest entry of a file; empty for none."""
    with opened(shadow) as (history, _):
        records = [record for record in history.at_path(path) if record.public]
        return max(records, key=lambda record: (record.published, record.seq)).permalink if records else ""


def only_was_shown(shadow: Shadow, path: str) -> bool:
    """Whether an entry stood there that was never public and is gone: it leaves no page that says so."""
    with opened(shadow) as (history, _):
        record = history.at_permalink("/" + path.removesuffix("index.html"))
        return record is not None and not record.public and record.id not in shadow.public


def expired_at(shadow: Shadow, path: str, now: datetime) -> datetime | None:
    """When the entry of a file left by itself, in UTC; None: there is none that did, or another one stays."""
    with caching.open_cache(str(shadow.root)) as cache:
        key = cache.file_key(path)
        reading = cache.get(key, html=False) if key else None
    times = [entry.expires.due if entry.expires else None for entry in reading.entries] if reading else []
    over = [time for time in times if time and time <= now]
    return max(over) if over and len(over) == len(times) else None


def path_of(shadow: Shadow, path: str) -> str:
    """The file of the entry that stands, or stood, at a path of the site; empty for none."""
    with opened(shadow) as (history, _):
        record = history.at_permalink("/" + path.removesuffix("index.html"))
        return record.path if record else ""


def moved_to(shadow: Shadow, path: str) -> str:
    """The permalink to which an old address of the preview leads; empty for none."""
    with opened(shadow) as (history, _):
        seq = history.redirect("/" + path.removesuffix("index.html"))
        record = history.by_seq(seq) if seq else None
        return record.permalink if record and record.public else ""


def listed(record: Record, cache: Cache, public: frozenset[str], now: datetime) -> Listed:
    """A record as the bar lists it; ``public`` are the ids of those that are public indeed."""
    reading = cache.get(record.key, html=False)
    entry = next((one for one in reading.entries if one.anchor == record.anchor), None) if reading else None
    mark: Mark = "new" if public and record.id not in public else ""
    if entry and entry.draft:
        mark = "draft"
    elif entry and entry.date.due > now:
        mark = "later"
    title = f"{record.page_title}: {record.title}" if record.page_title else record.title
    line = entry.line if entry else 1
    at = entry.date.due if entry and mark == "later" else dates.from_micros(record.published)
    until = entry.expires.due if entry and entry.expires else None
    return Listed(title, record.permalink, record.path, line, at, record.language, mark, until)
