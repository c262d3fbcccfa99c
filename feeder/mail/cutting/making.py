"""Cutting: at a due instant, the entries of a list become the digests of its subscriptions, each exactly once.

What is owed to whom is decided by the cell, on one look at the database. Then each digest is made in a transaction of
its own, in which its deliveries are queued and its subscriptions are served through the due instant: whatever ends the
process in between, the next cut finds those not served yet, and nobody else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, cast
from zoneinfo import ZoneInfo

from feeder import dates
from feeder.catalog import Catalog
from feeder.config.settings import Frequency, MailingList, Settings
from feeder.errors import Problem
from feeder.history import History, Record
from feeder.mail import calendar, lists, notes
from feeder.mail.calendar import Schedule
from feeder.mail.cutting import remembered
from feeder.mail.cutting.beginning import begin
from feeder.mail.cutting.cells import Cells, Readers
from feeder.mail.cutting.freezing import Composing, Freezer
from feeder.mail.cutting.proofs import Prover
from feeder.mail.cutting.remembered import Chosen
from feeder.mail.cutting.selection import (
    Cell,
    Ruler,
    Share,
    Told,
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


@dataclass(slots=True)
class _Group:
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
class _Due:
    """A due instant of a list, and whose it is."""

    until: int
    chosen: list[Chosen] = field(default_factory=list)
    at_once: bool = False
    corrections: list[Told] = field(default_factory=list)
    readers: list[Readers] = field(default_factory=list)
    """Those of whom `Cell.told` speaks."""
    many: int = 0
    """How many subscriptions get a digest."""


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
        self._freezer = freezer
        self._prover = prover
        self._now = now
        self._micros = dates.to_micros(now)
        self._transport = lists.ledger_transport(settings)
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
            dues = [_Due(until, chosen, at_once=True)] if chosen else []
        else:
            dues = [due for due in self._due(chosen, last_instant) if not self._waits(due)]
        return [one for due in dues for one in self._at(due)]

    def _due(self, chosen: Sequence[Chosen], last_instant: int) -> list[_Due]:
        late = lists.duration(self._settings.mail.catch_up) if self._settings.mail.catch_up else timedelta()
        found: dict[int, _Due] = {}
        for one in chosen:
            until = self._until(lists.schedule_of(self._settings, self._list, *one), last_instant)
            if until is not None and self._micros - until <= late // _TICK:
                found.setdefault(until, _Due(until)).chosen.append(one)
        return [found[until] for until in sorted(found)]

    def _waits(self, due: _Due) -> bool:
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

    def _at(self, due: _Due) -> list[Cut]:
        with self._database.read() as connection:
            groups, empty = self._groups(Cells(connection, self._list.name, self._transport), due)
        # In an order that is the same for those left over by a run that was killed.
        groups.sort(key=lambda group: (-group.regular, -group.many, group.share.hash, group.language))
        cuts = [self._one(due, group, regular=n == 0 and group.regular > 0) for n, group in enumerate(groups)]
        self._finish(due, empty)
        return [one for one in cuts if one is not None]

    def _groups(self, cells: Cells, due: _Due) -> tuple[list[_Group], list[Cell]]:
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
        groups: dict[tuple[str, str], _Group] = {}
        empty = []
        for cell, many in counted.items():
            owed = share(cell, due.until, entries, due.corrections, tags_of)
            if not owed:
                empty.append(cell)
                continue
            language = cell.language or lists.language_of(self._settings, self._list)
            group = groups.setdefault((owed.hash, language), _Group(owed, language))
            group.cells[cell] += many
            group.regular += many if self._is_regular(cell, due) else 0
        due.many = sum(group.many for group in groups.values())
        return list(groups.values()), empty

    @staticmethod
    def _owed(cells: Cells, due: _Due) -> list[tuple[Cell, int, int]]:
        return [
            row
            for one in due.chosen
            for row in cells.due(one, due.until, due.readers, at_once=due.at_once)
        ]  # fmt: skip

    def _correct(self, cells: Cells, due: _Due, since: int) -> None:
        """Find the corrections that somebody may have to be told, and whom each concerns."""
        for record in self._history.corrected_between(since, due.until):
            readers = cells.readers(record) if record.correction else Readers()
            if not readers:
                continue
            # Entries of one digest mostly have the same readers, and looking for them is what costs.
            if readers not in due.readers:
                due.readers.append(readers)
            due.corrections.append((record, due.readers.index(readers)))

    def _is_regular(self, cell: Cell, due: _Due) -> bool:
        if cell.tags:
            return False
        own = lists.schedule_of(self._settings, self._list)
        return due.at_once or self._schedule(cell) == own

    def _schedule(self, cell: Cell) -> Schedule:
        return lists.schedule_of(self._settings, self._list, cell.frequency, cell.hour, cell.timezone)

    def _frequency(self, group: _Group, due: _Due) -> Frequency | str:
        """That of most of those the group is for."""
        if due.at_once:
            return ""
        many: Counter[str] = Counter()
        for cell, count in group.cells.items():
            many[cell.frequency or self._list.frequency] += count
        return cast("Frequency", max(many, key=lambda name: (many[name], name)))

    def _one(self, due: _Due, group: _Group, *, regular: bool) -> Cut | None:
        """Make the digest of a group, queue it, and move its subscriptions on: all of it, or nothing."""
        with self._database.begin() as connection:
            cells = Cells(connection, self._list.name, self._transport)
            # Somebody may have left since we looked; a digest without anybody is none.
            there = [
                cell for cell in group.cells
                if cells.holds(cell, due.until, due.readers, at_once=due.at_once)
            ]  # fmt: skip
            if not there:
                return None
            frequency = self._frequency(group, due)
            made = self._freezer.freeze(
                connection, group.share, until=due.until, language=group.language, frequency=frequency, regular=regular
            )
            row: dict[str, str | int] = {
                "digest": made.number,
                "state": "skipped" if made.state == "cancelled" else "queued",
                "due_at": max(self._micros, made.send_at),
                "updated_at": self._micros,
            }
            queued = sum(cells.queue(cell, due.until, due.readers, row, at_once=due.at_once) for cell in there)
            cells.advance(made.number, due.until)
            schedules = {(cell.frequency, cell.hour, cell.timezone) for cell in there}
            remembered.note_served(connection, self._transport, self._list.name, schedules, due.until)
            if self._list.approve:
                self._prover.prove(connection, self._list, made, group.language, due.many, self._now)
        return Cut(
            digest=made.number,
            list=self._list.name,
            until=dates.from_micros(due.until),
            language=group.language,
            frequency=frequency,
            entries=len(group.share.entries),
            corrections=len(group.share.corrections),
            queued=queued,
            page=made.page,
            send_at=dates.from_micros(made.send_at),
        )

    def _finish(self, due: _Due, empty: Sequence[Cell]) -> None:
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
