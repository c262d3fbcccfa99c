"""Which entries become whose digest, as a pure matter of instants and labels; nothing here reads a database."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Final

from feeder import links
from feeder.config.settings import MailingList, Settings
from feeder.history import BACK_DATED, Record

HOUR: Final = 3_600 * 1_000_000
QUIET: Final = HOUR // 6
"""How long nothing must be released before an instant digest leaves."""
LONGEST: Final = HOUR
"""How long the first entry of an instant digest waits at most."""

Slugs = frozenset[str]


@dataclass(frozen=True, slots=True)
class Cell:
    """Subscriptions of one list that no rule of cutting tells apart."""

    frequency: str
    hour: int | None
    """None: the list's."""
    timezone: str
    """Empty: the list's."""
    tags: str
    """JSON list of slugs; empty: all."""
    language: str
    """Empty: the list's."""
    low: int = 0
    """Served through this instant or later …"""
    high: int = 0
    """… and before this one: nothing was released or corrected in between."""
    told: str = ""
    """One character for each set of readers of something corrected: ``1`` where they are among them."""


Told = tuple[Record, int]
"""A correction, and the place in ``Cell.told`` of those who were sent the original."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one cell gets; both in the order of the digest, the newest first."""

    entries: tuple[Record, ...]
    corrections: tuple[Record, ...]

    @property
    def hash(self) -> str:
        """The same for the same entries and corrections."""
        told = [[record.id for record in part] for part in (self.entries, self.corrections)]
        return sha256(json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()[:32]

    def __bool__(self) -> bool:
        return bool(self.entries or self.corrections)


def mailable(record: Record, mailing_list: MailingList, settings: Settings) -> bool:
    """Whether an entry may be mailed to a list at all, whoever subscribes to what of it."""
    if not record.public or record.mail is False:
        return False
    if record.mail is None and record.released - record.published > BACK_DATED:
        return False
    if record.lists and mailing_list.name not in record.lists:
        return False
    authors = record.authors or ((settings.site.author,) if settings.site.author else ())
    return (
        _carries(record.tags, mailing_list.tags)
        and _carries(authors, mailing_list.authors)
        and _carries((record.language or settings.site.language,), mailing_list.languages)
    )


def _carries(names: Iterable[str], wanted: Sequence[str]) -> bool:
    return not wanted or not _slugs(wanted).isdisjoint(map(links.segment, names))


def _slugs(names: Iterable[str]) -> Slugs:
    return frozenset(map(links.segment, names))


@lru_cache(4096)
def chosen_tags(text: str) -> Slugs:
    """The slugs in a subscription's ``tags``; none: all entries."""
    return frozenset(json.loads(text)) if text else frozenset()


def share(
    cell: Cell, until: int, entries: Sequence[Record], corrections: Sequence[Told], tags_of: Callable[[Record], Slugs]
) -> Share:
    """What a cell gets at the due instant ``until``.

    ``entries`` are mailable to the list.
    """
    wanted = chosen_tags(cell.tags)
    own = [
        record
        for record in entries
        if cell.high <= record.released <= until and (not wanted or not wanted.isdisjoint(tags_of(record)))
    ]
    ids = {record.id for record in own}
    told = [
        record
        for record, place in corrections
        if cell.told[place] == "1" and cell.high <= record.corrected <= until and record.id not in ids
    ]
    return Share(newest_first(own), newest_first(told))


def newest_first(records: Iterable[Record]) -> tuple[Record, ...]:
    """In the order in which a digest shows them."""
    return tuple(sorted(records, key=lambda record: (record.published, record.seq), reverse=True))


def tags_of(record: Record) -> Slugs:
    """The slugs of an entry's tags."""
    return _slugs(record.tags)


class Ruler:
    """Cuts time at each release and correction: who was served through the same stretch is owed the same."""

    def __init__(self, instants: Iterable[int], until: int) -> None:
        self._marks = sorted({instant for instant in instants if instant <= until})
        self._until = until

    def stretch(self, through: int) -> tuple[int, int]:
        """``(low, high)`` of the stretch that ``through`` lies in: ``low`` is in it, ``high`` is not.

        Everything of the marked instants at ``high`` and later is owed.
        """
        at = bisect_right(self._marks, through)
        low = self._marks[at - 1] if at else 0
        return low, self._marks[at] if at < len(self._marks) else self._until


def instants(releases: Iterable[int]) -> Iterator[int]:
    """When the instant digests of these releases leave, given in order: each burst is one digest."""
    first = due = -1
    for at in releases:
        if first < 0 or at > due:
            if first >= 0:
                yield due
            first = at
        due = min(at + QUIET, first + LONGEST)
    if first >= 0:
        yield due


def instant_before(releases: Iterable[int], now: int) -> int | None:
    """The last instant, not after ``now``, at which an instant digest is due; None before the first."""
    return max((at for at in instants(releases) if at <= now), default=None)


def instant_after(releases: Iterable[int], now: int) -> int | None:
    """The first instant after ``now`` at which an instant digest will be due, as far as is known."""
    return min((at for at in instants(releases) if at > now), default=None)
