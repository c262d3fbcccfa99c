"""The feeds of a site, in the groups of the page on which people subscribe."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from feeder import links
from feeder.model import DigestList, Feed
from feeder.pages.wording import Words, language_name


class Address(NamedTuple):
    """A format's name and where that format of the feed is."""

    name: str
    url: str


class Offer(NamedTuple):
    """One feed on offer."""

    name: str
    page: str
    addresses: tuple[Address, ...]


class Group(NamedTuple):
    """Feeds of one kind; the main feed is a group without a name."""

    name: str
    offers: list[Offer]


class MailOffer(NamedTuple):
    """One list on offer; the addresses are empty where there is none."""

    name: str
    description: str
    frequency: str
    subscribe: str
    archive: str
    feed: str
    lang: str
    """Empty where the list is in the site's language."""


def mail_offers(lists: Iterable[DigestList], site_url: str, language: str, words: Words) -> list[MailOffer]:
    """The lists people can subscribe to, or look into."""
    return [
        MailOffer(
            name=one.title,
            description=one.description,
            frequency=words.frequency(one.frequencies, one.weekday),
            subscribe=one.subscribe_url,
            archive=one.page_url,
            feed=links.url(site_url, f"{one.feed}.atom") if one.feed else "",
            lang="" if one.language.lower() == language.lower() else one.language,
        )
        for one in lists
    ]


def _offer(feed: Feed, kind: str, site_url: str, main: str) -> Offer:
    stem = links.url(site_url, feed.path)
    formats = (("Atom", ".atom"), ("RSS", ".rss"), ("JSON", ".json"))
    name = language_name(feed.path.split("/")[1]) if kind == "languages" else feed.title.removeprefix(f"{main} · ")
    return Offer(name, feed.page_url, tuple(Address(label, stem + suffix) for label, suffix in formats))


def groups(feeds: Iterable[Feed], site_url: str, site_title: str, words: Words) -> list[Group]:
    """The main feed first, then those of tags, authors and languages; archive documents are left out.

    In a group, names are without the site's title (``芯片观察 · 推理`` is ``推理``).
    """
    names = {"": "", "tags": words.tags, "authors": words.authors, "languages": words.languages}
    found: dict[str, Group] = {kind: Group(name, []) for kind, name in names.items()}
    for feed in feeds:
        folder = feed.path.partition("/")[0]
        kind = folder if folder in found else ""
        if not feed.is_archive:
            found[kind].offers.append(_offer(feed, kind, site_url, site_title))
    return [group for group in found.values() if group.offers]
