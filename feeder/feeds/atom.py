"""Atom 1.0 (RFC 4287), with archives (RFC 5005) and a hub (WebSub)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from feedgen.entry import FeedEntry
from lxml.etree import SubElement

from feeder.feeds import archive, languages, mended, moments, parts, text
from feeder.feeds.mended import Element
from feeder.feeds.pieces import Pieces
from feeder.model import Document, Feed, PublicEntry, Stage

NAME = "atom"
SUFFIX = "atom"
MEDIA_TYPE = "application/atom+xml"


_LAYOUT = mended.Layout(b"\n  <entry", b"\n</feed>\n")
_pieces = Pieces()


def render(feed: Feed) -> Iterator[Document]:
    """The feed as one Atom document."""
    body = mended.assembled(_pieces, feed, None, partial(_build, feed), _LAYOUT)
    yield Document(f"{feed.path}.{SUFFIX}", MEDIA_TYPE, body, Stage.FEED)


def _build(feed: Feed, entries: Sequence[PublicEntry]) -> bytes:
    """The feed with some of its entries."""
    made = mended.generator(_namespaces(feed), partial(_complete_feed, feed))
    made.id(text.verbatim(feed.id))
    made.title(parts.feed_title(feed))
    made.updated(feed.updated)
    mended.add(made, entries, partial(_fill, feed), partial(_complete_entry, feed))
    _, tree = made._create_atom()
    return mended.serialise(tree)


def _namespaces(feed: Feed) -> dict[str, str]:
    found = {}
    if _is_marked(feed):
        found["fh"] = archive.NAMESPACE
    if mended.has_media(feed):
        found["media"] = mended.MEDIA
    return found


def _is_marked(feed: Feed) -> bool:
    """The validator calls an archive document without ``prev-archive`` incomplete, which the oldest one is not.

    That one has its ``current`` link alone, which tells readers as much.
    """
    return feed.is_archive and bool(feed.previous)


def _text(parent: Element, tag: str, value: str) -> None:
    """A text construct (RFC 4287 section 3.1); ``type="html"`` where plain text would be taken for markup."""
    if value:
        _set_text(SubElement(parent, tag), value)


def _set_text(element: Element, value: str) -> None:
    if text.is_markup(value):
        element.set("type", "html")
        value = text.escape(value)
    element.text = value


def _link(parent: Element, rel: str, href: str, **attributes: str) -> None:
    SubElement(parent, "link", {"rel": rel, "href": href, **attributes})


def _author(parent: Element, name: str) -> None:
    if name:
        mended.refer(SubElement(SubElement(parent, "author"), "name"), name)


def _complete_feed(feed: Feed, root: Element) -> None:
    """What the feed element needs beyond what feedgen wrote: ``id``, ``title``, ``updated`` and ``generator``."""
    mended.style(root, feed.style_url)
    mended.language(root, feed)
    for made in root:
        if made.tag == "title":
            _set_text(made, made.text or "")
        elif made.tag == "updated":
            made.text = moments.atom(feed.updated)
        elif made.tag == "generator":
            made.text = parts.GENERATOR
            made.attrib.clear()
    places = archive.places(feed, SUFFIX)
    if _is_marked(feed):
        SubElement(root, f"{{{archive.NAMESPACE}}}archive")
    _link(root, "self", places.own, type=MEDIA_TYPE)
    _link(root, "alternate", feed.page_url, type="text/html")
    for rel, href in places.links():
        _link(root, rel, href, type=MEDIA_TYPE)
    if feed.hub and not feed.is_archive:
        _link(root, "hub", feed.hub)
    _author(root, text.name(feed.author) or text.name(feed.title) or feed.page_url)
    _text(root, "subtitle", text.one_line(feed.subtitle))
    _text(root, "rights", text.one_line(feed.rights))
    mended.leaf(root, "icon", feed.icon)


def _fill(feed: Feed, made: FeedEntry, entry: PublicEntry) -> None:
    made.id(parts.atom_id(feed, entry))
    made.title(parts.title(entry))
    made.updated(entry.updated)
    made.content(parts.content(entry), type="html")


def _complete_entry(feed: Feed, element: Element, entry: PublicEntry) -> None:
    """What an entry needs beyond what feedgen wrote: ``id``, ``title``, ``updated`` and ``content``, in this order."""
    if tag := parts.own_language(feed, entry, languages.known):
        element.set(mended.XML_LANG, tag)
    title, updated, content = element[1], element[2], element[3]
    _set_text(title, title.text or "")
    updated.text = moments.atom(entry.updated)
    # The text before the long part: whoever opens the source sees what the entry is.
    element.remove(content)
    SubElement(element, "published").text = moments.atom(entry.published)
    _link(element, "alternate", entry.url, type="text/html")
    for name in parts.authors(feed, entry):
        _author(element, name)
    if not entry.withdrawn:
        _add_details(element, entry)
    element.append(content)
    mended.media(element, entry)


def _add_details(element: Element, entry: PublicEntry) -> None:
    for via in entry.via:
        title = text.one_line(via.title)
        _link(element, "via", parts.web(via.url), **({"title": title} if title and not text.is_markup(title) else {}))
    for enclosure in entry.enclosures:
        length = {"length": str(enclosure.length)} if enclosure.length > 0 else {}
        _link(element, "enclosure", parts.web(enclosure.url), type=parts.media_type(enclosure), **length)
    for tag in parts.tags(entry):
        SubElement(element, "category", {"term": tag})
    _text(element, "summary", parts.summary(entry))
