"""Subscriptions as a CSV file that a spreadsheet shows as it is and that `feeder subscribers import` takes back."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import UTC
from typing import Final, TextIO

from feeder.mail.subscribers import consent
from feeder.mail.subscribers.csvfiles.formats import FORMULA
from feeder.mail.subscribers.persons import Subscription

COLUMNS: Final = (
    "email", "name", "list", "state", "frequency", "hour", "tags", "timezone", "language", "confirmed_at", "origin",
    "consent",
)  # fmt: skip


def write(file: TextIO, subscriptions: Iterable[Subscription]) -> int:
    """Write them all, with a first line of names; how many there were."""
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    number = 0
    for one in subscriptions:
        writer.writerow([defused(field) for field in fields(one)])
        number += 1
    return number


def fields(one: Subscription) -> tuple[str, ...]:
    """The cells of a subscription, in the order of `COLUMNS`."""
    wanted = one.choice
    confirmed = one.confirmed_at.astimezone(UTC).isoformat() if one.confirmed_at is not None else ""
    return (
        one.address,
        one.name,
        one.list,
        one.state,
        wanted.frequency,
        str(wanted.hour) if wanted.hour is not None else "",
        ",".join(wanted.tags),
        wanted.timezone,
        wanted.language,
        confirmed,
        one.origin,
        consent.written(list(one.consent)) if one.consent else "",
    )


def defused(cell: str) -> str:
    """The cell with an apostrophe before what a spreadsheet would calculate (OWASP, CSV injection)."""
    return f"'{cell}" if FORMULA.match(cell) else cell
