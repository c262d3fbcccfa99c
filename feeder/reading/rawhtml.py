"""Addresses in HTML that an author wrote by hand: a pass over what the sanitiser gave.

The sanitiser's output is canonical (each attribute in double quotes), so that one expression can read it.
Also here: an author's ``feeder:/`` in plain text must not be taken for an address of ours.
"""

from __future__ import annotations

import re
from html import unescape

from feeder.reading.assets import Prepared
from feeder.reading.html import escape
from feeder.reading.writer import Writer

_TAG = re.compile(r'<(a|img|source|audio|video|code)((?:\s+[^\s=<>"]+(?:="[^"]*")?)*)\s*/?>')
_ATTRIBUTE = re.compile(r'([^\s=<>"]+)(?:="([^"]*)")?')
_ANY_TAG = re.compile(r'<[a-zA-Z/](?:[^<>"]|"[^"]*")*>')
_LANGUAGE = re.compile(r"language-[\w+#.\-]{1,40}\Z")
_PRIVATE = "feeder:/"


def resolve(html: str, writer: Writer) -> str:
    """Make every address of raw HTML absolute or private; drop what leads nowhere."""
    writer.lines = ()
    writer.source.forget()
    html = _TAG.sub(lambda match: _element(match, writer), html)
    # The sanitiser takes the names out of a class attribute, and leaves the attribute.
    return _ANY_TAG.sub(lambda match: match[0].replace(' class=""', ""), html) if ' class=""' in html else html


def _element(match: re.Match[str], writer: Writer) -> str:
    tag = match[1]
    attributes = {key: unescape(value or "") for key, value in _ATTRIBUTE.findall(match[2])}
    if tag == "a":
        return _link(attributes, writer)
    if tag == "code":
        if not _LANGUAGE.match(attributes.get("class", "")):
            attributes.pop("class", None)
        return _write(tag, attributes)
    if "srcset" in attributes:
        _set(attributes, "srcset", _srcset(attributes["srcset"], writer))
    if "poster" in attributes:
        _set(attributes, "poster", _source(attributes["poster"], writer))
    if "src" in attributes:
        _set(attributes, "src", _source(attributes["src"], writer, attributes if tag == "img" else None))
    if tag == "img" and "src" not in attributes:
        return escape(attributes.get("alt", ""))
    if tag == "source" and "src" not in attributes and "srcset" not in attributes:
        return ""
    return _write(tag, attributes)


def _set(attributes: dict[str, str], key: str, value: str) -> None:
    if value:
        attributes[key] = value
    else:
        del attributes[key]


def _link(attributes: dict[str, str], writer: Writer) -> str:
    reference = attributes.get("href")
    if reference is not None and reference not in writer.known and not reference.startswith(writer.here):
        url = writer.address(reference)
        if url:
            writer.own(url)
        _set(attributes, "href", url)
    return _write("a", attributes)


def _source(reference: str, writer: Writer, image: dict[str, str] | None = None) -> str:
    """The address of a file; ``image`` is given its size."""
    if reference in writer.known:
        return reference
    found = writer.file(reference)
    if found is None:
        return ""
    if image is not None:
        image.setdefault("loading", "lazy")
        if isinstance(found, Prepared):
            if found.width and found.height and "width" not in image and "height" not in image:
                image.update(width=str(found.width), height=str(found.height))
        else:
            image["referrerpolicy"] = "no-referrer"
    url = found.url if isinstance(found, Prepared) else found
    writer.own(url)
    return url


def _srcset(text: str, writer: Writer) -> str:
    out = []
    for part in re.split(r",\s+|,(?=[^\s,]+\s+[0-9.]+[wx]\s*(?:,|$))", text):
        address, _, size = part.strip().partition(" ")
        if address and (url := _source(address, writer)):
            out.append(f"{url} {size.strip()}".strip())
    return ", ".join(out)


def _write(tag: str, attributes: dict[str, str]) -> str:
    pairs = [f' {key}="{escape(value)}"' for key, value in attributes.items()]
    return f"<{tag}{''.join(pairs)}>"


def defuse(html: str, writer: Writer) -> str:
    """Break ``feeder:/`` wherever it is not an address of ours, so that nothing in a text can become one."""
    out: list[str] = []
    last = 0
    for match in _ANY_TAG.finditer(html):
        out.append(_defused(html[last : match.start()]))
        tag = match[0]
        out.append(_in_tag(tag, writer) if _PRIVATE in tag else tag)
        last = match.end()
    out.append(_defused(html[last:]))
    return "".join(out)


def _defused(text: str) -> str:
    return text.replace(_PRIVATE, "feeder&#58;/")


def _in_tag(tag: str, writer: Writer) -> str:
    def check(match: re.Match[str]) -> str:
        key, value = match[1], match[2]
        if key in ("href", "src", "poster") and (
            unescape(value) in writer.known or unescape(value).startswith(writer.here)
        ):
            return match[0]
        if key == "srcset" and all(
            part.split()[0] in writer.known for part in unescape(value).split(", ") if part.strip()
        ):
            return match[0]
        return f'{key}="{_defused(value)}"'

    return re.sub(r'([^\s=<>"]+)="([^"]*)"', check, tag)
