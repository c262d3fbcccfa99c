"""All inputs but the entries: settings, templates, this program and its libraries.

Two questions are asked of them: would the same file be read differently, and would the same entries look different?
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from feeder import index as indexing
from feeder.cache import Cache
from feeder.config import Settings
from feeder.index import Index
from feeder.reading.assets import FOLDERS as ASSET_FOLDERS

PACKAGE: Final = os.path.dirname(os.path.abspath(indexing.__file__))
"""Where this program is."""
_IN_FEEDS: Final = ("feed.css", "icon.png")
"""Files beside the templates whose addresses stand in feeds."""
_APART: Final = ("mail/", "web/", "daemon/", "preview/")
"""Templates and code of mail, of the web, of the process that runs and of the preview: no page or feed depends on it.
"""
NOTES: Final = "notes"
"""The folder of what editors write for the next digests; neither a page nor a feed depends on it."""
_READERS: Final = ("reading", "dates.py", "links.py", "model.py", "cache.py")
_LIBRARIES: Final = ("markdown-it-py", "mdit-py-plugins", "nh3", "pygments", "pillow", "pyyaml")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the entries are read and shown with."""

    reading: str
    """Settings and versions that matter for reading; part of every cache key."""
    planning: str
    """A hash of all that a record of an entry depends on beside the entry; another one means reading all again."""
    feeding: str
    """A hash of what feeds of the same entries depend on: settings and code."""
    rendering: str
    """A hash of what pages and feeds of the same entries depend on: settings, code and templates."""


def look(settings: Settings, seen: Index | None = None) -> Index:
    """Stat everything but single assets, once; what was ``seen`` a moment ago is taken as it is.

    Of ``feeder.toml`` that must be from before it was read: a change since would be remembered as published.
    """
    before, known = (seen.trees, seen.watched) if seen else ({}, {})
    index = Index({folder: before.get(folder) or indexing.walk(folder) for folder in trees(settings)}, {})
    icon = (os.path.join(str(settings.root), settings.site.icon),) if settings.site.icon else ()
    settings_file = os.path.join(str(settings.root), "feeder.toml")
    for path in (settings_file, os.path.dirname(PACKAGE), _libraries_folder(), *icon):
        index.watched[path] = known.get(path) or indexing.stat(path)
    return index


def compare(settings: Settings, cache: Cache, known: Index | None, now: Index, before: str) -> Surroundings:
    """Compare with the last run: by stat where that is enough, else by content.

    ``before`` is what ``remembered`` gave after the last run that ended well.
    """
    apart = {os.path.join(str(settings.root), name) for name in (settings.entries.path, NOTES)}
    alike = known is not None and all(
        seen == known.trees.get(folder) for folder, seen in now.trees.items() if folder not in apart
    )
    alike = alike and known is not None and all(seen == known.watched.get(path) for path, seen in now.watched.items())
    readers = cache.meta("readers")
    site = settings.site
    planning, feeding, rendering = before.split() if before else ("", "", "")
    if not (alike and before and readers):
        readers = _readers()
        code = _contents(now, [folder for folder in now.trees if folder == PACKAGE])
        lists = [one.name for one in settings.lists]
        chosen = (site.timezone, site.language, site.author, settings.entries, settings.feeds, lists)
        planning = _hash(repr(chosen), readers, code)
        feeding = _hash(repr(settings), readers, code)
        templates = [folder for folder in now.trees if os.path.basename(folder) == "templates"]
        feeding = _hash(feeding, _contents(now, templates, only=_IN_FEEDS), _icon(settings))
        rendering = _hash(feeding, _contents(now, templates))
        cache.set_meta("readers", readers)
    return Surroundings(_context(settings, readers), planning, feeding, rendering)


def context(settings: Settings, cache: Cache) -> str:
    """``Surroundings.reading`` alone, for those who only look at what the last run published."""
    return _context(settings, cache.meta("readers") or _readers())


def _context(settings: Settings, readers: str) -> str:
    site = settings.site
    return f"{site.timezone}\n{site.language}\n{settings.entries.path}\n{readers}"


def remembered(around: Surroundings) -> str:
    """What the history keeps for the next ``compare``."""
    return f"{around.planning} {around.feeding} {around.rendering}"


def trees(settings: Settings) -> list[str]:
    """The folders whose every file matters, by absolute paths; that of the entries first."""
    root = str(settings.root)
    wanted = [os.path.join(root, settings.entries.path), os.path.join(root, "templates"), PACKAGE]
    if not os.path.isdir(os.path.join(PACKAGE, "templates")):
        wanted.append(os.path.join(os.path.dirname(PACKAGE), "templates"))
    wanted += [os.path.join(root, NOTES)] if settings.lists else []
    wanted += [os.path.join(root, name) for name in ASSET_FOLDERS if os.path.isdir(os.path.join(root, name))]
    return list(dict.fromkeys(wanted))


def _libraries_folder() -> str:
    """The folder our libraries stand in: its stat changes when one is installed or upgraded."""
    return next((path for path in sys.path if os.path.isdir(os.path.join(path, "feedgen"))), "")


def _readers() -> str:
    """A hash of all code that turns bytes into entries: ours, and the versions of the libraries."""
    from importlib.metadata import version

    digest = blake2b(digest_size=16)
    for path in sorted(_sources()):
        with open(path, "rb") as file:
            digest.update(file.read())
    for name in _LIBRARIES:
        digest.update(f"{name} {version(name)}\n".encode())
    return digest.hexdigest()


def _sources() -> Iterator[str]:
    for name in _READERS:
        path = os.path.join(PACKAGE, name)
        if name.endswith(".py"):
            yield path
        else:
            yield from (
                os.path.join(path, file) for file in indexing.stats(indexing.walk(path)) if file.endswith(".py")
            )


def _icon(settings: Settings) -> str:
    """The stat of the picture that ``site.icon`` names; its address carries a hash of it."""
    return str(indexing.stat(os.path.join(str(settings.root), settings.site.icon))) if settings.site.icon else ""


def _contents(now: Index, folders: list[str], only: tuple[str, ...] = ()) -> str:
    """A hash of all files in some folders, or ``only`` of those with these names."""
    digest = blake2b(digest_size=16)
    for folder in sorted(folders):
        for name in sorted(indexing.stats(now.trees[folder])):
            if (only and name not in only) or name.startswith(_APART):
                continue
            with open(os.path.join(folder, name), "rb") as file:
                digest.update(f"\0{name}\0".encode("utf-8", "surrogateescape") + file.read())
    return digest.hexdigest()


def _hash(*parts: str) -> str:
    return blake2b("\n".join(parts).encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
