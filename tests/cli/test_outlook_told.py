"""What is said of the next digest of a list is true of those who get it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from feeder.cli import mailing
from feeder.mail.cutting import Outlook

NOW = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
SOON = NOW + timedelta(minutes=10)


@pytest.mark.parametrize(
    ("frequency", "at", "entries", "subscribers", "others", "words"),
    [
        ("instant", None, 0, 2, 0, "next digest soon after the next entry, no entry so far, 2 subscribers"),
        ("instant", SOON, 2, 1, 0, "next digest Saturday 17:10 (Asia/Shanghai), 2 entries so far, 1 subscriber"),
        ("instant", NOW, 1, 1, 0, "next digest due now, 1 entry so far, 1 subscriber"),
        ("daily", NOW, 0, 8, 3,
         "next digest due now, no entry so far, 8 subscribers, and 3 who chose another schedule"),
        ("weekly", SOON, 3, 0, 1, "nobody by its own schedule; 1 subscriber chose another"),
    ],
)  # fmt: skip
def test_the_next_digest(
    frequency: str, at: datetime | None, entries: int, subscribers: int, others: int, words: str
) -> None:
    one = Outlook(
        list="x", title="X", frequency=frequency, at=at, zone="Asia/Shanghai", entries=entries,
        subscribers=subscribers, others=others,
    )  # fmt: skip
    assert mailing.outlook(one, NOW) == words
