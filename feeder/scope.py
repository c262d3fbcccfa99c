"""Which documents a run has to make: everything, or what the changed entries stand in and nothing else.

A *job* is the smallest part of ``out/`` that is made in one go. It is named by a line of text, so that history can
keep which files came from it, and drop those that no longer do:

``page/SEQ``                  the page of an entry, or of all items that share it; redirects and assets
``archive/N``                 an archive document in every format
``feed``                      the main feed in every format
``label/KIND/SLUG``           front page of a tag, author or language
``label/KIND/SLUG/N``         an older page of it
``label/KIND/SLUG/feed``      its feed in every format
``year/YYYY``, ``month/YYYY-MM``
``digest/NUMBER``             the page of a digest
``digests/LIST``              the archive of a list's digests, and their feed
``digests``                   what leads to the archives
``index``, ``tags``, ``subscribe``, ``sitemap``, ``site``
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from feeder.cache import Cache
from feeder.config import Settings
from feeder.history import DigestRecord, History, Label, Record
from feeder.plan import Plan

PER_PAGE: Final = 100
"""Entries on an older page of a label; a full one never changes by an addition."""
BURST_US: Final = 7 * 86_400 * 1_000_000
"""Entries released together all stay in the feed for as long, or a reader that polls daily would miss some."""
MOST_IN_FEED: Final = 100
_LISTED: Final = (
    "path", "anchor", "permalink", "published", "updated", "released", "document", "touched", "withdrawn", "tombstone",
    "title", "page_title", "summary", "language", "correction", "month", "tags", "authors", "cover",
)  # fmt: skip
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


def archives(history: History, settings: Settings) -> list[str]:
    """Names of the lists whose digests have pages: in the order of the settings, then those no longer in them."""
    known = dict(history.digest_lists())
    named = {one.name: one.archive for one in settings.lists}
    return [*(name for name, kept in named.items() if kept and name in known), *sorted(known.keys() - named)]


def digests_folder(history: History, settings: Settings) -> str:
    """Where the link to the digests leads, from the top of ``out/``; empty where there is none."""
    names = archives(history, settings)
    return f"digests/{names[0]}/" if len(names) == 1 else "digests/" if names else ""


def add_digests(history: History, settings: Settings, fresh: Sequence[DigestRecord]) -> list[str]:
    """Put digests into the history; the jobs that makes necessary."""
    before = digests_folder(history, settings)
    history.put_digests(fresh)
    if not fresh:
        return []
    if digests_folder(history, settings) != before:
        return [job for job in all_jobs(history) if not is_feed(job)]  # every page has the link
    jobs = {"digests", "subscribe"}
    for digest in fresh:
        beside = (one for one in history.digests_beside(digest) if one)
        jobs.update(f"digest/{one.number}" for one in (digest, *beside))
        jobs.add(f"digests/{digest.list}")
    return sorted(jobs)


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
        yield from (name, f"{name}/feed", *(f"{name}/{page}" for page in range(1, older_pages(label) + 1)))
    months = [month for month, _ in history.months()]
    yield from (f"year/{year}" for year in dict.fromkeys(month[:4] for month in months))
    yield from (f"month/{month}" for month in months)
    for name, _ in history.digest_lists():
        yield from (f"digest/{digest.number}" for digest in history.digests(name))
        yield f"digests/{name}"
    yield from (*ALWAYS, *LISTS, "digests", "site")


def is_feed(job: str) -> bool:
    """Whether a job makes nothing but a feed's documents."""
    return job == "feed" or job.startswith("archive/") or job.split("/")[3:] == ["feed"]


class Affected:
    """Collects the jobs that changed entries make necessary: call ``before``, apply the plan, call ``after``."""

    def __init__(self, history: History, cache: Cache, size: int) -> None:
        self._history = history
        self._cache = cache
        self._jobs: set[str] = set()
        self._kinds = shown_kinds(history)
        self._sealed = int(history.meta("sealed") or 0)
        self._labels: dict[tuple[str, str], Label | None] = {}
        """Labels that any of the entries carries before or after, as they were before."""
        self._limits = window_limits(size)
        self._shown: set[str] = set()
        """Ids of the entries whose text may differ."""
        self._listed: set[str] = set()
        """Ids of those that lists show in another way."""
        self._windows: dict[tuple[str, str], set[int]] = {}
        """What is in each feed after the plan was applied."""
        self.everything = False
        """A kind of labels got pages, or lost them."""

    def before(self, plan: Plan, over: Iterable[Record]) -> None:
        """What the entries stand in now. ``over`` are those whose time as withdrawn is over."""
        carried = dict(plan.labels)
        for step in plan.steps:
            if step.before is not None and not _same_to_lists(step.before, step.after):
                self._stands_in(step.before)
            for kind, slug, _ in carried.get(step.after.seq, ()):
                self._remember(kind, slug)
        for record in over:
            self._stands_in(record)

    def after(self, plan: Plan, deprived: Iterable[int] = ()) -> None:
        """What they stand in after the plan was applied, and who links to them.

        ``deprived`` are the numbers of entries that lost an old address to another.
        """
        self._jobs.update(f"page/{seq}" for seq in deprived)
        for step in plan.steps:
            if step.before is not None:
                self._page(step.before)
        for step in plan.steps:
            if step.before is not None and _same_to_lists(step.before, step.after):
                self._shows(step.after)
                continue
            self._stands_in(step.after)
            if step.before is None or _address(step.before) != _address(step.after):
                self._jobs.update(LISTS)
                for path in {step.after.path, step.before.path if step.before else step.after.path}:
                    self._referrers(path)
            elif step.before.updated != step.after.updated:
                self._jobs.add("sitemap")
        sealed = int(self._history.meta("sealed") or 0)
        self._jobs.update(f"archive/{number}" for number in range(self._sealed + 1, sealed + 1))
        self._changed_labels()
        self._changed_kinds()

    def jobs(self) -> list[str]:
        """The jobs, in an order that makes pages of shared entries together."""
        self._digests()
        return sorted(self._jobs)

    def _digests(self) -> None:
        """The pages of digests that the entries are in; their lists and feeds where more than the text changed."""
        self._jobs.update(f"digest/{digest.number}" for digest in self._history.digests_with(self._shown))
        for digest in self._history.digests_with(self._listed):
            self._jobs.update((f"digests/{digest.list}", "digests"))
            # What was withdrawn may have stood in the subject, which its neighbours name.
            self._jobs.update(f"digest/{one.number}" for one in self._history.digests_beside(digest) if one)

    def _shows(self, record: Record) -> None:
        """What shows the whole content of an entry that lists show as before: its page, and the feeds it is in."""
        self._page(record)
        if record.document <= self._sealed:
            self._jobs.add(f"archive/{record.document}")
        if record.seq in self._window("", ""):
            self._jobs.add("feed")
        for kind, slug in self._history.labels_of(record.seq):
            if kind in self._kinds and record.seq in self._window(kind, slug):
                self._jobs.add(f"label/{kind}/{slug}/feed")

    def _window(self, kind: str, slug: str) -> set[int]:
        if (kind, slug) not in self._windows:
            self._windows[kind, slug] = self._history.window_seqs(*self._limits, kind=kind, slug=slug)
        return self._windows[kind, slug]

    def _page(self, record: Record) -> None:
        self._shown.add(record.id)
        page, shared, _ = record.permalink.partition("#")
        others = self._history.on_page(page) if shared else ()
        self._jobs.add(f"page/{others[0].seq if others else record.seq}")

    def _stands_in(self, record: Record) -> None:
        """Everything that shows or lists an entry."""
        self._page(record)
        self._listed.add(record.id)
        self._jobs.update(ALWAYS)
        if record.document <= self._sealed:
            self._jobs.add(f"archive/{record.document}")
        self._jobs.update((f"month/{record.month}", f"year/{record.month[:4]}"))
        for kind, slug, position in self._history.places_of(record.seq):
            if kind in self._kinds:
                self._remember(kind, slug)
                page = position // PER_PAGE + 1
                name = f"label/{kind}/{slug}"
                self._jobs.update((name, f"{name}/feed", f"{name}/{page}"))

    def _remember(self, kind: str, slug: str) -> None:
        if (kind, slug) not in self._labels:
            self._labels[kind, slug] = self._history.label(kind, slug)

    def _changed_labels(self) -> None:
        """Labels that came, went, or are spelled in another way; and older pages that came or went.

        The newest older page says whether a newer one exists, so a new one changes the page before it.
        """
        for (kind, slug), old in self._labels.items():
            new = self._history.label(kind, slug)
            pages = sorted(older_pages(label) if label else 0 for label in (old, new))
            if (old.name if old else None) != (new.name if new else None):
                self._jobs.update(LISTS)
                pages[0] = 1
            elif pages[0] == pages[1]:
                continue
            self._jobs.update(f"label/{kind}/{slug}/{page}" for page in range(max(1, pages[0]), pages[1] + 1))

    def _changed_kinds(self) -> None:
        """Kinds of labels that got pages, or lost them: every page links to labels, or does not; feeds do not."""
        kinds = shown_kinds(self._history)
        self.everything = kinds != self._kinds
        if self.everything:
            fresh = (label for label in shown_labels(self._history) if label.kind not in self._kinds)
            self._jobs.update(f"label/{label.kind}/{label.slug}/feed" for label in fresh)

    def _referrers(self, target: str) -> None:
        for path in self._cache.referrers(target):
            for other in self._history.at_path(path):
                if other.public:
                    self._shows(other)


def _same_to_lists(before: Record, after: Record) -> bool:
    """Whether only the content differs, which no list shows and which no feed's membership depends on."""
    return all(getattr(before, name) == getattr(after, name) for name in _LISTED)


def window_limits(size: int) -> tuple[int, int, int]:
    """``size``, ``burst`` and ``most`` of ``History.window`` for feeds of this size."""
    return size, BURST_US, max(MOST_IN_FEED, size)


def _address(record: Record) -> tuple[object, ...]:
    """What links, lists of labels and the sitemap depend on."""
    return (record.permalink, record.public, record.path, record.anchor, record.tags, record.authors, record.language)
