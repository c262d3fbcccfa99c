"""What the next digest would be, for those who want to see it before anybody gets it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from feeder import dates
from feeder.catalog import Catalog
from feeder.config.settings import MailingList, Settings
from feeder.history import Record
from feeder.mail import calendar, lists, notes
from feeder.mail.cutting.selection import mailable
from feeder.mail.values import Edition

SAMPLE: Final = 5
"""So many of the latest entries are shown where nothing was released since the last digest."""


def draft(settings: Settings, catalog: Catalog, name: str, now: datetime) -> tuple[Edition, bool]:
    """The digest of a list if it were cut now, by its own schedule.

    Returns:
        The edition, and whether it is only a sample: nothing new was released, so it shows the latest entries.

    Raises:
        UsageError: there is no such list, or nothing to show.
    """
    one = lists.find(settings, name)
    history, until = catalog.history, dates.to_micros(now)
    released = history.released_between(_since(settings, one, now), until)
    corrections = history.corrected_between(_since(settings, one, now), until)
    entries = [record for record in released if mailable(record, one, settings)]
    sample = not entries
    if sample:
        entries = _latest(settings, one, history.released_between(0, until))
    note = notes.read_note(settings, name)
    known = {record.id for record in entries}
    edition = Edition(
        entries=tuple(catalog.entry(record) for record in _newest_first(entries)),
        corrections=tuple(catalog.entry(record) for record in corrections if record.id not in known and not sample),
        until=until,
        language=lists.language_of(settings, one),
        subject=note.subject if note else "",
        preface=note.preface_html if note else "",
    )
    return edition, sample


def _since(settings: Settings, one: MailingList, now: datetime) -> int:
    own = lists.schedule_of(settings, one)
    since = now if own.frequency == "instant" else calendar.previous_due(own, now)
    return dates.to_micros(since)


def _latest(settings: Settings, one: MailingList, records: list[Record]) -> list[Record]:
    fit = [record for record in records if mailable(record, one, settings)] or records
    return _newest_first(fit)[:SAMPLE]


def _newest_first(records: list[Record]) -> list[Record]:
    return sorted(records, key=lambda record: (record.published, record.seq), reverse=True)
