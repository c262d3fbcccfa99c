"""Keeping a digest under the size at which Gmail cuts a message off: which entries are shown in full.

The longest entries become a summary with a link first, no more of them than needed. Where all of them are and that is
too much still, the last ones stand with their title alone, and at the very end the last ones are only counted.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Final, TypeVar

from feeder.mail.message import encoding
from feeder.mail.values import HOLE

MOST_DECODED: Final = 90_000
"""Bytes of the HTML as written."""
MOST_ENCODED: Final = 102_000
"""Bytes of it in the message; Gmail cuts at about 102 KB."""
LONGEST_LINK: Final = 400
"""Bytes reserved for what fills a hole."""

T = TypeVar("T")


class Level(IntEnum):
    """How much of an entry is shown."""

    FULL = 0
    SUMMARY = 1
    TITLE = 2
    COUNTED = 3


def levels(step: int, longest_first: Sequence[int]) -> list[Level]:
    """How much is shown of each entry after so many steps of shrinking; 0 shows all, three times their number none."""
    count = len(longest_first)
    summaries, titles, counted = (min(max(step - rest, 0), count) for rest in (0, count, 2 * count))
    made = [Level.FULL] * count
    for at in longest_first[:summaries]:
        made[at] = Level.SUMMARY
    for level, some in ((Level.TITLE, titles), (Level.COUNTED, counted)):
        made[count - some :] = [level] * some
    return made


def fitted(lengths: Sequence[int], make: Callable[[list[Level]], T], fits: Callable[[T], bool]) -> T:
    """The result of ``make`` for the smallest number of steps that fits; the last where nothing does.

    ``lengths`` are those of the entries' contents.
    """
    whole = make(levels(0, range(len(lengths))))
    if not lengths or fits(whole):
        return whole
    longest_first = sorted(range(len(lengths)), key=lambda at: -lengths[at])
    made: dict[int, T] = {}

    def fits_after(step: int) -> bool:
        made[step] = make(levels(step, longest_first))
        return fits(made[step])

    steps = range(1, 3 * len(lengths) + 1)
    found = steps[min(bisect_left(steps, True, key=fits_after), len(steps) - 1)]
    return made[found] if found in made else make(levels(found, longest_first))


def fits_gmail(html: str) -> bool:
    """Whether HTML with holes is shown whole, however long what fills them."""
    names = encoding.holes_of(html)
    size = len(html.encode("utf-8", "replace")) + LONGEST_LINK * sum(html.count(HOLE.format(name)) for name in names)
    if size > MOST_DECODED:
        return False
    # base64: 78 characters for 57 bytes. Nothing longer is ever chosen, so that it need not be tried.
    if size * 78 // 57 + 78 <= MOST_ENCODED:
        return True
    body = encoding.encoded(html)
    return len(body.head) + len(body.tail(dict.fromkeys(names, b"x" * LONGEST_LINK))) <= MOST_ENCODED
