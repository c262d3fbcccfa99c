"""``sitemap.xml`` (sitemaps.org protocol 0.9) and ``robots.txt``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice

from feeder import links
from feeder.model import Document, Stage

LIMIT = 50_000
"""Addresses in one sitemap (sitemaps.org, "Sitemap file requirements")."""

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def _escape(url: str) -> str:
    return url.replace("&", "&amp;").replace("'", "&apos;").replace("<", "&lt;").replace(">", "&gt;")


def _rows(kind: str, items: Iterable[tuple[str, datetime]]) -> Iterator[str]:
    for url, updated in items:
        lastmod = updated.isoformat(timespec="seconds").replace("+00:00", "Z")
        yield f"<{kind}><loc>{_escape(url)}</loc><lastmod>{lastmod}</lastmod></{kind}>\n"


def _document(path: str, outer: str, kind: str, items: Iterable[tuple[str, datetime]]) -> Document:
    text = f"{_HEAD}<{outer} {_NAMESPACE}>\n{''.join(_rows(kind, items))}</{outer}>\n"
    return Document(path, "application/xml", text.encode(), Stage.INDEX)


def sitemap(site_url: str, items: Iterable[tuple[str, datetime]]) -> list[Document]:
    """``sitemap.xml``; above 50,000 addresses ``sitemap-1.xml`` … and an index of them.

    Give the items oldest first, so that a new entry changes the last part only.
    """
    rest = iter(items)
    first = list(islice(rest, LIMIT))
    part = list(islice(rest, LIMIT))
    if not part:
        return [_document("sitemap.xml", "urlset", "url", first)]
    documents = [_document("sitemap-1.xml", "urlset", "url", first)]
    newest = [max(updated for _, updated in first)]
    while part:
        documents.append(_document(f"sitemap-{len(documents) + 1}.xml", "urlset", "url", part))
        newest.append(max(updated for _, updated in part))
        part = list(islice(rest, LIMIT))
    parts = [(links.url(site_url, document.path), at) for document, at in zip(documents, newest, strict=True)]
    return [*documents, _document("sitemap.xml", "sitemapindex", "sitemap", parts)]


def robots(site_url: str) -> Document:
    """``robots.txt`` (RFC 9309): everything may be read, and where the sitemap is."""
    text = f"User-agent: *\nDisallow:\n\nSitemap: {links.url(site_url, 'sitemap.xml')}\n"
    return Document("robots.txt", "text/plain; charset=utf-8", text.encode(), Stage.INDEX)
