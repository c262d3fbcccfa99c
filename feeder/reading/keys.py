"""The keys of a front matter: every generator's spelling, and values in the shapes people write."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from functools import lru_cache

from feeder.reading.text import clean

GROUPS: dict[str, tuple[str, ...]] = {
    "title": ("title",),
    "date": ("date", "published", "publishdate", "pubdate"),
    "updated": ("updated", "update", "lastmod", "lastmodifiedat", "modified"),
    "id": ("id",),
    "slug": ("slug",),
    "permalink": ("url", "permalink", "abbrlink"),
    "path": ("path",),
    "aliases": ("aliases", "alias", "redirectfrom"),
    "draft": ("draft",),
    "status": ("status",),
    "expires": ("expires", "expirydate"),
    "tags": ("tags", "tag", "keywords"),
    "categories": ("categories", "category"),
    "authors": ("author", "authors"),
    "language": ("lang", "language"),
    "summary": ("summary", "description", "excerpt"),
    "image": ("image", "cover", "featuredimage"),
    "via": ("via", "source", "link"),
    "enclosures": ("enclosures", "audio"),
    "lists": ("lists",),
    "mail": ("mail",),
    "correction": ("correction",),
    "items": ("items",),
}
"""What each thing may be called (lower case, without ``_`` and ``-``); the first that is there counts."""

_GROUP_OF = {spelling: group for group, spellings in GROUPS.items() for spelling in spellings}
_OWN_WORDS = frozenset({"data", "images", "item", "link", "links", "list", "sources", "state", "type", "update_time"})
"""Keys of well-known themes that only look like slips."""

_SEPARATORS = re.compile(r"[_\- ]")
_IN_TAGS = re.compile(r"\s*[,，、;；]\s*")
_REGION = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*\Z")
_TRUE = frozenset({"true", "yes", "on"})
_FALSE = frozenset({"false", "no", "off"})


@lru_cache(maxsize=4096)
def canonical(key: str) -> str | None:
    """How a known key is stored (``publishDate`` → ``publishdate``); None for an unknown one."""
    plain = _SEPARATORS.sub("", key.strip().lower())
    return plain if plain in _GROUP_OF else None


@lru_cache(maxsize=4096)
def near_miss(key: str) -> str:
    """The known key that an unknown one is a slip of (``titel`` → ``title``); empty for none."""
    plain = _SEPARATORS.sub("", key.strip().lower())
    if len(plain) < 4 or key.lower() in _OWN_WORDS:
        return ""
    return next((known for known in _GROUP_OF if len(known) > 3 and _one_slip(plain, known)), "")


def group_of(key: str) -> str:
    """What a known key stands for."""
    return _GROUP_OF[key]


def _one_slip(given: str, known: str) -> bool:
    """Whether one letter is wrong, missing or too many, or two neighbours are swapped."""
    if abs(len(given) - len(known)) > 1 or given == known:
        return False
    same = 0
    while same < min(len(given), len(known)) and given[same] == known[same]:
        same += 1
    a, b = given[same:], known[same:]
    # Another letter in so short a word makes another word (math, path) too often.
    return (a[1:] == b[1:] and len(known) > 4) or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])


def deeper_than(value: object, depth: int) -> bool:
    """Whether lists and tables are nested more than ``depth`` deep."""
    if isinstance(value, dict):
        return depth == 0 or any(deeper_than(v, depth - 1) for v in value.values())
    return isinstance(value, list) and (depth == 0 or any(deeper_than(v, depth - 1) for v in value))


def clean_value(value: object) -> object:
    """The value without characters that feeds may not carry (escapes bring them in)."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [clean_value(item) for item in value]
    if isinstance(value, dict):
        return {clean(str(key)): clean_value(item) for key, item in value.items()}
    return value


def plain_value(value: object) -> object:
    """The value as JSON knows it: dates become text."""
    if isinstance(value, list):
        return [plain_value(item) for item in value]
    if isinstance(value, dict):
        return {key: plain_value(item) for key, item in value.items()}
    return value.isoformat() if isinstance(value, (datetime, date, time)) else value


def text_of(value: object) -> str | None:
    """One line of text, or None where the value is a list or table."""
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    if isinstance(value, (str, int, float)):
        return " ".join(str(value).split())
    return value.isoformat() if isinstance(value, (datetime, date, time)) else None


def truth(value: object) -> bool | None:
    """True or false, also in quotes or as ``yes``/``no``; None for anything else."""
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else ""
    return True if word in _TRUE else False if word in _FALSE else None


def names(value: object, *, by_space: bool = False, whole: bool = False) -> tuple[str, ...]:
    """Tags, categories, lists or authors: a list (nested as Hexo's), text with commas, a number, or nothing.

    ``by_space`` splits text without commas at blanks, as Jekyll does; ``whole`` never splits.
    """
    found: list[str] = []
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, list):
            found += names(item, whole=True)
        elif isinstance(item, Mapping):
            found += names(item.get("name") or item.get("title"), whole=True)
        elif text := text_of(item):
            found += [text] if whole or isinstance(value, list) else _split(text, by_space=by_space)
    return tuple(dict.fromkeys(name for name in found if any(c.isalnum() or c > "\x7f" for c in name)))


def _split(text: str, *, by_space: bool) -> list[str]:
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    parts = _IN_TAGS.split(text)
    if len(parts) == 1 and by_space:
        parts = text.split()
    return [part.strip("\"' ") for part in parts]


def language_tag(text: str) -> str:
    """A language as BCP 47 writes it (``zh_cn`` → ``zh-CN``); empty for what is none."""
    if not _REGION.match(text):
        return ""
    first, *others = text.replace("_", "-").split("-")
    cased = [o.upper() if len(o) == 2 else o.title() if len(o) == 4 and o.isalpha() else o.lower() for o in others]
    return "-".join([first.lower(), *cased])
