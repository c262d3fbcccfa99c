"""Which documents a run has to make: everything, or what the changed entries stand in and nothing else.

A *job* is the smallest part of ``out/`` that is made in one go. It is named by a line of text, so that history can
keep which files came from it, and drop those that no longer do:

``page/SEQ``                  the page of an entry, its redirects and assets
``archive/N``                 an archive document in every format
``feed``                      the main feed in every format
``label/KIND/SLUG``           feed and front page of a tag, author or language
``label/KIND/SLUG/N``         an older page of it
``year/YYYY``, ``month/YYYY-MM``
``index``, ``tags``, ``subscribe``, ``sitemap``, ``site``
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from feeder.cache import Cache
from feeder.history import History, Label, Record
from feeder.plan import Step

PER_PAGE: Final = 100
"""Entries on an older page of a label; a full one never changes by an addition."""
KINDS: Final = ("author", "language", "tag")
ALWAYS: Final = ("index", "feed")
LISTS: Final = ("tags", "subscribe", "sitemap")


def shown_kinds(history: History) -> frozenset[str]:
    """Kinds of labels that have pages and feeds: a single author or language would only repeat the main feed."""
    return frozenset(kind for kind in KINDS if kind == "tag" or history.has_several(kind))


def shown_labels(history: History) -> list[Label]:
    """All labels that have pages and feeds."""
    kinds = shown_kinds(history)
    return [label for label in history.labels() if label.kind in kinds]


def older_pages(label: Label) -> int:
    """How many older pages a label has; all of them are full."""
    return (label.last + 1) // PER_PAGE


def all_jobs(history: History) -> Iterator[str]:
    """Every job, those that share entries next to each other."""
    sealed = int(history.meta("sealed") or 0)
    document = 0
    for record in history.everything():
        if record.document != document:
            if 0 < document <= sealed:
                yield f"archive/{document}"
            document = record.document
        yield f"page/{record.seq}"
    if 0 < document <= sealed:
        yield f"archive/{document}"
    for label in shown_labels(history):
        name = f"label/{label.kind}/{label.slug}"
        yield from (name, *(f"{name}/{page}" for page in range(1, older_pages(label) + 1)))
    months = [month for month, _ in history.months()]
    yield from (f"year/{year}" for year in dict.fromkeys(month[:4] for month in months))
    yield from (f"month/{month}" for month in months)
    yield from (*ALWAYS, *LISTS, "site")


class Affected:
    """Collects the jobs that changed entries make necessary: call ``before``, apply the plan, call ``after``."""

    def __init__(self, history: History, cache: Cache) -> None:
        self._history = history
        self._cache = cache
        self._jobs: set[str] = set()
        self._pages: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
        self._kinds = shown_kinds(history)
        self._sealed = int(history.meta("sealed") or 0)
        self.everything = False

    def before(self, steps: Sequence[Step], over: Iterable[Record]) -> None:
        """What the entries stand in now. ``over`` are those whose time as withdrawn is over."""
        for step in steps:
            if step.before is not None:
                self._stands_in(step.before)
        for record in over:
            self._stands_in(record)

    def after(self, steps: Sequence[Step]) -> None:
        """What they stand in after the plan was applied, and who links to them."""
        for step in steps:
            self._stands_in(step.after)
            if step.before is None or _address(step.before) != _address(step.after):
                self._jobs.update(LISTS)
                self._referrers(step.after)
            elif step.before.updated != step.after.updated:
                self._jobs.add("sitemap")
        sealed = int(self._history.meta("sealed") or 0)
        self._jobs.update(f"archive/{number}" for number in range(self._sealed + 1, sealed + 1))
        self.everything = shown_kinds(self._history) != self._kinds

    def jobs(self) -> list[str]:
        """The jobs, in an order that makes pages of shared entries together."""
        if self.everything:
            return list(all_jobs(self._history))
        for (kind, slug), pages in self._pages.items():
            label = self._history.label(kind, slug)
            if label is not None:
                last = older_pages(label)
                self._jobs.update(f"label/{kind}/{slug}/{number}" for number in pages if 0 < number <= last)
        return sorted(self._jobs | set(ALWAYS)) if self._jobs else []

    def _stands_in(self, record: Record) -> None:
        history = self._history
        self._jobs.add(f"page/{record.seq}")
        if record.document <= int(history.meta("sealed") or 0):
            self._jobs.add(f"archive/{record.document}")
        self._jobs.update((f"month/{record.month}", f"year/{record.month[:4]}"))
        for kind, slug in history.labels_of(record.seq):
            if kind in self._kinds:
                self._label(kind, slug, record.seq)

    def _label(self, kind: str, slug: str, seq: int) -> None:
        self._jobs.add(f"label/{kind}/{slug}")
        position = self._history.position(kind, slug, seq)
        if position is not None:
            # The newest older page says whether a newer one exists, so a new one changes the page before it.
            page = position // PER_PAGE + 1
            self._pages[kind, slug].update((page, page - 1) if position % PER_PAGE == PER_PAGE - 1 else (page,))

    def _referrers(self, record: Record) -> None:
        for path in self._cache.referrers(record.path):
            for other in self._history.at_path(path):
                if other.public:
                    self._stands_in(other)


def _address(record: Record) -> tuple[object, ...]:
    """What links, lists of labels and the sitemap depend on."""
    return (record.permalink, record.public, record.path, record.anchor, record.tags, record.authors, record.language)
