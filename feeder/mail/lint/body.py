"""Rules about the parts of a message and the text of both."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from feeder.mail.lint.letter import Letter, words
from feeder.mail.values import HOLE

DECODED: Final = 90_000
"""Bytes of HTML; Gmail clips a little above 102 KB, of what it has made of it."""
ENCODED: Final = 102_000
"""Bytes of HTML as they stand in the message."""
LINE: Final = 76

_TAG = re.compile(r"</?(?:p|div|a|table|tr|td|span|br|img|h[1-6]|style|html|body)\b[^<>]*>", re.IGNORECASE)
_TEMPLATE = re.compile(r"\{\{|\}\}|\{%|%\}|\*\|[A-Z_]+\|\*")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_BLANKS = re.compile(r"\s+")
_SHORTEST_TEXT = 20


def structure(letter: Letter) -> Iterator[str]:
    """multipart/alternative of a text and HTML, in this order: clients show the last they understand (RFC 2046)."""
    kinds = [part.get_content_type() for part in letter.parts]
    if letter.parsed.get_content_type() != "multipart/alternative" or kinds != ["text/plain", "text/html"]:
        yield f"not multipart/alternative of text/plain and text/html: {', '.join(kinds) or 'one part'}"
    for part in letter.parts:
        if part.get_content_charset() != "utf-8":
            yield f"{part.get_content_type()} is not in UTF-8"
    if letter.parsed.defects:
        yield "the parts are not well-formed"


def transfer_encoding(letter: Letter) -> Iterator[str]:
    """base64 or quoted-printable, in lines of at most 76 characters, which survive every server (RFC 2045)."""
    for part in letter.parts:
        kind, name = part.get_content_type(), str(part.get("content-transfer-encoding", "7bit")).lower()
        lines = letter.encoded(part).splitlines()
        if name not in {"base64", "quoted-printable"}:
            yield f"{kind} is encoded as {name}"
        elif max(map(len, lines), default=0) > LINE:
            yield f"{kind} has an encoded line of more than {LINE} characters"
        elif name == "base64" and not all(_BASE64.fullmatch(line) for line in lines):
            yield f"{kind} is no base64"


def text_part(letter: Letter) -> Iterator[str]:
    """The text is one of its own: no markup, and nearly as full as the HTML."""
    if len(letter.text.strip()) < _SHORTEST_TEXT:
        yield "the text says nothing"
    if _TAG.search(letter.text):
        yield "the text has HTML in it"


def same_story(letter: Letter) -> Iterator[str]:
    """Headings of the HTML stand in the text too: filters compare the two (SpamAssassin's MPART_ALT_DIFF)."""
    if letter.tree is None:
        return
    plain = _BLANKS.sub("", letter.text)
    for heading in letter.tree.iter("h2"):
        told = _BLANKS.sub("", words(heading))
        if told and told not in plain:
            yield f"the text does not tell of: {words(heading).strip()}"


def clipping(letter: Letter) -> Iterator[str]:
    """Gmail cuts what is longer than about 102 KB, and the way out with it."""
    decoded = len(letter.html.encode())
    if decoded > DECODED:
        yield f"the HTML has {decoded:,} bytes, and Gmail clips it above {DECODED:,}"
    for part in letter.parts:
        encoded = len(letter.encoded(part))
        if encoded > ENCODED:
            yield f"{part.get_content_type()} has {encoded:,} bytes encoded, and Gmail clips above {ENCODED:,}"


def left_over(letter: Letter) -> Iterator[str]:
    """Nothing of a template, and no hole, is left in what people read."""
    before, after = HOLE.split("{}")
    for kind, content in (("text", letter.text), ("HTML", letter.html)):
        if before in content or after in content:
            yield f"the {kind} has a hole that was not filled"
        for mark in sorted(set(_TEMPLATE.findall(re.sub(r"<(pre|code)\b.*?</\1>", "", content, flags=re.DOTALL)))):
            if kind == "HTML":
                yield f"the {kind} has a mark of a template: {mark}"


def body_characters(letter: Letter) -> Iterator[str]:
    """No control characters; and no replacement characters, which tell of a wrong encoding."""
    for kind, content in (("text", letter.text), ("HTML", letter.html)):
        if _CONTROL.search(content.replace("\x02", "").replace("\x03", "")):
            yield f"the {kind} has a control character"
        if "\ufffd" in content:
            yield f"the {kind} has a replacement character (U+FFFD)"


def postal_address(letter: Letter) -> Iterator[str]:
    """The sender's postal address stands in both, as the law of many countries asks."""
    wanted = _BLANKS.sub("", letter.postal_address)
    shown = words(letter.tree) if letter.tree is not None else ""
    if wanted and wanted not in _BLANKS.sub("", letter.text):
        yield "the text does not give the postal address"
    if wanted and wanted not in _BLANKS.sub("", shown):
        yield "the HTML does not give the postal address"


def way_out(letter: Letter) -> Iterator[str]:
    """Who wants to leave finds the link in the text and in the last quarter of the HTML, and can see it."""
    if letter.is_notice or not letter.ways_out:
        return
    ways = set(letter.ways_out)
    if not any(way in letter.text for way in ways):
        yield "the text has no address to unsubscribe"
    links = [a for a in letter.tree.iter("a") if a.get("href") in ways] if letter.tree is not None else []
    if not any(words(a).strip() for a in links):
        yield "the HTML has no link to unsubscribe"
    elif "display:none" in _BLANKS.sub("", links[-1].get("style", "")):
        yield "the link to unsubscribe is hidden"
    elif len(letter.html) - letter.html.rfind("<a ") > max(len(letter.html) // 4, 4000):
        yield "the link to unsubscribe is not at the end"


RULES: Final = (
    structure, transfer_encoding, text_part, same_story, clipping, left_over, body_characters, postal_address, way_out,
)  # fmt: skip
