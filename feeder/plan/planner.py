"""What becomes of each entry: released, kept, changed, held back or withdrawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from feeder import dates, identity, links
from feeder.config import Settings
from feeder.history import BACK_DATED, TOMBSTONE_US, History, Record, Waiting
from feeder.model import Entry
from feeder.plan.addresses import Addresses
from feeder.plan.values import Arrived, Change, Kind, Named, Step

SECOND: Final = 1_000_000
_NEAR: Final = 600 * SECOND
"""So far may ``updated`` be from what was wanted, where other entries have those instants."""
_AHEAD: Final = 86_400 * SECOND
"""A clock ran ahead of this one where digests were cut so much later."""
_RESTING: Final = 400 * 86_400 * SECOND
"""So long nothing may have run; a last run before that had a clock that was never set."""
_ENTRY: Final = "entry "
"""So begins what is said of an entry that waits for its date."""
_VISIBLE: Final = ("title", "page_title", "summary", "language", "correction", "tags", "authors", "cover")


class Planner:
    """Gives out numbers, instants and addresses, each once."""

    def __init__(
        self,
        history: History,
        now: int,
        settings: Settings,
        authority: str,
        mailed: Callable[[str], int | None],
        ahead: frozenset[str] | None = None,
    ) -> None:
        self.history = history
        self.ahead = ahead
        self.mailed = mailed
        self.now = now
        self.settings = settings
        self.authority = authority
        self.zone = ZoneInfo(settings.site.timezone)
        self.steps: list[Step] = []
        self.releases: list[Arrived] = []
        self.waiting: dict[str, Waiting] = {}
        self.labels: list[tuple[int, tuple[Named, ...]]] = []
        self.addresses = Addresses(history, settings)
        self.ids: set[str] = set()
        self.next_free: dict[int, int] = {}
        self.touched = history.last_touched()
        cut = int(history.meta("cut") or 0)
        """Digests are cut up to here; what came out at the same instant would never be in one."""
        self.ran = max(history.last_released(), cut, int(history.meta("clock") or 0))
        """The latest instant at which there was a run, as far as it is known to the day."""
        self.released = max(now, history.last_released(), cut + 1)
        self.corrected = max(self.released, history.last_corrected())
        self.sealed = int(history.meta("sealed") or 0)
        self.other_zone = history.meta("timezone") not in {"", settings.site.timezone}

    def settle(self, one: Arrived, record: Record | None) -> None:
        """Decide about one entry: to be released, kept, changed, held back or withdrawn."""
        entry = one.entry
        due, expires = self._due(entry, record), _micros(entry.expires.due) if entry.expires else None
        if entry.draft:
            self._hold(record, expired=False)
        elif expires is not None and expires <= self.now:
            self._hold(record, expired=True)
        elif due is not None and due > self.now:
            self._wait(entry, due, f"{_ENTRY}{entry.title}")
            self._hold(record, expired=False)
        else:
            if expires is not None:
                self._wait(entry, expires, f"expiry of {entry.title}")
            if entry.updated and (at := _micros(entry.updated.due)) > self.now:
                self._wait(entry, at, f"update of {entry.title}")
            if record is None:
                self.releases.append(one)
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
            tombstone=None if expired or self._only_shown(record) else self.now + TOMBSTONE_US,
            updated=self._instant(max(self.now, record.updated + SECOND)),
            touched=self._touch(),
            summary="",
            tags=(),
            cover=(),
        )
        self._step("withdrawn", record, after)

    def finish(self) -> list[Step]:
        """All steps; new entries get their numbers here, in the order of their dates."""
        document, filled = self.history.last_document()
        if document > self.sealed and filled >= self.settings.feeds.size:
            self.sealed = document  # it was not full by an earlier `size`
        seq = self.history.last_seq()
        # Ties of a day are settled in the order of the files, then numbers are given out by date.
        self.ids.update(one.entry.id for one in self.releases)
        drafts = [self._new(one) for one in self.releases]
        order = range(len(drafts))
        for index in sorted(order, key=lambda i: (_micros(self.releases[i].entry.date.instant), -i)):
            seq += 1
            if document <= self.sealed:
                document, filled = self.sealed + 1, 0
            filled += 1
            if filled >= self.settings.feeds.size:
                self.sealed = document
            entry = self.releases[index].entry
            after = replace(drafts[index], seq=seq, document=document, touched=self._touch())
            self.labels.append((seq, labels_of(entry, self.settings)))
            redirects = self.addresses.redirects(entry, 0, (after.permalink,))
            self._step("new", None, after, redirects=redirects)
        return self.steps

    def _new(self, one: Arrived) -> Record:
        entry = one.entry
        published = _micros(entry.date.instant)
        if entry.date.date_only:
            published = self._instant(min(published, self.now))
        updated = max(published, self._named_update(entry, 0))
        if updated != published or not entry.date.date_only:
            updated = self._instant(updated)
        slug = entry.slug or "entry"
        entry_id = self._id_of(entry)
        return Record(
            seq=0, id=entry_id, slug=slug, permalink=self.addresses.of_new(entry, slug),
            published=published, updated=updated, released=self._first_released(entry_id), document=0, touched=0,
            **{**self._described(one, published), "mail": self._mail(one, published)},
        )  # fmt: skip

    def _mail(self, one: Arrived, published: int, record: Record | None = None) -> bool | None:
        """Whether it is to be mailed; None: as its age says.

        What came out late is as new for that: where a clock ran ahead, and where it waited for its date, and nothing
        ran when that came.
        """
        if one.entry.mail is not None:
            return one.entry.mail
        if record is not None and record.public:
            return record.mail or None
        old = self.now - published > BACK_DATED
        late = self._has_waited(one.entry) if old else self.released - self.now >= _AHEAD
        return True if late else None

    def _has_waited(self, entry: Entry) -> bool:
        """Whether an earlier run knew it, before it was due, and none came since.

        By a clock that was far behind, an import waited as well: by that of other runs it was due long before.
        """
        known = self.history.waiting_at(entry.path)
        if known is None or not known.why.startswith(_ENTRY) or known.at > _micros(entry.date.due):
            return False
        return self.ran < known.at and self.now - self.ran <= _RESTING

    def _described(self, one: Arrived, published: int) -> dict[str, Any]:
        """The part of a record that follows the entry wherever the author takes it."""
        entry, cover = one.entry, one.entry.cover
        local = dates.from_micros(published).astimezone(self.zone)
        return {
            "path": entry.path, "anchor": entry.anchor, "hash": entry.hash, "body_hash": entry.body_hash,
            "dated": _micros(entry.date.instant), "day": entry.date.day, "key": one.key, "title": entry.title,
            "page_title": entry.page_title, "summary": entry.summary, "language": entry.language,
            "correction": entry.correction, "month": f"{local:%Y-%m}", "tags": entry.tags,
            "authors": entry.authors, "lists": entry.lists, "mail": entry.mail,
            "cover": (cover.url, cover.alt, cover.media_type, cover.width, cover.height) if cover else (),
        }  # fmt: skip

    def _keep(self, one: Arrived, record: Record) -> None:
        entry = one.entry
        self.labels.append((record.seq, labels_of(entry, self.settings)))
        published = record.published
        if self._redated(entry, record):
            published = _micros(entry.date.instant)
            published = min(published, self.now) if entry.date.date_only else published
        described = self._described(one, published)
        kind, updated = self._judge(entry, record, published)
        if kind is None and record.key and any(described[name] != getattr(record, name) for name in _VISIBLE):
            kind = "revised"
        address = self.addresses.of_shown if self._only_shown(record) else self.addresses.of_known
        permalink = address(entry, record)
        known = (permalink, record.permalink, *self.history.redirects_to(record.seq))
        redirects = self.addresses.redirects(entry, record.seq, known)
        slug = record.slug
        if permalink != record.permalink:
            redirects = (record.permalink, *redirects)
            slug = slug if entry.permalink else entry.slug
        if self._only_shown(record) and (entry.id or permalink != record.permalink):
            record = replace(record, id=self._id_of(entry))
        after = replace(
            record,
            **{**described, "published": published, "updated": updated, "mail": self._mail(one, published, record)},
            permalink=permalink, slug=slug, withdrawn=None, tombstone=None,
            touched=self._touch() if updated != record.updated or not record.public else record.touched,
            corrected=self.corrected if _newly_corrected(entry, record) else record.corrected,
            released=self._released_again(record),
        )  # fmt: skip
        if kind is None and redirects:
            kind = "moved"
        if after != record or redirects:
            self._step(kind, record, after, redirects=redirects)

    def _only_shown(self, record: Record) -> bool:
        """Whether it is public in a preview alone."""
        return self.ahead is not None and record.id not in self.ahead

    def _first_released(self, entry_id: str) -> int:
        """Now; or, where the history was lost and a digest had the entry, when that was: nobody gets it twice."""
        return self.mailed(entry_id) or self.released

    def _released_again(self, record: Record) -> int:
        """Taken back by mistake before any digest had it, and put out again: it counts as released now."""
        if self._only_shown(record):
            return self.released
        return record.released if record.public or self.mailed(record.id) is not None else self.released

    def _redated(self, entry: Entry, record: Record) -> bool:
        """Whether the author wrote another date; what another zone makes of the same words does not count."""
        if not record.dated:  # a recovered record knows the day alone
            return entry.date.day != record.day
        return _micros(entry.date.instant) != record.dated and not self.other_zone

    def _due(self, entry: Entry, record: Record | None) -> int | None:
        """From when the entry may be public; None when it is public and its date was not touched.

        A clock set back must never take back what is out: the date of a public entry counts only when it was edited.
        """
        if record is not None and record.public and not (record.dated and self._redated(entry, record)):
            return None
        return _micros(entry.date.due)

    def _judge(self, entry: Entry, record: Record, published: int) -> tuple[Kind | None, int]:
        """What kind of change it is, and the ``updated`` that follows; it never goes back."""
        if self._only_shown(record):
            return self._judge_shown(entry, record, published)
        named = self._named_update(entry, record.updated)
        corrected = _newly_corrected(entry, record)
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

    def _judge_shown(self, entry: Entry, record: Record, published: int) -> tuple[Kind | None, int]:
        """Likewise of one that a preview alone has shown: it is as new as ever, whatever became of it meanwhile."""
        wanted = max(published, self._named_update(entry, 0))
        same = wanted <= record.updated < wanted + _NEAR
        changed = entry.hash != record.hash or not record.public
        return ("revised" if changed or not same else None), record.updated if same else self._instant(wanted)

    def _named_update(self, entry: Entry, known: int) -> int:
        """The ``updated`` that the author wrote; 0 where there is none, or ``known`` says the same."""
        written = entry.updated
        if written is None or _micros(written.due) > self.now:
            return 0
        if not written.date_only:
            return _micros(written.instant)
        # A day without a time is over with the first run on it, or each run of that day would find a later moment.
        return 0 if known and self._day(known) >= written.day else min(_micros(written.instant), self.now)

    def _day(self, micros: int) -> str:
        return dates.from_micros(micros).astimezone(self.zone).date().isoformat()

    def _id_of(self, entry: Entry) -> str:
        """The id of an entry that has none yet: its author's, else a new one."""
        given = entry.id or identity.mint(self.authority, entry.date.day, entry.slug or "entry", self._id_taken)
        self.ids.add(given)
        return given

    def _id_taken(self, entry_id: str) -> bool:
        return entry_id in self.ids or self.history.by_id(entry_id) is not None

    def _instant(self, wanted: int) -> int:
        """``wanted`` to the second, or the next second no other entry has as its ``updated``."""
        instant, passed = wanted - wanted % SECOND, []
        while instant in self.next_free or self.history.updated_taken(instant):
            passed.append(instant)
            instant = self.next_free.get(instant, instant + SECOND)
        # Thousands of entries may share a day; each starts where the one before it ended.
        for second in (*passed, instant):
            self.next_free[second] = instant + SECOND
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
        redirects: tuple[str, ...] = (),
    ) -> None:
        url = identity.url(self.settings.site.url, after.permalink)
        change = Change(kind, after.id, after.path, after.title, url) if kind else None
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


def _newly_corrected(entry: Entry, record: Record) -> bool:
    # A recovered record does not know which correction was told.
    return bool(entry.correction) and entry.correction != record.correction and bool(record.key)


def _micros(instant: datetime) -> int:
    return dates.to_micros(instant)
