"""The format of the index: what the inputs looked like when they were last published.

The index answers one question, "has anything changed?", before anything heavy is imported, so this module
may import only what Python has loaded anyway. It is disposable: without it the next run looks at everything.
"""

from __future__ import annotations

import marshal
import os

Stat = tuple[int, int, int]
"""``(mtime_ns, size, inode)``; all zero for what could not be looked at or may still be changing."""

FORMAT = 1
FILE = ".feeder/index"
UNKNOWN: Stat = (0, 0, 0)

_TICK = 20_000_000  # kernels stamp files by a coarse clock: two writes within one tick look the same
_COARSE = 2_000_000_000  # file systems with whole seconds


class Index:
    """What was looked at and what came of it."""

    __slots__ = ("due", "exit_code", "folders", "note", "trees", "watched")

    def __init__(
        self,
        trees: dict[str, dict[str, Stat]],
        watched: dict[str, Stat],
        *,
        due: float = 0.0,
        exit_code: int = 0,
        note: str = "",
    ) -> None:
        self.trees = trees
        """Absolute folder -> path below it -> stat, of every file in it at any depth."""
        self.watched = watched
        """Absolute path of a single file or folder -> stat."""
        self.due = due
        """Seconds since the epoch when there is something to do without any change; 0: at once."""
        self.exit_code = exit_code
        self.note = note
        """What is due, for a person."""


def load(root: str) -> Index | None:
    """The index of the publication at ``root``; None when it is missing, damaged or of another version."""
    try:
        with open(os.path.join(root, FILE), "rb") as file:
            data = marshal.load(file)  # noqa: S302 - our own file, beside the history it must agree with
        form, trees, watched, due, exit_code, note = data
        if form != FORMAT:
            return None
        return Index(trees, watched, due=due, exit_code=exit_code, note=note)
    except (OSError, ValueError, EOFError, TypeError):
        return None


def save(root: str, index: Index) -> None:
    """Write the index, whole or not at all."""
    path = os.path.join(root, FILE)
    temporary = f"{path}.{os.getpid()}"
    data = (FORMAT, index.trees, index.watched, index.due, index.exit_code, index.note)
    with open(temporary, "wb") as file:
        file.write(marshal.dumps(data))
    os.replace(temporary, path)


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
    return (found.st_mtime_ns, found.st_size, found.st_ino)


def walk(folder: str) -> dict[str, Stat]:
    """Every file below ``folder`` that is not hidden: path from it -> stat.

    Linked folders are not followed (a link may form a loop); they appear as files.
    """
    found: dict[str, Stat] = {}
    left = [""]
    while left:
        below = left.pop()
        try:
            scan = os.scandir(folder + "/" + below if below else folder)
        except OSError:
            continue
        with scan:
            for item in scan:
                name = item.name
                if name[0] == "." or name == "__pycache__":
                    continue
                try:
                    if item.is_dir(follow_symlinks=False):
                        left.append(below + name + "/")
                        continue
                    seen = item.stat()
                    found[below + name] = (seen.st_mtime_ns, seen.st_size, seen.st_ino)
                except OSError:
                    found[below + name] = UNKNOWN
    return found


def settled(stats: dict[str, Stat], looked_at: int) -> dict[str, Stat]:
    """``stats`` without trust in files as new as the look itself, as git does with its index.

    ``looked_at`` is in nanoseconds since the epoch. A file changed again within the same tick of the clock would
    look the same; such a file is remembered as ``UNKNOWN`` and compared by content next time.
    """
    return {path: UNKNOWN if _racy(seen, looked_at) else seen for path, seen in stats.items()}


def _racy(seen: Stat, looked_at: int) -> bool:
    margin = _TICK if seen[0] % 1_000_000_000 else _COARSE
    return seen[0] > looked_at - margin
