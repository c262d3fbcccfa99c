"""Entries as the templates see them in lists: dates in words, addresses relative to the page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, tzinfo
from itertools import groupby
from typing import NamedTuple

from feeder.model import Headline, Image
from feeder.pages.wording import Words

_RTL = frozenset({"ar", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})


class Row(NamedTuple):
    """One line of a list of entries."""

    href: str
    title: str
    datetime: str
    date: str
    day: str
    lang: str
    """Empty where the entry is in the site's language."""
    direction: str
    summary: str
    correction: str
    cover: Image | None
    """Its address is relative to the page."""


class Months(NamedTuple):
    """The entries of one month."""

    number: int
    name: str
    rows: list[Row]


def direction(language: str) -> str:
    """``rtl`` for languages written from right to left, else ``ltr``."""
    return "rtl" if language.lower().split("-")[0] in _RTL else "ltr"


def is_web(url: str) -> bool:
    """Whether an address may stand in a link: a browser runs what ``javascript:`` says."""
    return url[:8].lower().startswith(("http://", "https://"))


class Lister:
    """Turns entries into rows, for one site."""

    def __init__(self, site_url: str, language: str, zone: tzinfo, words: Words) -> None:
        self.site_url = site_url
        self.language = language
        self.zone = zone
        self.words = words

    def local(self, instant: datetime) -> datetime:
        """An instant in the site's zone."""
        return instant.astimezone(self.zone)

    def address(self, url: str, root: str) -> str:
        """An address of this site as a link from a page; any other as it is."""
        if url.startswith(self.site_url):
            return root + url[len(self.site_url) :]
        return url

    def language_of(self, entry: Headline) -> str:
        """The entry's language where it is not the site's, else empty."""
        language = entry.language
        return "" if language.lower() == self.language.lower() else language

    def row(self, entry: Headline, root: str) -> Row:
        """One entry, for a list on the page to which ``root`` belongs."""
        at = self.local(entry.published)
        language = self.language_of(entry)
        return Row(
            href=self.address(entry.url, root),
            title=entry.title,
            datetime=at.isoformat(timespec="seconds"),
            date=self.words.full_date(at),
            day=self.words.short_date(at),
            lang=language,
            direction=direction(language or self.language),
            summary=entry.summary,
            correction=entry.correction,
            cover=self.image(entry.cover, root),
        )

    def image(self, image: Image | None, root: str) -> Image | None:
        """A picture with an address relative to the page; None where there is none to show."""
        if image is None or not is_web(image.url):
            return None
        return Image(self.address(image.url, root), image.alt, image.media_type, image.width, image.height)

    def rows(self, entries: Iterable[Headline], root: str) -> list[Row]:
        """All of them, in the order given."""
        return [self.row(entry, root) for entry in entries]

    def months(self, entries: Iterable[Headline], root: str) -> Iterator[Months]:
        """Runs of entries published in the same month of the site's zone."""
        for number, run in groupby(entries, lambda entry: self.local(entry.published).month):
            yield Months(number, self.words.months[number - 1], self.rows(run, root))
