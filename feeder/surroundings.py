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

ASSET_ROOTS: Final = ("static", "source", "public")
"""Folders, beside the entries, whose files entries may use."""

_PACKAGE: Final = os.path.dirname(os.path.abspath(indexing.__file__))
_READERS: Final = ("reading", "dates.py", "links.py", "model.py", "cache.py")
_LIBRARIES: Final = ("markdown-it-py", "mdit-py-plugins", "nh3", "pygments", "pillow", "pyyaml")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the entries are read and shown with."""

    reading: str
    """Settings and versions that matter for reading; part of every cache key."""
    rendering: str
    """A hash of what pages and feeds of the same entries depend on."""


def look(settings: Settings, seen: Index | None = None) -> Index:
    """Stat everything but single assets, once; what the fast path has ``seen`` a moment ago is taken as it is."""
    before = seen.trees if seen else {}
    index = Index({folder: before.get(folder) or indexing.walk(folder) for folder in _trees(settings)}, {})
    for path in (os.path.join(str(settings.root), "feeder.toml"), os.path.dirname(_PACKAGE), _libraries_folder()):
        index.watched[path] = indexing.stat(path)
    return index


def compare(settings: Settings, cache: Cache, known: Index | None, now: Index, rendering: str) -> Surroundings:
    """Compare with the last run: by stat where that is enough, else by content.

    ``rendering`` is what it was after the last run that ended well.
    """
    entries = os.path.join(str(settings.root), settings.entries.path)
    alike = known is not None and all(
        seen == known.trees.get(folder) for folder, seen in now.trees.items() if folder != entries
    )
    alike = alike and known is not None and all(seen == known.watched.get(path) for path, seen in now.watched.items())
    readers = cache.meta("readers")
    if not (alike and rendering and readers):
        readers = _readers()
        rendering = _rendering(settings, now, readers)
        cache.set_meta("readers", readers)
    site = settings.site
    reading = f"{site.timezone}\n{site.language}\n{settings.entries.path}\n{readers}"
    return Surroundings(reading, rendering)


def _trees(settings: Settings) -> list[str]:
    """The folders whose every file matters."""
    root = str(settings.root)
    wanted = [os.path.join(root, settings.entries.path), os.path.join(root, "templates"), _PACKAGE]
    if not os.path.isdir(os.path.join(_PACKAGE, "templates")):
        wanted.append(os.path.join(os.path.dirname(_PACKAGE), "templates"))
    wanted += [os.path.join(root, name) for name in ASSET_ROOTS if os.path.isdir(os.path.join(root, name))]
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
        path = os.path.join(_PACKAGE, name)
        if name.endswith(".py"):
            yield path
        else:
            yield from (
                os.path.join(path, file) for file in indexing.stats(indexing.walk(path)) if file.endswith(".py")
            )


def _rendering(settings: Settings, now: Index, readers: str) -> str:
    """A hash of settings, templates and code."""
    digest = blake2b(f"{settings!r}\n{readers}\n".encode(), digest_size=16)
    entries = os.path.join(str(settings.root), settings.entries.path)
    shown = [folder for folder in now.trees if folder != entries and os.path.basename(folder) not in ASSET_ROOTS]
    for folder in sorted(shown):
        for name in sorted(indexing.stats(now.trees[folder])):
            with open(os.path.join(folder, name), "rb") as file:
                digest.update(f"\0{name}\0".encode("utf-8", "surrogateescape") + file.read())
    return digest.hexdigest()
