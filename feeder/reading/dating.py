"""Which date counts, and what to say where there is none."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from feeder import dates
from feeder.errors import Problem
from feeder.model import Moment
from feeder.reading import keys, newspage
from feeder.reading.fields import Fields
from feeder.reading.frontmatter import FrontMatter, at_line
from feeder.reading.headings import Heading
from feeder.reading.places import Name

_HINT = "write `date: 2024-04-02` in its front matter"


def own_date(front: FrontMatter, said: Fields, name: Name, zone: ZoneInfo) -> Moment | Problem | None:
    """The date of a file itself: front matter, then an address in it, then the file name."""
    if said.date:
        return said.date
    for group in ("path", "permalink"):
        for key in keys.GROUPS[group]:
            found = dates.in_path(keys.text_of(front.values.get(key)) or "", zone) if key in front.values else None
            if found:
                return found
    if name.error:
        return Problem(front.path, f"{name.error.message}, in the file name", name.error.hint, rejects=True)
    return name.date


def moment(instant: datetime, zone: ZoneInfo) -> Moment:
    """An instant as the date of something, without any author's words."""
    return Moment(instant, instant, instant.astimezone(zone).date().isoformat())


_WIDE_HEADING = re.compile(r"^ {0,3}(#{1,6})\u3000", re.MULTILINE)


def sections(body: str, heads: list[Heading], zone: ZoneInfo, level: int) -> tuple[int, list[newspage.Section]]:
    """The sections of the given level, or of the first that makes a news page, or of the one that comes nearest."""
    if level:
        return level, newspage.sections(body, heads, level, zone, patient=True)
    found = newspage.releases(body, heads, zone)
    if newspage.is_page(found):
        return max(section.heading.level for section in found), found
    nearest: tuple[int, list[newspage.Section]] = (0, [])
    for level in newspage.LEVELS:
        found = newspage.sections(body, heads, level, zone)
        if newspage.is_page(found):
            return level, found
        if _dated(found) > _dated(nearest[1]):
            nearest = (level, found)
    return nearest


def undated(front: FrontMatter, found: list[newspage.Section]) -> Problem:
    """The problem of a file without a date; its sections are named when some of them carry one.

    A full-width blank, as Chinese input methods type it, makes no heading (CommonMark 0.31 section 4.2), so no item.
    """
    if wide := _WIDE_HEADING.search(front.text, front.body):
        line = front.text.count("\n", 0, wide.start(1)) + 1
        message = f"no date, and no heading: the blank after {wide[1]} is a full-width one"
        return at_line(front, line, message, "write an ordinary blank after it", mark=wide[1], rejects=True)
    missing = next((section for section in found if section.is_item and not section.dated), None)
    if missing is None or not _dated(found):
        hint = f"{_HINT}, or begin the file name with 2024-04-02-"
        return Problem(front.path, "no date", hint, rejects=True)
    line = front.body_line + missing.heading.line
    hint = (
        f"{_HINT}; on a news page begin every section with a full date: line {line} has none,"
        f" or write `items: h{missing.heading.level}` to publish those that have one"
    )
    return Problem(front.path, "no date, and only some of its sections carry one", hint, rejects=True)


def undated_item(front: FrontMatter, section: newspage.Section, found: list[newspage.Section]) -> Problem:
    """The problem of an item without a date, or with one that does not exist."""
    line = front.body_line + section.heading.line
    mark = section.heading.text
    if section.error:
        # The heading does not always hold the date.
        place = next((n for n in (line, *range(line + 1, line + 12)) if section.error.mark in front.line(n)), line)
        error = section.error
        return at_line(front, place, error.message, error.hint, mark=error.mark, rejects=True)
    message = f"no full date in this section: {mark[:60]}"
    return at_line(front, line, message, newspage.hint_for_undated(section, found), mark=mark, rejects=True)


def _dated(found: list[newspage.Section]) -> int:
    return sum(section.dated for section in found)
