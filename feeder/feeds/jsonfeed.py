"""JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/).

``_feeder`` of an item holds what ``feeder recover`` rebuilds a lost history from.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from feeder.feeds import archive, languages, moments, parts, text
from feeder.feeds.pieces import Pieces
from feeder.model import Document, Enclosure, Feed, PublicEntry, Stage

NAME = "json"
SUFFIX = "json"
MEDIA_TYPE = "application/feed+json"

_VERSION = "https://jsonfeed.org/version/1.1"
# One encoder for all: json.dumps makes a new one on every call with options.
_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode


_pieces = Pieces()


def render(feed: Feed) -> Iterator[Document]:
    """The feed as one JSON document, one item a line."""

    def make(entries: Sequence[PublicEntry]) -> list[bytes]:
        return [_encode(_item(feed, entry)).encode() for entry in entries]

    items = b",\n".join(_pieces.of(feed, None, make))
    head = _encode(_head(feed))[:-1].encode()
    body = b'%b,\n"items": [\n%b\n]}\n' % (head, items) if items else b'%b,\n"items": []}\n' % head
    yield Document(f"{feed.path}.{SUFFIX}", MEDIA_TYPE, body, Stage.FEED)


def _present(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value}


def _names(names: list[str]) -> list[dict[str, str]]:
    return [{"name": name} for name in names]


def _head(feed: Feed) -> dict[str, Any]:
    places = archive.places(feed, SUFFIX)
    hub = feed.hub if not feed.is_archive else ""
    author = text.name(feed.author)
    return _present(
        {
            "version": _VERSION,
            "title": parts.feed_title(feed),
            "home_page_url": feed.page_url,
            "feed_url": places.own,
            "description": text.one_line(feed.subtitle),
            "icon": feed.icon,
            "authors": _names([author]) if author else [],
            "language": languages.tag(feed.language),
            "hubs": [{"type": "WebSub", "url": hub}] if hub else [],
            "next_url": places.previous,
            "_feeder": _of_feed(feed, places),
        }
    )


def _of_feed(feed: Feed, places: archive.Places) -> dict[str, Any]:
    fields = {
        "id": feed.id,
        "updated": moments.rfc3339(feed.updated),
        "rights": text.one_line(feed.rights),
        "archive": feed.is_archive,
        "current": places.current,
        "podcast_guid": parts.podcast_guid(feed) if parts.has_audio(feed) else "",
    }
    return _present(fields)


def _item(feed: Feed, entry: PublicEntry) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "id": text.clean(entry.id),
        "url": entry.url,
        "title": parts.title(entry),
        "summary": parts.summary(entry),
        "content_html": parts.content(entry),
        "date_published": moments.rfc3339(entry.published),
        "date_modified": moments.rfc3339(entry.updated),
        "authors": _names(parts.authors(feed, entry)),
        "language": parts.own_language(feed, entry, languages.tag),
    }
    if not entry.withdrawn:
        fields |= _details(entry)
    fields["_feeder"] = {"released": moments.exact(entry.released), "hash": entry.hash, "path": text.clean(entry.path)}
    if entry.number:
        fields["_feeder"]["number"] = entry.number
    if entry.corrected:
        fields["_feeder"]["corrected"] = moments.exact(entry.corrected)
    if entry.withdrawn:
        fields["_feeder"]["withdrawn"] = True
    return _present(fields)


def _details(entry: PublicEntry) -> dict[str, Any]:
    return {
        "external_url": parts.web(entry.via[0].url) if entry.via else "",
        "image": parts.web(entry.cover.url) if entry.cover else "",
        "tags": parts.tags(entry),
        "attachments": [_attachment(enclosure) for enclosure in entry.enclosures],
    }


def _attachment(enclosure: Enclosure) -> dict[str, Any]:
    return _present(
        {
            "url": parts.web(enclosure.url),
            "mime_type": parts.media_type(enclosure),
            "title": text.one_line(enclosure.title),
            "size_in_bytes": max(enclosure.length, 0),
            "duration_in_seconds": max(enclosure.seconds, 0),
        }
    )
