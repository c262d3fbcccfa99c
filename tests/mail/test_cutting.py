"""Which entries become whose digest."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from mail.desk import MONDAY, Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.close()


def test_one_week_of_a_weekly_list(desk: Desk) -> None:
    """The worked example of the design."""
    last_week = MONDAY - timedelta(days=7)
    desk.now = last_week - timedelta(days=2)
    desk.join("a")
    desk.join("c", frequency="daily")
    assert desk.at(last_week).cuts == ()
    desk.now = MONDAY - timedelta(days=5)
    desk.release("e1")
    desk.pass_time(days=1)
    desk.join("b")
    assert desk.through("b") == last_week
    (daily,) = desk.at(MONDAY - timedelta(days=3)).cuts
    assert (daily.frequency, daily.queued, daily.entries) == ("daily", 1, 1)
    desk.pass_time(hours=2)
    desk.choose("c", frequency="weekly")
    desk.release("e2")
    first, second = desk.at(MONDAY).cuts
    assert (first.queued, first.entries, first.until, first.frequency) == (2, 2, MONDAY, "weekly")
    assert (second.queued, second.entries) == (1, 1)
    assert desk.got() == {"a": ["e2 e1"], "b": ["e2 e1"], "c": ["e1", "e2"]}
    assert {desk.through(name) for name in "abc"} == {MONDAY}
    desk.pass_time(days=1)
    desk.join("d")
    desk.correct("e1")
    desk.release("e3")
    desk.at(MONDAY + timedelta(days=7))
    assert desk.got()["a"][-1] == "e3 !e1"
    assert desk.got()["c"][-1] == "e3 !e1"
    assert desk.got()["d"] == ["e3"]


def test_nothing_new_sends_nothing_and_serves_all_the_same(desk: Desk) -> None:
    desk.join("a")
    assert desk.at(MONDAY).cuts == ()
    assert desk.through("a") == MONDAY
    assert desk.rows("SELECT count(*) FROM digest") == [(0,)]


def test_again_at_the_same_instant_does_nothing(desk: Desk) -> None:
    desk.join("a")
    desk.release("e1")
    assert len(desk.at(MONDAY).cuts) == 1
    assert desk.cut().cuts == ()
    desk.pass_time(hours=3)
    assert desk.cut().cuts == ()
    assert desk.got() == {"a": ["e1"]}
