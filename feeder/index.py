"""The format of the index: what the inputs looked like when they were last published.

The index answers one question, "has anything changed?", before anything heavy is imported, so this module
may import only what Python has loaded anyway. It is disposable: without it the next run looks at everything.
"""

from __future__ import annotations

import marshal
import os
from binascii import crc32
from struct import iter_unpack, pack, unpack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

Stat = tuple[int, int, int]
"""``(mtime_ns, size, inode)``; all zero for what could not be looked at or may still be changing."""

Tree = tuple[bytes, bytes]
"""All files of a folder: their paths below it, and their stats, in the order in which the folder gave them.

Two strings of bytes, since ten thousand tuples take longer to load than their files take to look at.
"""

FORMAT = 4
FILE = ".feeder/index"
UNSENT = ".feeder/unsent"
"""A file that stands while mail is being sent, and stays when that was cut short: the next run goes on with it."""
HUB = ".feeder/hub"
"""A file that stands while a hub is owed a notify; its own time is that of the next try."""
UNKNOWN: Stat = (0, 0, 0)
NOTHING: Tree = (b"", b"")
"""A folder without a file."""

_ROW = 24  # bytes of a stat
_BLOCK = 256 * _ROW
_64_BITS = 2**64 - 1  # a file may be dated before 1970
_TICK = 20_000_000  # kernels stamp files by a coarse clock: two writes within one tick look the same
_COARSE = 2_000_000_000  # file systems with whole seconds


class Index:
    """What was looked at and what came of it."""

    __slots__ = ("due", "exit_code", "trees", "watched")

    def __init__(
        self,
        trees: dict[str, Tree],
        watched: dict[str, Stat],
        *,
        due: float = 0.0,
        exit_code: int = 0,
    ) -> None:
        self.trees = trees
        """Absolute folder -> every file in it at any depth."""
        self.watched = watched
        """Absolute path of a single file or folder -> stat."""
        self.due = due
        """Seconds since the epoch when there is something to do without any change; 0: at once."""
        self.exit_code = exit_code


def load(root: str) -> Index | None:
    """The index of the publication at ``root``; None when it is missing, damaged or of another version.

    Nor is it that of a publication of which this one is a copy: it tells how things look there.
    """
    try:
        with open(os.path.join(root, FILE), "rb") as file:
            content = file.read()
        if int.from_bytes(content[:4], "big") != crc32(content[4:]):
            return None
        data = marshal.loads(content[4:])  # noqa: S302 - our own file, beside the history it must agree with
        if data[0] != FORMAT or data[1] != os.path.abspath(root):
            return None
        _, _, trees, watched, due, exit_code = data
        return Index(trees, watched, due=due, exit_code=exit_code)
    except (OSError, ValueError, EOFError, TypeError, LookupError):
        return None


def save(root: str, index: Index) -> None:
    """Write the index, whole or not at all."""
    path = os.path.join(root, FILE)
    temporary = f"{path}.{os.getpid()}"
    data = (FORMAT, os.path.abspath(root), index.trees, index.watched, index.due, index.exit_code)
    content = marshal.dumps(data)
    with open(temporary, "wb") as file:
        file.write(crc32(content).to_bytes(4, "big") + content)
    os.replace(temporary, path)


def is_left(root: str, now: float) -> bool:
    """Whether a run left work that is to be gone on with at ``now`` (seconds since the epoch): mail, or the hub."""
    if os.path.exists(os.path.join(root, UNSENT)):
        return True
    try:
        return os.stat(os.path.join(root, HUB)).st_mtime <= now
    except OSError:
        return False


def drop(root: str) -> None:
    """Forget the index: the next run looks at everything."""
    try:
        os.unlink(os.path.join(root, FILE))
    except FileNotFoundError:
        pass


def stat(path: str) -> Stat:
    """The stat of one file or folder; ``UNKNOWN`` where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return UNKNOWN
    return (found.st_mtime_ns & _64_BITS, found.st_size, found.st_ino & _64_BITS)


def walk(folder: str, folders: list[str] | None = None) -> Tree:
    """Every file below ``folder`` that is not hidden.

    Linked folders are not followed (a link may form a loop); they appear as files. ``folders``, where it is given,
    gets the folders that were looked into, below ``folder`` and with a slash at their end (its own is empty).
    """
    names: list[str] = []
    numbers: list[int] = []
    left = [""]
    while left:
        below = left.pop()
        try:
            # Relative to an open folder, the kernel looks up one name instead of the whole path.
            number = os.open(f"{folder}/{below}", os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            continue
        if folders is not None:
            folders.append(below)
        try:
            with os.scandir(number) as scan:
                _look(scan, below, left, names, numbers)
        finally:
            os.close(number)
    return _tree(names, numbers)


def _look(scan: Iterable[os.DirEntry[str]], below: str, left: list[str], names: list[str], numbers: list[int]) -> None:
    """One folder: its files go into ``names`` and ``numbers``, its folders into ``left``."""
    for item in scan:
        name = item.name
        if name[0] == "." or name == "__pycache__":
            continue
        try:
            if item.is_dir(follow_symlinks=False):
                left.append(f"{below}{name}/")
                continue
            seen = item.stat()
            numbers += (seen.st_mtime_ns & _64_BITS, seen.st_size, seen.st_ino & _64_BITS)
        except OSError:
            numbers += UNKNOWN
        names.append(below + name)


def _tree(names: list[str], numbers: list[int]) -> Tree:
    return os.fsencode("\0".join(names)), _packed(numbers)


def _packed(numbers: list[int]) -> bytes:
    return pack(f"{len(numbers)}Q", *numbers)


def _unpacked(data: bytes) -> list[int]:
    return list(unpack(f"{len(data) // 8}Q", data))


def stats(tree: Tree) -> dict[str, Stat]:
    """The files of a tree: path -> stat."""
    numbers = _unpacked(tree[1])
    return dict(zip(_names(tree), zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True), strict=True))


def tree(found: dict[str, Stat]) -> Tree:
    """Stats by path as a tree: the reverse of ``stats``."""
    return _tree(list(found), [number for stat in found.values() for number in stat])


def newest(index: Index) -> int:
    """The latest time of a file in the walked folders, in nanoseconds since the epoch; 0 for none after 1970."""
    times = (at for tree in index.trees.values() for at in _unpacked(tree[1])[::3])
    return max((at for at in times if at <= _64_BITS // 2), default=0)


def differing(before: Tree, now: Tree) -> tuple[list[str], list[str]]:
    """The files of ``now`` that are new or look another way, and those of ``before`` that are gone.

    The bytes are compared as they are: making numbers of them takes longer than all else in a run of one entry.
    """
    if before == now:
        return [], []
    if before[0] == now[0]:
        names = _names(now)
        return [names[at] for at in _unlike(before[1], now[1])], []
    was, are = _rows(before), _rows(now)
    return [name for name, row in are.items() if was.get(name) != row], [name for name in was if name not in are]


def _unlike(before: bytes, now: bytes) -> list[int]:
    """The numbers of the rows in which two columns of stats of one length differ."""
    blocks = (at for at in range(0, len(now), _BLOCK) if before[at : at + _BLOCK] != now[at : at + _BLOCK])
    rows = (at for block in blocks for at in range(block, min(block + _BLOCK, len(now)), _ROW))
    return [at // _ROW for at in rows if before[at : at + _ROW] != now[at : at + _ROW]]


def _names(tree: Tree) -> list[str]:
    return os.fsdecode(tree[0]).split("\0") if tree[0] else []


def _rows(tree: Tree) -> dict[str, tuple[bytes]]:
    return dict(zip(_names(tree), iter_unpack(f"{_ROW}s", tree[1]), strict=True))


def settled(tree: Tree, looked_at: int) -> Tree:
    """``tree`` without trust in files as new as the look itself, as git does with its index.

    ``looked_at`` is in nanoseconds since the epoch. A file changed again within the same tick of the clock would
    look the same; such a file is remembered as ``UNKNOWN`` and compared by content next time.
    """
    numbers = _unpacked(tree[1])
    for at in range(0, len(numbers), 3):
        if numbers[at] > looked_at - (_TICK if numbers[at] % 1_000_000_000 else _COARSE):
            numbers[at : at + 3] = UNKNOWN
    return tree[0], _packed(numbers)
