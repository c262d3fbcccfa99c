"""What the files of ``out/`` are, and how long they may be kept: one table for us, nginx and Caddy (see deploy/)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from types import MappingProxyType
from typing import Final

from feeder import feeds
from feeder.reading import media

FEEDS: Final = MappingProxyType(
    {"atom": "application/atom+xml", "rss": "application/rss+xml", "json": "application/feed+json"}
)
"""Format -> media type; the formats' modules say the same, and take longer to import."""

TYPES: Final = MappingProxyType(
    {
        "html": "text/html",
        "css": "text/css",
        "js": "text/javascript",
        "txt": "text/plain",
        "opml": "text/x-opml",
        "atom": FEEDS["atom"],
        "rss": FEEDS["rss"],
        "xml": "application/xml",
        "xsl": "application/xslt+xml",
        "json": "application/json",
        "webmanifest": "application/manifest+json",
        "woff2": "font/woff2",
        **media.TYPES,
    }
)
"""Ending -> media type."""

UNKNOWN: Final = "application/octet-stream"

PAGES: Final = "no-cache"
"""``Cache-Control`` of what may change at any time: kept, and asked for again."""
OF_FEEDS: Final = "max-age=900"
"""Some readers take their interval from it."""
HASHED: Final = "public, max-age=31536000, immutable"
"""Of files whose names carry a hash of what is in them."""

_TEXT: Final = frozenset({"application/xml", "application/json", "application/manifest+json", *FEEDS.values()})
_JSON_FEED = re.compile(r"(?:.*/)?(?:feed|archive/[0-9]+)\.json")
_ARCHIVED = re.compile(r"(?:.*/)?archive/[0-9]+\.(?:atom|rss|json)")


class Types:
    """The types of one publication's files.

    Args:
        also: old addresses at which the main feed is written as well (``[feeds] also``).
    """

    def __init__(self, also: Iterable[str] = ()) -> None:
        self._also = {path.lstrip("/"): feeds.format_of(path) for path in also}

    def of(self, path: str) -> str:
        """The ``Content-Type`` of a file, by its path in ``out/``."""
        plain = FEEDS[self._also[path]] if path in self._also else _plain(path)
        readable = plain.startswith("text/") or plain in _TEXT or plain.endswith("+xml")
        return f"{plain}; charset=utf-8" if readable else plain

    def caching(self, path: str) -> str:
        """Its ``Cache-Control``."""
        if path.startswith("assets/"):
            return HASHED
        return OF_FEEDS if self.is_feed(path) else PAGES

    def is_feed(self, path: str) -> bool:
        """Whether it is for feed readers: a feed, one of its archives, or a list of feeds."""
        return path in self._also or path.endswith((".atom", ".rss", ".opml")) or bool(_JSON_FEED.fullmatch(path))

    def is_topic(self, path: str) -> bool:
        """Whether it is a feed that a hub tells of when it changes: archives and lists of feeds are none."""
        return self.is_feed(path) and not path.endswith(".opml") and not _ARCHIVED.fullmatch(path)

    def index_of(self, folder: str) -> tuple[str, ...]:
        """What may stand for a folder (empty, or with a slash at its end): its page, or a feed that was there once."""
        names = (folder + name for name in ("index.xml", "index.rss", "index.atom", "index.json"))
        return (f"{folder}index.html", *(path for path in names if path in self._also))


def _plain(path: str) -> str:
    return FEEDS["json"] if _JSON_FEED.fullmatch(path) else TYPES.get(media.ending(path), UNKNOWN)
