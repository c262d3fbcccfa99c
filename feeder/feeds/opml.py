"""OPML 2.0 (http://opml.org/spec2.opml): all feeds of a publication, to be imported by a reader at once."""

from __future__ import annotations

from collections.abc import Sequence

from feeder.feeds import languages, parts, text
from feeder.model import Document, Feed, Stage

PATH = "feeds.opml"
MEDIA_TYPE = "text/x-opml"


def render(title: str, feeds: Sequence[Feed]) -> Document:
    """One outline a feed, by its Atom address; undated, or every new entry would change it.

    Titles and descriptions are HTML in OPML (its "text attribute"), so that ``&`` is escaped once more.
    """
    from lxml.etree import Element, SubElement, tostring

    root = Element("opml", {"version": "2.0"})
    head = SubElement(root, "head")
    SubElement(head, "title").text = text.escape(text.one_line(title))
    body = SubElement(root, "body")
    for feed in feeds:
        SubElement(body, "outline", _outline(feed))
    made: bytes = tostring(root, pretty_print=True, encoding="UTF-8", xml_declaration=True)
    return Document(PATH, MEDIA_TYPE, made, Stage.FEED)


def _outline(feed: Feed) -> dict[str, str]:
    title = text.escape(parts.feed_title(feed))
    fields = {
        "type": "rss",
        "text": title,
        "title": title,
        "xmlUrl": parts.address(feed, feed.path, "atom"),
        "htmlUrl": feed.page_url,
        "description": text.escape(text.one_line(feed.subtitle)),
        "language": languages.known(feed.language),
    }
    return {name: value for name, value in fields.items() if value}
