"""feedgen 1.0.0, mended through its own extension hooks; nothing else in feeder calls it.

What it does wrong, and what is done about it (a test for each is in tests/feeds/test_traps.py):

- entry links lose ``rel``, ``type`` and ``length`` (its issue 135); the RSS channel link is the last link added;
  RSS authors without a mail address vanish; there is no ``fh:``, no stylesheet, no ``xml:lang`` of an entry:
  a format writes these elements itself, in ``on_feed`` and ``on_entry``;
- unset dates become ``now()``: every date is set or written by the format, and ``lastBuildDate`` is emptied;
- RSS dates call ``locale.setlocale``, which is not safe between threads: none is ever handed to it;
- one control character raises for the whole feed: formats hand over cleaned text only.

feedgen's elements have no namespace (``link``, not ``{…}link``), and the feed's hook runs before its entries exist.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from feedgen.entry import FeedEntry
from feedgen.ext.base import BaseEntryExtension, BaseExtension
from feedgen.feed import FeedGenerator
from lxml import etree

from feeder.feeds import languages, parts, text
from feeder.feeds.pieces import Pieces
from feeder.model import Feed, PublicEntry

Element: TypeAlias = etree._Element

XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
MEDIA = "http://search.yahoo.com/mrss/"

_NAME = "feeder"
_REFERENCES = {"<": "#x3C", "&": "#x26"}


class FeedHook(BaseExtension):  # type: ignore[misc]  # feedgen is not typed
    """Lets a format write into the root element, before there are entries."""

    namespaces: Mapping[str, str]
    write: Callable[[Element], None]

    def extend_ns(self) -> dict[str, str]:
        return dict(self.namespaces)

    def extend_atom(self, feed: Element) -> Element:
        self.write(feed)
        return feed

    extend_rss = extend_atom


class EntryHook(BaseEntryExtension):  # type: ignore[misc]  # feedgen is not typed
    """Lets a format write into the element of an entry."""

    entry: PublicEntry
    write: Callable[[Element, PublicEntry], None]

    def extend_atom(self, entry: Element) -> Element:
        self.write(entry, self.entry)
        return entry

    extend_rss = extend_atom


def generator(
    namespaces: Mapping[str, str],
    on_feed: Callable[[Element], None],
) -> FeedGenerator:
    """An empty feedgen feed whose root ``on_feed`` completes."""
    made = FeedGenerator()
    made._FeedGenerator__rss_lastBuildDate = None
    made.register_extension(_NAME, FeedHook, EntryHook)
    made.feeder.namespaces = namespaces
    made.feeder.write = on_feed
    return made


def add(
    made: FeedGenerator,
    entries: Iterable[PublicEntry],
    fill: Callable[[FeedEntry, PublicEntry], None],
    on_entry: Callable[[Element, PublicEntry], None],
) -> None:
    """Append entries: ``fill`` calls feedgen's setters, ``on_entry`` completes the element."""
    for entry in entries:
        added = made.add_entry(order="append")
        added.feeder.entry = entry
        added.feeder.write = on_entry
        fill(added, entry)


class Layout(NamedTuple):
    """How the elements of entries stand in a serialised feed."""

    opening: bytes
    """What each begins with, the line break before it included; nothing else begins so."""
    closing: bytes
    """What follows the last."""


def assembled(
    pieces: Pieces, feed: Feed, beside: Hashable, build: Callable[[Sequence[PublicEntry]], bytes], layout: Layout
) -> bytes:
    """A whole feed, of which ``build`` makes only the head and the entries that ``pieces`` has not.

    ``<`` stands in no text and no attribute of XML, so that a feed can be cut where an element begins.
    """
    heads: list[bytes] = []

    def make(entries: Sequence[PublicEntry]) -> Sequence[bytes]:
        head, *made = build(entries).removesuffix(layout.closing).split(layout.opening)
        heads.append(head)
        return made

    found = pieces.of(feed, beside, make)
    if not heads:
        make(())
    return layout.opening.join([heads[0], *found]) + layout.closing


def serialise(tree: etree._ElementTree) -> bytes:
    """The bytes of what ``_create_atom`` or ``_create_rss`` built, one element a line, for people and for diffs."""
    body: bytes = etree.tostring(tree, pretty_print=True, encoding="UTF-8", xml_declaration=True)
    return body


def style(root: Element, address: str) -> None:
    """Point browsers at a CSS, before the root element (XSLT is leaving browsers)."""
    if address:
        href = text.escape(address).replace('"', "&quot;")
        root.addprevious(etree.ProcessingInstruction("xml-stylesheet", f'type="text/css" href="{href}"'))


def leaf(parent: Element, tag: str, value: str, **attributes: str) -> None:
    """An element with text; none for an empty text."""
    if value:
        etree.SubElement(parent, tag, attributes).text = value


def refer(element: Element, value: str) -> None:
    """Text with ``<`` and ``&`` as hexadecimal references, which tell validators that they are meant as such."""
    if "<" not in value and "&" not in value:
        element.text = value
        return
    head, *tail = value.replace("<", "\0<").replace("&", "\0&").split("\0")
    element.text = head
    for piece in tail:
        reference = etree.Entity(_REFERENCES[piece[0]])
        reference.tail = piece[1:]
        element.append(reference)


def media(parent: Element, entry: PublicEntry) -> None:
    """The cover as a bare ``media:content`` (Media RSS 1.5.1), which readers show beside the title."""
    cover = entry.cover
    if cover is None or entry.withdrawn:
        return
    attributes = {"url": parts.web(cover.url), "medium": "image"}
    if parts.is_media_type(cover.media_type):
        attributes["type"] = cover.media_type
    if cover.width > 0 and cover.height > 0:
        attributes |= {"width": str(cover.width), "height": str(cover.height)}
    etree.SubElement(parent, f"{{{MEDIA}}}content", attributes)


def has_media(feed: Feed) -> bool:
    """Whether any entry needs the Media RSS namespace."""
    return any(
        entry.cover is not None or len(entry.enclosures) > 1 or not all(map(parts.is_enclosable, entry.enclosures))
        for entry in feed.entries
    )


def language(root: Element, feed: Feed) -> None:
    """``xml:lang`` of the whole feed."""
    if tag := languages.known(feed.language):
        root.set(XML_LANG, tag)
