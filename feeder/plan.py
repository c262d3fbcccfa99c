"""What this run means to do, decided before anything is done.

Pure but for reading the history it is handed: the same entries, history and ``now`` give the same plan.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from feeder import dates, identity, links
from feeder.config import Settings
from feeder.errors import MassWithdrawal, Problem
from feeder.history import TOMBSTONE_US, History, Record, Waiting
from feeder.model import Entry

Kind = Literal["new", "revised", "corrected", "withdrawn", "restored", "moved"]
Named = tuple[str, str, str]
"""``(kind, slug, name)`` of a tag, author or language."""
SECOND: Final = 1_000_000
FEWEST_GUARDED: Final = 10
_VISIBLE: Final = ("title", "page_title", "summary", "language", "correction", "tags", "authors", "cover")


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one entry."""

    kind: Kind
    id: str
    path: str
    title: str
    url: str
    """Absolute."""
    notable: bool = False
    """Whether readers are told: a new entry, a correction, a withdrawal."""


@dataclass(frozen=True, slots=True)
class Step:
    """One entry's part of the plan: what is known of it before and after."""

    change: Change | None
    """None where nobody can see a difference (a renamed file)."""
    before: Record | None
    after: Record
    redirects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What this run will do."""

    now: int
    """Microseconds since the epoch."""
    steps: tuple[Step, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    """What is due later in the files looked at."""
    problems: tuple[Problem, ...] = ()
    labels: tuple[tuple[int, tuple[Named, ...]], ...] = ()
    """The labels of each entry looked at that is public, by release number."""
    sealed: int = 0
    """The last archive document that is full after this run."""

    @property
    def changes(self) -> tuple[Change, ...]:
        """What readers or the author would call a change."""
        return tuple(step.change for step in self.steps if step.change)


@dataclass(frozen=True, slots=True)
class Arrived:
    """An entry as it stands in its file now, and where the cache keeps it."""

    entry: Entry
    key: bytes


def make_plan(
    arrived: Sequence[Arrived],
    looked: Collection[str],
    history: History,
    now: datetime,
    settings: Settings,
    *,
    authority: str,
    text_of: Callable[[Record], str],
    force: bool = False,
) -> Plan:
    """Decide what becomes of every entry in the files ``looked`` at (``arrived`` has all of them; some are gone).

    Raises ``MassWithdrawal`` when more than half of at least ten public entries would be withdrawn, unless ``force``.
    """
    entries = [one.entry for one in arrived]
    matches = identity.match(entries, looked, history, text_of)
    planner = _Planner(history, dates.to_micros(now), settings, authority)
    for index, one in enumerate(arrived):
        if index not in matches.refused:
            planner.settle(one, matches.known.get(index))
    for record in matches.vanished:
        if record.public:
            planner.withdraw(record, expired=False)
    steps = planner.finish()
    _guard(steps, history, force=force)
    problems = [*matches.refused.values(), *(_doubt(entries[i], matches.vanished) for i in matches.doubtful)]
    return Plan(
        planner.now,
        tuple(steps),
        tuple(planner.waiting.values()),
        tuple(problems),
        tuple(planner.labels),
        planner.sealed,
    )


def _guard(steps: Sequence[Step], history: History, *, force: bool) -> None:
    public = history.public_count()
    leaving = sum(1 for step in steps if step.change and step.change.kind == "withdrawn")
    if public >= FEWEST_GUARDED and leaving * 2 > public and not force:
        raise MassWithdrawal(
            f"{leaving} of {public} public entries would be withdrawn; nothing was changed",
            hint="if that is meant, run `publish --force`; else look at [entries] path and at the folder",
        )


def _doubt(entry: Entry, vanished: Sequence[Record]) -> Problem:
    other = next((r for r in vanished if r.public), vanished[0])
    return Problem(
        f"{entry.path}:{entry.line}",
        f"taken as a new entry, while {other.place} ({other.title}) is gone",
        f"if they are the same, write `id: {other.id}` into its front matter; `feeder pin` writes ids into all files",
    )


class _Planner:
    """Gives out numbers, instants and addresses, each once."""

    def __init__(self, history: History, now: int, settings: Settings, authority: str) -> None:
        self.history = history
        self.now = now
        self.settings = settings
        self.authority = authority
        self.zone = ZoneInfo(settings.site.timezone)
        self.steps: list[Step] = []
        self.releases: list[tuple[Arrived, Record | None]] = []
        self.waiting: dict[str, Waiting] = {}
        self.labels: list[tuple[int, tuple[Named, ...]]] = []
        self.ids: set[str] = set()
        self.permalinks: set[str] = set()
        self.moments: set[int] = set()
        self.touched = history.last_touched()
        self.released = max(now, history.last_released())
        self.sealed = int(history.meta("sealed") or 0)

    def settle(self, one: Arrived, record: Record | None) -> None:
        """Decide about one entry: to be released, kept, changed, held back or withdrawn."""
        entry = one.entry
        due, expires = _due(entry, record), _micros(entry.expires.due) if entry.expires else None
        if entry.draft:
            self._hold(record, expired=False)
        elif expires is not None and expires <= self.now:
            self._hold(record, expired=True)
        elif due is not None and due > self.now:
            self._wait(entry, due, f"entry {entry.title}")
            self._hold(record, expired=False)
        else:
            if expires is not None:
                self._wait(entry, expires, f"expiry of {entry.title}")
            if record is None:
                self.releases.append((one, None))
            else:
                self._keep(one, record)

    def _hold(self, record: Record | None, *, expired: bool) -> None:
        if record is not None and record.public:
            self.withdraw(record, expired=expired)

    def _wait(self, entry: Entry, at: int, why: str) -> None:
        known = self.waiting.get(entry.path)
        if known is None or at < known.at:
            self.waiting[entry.path] = Waiting(entry.path, at, why)

    def withdraw(self, record: Record, *, expired: bool) -> None:
        """Take an entry out of the public; its feeds say so for a while, unless it simply expired."""
        after = replace(
            record,
            withdrawn=self.now,
            tombstone=None if expired else self.now + TOMBSTONE_US,
            updated=self._instant(max(self.now, record.updated + SECOND)),
            touched=self._touch(),
            summary="",
            tags=(),
            cover=(),
            correction="",
        )
        self._step("withdrawn", record, after, notable=True)

    def finish(self) -> list[Step]:
        """All steps; new entries get their numbers here, in the order of their dates."""

        def by_date(item: tuple[int, tuple[Arrived, Record | None]]) -> tuple[int, int]:
            return _micros(item[1][0].entry.date.instant), -item[0]

        document, filled = self.history.last_document()
        seq = self.history.last_seq()
        # Ties of a day are settled in the order of the files, then numbers are given out by date.
        drafts = [self._new(one) for one, _ in self.releases]
        for index, (one, _) in sorted(enumerate(self.releases), key=by_date):
            seq += 1
            if document <= self.sealed:
                document, filled = self.sealed + 1, 0
            filled += 1
            if filled >= self.settings.feeds.size:
                self.sealed = document
            after = replace(drafts[index], seq=seq, document=document, touched=self._touch())
            self.labels.append((seq, labels_of(one.entry, self.settings)))
            self._step("new", None, after, entry=one.entry, notable=True)
        return self.steps

    def _new(self, one: Arrived) -> Record:
        entry = one.entry
        published = _micros(entry.date.instant)
        if entry.date.date_only:
            published = self._instant(min(published, self.now))
        updated = max(published, self._named_update(entry))
        if updated != published or not entry.date.date_only:
            updated = self._instant(updated)
        slug = entry.slug or "entry"
        entry_id = entry.id or identity.mint(self.authority, entry.date.day, slug, self._id_taken)
        self.ids.add(entry_id)
        return Record(
            seq=0, id=entry_id, slug=slug, permalink=self._permalink(entry, slug),
            published=published, updated=updated, released=self.released, document=0, touched=0,
            **self._described(one, published),
        )  # fmt: skip

    def _described(self, one: Arrived, published: int) -> dict[str, Any]:
        """The part of a record that follows the entry wherever the author takes it."""
        entry, cover = one.entry, one.entry.cover
        local = dates.from_micros(published).astimezone(self.zone)
        return {
            "path": entry.path, "anchor": entry.anchor, "hash": entry.hash, "body_hash": entry.body_hash,
            "dated": _micros(entry.date.instant), "day": entry.date.day, "key": one.key, "title": entry.title,
            "page_title": entry.page_title, "summary": entry.summary, "language": entry.language,
            "correction": entry.correction, "month": f"{local:%Y-%m}", "tags": entry.tags,
            "authors": entry.authors,
            "cover": (cover.url, cover.alt, cover.media_type, cover.width, cover.height) if cover else (),
        }  # fmt: skip

    def _keep(self, one: Arrived, record: Record) -> None:
        entry = one.entry
        self.labels.append((record.seq, labels_of(entry, self.settings)))
        published = record.published
        # A recovered record knows the day alone.
        if _micros(entry.date.instant) != record.dated if record.dated else entry.date.day != record.day:
            published = _micros(entry.date.instant)
            published = min(published, self.now) if entry.date.date_only else published
        described = self._described(one, published)
        kind, updated = self._judge(entry, record, published)
        if kind is None and any(described[name] != getattr(record, name) for name in _VISIBLE):
            kind = "revised"
        permalink, slug, redirects = self._moved(entry, record)
        after = replace(
            record, **{**described, "published": published, "updated": updated},
            permalink=permalink, slug=slug, withdrawn=None, tombstone=None,
            touched=self._touch() if updated != record.updated or not record.public else record.touched,
        )  # fmt: skip
        if kind is None and redirects:
            kind = "moved"
        if after != record or redirects:
            self._step(kind, record, after, entry=entry, redirects=redirects, notable=after.touched != record.touched)
        elif new := self._fresh_aliases(entry, record):
            self._step("moved", record, after, entry=entry, redirects=new)

    def _fresh_aliases(self, entry: Entry, record: Record) -> tuple[str, ...]:
        wanted = (identity.address(alias) for alias in entry.aliases)
        known = (record.permalink, *self.history.redirects_to(record.seq))
        return tuple(alias for alias in wanted if alias not in known and not links.is_reserved(alias))

    def _judge(self, entry: Entry, record: Record, published: int) -> tuple[Kind | None, int]:
        """What kind of change it is, and the ``updated`` that follows; it never goes back."""
        named = min(self._named_update(entry), max(self.now, published))
        corrected = bool(entry.correction) and entry.correction != record.correction
        changed = entry.hash != record.hash
        bumped = changed and self.settings.feeds.bump == "any"
        if not record.public:
            return "restored", self._instant(max(self.now, record.updated + SECOND))
        if corrected or bumped:
            wanted = max(self.now, record.updated + SECOND)
        else:
            wanted = max(record.updated, named, published)
        updated = record.updated if wanted == record.updated else self._instant(wanted)
        kind: Kind | None = "corrected" if corrected else "revised" if changed or updated != record.updated else None
        return kind, updated

    def _moved(self, entry: Entry, record: Record) -> tuple[str, str, tuple[str, ...]]:
        """Permalink and slug, fixed at first release; a later explicit change leaves a redirect."""
        fresh = self._fresh_aliases(entry, record)
        if entry.permalink:
            if identity.address(entry.permalink) == record.permalink:
                return record.permalink, record.slug, fresh
            permalink = self._permalink(entry, record.slug)
            return permalink, record.slug, (record.permalink, *fresh)
        if entry.slug_fixed and entry.slug and entry.slug != record.slug:
            permalink = self._permalink(entry, entry.slug, day=record.day)
            return permalink, entry.slug, (record.permalink, *fresh)
        return record.permalink, record.slug, fresh

    def _named_update(self, entry: Entry) -> int:
        return _micros(entry.updated.instant) if entry.updated else 0

    def _permalink(self, entry: Entry, slug: str, day: str = "") -> str:
        if entry.permalink:
            wanted = identity.address(entry.permalink)
        else:
            year, month, of_month = (day or entry.date.day).split("-")
            page = links.slugify(entry.path.rpartition("/")[2].rpartition(".")[0]) or "page"
            pattern = self.settings.entries.permalink
            wanted = identity.address(pattern.format(year=year, month=month, day=of_month, slug=slug, page=page))
        permalink = identity.unique(wanted, self._permalink_taken)
        self.permalinks.add(permalink.casefold())
        return permalink

    def _id_taken(self, entry_id: str) -> bool:
        return entry_id in self.ids or self.history.by_id(entry_id) is not None

    def _permalink_taken(self, permalink: str) -> bool:
        return (
            links.is_reserved(permalink)
            or permalink.casefold() in self.permalinks
            or self.history.by_permalink(permalink) is not None
        )

    def _instant(self, wanted: int) -> int:
        """``wanted`` to the second, or the next second no other entry has as its ``updated``."""
        instant = wanted - wanted % SECOND
        while instant in self.moments or self.history.updated_taken(instant):
            instant += SECOND
        self.moments.add(instant)
        return instant

    def _touch(self) -> int:
        self.touched += 1
        return self.touched

    def _step(
        self,
        kind: Kind | None,
        before: Record | None,
        after: Record,
        *,
        entry: Entry | None = None,
        redirects: tuple[str, ...] = (),
        notable: bool = False,
    ) -> None:
        url = links.url(self.settings.site.url, after.permalink)
        change = Change(kind, after.id, after.path, after.title, url, notable) if kind else None
        if before is None and entry is not None:
            aliases = (identity.address(alias) for alias in entry.aliases)
            redirects = tuple(alias for alias in aliases if not links.is_reserved(alias))
        self.steps.append(Step(change, before, after, redirects))


def labels_of(entry: Entry, settings: Settings) -> tuple[Named, ...]:
    """``(kind, slug, name)`` of the tags, authors and language of an entry, each once."""
    authors = entry.authors or ((settings.site.author,) if settings.site.author else ())
    language = entry.language or settings.site.language
    named = [
        *(("tag", links.segment(tag), tag) for tag in entry.tags),
        *(("author", links.segment(author), author) for author in authors),
        ("language", links.segment(language), language),
    ]
    unique = {(kind, slug): (kind, slug, name) for kind, slug, name in reversed(named) if slug}
    return tuple(sorted(unique.values()))


def _due(entry: Entry, record: Record | None) -> int | None:
    """From when the entry may be public; None when it is public and its date was not touched.

    A clock set back must never take back what is out, so the date of a public entry counts only when it was edited.
    """
    if record is not None and record.public and record.dated in {0, _micros(entry.date.instant)}:
        return None
    return _micros(entry.date.due)


def _micros(instant: datetime) -> int:
    return dates.to_micros(instant)
