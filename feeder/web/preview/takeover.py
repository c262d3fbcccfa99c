"""Begin with what the last publish made, so that the preview has to make only what differs from it.

Pages and feeds are copied, not linked: nothing that works on the copy can reach what is public. Where anything is not
as publish left it, nothing is taken over, and the preview makes everything itself.
"""

from __future__ import annotations

import os
import shutil
from typing import Final

from feeder import cache as caching
from feeder import history as histories
from feeder import index, surroundings
from feeder.cache import Cache
from feeder.config import Settings
from feeder.history import History
from feeder.index import UNKNOWN, Index, Stat
from feeder.inputs import Progress
from feeder.output import held, served
from feeder.reading import files

_SHOW_EVERY: Final = 100
"""Files that are copied between two words about it."""


def take_over(real: Settings, own: Settings, progress: Progress | None) -> bool:
    """Let the preview's output and index follow from the real ones, of which it has history and cache already.

    What an earlier preview left in its output is used again. False: there is no index, and the output is not to be
    trusted; the next build makes everything.
    """
    known, own_root = index.load(str(real.root)), str(own.root)
    if known is None or held(real) is not None:
        return False
    with histories.open_history(own_root) as history, caching.open_cache(own_root) as cache:
        if not _is_current(real, history, cache, known) or not _copied(real, own, history, progress):
            return False
        around = surroundings.compare(own, cache, None, surroundings.look(own), "")
        history.set_meta("surroundings", surroundings.remembered(around))
        history.commit()
        cache.commit()
        shown = {record.path for record in history.everything() if record.public} - set(history.waiting_paths())
    index.save(own_root, _moved(known, real, own, shown))
    return True


def _is_current(real: Settings, history: History, cache: Cache, known: Index) -> bool:
    """Whether the last publish ran to its end, with the settings, templates and code of now."""
    was = history.meta("surroundings")
    if not was or not cache.meta("readers") or history.meta("started"):
        return False
    return surroundings.remembered(surroundings.compare(real, cache, known, surroundings.look(real), was)) == was


def _copied(real: Settings, own: Settings, history: History, progress: Progress | None) -> bool:
    """Make the preview's output like the real one; False where a file is missing, or a publish was at work."""
    source, target = served(real), served(own)
    there = index.stats(index.walk(str(target)))
    paths = sorted(set(history.outputs()))
    for done, path in enumerate(paths):
        if progress and not done % _SHOW_EVERY:
            progress("copying", done, len(paths))
        original, copy = index.stat(f"{source}/{path}"), there.pop(path, UNKNOWN)
        is_same = original[:2] == copy[:2] and original != UNKNOWN
        if not is_same and not _copy(f"{source}/{path}", f"{target}/{path}"):
            return False
    for path in there:
        os.unlink(f"{target}/{path}")
    with histories.read_history(str(real.root)) as now:
        return not now.meta("started") and now.meta("finished") == history.meta("finished")


def _copy(source: str, target: str) -> bool:
    """Copy a file with its time, by which it is known again; whether that could be done."""
    half = f"{target}.half"
    try:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy2(source, half)
        os.replace(half, target)
    except OSError:
        return False
    return True


def _moved(known: Index, real: Settings, own: Settings, shown: set[str]) -> Index:
    """The index of the copy, had the last publish been one of it.

    Files that changed since are unknown, and so are entry files that are not ``shown`` whole: those are read.
    """
    root, entries = str(real.root), real.entries.path
    trees = {}
    for folder, tree in known.trees.items():
        place = _place(folder, root, own)
        here = index.stats(index.walk(place)) if place != folder else {}
        found = {name: _alike(stat, here.get(name, stat)) for name, stat in index.stats(tree).items()}
        if folder == os.path.join(root, entries):
            unsure = {name for name in found if files.is_entry_file(name) and f"{entries}/{name}" not in shown}
            found |= dict.fromkeys(unsure, UNKNOWN)
        trees[place] = index.tree(found)
    watched = {_place(path, root, own): stat for path, stat in known.watched.items()}
    return Index(trees, {path: _alike(stat, index.stat(path)) for path, stat in watched.items()})


def _place(path: str, root: str, own: Settings) -> str:
    """Where the copy has a path of the publication; others are where they are."""
    return f"{own.root}{path[len(root) :]}" if path.startswith(f"{root}/") else path


def _alike(was: Stat, copy: Stat) -> Stat:
    """The stat of a copy of what was published; a copy has the time and size of its original."""
    return copy if was[:2] == copy[:2] else UNKNOWN
