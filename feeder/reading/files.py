"""Which files are entry files, and their bytes, fetched with care."""

from __future__ import annotations

import errno
import os
import stat

from feeder.errors import Problem
from feeder.reading.text import SIZE_LIMIT, too_large

VERSION = 3
"""Raise it when reading gives other results for the same bytes: it is part of the cache's key."""

STATE = ".feeder"
"""Folder of what feeder keeps for itself; nothing in it is an input."""

_ENDINGS = (".md", ".markdown", ".txt")
_REASONS = {
    errno.ENOENT: ("vanished while it was read", "it is looked for again at the next run"),
    errno.EACCES: ("cannot be read: permission denied", "make it readable for the one who publishes"),
    errno.ELOOP: ("a link that leads in a circle", "delete the link"),
    errno.EISDIR: ("not a regular file", "only files are entries"),
    errno.ENXIO: ("not a regular file", "only files are entries"),
    errno.ENAMETOOLONG: ("the path is too long", "shorten the name"),
}


def is_entry_file(name: str) -> bool:
    """Whether a file of this name holds entries; hidden, editor and section files (``_index.md``) do not."""
    base = name[name.rfind("/") + 1 :]
    return (
        base.lower().endswith(_ENDINGS)
        and base[0] not in ".#~"
        and not base.startswith("_index.")
        and not base.lower().endswith((".swp.md", ".tmp.md", ".bak.md"))
    )


def load(root: str, path: str) -> bytes | Problem:
    """The bytes of a file inside the publication, or why there are none; never more than `SIZE_LIMIT` is read."""
    full = os.path.join(root, path)
    try:
        wrong = _wrong_link(root, full)
        if wrong:
            return Problem(path, wrong, "copy the file instead of linking it", True)
        # Without O_NONBLOCK, opening a FIFO waits for somebody to write to it.
        number = os.open(full, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        return _failed(path, error)
    try:
        return _read(path, number)
    except OSError as error:
        return _failed(path, error)
    finally:
        os.close(number)


def _wrong_link(root: str, full: str) -> str:
    """What is wrong with where a file really is; empty where nothing is."""
    home, real = os.path.realpath(root), os.path.realpath(full, strict=True)
    if os.path.commonpath((home, real)) != home:
        return "a link that leaves the publication"
    # Else whoever may add an entry could publish settings, keys and subscribers.
    other = not real.lower().endswith(_ENDINGS) or real.startswith(os.path.join(home, STATE, ""))
    return "a link to a file that holds no entries" if other else ""


def _read(path: str, number: int) -> bytes | Problem:
    found = os.fstat(number)
    if not stat.S_ISREG(found.st_mode):
        return Problem(path, *_REASONS[errno.EISDIR], rejects=True)
    if found.st_size > SIZE_LIMIT:
        return too_large(path, found.st_size)
    data = bytearray()
    while chunk := os.read(number, SIZE_LIMIT + 1):
        data += chunk
        if len(data) > SIZE_LIMIT:
            return too_large(path, len(data))
    return bytes(data)


def _failed(path: str, error: OSError | ValueError) -> Problem:
    if isinstance(error, OSError) and error.errno in _REASONS:
        return Problem(path, *_REASONS[error.errno], rejects=True)
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return Problem(path, f"cannot be read: {reason}", "look at the file and its disk", rejects=True)
