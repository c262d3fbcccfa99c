"""The date with which a section of a news page begins, in the ways newsrooms write it.

``2024 年 4 月 2 日消息，`` at once; after a label (``发布时间：``, ``Posted on``); in the dateline of a press release
(``SHANGHAI, April 2, 2024 --``, ``北京，2024年4月2日讯``); or alone on its line, in a quotation, a list or small print.
A full date it must be, and at the head: one in the midst of a sentence dates nothing.
"""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from feeder import dates
from feeder.model import Moment

_RELEASED = (
    "(?:发布|發布|發佈|发表|發表|刊登|发稿|發稿)(?:时间|時間|日期|于|於)?"
    "|(?:date )?(?:posted|published|released)(?: on| at| date)?"
)
_SIGNS = r"[^\w/.+\-<>|#]*"
_LABEL = re.compile(
    rf"{_SIGNS}(?:{_RELEASED}|时间|時間|日期|date|[于於])(?!\w*\d\w*年[以之]){_SIGNS}(?=\d|[A-Z〇○零一二])",
    re.IGNORECASE,
)
_LABEL_INSIDE = re.compile(rf"(?:{_RELEASED})[\s*_`]*[:：]{_SIGNS}", re.IGNORECASE)
_PICTURE = re.compile(r"[^\w\s/.+\-<>|#]+[\ufe0f\s]*")
_PLACE = re.compile(
    r"[\s*_(（【\[]*(?:[\u3400-\u9fff·]{2,10}[，,、]\s*"
    r"|(?:[A-Z][A-Za-z.'’\u00c0-\u024f -]{1,30}(?:,|\s*[-\u2013\u2014(])+\s*){1,3})"
)
_AFTER_PLACE = re.compile(r"\s*(?:[-\u2013\u2014/(（)）\]】*]|讯|訊|电|電|消息)")
_WRAPPING = re.compile(r"<[^<>]*>|^\s*(?:>[ ]?|[-*+] )+", re.IGNORECASE)
_TRIMMINGS = re.compile(
    rf"(?:{_RELEASED}|时间|時間|日期|\bdate\b)|\d{{1,2}}:\d{{2}}(?::\d{{2}})?(?:\s*(?:GMT|UTC|Z)\b)?"
    r"|(?:来源|來源|作者|编辑|編輯|责编|阅读|浏览|\bsource|\bauthor)[^\w\n]*[:：][^\w\n]*[^\s|｜]{1,30}",
    re.IGNORECASE,
)
_LONGEST = 120
"""Characters of a line that is nothing but a date with its label and trimmings."""


def find(text: str, lead: str, zone: ZoneInfo) -> tuple[Moment, str] | None:
    """The date with which a section begins, and how it is written; ``lead`` is its first line of prose.

    Raises:
        DateError: it begins with a date that does not exist.
    """
    if lead:
        return dates.find_at_head(lead, zone) or _labelled(lead, zone) or _dateline(lead, zone)
    line = next((line for line in text[:2000].split("\n") if line.strip()), "")
    if len(line) > _LONGEST:
        return None
    bare = _WRAPPING.sub("", line).strip()
    found = dates.find_at_head(bare, zone) or _labelled(bare, zone)
    return found if found and is_alone(bare, found[1]) else None


def is_alone(line: str, written: str) -> bool:
    """Whether a line is a date and nothing else but its label and whom the news comes from."""
    if len(line) > _LONGEST or written not in line:
        return False
    return re.search(r"[^\W_]", _TRIMMINGS.sub("", line.replace(written, "", 1))) is None


def _labelled(line: str, zone: ZoneInfo) -> tuple[Moment, str] | None:
    match = _LABEL.match(line) or _PICTURE.match(line)
    found = dates.find_at_head(line[match.end() :], zone) if match else None
    if found is None and len(line) <= _LONGEST and (inside := _LABEL_INSIDE.search(line)):
        found = dates.find_at_head(line[inside.end() :], zone)
    return found


def _dateline(line: str, zone: ZoneInfo) -> tuple[Moment, str] | None:
    match = _PLACE.match(line)
    found = dates.find_at_head(line[match.end() :], zone) if match else None
    if match and found:
        end = line.find(found[1], match.end())
        if end >= 0 and _AFTER_PLACE.match(line, end + len(found[1])):
            return found
    return None
