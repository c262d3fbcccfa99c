"""Addresses: slugs, paths in ``out/``, percent-encoding, and the private ``feeder:/`` addresses.

A cached entry names what it links to as ``feeder:/asset/PATH-IN-OUT``, ``feeder:/site/PATH`` or
``feeder:/entry/SOURCE[#ANCHOR][?FRAGMENT]`` (all percent-encoded), so that the cache outlives a new domain.
``absolute`` turns them into public addresses at the last moment.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from hashlib import sha256

ASSET = "feeder:/asset/"
ENTRY = "feeder:/entry/"
SITE = "feeder:/site/"

RESERVED = frozenset(
    {"con", "prn", "aux", "nul"}
    | {f"{port}{n}" for port in ("com", "lpt") for n in range(10)}
    | {"404", "archive", "assets", "authors", "feed", "feeds", "index", "languages", "page", "robots", "sitemap"}
    | {"subscribe", "tags"}
)
"""Names a slug never has: devices of Windows, and what stands at the top of ``out/`` itself."""

SCHEMES = frozenset(
    {"http", "https", "mailto", "tel", "sms", "ftp", "geo", "xmpp", "irc", "ircs", "magnet", "matrix", "webcal"}
)
"""The schemes of addresses that may go out."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_SITE_PART = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.\-]*:)?//[^/?#]*")
_NOT_IN_PATH = re.compile(r"[^A-Za-z0-9\-._~/]+")
_NOT_IN_URL = re.compile(r"[^A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+|%(?![0-9A-Fa-f]{2})")
_CLEAN_URL = re.compile(r"[A-Za-z0-9\-._~:/?#@!$&'()*+,;=]*")
_BRACKET = re.compile(r"[\[\]]")
_AUTHORITY = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*://)([^/?#]*)(.*)", re.DOTALL)
_ESCAPED = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]+")
_FILE_ENDING = re.compile(r"\.(?:html?|xhtml|xml|json|rss|atom|txt|php|aspx?|jsp)$", re.IGNORECASE)
_ENTRY_ADDRESS = re.compile(
    r'( href=")?feeder:/entry/([A-Za-z0-9\-._~/%]*)(?:#([A-Za-z0-9\-._~/%]*))?(?:\?([A-Za-z0-9\-._~/%]*))?(?(1)")'
)
_WORDS = re.compile(r"[\W]+")


_NOT_IN_NAME = re.compile(r'[\x00-\x1f\x7f-\x9f\s/\\:*?"<>|\ud800-\udfff\ufffe\uffff]+')
_NAME_KEPT = 60


def segment(name: str) -> str:
    """The name of a tag, author or language (``芯片``, ``C++``, ``TCP/IP``) as one part of a path, unencoded.

    Lower case, since ``AI`` and ``ai`` are one tag and one folder on half of all file systems. A single space becomes
    ``-``. Names that lose more than that carry a hash of the name, so that two never meet.
    """
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).lower())
    plain = text.replace(" ", "-")
    safe = _NOT_IN_NAME.sub("-", text).strip("-. ")[:_NAME_KEPT].rstrip("-. ")
    if safe and safe == plain and not safe.startswith("index.") and safe not in {"feed", "page"}:
        return safe
    mark = sha256(text.encode("utf-8", "replace")).hexdigest()[:8]
    return f"{safe}-{mark}" if safe else mark


def is_absolute(url: str) -> bool:
    """Whether an address has a scheme (``https:``, ``mailto:`` …)."""
    return _SCHEME.match(url) is not None


def _percent(match: re.Match[str]) -> str:
    return "".join([f"%{byte:02X}" for byte in match[0].encode("utf-8", "replace")])


def encode(path: str) -> str:
    """Percent-encode a path; all but RFC 3986's unreserved characters and ``/``."""
    return _NOT_IN_PATH.sub(_percent, path)


def _unpercent(match: re.Match[str]) -> str:
    return bytes.fromhex(match[0].replace("%", "")).decode("utf-8", "replace")


def decode(path: str) -> str:
    """Undo percent-encoding; bytes that are not UTF-8 become U+FFFD."""
    return _ESCAPED.sub(_unpercent, path) if "%" in path else path


def url(base: str, path: str) -> str:
    """The absolute address of an unencoded path in ``out/``; a trailing ``index.html`` is left out."""
    path = path.lstrip("/")
    if path == "index.html" or path.endswith("/index.html"):
        path = path[: -len("index.html")]
    return f"{base.rstrip('/')}/{encode(path)}"


def iri(address: str) -> str:
    """Percent-encode what may not stand in an address (RFC 3987 section 3.1); the host becomes ASCII.

    What is encoded already stays as it is.
    """
    if _CLEAN_URL.fullmatch(address):
        return address
    if match := _AUTHORITY.fullmatch(address):
        scheme, host, rest = match.groups()
        return scheme + _NOT_IN_URL.sub(_percent, _ascii_host(host)) + _encode_rest(rest)
    return _encode_rest(address)


def _encode_rest(text: str) -> str:
    text = _BRACKET.sub(_percent, _NOT_IN_URL.sub(_percent, text))
    head, mark, fragment = text.partition("#")
    return head + mark + fragment.replace("#", "%23")


def _ascii_host(host: str) -> str:
    if host.isascii():
        return host
    user, at, name = host.rpartition("@")
    name, colon, port = name.partition(":")
    try:
        return f"{user}{at}{name.encode('idna').decode('ascii')}{colon}{port}"
    except UnicodeError:
        return host


def out_path(permalink: str) -> str:
    """Where the page of a permalink (a path, or an address of this site) stands in ``out/``, unencoded.

    ``/2024/04/x/`` and ``/2024/04/x`` give ``2024/04/x/index.html``, ``/old.html`` gives ``old.html``.
    The result never leaves ``out/``, whatever the author wrote.
    """
    path = _SITE_PART.sub("", permalink.strip(), count=1)
    path = decode(re.split(r"[?#]", path, maxsplit=1)[0]).replace("\\", "/")
    parts = [part for part in map(_safe_name, path.split("/")) if part]
    last = parts.pop() if parts and not path.endswith("/") and _FILE_ENDING.search(parts[-1]) else "index.html"
    # A folder of that name would stand where the page of the folder above it has to.
    folders = ["index" if part.casefold() == "index.html" else part for part in parts]
    return "/".join([*folders, last])


def _safe_name(name: str) -> str:
    name = _CONTROL.sub("", unicodedata.normalize("NFC", name)).strip()
    if not unicodedata.normalize("NFKC", name).strip("./\\ "):
        return ""
    if name != ".well-known":
        name = name.lstrip(".")
    # File systems allow 255 bytes a name; room is left for endings such as ".html.gz".
    return name if len(name) <= 60 else name.encode()[:230].decode("utf-8", "ignore")


_OWN_ADDRESS = re.compile(
    r"/(?:|\d{4}/(?:\d\d/)?|(?:tags|authors|languages|archive|assets|subscribe|digests)(?:/.*)?|feed\.\w+"
    r"|feeds\.opml|404(?:\.html|/)|index\.html|robots\.txt|sitemap[-\w]*\.xml)",
    re.IGNORECASE,
)


def is_reserved(permalink: str) -> bool:
    """Whether a permalink (a path, unencoded) is that of a page or feed which is not an entry's."""
    return _OWN_ADDRESS.fullmatch(permalink) is not None


def absolute(html_or_url: str, site_url: str, entry_url: Callable[[str], str | None]) -> str:
    """Resolve every ``feeder:/`` address in HTML that ``reading`` made, or in a single address.

    ``entry_url`` gives the public address of ``SOURCE`` or ``SOURCE#ANCHOR`` (unencoded), or None where it
    is not public: then the link is dropped and its text stays; a single address becomes ``site_url``.
    """
    if "feeder:/" not in html_or_url:
        return html_or_url
    base = site_url if site_url.endswith("/") else site_url + "/"
    text = html_or_url.replace(ASSET, base).replace(SITE, base)
    if ENTRY not in text:
        return text

    def resolve(match: re.Match[str]) -> str:
        href, source, anchor, fragment = match.groups()
        target = _target(source, anchor, fragment, entry_url)
        if target is None:
            return "" if href else base
        return f'{href}{target.replace("&", "&amp;")}"' if href else target

    return _ENTRY_ADDRESS.sub(resolve, text)


def _target(
    source: str, anchor: str | None, fragment: str | None, entry_url: Callable[[str], str | None]
) -> str | None:
    """An anchor is an item of a news page or, where there is no such item, a heading of the entry."""
    place = decode(source)
    for item in (fragment, anchor):
        if anchor and item and (target := entry_url(f"{place}#{decode(item)}")):
            return f"{target.partition('#')[0]}#{fragment}" if fragment and item is anchor else target
    target, fragment = entry_url(place), fragment or anchor
    return f"{target.partition('#')[0]}#{fragment}" if target and fragment else target


def _is_mark(char: str) -> bool:
    # Combining marks are parts of words (Devanagari, Thai …); variation selectors are not.
    return unicodedata.category(char)[0] == "M" and not ("︀" <= char <= "️" or char >= "\U000e0100")


def slugify(text: str, *, limit: int = 60) -> str:
    """The readable part of a permalink: CJK and word characters, lower case, all else ``-``.

    At most ``limit`` characters, NFKC, never a reserved name, never two that differ in case alone.
    Empty when nothing readable is left. Idempotent.
    """
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower())
    slug = _WORDS.sub("-", text) if text.isascii() else _WORDS.sub(_keep_marks, text)
    slug = _cut(slug.strip("-_"), limit)
    return f"{slug}-entry"[:limit] if slug in RESERVED else slug


def _keep_marks(match: re.Match[str]) -> str:
    run = match[0]
    marks = 0
    while marks < len(run) and _is_mark(run[marks]):
        marks += 1
    return run[:marks] if marks == len(run) else run[:marks] + "-"


def _cut(slug: str, limit: int) -> str:
    if len(slug) <= limit:
        return slug
    head = slug[:limit]
    if slug[limit] not in "-_" and "-" in head[limit * 2 // 3 :]:
        head = head[: head.rindex("-")]
    return head.rstrip("-_")
