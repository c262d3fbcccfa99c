"""Are a publication's feeds and pages whole? One list of complaints for every test that hurts one."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lxml import etree

from feeder.feeds import lint
from feeder.model import Document, Stage

MEDIA_TYPES = {"atom": "application/atom+xml", "rss": "application/rss+xml", "json": "application/feed+json"}
ADDRESS = re.compile(r'\b(?:href|src|url|poster)="([^"]*)"')


def complaints(out: Path, site: str = "https://news.example.org/", *, thorough: bool = True) -> list[str]:
    """All that is wrong with what ``out`` holds; ``site`` is the address it is served at."""
    return [f"{path}: {what}" for path in feeds(out) for what in _feed(out, path, site, thorough)]


def feeds(out: Path) -> list[str]:
    """The feeds and archive documents in ``out``."""
    endings = tuple(MEDIA_TYPES)
    found = (p.relative_to(out).as_posix() for p in out.rglob("*") if p.suffix[1:] in endings and p.is_file())
    return sorted(path for path in found if path.rpartition("/")[2].partition(".")[0] == "feed" or "archive/" in path)


def _feed(out: Path, path: str, site: str, thorough: bool) -> Iterator[str]:
    body = (out / path).read_bytes()
    kind = path.rpartition(".")[2]
    try:
        pages = _json_pages(body) if kind == "json" else _xml_pages(body)
    except (ValueError, KeyError, etree.XMLSyntaxError) as error:
        yield f"torn: {error}"
        return
    for url in pages:
        if url.startswith(site) and not _there(out, url[len(site) :]):
            yield f"names {url}, which is not there"
    if thorough:
        yield from _judged(path, kind, body)


def _judged(path: str, kind: str, body: bytes) -> Iterator[str]:
    document = Document(path, MEDIA_TYPES[kind], body, Stage.FEED)
    yield from (f"lint: {problem}" for problem in lint.lint(document))
    if kind != "json":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import feedparser

            parsed = feedparser.parse(body)
        if parsed.bozo:
            yield f"feedparser: {parsed.bozo_exception}"


def _xml_pages(body: bytes) -> set[str]:
    root = etree.fromstring(body)
    found = set()
    for element in root.iter("{*}link"):
        # Not "current": feed and archive name each other, and one of them has to come first.
        if element.get("rel", "alternate") in ("alternate", "enclosure", "prev-archive", "self"):
            found.add(element.get("href") or element.text or "")
    for element in root.iter("enclosure"):
        found.add(element.get("url", ""))
    return found


def _json_pages(body: bytes) -> set[str]:
    feed = json.loads(body)
    found = {item["url"] for item in feed["items"] if "url" in item}
    return found | {feed[key] for key in ("home_page_url", "feed_url", "next_url") if key in feed}


def _there(out: Path, path: str) -> bool:
    file = out / unquote(urlsplit(path).path)
    return (file / "index.html").is_file() if file.is_dir() or path.endswith("/") or not path else file.is_file()
