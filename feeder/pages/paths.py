"""Where each page stands in ``out/``, and the way from one page to another."""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256

from feeder import links

FOLDERS = {"tag": "tags", "author": "authors", "language": "languages"}

_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f\s/\\:*?"<>|\ud800-\udfff\ufffe\uffff]+')
_KEPT = 60


def segment(name: str) -> str:
    """A name (``芯片``, ``C++``, ``TCP/IP``) as one part of a path, unencoded.

    A single space becomes ``-``. Names that lose more than that carry a hash of the name, so that two never
    meet: ``TCP/IP`` is ``TCP-IP-9b7b…``, never the folder of ``TCP-IP``.
    """
    text = unicodedata.normalize("NFC", name)
    plain = text.replace(" ", "-")
    safe = _UNSAFE.sub("-", text).strip("-. ")[:_KEPT].rstrip("-. ")
    if safe and safe == plain and not safe.lower().startswith("index."):
        return safe
    mark = sha256(text.encode("utf-8", "replace")).hexdigest()[:8]
    return f"{safe}-{mark}" if safe else mark


def label(kind: str, name: str) -> str:
    """The folder of a tag's, author's or language's pages and feeds: ``tags/芯片``."""
    return f"{FOLDERS[kind]}/{segment(name)}"


def label_page(kind: str, name: str, page: int) -> str:
    """The front page of a label (page 0), or one of its older pages (1 is the oldest)."""
    folder = label(kind, name)
    return f"{folder}/page/{page}/index.html" if page else f"{folder}/index.html"


def year(number: int) -> str:
    """The archive page of a year."""
    return f"archive/{number:04}/index.html"


def month(year_number: int, number: int) -> str:
    """The archive page of a month."""
    return f"archive/{year_number:04}/{number:02}/index.html"


def root(path: str) -> str:
    """The relative way from a page to the top of ``out/``: ``./`` or ``../../``."""
    return "../" * path.count("/") or "./"


def href(top: str, path: str) -> str:
    """The address of a path in ``out/`` for a link, given the way to the top of ``out/``."""
    if path == "index.html" or path.endswith("/index.html"):
        path = path[: -len("index.html")]
    return top + links.encode(path)
