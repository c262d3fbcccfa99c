"""What all rules share: a list of problems with their places, and rules on dates, addresses, languages, characters."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from email.utils import parsedate_to_datetime

from feeder import links
from feeder.errors import Problem
from feeder.feeds import languages, text

NOT_ABSOLUTE = "is not absolute"
PRIVATE = "is private to feeder"
"""Words of the messages on addresses, for those who must tell them from others."""

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
_RFC822 = re.compile(
    r"(?P<day>Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d? (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
    r" \d{4} \d\d:\d\d:\d\d (?:[+-]\d\d[03]0|GMT)"
)
_MEDIA_TYPE = re.compile(r"[^\s()<>,;:\\\"/\[\]?=]+/[^\s()<>,;:\\\"/\[\]?=]+(?:\s*;.*)?")
_NOT_IN_URI = re.compile(r"[^0-9A-Za-z;/?:@&=+$.\-_!~*'()%,#\[\]]|%(?![0-9A-Fa-f]{2})")
_SUSPECT = re.compile(r"&#?\w|<[/a-zA-Z]")
_END_TAG = re.compile(r"</\w+>")
_FIRST_YEAR = 1990
"""The W3C validator calls a date before 1990 implausible."""


class Findings:
    """The problems of one document, as they are found."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.problems: list[Problem] = []
        self.lines: list[bytes] = []
        """The lines of an XML document: what tells ``&#x3C;`` from ``&lt;``."""

    def add(self, message: str, hint: str, line: int = 0) -> None:
        """One more problem, at a line of the document where that is known."""
        place = f"{self.path}:{line}" if line else self.path
        self.problems.append(Problem(place, message, hint))

    def rfc3339(self, value: str, name: str, line: int = 0) -> datetime | None:
        """A date of Atom or JSON Feed; the instant where it is one."""
        moment = None
        if _RFC3339.fullmatch(value):
            try:
                moment = datetime.fromisoformat(value)
            except ValueError:
                moment = None
        if moment is None:
            self.add(f"{name} is no RFC 3339 date: {value}", "write it as 2026-11-22T09:00:00+08:00", line)
        return self._plausible(moment, name, line)

    def rfc822(self, value: str, name: str, line: int = 0) -> datetime | None:
        """A date of RSS; the instant where it is one."""
        moment = None
        if found := _RFC822.fullmatch(value):
            try:
                moment = parsedate_to_datetime(value)
            except ValueError:
                moment = None
            if moment and f"{moment:%w}" != str("SunMonTueWedThuFriSat".index(found["day"]) // 3):
                self.add(f"{name} is no {found['day']}: {value}", "leave the weekday out, or write the right one", line)
        if moment is None:
            self.add(f"{name} is no RFC 822 date: {value}", "write it as Sun, 22 Nov 2026 09:00:00 +0800", line)
        return self._plausible(moment, name, line)

    def _plausible(self, moment: datetime | None, name: str, line: int) -> datetime | None:
        if moment and moment.year < _FIRST_YEAR:
            self.add(f"{name} is implausible: {moment.date()}", f"validators warn of dates before {_FIRST_YEAR}", line)
        return moment

    def order(self, published: datetime | None, updated: datetime | None, line: int = 0) -> None:
        """An entry is not updated before it is published."""
        if published and updated and updated < published:
            self.add("updated is before published", "`updated` is the same or later", line)

    def uri(self, value: str, name: str, line: int = 0) -> None:
        """An absolute, percent-encoded address."""
        if not links.is_absolute(value):
            self.add(f"{name} {NOT_ABSOLUTE}: {value}", "write the whole address, with https://", line)
        elif value.startswith("feeder:"):
            self.add(f"{name} {PRIVATE}: {value}", "resolve it before it goes out", line)
        elif _NOT_IN_URI.search(value):
            self.add(f"{name} has characters that are not encoded: {value}", "percent-encode them", line)

    def iri(self, value: str, line: int = 0) -> None:
        """An id of Atom."""
        from feeder.feeds import parts

        if not parts.is_iri(value):
            self.add(f"the id is no IRI: {value}", "ids that are no IRI stand in RSS only; Atom gets a tag URI", line)

    def language(self, value: str, line: int = 0, *, known: bool = True) -> None:
        """A language tag; ``known`` in XML, where validators have a list."""
        if languages.tag(value) != value:
            self.add(f"no language tag: {value}", "write it as zh-CN, with a hyphen (BCP 47)", line)
        elif known and languages.known(value) != value:
            self.add(f"a language that validators do not know: {value}", "write zh-yue for yue, or leave it out", line)

    def media_type(self, value: str, name: str, line: int = 0) -> None:
        """A media type."""
        if not _MEDIA_TYPE.fullmatch(value):
            self.add(f"{name} is no media type: {value}", "write it as audio/mpeg", line)

    def characters(self, value: str, name: str, line: int = 0) -> None:
        """Nothing XML forbids, no C1 control and no U+FFFD."""
        if text.clean(value) != value:
            code = next(ord(c) for c in value if text.clean(c) != c)
            self.add(f"{name} has a forbidden character U+{code:04X}", "remove it from the entry", line)
        elif text.legible(value) != value:
            self.add(f"{name} looks like UTF-8 read as Latin-1: {value[:60]}", "write the accents apart", line)

    def plain(self, value: str, name: str, line: int = 0) -> None:
        """Plain text which no validator takes for markup."""
        self.characters(value, name, line)
        if text.is_markup(value):
            self.add(f"{name} looks like markup: {value}", 'write it as type="html", escaped twice', line)

    def untagged(self, value: str, name: str, line: int = 0) -> None:
        """Plain text where no ``type`` can be written: no end tag, and ``<`` and ``&`` as references (RSS Profile)."""
        self.characters(value, name, line)
        if _SUSPECT.search(value) and b"&#x" not in self._source(line):
            self.add(f"{name} may be taken for markup: {value}", "write `<` as &#x3C; and `&` as &#x26;", line)
        if _END_TAG.search(value):
            self.add(f"{name} looks like markup: {value}", "escape it twice, or leave the tag out", line)

    def _source(self, line: int) -> bytes:
        return self.lines[line - 1] if 0 < line <= len(self.lines) else b"&#x"

    def filled(self, value: str, name: str, line: int = 0) -> None:
        """Not blank."""
        if not value.strip():
            self.add(f"{name} is empty", "write it, or leave the element out", line)

    def unique(self, values: Iterable[tuple[str, int]], name: str, hint: str) -> None:
        """No value twice."""
        seen: set[str] = set()
        for value, line in values:
            if value in seen:
                self.add(f"two entries have the same {name}: {value}", hint, line)
            seen.add(value)
