"""Feeds for the eye: laid out with line numbers, and as a reader would show them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import lxml.etree
import lxml.html

from feeder.feeds import FORMATS, load
from feeder.reading.sanitise import sanitise
from feeder.web.preview.listing import opened
from feeder.web.preview.shadow import Shadow

_ATOM: Final = "{http://www.w3.org/2005/Atom}"
_CONTENT: Final = "{http://purl.org/rss/1.0/modules/content/}encoded"


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry as a reader shows it."""

    title: str
    url: str
    at: str
    """As it stands in the feed."""
    html: str
    """Safe."""


def paths(shadow: Shadow) -> list[str]:
    """The feeds, without ending: the main one, then those of tags, authors, languages and digests."""
    with opened(shadow) as (history, _):
        found = history.outputs()
    suffix = f".{load('atom').SUFFIX}"
    stems = sorted(path.removesuffix(suffix) for path in found if path.endswith(suffix))
    return sorted(stems, key=lambda stem: (stem != "feed", stem.startswith("archive/"), stem))


def endings() -> list[str]:
    """What stands behind a feed's path, one for each format."""
    return [load(name).SUFFIX for name in FORMATS]


def laid_out(file: Path) -> str:
    """The feed's text, indented; as it is where it cannot be read."""
    data = file.read_bytes()
    try:
        if file.suffix == ".json":
            return json.dumps(json.loads(data), ensure_ascii=False, indent=2)
        tree = lxml.etree.fromstring(data, lxml.etree.XMLParser(remove_blank_text=True, resolve_entities=False))
        text = lxml.etree.tostring(tree.getroottree(), pretty_print=True, encoding="unicode")
    except (ValueError, lxml.etree.XMLSyntaxError):
        return data.decode("utf-8", "replace")
    return str(text)


def read(file: Path) -> list[Shown]:
    """What a reader shows of a feed."""
    if file.suffix == ".json":
        return list(_of_json(json.loads(file.read_bytes())))
    root = lxml.etree.fromstring(file.read_bytes(), lxml.etree.XMLParser(resolve_entities=False))
    return list(_of_atom(root) if root.tag == f"{_ATOM}feed" else _of_rss(root))


def _of_json(feed: dict[str, list[dict[str, str]]]) -> Iterator[Shown]:
    for item in feed.get("items", ()):
        html = sanitise(item.get("content_html", "") or item.get("summary", ""), coloured=False)
        yield Shown(item.get("title", ""), item.get("url", ""), item.get("date_published", ""), html)


def _of_atom(root: lxml.etree._Element) -> Iterator[Shown]:
    for entry in root.findall(f"{_ATOM}entry"):
        link = entry.find(f"{_ATOM}link[@rel='alternate']")
        url = link.get("href", "") if link is not None else ""
        text = entry.findtext(f"{_ATOM}content") or entry.findtext(f"{_ATOM}summary") or ""
        at = entry.findtext(f"{_ATOM}updated") or ""
        yield Shown(entry.findtext(f"{_ATOM}title") or "", url, at, sanitise(text, coloured=False))


def _of_rss(root: lxml.etree._Element) -> Iterator[Shown]:
    for item in root.iter("item"):
        text = item.findtext(_CONTENT) or item.findtext("description") or ""
        at = item.findtext("pubDate") or ""
        yield Shown(item.findtext("title") or "", item.findtext("link") or "", at, sanitise(text, coloured=False))
