"""Entries as the templates of mail see them: every address absolute, every text on one line, dates in words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Final

from markupsafe import Markup

from feeder import dates, links
from feeder.mail.compose import plaintext
from feeder.mail.compose.content import for_mail, picture, scaled, web_or_mail
from feeder.mail.compose.shrinking import Level
from feeder.mail.compose.subjects import line, shortened
from feeder.mail.compose.wording import MailWords
from feeder.model import Image, PublicEntry
from feeder.pages.article import Attachment, Link, attachments, labels, sources
from feeder.pages.rows import Lister, direction
from feeder.pages.wording import words as page_words

LONGEST_SUMMARY: Final = 400
LONGEST_TITLE: Final = 300
MOST_TAGS: Final = 20
MOST_VIEWS: Final = 500
LONGEST_CORRECTION: Final = 2_000

_SCRIPTS = {"zh": "zh", "ja": "ja", "ko": "ko"}
_HANT = frozenset({"hant", "tw", "hk", "mo"})


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """An entry in a digest."""

    title: str
    href: str
    date: str
    """In words, in the list's zone."""
    lang: str
    """Empty where it is that of the digest."""
    direction: str
    """``ltr`` or ``rtl``."""
    script: str
    """The class with the fonts of its language."""
    authors: list[str]
    tags: list[Link]
    via: list[Link]
    cover: Image | None
    attachments: list[Attachment]
    content: Markup
    """Safe HTML; empty where the entry is shrunk."""
    text: str
    """The same as plain text, in lines of 76 columns."""
    summary: str
    cut: bool
    """There is more to read at ``href``."""
    correction: str


class Viewer:
    """Turns entries into what the templates of one digest see."""

    def __init__(self, site_url: str, language: str, zone: tzinfo, t: MailWords) -> None:
        self.language = language
        self.t = t
        self._site_url = site_url
        self.calendar = page_words(language)
        self._views: dict[PublicEntry, EntryView] = {}
        """The digests of many choices of tags are made of the same entries."""
        self._lister = Lister(site_url, language, zone, self.calendar)

    def local(self, micros: int) -> datetime:
        """An instant (microseconds since the epoch) in the list's zone."""
        return self._lister.local(dates.from_micros(micros))

    def view(self, entry: PublicEntry) -> EntryView:
        """An entry, whole."""
        known = self._views.get(entry)
        if known is None:
            if len(self._views) >= MOST_VIEWS:
                self._views.clear()
            known = self._views[entry] = self._view(entry)
        return known

    def _view(self, entry: PublicEntry) -> EntryView:
        lister = self._lister
        language = lister.language_of(entry)
        return EntryView(
            title=shortened(line(entry.title), LONGEST_TITLE),
            href=web_or_mail(entry.url),
            date=self.calendar.full_date(lister.local(entry.published)),
            lang=line(language),
            direction=direction(language or self.language),
            script=script(language or self.language),
            authors=[line(author) for author in entry.authors],
            tags=[
                Link(line(tag.name), links.iri(tag.href))
                for tag in labels("tag", entry.tags[:MOST_TAGS], self._site_url)
            ],
            via=[Link(line(source.name), web_or_mail(source.href)) for source in sources(entry.via)],
            cover=_cover(entry, self._site_url),
            attachments=[
                one._replace(name=line(one.name), href=web_or_mail(one.href))
                for one in attachments(entry.enclosures, lister, self._site_url)
            ],
            # Made anew from an allow-list.
            content=Markup(for_mail(entry.html, self.t, self._site_url)),  # noqa: S704
            text=plaintext.of_html(entry.html, self.t),
            summary=shortened(line(entry.summary), LONGEST_SUMMARY),
            cut=False,
            correction=shortened(line(entry.correction), LONGEST_CORRECTION),
        )


def script(language: str) -> str:
    """Which fonts a language needs: ``zh``, ``hant``, ``ja``, ``ko``, or ``latin`` for all others."""
    main, *rest = language.lower().replace("_", "-").split("-")
    if main == "zh" and _HANT.intersection(rest):
        return "hant"
    return _SCRIPTS.get(main, "latin")


def _cover(entry: PublicEntry, site_url: str) -> Image | None:
    cover = entry.cover
    # A cover that the text shows too is not shown twice.
    shown = picture(cover.url, site_url) if cover is not None and cover.url not in entry.html else ""
    if cover is None or not shown:
        return None
    wide, high = scaled(str(cover.width), str(cover.height))
    return Image(shown, line(cover.alt), cover.media_type, wide, high)


def is_shorter(entry: EntryView) -> bool:
    """Whether its summary says clearly less than the entry, so that shrinking it helps."""
    return len(entry.content) > len(entry.summary) + 200


def shown(entry: EntryView, level: Level) -> EntryView:
    """The entry at a level of shrinking; one that has hardly more than its summary stays whole."""
    if level is Level.FULL or (level is Level.SUMMARY and not is_shorter(entry)):
        return entry
    small = replace(entry, content=Markup(""), text="", cut=True)
    if level is Level.SUMMARY:
        return small
    return replace(small, correction="", summary="", cover=None, attachments=[], via=[], tags=[], authors=[])
