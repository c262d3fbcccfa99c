"""Digests as their pages and feeds show them: what stood in each, in the text of today."""

from __future__ import annotations

import html
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from itertools import count
from typing import Final
from zoneinfo import ZoneInfo

from feeder import dates, identity, links
from feeder.catalog.public import Catalog
from feeder.config import MailingList, Settings
from feeder.history import DigestRecord, Record
from feeder.model import Digest, DigestLine, DigestList, Feed, Headline, PublicEntry
from feeder.scope import archives

SECOND: Final = 1_000_000
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SUMMARISED: Final = 5
"""Entries whose titles stand for a digest."""
_TELLING: Final = 8
"""So many characters of a title in a subject are no accident."""


class Digests:
    """The digests that have pages."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.settings: Settings = catalog.settings
        self.history = catalog.history
        self._lists = {one.name: one for one in self.settings.lists}

    @cached_property
    def archives(self) -> frozenset[str]:
        """Names of the lists whose digests have pages."""
        return frozenset(archives(self.history, self.settings))

    def about(self, name: str) -> DigestList:
        """What pages say of a list; of one that is no longer in the settings, little."""
        known, site = self._lists.get(name), self.settings.site
        kept = name in self.archives
        return DigestList(
            name=name,
            title=(known.title or site.title) if known else name,
            description=known.description if known else "",
            language=(known.language if known else "") or site.language,
            page_url=links.url(self.catalog.site_url, f"digests/{name}/") if kept else "",
            feed=f"digests/{name}/feed" if kept else "",
            subscribe_url=f"{self.settings.web.url}subscribe/{name}" if known and self.settings.web.url else "",
            frequencies=_frequencies(known) if known else (),
            weekday=WEEKDAYS.index(known.weekday) if known else 0,
        )

    def lists(self) -> list[DigestList]:
        """All lists of the settings that people can subscribe to or look into, and the older ones with digests."""
        names = dict.fromkeys([*self._lists, *archives(self.history, self.settings)])
        return [one for one in map(self.about, names) if one.page_url or one.subscribe_url]

    def line(self, record: DigestRecord) -> DigestLine:
        """A digest as lists of digests show it."""
        return DigestLine(
            url=self._url(record), title=self._title(record), at=self._at(record), language=record.language
        )

    def lines(self, name: str, most: int = -1) -> list[DigestLine]:
        """The digests of a list, the newest first; ``most`` of them, or all."""
        return [self.line(record) for record in self.history.digests(name, most)]

    def digest(self, record: DigestRecord) -> Digest:
        """A digest, whole, between its neighbours."""
        older, newer = self.history.digests_beside(record)
        return Digest(
            url=self._url(record),
            title=self._title(record),
            at=self._at(record),
            language=record.language,
            list=self.about(record.list),
            preface=self.catalog.absolute(record.preface),
            entries=tuple(map(self.catalog.entry, self._records(record.entries))),
            corrections=tuple(self.catalog.entry(one) for one in self._records(record.corrections) if _tells(one)),
            older=self.line(older) if older else None,
            newer=self.line(newer) if newer else None,
        )

    def feed(self, name: str) -> Feed:
        """The feed of a list's digests: an entry is a digest, as a list of what stood in it."""
        records = self.history.digests(name, self.settings.feeds.size)
        told = self.moments(name)
        entries = tuple(self._entry(record, told[record.path]) for record in records)
        frame = self.frame(self.about(name))
        return replace(frame, entries=entries, updated=max([frame.updated, *(entry.updated for entry in entries)]))

    def moments(self, name: str) -> dict[str, int]:
        """When each digest in the feed of a list last changed in a way readers should notice, by its page.

        Withdrawals and corrections of its entries count. What readers were told never goes back, and no two say the
        same; hence what is given here is to be remembered as soon as the feed is public.
        """
        records = self.history.digests(name, self.settings.feeds.size)
        told = {record.path: self.history.feed_updated(record.path) for record in records}
        for record in reversed(records):
            wanted = self._befell(record)
            if wanted > told[record.path]:
                others = {at for path, at in told.items() if path != record.path}
                told[record.path] = next(at for at in count(wanted, SECOND) if at not in others)
        return told

    def frame(self, one: DigestList) -> Feed:
        """The feed of a list's digests, without its entries."""
        title = one.title if one.title == self.settings.site.title else f"{self.settings.site.title} · {one.title}"
        return replace(
            self.catalog.frame(one.feed, title, f"digests/{one.name}/"),
            subtitle=one.description,
            language=one.language,
        )

    def frames(self) -> list[Feed]:
        """The feeds of the digests of all lists, without their entries."""
        return [self.frame(one) for one in self.lists() if one.feed]

    def _entry(self, record: DigestRecord, updated: int) -> PublicEntry:
        entries, corrections = (
            self.catalog.headlines([one for one in self._records(ids) if one.public])
            for ids in (record.entries, record.corrections)
        )
        site = self.settings.site
        return PublicEntry(
            id=identity.of_digest(self.catalog.authority, record.path),
            url=self._url(record),
            title=self._title(record),
            published=self.catalog.local(record.until),
            updated=self.catalog.local(updated),
            language=record.language,
            summary=" · ".join(entry.title for entry in entries[:SUMMARISED]),
            path="",
            released=dates.from_micros(record.made),
            html=_listed(self.catalog.absolute(record.preface), entries, corrections, record.language),
            authors=(site.author,) if site.author else (),
        )

    def _records(self, ids: tuple[str, ...]) -> list[Record]:
        found = (self.history.by_id(entry_id) for entry_id in ids)
        return [record for record in found if record is not None]

    def _url(self, record: DigestRecord) -> str:
        return links.url(self.catalog.site_url, f"{record.path}/")

    def _at(self, record: DigestRecord) -> datetime:
        known = self._lists.get(record.list)
        zone = ZoneInfo((known.timezone if known else "") or self.settings.site.timezone)
        return dates.from_micros(record.until).astimezone(zone)

    def _title(self, record: DigestRecord) -> str:
        """The subject, unless it would still tell what was withdrawn since."""
        gone = self.history.withdrawn_from(record.number)
        if record.subject and not any(_is_told(title, record.subject) for title in gone):
            return record.subject
        return f"{self.about(record.list).title} {self._at(record):%Y-%m-%d}"

    def _befell(self, record: DigestRecord) -> int:
        """The newest of its own instant and those of its entries, to the second."""
        newest = max(record.until, self.history.touched_in(record.number))
        return newest - newest % SECOND


def _frequencies(known: MailingList) -> tuple[str, ...]:
    return tuple(dict.fromkeys((known.frequency, *known.allowed)))


def _tells(record: Record) -> bool:
    return record.public and bool(record.correction)


def _is_told(title: str, subject: str) -> bool:
    start = "".join(title.split())[:_TELLING]
    return bool(start) and start in "".join(subject.split())


def _listed(preface: str, entries: list[Headline], corrections: list[Headline], language: str) -> str:
    """What stood in a digest as HTML: titles that lead to the entries, with their summaries."""
    parts = [preface] if preface else []
    for entry in entries:
        summary = f"\n<p>{html.escape(entry.summary, quote=False)}</p>" if entry.summary else ""
        parts.append(f"<h2>{_link(entry)}</h2>{summary}")
    rows = [f"<li>{_link(e)}: {html.escape(e.correction, quote=False)}</li>" for e in corrections if e.correction]
    if rows:
        word = "更正" if language.lower().startswith("zh") else "Corrections"
        parts += [f"<h2>{word}</h2>", "<ul>", *rows, "</ul>"]
    return "\n".join(parts)


def _link(entry: Headline) -> str:
    return f'<a href="{html.escape(entry.url)}">{html.escape(entry.title, quote=False)}</a>'
