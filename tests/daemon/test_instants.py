"""What is due happens at its instant: after edits, without edits, after a time in which nobody was there."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from mail.newsdesk import MAIL, Newsdesk, text_of

from tests.daemon.stage import Stage, SteppedClock

SUNDAY = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
MONDAY_8 = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)  # 08:00 in Shanghai
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


def titles(desk: Newsdesk) -> set[str]:
    return {item["title"] for item in json.loads(desk.read("feed.json"))["items"]}


@pytest.fixture
def desk(tmp_path: Path) -> Newsdesk:
    made = Newsdesk(tmp_path / "pub")
    made.begin()
    made.entry("a", "正文。\n", title="A", date="2026-11-20")
    return made


def test_a_future_entry_appears_and_an_expiring_one_leaves_within_a_second(desk: Newsdesk) -> None:
    at, gone = SUNDAY + 3 * HOUR, SUNDAY + 5 * HOUR
    desk.entry("f", "到点。\n", title="F", date=at.isoformat(), expires=gone.isoformat())
    stage = Stage(desk, SteppedClock(SUNDAY))
    stage.start()
    stage.until(at - SECOND)
    assert titles(desk) == {"A"}
    stage.until(at + SECOND)
    assert titles(desk) == {"A", "F"}
    stage.until(gone - SECOND)
    assert titles(desk) == {"A", "F"}
    stage.until(gone + SECOND)
    assert titles(desk) == {"A"}


def test_also_after_a_process_that_was_down_over_it(desk: Newsdesk) -> None:
    at, gone = SUNDAY + 3 * HOUR, SUNDAY + 30 * HOUR
    desk.entry("f", "到点。\n", title="F", date=at.isoformat(), expires=gone.isoformat())
    Stage(desk, SteppedClock(SUNDAY)).start()
    assert titles(desk) == {"A"}
    Stage(desk, SteppedClock(SUNDAY + 20 * HOUR)).start()
    assert titles(desk) == {"A", "F"}
    Stage(desk, SteppedClock(SUNDAY + 40 * HOUR)).start()
    assert titles(desk) == {"A"}


@pytest.mark.parametrize(
    ("zone", "local"),
    [
        ("Europe/Berlin", "2026-10-25 02:30"),  # comes twice
        ("Europe/Berlin", "2026-03-29 02:30"),  # does not exist
        ("America/New_York", "2026-11-01 01:30"),
        ("Australia/Lord_Howe", "2026-10-04 02:15"),  # a gap of half an hour
        ("Australia/Lord_Howe", "2026-04-05 01:45"),
        ("Asia/Shanghai", "2026-10-25 02:30"),
    ],
)
def test_across_changes_of_the_clock_of_the_law(desk: Newsdesk, zone: str, local: str) -> None:
    desk.configure(MAIL, timezone=zone)
    desk.entry("f", "到点。\n", title="F", date=f'"{local}"')
    # A time that is skipped is what the clock would have said (PEP 495), one that comes twice its first.
    at = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    desk.entry("a", "正文。\n", title="A", date=f"{at - timedelta(days=3):%Y-%m-%d}")
    stage = Stage(desk, SteppedClock(at - 4 * HOUR))
    stage.start()
    stage.until(at - SECOND)
    assert titles(desk) == {"A"}
    stage.until(at + SECOND)
    assert titles(desk) == {"A", "F"}


def test_a_clock_set_forward_over_it_and_back_again(desk: Newsdesk) -> None:
    at, gone = SUNDAY + 3 * HOUR, SUNDAY + 50 * HOUR
    desk.entry("f", "到点。\n", title="F", date=at.isoformat(), expires=gone.isoformat())
    clock = SteppedClock(SUNDAY)
    stage = Stage(desk, clock)
    stage.start()
    clock.wall = SUNDAY + 10 * HOUR  # a step: no time passed on the other clock
    stage.publish()
    assert titles(desk) == {"A", "F"}
    clock.wall = SUNDAY - 10 * HOUR
    stage.publish()
    assert titles(desk) == {"A", "F"}  # nothing public is taken back
    desk.entry("g", "后来。\n", title="G", date=(SUNDAY - 2 * HOUR).isoformat())
    stage.publish()
    stage.until(SUNDAY - 2 * HOUR - SECOND)
    assert titles(desk) == {"A", "F"}
    stage.until(SUNDAY - 2 * HOUR + SECOND)
    assert titles(desk) == {"A", "F", "G"}
    stage.until(gone + SECOND, safety=False)
    assert titles(desk) == {"A", "G"}


def test_a_clock_that_is_centuries_ahead_for_a_moment(desk: Newsdesk) -> None:
    desk.subscribe("a@example.org", SUNDAY - 24 * HOUR)
    clock = SteppedClock(SUNDAY)
    stage = Stage(desk, clock)
    stage.start()
    clock.wall = datetime(2200, 1, 1, tzinfo=UTC)
    desk.entry("f", "以后。\n", title="F", date="2199-01-01")
    for _ in range(2):
        stage.work.publish()
        stage.work.deliver()
    clock.wall = SUNDAY + HOUR
    desk.entry("b", "现在。\n", title="B", date=clock.wall.isoformat())
    stage.publish()
    assert next(duty for duty in stage.work.duties if duty.kind == "digest").at == MONDAY_8
    assert titles(desk) == {"A", "B"}
    stage.until(MONDAY_8 + HOUR, safety=False)
    (letter,) = desk.letters()
    assert "B" in text_of(letter)
    (warned,) = stage.voice.warned
    assert warned.startswith("publish: the clock says 2200-01-01, but the last run was on 2026-11-22")
    assert "publish: well again" in stage.voice.said


@pytest.mark.parametrize("late", [0.02, 45.0, 3000.0])
def test_due_at_the_very_minute_of_a_digest_it_is_in_that_digest(desk: Newsdesk, late: float) -> None:
    # A long build or deploy may hold up the run for minutes.
    desk.subscribe("a@example.org", SUNDAY - 24 * HOUR)
    desk.entry("f", "准点。\n", title="准点", date=MONDAY_8.isoformat())
    stage = Stage(desk, SteppedClock(SUNDAY), timedelta(seconds=late))
    stage.start()
    stage.until(MONDAY_8 + timedelta(seconds=late) + HOUR / 6, safety=False)
    (letter,) = desk.letters()
    assert "准点" in text_of(letter)


def test_also_when_the_process_was_down_over_that_minute(desk: Newsdesk) -> None:
    desk.subscribe("a@example.org", SUNDAY - 24 * HOUR)
    desk.entry("f", "准点。\n", title="准点", date=MONDAY_8.isoformat())
    Stage(desk, SteppedClock(SUNDAY)).start()
    Stage(desk, SteppedClock(MONDAY_8 + HOUR / 2)).start()
    (letter,) = desk.letters()
    assert "准点" in text_of(letter)


def test_also_when_the_run_of_that_minute_failed_at_first(desk: Newsdesk) -> None:
    desk.subscribe("a@example.org", SUNDAY - 24 * HOUR)
    desk.entry("f", "准点。\n", title="准点", date=MONDAY_8.isoformat())
    stage = Stage(desk, SteppedClock(SUNDAY))
    stage.start()
    broken = desk.write("templates/entry.html", "{% broken")
    stage.until(MONDAY_8 + HOUR / 12, safety=False)
    assert stage.troubles.times("publish")
    broken.unlink()
    stage.until(MONDAY_8 + HOUR / 2, safety=False)
    letters = [one for one in desk.letters() if one["To"] == "a@example.org"]
    assert ["准点" in text_of(one) for one in letters] == [True]


def test_a_run_that_finds_nothing_to_do_ends(desk: Newsdesk) -> None:
    # What cannot be done now (held after a rollback, say) must not be tried again and again.
    desk.entry("f", "到点。\n", title="F", date=(SUNDAY + HOUR).isoformat())
    stage = Stage(desk, SteppedClock(SUNDAY))
    stage.start()
    stage.until(SUNDAY + 4 * HOUR)
    kinds = [duty.kind for _, duty in stage.turns if duty]
    assert kinds.count("entry") == 1
    assert kinds.count("safety") == 14


def test_what_comes_next_is_known_to_a_new_process_from_files_alone(desk: Newsdesk) -> None:
    desk.subscribe("a@example.org", SUNDAY - 24 * HOUR)
    desk.entry("f", "到点。\n", title="F", date=(SUNDAY + HOUR).isoformat())
    first = Stage(desk, SteppedClock(SUNDAY))
    first.start()
    second = Stage(desk, SteppedClock(SUNDAY))
    second.start()
    told = [(duty.kind, duty.at) for duty in first.work.duties]
    assert told == [(duty.kind, duty.at) for duty in second.work.duties]
    assert ("entry", SUNDAY + HOUR) in told
    assert ("digest", MONDAY_8) in told
