"""Cutting: at a due instant, the entries of a list become the digests of its subscriptions, each exactly once.

What is owed to whom is decided by the cell, on one look at the database. Then each digest is made and queued
(`queueing`): whatever ends the process in between, the next cut finds those not served yet, and nobody else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from feeder import dates
from feeder.catalog import Catalog
from feeder.config.settings import MailingList, Settings
from feeder.errors import Problem
from feeder.history import History, Record
from feeder.mail import calendar, lists, notes
from feeder.mail.calendar import Schedule
from feeder.mail.cutting import remembered
from feeder.mail.cutting.beginning import begin
from feeder.mail.cutting.cells import Cells, Readers
from feeder.mail.cutting.freezing import Composing, Freezer
from feeder.mail.cutting.proofs import Prover
from feeder.mail.cutting.queueing import Due, Group, Queuer
from feeder.mail.cutting.remembered import Chosen
from feeder.mail.cutting.selection import (
    Cell,
    Ruler,
    instant_before,
    mailable,
    share,
    tags_of,
)
from feeder.mail.cutting.values import Cut, Cuts
from feeder.mail.database import MailDatabase

_TICK: Final = timedelta(microseconds=1)
PATIENCE: Final = timedelta(hours=3)
"""How long a digest waits for the editor to mend its note."""


def cut(
    database: MailDatabase,
    settings: Settings,
    catalog: Catalog,
    now: datetime,
    *,
    only: str = "",
    at_once: bool = False,
    list_host: str = "",
    composer: Composing | None = None,
) -> Cuts:
    """Cut what is due at ``now``, and queue it.

    Safe to repeat: what was cut is not cut again. To be called while no other publishes, after releases are committed.

    Args:
        database: the mail database.
        settings: the publication's.
        catalog: what is public.
        now: the time.
        only: the one list to look at; empty: all.
        at_once: everybody active on the list gets what was released so far, whatever the schedule.
        list_host: host of the List-Id, for the proofs of lists with ``approve``.
        composer: who writes the texts; the publication's own templates where nothing is given.

    Raises:
        UsageError: there is no such list.
        SettingsError: a template is wrong; nothing of that digest was queued.
    """
    chosen = [lists.find(settings, only)] if only else list(settings.lists)
    if composer is None:
        from feeder.mail.compose import Composer

        composer = Composer(settings)
    prover = Prover(settings, database.secrets(), composer, list_host)
    started = begin(database, settings, now)
    cuts: list[Cut] = []
    problems = notes.problems(settings)
    for one in chosen:
        freezer = Freezer(settings, one, catalog, composer, now)
        work = _Cutting(database, settings, one, catalog.history, freezer, prover, now)
        cuts += work.all(at_once=at_once)
        problems += work.waits
    if not only:
        with database.begin() as connection:
            past = remembered.past(connection)
            remembered.remember(connection, replace(past, at=dates.to_micros(now)))
    return Cuts(cuts=tuple(cuts), started=tuple(started), problems=tuple(problems))


class _Cutting:
    """One list, at one run."""

    def __init__(
        self,
        database: MailDatabase,
        settings: Settings,
        mailing_list: MailingList,
        history: History,
        freezer: Freezer,
        prover: Prover,
        now: datetime,
    ) -> None:
        self._database = database
        self._settings = settings
        self._list = mailing_list
        self._history = history
        self._now = now
        self._micros = dates.to_micros(now)
        self._transport = lists.ledger_transport(settings)
        self._queuer = Queuer(database, mailing_list, self._transport, freezer, prover, now)
        self.waits: list[Problem] = []
        """What a digest that is due waits for."""

    def all(self, *, at_once: bool) -> list[Cut]:
        """Everything that is due, the earliest due instant first."""
        with self._database.read() as connection:
            chosen = Cells(connection, self._list.name, self._transport).schedules()
            last_instant = remembered.last_instant(connection, self._transport, self._list)
        if at_once:
            # What was released under a clock that ran ahead is public too; whatever comes now is later than "cut".
            sealed = int(self._history.meta("cut") or 0)
            until = max(self._micros, min(self._history.last_released(), sealed))
            dues = [Due(until, chosen, at_once=True)] if chosen else []
        else:
            dues = [due for due in self._due(chosen, last_instant) if not self._waits(due)]
        return [one for due in dues for one in self._at(due)]

    def _due(self, chosen: Sequence[Chosen], last_instant: int) -> list[Due]:
        late = lists.duration(self._settings.mail.catch_up) if self._settings.mail.catch_up else timedelta()
        found: dict[int, Due] = {}
        for one in chosen:
            until = self._until(lists.schedule_of(self._settings, self._list, *one), last_instant)
            if until is not None and self._micros - until <= late // _TICK:
                found.setdefault(until, Due(until)).chosen.append(one)
        return [found[until] for until in sorted(found)]

    def _waits(self, due: Due) -> bool:
        """Whether the note for a digest cannot be read, and the editor has time left to mend it."""
        wanted = any(frequency == self._list.frequency for frequency, _, _ in due.chosen)
        late = lists.duration(self._settings.mail.catch_up) if self._settings.mail.catch_up else timedelta()
        end = dates.from_micros(due.until) + min(PATIENCE, late / 2)
        if not wanted or self._now >= end or not notes.is_broken(self._settings, self._list.name):
            return False
        zone = ZoneInfo(lists.zone_of(self._settings, self._list))
        self.waits.append(
            Problem(
                f"{notes.FOLDER}/{self._list.name}.md",
                f"the digest that is due waits for this note, until {end.astimezone(zone):%Y-%m-%d %H:%M}",
                "mend it, or delete it; after that the digest goes without",
            )
        )
        return True

    def _until(self, schedule: Schedule, last_instant: int) -> int | None:
        if schedule.frequency != "instant":
            return dates.to_micros(calendar.previous_due(schedule, self._now))
        released = self._history.released_between(last_instant, self._micros)
        return instant_before((record.released for record in self._mailable(released)), self._micros)

    def _mailable(self, records: Iterable[Record]) -> list[Record]:
        return [record for record in records if mailable(record, self._list, self._settings)]

    def _at(self, due: Due) -> list[Cut]:
        with self._database.read() as connection:
            groups, empty = self._groups(Cells(connection, self._list.name, self._transport), due)
        # In an order that is the same for those left over by a run that was killed.
        groups.sort(key=lambda group: (-group.regular, -group.many, group.share.hash, group.language))
        cuts = [self._queuer.queue(due, group, regular=n == 0 and group.regular > 0) for n, group in enumerate(groups)]
        self._finish(due, empty)
        return [one for one in cuts if one is not None]

    def _groups(self, cells: Cells, due: Due) -> tuple[list[Group], list[Cell]]:
        """Who gets which digest, and the cells that get none."""
        found = self._owed(cells, due)
        since = min((through for _, through, _ in found), default=due.until)
        self._correct(cells, due, since)
        if due.corrections:
            found = self._owed(cells, due)
        entries = self._mailable(self._history.released_between(since, due.until))
        marks = [record.released for record in entries] + [record.corrected for record, _ in due.corrections]
        ruler = Ruler(marks, due.until)
        counted: Counter[Cell] = Counter()
        for cell, through, many in found:
            low, high = ruler.stretch(through)
            counted[replace(cell, low=low, high=high)] += many
        groups: dict[tuple[str, str], Group] = {}
        empty = []
        for cell, many in counted.items():
            owed = share(cell, due.until, entries, due.corrections, tags_of)
            if not owed:
                empty.append(cell)
                continue
            language = cell.language or lists.language_of(self._settings, self._list)
            group = groups.setdefault((owed.hash, language), Group(owed, language))
            group.cells[cell] += many
            group.regular += many if self._is_regular(cell, due) else 0
        due.many = sum(group.many for group in groups.values())
        return list(groups.values()), empty

    @staticmethod
    def _owed(cells: Cells, due: Due) -> list[tuple[Cell, int, int]]:
        return [
            row
            for one in due.chosen
            for row in cells.due(one, due.until, due.readers, at_once=due.at_once)
        ]  # fmt: skip

    def _correct(self, cells: Cells, due: Due, since: int) -> None:
        """Find the corrections that somebody may have to be told, and whom each concerns."""
        for record in self._history.corrected_between(since, due.until):
            readers = cells.readers(record) if record.correction else Readers()
            if not readers:
                continue
            # Entries of one digest mostly have the same readers, and looking for them is what costs.
            if readers not in due.readers:
                due.readers.append(readers)
            due.corrections.append((record, due.readers.index(readers)))

    def _is_regular(self, cell: Cell, due: Due) -> bool:
        if cell.tags:
            return False
        own = lists.schedule_of(self._settings, self._list)
        return due.at_once or self._schedule(cell) == own

    def _schedule(self, cell: Cell) -> Schedule:
        return lists.schedule_of(self._settings, self._list, cell.frequency, cell.hour, cell.timezone)

    def _finish(self, due: Due, empty: Sequence[Cell]) -> None:
        """Nothing came for some: they are served all the same. An instant that was cut is remembered as such."""
        instant = (
            any(lists.schedule_of(self._settings, self._list, *one).frequency == "instant" for one in due.chosen)
            and not due.at_once
        )
        if not empty and not instant:
            return
        with self._database.begin() as connection:
            cells = Cells(connection, self._list.name, self._transport)
            for cell in empty:
                cells.pass_over(cell, due.until, due.readers, at_once=due.at_once)
            if instant:
                remembered.set_last_instant(connection, self._transport, self._list, due.until)
