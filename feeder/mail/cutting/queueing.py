"""Queueing: a digest that is owed is made, and each of its subscriptions gets a delivery and is served.

Both in one transaction for each subscription, and of many subscriptions in steps: while a step is written, whoever
unsubscribes waits. What is left when the process ends in between is found by the next cut, and gets the same digest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from time import sleep
from typing import Final, cast

from sqlalchemy import Connection

from feeder import dates
from feeder.config.settings import Frequency, MailingList
from feeder.mail.cutting import remembered
from feeder.mail.cutting.cells import Cells, Readers, Span
from feeder.mail.cutting.freezing import Freezer, Frozen
from feeder.mail.cutting.proofs import Prover
from feeder.mail.cutting.remembered import Chosen
from feeder.mail.cutting.selection import Cell, Share, Told
from feeder.mail.cutting.values import Cut
from feeder.mail.database import MailDatabase
from feeder.mail.driver import BREATH

STEP: Final = 50_000
"""Subscriptions of one transaction: less than a second of writing."""


@dataclass(slots=True)
class Group:
    """The cells that get one digest."""

    share: Share
    language: str
    cells: Counter[Cell] = field(default_factory=Counter)
    regular: int = 0
    """How many of them have the list's own schedule and want all entries."""

    @property
    def many(self) -> int:
        return self.cells.total()


@dataclass(slots=True)
class Due:
    """A due instant of a list, and whose it is."""

    until: int
    chosen: list[Chosen] = field(default_factory=list)
    at_once: bool = False
    corrections: list[Told] = field(default_factory=list)
    readers: list[Readers] = field(default_factory=list)
    """Those of whom `Cell.told` speaks."""
    many: int = 0
    """How many subscriptions get a digest."""


class Queuer:
    """Makes and queues the digests of one list, at one run."""

    def __init__(
        self,
        database: MailDatabase,
        mailing_list: MailingList,
        transport: str,
        freezer: Freezer,
        prover: Prover,
        now: datetime,
    ) -> None:
        self._database = database
        self._list = mailing_list
        self._transport = transport
        self._freezer = freezer
        self._prover = prover
        self._now = now

    def queue(self, due: Due, group: Group, *, regular: bool) -> Cut | None:
        """Make the digest of a group, queue it, and move its subscriptions on; None where nobody is in it any more.

        ``regular``: it is the one with a public page.
        """
        made, queued = None, 0
        for span in self._spans(group.many):
            with self._database.begin() as connection:
                cells = Cells(connection, self._list.name, self._transport, span)
                # Somebody may have left since we looked; a digest without anybody is none.
                there = [
                    cell for cell in group.cells
                    if cells.holds(cell, due.until, due.readers, at_once=due.at_once)
                ]  # fmt: skip
                if there:
                    made = self._made(connection, due, group, regular=regular)
                    queued += self._step(connection, cells, due, made, there)
        return self._cut(due, group, made, queued) if made else None

    def _spans(self, many: int) -> Iterator[Span | None]:
        """All subscriptions there are, in one step where ``many`` are few."""
        if many <= STEP:
            yield None
            return
        with self._database.read() as connection:
            last = Cells(connection, self._list.name, self._transport).last()
        for low in range(0, last, STEP):
            if low:
                sleep(BREATH)
            yield Span(low, low + STEP)

    def _made(self, connection: Connection, due: Due, group: Group, *, regular: bool) -> Frozen:
        made = self._freezer.freeze(
            connection,
            group.share,
            until=due.until,
            language=group.language,
            frequency=self._frequency(due, group),
            regular=regular,
        )
        if self._list.approve:
            self._prover.prove(connection, self._list, made, group.language, due.many, self._now)
        return made

    def _step(self, connection: Connection, cells: Cells, due: Due, made: Frozen, there: list[Cell]) -> int:
        """Queue it for those of some cells, who are served through the due instant by that; how many they were."""
        now = dates.to_micros(self._now)
        row: dict[str, str | int] = {
            "digest": made.number,
            "state": "skipped" if made.state == "cancelled" else "queued",
            "due_at": max(now, made.send_at),
            "updated_at": now,
        }
        queued = sum(cells.queue(cell, due.until, due.readers, row, at_once=due.at_once) for cell in there)
        cells.advance(made.number, due.until)
        schedules = {(cell.frequency, cell.hour, cell.timezone) for cell in there}
        remembered.note_served(connection, self._transport, self._list.name, schedules, due.until)
        return queued

    def _frequency(self, due: Due, group: Group) -> Frequency | str:
        """That of most of those the group is for."""
        if due.at_once:
            return ""
        many: Counter[str] = Counter()
        for cell, count in group.cells.items():
            many[cell.frequency or self._list.frequency] += count
        return cast("Frequency", max(many, key=lambda name: (many[name], name)))

    def _cut(self, due: Due, group: Group, made: Frozen, queued: int) -> Cut:
        return Cut(
            digest=made.number,
            list=self._list.name,
            until=dates.from_micros(due.until),
            language=group.language,
            frequency=self._frequency(due, group),
            entries=len(group.share.entries),
            corrections=len(group.share.corrections),
            queued=queued,
            page=made.page,
            send_at=dates.from_micros(made.send_at),
        )
