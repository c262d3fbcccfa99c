"""One record of a CSV file as what it means for a subscription."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from feeder import dates
from feeder.config.settings import MailingList, Settings
from feeder.dates import DateError
from feeder.errors import FeederError
from feeder.mail import lists
from feeder.mail.addresses import normal
from feeder.mail.subscribers import consent
from feeder.mail.subscribers.choices import BadChoice, Choice, choice, name_of, shown
from feeder.mail.subscribers.csvfiles import formats
from feeder.mail.subscribers.csvfiles.formats import Cells, Fate, Format

_AHEAD: Final = timedelta(days=1)
_MEMORY: Final = 20_000


class BadRow(FeederError):
    """A row that cannot be taken."""

    exit_code = 65


class Row(NamedTuple):
    """One person on one list, as a file has it."""

    address: str
    key: str
    name: str
    list: MailingList
    choice: Choice
    """Empty where the file says nothing."""
    fate: Fate
    confirmed_at: datetime | None
    consent: str
    """Events that came with the row, as JSON; empty: none did."""
    origin: str


class RowReader:
    """Reads the records of one file."""

    def __init__(
        self, settings: Settings, known: Format, header: Sequence[str], now: datetime, only: MailingList | None
    ) -> None:
        self._settings = settings
        self._format = known
        places = formats.places(known, header)
        # A field that the file has not is the empty text behind its last one.
        self._pick = itemgetter(*(places.get(field, -1) for field in Cells._fields))
        self._width = len(header)
        self._latest = now + _AHEAD
        self._only = only
        self._zone = ZoneInfo(settings.site.timezone if known is formats.OURS else "UTC")
        self._choices: dict[tuple[str, ...], Choice | BadChoice] = {}

    def row(self, fields: list[str]) -> Row | None:
        """What a record means; None for one that is about another list than asked for.

        Raises:
            BadRow, BadAddress, BadChoice: what is wrong with it, and how to mend it.
        """
        if len(fields) > self._width and any(fields[self._width :]):
            raise BadRow(
                f"{len(fields)} fields where the first line names {self._width}",
                hint="put quotation marks around a field that holds the separator",
            )
        cells = self._cells(fields)
        if self._format is formats.OURS and cells.state.strip().lower() not in self._format.states:
            raise BadRow(f"not a state: {shown(cells.state)}", hint="write active, pending, paused or ended")
        mailing_list = self._list(cells.list)
        if mailing_list is None:
            return None
        address, key = normal(cells.email)
        return Row(
            address,
            key,
            name_of(f"{cells.name} {cells.last_name}" if cells.last_name else cells.name),
            mailing_list,
            self._choice(mailing_list, cells),
            formats.fate(self._format, cells),
            self._confirmed(cells) if cells.confirmed_at else None,
            _events(cells.consent) if cells.consent else "",
            name_of(cells.origin),
        )

    def _cells(self, fields: list[str]) -> Cells:
        missing = self._width - len(fields) + 1
        cells = Cells._make(self._pick([*fields[: self._width], *[""] * missing]))
        if "'" in "".join(cells):
            cells = Cells._make(map(formats.undefused, cells))
        return cells

    def _list(self, typed: str) -> MailingList | None:
        typed = typed.strip()
        if self._only is not None:
            return self._only if typed in ("", self._only.name) else None
        if not typed:
            raise BadRow("it names no list", hint="`--list NAME` says which one is meant")
        for one in self._settings.lists:
            if one.name == typed:
                return one
        raise BadRow(f"no list `{shown(typed)}`", hint=lists.meant(self._settings, typed))

    def _choice(self, mailing_list: MailingList, cells: Cells) -> Choice:
        raw = (mailing_list.name, cells.frequency, cells.hour, cells.timezone, cells.tags, cells.language)
        found = self._choices.get(raw)
        if found is None:
            if len(self._choices) > _MEMORY:
                self._choices.clear()
            found = self._choices[raw] = _chosen(mailing_list, raw)
        if isinstance(found, BadChoice):
            raise BadChoice(str(found), hint=found.hint)
        return found

    def _confirmed(self, cells: Cells) -> datetime | None:
        typed = cells.confirmed_at.strip()
        proof = cells.confirmed_from if self._format.proof == "confirmed_from" else typed
        if not typed or not proof.strip():
            return None
        at = _instant(typed, self._zone)
        if at > self._latest:
            raise BadRow(f"confirmed in the future: {shown(typed)}", hint="write the day on which it was confirmed")
        return at


def _chosen(mailing_list: MailingList, raw: tuple[str, ...]) -> Choice | BadChoice:
    _, frequency, hour, timezone, tags, language = raw
    try:
        return choice(
            mailing_list,
            frequency=frequency.strip(),
            hour=hour.strip(),
            timezone=timezone,
            tags=tags,
            language=language,
        )
    except BadChoice as error:
        return error


def _instant(typed: str, zone: ZoneInfo) -> datetime:
    try:
        at = datetime.fromisoformat(typed)
        return (at if at.tzinfo is not None else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    try:
        return dates.parse(typed, zone).instant
    except DateError as error:
        raise BadRow(f"column `confirmed_at`: {shown(str(error))}", hint=error.hint) from None


def _events(given: str) -> str:
    try:
        events = json.loads(given)
    except (ValueError, RecursionError):
        events = None
    if not isinstance(events, list) or not all(
        isinstance(one, dict)
        and all(isinstance(value, str) and value.isprintable() for value in one.values())
        and {"what", "at"} <= one.keys()
        for one in events
    ):
        raise BadRow("its column `consent` holds no events", hint="take it as `feeder subscribers export` wrote it")
    return consent.written(events)
