"""Archived feeds (RFC 5005 section 4): how a feed and its older documents point at each other."""

from __future__ import annotations

from dataclasses import dataclass

from feeder.feeds import parts
from feeder.model import Feed

NAMESPACE = "http://purl.org/syndication/history/1.0"


@dataclass(frozen=True, slots=True)
class Places:
    """Absolute addresses of a feed document in one format, and of its neighbours."""

    own: str
    current: str
    """The feed that readers subscribe to; empty where ``own`` is that."""
    previous: str
    """The next older archive document; empty for none."""

    def links(self) -> list[tuple[str, str]]:
        """``(rel, address)`` of the neighbours; never ``next-archive``, since a full document does not change."""
        pairs = (("current", self.current), ("prev-archive", self.previous))
        return [(rel, address) for rel, address in pairs if address]


def places(feed: Feed, suffix: str) -> Places:
    """Where a feed document and its neighbours are."""
    return Places(
        own=parts.address(feed, feed.path, suffix),
        current=parts.address(feed, feed.current, suffix) if feed.current else "",
        previous=parts.address(feed, feed.previous, suffix) if feed.previous else "",
    )
