"""Making documents: each job's pages and feeds are rendered, checked and staged, on every core."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from feeder import cache as caching
from feeder import dates, feeds, identity, inputs, links, scope
from feeder import history as histories
from feeder.catalog import Catalog, Digests
from feeder.config import Settings
from feeder.feeds import lint, opml
from feeder.forking import in_parallel
from feeder.history import History, Label
from feeder.inputs import Progress
from feeder.model import Asset, Document, Feed, Stage
from feeder.output import Output, Staged
from feeder.pages.site import Pages
from feeder.reading import assets

FRONT_ENTRIES: Final = 20
LABEL_FRONT: Final = 50
ARCHIVES_LATEST: Final = 3
YEAR_WHOLE: Final = 200
"""A year with more entries lists its months instead."""
_BATCH: Final = 100
_WORTH_FORKING: Final = 100


@dataclass(slots=True)
class Made:
    """What one job made."""

    job: str
    paths: list[str] = field(default_factory=list)
    """All files in ``out/`` that come from this job, changed or not."""
    staged: list[Staged] = field(default_factory=list)
    """Those that differ from what is public."""
    feeds: list[tuple[str, int]] = field(default_factory=list)
    """Path of each feed made, or of a digest in one, and its ``updated``."""


def make(
    settings: Settings, context: str, jobs: Sequence[str], output: Output, progress: Progress | None
) -> Iterator[Made]:
    """Do the jobs, in order; what they made is staged and not public yet.

    Raises ``DataError`` when a feed would not be well-formed, and ``CannotWrite`` when the disk is full.
    """
    root = str(settings.root)
    with histories.read_history(root) as history:
        authors = "author" in scope.shown_kinds(history)
        pages = Pages(settings, author_pages=authors, digests=scope.digests_folder(history, settings))
    for name in feeds.FORMATS:
        feeds.load(name)

    placed: set[str] = set()

    def batch(some: Sequence[str]) -> list[Made]:
        with histories.read_history(root) as history, caching.open_cache(root) as cache:
            load = inputs.loader(settings, history, cache, context)
            catalog = Catalog(settings, history, load, icon=pages.icon_url, style=pages.style_url)
            press = _Press(settings, history, catalog, pages, output, placed)
            return [press.do(job) for job in some]

    done = 0
    for results in in_parallel(jobs, batch, batch=_BATCH, fewest=_WORTH_FORKING):
        yield from results
        done += len(results)
        if progress:
            progress("publishing", done, len(jobs))


class _Press:
    def __init__(
        self,
        settings: Settings,
        history: History,
        catalog: Catalog,
        pages: Pages,
        output: Output,
        placed: set[str],
    ) -> None:
        self.settings = settings
        self.history = history
        self.catalog = catalog
        self.pages = pages
        self.output = output
        self.digested = Digests(catalog)
        self.kinds = scope.shown_kinds(history)
        self.placed = placed
        """Assets this process has staged, or found in their place."""

    def do(self, job: str) -> Made:
        made = Made(job)
        kind, _, rest = job.partition("/")
        for document in _MAKERS[kind](self, rest, made):
            made.paths.append(document.path)
            staged = self.output.stage(document)
            if staged is not None:
                if document.stage is Stage.FEED and document.media_type != opml.MEDIA_TYPE:
                    lint.check(document)
                made.staged.append(staged)
        return made

    def page(self, rest: str, made: Made) -> Iterator[Document]:
        record = self.history.by_seq(int(rest))
        if record is None:
            return
        page, shared, _ = record.permalink.partition("#")
        records = self.history.on_page(page) if shared else [record]
        if records[0].seq != record.seq:
            return  # the first one's job makes the page
        public = [one for one in records if one.public]
        if public:
            yield self.pages.entry(self.catalog.page(page, public) if shared else self.catalog.entry(record))
        else:
            yield self.pages.withdrawn(self.catalog.entry(record))
        for one in records:
            for permalink in self.history.redirects_to(one.seq):
                yield self.pages.redirect(permalink, identity.url(self.settings.site.url, one.permalink))
        for one in public:
            for asset in self.catalog.source(one).assets:
                self._asset(asset, made)
                copy = assets.for_mail(asset) if self.settings.lists else None
                if copy is not None:
                    self._asset(copy, made)

    def _asset(self, asset: Asset, made: Made) -> None:
        made.paths.append(asset.path)
        if asset.path in self.placed:
            return
        self.placed.add(asset.path)
        staged = self.output.stage_file(assets.produce(str(self.settings.root), asset), asset.path)
        if staged is not None:
            made.staged.append(staged)

    def archive(self, rest: str, made: Made) -> Iterator[Document]:
        yield from self._feed(self.catalog.archive(int(rest)), made)

    def feed(self, _rest: str, made: Made) -> Iterator[Document]:
        yield from self._feed(self.catalog.main_feed(), made)

    def _feed(self, feed: Feed, made: Made) -> Iterator[Document]:
        made.feeds.append((feed.path, dates.to_micros(feed.updated)))
        yield from feeds.render(feed)

    def label(self, rest: str, made: Made) -> Iterator[Document]:
        kind, slug, number = (*rest.split("/"), "0")[:3]
        label = self.history.label(kind, slug)
        if label is None or kind not in self.kinds:
            return
        if number == "feed":
            yield from self._feed(self.catalog.label_feed(label), made)
            return
        if number != "0":
            low = (int(number) - 1) * scope.PER_PAGE
            yield from self._label_page(label, int(number), low, low + scope.PER_PAGE)
            return
        low = min(scope.older_pages(label) * scope.PER_PAGE, label.last + 1 - LABEL_FRONT)
        yield from self._label_page(label, 0, low, label.last + 1)

    def _label_page(self, label: Label, number: int, low: int, high: int) -> Iterator[Document]:
        pages = scope.older_pages(label)
        if number <= pages:
            records = self.history.in_label(label.kind, label.slug, low, high)
            yield self.pages.label(label.kind, label.name, self.catalog.headlines(records), number, pages)

    def index(self, _rest: str, _made: Made) -> Iterator[Document]:
        years: dict[int, int] = {}
        for month, count in self.history.months():
            years[int(month[:4])] = years.get(int(month[:4]), 0) + count
        yield self.pages.index(self.catalog.headlines(self.history.latest(FRONT_ENTRIES)), years)

    def year(self, rest: str, _made: Made) -> Iterator[Document]:
        months = {int(month[5:]): count for month, count in self.history.months() if month.startswith(f"{rest}-")}
        if not months:
            return
        whole = sum(months.values()) <= YEAR_WHOLE
        records = self.history.in_month(rest) if whole else []
        yield self.pages.year(int(rest), months, self.catalog.headlines(records))

    def month(self, rest: str, _made: Made) -> Iterator[Document]:
        records = self.history.in_month(rest)
        if records:
            yield self.pages.month(int(rest[:4]), int(rest[5:]), self.catalog.headlines(records))

    def tags(self, _rest: str, _made: Made) -> Iterator[Document]:
        yield self.pages.tags({label.name: label.count for label in self.history.labels("tag") if label.count})

    def subscribe(self, _rest: str, _made: Made) -> Iterator[Document]:
        frames = self.catalog.frames(scope.shown_labels(self.history))
        yield self.pages.feeds(frames, self.digested.lists())
        yield opml.render(self.settings.site.title, [*frames, *self.digested.frames()])

    def digest(self, rest: str, _made: Made) -> Iterator[Document]:
        record = self.history.digest(int(rest))
        if record and record.list in self.digested.archives:
            yield self.pages.digest(self.digested.digest(record))

    def digests(self, rest: str, made: Made) -> Iterator[Document]:
        if not rest:
            yield from self._archives()
        elif rest in self.digested.archives:
            yield self.pages.digests(self.digested.about(rest), self.digested.lines(rest))
            made.feeds += self.digested.moments(rest).items()
            yield from self._feed(self.digested.feed(rest), made)

    def _archives(self) -> Iterator[Document]:
        lists = [one for one in self.digested.lists() if one.page_url]
        if lists:
            yield self.pages.archives([(one, self.digested.lines(one.name, ARCHIVES_LATEST)) for one in lists])

    def sitemap(self, _rest: str, _made: Made) -> Iterator[Document]:
        base = self.settings.site.url
        rows = ((links.url(base, permalink), dates.from_micros(at)) for permalink, at in self.history.addresses())
        yield from self.pages.sitemap(rows)

    def site(self, _rest: str, _made: Made) -> Iterator[Document]:
        yield from (*self.pages.assets(), self.pages.not_found(), self.pages.robots())


_MAKERS: Final[dict[str, Callable[[_Press, str, Made], Iterator[Document]]]] = {
    "page": _Press.page,
    "archive": _Press.archive,
    "feed": _Press.feed,
    "label": _Press.label,
    "index": _Press.index,
    "year": _Press.year,
    "month": _Press.month,
    "tags": _Press.tags,
    "subscribe": _Press.subscribe,
    "digest": _Press.digest,
    "digests": _Press.digests,
    "sitemap": _Press.sitemap,
    "site": _Press.site,
}
