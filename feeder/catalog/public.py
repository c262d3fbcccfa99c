"""Entries and feeds."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from feeder import dates, identity, items, links
from feeder.config import Settings
from feeder.history import History, Label, Record
from feeder.model import Enclosure, Entry, Feed, Headline, Image, PublicEntry, Reading
from feeder.scope import window_limits

T = TypeVar("T")
FOLDERS: Final = {"tag": "tags", "author": "authors", "language": "languages"}
_KEPT: Final = 64


class Catalog:
    """What is public, ready to be shown. ``load`` gives the reading a record was published from."""

    def __init__(
        self,
        settings: Settings,
        history: History,
        load: Callable[[Record], Reading],
        *,
        icon: str = "",
        style: str = "",
    ) -> None:
        self.settings = settings
        self.history = history
        self.site_url = settings.site.url
        self._load = load
        self._readings: OrderedDict[bytes, Reading] = OrderedDict()
        self._zone = ZoneInfo(settings.site.timezone)
        self._entries: OrderedDict[int, PublicEntry] = OrderedDict()
        self._addresses: dict[str, str | None] = {}
        self._icon = icon
        self._style = style

    def headline(self, record: Record) -> Headline:
        """A public entry as lists show it."""
        return Headline(
            id=record.id,
            url=self._url(record.permalink),
            title=self._title(record),
            published=self.local(record.published),
            updated=self.local(record.updated),
            language=record.language or self.settings.site.language,
            summary=record.summary,
            correction=record.correction,
            tags=record.tags,
            cover=self._cover(record),
        )

    def headlines(self, records: Sequence[Record]) -> list[Headline]:
        """Public entries as lists show them."""
        return [self.headline(record) for record in records]

    def entry(self, record: Record) -> PublicEntry:
        """A public or withdrawn entry, whole."""
        known = self._entries.get(record.seq)
        if known is None:
            known = self._public(record) if record.public else self._tombstone(record)
            self._entries[record.seq] = known
            if len(self._entries) > _KEPT:
                self._entries.popitem(last=False)
        return known

    def page(self, permalink: str, records: Sequence[Record]) -> PublicEntry:
        """The public items that stand on one page, newest first, as one entry; their ids in the page are anchors."""
        records = sorted(records, key=lambda record: (record.published, record.seq), reverse=True)
        entries = [self.entry(record) for record in records]
        newest = entries[0]
        return replace(
            newest,
            url=self._url(permalink),
            title=records[0].page_title or newest.title,
            short_title=records[0].page_title or newest.title,
            updated=max(entry.updated for entry in entries),
            correction="",
            cover=None,
            tags=_each(tag for entry in entries for tag in entry.tags),
            authors=_each(author for entry in entries for author in entry.authors),
            via=_each(via for entry in entries for via in entry.via),
            enclosures=_each(enclosure for entry in entries for enclosure in entry.enclosures),
            html=items.together([(r.permalink.partition("#")[2], e) for r, e in zip(records, entries, strict=True)]),
        )

    def source(self, record: Record) -> Entry:
        """The entry as its author wrote it, in the version that is public."""
        reading = self._readings.get(record.key)
        if reading is None:
            reading = self._readings[record.key] = self._load(record)
            if len(self._readings) > _KEPT:
                self._readings.popitem(last=False)
        for entry in reading.entries:
            if entry.anchor == record.anchor:
                return entry
        raise LookupError(f"{record.place} is not in the version of the file that is public")

    def _public(self, record: Record) -> PublicEntry:
        entry = self.source(record)
        headline = self.headline(record)
        return PublicEntry(
            **{name: getattr(headline, name) for name in Headline.__dataclass_fields__},
            path=record.place,
            released=dates.from_micros(record.released),
            short_title=record.title,
            html=self.absolute(entry.html),
            authors=record.authors or ((self.settings.site.author,) if self.settings.site.author else ()),
            via=entry.via,
            enclosures=tuple(self._enclosure(enclosure) for enclosure in entry.enclosures),
            hash=record.hash,
            number=record.seq,
            corrected=dates.from_micros(record.corrected) if record.corrected else None,
        )

    def _tombstone(self, record: Record) -> PublicEntry:
        language = record.language or self.settings.site.language
        gone = "已撤回" if language.lower().startswith("zh") else "Withdrawn"
        return PublicEntry(
            id=record.id,
            url=self._url(record.permalink),
            title=gone,
            short_title=gone,
            published=self.local(record.published),
            updated=self.local(record.updated),
            language=language,
            path=record.place,
            released=dates.from_micros(record.released),
            authors=(self.settings.site.author,) if self.settings.site.author else (),
            hash=record.hash,
            withdrawn=True,
            number=record.seq,
            corrected=dates.from_micros(record.corrected) if record.corrected else None,
        )

    def main_feed(self) -> Feed:
        """The feed of all entries."""
        return self._feed("feed", "", "", self.settings.site.title, "")

    def label_feed(self, label: Label) -> Feed:
        """The feed of one tag, author or language."""
        title = f"{self.settings.site.title} · {label.name}"
        feed = self._feed(folder(label.kind, label.slug) + "/feed", label.kind, label.slug, title, label.slug)
        return replace(feed, language=label.name) if label.kind == "language" else feed

    def archive(self, number: int) -> Feed:
        """An archive document: the entries released in a row, whatever became of them since."""
        records = [r for r in self.history.in_document(number) if r.public or r.tombstone is not None]
        records.sort(key=lambda record: (record.published, record.seq), reverse=True)
        path = f"archive/{number}"
        newest = [self.history.feed_updated(path), *(record.updated for record in records)]
        return replace(
            self.frame("feed", self.settings.site.title, ""),
            path=path,
            page_url=self.site_url,
            updated=self.local(max(newest) or self._fallback()),
            entries=tuple(self.entry(record) for record in records),
            current="feed",
            previous=f"archive/{number - 1}" if number > 1 else "",
        )

    def frames(self, labels: Sequence[Label]) -> list[Feed]:
        """All feeds without their entries, for lists of feeds."""
        site = self.settings.site
        found = [self.frame("feed", site.title, "")]
        for label in labels:
            place = folder(label.kind, label.slug)
            frame = self.frame(f"{place}/feed", f"{site.title} · {label.name}", f"{place}/")
            found.append(replace(frame, language=label.name) if label.kind == "language" else frame)
        return found

    def _feed(self, path: str, kind: str, slug: str, title: str, suffix: str) -> Feed:
        records = self.history.window(*window_limits(self.settings.feeds.size), kind=kind, slug=slug)
        newest = [self.history.feed_updated(path), *(record.updated for record in records)]
        sealed = int(self.history.meta("sealed") or 0)
        return replace(
            self.frame(path, title, f"{folder(kind, slug)}/" if suffix else ""),
            updated=self.local(max(newest) or self._fallback()),
            entries=tuple(self.entry(record) for record in records),
            previous=f"archive/{sealed}" if sealed and not suffix else "",
            also=() if suffix else self.settings.feeds.also,
        )

    def frame(self, path: str, title: str, page: str) -> Feed:
        """A feed without entries; ``page`` is the path of the page for people that shows the same."""
        site = self.settings.site
        return Feed(
            id=f"tag:{self.authority}:{links.encode(path)}",
            title=title,
            path=path,
            page_url=links.url(self.site_url, page),
            site_url=self.site_url,
            subtitle=site.description,
            language=site.language,
            author=site.author,
            email=site.email,
            rights=site.rights,
            icon=self._icon,
            hub=self.settings.feeds.hub,
            style_url=self._style,
            updated=self.local(self.history.feed_updated(path) or self._fallback()),
        )

    @property
    def authority(self) -> str:
        """Who mints ids here (RFC 4151), as this run settled it."""
        return self.history.meta("authority") or authority_of(self.settings, "")

    def _fallback(self) -> int:
        """A feed without any entry is as new as the first run."""
        return int(self.history.meta("first_run") or 0)

    def _url(self, path: str) -> str:
        return identity.url(self.site_url, path)

    def local(self, micros: int) -> datetime:
        """An instant in the site's zone, to the second."""
        return dates.from_micros(micros - micros % 1_000_000).astimezone(self._zone)

    def _title(self, record: Record) -> str:
        page = record.page_title
        if not page or not self.settings.entries.page_title or page in record.title:
            return record.title
        return f"{page}：{record.title}" if _is_cjk(page) else f"{page}: {record.title}"

    def _cover(self, record: Record) -> Image | None:
        if not record.cover:
            return None
        cover = Image(*record.cover)
        return replace(cover, url=self.absolute(cover.url))

    def _enclosure(self, enclosure: Enclosure) -> Enclosure:
        return replace(enclosure, url=self.absolute(enclosure.url))

    def absolute(self, text: str) -> str:
        """HTML, or an address, without the private ``feeder:/`` addresses."""
        return links.absolute(text, self.site_url, self._address)

    def _address(self, target: str) -> str | None:
        """The public address of ``PATH`` or ``PATH#ANCHOR``; None where nothing is public there."""
        if target not in self._addresses:
            path, _, anchor = target.partition("#")
            there = [record for record in self.history.at_path(path) if record.public]
            exact = [record for record in there if record.anchor == anchor]
            found = exact or ([] if anchor else there)
            self._addresses[target] = self._url(found[0].permalink) if found else None
        return self._addresses[target]


def _each(found: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(found))


def folder(kind: str, slug: str) -> str:
    """Where the pages and feeds of a label stand in ``out/``."""
    return f"{FOLDERS[kind]}/{slug}" if kind else ""


def authority_of(settings: Settings, year: str) -> str:
    """The authority that ids are minted under: the setting, or the host of the site with a year."""
    if settings.site.authority:
        return settings.site.authority
    host = settings.site.url.partition("//")[2].partition("/")[0].rpartition("@")[2].partition(":")[0].lower()
    return f"{host},{year}" if year else host


def has_real_url(settings: Settings) -> bool:
    """Whether the site's address is one that ids may carry for ever (RFC 6761 names those that are not)."""
    host = authority_of(settings, "").partition(",")[0]
    local = host.replace(".", "").isdigit() or host.startswith("[")
    return not local and host.rpartition(".")[2] not in {"localhost", "invalid", "test", "example", "local"}


def _is_cjk(text: str) -> bool:
    return any("\u2e80" <= char <= "\u9fff" or "\uac00" <= char <= "\ud7a3" for char in text)
