"""Putting staged files in place in a tree, in an order that never shows readers a dangling feed."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from feeder.errors import CannotCreate
from feeder.model import Stage
from feeder.output import precompress
from feeder.output.refusal import refused, writing
from feeder.output.staging import Staged
from feeder.output.tree import Tree, checked


@dataclass(frozen=True, slots=True)
class Written:
    """What a publish changed in ``out/``."""

    paths: tuple[str, ...] = ()
    """Written, in the order they went live: assets, pages, indexes, feeds; compressed copies before their files."""
    deleted: tuple[str, ...] = ()
    """Deleted, after that."""
    clashes: tuple[str, ...] = ()
    """Paths that another document had taken already, also in other case where the file system folds it."""

    @property
    def changed(self) -> tuple[str, ...]:
        """Everything the deploy command is told, in order."""
        return self.paths + self.deleted

    def and_then(self, later: Written) -> Written:
        """What two publishes in a row changed."""
        return Written(
            tuple(dict.fromkeys([*self.paths, *later.paths])),
            tuple(dict.fromkeys([*self.deleted, *later.deleted])),
            tuple(dict.fromkeys([*self.clashes, *later.clashes])),
        )


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be done, decided before anything is touched."""

    staged: tuple[Staged, ...]
    """In the order they go live."""
    deletions: tuple[str, ...]
    early: tuple[str, ...]
    """Of the deletions, those that make way: an old file where a new folder must be, or the other way round.

    They cannot wait for the feeds: for the moment between the two, the layout ``files`` misses such a page.
    """
    clashes: tuple[str, ...]

    @property
    def paths(self) -> list[str]:
        """All paths that will be written."""
        return [path for item in self.staged for path, _ in item.moves]

    @property
    def temporaries(self) -> list[str]:
        """The files waiting in the staging folder."""
        return [temporary for item in self.staged for _, temporary in item.moves]


def prepare(tree: Tree, staged: Iterable[Staged], delete: Iterable[str], *, folds: bool = False) -> Work:
    """Put everything in order and make sure that nothing stands in the way.

    Args:
        tree: what is public.
        staged: in any order.
        delete: paths of ours.
        folds: the file system takes ``A`` and ``a`` for one name (see ``Staging.folds``).

    Raises:
        CannotCreate: a file that is not to be deleted stands where a folder must be, or the other way round.
    """
    key = _folded if folds else str
    first: dict[str, Staged] = {}
    clashes: dict[str, None] = {}
    for item in sorted(staged, key=lambda item: item.stage):
        winner = first.setdefault(key(item.path), item)
        # Two workers may stage the same asset: that is no clash.
        if winner is not item and (winner.path != item.path or not _same_bytes(winner, item)):
            clashes[item.path] = None
    deletions = [path for path in dict.fromkeys(delete) if key(checked(path)) not in first]
    early: dict[str, None] = {}
    for item in first.values():
        if item.clash:
            early.update(dict.fromkeys(_in_the_way(tree, item.path, set(deletions))))
    return Work(tuple(first.values()), tuple(deletions), tuple(early), tuple(clashes))


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()


def _same_bytes(one: Staged, other: Staged) -> bool:
    if not one.moves or not other.moves:
        return False
    import filecmp

    return filecmp.cmp(one.moves[-1][1], other.moves[-1][1], shallow=False)


def _in_the_way(tree: Tree, path: str, deletions: set[str]) -> list[str]:
    parts = path.split("/")
    for i in range(1, len(parts)):
        above = "/".join(parts[:i])
        if tree.state(above) == "clash":
            found = [above]
            break
    else:
        found = [
            os.path.relpath(os.path.join(folder, name), tree.top)
            for folder, folders, names in os.walk(tree.full(path))
            for name in (*names, *(f for f in folders if os.path.islink(os.path.join(folder, f))))
        ]
    for file in found:
        if file not in deletions and not _is_copy(tree, file, deletions):
            shown = os.path.relpath(tree.full(file), tree.root)
            raise CannotCreate(
                f"cannot create {os.path.relpath(tree.full(path), tree.root)}: {shown} is in the way and not ours",
                hint=f"move {shown} out of the output",
            )
    return found or [path]


def _is_copy(tree: Tree, file: str, of: set[str]) -> bool:
    base, _, ending = file.rpartition(".")
    return ending in precompress.ENDINGS and base in of and tree.mtime(file) == tree.mtime(base)


def make_way(tree: Tree, work: Work) -> list[str]:
    """Delete what stands in the way, just before the new files take its place."""
    gone = [path for path in work.early if delete(tree, path)]
    tree.remove_empty({*work.early, *(path.rpartition("/")[0] for path in work.early)})
    tree.forget()
    return gone


def move(tree: Tree, items: Sequence[Staged]) -> None:
    """Rename ``items`` into place, in their order."""
    for item in items:
        _drop_stale_copies(tree, item)
        for path, temporary in item.moves:
            try:
                os.rename(temporary, tree.full(path))
            except OSError as error:
                raise refused(error, tree.full(path), tree.root) from error


def _drop_stale_copies(tree: Tree, item: Staged) -> None:
    """A web server would go on sending the old text from a copy that is not made any more."""
    if item.new or not precompress.is_text(item.path):
        return
    kept = {path for path, _ in item.moves}
    if item.path in kept:
        _delete_copies(tree, item.path, kept)


def delete(tree: Tree, path: str) -> bool:
    """Delete the file at ``path`` and its compressed copies; whether there was one."""
    with writing(tree.full(path), tree.root):
        if precompress.is_text(path) and tree.holds(path):
            _delete_copies(tree, path, set())
        return tree.unlink(path)


def copies_that_go(tree: Tree, work: Work) -> list[str]:
    """Compressed copies that will be deleted with their files, or are not made any more; nothing is touched yet."""
    kept = {item.path: {path for path, _ in item.moves} for item in work.staged if not item.new}
    kept = {path: moved for path, moved in kept.items() if path in moved}
    kept |= {path: set() for path in work.deletions if tree.holds(path)}
    return [copy for path in kept if precompress.is_text(path) for copy in _copies(tree, path, kept[path])]


def _delete_copies(tree: Tree, path: str, kept: set[str]) -> None:
    for copy in _copies(tree, path, kept):
        tree.unlink(copy)


def _copies(tree: Tree, path: str, kept: set[str]) -> list[str]:
    """The compressed copies of ``path`` that are ours and not in ``kept``."""
    mtime = tree.mtime(path)
    copies = (f"{path}.{ending}" for ending in precompress.ENDINGS)
    return [copy for copy in copies if copy not in kept and mtime != -1 and tree.mtime(copy) == mtime]


def folders_of(paths: Iterable[str], made: Iterable[str]) -> list[str]:
    """The folders whose names change when ``paths`` come or go and ``made`` are new folders."""
    touched = dict.fromkeys(path.rpartition("/")[0] for path in paths)
    touched.update(dict.fromkeys(folder.rpartition("/")[0] for folder in made))
    return list(touched)


def split(items: Sequence[Staged]) -> tuple[Sequence[Staged], Sequence[Staged]]:
    """What comes before the feeds, and the feeds."""
    at = next((i for i, item in enumerate(items) if item.stage >= Stage.FEED), len(items))
    return items[:at], items[at:]
