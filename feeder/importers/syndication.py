"""Atom 1.0, RSS 0.9–2.0 and JSON Feed, as they stand in the wild -> items."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

if TYPE_CHECKING:
    from lxml.etree import _Element as Element


class FeedError(ValueError):
    """The bytes are no feed; the message says what is wrong with them."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file the remote attaches to an item."""

    url: str
    media_type: str
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One entry of a feed elsewhere; nothing in it is safe yet."""

    id: str
    """Verbatim."""
    url: str = ""
    base: str = ""
    """What relative addresses in ``content`` are relative to."""
    title: str = ""
    title_is_html: bool = False
    content: str = ""
    """HTML."""
    summary: str = ""
    """HTML."""
    published: str = ""
    """As the remote wrote it."""
    updated: str = ""
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    language: str = ""
    files: tuple[RemoteFile, ...] = ()


_PREFIXES = {
    "http://www.w3.org/2005/Atom": "atom:",
    "http://purl.org/rss/1.0/modules/content/": "content:",
    "http://purl.org/dc/elements/1.1/": "dc:",
    "http://purl.org/dc/terms/": "dcterms:",
    "http://purl.org/rss/1.0/": "",
    "http://my.netscape.com/rdf/simple/0.9/": "",
    "": "",
}
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_BASE = "{http://www.w3.org/XML/1998/namespace}base"
# XML 1.0 section 2.2; remotes send these, and no parser takes them.
_FORBIDDEN = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_NAMED = re.compile(rb"&([A-Za-z][A-Za-z0-9]*);")
_XML_NAMES = frozenset((b"amp", b"lt", b"gt", b"quot", b"apos"))


def items(body: bytes, url: str) -> list[Item]:
    """The items of the feed in ``body``, in its order; those without any identity are left out.

    ``url`` is where it came from. Raises FeedError.
    """
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    found = _json_items(body, url) if start == b"{" else _xml_items(_parse(body), url)
    return [item for item in found if item.id]


def _parse(body: bytes) -> Element:
    from lxml import etree

    for attempt in (body, _mended(body)):
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        try:
            root = etree.fromstring(attempt.lstrip(b" \t\r\n"), parser)
        except etree.XMLSyntaxError as error:
            failed = error
            continue
        _refuse_entities(root)
        return root
    raise FeedError(f"not well-formed: {failed.msg}")


def _mended(body: bytes) -> bytes:
    def character(match: re.Match[bytes]) -> bytes:
        name = match[1]
        if name in _XML_NAMES:
            return match[0]
        text = html.unescape(f"&{name.decode()};")
        return match[0] if text.startswith("&") else "".join(f"&#{ord(c)};" for c in text).encode()

    return _NAMED.sub(character, _FORBIDDEN.sub(b"", body))


def _refuse_entities(root: Element) -> None:
    dtd: Any = root.getroottree().docinfo.internalDTD  # its methods are missing from lxml's stubs
    if dtd is not None and dtd.entities():
        raise FeedError("it declares entities of its own, which are refused")


def _xml_items(root: Element, url: str) -> Iterable[Item]:
    name = _key(root)
    base = urljoin(url, root.get(_BASE, ""))
    if name == "atom:feed":
        language = root.get(_LANG, "")
        return [_atom_item(e, base, language) for e in root if _key(e) == "atom:entry"]
    if name.lower() in ("rss", "rdf", "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}rdf"):
        channel = next((e for e in root if _key(e) == "channel"), root)
        language = _first(_children(channel), "language", "dc:language")
        return [_rss_item(e, base, language) for e in root.iter() if _key(e) == "item"]
    raise FeedError(f"a document of another kind: <{name}>")


def _key(element: Element) -> str:
    # Comments and processing instructions carry a function where elements carry a name.
    if callable(element.tag):
        return "#"
    space, brace, local = element.tag.rpartition("}")
    prefix = _PREFIXES.get(space[1:])
    return element.tag if brace and prefix is None else f"{prefix or ''}{local}"


def _children(element: Element) -> dict[str, list[Element]]:
    found: dict[str, list[Element]] = {}
    for child in element:
        found.setdefault(_key(child), []).append(child)
    return found


def _text(element: Element) -> str:
    return "".join(str(part) for part in element.itertext()).strip()


def _first(children: Mapping[str, list[Element]], *names: str) -> str:
    for name in names:
        for element in children.get(name, ()):
            if text := _text(element):
                return text
    return ""


def _all(children: Mapping[str, list[Element]], *names: str) -> tuple[str, ...]:
    texts = (_text(e) for name in names for e in children.get(name, ()))
    return tuple(dict.fromkeys(text for text in texts if text))


def _atom_item(entry: Element, base: str, language: str) -> Item:
    children = _children(entry)
    base = urljoin(base, entry.get(_BASE, ""))
    links = [(e.get("rel", "alternate"), urljoin(base, e.get("href", "")), e) for e in children.get("atom:link", ())]
    url = next((href for rel, href, _ in links if rel == "alternate"), "")
    titles, contents = children.get("atom:title", []), children.get("atom:content", [])
    files = (_file(href, e) for rel, href, e in links if rel == "enclosure")
    terms = (e.get("label") or e.get("term") or "" for e in children.get("atom:category", ()))
    authors = (_first(_children(e), "atom:name") for e in children.get("atom:author", ()))
    return Item(
        id=_first(children, "atom:id") or url,
        url=url,
        base=urljoin(base, contents[0].get(_BASE, "")) if contents else base,
        title=_construct(titles[0]) if titles else "",
        title_is_html=True,
        content=_construct(contents[0]) if contents and not contents[0].get("src") else "",
        summary=next((_construct(e) for e in children.get("atom:summary", ())), ""),
        published=_first(children, "atom:published", "atom:updated"),
        updated=_first(children, "atom:updated"),
        tags=tuple(dict.fromkeys(filter(None, terms))),
        authors=tuple(filter(None, authors)),
        language=entry.get(_LANG, language),
        files=tuple(f for f in files if f.url),
    )


def _construct(element: Element) -> str:
    """A text construct (RFC 4287 section 3.1) as HTML."""
    kind = element.get("type", "text").lower()
    if kind == "html" or kind == "text/html":
        return _text(element)
    if kind in ("xhtml", "application/xhtml+xml"):
        return _markup(element)
    return html.escape(_text(element), quote=False)


def _markup(element: Element) -> str:
    from lxml import etree

    for inner in element.iter("{*}*"):
        inner.tag = etree.QName(inner).localname
    etree.cleanup_namespaces(element)
    parts = [html.escape(element.text or "", quote=False)]
    parts += [etree.tostring(child, encoding="unicode", method="html") for child in element]
    return "".join(parts).strip()


def _rss_item(entry: Element, base: str, language: str) -> Item:
    children = _children(entry)
    alternates = [e.get("href", "") for e in children.get("atom:link", ()) if e.get("rel", "alternate") == "alternate"]
    url = _first(children, "link") or next(iter(alternates), "")
    body, description = _first(children, "content:encoded"), _first(children, "description")
    page = urljoin(base, url)
    return Item(
        id=_first(children, "guid", "atom:id") or url,
        url=page if url else "",
        base=page,
        title=_first(children, "title", "dc:title"),
        content=body or description,
        summary=description if body else "",
        published=_first(children, "pubDate", "dc:date", "dcterms:created", "atom:published"),
        updated=_first(children, "atom:updated", "dcterms:modified"),
        tags=_all(children, "category", "dc:subject"),
        authors=_all(children, "dc:creator"),
        language=_first(children, "dc:language") or language,
        files=tuple(_file(urljoin(page, e.get("url", "")), e) for e in children.get("enclosure", ()) if e.get("url")),
    )


def _file(url: str, element: Element) -> RemoteFile:
    length = element.get("length", "")
    return RemoteFile(url, element.get("type", ""), int(length) if length.isascii() and length.isdigit() else 0)


def _json_items(body: bytes, url: str) -> Iterable[Item]:
    try:
        feed = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise FeedError(f"not JSON: {error}") from error
    if not isinstance(feed, dict) or "jsonfeed.org/version/" not in str(feed.get("version", "")):
        raise FeedError("a JSON document, but no JSON Feed")
    entries = feed.get("items")
    language = _string(feed.get("language"))
    return [_json_item(e, url, language) for e in _dicts(entries)]


def _json_item(entry: dict[str, object], url: str, language: str) -> Item:
    page = _string(entry.get("url"))
    text = _string(entry.get("content_text"))
    plain = "".join(f"<p>{html.escape(part, quote=False)}</p>\n" for part in re.split(r"\n\s*\n", text) if part.strip())
    authors = [*_dicts(entry.get("authors")), *_dicts([entry.get("author")])]
    files = _dicts(entry.get("attachments"))
    return Item(
        id=_string(entry.get("id")) or page,
        url=urljoin(url, page) if page else "",
        base=urljoin(url, page),
        title=_string(entry.get("title")),
        content=_string(entry.get("content_html")) or plain,
        summary=html.escape(_string(entry.get("summary")), quote=False),
        published=_string(entry.get("date_published")),
        updated=_string(entry.get("date_modified")),
        tags=_strings(entry.get("tags")),
        authors=tuple(dict.fromkeys(filter(None, (_string(a.get("name")) for a in authors)))),
        language=_string(entry.get("language")) or language,
        files=tuple(_json_file(f, url) for f in files if _string(f.get("url"))),
    )


def _json_file(entry: dict[str, object], url: str) -> RemoteFile:
    size = entry.get("size_in_bytes")
    length = int(size) if isinstance(size, int) and not isinstance(size, bool) and size > 0 else 0
    return RemoteFile(urljoin(url, _string(entry.get("url"))), _string(entry.get("mime_type")), length)


def _string(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    # JSON Feed 1.1: a number as id is to be taken as a string.
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _strings(value: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, map(_string, value)))) if isinstance(value, list) else ()


def _dicts(value: object) -> list[dict[str, object]]:
    return [e for e in value if isinstance(e, dict)] if isinstance(value, list) else []
