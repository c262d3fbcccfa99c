"""Podcast tags of RSS: Apple's ``itunes:`` and ``podcast:guid``; only in feeds with audio."""

from __future__ import annotations

import uuid

from lxml.etree import SubElement

from feeder.feeds import parts, text
from feeder.feeds.mended import Element, leaf
from feeder.model import Enclosure, Feed

_ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
_PODCAST = "https://podcastindex.org/namespace/1.0"
NAMESPACES = {"itunes": _ITUNES, "podcast": _PODCAST}

_GUIDS = uuid.UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6")
_PLAYABLE = ("m4a", "mp3", "mov", "mp4", "m4v")
"""What Apple plays; the validator warns of ``itunes:`` beside any other."""
_CATEGORY = "News"


def complete_channel(channel: Element, feed: Feed) -> None:
    """Author, category, picture and the guid that follows a podcast wherever it moves.

    The guid is made from the feed's id, which a new domain does not change (Podcasting 2.0, ``podcast:guid``).
    """
    author = text.name(feed.author)
    if not text.is_markup(author):
        leaf(channel, f"{{{_ITUNES}}}author", author[:255])
    SubElement(channel, f"{{{_ITUNES}}}category", {"text": _CATEGORY})
    leaf(channel, f"{{{_ITUNES}}}explicit", "false")
    if feed.icon:
        SubElement(channel, f"{{{_ITUNES}}}image", {"href": feed.icon})
    leaf(channel, f"{{{_PODCAST}}}guid", str(uuid.uuid5(_GUIDS, feed.id)))


def complete_item(item: Element, enclosure: Enclosure) -> None:
    """How long an episode is."""
    playable = enclosure.url.rpartition(".")[2] in _PLAYABLE
    if parts.is_audio(enclosure) and playable and enclosure.seconds > 0:
        leaf(item, f"{{{_ITUNES}}}duration", str(enclosure.seconds))
