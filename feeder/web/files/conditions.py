"""What a request wants to know of a file: changed since, in which encoding, which bytes (RFC 9110)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC
from email.utils import formatdate, parsedate_to_datetime
from typing import Final

_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')
_RANGE = re.compile(r"bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.IGNORECASE)
_QUALITY = re.compile(r"(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")
_LONGEST: Final = 8000


@dataclass(frozen=True, slots=True)
class Asked:
    """The headers of a request that a file answers to; empty ones were not sent."""

    accept_encoding: str = ""
    if_match: str = ""
    if_none_match: str = ""
    if_modified_since: str = ""
    if_unmodified_since: str = ""
    if_range: str = ""
    range: str = ""

    @classmethod
    def of(cls, headers: Iterable[tuple[bytes, bytes]]) -> Asked:
        """From the headers as ASGI has them; those sent several times are one list (RFC 9110 section 5.3)."""
        found: dict[str, str] = {}
        for name, value in headers:
            key = name.decode("latin-1").replace("-", "_")
            if key in cls.__slots__:
                text = value.decode("latin-1").strip()
                found[key] = f"{found[key]}, {text}" if key in found else text
        return cls(**found)


def failed(asked: Asked, tag: str, modified: int) -> bool:
    """Whether a precondition does not hold: 412 (RFC 9110 sections 13.1.1 and 13.1.4); ``modified`` in seconds."""
    if asked.if_match:
        tags = _tags(asked.if_match)
        return asked.if_match != "*" and tag not in tags
    since = _seconds(asked.if_unmodified_since)
    return since is not None and modified > since


def unchanged(asked: Asked, tag: str, modified: int) -> bool:
    """Whether the reader has it already: 304. A date counts only where no tag was sent (RFC 9110 section 13.2.2)."""
    if asked.if_none_match:
        # Compared weakly (section 8.8.3.2): proxies that compress put W/ before our tags.
        return asked.if_none_match == "*" or tag in (one.removeprefix("W/") for one in _tags(asked.if_none_match))
    since = _seconds(asked.if_modified_since)
    return since is not None and modified <= since


def encodings(accept: str, offered: Sequence[str]) -> tuple[str, ...]:
    """Which of the encodings ``offered`` are taken, best first; of equal ones, in the order offered.

    What is wanted less than the file as it is is left out (RFC 9110 section 12.5.3).
    """
    wishes = _wishes(accept)
    plain = wishes.get("identity", 0.0)
    told = [(wishes.get(name, wishes.get("*", 0.0)), name) for name in offered]
    liked = [(quality, name) for quality, name in told if quality > 0 and quality >= plain]
    return tuple(name for _, name in sorted(liked, key=lambda one: -one[0]))


def part(asked: Asked, tag: str, modified: int, size: int) -> range | None:
    """The bytes that were asked for, empty where there are none such (416); None: all of them.

    One range alone: of several, and of what is no range, everything is sent (RFC 9110 section 14.2).
    """
    match = _RANGE.fullmatch(asked.range)
    if match is None or not any(match.groups()) or not _same(asked.if_range, tag, modified):
        return None
    first, last = match[1], match[2]
    if not first:
        return range(max(0, size - int(last)), size) if int(last) and size else range(0)
    if last and int(last) < int(first):
        return None
    return range(int(first), min(int(last) + 1 if last else size, size)) if int(first) < size else range(0)


def _same(if_range: str, tag: str, modified: int) -> bool:
    """Section 13.1.5: a weak tag is none here, and a date is good only when it is exactly ours."""
    if not if_range or if_range == tag:
        return True
    return not if_range.endswith('"') and _seconds(if_range) == modified


def _wishes(accept: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for one in accept[:_LONGEST].lower().split(","):
        name, _, parameters = one.partition(";")
        key, _, value = parameters.partition("=")
        quality = value.strip() if key.strip() == "q" else "1"
        name = name.strip()
        if name:
            found["gzip" if name == "x-gzip" else name] = float(quality) if _QUALITY.fullmatch(quality) else 0.0
    return found


def _tags(header: str) -> list[str]:
    return _TAG.findall(header[:_LONGEST])


def _seconds(date: str) -> int | None:
    """An HTTP date as seconds since the epoch; None for anything else, which does not count."""
    if not date or len(date) > 60:
        return None
    try:
        read = parsedate_to_datetime(date)
        return int((read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp())
    except (ValueError, TypeError, IndexError, OverflowError, OSError):
        return None


def http_date(seconds: int) -> str:
    """Seconds since the epoch as an HTTP date (RFC 9110 section 5.6.7)."""
    return formatdate(seconds, usegmt=True)
