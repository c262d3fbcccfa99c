"""Any bytes as a letter: headers decoded, text found, reports (RFC 3464, RFC 5965) taken apart.

Nothing here raises on bad input: mail comes from strangers, broken programs and attackers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from email.policy import Compat32
from html import unescape
from typing import Final

LARGEST: Final = 1 << 20
"""Bytes of a message that are looked at; what tells about a failure stands near its beginning."""

_LINES = 20_000
_PARTS = 60
_DEEPEST = 12
_TEXT = 20_000
_FIELD = 4_000
_RETURNED = ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/partial", "message/global",
             "message/global-headers")  # fmt: skip
_REPORTS = ("message/delivery-status", "message/global-delivery-status", "message/feedback-report",
            "message/disposition-notification", "message/global-disposition-notification")  # fmt: skip
_TAGS = re.compile(r"<(?:style|script)\b[^>]{0,200}>.*?</(?:style|script)>|<[^<>]{0,1000}>", re.IGNORECASE | re.DOTALL)
_BREAKS = re.compile(r"<(?:br|/p|/div|/tr|/li|/h\d)\b[^<>]{0,200}>", re.IGNORECASE)
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_BLOCKS = re.compile(r"\n[ \t]*\n+")


class _Short(Compat32):
    """Headers as they stand, cut: parameters cost the parser time by the square of their length."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:_FIELD]


_POLICY: Final = _Short()

Fields = Mapping[str, str]
"""Names in small letters -> values, unfolded; of repeated ones the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """An incoming message, as far as it could be read."""

    headers: tuple[tuple[str, str], ...] = ()
    """Names in small letters, and decoded values on one line, in order."""
    media_type: str = "text/plain"
    text: str = ""
    """What stands there for people: the first part of text, decoded; HTML without its tags."""
    statuses: tuple[Fields, ...] = ()
    """Blocks of ``message/delivery-status``, the one about the message first."""
    feedback: Fields | None = None
    """Fields of ``message/feedback-report``; None where there is none."""
    receipt: bool = False
    """It says that the message was read (RFC 8098)."""
    returned: Fields = field(default_factory=dict)
    """Headers of the message that came back inside."""
    everything: str = ""
    """All texts in it, also those that came back, for finding our own marks."""

    def all(self, *names: str) -> Iterator[str]:
        """The values of these headers, in the order of the message."""
        return (value for name, value in self.headers if name in names)

    def first(self, name: str) -> str:
        """The first header of this name; empty where there is none."""
        return next(self.all(name), "")


@dataclass(slots=True)
class _Found:
    texts: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    statuses: list[Fields] = field(default_factory=list)
    feedback: Fields | None = None
    receipt: bool = False
    returned: Fields = field(default_factory=dict)
    everything: list[str] = field(default_factory=list)


def parse(data: bytes) -> Letter:
    """The message in ``data``; of a broken one, what can be read."""
    cut = b"".join(data[:LARGEST].splitlines(keepends=True)[:_LINES])
    try:
        return _whole(cut)
    except Exception:  # noqa: BLE001  # the standard library's parser raises all sorts of errors on hostile mail
        return _rough(cut)


def _whole(data: bytes) -> Letter:
    lower = data.lower()
    nested = lower.count(b"multipart/") + lower.count(b"message/")
    # Nesting costs the parser time by the square, and the stack in the end.
    parser = BytesParser(policy=_POLICY) if nested <= _PARTS else BytesHeaderParser(policy=_POLICY)
    message = parser.parsebytes(data)
    found = _Found()
    _walk(message, found, 0)
    return Letter(
        headers=_headers(message),
        media_type=message.get_content_type(),
        text=(found.texts or [_bare(page) for page in found.pages[:1]] or [""])[0],
        statuses=tuple(found.statuses),
        feedback=found.feedback,
        receipt=found.receipt,
        returned=found.returned,
        everything="\n".join(found.everything),
    )


def _rough(data: bytes) -> Letter:
    text = in_some_charset(data).replace("\r\n", "\n")
    head, _, body = text.partition("\n\n")
    pairs = (line.partition(":") for line in re.sub(r"\n[ \t]+", " ", head).split("\n"))
    headers = tuple((name.lower(), _clean(value)) for name, colon, value in pairs if colon and " " not in name)
    return Letter(headers=headers, text=_readable(body), everything=text)


def _walk(part: Message, found: _Found, depth: int) -> None:
    kind = part.get_content_type()
    if depth:
        found.everything.extend(f"{name}: {value}" for name, value in _headers(part))
    if kind in _REPORTS:
        blocks = list(_blocks(part))
        found.everything.extend(f"{name}: {value}" for block in blocks for name, value in block.items())
        _report(kind, blocks, found)
    elif kind in _RETURNED:
        _walk_returned(part, found, depth)
    elif part.is_multipart() and depth < _DEEPEST:
        for child in _children(part):
            _walk(child, found, depth + 1)
    else:
        _leaf(part, kind, found)


def _walk_returned(part: Message, found: _Found, depth: int) -> None:
    inner = _children(part)
    if not inner or not inner[0].keys():  # headers alone, or in base64, where the parser leaves them as text
        inner = [BytesParser(policy=_POLICY).parsebytes(_octets(part).lstrip())]
    if not found.returned:
        found.returned = _fields(_headers(inner[0]))
    quiet = _Found()
    if depth < _DEEPEST:
        _walk(inner[0], quiet, depth + 1)
    # A report may be forwarded as a whole: then what it says counts, and not only what came back.
    found.statuses.extend(quiet.statuses)
    found.feedback = found.feedback or quiet.feedback
    found.everything.extend(quiet.everything)


def _report(kind: str, blocks: list[Fields], found: _Found) -> None:
    if kind == "message/feedback-report":
        found.feedback = blocks[0] if blocks else {}
    elif kind == "message/disposition-notification":
        found.receipt = True
    else:
        found.statuses.extend(blocks)


def _leaf(part: Message, kind: str, found: _Found) -> None:
    if not kind.startswith(("text/", "message/")):
        return
    text = in_charset(_octets(part), _charset(part))
    found.everything.append(text)
    if kind == "text/html":
        found.pages.append(text)
    elif kind.startswith("text/"):
        found.texts.append(_readable(text))


def _blocks(part: Message) -> Iterator[Fields]:
    """The groups of fields of a report: the parser has made messages of them, but not of encoded ones."""
    children = _children(part)
    if any(child.keys() for child in children):
        yield from (_fields(_headers(child)) for child in children if child.keys())
        return
    text = in_some_charset(_octets(part)).replace("\r\n", "\n")
    for block in _BLOCKS.split(text.strip()):
        message = BytesHeaderParser(policy=_POLICY).parsebytes(block.encode("utf-8", "replace"))
        if message.keys():
            yield _fields(_headers(message))


def _children(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [child for child in payload if isinstance(child, Message)] if isinstance(payload, list) else []


def _octets(part: Message) -> bytes:
    """What a part holds, decoded. The parser takes an encoded message inside for a plain one."""
    if part.is_multipart():
        plain = Message()
        plain["Content-Transfer-Encoding"] = str(part.get("content-transfer-encoding", ""))
        plain.set_payload("\n".join(str(child.get_payload()) for child in _children(part)))
        part = plain
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _charset(part: Message) -> str:
    named = part.get_param("charset", "")
    return named if isinstance(named, str) else named[2]


def in_charset(data: bytes, charset: str) -> str:
    """``data`` as text in the charset it is said to be in; where that is not so, in the one that fits."""
    name = charset.strip("\"' ").lower()
    # GB2312 and GBK are what people write; what they send is the larger set.
    name = "gb18030" if name in {"gb2312", "gbk", "gb_2312-80", "x-gbk", "cp936"} else name
    if name and name not in {"us-ascii", "ascii", "unicode-1-1-utf-7", "unknown-8bit"}:
        try:
            return data.decode(name)
        except (LookupError, ValueError):
            pass
    return in_some_charset(data)


def in_some_charset(data: bytes) -> str:
    """``data`` as text: UTF-8 if it is, else GB18030 if it is, else Latin-1, which everything is."""
    for name in ("utf-8", "gb18030"):
        try:
            return data.decode(name)
        except ValueError:
            continue
    return data.decode("latin-1")


def _headers(message: Message) -> tuple[tuple[str, str], ...]:
    return tuple((name.lower(), _decoded(str(value))) for name, value in message.raw_items())


def _fields(headers: tuple[tuple[str, str], ...]) -> Fields:
    first: dict[str, str] = {}
    for name, value in headers:
        first.setdefault(name, value)
    return first


def _decoded(value: str) -> str:
    # A raw header keeps bytes beyond ASCII as surrogates.
    text = in_some_charset(value.encode("utf-8", "surrogateescape"))
    if "=?" in text:
        try:
            text = "".join(_word(word, charset) for word, charset in decode_header(text))
        except Exception:  # noqa: BLE001  # decode_header raises on half of an encoded word
            return _clean(text)
    return _clean(text)


def _word(word: bytes | str, charset: str | None) -> str:
    return word if isinstance(word, str) else in_charset(word, charset or "")


def _clean(text: str) -> str:
    return " ".join(_NOT_TEXT.sub(" ", text.replace("\n", " ").replace("\t", " ")).split())


def _readable(text: str) -> str:
    return _NOT_TEXT.sub("", text[:_TEXT].replace("\r\n", "\n").replace("\r", "\n"))


def _bare(page: str) -> str:
    return _readable(unescape(_TAGS.sub("", _BREAKS.sub("\n", page[: 4 * _TEXT]))))
