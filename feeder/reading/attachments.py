"""Pictures and enclosures that front matter names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from feeder import links
from feeder.model import Asset, Enclosure, Image
from feeder.reading import assets, keys, media
from feeder.reading.frontmatter import FrontMatter

_REFERENCES = ("url", "src", "file", "path", "image", "href", "link")
_REMOTE = ("http://", "https://")


@dataclass(slots=True)
class Attachments:
    """What a front matter attaches to an entry."""

    cover: Image | None = None
    enclosures: tuple[Enclosure, ...] = ()
    assets: dict[str, Asset] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)
    """Where what is missing was looked for."""


def read(front: FrontMatter, store: assets.AssetStore) -> Attachments:
    """Find what ``image``, ``cover``, ``enclosures``, ``audio`` … mean; what is missing is a problem."""
    found = Attachments()
    key = _key(front, "image")
    if key:
        found.cover = _cover(front, key, store, found)
    key = _key(front, "enclosures")
    if key:
        value = front.values[key]
        given = [_enclosure(front, key, item, store, found) for item in (value if isinstance(value, list) else [value])]
        found.enclosures = tuple(enclosure for enclosure in given if enclosure)
    return found


def _key(front: FrontMatter, group: str) -> str:
    return next((k for k in keys.GROUPS[group] if front.values.get(k) and keys.truth(front.values[k]) is None), "")


def _reference(value: object) -> str:
    if isinstance(value, Mapping):
        return next((text for name in _REFERENCES if (text := keys.text_of(value.get(name)))), "")
    return keys.text_of(value) or ""


def _detail(value: object, *names: str) -> str:
    if not isinstance(value, Mapping):
        return ""
    return next((text for name in names if (text := keys.text_of(value.get(name)))), "")


def _cover(front: FrontMatter, key: str, store: assets.AssetStore, found: Attachments) -> Image | None:
    value = front.values[key]
    if isinstance(value, list):
        value = value[0]
    reference, alt = _reference(value), _detail(value, "alt", "caption", "title")
    if "." not in reference and "/" not in reference:
        return None  # a colour, or a word of a theme: "#f00", "random"
    if reference.startswith(_REMOTE):
        return Image(links.iri(reference), alt, media.media_type(reference.partition("?")[0]))
    image, prepared = assets.image(store, front.path, reference, alt)
    _account(front, key, reference, prepared, found, "image")
    return image


def _enclosure(
    front: FrontMatter, key: str, value: object, store: assets.AssetStore, found: Attachments
) -> Enclosure | None:
    reference = _reference(value)
    if not reference:
        front.tell(key, "an enclosure without an address", "write url: and the file", mark=key)
        return None
    title, seconds = _detail(value, "title", "name"), _seconds(_detail(value, "duration", "seconds"))
    if reference.startswith(_REMOTE):
        kind = _detail(value, "type", "media_type", "mime") or media.media_type(reference.partition("?")[0])
        length = _detail(value, "length", "size", "bytes")
        size = int(length) if length.isdecimal() and len(length) < 16 else 0
        return Enclosure(links.iri(reference), kind or "application/octet-stream", size, title, seconds)
    enclosure, prepared = assets.enclosure(store, front.path, reference)
    _account(front, key, reference, prepared, found, "enclosure")
    if enclosure is None:
        return None
    return Enclosure(enclosure.url, enclosure.media_type, enclosure.length, title, seconds or enclosure.seconds)


def _account(
    front: FrontMatter, key: str, reference: str, prepared: assets.Prepared | None, found: Attachments, what: str
) -> None:
    if prepared is None:
        found.absent += assets.candidates(front.path, reference)
        hint = "put the file beside the entry or in static/, or remove the line"
        front.tell(key, f"{what} not found: {reference}", hint, mark=reference)
    elif prepared.message:
        found.absent.append(prepared.asset.source)
        front.tell(key, prepared.message, prepared.hint, mark=reference)
    else:
        found.assets[prepared.asset.path] = prepared.asset


def _seconds(text: str) -> int:
    """``1:02:03``, ``62:03`` or ``3723``."""
    if not re.fullmatch(r"\d{1,6}(?::\d{1,2}){0,2}(?:\.\d+)?", text):
        return 0
    total = 0
    for part in text.partition(".")[0].split(":"):
        total = total * 60 + int(part)
    return total
