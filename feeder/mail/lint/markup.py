"""Rules about the HTML of a message, and what it links to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from lxml import etree

from feeder.mail.lint.letter import Letter, words

LONGEST_STYLE: Final = 16_384
"""Characters of ``<style>``; Gmail leaves a longer one out, the dark mode with it."""
SHORTENERS: Final = frozenset(
    {"bit.ly", "t.co", "tinyurl.com", "goo.gl", "ow.ly", "is.gd", "buff.ly", "rebrand.ly", "cutt.ly", "t.cn",
     "url.cn", "dwz.cn", "suo.im", "u.nu", "w.url.cn", "s.click.taobao.com"}
)  # fmt: skip
"""Hosts whose links hide where they go; filters count them against the sender."""
ACTIVE: Final = ("script", "iframe", "object", "embed", "form", "input", "textarea", "button", "video", "audio",
                 "svg", "math", "base", "link", "applet", "frame", "frameset")  # fmt: skip
"""Elements that clients take out, or warn of."""

_ADDRESS = re.compile(r"(?:https?:|mailto:|tel:|sms:)", re.IGNORECASE)
_NUMBER_HOST = re.compile(r"[0-9.]+|\[.*\]")
_SHOWN_ADDRESS = re.compile(r"\s*(?:https?://)?((?:[a-z0-9\-]+\.)+[a-z]{2,})(?:[/:?#]\S*)?\s*", re.IGNORECASE)
_TINY = re.compile(r"font-size:\s*0(?:px|pt|em|rem|%)?\s*(?:;|\Z)")
_TEXT_AN_IMAGE = 40


def document(letter: Letter) -> Iterator[str]:
    """The HTML says its language and title, and that it can be read on small screens and in the dark."""
    tree = letter.tree
    if tree is None:
        yield "there is no HTML"
        return
    if not tree.get("lang"):
        yield "<html> has no lang"
    if not (tree.findtext(".//title") or "").strip():
        yield "no <title>"
    named = {str(meta.get("name", "")).lower(): meta.get("content", "") for meta in tree.iter("meta")}
    for name in ("viewport", "color-scheme"):
        if not named.get(name):
            yield f'no <meta name="{name}">'


def active_content(letter: Letter) -> Iterator[str]:
    """Nothing runs, loads or asks: no scripts, forms, frames, and no attributes that act."""
    for element in _elements(letter):
        if element.tag in ACTIVE:
            yield f"there is a <{element.tag}>"
        for name, value in _attributes(element):
            if name.lower().startswith("on"):
                yield f"<{element.tag}> has {name}"
            if value.strip().lower().startswith(("javascript:", "vbscript:", "data:text")):
                yield f"<{element.tag}> has an address that acts: {value}"


def styles(letter: Letter) -> Iterator[str]:
    """Styles are short enough for Gmail, and fetch nothing."""
    written = "".join([element.text or "" for element in _elements(letter) if element.tag == "style"])
    if len(written) > LONGEST_STYLE:
        yield f"<style> has {len(written):,} characters; Gmail leaves out more than {LONGEST_STYLE:,}"
    inline = " ".join([element.get("style", "") for element in _elements(letter)])
    if "@import" in written or "url(" in (written + inline).lower():
        yield "a style fetches something"


def images(letter: Letter) -> Iterator[str]:
    """An image has an alternative text, and an absolute https address."""
    for image in _elements(letter):
        if image.tag == "img":
            shown = image.get("src", "")
            if image.get("alt") is None:
                yield f"an image has no alt: {shown}"
            if not shown.startswith("https://"):
                yield f"an image's address is not https: {shown or 'none'}"


def image_share(letter: Letter) -> Iterator[str]:
    """More text than pictures: spam hides its words in images."""
    count = sum(element.tag == "img" for element in _elements(letter))
    told = len("".join(words(letter.tree).split())) if letter.tree is not None else 0
    if count and told < count * _TEXT_AN_IMAGE:
        yield f"{count} images beside {told} characters of text"


def links(letter: Letter) -> Iterator[str]:
    """A link has an absolute address; a number as host and shorteners tell of phishing."""
    for href in _addresses(letter):
        if href.startswith("#"):
            continue
        if not _ADDRESS.match(href):
            yield f"a link is not absolute: {href or 'empty'}"
            continue
        host = _host(href)
        if _NUMBER_HOST.fullmatch(host):
            yield f"a link goes to a number instead of a name: {href}"
        if host.removeprefix("www.") in SHORTENERS:
            yield f"a link hides where it goes: {href}"


def honest_links(letter: Letter) -> Iterator[str]:
    """A link that shows an address goes there; all else looks like phishing."""
    for element in _elements(letter):
        if element.tag != "a":
            continue
        shown = _SHOWN_ADDRESS.fullmatch(words(element))
        host = _host(element.get("href", ""))
        if shown and "." in host and not _is_same(shown[1].lower(), host):
            yield f"a link shows {shown[1]} and goes to {host}"


def hidden_text(letter: Letter) -> Iterator[str]:
    """One hidden line, the preview, is usual; more, and letters of no size, are what spam does."""
    given = [element.get("style", "") for element in _elements(letter)]
    if any(_TINY.search(style) for style in given):
        yield "there is text of font-size 0"
    hidden = sum("display:none" in style.replace(" ", "") for style in given)
    if hidden > 1:
        yield f"{hidden} elements are hidden"


def layout_tables(letter: Letter) -> Iterator[str]:
    """A table that only lays out says so, lest screen readers read out its cells."""
    for element in _elements(letter):
        if element.tag == "table" and element.get("role") != "presentation":
            is_outermost = next(element.iterancestors("table"), None) is None
            if is_outermost and next(element.iter("th"), None) is None:
                yield "a table of the layout has no role=presentation"


def _elements(letter: Letter) -> Iterator[etree._Element]:
    if letter.tree is not None:
        for element in letter.tree.iter():
            if isinstance(element.tag, str):
                yield element


def _attributes(element: etree._Element) -> list[tuple[str, str]]:
    return [(str(name), str(value)) for name, value in element.attrib.items()]


def _addresses(letter: Letter) -> Iterator[str]:
    for element in _elements(letter):
        if element.tag in {"a", "area"} and element.get("href") is not None:
            yield element.get("href", "").strip()


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _is_same(one: str, other: str) -> bool:
    return f".{one}".endswith(f".{other.removeprefix('www.')}") or f".{other}".endswith(f".{one.removeprefix('www.')}")


RULES: Final = (
    document, active_content, styles, images, image_share, links, honest_links, hidden_text, layout_tables,
)  # fmt: skip
