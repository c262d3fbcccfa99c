"""A copy of the publication's inputs, so that the preview can be a publication of its own.

Files are copied with their times, so that what did not change is not read again. A file of many megabytes is linked
instead: nothing that works on the copy ever writes to an input.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from feeder import config, index
from feeder.config import Settings
from feeder.mail import notes
from feeder.pages.templating import OWN
from feeder.reading import files
from feeder.reading.assets import FOLDERS
from feeder.reading.media import TYPES, ending

LARGE: Final = 8 << 20
"""Bytes from which a file is linked."""
_NEVER: Final = frozenset({"node_modules", "venv", "target"})
"""Folders of tools, at the top of a publication, in which no picture of an entry lies."""
OUT: Final = "_preview"
"""Folder beside the copies into which the preview publishes."""


class Mirror:
    """Copies what is an input of the publication ``settings.root`` to ``target``."""

    def __init__(self, settings: Settings, target: Path) -> None:
        self.source = str(settings.root)
        self.target = str(target)
        self._whole = (settings.entries.path, OWN, notes.FOLDER, *FOLDERS)
        """Folders whose every file is an input."""
        self._not = {settings.output.path.split("/")[0], settings.mail.path.split("/")[0], *self._whole, *_NEVER, OUT}
        self._known: dict[str, dict[str, index.Stat]] = {}
        """Each folder as it was when it was last copied."""

    def follow(self) -> set[str]:
        """Copy what changed since the last time, and remove what is gone; the paths of both, from the root."""
        changed = set()
        for folder in dict.fromkeys((*self._whole, *self._others())):
            changed |= self._folder(folder, whole=folder in self._whole)
        changed |= self._single()
        return changed

    def _others(self) -> Iterator[str]:
        """The other folders in which an entry's pictures may lie."""
        seen = []
        for place in (self.source, self.target):
            with suppress(OSError), os.scandir(place) as scan:
                seen += [one.name for one in scan if one.is_dir(follow_symlinks=False)]
        yield from (name for name in seen if name[0] != "." and name not in self._not)

    def _folder(self, folder: str, *, whole: bool) -> set[str]:
        looked_at = _clock(self.target)
        tree = index.walk(os.path.join(self.source, folder))
        wanted = _fit(index.stats(tree), whole=whole)
        known = self._known.get(folder)
        there = known if known is not None else _copies(self.target, folder, wanted, whole=whole)
        differing = (name for name, stat in wanted.items() if there.get(name) != stat)
        changed = [name for name in differing if not self._is_copied(f"{folder}/{name}")]
        for name in changed:
            self._copy(f"{folder}/{name}")
        gone = there.keys() - wanted.keys()
        for name in gone:
            with suppress(FileNotFoundError):
                os.unlink(os.path.join(self.target, folder, name))
        self._known[folder] = _fit(index.stats(index.settled(tree, looked_at)), whole=whole)
        return {f"{folder}/{name}" for name in (*changed, *gone)}

    def _single(self) -> set[str]:
        """Files at the top: the settings, and pictures."""
        names = set()
        for place in (self.source, self.target):
            with suppress(OSError), os.scandir(place) as scan:
                names |= {one.name for one in scan if one.is_file() and (ending(one.name) in TYPES)}
        changed = set()
        for name in {*names, config.FILE}:
            source, target = os.path.join(self.source, name), os.path.join(self.target, name)
            if index.stat(source)[:2] == index.stat(target)[:2]:
                continue
            changed.add(name)
            if os.path.exists(source):
                self._copy(name)
            else:
                os.unlink(target)
        return changed

    def _is_copied(self, path: str) -> bool:
        """Whether the copy has the very bytes: a file as new as the last look may only seem to have changed."""
        source, target = os.path.join(self.source, path), os.path.join(self.target, path)
        if os.path.islink(source) or os.path.islink(target):
            return False
        try:
            size = os.path.getsize(target)
            # Not by filecmp, which remembers what it found by the very stats that are in doubt.
            return size < LARGE and os.path.isfile(target) and Path(source).read_bytes() == Path(target).read_bytes()
        except OSError:
            return False

    def _copy(self, path: str) -> None:
        source, target = os.path.join(self.source, path), os.path.join(self.target, path)
        half = f"{target}.half"
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with suppress(FileNotFoundError):
            os.unlink(half)
        try:
            _duplicate(source, half, self.source)
            os.replace(half, target)
        except FileNotFoundError:
            return  # it was removed meanwhile; the next look sees that


def _fit(found: dict[str, index.Stat], *, whole: bool) -> dict[str, index.Stat]:
    return found if whole else {name: stat for name, stat in found.items() if ending(name) in TYPES}


def _copies(target: str, folder: str, wanted: dict[str, index.Stat], *, whole: bool) -> dict[str, index.Stat]:
    """What was copied by an earlier preview, with the stats of the originals where it is still like them."""
    found = _fit(index.stats(index.walk(os.path.join(target, folder))), whole=whole)
    same = {name for name, stat in found.items() if wanted.get(name, index.UNKNOWN)[:2] == stat[:2]}
    return {name: wanted[name] if name in same else index.UNKNOWN for name in found}


def _clock(folder: str) -> int:
    """Now, as the file system would stamp a file."""
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, ".clock")
    Path(path).touch()
    return os.stat(path).st_mtime_ns


def _duplicate(source: str, target: str, home: str) -> None:
    """The same file once more; of one that cannot be read, another that cannot."""
    if os.path.islink(source):
        real = os.path.realpath(source)
        inside = real.startswith(f"{os.path.realpath(home)}{os.sep}") and os.path.isfile(real)
        if not inside or not _is_alike(source, real):
            os.symlink(real, target)  # reading it says what is wrong, as in the original
            return
        source = real
    if not os.path.isfile(source):
        os.mkfifo(target)  # reading it says that it is no file
        return
    try:
        if os.path.getsize(source) >= LARGE:
            with suppress(OSError):
                os.link(source, target)
                return
        shutil.copy2(source, target)
    except PermissionError:
        Path(target).touch(mode=0)


def _is_alike(source: str, real: str) -> bool:
    """Whether a link leads to what its name says: an entry to entries, an asset to an asset."""
    if files.is_entry_file(source):
        return files.is_entry_file(real)
    return ending(source) not in TYPES or ending(real) in TYPES


def is_entry(path: str, settings: Settings) -> bool:
    """Whether a path from the root is that of an entry file."""
    return path.startswith(f"{settings.entries.path}/") and files.is_entry_file(path)
