"""Podcast tags: Apple's ``itunes:`` in RSS feeds with audio, and the guid of Podcasting 2.0.

Validators want an owner's address beside Apple's tags, and warn of the namespace that ``podcast:guid`` is in:
without ``site.email`` there are none of the former, and the guid stands in JSON Feed.
"""

from __future__ import annotations

import re

from lxml.etree import SubElement

from feeder.feeds import languages, parts, text
from feeder.feeds.mended import Element, leaf
from feeder.model import Enclosure, Feed

_ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
NAMESPACES = {"itunes": _ITUNES}

_EMAIL = re.compile(r"[A-Za-z0-9_+.-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z0-9][A-Za-z0-9-]*")
_PLAYABLE = ("m4a", "mp3", "mov", "mp4", "m4v")
"""What Apple plays; the validator warns of ``itunes:`` beside any other."""
_HTTP = re.compile(r"https?://(?:[a-z0-9-]+\.)+[a-z0-9-]+(?::\d+)?(?:/|$)", re.IGNORECASE)
_CATEGORY = "News"


def is_marked(feed: Feed) -> bool:
    """Whether the feed has audio, and all that Apple's tags need beside them: an owner's address and a language."""
    return bool(_EMAIL.fullmatch(feed.email)) and bool(languages.known(feed.language)) and parts.has_audio(feed)


def complete_channel(channel: Element, feed: Feed) -> None:
    """Author, owner, category and picture."""
    author = text.name(feed.author)
    if not text.is_suspect(author):
        leaf(channel, f"{{{_ITUNES}}}author", author[:255])
    SubElement(channel, f"{{{_ITUNES}}}category", {"text": _CATEGORY})
    leaf(channel, f"{{{_ITUNES}}}explicit", "false")
    if _HTTP.match(feed.icon):
        SubElement(channel, f"{{{_ITUNES}}}image", {"href": feed.icon})
    owner = SubElement(channel, f"{{{_ITUNES}}}owner")
    leaf(owner, f"{{{_ITUNES}}}email", feed.email)


def complete_item(item: Element, enclosure: Enclosure) -> None:
    """How long an episode is."""
    playable = enclosure.url.rpartition(".")[2] in _PLAYABLE
    if parts.is_audio(enclosure) and playable and enclosure.seconds > 0:
        leaf(item, f"{{{_ITUNES}}}duration", str(enclosure.seconds))
