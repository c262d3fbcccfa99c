"""Following a feed: the publication's own feed elsewhere becomes entry files under ``entries/followed/``.

New items become files, edits follow, vanished items stay. A file that a person changed or removed here is left
so. State stands in ``.feeder/follow.json``; losing it costs one unconditional fetch.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from feeder import links
from feeder.config import Follow, Settings
from feeder.errors import Problem
from feeder.importers import entryfile, fetch, syndication

INTERVAL = timedelta(minutes=10)
_STATE = os.path.join(".feeder", "follow.json")


@dataclass(slots=True)
class _Known:
    """What is known of one followed feed."""

    etag: str = ""
    modified: str = ""
    polled: str = ""
    """When it was last asked, ISO 8601, UTC."""
    failed: str = ""
    """What went wrong at the last poll."""
    hint: str = ""
    files: dict[str, list[str]] = field(default_factory=dict)
    """Item id -> path from the publication's root, hash of what was written there."""


def poll(settings: Settings, now: datetime) -> list[Problem]:
    """Ask every followed feed that is due and bring ``entries/followed/`` up to date.

    What went wrong is returned as problems, never raised; they stand until the next poll succeeds.
    Raises OSError where the publication's own folder cannot be written.
    """
    if not settings.follow:
        return []
    state = _load(settings)
    before = _dump(state)
    problems: list[Problem] = []
    for follow, folder in _folders(settings):
        known = state.setdefault(follow.feed, _Known())
        if _due(known, now):
            problems += _poll_one(settings, follow, folder, known, now)
        if known.failed:
            problems.append(Problem("feeder.toml", known.failed, known.hint))
    if (after := _dump(state)) != before:
        _write(os.path.join(settings.root, _STATE), after)
    return problems


def next_poll(settings: Settings, now: datetime) -> datetime | None:
    """When a followed feed is next due to be asked; None where none is followed."""
    if not settings.follow:
        return None
    state = _load(settings)
    return min(_when(state.get(follow.feed, _Known()), now) for follow in settings.follow)


def _when(known: _Known, now: datetime) -> datetime:
    try:
        polled = datetime.fromisoformat(known.polled).astimezone(UTC)
    except ValueError:
        return now
    # A clock that was set back must not keep the feed waiting.
    return polled + INTERVAL if polled <= now else now


def _due(known: _Known, now: datetime) -> bool:
    return _when(known, now) <= now


def _folders(settings: Settings) -> list[tuple[Follow, str]]:
    """Each followed feed with its folder, from the publication's root; no two share one."""
    taken: set[str] = set()
    found: list[tuple[Follow, str]] = []
    for follow in settings.follow:
        stem = links.slugify(follow.name or urlsplit(follow.feed).hostname or "feed") or "feed"
        name, number = stem, 2
        while name.casefold() in taken:
            name, number = f"{stem}-{number}", number + 1
        taken.add(name.casefold())
        found.append((follow, f"{settings.entries.path}/followed/{name}"))
    return found


def _poll_one(settings: Settings, follow: Follow, folder: str, known: _Known, now: datetime) -> list[Problem]:
    known.polled = now.astimezone(UTC).isoformat(timespec="seconds")
    try:
        fetched = fetch.fetch(follow.feed, etag=known.etag, modified=known.modified)
        known.failed = known.hint = ""
        if fetched is None:
            return []
        items = syndication.items(fetched.body, fetched.url)
    except fetch.FetchError as error:
        known.failed, known.hint = str(error), error.hint
        return []
    except syndication.FeedError as error:
        known.failed, known.hint = f"{follow.feed} is no feed that can be read: {error}", "what came before stays"
        return []
    problems = _Folder(settings, folder, known, now).take(items)
    known.etag, known.modified = fetched.etag, fetched.modified
    return problems


class _Folder:
    """One folder of followed entries, brought up to date."""

    def __init__(self, settings: Settings, folder: str, known: _Known, now: datetime) -> None:
        self.settings, self.folder, self.known, self.now = settings, folder, known, now
        self.zone = ZoneInfo(settings.site.timezone)
        self.root = os.fspath(settings.root)
        self.names: set[str] | None = None

    def take(self, items: list[syndication.Item]) -> list[Problem]:
        problems: list[Problem] = []
        seen: set[str] = set()
        for item in reversed(items):  # Feeds are newest first; files are made in the order of events.
            file = entryfile.entry_file(item, self.zone, self.settings.site.language, self.now)
            identity = entryfile.front_id(file.text)
            if identity in seen:
                continue
            seen.add(identity)
            if identity not in self.known.files and self.names is None:
                self._look_around()
            if identity in self.known.files:
                problems += self._follow(identity, file)
            else:
                self._create(identity, file)
        return problems

    def _look_around(self) -> None:
        """Learn what files are there already: the state may have been lost."""
        self.names = set()
        top = os.path.join(self.root, self.folder)
        for where, _folders, names in os.walk(top):
            for name in names:
                path = os.path.join(where, name)
                self.names.add(name.casefold())
                text = _read(path)
                if text and (identity := entryfile.front_id(text)):
                    self.known.files.setdefault(identity, [os.path.relpath(path, self.root), _hash(text)])

    def _follow(self, identity: str, file: entryfile.EntryFile) -> list[Problem]:
        path, written = self.known.files[identity]
        standing = _read(os.path.join(self.root, path))
        if standing is None:
            return []  # Removed here, by a person: it stays away.
        if not file.dated:
            file = _dated_as(standing, file)
        if _hash(file.text) == written:
            return []
        if _hash(standing) != written:
            return [
                Problem(path, "changed here and at the followed feed; yours is kept", "delete it to follow no more")
            ]
        self._put(identity, path, file.text)
        return []

    def _create(self, identity: str, file: entryfile.EntryFile) -> None:
        assert self.names is not None
        stem, ending = os.path.splitext(file.name)
        name, number = file.name, 2
        while name.casefold() in self.names:
            name, number = f"{stem}-{number}{ending}", number + 1
        self.names.add(name.casefold())
        self._put(identity, f"{self.folder}/{name}", file.text)

    def _put(self, identity: str, path: str, text: str) -> None:
        _write(os.path.join(self.root, path), text)
        self.known.files[identity] = [path, _hash(text)]


def _dated_as(standing: str, file: entryfile.EntryFile) -> entryfile.EntryFile:
    """``file`` with the date that ``standing`` has: an undated item keeps the instant it was first seen at."""
    was, now = (next((ln for ln in text.splitlines() if ln.startswith("date: ")), "") for text in (standing, file.text))
    return replace(file, text=file.text.replace(now, was, 1)) if was else file


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _read(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return ""


def _write(path: str, text: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    # A leading dot: neither this run nor another one takes a half-written file for an entry.
    temporary = os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.part")
    with open(temporary, "w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def _load(settings: Settings) -> dict[str, _Known]:
    try:
        with open(os.path.join(settings.root, _STATE), encoding="utf-8") as file:
            held: dict[str, dict[str, Any]] = json.load(file)
        return {url: _Known(**known) for url, known in held.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _dump(state: dict[str, _Known]) -> str:
    slots = _Known.__slots__
    held = {url: {name: getattr(known, name) for name in slots} for url, known in sorted(state.items())}
    return json.dumps(held, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
