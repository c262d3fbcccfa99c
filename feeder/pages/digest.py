"""One digest as its page shows it."""

from __future__ import annotations

from typing import NamedTuple

from markupsafe import Markup

from feeder import items
from feeder.model import Digest, DigestLine, Image, PublicEntry
from feeder.pages import article
from feeder.pages.article import Attachment, Link, Time
from feeder.pages.content import fit
from feeder.pages.rows import Lister, Row, direction


class Part(NamedTuple):
    """One entry of a digest."""

    anchor: str
    href: str
    title: str
    lang: str
    """Empty where it is the digest's."""
    direction: str
    withdrawn: bool
    published: Time
    via: list[Link]
    correction: str
    cover: Image | None
    attachments: list[Attachment]
    content: Markup


def parts(digest: Digest, lister: Lister, root: str) -> list[Part]:
    """Its entries; an id that two of them have in their texts is told apart."""
    seen: set[str] = set()
    return [_part(number, entry, lister, root, seen) for number, entry in enumerate(digest.entries, 1)]


def _part(number: int, entry: PublicEntry, lister: Lister, root: str, seen: set[str]) -> Part:
    language = lister.language_of(entry)
    published, _ = article.times(entry, lister)
    text = items.with_own_ids(f"_{number}", entry, seen)
    text = fit(text, entry.url, table=lister.words.table, code=lister.words.code, top=2)
    shown = entry.cover is None or entry.cover.url in entry.html
    return Part(
        anchor=f"_entry-{number}",
        href=lister.address(entry.url, root),
        title=lister.words.withdrawn if entry.withdrawn else entry.title,
        lang="" if entry.withdrawn else language,
        direction=direction(language or lister.language),
        withdrawn=entry.withdrawn,
        published=published,
        via=article.sources(entry.via),
        correction=entry.correction,
        cover=None if shown else lister.image(entry.cover, root),
        attachments=list(article.attachments(entry.enclosures, lister, root)),
        content=Markup(text),  # noqa: S704  sanitised when it was read
    )


def row(line: DigestLine, lister: Lister, root: str) -> Row:
    """A digest as a line of a list."""
    language = "" if line.language.lower() == lister.language.lower() else line.language
    return Row(
        href=lister.address(line.url, root),
        title=line.title,
        datetime=line.at.isoformat(timespec="seconds"),
        date=lister.words.full_date(line.at),
        day=lister.words.short_date(line.at),
        lang=language,
        direction=direction(language or lister.language),
        summary="",
        correction="",
        cover=None,
    )
