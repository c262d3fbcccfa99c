"""Files of ``out/`` by the path of a request: opened without ever leaving it, and kept in memory where they are small.

What is public is changed by renaming (see ``output``): a file that was opened stays the one version it is, whatever is
published meanwhile.
"""

from __future__ import annotations

import errno
import os
import stat
import time
import unicodedata
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import blake2b
from types import MappingProxyType
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

from feeder.output import precompress

SMALL: Final = 1 << 20
"""Bytes of a file that is kept in memory; larger ones are read piece by piece."""
KEPT: Final = 32 << 20
"""Bytes kept in memory, all together."""
PIECE: Final = 64 << 10
"""Bytes that are read at once, and kept for each reader of a large file."""

_DEEPEST: Final = 64
_FRESH: Final = 1_000_000_000
# A FIFO must not make us wait, nor a link lead out of the folder.
_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NOT_THERE: Final = frozenset(
    {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.EMLINK, errno.ENAMETOOLONG, errno.ENXIO}
)
_ESCAPED_SLASHES = (b"%2f", b"%2F", b"%5c", b"%5C")


def plain_path(raw: bytes, base: str) -> str | None:
    """The path in ``out/`` of a request's path, with the slash of a folder; None where it can lead nowhere there.

    Args:
        raw: as it was sent, percent-encoded and without the query.
        base: path of the site's address, with slashes at both ends.
    """
    if any(one in raw for one in _ESCAPED_SLASHES):
        return None
    try:
        path = unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError:
        return None
    if not path.startswith(base):
        return None
    path = path[len(base) :]
    parts = path.split("/")
    inner = parts if parts[-1] else parts[:-1]
    return path if len(parts) <= _DEEPEST and all(map(_is_name, inner)) else None


def _is_name(part: str) -> bool:
    """Whether a file that is served may be called so: no dot files, no way up however it is written."""
    if not part or part[0] == "." or "\\" in part or not part.isprintable():
        return False
    return part.isascii() or unicodedata.normalize("NFKC", part).strip(". ") != ""


class Opened:
    """A file, open. ``close`` it."""

    __slots__ = ("_folder", "handle", "path", "stat")

    def __init__(self, path: str, folder: int, handle: int, told: os.stat_result) -> None:
        self.path, self.handle, self.stat = path, handle, told
        self._folder = folder

    @property
    def size(self) -> int:
        """In bytes."""
        return self.stat.st_size

    def copy(self, ending: str) -> Opened | None:
        """Its compressed copy ``.br`` or ``.gz``, as far as it is one of this very version: their mtimes are one."""
        name = f"{self.path.rpartition('/')[2]}.{ending}"
        found = _regular(name, self._folder)
        if found is None:
            return None
        handle, told = found
        if told.st_mtime_ns != self.stat.st_mtime_ns:
            os.close(handle)
            return None
        return Opened(f"{self.path}.{ending}", os.dup(self._folder), handle, told)

    def close(self) -> None:
        """Let go of it."""
        os.close(self.handle)
        os.close(self._folder)


def open_file(top: str, path: str) -> Opened | None:
    """The file at ``path`` under the folder ``top``, which may be a link itself; None where there is none.

    Raises:
        OSError: nobody can tell: the folder itself is not there, or too many files are open.
    """
    *folders, name = path.split("/")
    folder = os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for one in folders:
            inner = _opened(one, folder, os.O_DIRECTORY)
            if inner is None:
                return None
            os.close(folder)
            folder = inner
        found = _regular(name, folder)
        return None if found is None else Opened(path, os.dup(folder), *found)
    finally:
        os.close(folder)


def _opened(name: str, folder: int, flags: int = 0) -> int | None:
    try:
        return os.open(name, _FLAGS | flags, dir_fd=folder)
    except OSError as error:
        if error.errno in _NOT_THERE:
            return None
        raise


def _regular(name: str, folder: int) -> tuple[int, os.stat_result] | None:
    handle = _opened(name, folder)
    if handle is None:
        return None
    told = os.fstat(handle)
    if stat.S_ISREG(told.st_mode):
        return handle, told
    os.close(handle)
    return None


class Version(NamedTuple):
    """What is in a file, in one encoding."""

    tag: str
    """Strong ETag: of the bytes themselves."""
    size: int
    body: bytes | None
    """None for a large file."""


_Key = tuple[int, ...]


@dataclass(slots=True)
class _Slot:
    version: Version
    cost: int


class Shelf:
    """Versions of files that were asked for lately, known again by what the system says of the file."""

    def __init__(self, limit: int = KEPT) -> None:
        self._limit, self._size = limit, 0
        self._slots: OrderedDict[tuple[_Key, str], _Slot] = OrderedDict()

    def known(self, opened: Opened, encoding: str = "") -> Version | None:
        """The version that is on the shelf; ``encoding``: as it was compressed here."""
        place = (_key(opened.stat), encoding)
        slot = self._slots.get(place)
        if slot is None:
            return None
        self._slots.move_to_end(place)
        return slot.version

    def keep(self, opened: Opened, version: Version, encoding: str = "") -> None:
        """Put it there, and let go of what was not asked for longest.

        A file that changed just now is not kept: the next change may fall into the same tick of the system's clock.
        """
        touched = max(opened.stat.st_mtime_ns, opened.stat.st_ctime_ns)
        if not touched + _FRESH < time.time_ns():
            return
        place, slot = (_key(opened.stat), encoding), _Slot(version, len(version.body or b"") + 512)
        old = self._slots.pop(place, None)
        self._slots[place] = slot
        self._size += slot.cost - (old.cost if old else 0)
        while self._size > self._limit:
            self._size -= self._slots.popitem(last=False)[1].cost


def _key(told: os.stat_result) -> _Key:
    # Publishing in generations links large files anew, which changes their ctime and nothing else; small ones are
    # read again in no time, so theirs counts.
    changed = told.st_ctime_ns if told.st_size <= SMALL else 0
    return (told.st_dev, told.st_ino, told.st_size, told.st_mtime_ns, changed)


def read(opened: Opened) -> Version:
    """Read it whole, for its tag; a small one's bytes stay with it."""
    digest, pieces, at = blake2b(digest_size=12), list[bytes](), 0
    small = opened.size <= SMALL
    while piece := os.pread(opened.handle, PIECE, at):
        digest.update(piece)
        at += len(piece)
        if small:
            pieces.append(piece)
    return Version(f'"{digest.hexdigest()}"', at, b"".join(pieces) if small else None)


def compressed(body: bytes) -> Version:
    """The same in gzip."""
    made = precompress.compress(body, "gz")
    return Version(f'"{blake2b(made, digest_size=12).hexdigest()}"', len(made), made)


def is_worth_it(path: str, size: int) -> bool:
    """Whether to compress a file that has no compressed copy."""
    return bool(precompress.wanted(path, size, ("gz",)))


ENDINGS: Final = MappingProxyType({"br": "br", "gzip": "gz"})
"""Content-Encoding -> ending of the copies beside the files, smallest first."""
