"""SVG drawings: copied as they are when nothing in them can act or fetch, refused otherwise."""

from __future__ import annotations

import re

from feeder.reading.pictures import PictureError

_HINT = "save it as plain SVG without scripts and links, or as PNG"
_ACTIVE = frozenset(
    {"script", "foreignobject", "iframe", "embed", "object", "audio", "video", "canvas", "handler", "listener"}
)
_LENGTH = re.compile(r"\s*([0-9.]+)\s*(?:px)?\s*\Z")
_FETCHES = re.compile(
    r"@import|expression\s*\(|url\(\s*['\"]?\s*(?!#|['\"]?data:image/(?:png|jpeg|gif|webp))", re.IGNORECASE
)
_OWN = re.compile(r"\s*(?:#|data:image/(?:png|jpe?g|gif|webp)[;,])", re.IGNORECASE)


def check(body: bytes) -> tuple[int, int]:
    """Width and height in pixels (0, 0 when unknown); raises ``PictureError`` for what is not a safe drawing."""
    from xml.parsers import expat

    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.EntityDeclHandler = reader.entity
    parser.ProcessingInstructionHandler = reader.instruction
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        if isinstance(error, PictureError):
            raise
        raise PictureError(f"not a well-formed SVG drawing ({error})", _HINT) from error
    return reader.size


class _Reader:
    def __init__(self) -> None:
        self.size = (0, 0)
        self.depth = 0
        self.style = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(" ")[2].lower()
        if self.depth == 0:
            if name != "svg":
                raise PictureError("not an SVG drawing", _HINT)
            self.size = _size(attributes)
        self.depth += 1
        self.style += name == "style"
        if name in _ACTIVE:
            raise PictureError(f"the SVG drawing holds <{name}>", _HINT)
        for key, value in attributes.items():
            self._attribute(name, key.rpartition(" ")[2].lower(), value)

    def end(self, tag: str) -> None:
        self.depth -= 1
        self.style -= tag.rpartition(" ")[2].lower() == "style"

    def text(self, data: str) -> None:
        if self.style and _FETCHES.search(data):
            raise PictureError("the SVG drawing's style fetches something", _HINT)

    def entity(self, *_: object) -> None:
        raise PictureError("the SVG drawing declares entities", _HINT)

    def instruction(self, target: str, _: str) -> None:
        if target.lower() != "xml":
            raise PictureError(f"the SVG drawing holds <?{target}?>", _HINT)

    def _attribute(self, tag: str, key: str, value: str) -> None:
        if key.startswith("on"):
            raise PictureError(f"the SVG drawing holds {key}=", _HINT)
        if key == "href" and not _OWN.match(value) and not (tag == "a" and re.match(r"https?://", value)):
            raise PictureError("the SVG drawing fetches another file", _HINT)
        if key == "attributename" and value.lower() in ("href", "xlink:href"):
            raise PictureError("the SVG drawing changes its links", _HINT)
        if _FETCHES.search(value):
            raise PictureError("the SVG drawing fetches another file", _HINT)


def _size(attributes: dict[str, str]) -> tuple[int, int]:
    width, height = (_LENGTH.match(attributes.get(key, "")) for key in ("width", "height"))
    try:
        if width and height:
            return round(float(width[1])), round(float(height[1]))
        box = [float(part) for part in attributes.get("viewBox", "").replace(",", " ").split()]
    except (ValueError, OverflowError):
        return (0, 0)
    return (round(box[2]), round(box[3])) if len(box) == 4 else (0, 0)
