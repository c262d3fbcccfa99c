"""A CSV file into the mail database: what can be taken is, the rest is told line by line.

Importing twice is importing once. Nothing in a file makes a subscription active but a time of confirmation or the
editor's word where consent is kept; nobody who left, bounced, complained or was erased comes back through a file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from time import sleep
from typing import Final

from sqlalchemy import Connection

from feeder.config.settings import MailingList, Settings
from feeder.dates import to_micros
from feeder.errors import FeederError, Problem, UsageError
from feeder.mail.database import MailDatabase
from feeder.mail.driver import BREATH
from feeder.mail.providers import provider_of
from feeder.mail.subscribers import consent, persons
from feeder.mail.subscribers.choices import tags_written
from feeder.mail.subscribers.consent import Consent
from feeder.mail.subscribers.csvfiles import formats, sheets
from feeder.mail.subscribers.csvfiles.batch import Arrival, Batch
from feeder.mail.subscribers.csvfiles.rows import BadRow, Row, RowReader
from feeder.mail.subscribers.register import Subscribers

BATCH: Final = 2_000
"""Rows of one transaction: others may write in between."""
INVITED: Final = 400
"""Rows of one where each gets a confirmation, which takes some milliseconds to make."""


@dataclass(slots=True)
class Tally:
    """What became of the rows of a file."""

    format: str = ""
    """Whose export it was."""
    active: int = 0
    pending: int = 0
    paused: int = 0
    ended: int = 0
    updated: int = 0
    unchanged: int = 0
    """Subscriptions that were there already, and rows that came twice."""
    suppressed: int = 0
    """Addresses that get no mail any more, and were left alone."""
    newly_suppressed: int = 0
    """Addresses that the file itself says bounced or complained."""
    elsewhere: int = 0
    """Rows about another list than asked for."""
    refused: int = 0
    invited: int = 0
    """Confirmations queued."""
    uninvited: int = 0
    """Pending ones that got a confirmation too recently, or too many."""
    problems: list[Problem] = field(default_factory=list)

    def tell(self, problem: Problem) -> None:
        """Count a row that could not be taken, and keep the first thousand problems."""
        self.refused += 1
        if len(self.problems) < 1000:
            self.problems.append(problem)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to import."""

    only: MailingList | None = None
    """The list that is meant; none: the one each row names."""
    kept: str = ""
    """Where consent is kept for rows without a time of confirmation; empty: they stay pending."""
    update: bool = False
    """Take over what the file says of subscriptions that are there."""
    invite: bool = False
    """Queue a confirmation for everybody in the file who is pending."""


class Importer:
    """Imports files into one mail database."""

    def __init__(self, settings: Settings, database: MailDatabase, book: Subscribers) -> None:
        self._settings = settings
        self._database = database
        self._book = book

    def run(self, path: str, now: datetime, options: Options, progress: Callable[[int], None] | None = None) -> Tally:
        """Import the file at ``path``; ``progress`` is told how many of its bytes were dealt with.

        Raises:
            NotATable: it is no CSV in UTF-8, or has no column of addresses; nothing was imported.
            UsageError: neither the file nor the options say which list is meant.
        """
        sheets.require_utf8(path, path)
        tally = Tally()
        with sheets.opened(path) as file:
            sheet = sheets.sheet(file, path, tally.tell)
            known = formats.recognised(sheet.header)
            tally.format = known.name
            _require_columns(path, known, sheet.header, options)
            reader = RowReader(self._settings, known, sheet.header, now, options.only)
            rows = _rows(reader, sheet.records, path, tally)
            while some := list(islice(rows, INVITED if options.invite else BATCH)):
                with self._database.begin() as connection:
                    self._take(connection, some, os.path.basename(path), now, options, tally)
                if options.invite or any(map(_suppresses, some)):
                    sleep(BREATH)
                if progress is not None:
                    progress(os.lseek(file.fileno(), 0, os.SEEK_CUR))
        return tally

    def _take(
        self, connection: Connection, rows: list[Row], file: str, now: datetime, options: Options, tally: Tally
    ) -> None:
        batch = Batch(connection, self._settings, now)
        hashing = self._suppress(connection, rows, now, file, tally)
        origin = f"import {file}"
        arrivals = [
            _arrival(one, origin, now, options.kept, self._book.suppressions.hash(one.key) if hashing else "")
            for one in rows
            if not _suppresses(one)
        ]
        batch.arrive(arrivals)
        suppressed = batch.leave_suppressed() if hashing else 0
        fresh = batch.insert()
        updated = batch.update(origin) if options.update else 0
        batch.serve()
        tally.active += fresh.get("active", 0)
        tally.pending += fresh.get("pending", 0)
        tally.paused += fresh.get("paused", 0)
        tally.ended += fresh.get("ended", 0)
        tally.suppressed += suppressed
        tally.updated += updated
        tally.unchanged += len(arrivals) - suppressed - sum(fresh.values()) - updated
        if options.invite:
            self._invite(connection, batch, now, tally)

    def _suppress(self, connection: Connection, rows: list[Row], now: datetime, file: str, tally: Tally) -> bool:
        """Suppress what the file says bounced or complained; whether any address is suppressed."""
        for one in rows:
            if one.fate in ("bounce", "complaint"):
                known = self._book.suppressions.of(connection, one.key)
                tally.newly_suppressed += known is None
                tally.suppressed += known is not None
                self._book.suppress(connection, one.key, one.fate, now, f"import {file}")
        return connection.exec_driver_sql("SELECT 1 FROM suppression LIMIT 1").first() is not None

    def _invite(self, connection: Connection, batch: Batch, now: datetime, tally: Tally) -> None:
        for key, name in batch.waiting():
            person = persons.find(connection, key)
            known = person.on(name) if person is not None else None
            if known is not None:
                asked = self._book.invite(connection, known, now)
                tally.invited += asked == "asked"
                tally.uninvited += asked != "asked"


def _require_columns(path: str, known: formats.Format, header: tuple[str, ...], options: Options) -> None:
    places = formats.places(known, header)
    if "email" not in places:
        raise sheets.NotATable(
            f"{path}:1: no column `email`; there are {', '.join(header[:12])}",
            hint="the first line names the columns, as: email,name,confirmed_at",
        )
    told = formats.UNKNOWN_STATES & set(header) if known is formats.OURS else ()
    if told:
        raise sheets.NotATable(
            f"{path}:1: column `{min(told)}` may tell who left, and is in no export known here",
            hint="delete the rows of those who left, then the column; or name it `state`, with active, pending, ended",
        )
    if options.only is None and "list" not in places:
        raise UsageError("which list is meant?", hint="`--list NAME`, or a column `list`")


def _rows(reader: RowReader, records: Iterator[tuple[int, list[str]]], path: str, tally: Tally) -> Iterator[Row]:
    for number, fields in records:
        try:
            row = reader.row(fields)
        except FeederError as error:
            tally.tell(Problem(f"{path}:{number}", str(error), error.hint))
            continue
        if row is None:
            tally.elsewhere += 1
        else:
            yield row


def _suppresses(row: Row) -> bool:
    return row.fate in ("bounce", "complaint")


def _arrival(row: Row, origin: str, now: datetime, kept: str, hashed: str) -> Arrival:
    state, confirmed_at = _state(row, now, kept)
    wanted = row.choice
    return (
        row.key,
        row.address,
        provider_of(row.key),
        row.name,
        row.list.name,
        row.list.frequency,
        wanted.frequency,
        wanted.hour,
        wanted.timezone,
        tags_written(wanted.tags),
        wanted.language,
        state,
        to_micros(confirmed_at) if confirmed_at is not None else None,
        row.consent or _consent(row, state, confirmed_at, origin, now, kept),
        row.origin or origin,
        hashed,
    )


def _state(row: Row, now: datetime, kept: str) -> tuple[str, datetime | None]:
    confirmed_at = row.confirmed_at
    if row.fate == "ended":
        return "ended", confirmed_at
    if row.fate == "pending":
        return "pending", None
    if confirmed_at is None and kept:
        confirmed_at = now
    if confirmed_at is None:
        return "pending", None
    return ("paused" if row.fate == "paused" else "active"), confirmed_at


def _consent(row: Row, state: str, confirmed_at: datetime | None, origin: str, now: datetime, kept: str) -> str:
    said = Consent(kept=kept)
    if state == "ended":
        events = [consent.event("ended", now, how=origin)]
        if confirmed_at is not None:
            events.insert(0, consent.event("confirmed", confirmed_at, said, how=origin))
        return consent.written(events)
    if confirmed_at is None:
        return ""
    what: consent.What = "confirmed" if row.confirmed_at is not None else "on record"
    return consent.single(what, confirmed_at, said, how=origin)


__all__ = ["BATCH", "BadRow", "Importer", "Options", "Tally"]
