"""Where a publication's inputs are, how they look, and which folders tell of a change in them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from feeder import index as indexing
from feeder import surroundings
from feeder.config import FILE, Settings
from feeder.index import Index, Stat, Tree
from feeder.reading.assets import FOLDERS as ASSET_FOLDERS

_NOTES: Final = "notes"
"""Beside the entries; see ``feeder.mail.notes``."""


@dataclass(frozen=True, slots=True)
class Sight:
    """How everything looked at one time."""

    index: Index
    """What a run need not look at again; see ``Options.seen``."""
    folders: frozenset[str]
    """The folders whose names and files tell of a change."""
    state: tuple[dict[str, Tree], dict[str, Stat]]
    """What differs when something that matters differs."""


@dataclass(frozen=True, slots=True)
class Places:
    """Absolute paths."""

    trees: tuple[str, ...]
    """Folders that a run walks."""
    notes: str
    alone: tuple[str, ...]
    """Single files and folders that matter, wherever they are."""
    shut: tuple[str, ...]
    """What a run itself writes: a change there means nothing."""
    used: dict[str, Stat]
    """Those of ``alone`` that the last run looked at, as they were."""
    index: str
    """The file in which a run says what the entries use outside of the walked folders."""

    def minds(self, path: str) -> bool:
        """Whether something that happened at ``path`` can matter."""
        if path in self.alone:
            return True
        if _within(path, self.shut):
            return False
        for folder in self._roots():
            if path == folder or folder.startswith(f"{path}/"):
                return True
            if path.startswith(f"{folder}/"):
                # Hidden files are no inputs: an editor's swap file, say.
                return not any(part.startswith(".") for part in path[len(folder) + 1 :].split("/"))
        return os.path.dirname(path) in self.alone and not os.path.basename(path).startswith(".")

    def look(self) -> Sight:
        """Look at everything, once."""
        walked: dict[str, Tree] = {}
        folders: set[str] = set()
        for folder in dict.fromkeys((*self.trees, self.notes)):
            below: list[str] = []
            walked[folder] = indexing.walk(folder, below)
            if folder != surroundings.PACKAGE:
                folders.update(f"{folder}/{name}".rstrip("/") for name in below)
        folders.update(_existing(os.path.dirname(path)) for path in (*self._roots(), *self.alone))
        folders.update(path for path in self.alone if os.path.isdir(path))
        folders = {folder for folder in folders if not _within(folder, self.shut)}
        folders.add(os.path.dirname(self.index))
        state = {folder: tree for folder, tree in walked.items() if not _within(folder, self.shut)}
        return Sight(
            Index({folder: walked[folder] for folder in self.trees}, {}),
            frozenset(folder for folder in folders if os.access(folder, os.R_OK)),
            (state, {path: indexing.stat(path) for path in self.alone}),
        )

    def _roots(self) -> Iterator[str]:
        yield from (folder for folder in self.trees if folder != surroundings.PACKAGE)
        yield self.notes


def places(settings: Settings, before: Places | None = None) -> Places:
    """Where the inputs are now: what entries use outside of the walked folders is as the last run left it.

    While a run is at work there is no index; then that is as it was ``before``.
    """
    root, notes = str(settings.root), os.path.join(settings.root, _NOTES)
    trees = tuple(surroundings.trees(settings))
    known = indexing.load(root)
    used = known.watched if known else before.used if before else {}
    alone = {os.path.join(root, FILE), *used}
    # Folders that are walked only once they are there.
    alone.update(os.path.join(root, name) for name in ASSET_FOLDERS)
    if settings.site.icon and "://" not in settings.site.icon:
        alone.add(os.path.join(root, settings.site.icon))
    # Of a link both ends count: it may be turned, and what it leads to may go and come back.
    alone.update(real for path in (*trees, notes, *alone) if (real := os.path.realpath(path)) != os.path.normpath(path))
    written = (settings.output.path, settings.mail.path, ".feeder")
    shut = tuple(os.path.normpath(os.path.join(root, path)) for path in written)
    alone = {path for path in alone if not _within(path, shut)}
    return Places(trees, notes, tuple(sorted(alone)), shut, used, os.path.join(root, indexing.FILE))


def _within(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)


def _existing(folder: str) -> str:
    """``folder``, or the nearest above it that exists."""
    while not os.path.isdir(folder) and folder != os.path.dirname(folder):
        folder = os.path.dirname(folder)
    return folder
