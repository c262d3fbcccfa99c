"""RSS 2.0 as the RSS Advisory Board's Best Practices Profile asks for, with archives, hub and podcast tags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from feedgen.entry import FeedEntry
from lxml.etree import SubElement

from feeder.feeds import archive, languages, mended, moments, parts, podcast, text
from feeder.feeds.mended import Element
from feeder.feeds.pieces import Pieces
from feeder.model import Document, Enclosure, Feed, PublicEntry, Stage

NAME = "rss"
SUFFIX = "rss"
MEDIA_TYPE = "application/rss+xml"

_ATOM = "http://www.w3.org/2005/Atom"
_DC = "http://purl.org/dc/elements/1.1/"
_LINK = f"{{{_ATOM}}}link"
_UPDATED = f"{{{_ATOM}}}updated"
_CREATOR = f"{{{_DC}}}creator"
_ENCODED = "{http://purl.org/rss/1.0/modules/content/}encoded"
_IMAGES = (".png", ".jpg", ".jpeg", ".gif")


_LAYOUT = mended.Layout(b"\n    <item", b"\n  </channel>\n</rss>\n")
_pieces = Pieces()


def render(feed: Feed) -> Iterator[Document]:
    """The feed as one RSS document."""
    marked = podcast.is_marked(feed)
    body = mended.assembled(_pieces, feed, marked, partial(_build, feed, marked), _LAYOUT)
    yield Document(f"{feed.path}.{SUFFIX}", MEDIA_TYPE, body, Stage.FEED)


def _build(feed: Feed, marked: bool, entries: Sequence[PublicEntry]) -> bytes:
    """The feed with some of its entries; ``marked`` as a podcast or not."""
    made = mended.generator(_namespaces(feed), partial(_complete_channel, feed))
    made.title(parts.feed_title(feed))
    made.link(href=feed.page_url)
    made.description(text.one_line(feed.subtitle) or parts.feed_title(feed))
    made.generator(parts.GENERATOR)
    made.language(languages.known(feed.language) or None)
    mended.add(made, entries, _fill, partial(_complete_item, feed, marked))
    _, tree = made._create_rss()
    return mended.serialise(tree)


def _namespaces(feed: Feed) -> dict[str, str]:
    found = {"dc": _DC}
    if feed.is_archive:
        found["fh"] = archive.NAMESPACE
    if mended.has_media(feed):
        found["media"] = mended.MEDIA
    if podcast.is_marked(feed):
        found |= podcast.NAMESPACES
    return found


def _set_plain(element: Element, value: str) -> None:
    """Plain text where RSS leaves open whether it is HTML.

    ``<`` and ``&`` become character references (RSS Profile, "Character data"). What readers would take for HTML
    nevertheless, because of an end tag or an entity, is escaped once more.
    """
    mended.refer(element, text.escape(value) if text.is_sniffed(value) else value)


def _plain(parent: Element, tag: str, value: str) -> None:
    if value:
        _set_plain(SubElement(parent, tag), value)


def _complete_channel(feed: Feed, root: Element) -> None:
    """What the channel needs beyond ``title``, ``link``, ``description``, ``docs``, ``generator``, ``language``."""
    mended.style(root, feed.style_url)
    mended.language(root, feed)
    channel = root[0]
    _set_plain(channel[0], channel[0].text or "")
    _set_plain(channel[2], channel[2].text or "")
    channel[1].text = feed.page_url
    places = archive.places(feed, SUFFIX)
    SubElement(channel, _LINK, {"rel": "self", "href": places.own, "type": MEDIA_TYPE})
    for rel, href in places.links():
        SubElement(channel, _LINK, {"rel": rel, "href": href, "type": MEDIA_TYPE})
    if feed.hub and not feed.is_archive:
        SubElement(channel, _LINK, {"rel": "hub", "href": feed.hub})
    if feed.is_archive:
        SubElement(channel, f"{{{archive.NAMESPACE}}}archive")
    SubElement(channel, "lastBuildDate").text = moments.rfc822(feed.updated)
    mended.leaf(channel, _CREATOR, text.name(feed.author))
    _plain(channel, "copyright", text.one_line(feed.rights))
    if feed.icon.lower().endswith(_IMAGES):
        _image(channel, feed)
    if podcast.is_marked(feed):
        podcast.complete_channel(channel, feed)


def _image(channel: Element, feed: Feed) -> None:
    image = SubElement(channel, "image")
    SubElement(image, "url").text = feed.icon
    _plain(image, "title", parts.feed_title(feed))
    SubElement(image, "link").text = feed.page_url


def _fill(made: FeedEntry, entry: PublicEntry) -> None:
    made.title(parts.title(entry))
    made.guid(text.verbatim(entry.id), permalink=False)


def _complete_item(feed: Feed, marked: bool, item: Element, entry: PublicEntry) -> None:
    """What an item needs beyond what feedgen wrote: ``title`` and ``guid``."""
    if tag := parts.own_language(feed, entry, languages.known):
        item.set(mended.XML_LANG, tag)
    _set_plain(item[0], item[0].text or "")
    SubElement(item, "link").text = entry.url
    SubElement(item, "pubDate").text = moments.rfc822(entry.published)
    if entry.updated > entry.published:
        SubElement(item, _UPDATED).text = moments.atom(entry.updated)
    for name in parts.authors(feed, entry):
        SubElement(item, _CREATOR).text = name
    if not entry.withdrawn:
        _add_details(item, entry, marked)
    body = parts.content(entry)
    # Readers take the description for HTML; content:encoded may only follow it.
    SubElement(item, "description").text = text.escape(parts.summary(entry)) or text.escape(parts.title(entry))
    SubElement(item, _ENCODED).text = body
    mended.media(item, entry)


def _add_details(item: Element, entry: PublicEntry, marked: bool) -> None:
    for via in entry.via:
        title = text.one_line(via.title)
        named = {"title": title} if title and not text.is_suspect(title) else {}
        SubElement(item, _LINK, {"rel": "via", "href": parts.web(via.url), **named})
    for tag in parts.tags(entry):
        _plain(item, "category", tag)
    if entry.enclosures:
        _add_enclosures(item, entry.enclosures, marked)


def _add_enclosures(item: Element, enclosures: tuple[Enclosure, ...], marked: bool) -> None:
    """RSS has one enclosure an item: the first audio, else the first; the others stand as ``media:content``."""
    possible = [enclosure for enclosure in enclosures if parts.is_enclosable(enclosure)]
    main = next(filter(parts.is_audio, possible), possible[0] if possible else None)
    if main is not None:
        # RSS demands a length; the validator's UseZeroForUnknown says what to write where it is not known.
        attributes = {"url": parts.web(main.url), "length": str(max(main.length, 0)), "type": parts.media_type(main)}
        SubElement(item, "enclosure", attributes)
    for other in enclosures:
        if other is not main:
            size = {"fileSize": str(other.length)} if other.length > 0 else {}
            attributes = {"url": parts.web(other.url), "type": parts.media_type(other), **size}
            SubElement(item, f"{{{mended.MEDIA}}}content", attributes)
    if main is not None and marked:
        podcast.complete_item(item, main)
