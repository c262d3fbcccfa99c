"""Who an entry is: finding again what was published before, and minting ids for what was not.

An entry is matched to the history in a fixed order: id in the front matter; path and anchor; body; permalink or
alias; same page and date; similar text. From the third on only entries whose file or item vanished are candidates,
so that a copy never steals the identity of its original.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from posixpath import splitext
from typing import Final

from feeder import links
from feeder.errors import Problem
from feeder.history import History, Record
from feeder.model import Entry

SIMILAR: Final = 0.6
_MOST_COMPARED: Final = 4000
"""Pairs of texts compared at most: a renamed folder of hundreds is found by body, not by likeness."""


@dataclass(slots=True)
class Matches:
    """Which arrived entry is which known one."""

    known: dict[int, Record] = field(default_factory=dict)
    """Index of the arrived entry -> its record."""
    refused: dict[int, Problem] = field(default_factory=dict)
    """Index of an arrived entry that may not be published -> why."""
    doubtful: list[int] = field(default_factory=list)
    """New entries that could be a vanished one, changed beyond recognition."""
    vanished: list[Record] = field(default_factory=list)
    """Records of the places looked at that no arrived entry claims."""


class _Matching:
    def __init__(self, entries: Sequence[Entry], looked: Collection[str], history: History) -> None:
        self.entries = entries
        self.looked = looked
        self.history = history
        self.result = Matches()
        self.open = dict.fromkeys(range(len(entries)))
        """Indexes of entries not found yet, in order."""
        self.taken: dict[int, int] = {}
        self.here: dict[str, list[Record]] = {path: history.at_path(path) for path in sorted(looked)}

    def free(self, record: Record) -> bool:
        return record.seq not in self.taken

    def take(self, index: int, record: Record) -> None:
        self.taken[record.seq] = index
        self.result.known[index] = record
        del self.open[index]

    def candidates(self) -> list[Record]:
        """Known entries of the places looked at that no arrived entry has claimed, public ones first."""
        found = [r for records in self.here.values() for r in records if self.free(r)]
        return sorted(found, key=lambda record: (record.withdrawn is not None, record.seq))

    def each(self, find: Callable[[Entry], Record | None]) -> None:
        for index in tuple(self.open):
            record = find(self.entries[index])
            if record is not None and self.free(record):
                self.take(index, record)


def match(
    entries: Sequence[Entry],
    looked: Collection[str],
    history: History,
    text_of: Callable[[Record], str],
    text_at: Callable[[int], str],
    stands: Callable[[Record], bool],
) -> Matches:
    """Find each arrived entry in the history.

    ``looked`` are the files that were read again or are gone: all their entries are in ``entries``.
    ``text_of`` gives the title and text a record was published with, ``text_at`` those of the arrived entry at an
    index (which is itself without its text), for comparing likeness. ``stands`` tells of a record in a file that was
    not looked at whether the file still holds its entry.
    """
    work = _Matching(entries, looked, history)
    _by_id(work)
    for same in (_same_item, _same_body_here, _same_place):
        work.each(lambda entry, same=same: same(work, entry))  # type: ignore[misc]
    _by_index(work, _body_and_name, lambda entry: [_body_and_name(entry)])
    _by_index(work, lambda record: record.body_hash, lambda entry: [entry.body_hash])
    work.each(lambda entry: _restored(work, entry, stands))
    _by_index(work, lambda record: record.permalink, _addresses)
    _by_index(work, lambda record: f"{record.path} {record.day}", lambda entry: [f"{entry.path} {entry.date.day}"])
    _by_likeness(work, text_of, text_at)
    work.result.vanished = work.candidates()
    gone = any(record.public for record in work.result.vanished)
    work.result.doubtful = [i for i in work.open if gone and not entries[i].id and not entries[i].draft]
    return work.result


def _by_id(work: _Matching) -> None:
    claims: defaultdict[str, list[int]] = defaultdict(list)
    for index in work.open:
        if work.entries[index].id:
            claims[work.entries[index].id].append(index)
    for entry_id, indexes in claims.items():
        record = work.history.by_id(entry_id)
        winner = min(indexes, key=lambda i: (not _stands_at(record, work.entries[i]), work.entries[i].draft, i))
        elsewhere = record is not None and record.public and record.path not in work.looked
        for index in indexes:
            if index != winner or elsewhere:
                other = record.place if elsewhere and record else _place(work.entries[winner])
                _refuse(work, index, other)
        if record is not None and not elsewhere:
            work.take(winner, record)


def _stands_at(record: Record | None, entry: Entry) -> bool:
    return record is not None and (record.path, record.anchor) == (entry.path, entry.anchor)


def _place(entry: Entry) -> str:
    return f"{entry.path}#{entry.anchor}" if entry.anchor else entry.path


def _refuse(work: _Matching, index: int, other: str) -> None:
    entry = work.entries[index]
    del work.open[index]
    work.result.refused[index] = Problem(
        f"{entry.path}:{entry.line}",
        f"the id {entry.id} is that of {other} already",
        "give one of the two another id, or remove one",
        rejects=True,
    )


def _may_be(entry: Entry, record: Record) -> bool:
    """An entry with an id of its own in the front matter is none of those with another id."""
    return not entry.id or entry.id == record.id


def _here(work: _Matching, entry: Entry, test: Callable[[Record], bool]) -> Record | None:
    found = (r for r in work.here.get(entry.path, ()) if work.free(r) and _may_be(entry, r) and test(r))
    return min(found, key=lambda record: (record.withdrawn is not None, record.seq), default=None)


def _same_item(work: _Matching, entry: Entry) -> Record | None:
    # An item added on top may take over the anchor of an older one with the same heading; more must agree.
    return _here(
        work,
        entry,
        lambda r: r.anchor == entry.anchor and (r.body_hash == entry.body_hash or r.day == entry.date.day),
    )


def _same_body_here(work: _Matching, entry: Entry) -> Record | None:
    return _here(work, entry, lambda r: r.body_hash == entry.body_hash)


def _body_and_name(one: Entry | Record) -> str:
    # Where a folder is renamed, equal texts in it are told apart by their file names.
    return f"{one.body_hash} {one.path.rpartition('/')[2]}#{one.anchor}"


def _same_place(work: _Matching, entry: Entry) -> Record | None:
    return _here(work, entry, lambda r: r.anchor == entry.anchor)


def _by_index(work: _Matching, of_record: Callable[[Record], str], of_entry: Callable[[Entry], Iterable[str]]) -> None:
    """Match where exactly one arrived entry and the vanished ones agree on a key."""
    vanished: dict[str, Record] = {}
    for record in reversed(work.candidates()):
        vanished[of_record(record)] = record
    claims = Counter(key for index in work.open for key in of_entry(work.entries[index]))

    def find(entry: Entry) -> Record | None:
        for key in of_entry(entry):
            record = vanished.get(key)
            if record is not None and claims[key] == 1 and _may_be(entry, record):
                return record
        return None

    work.each(find)


def _restored(work: _Matching, entry: Entry, stands: Callable[[Record], bool]) -> Record | None:
    for record in work.history.withdrawn_with_body(entry.body_hash):
        # Of a file that was looked at, what still stands in it has been found by its place.
        vanished = record.path in work.looked or not stands(record)
        # A draft that looks like a withdrawn entry is no reason to take it over.
        if work.free(record) and _may_be(entry, record) and vanished and not entry.draft:
            return record
    return None


def _addresses(entry: Entry) -> list[str]:
    return [address(link) for link in (entry.permalink, *entry.aliases) if link]


def _by_likeness(work: _Matching, text_of: Callable[[Record], str], text_at: Callable[[int], str]) -> None:
    vanished = work.candidates()
    arrived = [i for i in work.open if not work.entries[i].id]
    if not vanished or not arrived or len(vanished) * len(arrived) > _MOST_COMPARED:
        return
    old = [(record, _shingles(text_of(record))) for record in vanished]
    scores = []
    for index in arrived:
        new = _shingles(text_at(index))
        scores += [(_likeness(new, shingles), -index, -record.seq, index, record) for record, shingles in old]
    for score, _, _, index, record in sorted(scores, key=lambda s: s[:3], reverse=True):
        if score < SIMILAR:
            break
        if index in work.open and work.free(record):
            work.take(index, record)


def text(title: str, html: str) -> str:
    """Title and text without markup, for comparing likeness."""
    plain = []
    for part in html.split("<"):
        _, mark, rest = part.partition(">")
        plain.append(rest if mark else part)
    return f"{title} {''.join(plain)}"


def _shingles(words: str) -> set[str]:
    squeezed = "".join(words.split())
    return {squeezed[i : i + 3] for i in range(max(1, len(squeezed) - 2))}


def _likeness(one: set[str], other: set[str]) -> float:
    """Dice's coefficient of the triples of characters: works for Chinese as for English."""
    return 2 * len(one & other) / (len(one) + len(other))


def address(permalink: str) -> str:
    """A permalink or alias as history keeps it: from the site's root, unencoded."""
    path = "/" + links.out_path(permalink)
    return path.removesuffix("index.html") if path.endswith("/index.html") else path


def url(site_url: str, permalink: str) -> str:
    """The absolute address of a permalink; it may end with the anchor of an item on a page."""
    page, mark, anchor = permalink.partition("#")
    return links.url(site_url, page) + (f"#{links.encode(anchor)}" if mark else "")


def mint(authority: str, day: str, slug: str, taken: Callable[[str], bool]) -> str:
    """A permanent id for a new entry: ``tag:AUTHORITY:DATE/SLUG`` (RFC 4151, section 2.1)."""
    return unique(f"tag:{authority}:{day}/{links.encode(slug)}", taken)


def of_digest(authority: str, path: str) -> str:
    """The permanent id of a digest whose page is at ``path``."""
    return f"tag:{authority}:{links.encode(path)}"


def unique(wanted: str, taken: Callable[[str], bool]) -> str:
    """``wanted``, or with the first of ``-2``, ``-3`` … that is not taken; before a trailing slash or ending."""
    if not taken(wanted):
        return wanted
    head, tail = (wanted[:-1], "/") if wanted.endswith("/") else splitext(wanted)
    number = 2
    while taken(f"{head}-{number}{tail}"):
        number += 1
    return f"{head}-{number}{tail}"
