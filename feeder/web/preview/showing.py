"""Values as the templates of the preview show them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from posixpath import basename
from typing import Final
from zoneinfo import ZoneInfo

from feeder import links
from feeder.errors import Problem
from feeder.web.preview.frames import page_address
from feeder.web.preview.listing import Listed
from feeder.web.preview.words import Words

_EXCERPT: Final = 240
"""Characters of a source line that are shown."""


@dataclass(frozen=True, slots=True)
class ShownProblem:
    """A problem, its line cut at the mark."""

    place: str
    message: str
    hint: str
    rejects: bool
    source: str
    before: str
    marked: str
    after: str


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """An entry as the bar and the head of the page show it."""

    title: str
    address: str
    paste: str
    """Where it is made ready for a public account."""
    place: str
    """File and line."""
    day: str
    mark: str
    mark_text: str
    until: str
    """When it leaves by itself, in words; empty for never."""
    wrong: str
    language: str


def problems_address(path: str) -> str:
    """Where the problems of one file are shown."""
    return f"/problems?file={links.encode(path)}"


def problem(one: Problem) -> ShownProblem:
    """A problem, ready to be shown."""
    line = one.source.rstrip("\r\n")
    start = min(max(one.column - 1, 0), len(line)) if one.column else len(line)
    end = min(start + max(one.width, 1), len(line)) if one.column else start
    before, marked, after = line[:start], line[start:end], line[end:]
    if len(before) > _EXCERPT // 2:
        before = "…" + before[-_EXCERPT // 2 :]
    after = after if len(after) <= _EXCERPT else after[:_EXCERPT] + "…"
    return ShownProblem(one.place, one.message, one.hint, one.rejects, line, before, marked[:_EXCERPT], after)


def problems(found: Iterable[Problem]) -> list[ShownProblem]:
    """Likewise."""
    return [problem(one) for one in found]


class Lister:
    """Shows entries in one language and zone, beside what is wrong with their files."""

    def __init__(self, words: Words, zone: str, language: str, found: Sequence[Problem]) -> None:
        self._words = words
        self._zone = ZoneInfo(zone)
        self._language = language
        self._wrong = {one.path for one in found if one.rejects}

    def entries(self, listed: Iterable[Listed]) -> list[ShownEntry]:
        """The entries of a list."""
        return [self.entry(one) for one in listed]

    def entry(self, one: Listed) -> ShownEntry:
        """One of them."""
        address = page_address(one.permalink)
        return ShownEntry(
            title=one.title,
            address=address,
            paste=address.replace("/page/", "/wechat/", 1).partition("#")[0] + _item(one.permalink),
            place=f"{one.path}:{one.line}" if one.line > 1 else one.path,
            day=f"{one.at.astimezone(self._zone):%Y-%m-%d}",
            mark=one.mark,
            mark_text={"draft": self._words.draft, "later": self._words.later, "new": self._words.new}.get(
                one.mark, ""
            ),
            until=self._words.until.format(self.instant(one.until)) if one.until else "",
            wrong=self._words.rejected if one.path in self._wrong else "",
            language=one.language if one.language and one.language != self._language else "",
        )

    def broken(self, known: Iterable[Listed], entries: str, words: str) -> list[ShownEntry]:
        """Entry files of which nothing can be shown."""
        shown = {one.path for one in known}
        missing = sorted(
            path for path in self._wrong - shown if path.startswith(f"{entries}/") and words.lower() in path.lower()
        )
        wrong = self._words.rejected
        return [
            ShownEntry(basename(path), problems_address(path), "", path, "", "", "", "", wrong, "") for path in missing
        ]

    def clock(self, at: datetime | None) -> str:
        """The time of day."""
        return f"{at.astimezone(self._zone):%H:%M:%S}" if at else ""

    def instant(self, at: datetime) -> str:
        """Day and time."""
        return f"{at.astimezone(self._zone):%Y-%m-%d %H:%M}"


def _item(permalink: str) -> str:
    anchor = permalink.partition("#")[2]
    return f"?item={links.encode(anchor)}" if anchor else ""
