"""What is released after a clock ran ahead comes later, but to everybody, and once."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from mail.newsdesk import Newsdesk, text_of

SATURDAY = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 0, 0, 20, tzinfo=UTC)  # 08:00:20 in Shanghai
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)


@pytest.mark.parametrize("ahead", [1, 9, 40, 390])
@pytest.mark.parametrize("edited", [False, True])
def test_nobody_misses_it_and_nobody_gets_it_twice(tmp_path: Path, ahead: int, edited: bool) -> None:
    desk = Newsdesk(tmp_path)
    desk.begin()
    desk.entry("a", title="First", date="2026-11-20")
    desk.subscribe("a@example.org", SATURDAY - WEEK)
    desk.mailed(SATURDAY)
    desk.mailed(SATURDAY + ahead * DAY)
    now = MONDAY + DAY
    desk.entry("b", title="Second", date=f"{now:%Y-%m-%d}")
    desk.mailed(now)
    if edited:
        desk.entry("b", "改。\n", title="Second", date=f"{now:%Y-%m-%d}")
        desk.mailed(now + DAY)
    end = now + ahead * DAY + 2 * WEEK
    os.utime(desk.root / "entries/b.md")  # as a checkout does; it is looked at again when that instant has come
    desk.mailed(SATURDAY + ahead * DAY + timedelta(hours=1))
    monday = MONDAY + WEEK
    while monday < end:
        desk.mailed(monday)
        monday += WEEK
    texts = [text_of(letter) for letter in desk.letters()]
    assert [sum(title in text for text in texts) for title in ("First", "Second")] == [1, 1]
