"""Feeds: one module a format, and the table of them.

Every format is a module with ``NAME``, ``SUFFIX``, ``MEDIA_TYPE`` and ``render(feed) -> Iterator[Document]``.
A new format is one new file and one line here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from typing import Protocol, cast

from feeder import links
from feeder.model import Document, Feed

FORMATS = {
    "atom": "feeder.feeds.atom",
    "rss": "feeder.feeds.rss",
    "json": "feeder.feeds.jsonfeed",
}
"""Name of a format -> name of its module, which is imported when it is first used."""


class Format(Protocol):
    """What the module of a format offers."""

    NAME: str
    SUFFIX: str
    MEDIA_TYPE: str

    def render(self, feed: Feed) -> Iterator[Document]:
        """The documents of a feed in this format."""
        ...


def load(name: str) -> Format:
    """The module of a format, by its name in ``FORMATS``."""
    return cast("Format", import_module(FORMATS[name]))


def render(feed: Feed) -> Iterator[Document]:
    """A feed in every format, and again at each of its old addresses (``feed.also``)."""
    wanted: dict[str, list[str]] = {}
    for path in feed.also:
        wanted.setdefault(format_of(path), []).append(path)
    for name in FORMATS:
        for document in load(name).render(feed):
            yield document
            for path in wanted.get(name, ()):
                yield _copied(feed, document, path.lstrip("/"))


def _copied(feed: Feed, document: Document, path: str) -> Document:
    """The same document at another address, which it names as its own (``rel="self"``, ``feed_url``).

    Readers who subscribed there go on there; one that names another address makes validators warn.
    """
    old, new = (links.url(feed.site_url, place).encode() for place in (document.path, path))
    for before in (b'rel="self" href="', b'"feed_url": "'):
        if before + old in document.body:
            return replace(document, path=path, body=document.body.replace(before + old, before + new, 1))
    return replace(document, path=path)


def format_of(path: str) -> str:
    """Which format an old feed address had: ``atom.xml`` Atom, ``feed.json`` JSON, ``index.xml`` and the rest RSS."""
    name = path.lower()
    if name.endswith(".json"):
        return "json"
    return "atom" if "atom" in name else "rss"
