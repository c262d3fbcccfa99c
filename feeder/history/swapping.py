"""Putting other databases in the place of those that stand there: all of them, or none, whatever ends the process.

What is meant is written down before the first file is moved. From then on it is done: whoever opens a database next
does first what is left of it.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Final

JOURNAL: Final = ".feeder/restoring"
"""Stands while databases are being exchanged."""
ENDINGS: Final = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database; it belongs to that file and to no other."""


@dataclass(frozen=True, slots=True)
class Swap:
    """One database that comes into the place of another."""

    path: str
    """Of the database; absolute, as all of these."""
    staged: str
    """The one that comes: a file on the same disk, complete and forced to the disk."""
    aside: str
    """Where the present one goes; its folder is there, and nothing has that name yet."""


def exchange(root: str, swaps: Sequence[Swap]) -> None:
    """Exchange databases that nobody has open."""
    path = os.path.join(root, JOURNAL)
    with open(f"{path}.new", "w", encoding="utf-8") as file:
        json.dump([asdict(one) for one in swaps], file)
        file.flush()
        os.fsync(file.fileno())
    os.rename(f"{path}.new", path)
    _sync(os.path.dirname(path))
    finish(root)


def finish(root: str) -> None:
    """Do what is left of an exchange that was cut short; where there is none, this costs one look."""
    path = os.path.join(root, JOURNAL)
    if not os.path.exists(path):
        return
    with _alone(path) as text:
        if text is None:
            return
        for swap in (Swap(**one) for one in json.loads(text)):
            _swap(swap)
        os.unlink(path)
        _sync(os.path.dirname(path))


@contextmanager
def _alone(path: str) -> Iterator[str | None]:
    """What the journal says, to one process at a time; None where another has done it meanwhile."""
    try:
        file = open(path, encoding="utf-8")  # noqa: SIM115  (closed below, which lets go of the lock)
    except FileNotFoundError:
        yield None
        return
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file.read() if os.path.exists(path) else None


def _swap(swap: Swap) -> None:
    if not os.path.exists(swap.staged):
        return  # it is in its place already
    for ending in ENDINGS:
        if os.path.lexists(swap.path + ending):
            os.rename(swap.path + ending, swap.aside + ending)
    if os.path.lexists(swap.path) and not os.path.lexists(swap.aside):
        _keep(swap.path, swap.aside)
    _sync(os.path.dirname(swap.aside))
    os.rename(swap.staged, swap.path)
    _sync(os.path.dirname(swap.path))


def _keep(path: str, aside: str) -> None:
    # A second name, so that at no instant there is no database: that would look like a publication without one.
    try:
        os.link(path, aside)
    except OSError:
        os.rename(path, aside)  # a file system without links


def _sync(folder: str) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
