"""What changed since the last run, and reading it: only files whose bytes differ, through the cache.

Entry files, templates, settings, assets and this program itself are inputs; ``out/`` is not.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Final

from feeder import cache as caching
from feeder import history as histories
from feeder import index as indexing
from feeder import surroundings
from feeder.cache import Cache
from feeder.config import Settings
from feeder.errors import Problem
from feeder.forking import in_parallel
from feeder.history import History, Record
from feeder.index import Index
from feeder.model import Entry, Reading
from feeder.reading import files, read_text, snippets
from feeder.reading.assets import AssetStore
from feeder.surroundings import Surroundings

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much is done, and how much there is."""

_WORTH_FORKING: Final = 200
_BATCH: Final = 25


@dataclass(slots=True)
class Inputs:
    """What one run has to look at."""

    index: Index
    """Everything as it is now, for the next run's question whether anything changed."""
    looked_at: int
    """When it was looked at, by the clock of the file system, in nanoseconds."""
    context: str
    """Settings and versions that matter for reading; another one means reading everything again."""
    around: Surroundings
    """Settings, templates and code, by what depends on them."""
    everything: bool = False
    """Every document must be made: no index, an unfinished run, other settings, templates or versions."""
    feeds: bool = False
    """Every feed must be made, and not only pages: other templates make no other feeds."""
    paths: list[str] = field(default_factory=list)
    """Entry files to look at, in path order."""
    gone: list[str] = field(default_factory=list)
    """Entry files that are there no more."""
    illegible: list[str] = field(default_factory=list)
    """Entry files whose names are no text, as they can be shown."""


@dataclass(frozen=True, slots=True)
class Read:
    """An entry file, read; its entries are without HTML."""

    path: str
    key: bytes
    """Where the cache keeps it; empty for a file that could not be read at all."""
    reading: Reading
    packed: caching.Packed | None = None
    """What to put into the cache; None where it was there."""
    source: bytes | None = None
    """The text, packed for the history, when it was not in the cache and something in it is good."""


def survey(settings: Settings, history: History, cache: Cache, seen: Index | None = None) -> Inputs:
    """Look at everything once, and find what differs from the last run.

    ``seen`` is how the inputs look, where the fast path has looked already.
    """
    root = str(settings.root)
    known = indexing.load(root)
    if known is not None and _folder(settings) not in known.trees:
        known = None  # of another place: the publication was moved or copied
    looked_at = _file_clock(root)
    now = surroundings.look(settings, seen)
    was, cached = history.meta("surroundings"), bool(cache.meta("readers"))
    around = surroundings.compare(settings, cache, known, now, was)
    inputs = Inputs(now, looked_at, around.reading, around)
    unknown = known is None or not was or not cached or bool(history.meta("started"))
    planning, feeding, rendering = was.split() if was else ("", "", "")
    inputs.everything = unknown or around.rendering != rendering
    inputs.feeds = unknown or around.feeding != feeding
    reread = unknown or around.planning != planning
    changes = _changes(known, now)
    changed, vanished = changes[_folder(settings)]
    if reread:
        changed, vanished = list(filter(_is_text, indexing.stats(now.trees[_folder(settings)]))), []
    prefix = settings.entries.path
    inputs.paths = sorted(f"{prefix}/{path}" for path in changed if files.is_entry_file(path))
    inputs.gone = sorted(f"{prefix}/{path}" for path in vanished if files.is_entry_file(path))
    inputs.illegible = [f"{prefix}/{name}" for name in _illegible(now.trees[_folder(settings)])]
    if reread:
        inputs.gone = sorted(_known_files(history, cache) - set(inputs.paths))
    _look_at_assets(settings, cache, inputs, known, changes)
    return inputs


def _changes(known: Index | None, now: Index) -> dict[str, tuple[list[str], list[str]]]:
    """The changed and the vanished files of each walked folder, also of one that is gone itself."""
    before = known.trees if known else {}
    found = {}
    for folder in {**before, **now.trees}:
        trees = (trees.get(folder, indexing.NOTHING) for trees in (before, now.trees))
        changed, vanished = indexing.differing(*trees)
        found[folder] = list(filter(_is_text, changed)), list(filter(_is_text, vanished))
    return found


def _is_text(path: str) -> bool:
    """Whether a path is UTF-8: neither the history nor an address can hold another."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _folder(settings: Settings) -> str:
    return os.path.join(str(settings.root), settings.entries.path)


def _illegible(tree: indexing.Tree) -> list[str]:
    """Entry files whose names are not UTF-8, as they can be shown."""
    try:
        tree[0].decode()
    except UnicodeDecodeError:
        names = (name for name in indexing.stats(tree) if files.is_entry_file(name) and not _is_text(name))
        return sorted(os.fsencode(name).decode("utf-8", "backslashreplace") for name in names)
    return []


def _known_files(history: History, cache: Cache) -> set[str]:
    # A file may be known by nothing but what it waits for, or was refused for.
    others = {*history.waiting_paths(), *history.rejected_paths()}
    return history.paths() | set(cache.files()) | {path for path in others if files.is_entry_file(path)}


def _file_clock(root: str) -> int:
    """Now, as the file system that holds the publication would stamp a file."""
    path = os.path.join(root, ".feeder", "clock")
    with open(path, "w", encoding="ascii"):
        pass
    os.utime(path)
    return os.stat(path).st_mtime_ns


def _look_at_assets(
    settings: Settings,
    cache: Cache,
    inputs: Inputs,
    known: Index | None,
    changes: dict[str, tuple[list[str], list[str]]],
) -> None:
    """Look again at the files whose images differ, appeared or vanished.

    ``changes`` are the changed and the vanished files of each walked folder.
    """
    differing: set[str] = set()
    for folder, (changed, vanished) in changes.items():
        if prefix := _from_root(settings, folder):
            differing.update(f"{prefix}/{path}" for path in (*changed, *vanished) if not files.is_entry_file(path))
    if known is not None:
        root = str(settings.root)
        for source in _used_outside(settings, cache, inputs.index):
            path = f"{root}/{source}"
            if known.watched.get(path, indexing.UNKNOWN) != indexing.stat(path):
                differing.add(source)
    users = {user for source in differing for user in cache.users_of(source)}
    inputs.paths = sorted({*inputs.paths, *users.difference(inputs.gone)})


def _from_root(settings: Settings, folder: str) -> str:
    """Where a walked folder is in the publication; empty when it is not in it."""
    root = f"{settings.root}/"
    return folder[len(root) :] if folder.startswith(root) else ""


def _used_outside(settings: Settings, cache: Cache, index: Index) -> list[str]:
    """What entries use or miss outside of the walked folders, from the root."""
    walked = (_from_root(settings, folder) for folder in index.trees)
    return cache.used_outside([folder for folder in walked if folder])


def watch_assets(settings: Settings, cache: Cache, inputs: Inputs) -> None:
    """Put what the entries use, or miss, outside the walked folders into the index for the next run."""
    root = str(settings.root)
    nearest: dict[str, str] = {}
    for source in _used_outside(settings, cache, inputs.index):
        path = f"{root}/{source}"
        above = path.rpartition("/")[0]
        if above not in nearest:
            nearest[above] = _nearest(above, root)
        # What is missing shows up as a change of the folder it appears in.
        watched = path if nearest[above] == above and os.path.exists(path) else nearest[above]
        if watched not in inputs.index.watched:
            inputs.index.watched[watched] = indexing.stat(watched)


def fingerprint(inputs: Inputs) -> str:
    """Of everything looked at; another one means that an input changed."""
    seen = sorted((folder, sorted(indexing.stats(tree).items())) for folder, tree in inputs.index.trees.items())
    return blake2b(
        repr((seen, sorted(inputs.index.watched.items()))).encode("utf-8", "replace"), digest_size=16
    ).hexdigest()


def _nearest(path: str, root: str) -> str:
    """The deepest folder on the way to ``path`` that exists, not above ``root``."""
    while len(path) > len(root) and not os.path.isdir(path):
        path = os.path.dirname(path)
    return path


def read(
    settings: Settings, inputs: Inputs, progress: Progress | None, undated: datetime | None = None
) -> Iterator[Read]:
    """Read the files to look at, in path order; several processes share the work where there is much of it.

    ``undated`` is the date of drafts that have none yet, where a preview shows them; None: they are no entries yet.
    """
    root, done = str(settings.root), 0
    store = AssetStore(root)

    def batch(paths: Sequence[str]) -> list[Read]:
        with caching.open_cache(root) as cache:
            return [_read(path, inputs, cache, settings, store, undated) for path in paths]

    for results in in_parallel(inputs.paths, batch, batch=_BATCH, fewest=_WORTH_FORKING):
        yield from results
        done += len(results)
        if progress:
            progress("reading", done, len(inputs.paths))


def _read(
    path: str, inputs: Inputs, cache: Cache, settings: Settings, store: AssetStore, undated: datetime | None
) -> Read:
    root = str(settings.root)
    data = files.load(root, path)
    if isinstance(data, Problem):
        return Read(path, b"", Reading(path, (), (data,), frozenset({""})))
    key = caching.key_of(path, data, inputs.context)
    known = cache.get(key, html=False)
    hidden = undated is not None and known is not None and not known.entries  # perhaps a draft without a date
    if known is not None and not hidden and _still_true(root, known):
        whole = cache.get(key) if cache.file_key(path) != key else None
        if whole is None:
            return Read(path, caching.stamped(key, known), known)
        reading = whole  # the file holds again what it held before, or what a trial run read
    else:
        before = None if inputs.everything else cache.get(cache.file_key(path) or b"")
        store.code = snippets.of(entry.html for entry in before.entries) if before else {}
        reading = read_text(path, data, settings, store, undated)
    packed = caching.pack(key, reading)
    source = histories.pack(data) if reading.entries or not reading.bad else None
    return Read(path, caching.stamped(key, reading), caching.unpack(packed.meta), packed, source)


def _still_true(root: str, reading: Reading) -> bool:
    """Whether the images that were used are as they were, and those that were missing still are."""
    assets = (asset for entry in reading.entries for asset in entry.assets)
    return all(indexing.stat(os.path.join(root, asset.source)) == asset.stamp for asset in assets) and not any(
        os.path.exists(os.path.join(root, path)) for path in reading.absent
    )


def last_good(
    settings: Settings, history: History, cache: Cache, record: Record, context: str
) -> tuple[bytes, Entry] | None:
    """Key and entry of the version that is public, or else of the last good one; None where there is none."""
    found = None
    for key, reading in _versions(settings, history, cache, record, context):
        for entry in reading.entries:
            if entry.anchor == record.anchor:
                if entry.hash == record.hash:
                    return key, entry
                found = found or (key, entry)
    return found


def _versions(
    settings: Settings, history: History, cache: Cache, record: Record, context: str
) -> Iterator[tuple[bytes, Reading]]:
    for text in history.sources(record.path):
        key = caching.key_of(record.path, text, context)
        reading = cache.get(key, html=False)
        if reading is None or not _still_true(str(settings.root), reading):
            packed = caching.pack(key, read_text(record.path, text, settings))
            cache.keep(packed)
            reading = caching.unpack(packed.meta)
        yield caching.stamped(key, reading), reading
    if known := cache.get(record.key, html=False):
        yield caching.stamped(record.key[: caching.KEY_SIZE], known), known


def loader(settings: Settings, history: History, cache: Cache, context: str) -> Callable[[Record], Reading]:
    """What gives the reading that a public entry comes from, whole: from the cache, else made again."""
    root = str(settings.root)

    def load(record: Record) -> Reading:
        reading = cache.get(record.key)
        if reading is not None:
            return reading
        for data in (files.load(root, record.path), *history.sources(record.path)):
            if isinstance(data, bytes) and record.key.startswith(caching.key_of(record.path, data, context)):
                return read_text(record.path, data, settings)
        raise LookupError(f"{record.place}: neither the cache nor the history has the text that is public")

    return load
