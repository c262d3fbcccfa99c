"""Which entries become whose digest."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from mail.desk import MONDAY, WEEKLY, Desk, Killed, Killing, populate
from support import soak

from feeder import dates
from feeder.errors import UsageError
from feeder.mail import cutting
from feeder.mail.cutting import queueing


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


# Who gets what


def test_the_due_instant_of_a_newcomer_is_the_next_one(desk: Desk) -> None:
    desk.release("before")
    desk.now = MONDAY + timedelta(minutes=5)
    desk.join("late")
    assert desk.cut().cuts == ()
    assert desk.through("late") == MONDAY
    desk.release("after")
    desk.at(MONDAY + timedelta(days=7))
    assert desk.got() == {"late": ["after"]}


def test_a_changed_frequency_fires_nothing_at_once(desk: Desk) -> None:
    desk.join("a")
    desk.release("e1")
    desk.now = MONDAY - timedelta(days=1, hours=-3)
    desk.choose("a", frequency="daily")
    assert desk.cut().cuts == ()
    desk.at(MONDAY)
    assert desk.got() == {"a": ["e1"]}
    desk.choose("a", frequency="monthly")
    desk.release("e2")
    desk.at(datetime(2026, 12, 1, tzinfo=UTC))
    assert desk.got() == {"a": ["e1", "e2"]}


def test_tag_sets_zones_and_languages_are_digests_of_their_own(desk: Desk) -> None:
    desk.join("all")
    desk.join("ai", tags=("ai",))
    desk.join("web", tags=("web",))
    desk.join("none", tags=("nothing",))
    desk.join("english", language="en")
    desk.join("berlin", timezone="Europe/Berlin")
    desk.release("e1", tags=("AI",))
    desk.release("e2", tags=("web", "ai"))
    regular, *others = desk.at(MONDAY).cuts
    assert (regular.entries, regular.queued, regular.language) == (2, 2, "zh-CN")  # "ai" is owed all there is
    assert {(one.entries, one.queued, one.language) for one in others} == {(2, 1, "en"), (1, 1, "zh-CN")}
    assert desk.through("none") == MONDAY
    assert desk.got() == {"all": ["e2 e1"], "ai": ["e2 e1"], "web": ["e2"], "english": ["e2 e1"]}
    (berlin,) = desk.at(MONDAY + timedelta(hours=7)).cuts
    assert (berlin.until, berlin.page) == (MONDAY + timedelta(hours=7), "")
    assert desk.got()["berlin"] == ["e2 e1"]


def test_the_same_hour_chosen_or_by_default_is_the_same_digest(desk: Desk) -> None:
    desk.join("a")
    desk.join("b", hour=8, timezone="Asia/Shanghai")
    desk.join("c", frequency="daily")
    desk.now = MONDAY - timedelta(hours=20)
    desk.release("e1")
    (one,) = desk.at(MONDAY).cuts
    assert (one.queued, one.frequency, one.page) == (3, "weekly", "digests/weekly/2026-11-23")


def test_many_newcomers_are_one_digest_a_due_instant_and_entry_set(desk: Desk) -> None:
    """Ten thousand join over a week in which three entries come: four sets of entries at the most."""
    many = soak(2_000, 10_000)
    week = timedelta(days=7)
    start = MONDAY - week
    populate(desk.database.path, many, through=lambda n: dates.to_micros(start + week * n / (many + 1)))
    for hours in (20, 60, 100):
        desk.now = start + timedelta(hours=hours)
        desk.release(f"e{hours}")
    cuts = desk.at(MONDAY).cuts
    assert sorted(one.entries for one in cuts) == [1, 2, 3]
    after = sum(1 for n in range(1, many + 1) if start + week * n / (many + 1) >= start + timedelta(hours=100))
    assert sum(one.queued for one in cuts) == many - after
    assert desk.rows(f"SELECT count(*) FROM served WHERE through = {dates.to_micros(MONDAY)}") == [(many,)]
    assert desk.rows("SELECT max(n) FROM (SELECT count(*) n FROM delivery GROUP BY subscriber)") == [(1,)]


def test_served_through_the_very_instant_of_a_release(desk: Desk) -> None:
    """More are served through earlier: their digest is made first, and must not take in the one at the edge."""
    desk.pass_time(hours=1)
    for name in "abc":
        desk.join(name)
    released = desk.release("e1").released
    desk.do(f"UPDATE served SET through = {released} WHERE subscription = 2")
    desk.pass_time(hours=1)
    desk.release("e2")
    desk.at(MONDAY)
    assert desk.got() == {"a": ["e2 e1"], "b": ["e2"], "c": ["e2 e1"]}


# Late, early, never


def test_missed_while_down_is_sent_once_within_the_catch_up(desk: Desk) -> None:
    desk.join("a")
    desk.release("e1")
    (late,) = desk.at(MONDAY + timedelta(hours=24)).cuts
    assert late.until == MONDAY
    assert desk.at(MONDAY + timedelta(hours=25)).cuts == ()


def test_later_it_is_carried_into_the_next(desk: Desk) -> None:
    desk.join("a")
    desk.release("e1")
    assert desk.at(MONDAY + timedelta(hours=24, microseconds=1)).cuts == ()
    desk.release("e2")
    desk.at(MONDAY + timedelta(days=7))
    assert desk.got() == {"a": ["e2 e1"]}


def test_years_of_silence_are_one_digest(desk: Desk) -> None:
    desk.join("a", frequency="daily")
    desk.cut()
    for year in (2027, 2028, 2029):
        desk.now = datetime(year, 3, 1, 12, tzinfo=UTC)
        desk.release(f"e{year}")
    desk.at(datetime(2029, 3, 3, tzinfo=UTC))
    assert desk.got() == {"a": ["e2029 e2028 e2027"]}


@pytest.mark.parametrize(
    ("zone", "hour", "around", "due"),
    [
        ("Europe/Berlin", 2, datetime(2027, 3, 28, tzinfo=UTC), datetime(2027, 3, 28, 1, tzinfo=UTC)),
        ("Europe/Berlin", 2, datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 10, 25, 0, tzinfo=UTC)),
        ("America/New_York", 1, datetime(2026, 11, 1, 4, tzinfo=UTC), datetime(2026, 11, 1, 5, tzinfo=UTC)),
        ("America/New_York", 2, datetime(2027, 3, 14, 5, tzinfo=UTC), datetime(2027, 3, 14, 7, tzinfo=UTC)),
        ("Australia/Lord_Howe", 2, datetime(2026, 10, 3, 13, tzinfo=UTC), datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
        ("Australia/Lord_Howe", 1, datetime(2027, 4, 3, 13, tzinfo=UTC), datetime(2027, 4, 3, 14, tzinfo=UTC)),
        ("Asia/Shanghai", 2, datetime(2026, 11, 21, 17, tzinfo=UTC), datetime(2026, 11, 21, 18, tzinfo=UTC)),
    ],
)
def test_a_gap_fires_once_and_a_doubled_hour_once(
    tmp_path: Path, zone: str, hour: int, around: datetime, due: datetime
) -> None:
    desk = Desk(tmp_path, WEEKLY, around - timedelta(days=1))
    desk.join("a", frequency="daily", hour=hour, timezone=zone)
    desk.cut()
    cuts = []
    desk.now = around
    while desk.now < around + timedelta(hours=6):
        desk.release(f"e{desk.now:%H%M}")
        cuts += desk.cut().cuts
        desk.pass_time(minutes=10)
    assert [one.until for one in cuts] == [due]
    desk.close()


def test_a_clock_set_back_sends_nothing_twice_and_misses_none(desk: Desk) -> None:
    desk.join("a")
    desk.release("e1")
    desk.at(MONDAY + timedelta(days=7))
    desk.now = MONDAY - timedelta(days=1)
    desk.release("e2")
    for weeks in range(3):
        desk.at(MONDAY + timedelta(days=7 * weeks))
    assert desk.got() == {"a": ["e1", "e2"]}


def test_instant_digests_leave_when_it_is_quiet_or_after_an_hour(desk: Desk) -> None:
    desk.join("a", frequency="instant")
    desk.cut()
    start = desk.now
    cuts = []
    for minute in range(200):
        if minute in (5, 10) or (60 <= minute <= 150 and minute % 9 == 0):
            desk.release(f"e{minute}")
        desk.now = start + timedelta(minutes=minute)
        cuts += desk.cut().cuts
    assert [(one.until - start) // timedelta(minutes=1) for one in cuts] == [19, 122, 153]
    assert sum(one.entries for one in cuts) == 12
    assert len(" ".join(desk.got()["a"]).split()) == 12


# Killed


def busy(root: Path) -> Desk:
    """Four groups are due, one of which is owed nothing, with a note, a correction, and a proof to be made."""
    desk = Desk(root, WEEKLY + 'approve = "1h"\n')
    desk.pass_time(hours=1)
    for name, tags in (("a", ()), ("b", ()), ("c", ("ai",)), ("d", ("nothing",))):
        desk.join(name, tags=tags)
    desk.release("e0", tags=("ai",))
    desk.at(MONDAY)
    desk.pass_time(hours=1)
    desk.correct("e0")
    desk.release("e1")
    desk.release("e2", tags=("ai",))
    desk.join("e", language="en")
    desk.publication.write("notes/weekly.md", "---\nsubject: 本周要闻\n---\n")
    desk.now = MONDAY + timedelta(days=7)
    return desk


def outcome(desk: Desk) -> list[list[object]]:
    return [
        desk.rows("SELECT subscription, through FROM served ORDER BY 1"),
        sorted((name, tuple(got)) for name, got in desk.got().items()),
        desk.rows("SELECT id, until, entries_hash, language, page, note_subject, send_at FROM digest ORDER BY id"),
        desk.rows("SELECT digest, subscriber, state, due_at FROM delivery ORDER BY 1, 2"),
        desk.rows("SELECT digest, revision, subject, text FROM snapshot ORDER BY 1, 2"),
        desk.rows("SELECT list, hash, used_at FROM note"),
        desk.rows("SELECT kind, message_id FROM notice"),
    ]


@pytest.mark.parametrize("at_a_time", [queueing.STEP, 1])
def test_killed_at_every_step_the_next_run_ends_where_an_undisturbed_one_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_a_time: int
) -> None:
    desk = busy(tmp_path / "whole")
    desk.cut()
    expected = outcome(desk)
    # One subscription at a time, or all at once: it comes to the same.
    monkeypatch.setattr(queueing, "STEP", at_a_time)
    monkeypatch.setattr(queueing, "BREATH", 0)
    assert [len(got) for _, got in expected[1]] == [2, 2, 2, 1]
    assert len(desk.rows("SELECT kind FROM notice")) == 2
    desk.close()
    step, killed = 0, True
    while killed:
        desk = busy(tmp_path / str(step))
        real, desk.database = desk.database, Killing(desk.database, step)
        try:
            desk.cut()
            killed = False
        except Killed:
            pass
        desk.database = real
        if killed:
            assert desk.rows("SELECT id FROM digest WHERE id NOT IN (SELECT digest FROM delivery)") == []
            desk.cut()
        assert outcome(desk) == expected, f"killed at step {step}"
        desk.close()
        step += soak(5, 1)
    assert step > 20


# What an editor may do


def test_send_at_once_serves_everybody_and_nobody_twice(desk: Desk) -> None:
    desk.join("a")
    desk.join("b", frequency="monthly")
    desk.release("e1")
    (one,) = desk.cut(only="weekly", at_once=True).cuts
    assert (one.queued, one.frequency, one.page) == (2, "", "digests/weekly/2026-11-18")
    assert desk.cut(only="weekly", at_once=True).cuts == ()
    desk.release("e2")
    desk.cut(only="weekly", at_once=True)
    assert desk.got() == {"a": ["e1", "e2"], "b": ["e1", "e2"]}
    assert [page.path for page in cutting.public(desk.database, 0)] == [
        "digests/weekly/2026-11-18",
        "digests/weekly/2026-11-18-2",
    ]
    assert desk.at(MONDAY).cuts == ()


def test_a_list_that_is_not_there(desk: Desk) -> None:
    with pytest.raises(UsageError, match="weekli"):
        desk.cut(only="weekli")


def test_another_transport_starts_at_the_previous_due_instant_and_says_so(desk: Desk) -> None:
    desk.now = MONDAY - timedelta(days=16)
    desk.join("a")
    desk.release("e1")
    desk.at(MONDAY - timedelta(days=14))
    desk.release("e2")
    desk.at(MONDAY - timedelta(days=7))
    desk.pass_time(days=1)
    desk.release("e3")
    desk.cut()
    desk.configure(f'[mail]\ntransport = "eml"\n{WEEKLY}')
    desk.pass_time(days=1)
    (started,) = desk.cut().started
    assert (started.transport, started.subscriptions, started.since) == ("eml", 1, MONDAY - timedelta(days=7))
    assert desk.cut().started == ()
    desk.at(MONDAY)
    assert desk.got() == {"a": ["e3"]}
    desk.configure(f'[mail]\ntransport = "maildir"\n{WEEKLY}')
    assert desk.cut().cuts != ()
    assert desk.got() == {"a": ["e1", "e2", "e3"]}


def test_a_due_instant_between_two_runs_counts_for_the_other_transport(desk: Desk) -> None:
    """Cron runs once a week, at the due instant; the way out was changed in between."""
    desk.now = MONDAY - timedelta(days=8)
    desk.join("a")
    desk.at(MONDAY - timedelta(days=7))
    desk.release("e1")
    desk.configure(f'[mail]\ntransport = "eml"\n{WEEKLY}')
    desk.at(MONDAY)
    assert desk.got() == {"a": ["e1"]}


def test_who_joined_by_another_transport_that_never_cut_is_served_at_once(desk: Desk) -> None:
    """Found by the machine: the way out was changed there and back between two cuts, and somebody joined meanwhile."""
    desk.join("a", frequency="instant")
    desk.cut()
    desk.configure(f'[mail]\ntransport = "eml"\n{WEEKLY}')
    desk.pass_time(minutes=1)
    desk.join("b", frequency="instant")
    desk.configure(f'[mail]\ntransport = "maildir"\n{WEEKLY}')
    desk.cut()
    desk.pass_time(minutes=1)
    desk.release("e1")
    desk.pass_time(minutes=5)
    assert desk.cut().cuts == ()
    desk.pass_time(minutes=5)
    desk.cut()
    assert desk.got() == {"a": ["e1"], "b": ["e1"]}


def test_another_hour_of_the_list_fires_nothing_at_once(desk: Desk) -> None:
    desk.join("a")
    desk.at(MONDAY)
    desk.pass_time(minutes=30)
    desk.release("e1")
    desk.at(MONDAY + timedelta(hours=3))
    desk.configure(WEEKLY + "hour = 10\n")
    assert desk.cut().cuts == ()
    desk.configure(WEEKLY + 'hour = 10\nweekday = "tuesday"\n')
    assert desk.cut().cuts == ()
    desk.at(MONDAY + timedelta(days=1, hours=2))
    assert desk.got() == {"a": ["e1"]}


def test_a_note_is_used_once(desk: Desk) -> None:
    desk.join("a")
    desk.join("b", tags=("ai",))
    desk.join("c", frequency="daily")
    desk.join("d", timezone="Europe/Berlin")
    desk.publication.write("notes/weekly.md", "---\nsubject: 本周要闻\n---\n各位读者。\n")
    desk.pass_time(hours=1)
    desk.release("e1")
    desk.release("e2", tags=("ai",))
    desk.at(MONDAY - timedelta(days=1))
    assert desk.rows("SELECT frequency, note_subject FROM digest") == [("daily", "")]
    desk.release("e3")
    desk.at(MONDAY)
    desk.at(MONDAY + timedelta(hours=7))
    subjects = [row[0] for row in desk.rows("SELECT note_subject FROM digest WHERE frequency = 'weekly'")]
    assert subjects == ["本周要闻"] * 3
    desk.release("e4")
    desk.at(MONDAY + timedelta(days=7))
    assert desk.rows("SELECT note_subject FROM digest ORDER BY id DESC LIMIT 1") == [("",)]
    desk.publication.write("notes/weekly.md", "---\nsubject: 下周要闻\n---\n")
    desk.release("e5")
    desk.at(MONDAY + timedelta(days=14))
    assert ("下周要闻",) in desk.rows("SELECT note_subject FROM digest ORDER BY id DESC LIMIT 2")


def test_a_bad_note_is_told_and_stops_nothing(desk: Desk) -> None:
    desk.join("a")
    desk.publication.write("notes/weekly.md", b"\xd6\xd0\xce\xc4\n")
    desk.release("e1")
    made = desk.at(MONDAY + timedelta(hours=3))  # so long the editor may mend it
    assert len(made.cuts) == 1
    assert [problem.path for problem in made.problems] == ["notes/weekly.md"]


def test_a_proof_goes_to_the_editor_first(desk: Desk) -> None:
    desk.configure(f'[mail]\neditor = "editor@example.org"\n{WEEKLY}approve = "2h"\n')
    desk.join("a")
    desk.join("b", tags=("ai",))
    desk.release("e1")
    desk.release("e2", tags=("ai",))
    first, second = desk.at(MONDAY).cuts
    assert first.send_at == second.send_at == MONDAY + timedelta(hours=2)
    due = dates.to_micros(MONDAY + timedelta(hours=2))
    assert desk.rows("SELECT DISTINCT due_at, send_at FROM delivery JOIN digest ON id = digest") == [(due, due)]
    assert desk.rows("SELECT kind, address, state FROM notice") == [("proof", "editor@example.org", "queued")]


def test_only_the_regular_digest_has_a_page(desk: Desk) -> None:
    for name in ("a", "b"):
        desk.join(name)
    for name in ("t1", "t2", "t3"):
        desk.join(name, tags=("ai",))
    desk.release("e1")
    desk.release("e2", tags=("ai",))
    desk.at(MONDAY)
    (page,) = cutting.public(desk.database, 0)
    assert (page.path, page.entries, page.corrections) == ("digests/weekly/2026-11-23", ("tag:e2", "tag:e1"), ())
    assert (page.until, page.language, page.list) == (dates.to_micros(MONDAY), "zh-CN", "weekly")
    assert cutting.public(desk.database, page.number) == []
    assert desk.composer.composed[0].page_url == "https://news.example.org/digests/weekly/2026-11-23/"
    assert desk.composer.composed[1].page_url == ""


def test_a_list_without_archive_has_no_pages(desk: Desk) -> None:
    desk.configure(WEEKLY + "archive = false\n")
    desk.join("a")
    desk.release("e1")
    desk.at(MONDAY)
    assert cutting.public(desk.database, 0) == []


# After the cut


@pytest.fixture
def sent_to_two(desk: Desk) -> Desk:
    """A digest of e1 and e2, sent to a, not yet to b."""
    desk.join("a")
    desk.join("b")
    desk.release("e1")
    desk.release("e2")
    desk.at(MONDAY)
    desk.do("UPDATE delivery SET state = 'sent', revision = 1 WHERE subscriber = 1")
    return desk


def test_what_was_withdrawn_leaves_the_unsent_rest(sent_to_two: Desk) -> None:
    desk = sent_to_two
    assert desk.amend() == []
    desk.withdraw("e2")
    (one,) = desk.amend()
    assert (one.revision, one.left_out, one.unsent, one.skipped, one.page) == (2, 1, 1, 0, "digests/weekly/2026-11-23")
    assert desk.rows("SELECT revision, text FROM snapshot") == [(1, "e2\ne1"), (2, "e1")]
    assert desk.amend() == []
    (page,) = cutting.records(desk.database, [one.digest])
    assert (page.subject, page.entries) == ("e1", ("tag:e1",))


def test_a_digest_of_nothing_is_not_sent(sent_to_two: Desk) -> None:
    desk = sent_to_two
    desk.withdraw("e1")
    desk.withdraw("e2")
    (one,) = desk.amend()
    assert (one.unsent, one.skipped) == (0, 1)
    assert desk.rows("SELECT state FROM delivery ORDER BY subscriber") == [("sent",), ("skipped",)]
    desk.do("UPDATE delivery SET state = 'failed' WHERE subscriber = 1")
    with pytest.raises(UsageError):
        cutting.restart(desk.database, one.digest, desk.now)


def test_what_may_have_left_is_not_amended(sent_to_two: Desk) -> None:
    desk = sent_to_two
    desk.do("UPDATE delivery SET state = 'deferred', uncertain = 1, revision = 1 WHERE subscriber = 2")
    desk.withdraw("e2")
    (one,) = desk.amend()
    assert one.unsent == 0
    assert desk.rows("SELECT revision FROM delivery WHERE subscriber = 2") == [(1,)]


def test_amending_on_request_takes_the_present_text(sent_to_two: Desk) -> None:
    desk = sent_to_two
    desk.change("e1", title="e1 mended")
    desk.configure()
    (one,) = desk.amend(1)
    assert (one.revision, one.left_out, one.unsent) == (2, 0, 1)
    assert desk.rows("SELECT text FROM snapshot WHERE revision = 2") == [("e2\ne1 mended",)]
    with pytest.raises(UsageError):
        desk.amend(7)


def test_a_digest_sent_long_ago_loses_what_is_withdrawn_now(sent_to_two: Desk) -> None:
    desk = sent_to_two
    desk.do("UPDATE delivery SET state = 'sent', revision = 1")
    desk.pass_time(days=400)
    desk.withdraw("e2")
    (one,) = desk.amend()
    assert (one.left_out, one.unsent) == (1, 0)


def test_pause_resume_cancel_restart(sent_to_two: Desk) -> None:
    desk = sent_to_two
    assert cutting.pause(desk.database, 1)
    assert not cutting.pause(desk.database, 1)
    assert desk.rows("SELECT state FROM digest") == [("paused",)]
    assert cutting.resume(desk.database, 1)
    assert not cutting.resume(desk.database, 1)
    desk.do("UPDATE delivery SET state = 'failed', attempt = 3, reply = '550 no' WHERE subscriber = 2")
    assert cutting.restart(desk.database, 1, desk.now) == 1
    assert desk.rows("SELECT state, attempt, reply FROM delivery WHERE subscriber = 2") == [("queued", 0, "")]
    assert cutting.cancel(desk.database, 1, desk.now) == 1
    assert desk.rows("SELECT state FROM delivery ORDER BY subscriber") == [("sent",), ("skipped",)]
    for refused in (cutting.pause, cutting.resume):
        with pytest.raises(UsageError):
            refused(desk.database, 1)
    with pytest.raises(UsageError):
        cutting.restart(desk.database, 1, desk.now)
    assert desk.cut().cuts == ()


def test_a_cancelled_digest_takes_in_nobody_more(desk: Desk) -> None:
    """The run that cut it died between two groups; it was cancelled before the next one came."""
    desk.join("a")
    desk.release("e1")
    desk.at(MONDAY)
    cutting.cancel(desk.database, 1, desk.now)
    desk.do(f"UPDATE served SET through = {dates.to_micros(MONDAY - timedelta(days=7))}")
    desk.do("DELETE FROM delivery")
    desk.cut()
    assert desk.rows("SELECT state FROM delivery") == [("skipped",)]


# Corrections


def test_a_correction_already_in_the_text_is_not_told_again(desk: Desk) -> None:
    desk.join("a")
    desk.join("b", timezone="Europe/Berlin")
    desk.release("e1")
    desk.at(MONDAY)
    desk.pass_time(hours=2)
    desk.correct("e1")
    desk.at(MONDAY + timedelta(hours=8))
    desk.at(MONDAY + timedelta(days=7, hours=7))
    assert desk.got() == {"a": ["e1", "!e1"], "b": ["e1"]}


def test_who_was_never_reached_is_told_no_correction(desk: Desk) -> None:
    for name in "abcd":
        desk.join(name)
    desk.release("e1")
    desk.at(MONDAY)
    desk.do("UPDATE delivery SET state = 'failed' WHERE subscriber = 1")
    desk.do("UPDATE delivery SET state = 'skipped' WHERE subscriber = 2")
    desk.do("UPDATE delivery SET state = 'sent', revision = 1 WHERE subscriber = 3")
    desk.correct("e1")
    (one,) = desk.at(MONDAY + timedelta(days=7)).cuts
    assert (one.entries, one.corrections, one.queued) == (0, 1, 2)
    assert {name: got[-1] for name, got in desk.got().items()} == {"a": "e1", "c": "!e1", "d": "!e1"}


def test_a_correction_taken_back_is_not_told(desk: Desk) -> None:
    desk.join("a")
    desk.release("e1")
    desk.release("e2")
    desk.at(MONDAY)
    desk.correct("e1")
    desk.change("e1", correction="")
    desk.correct("e2")
    desk.withdraw("e2")
    assert desk.at(MONDAY + timedelta(days=7)).cuts == ()


def test_a_correction_of_another_list_is_none_of_ours(desk: Desk) -> None:
    desk.configure(f'{WEEKLY}[[lists]]\nname = "other"\n')
    desk.join("a")
    desk.join("b", "other")
    desk.release("e1", lists=("other",))
    desk.at(MONDAY)
    desk.correct("e1")
    desk.at(MONDAY + timedelta(days=7))
    assert desk.got() == {"b": ["e1", "!e1"]}


def test_hundreds_of_corrections_at_once(desk: Desk) -> None:
    desk.join("a")
    for n in range(300):
        desk.release(f"e{n}")
    desk.at(MONDAY)
    for n in range(300):
        desk.correct(f"e{n}")
    (one,) = desk.at(MONDAY + timedelta(days=7)).cuts
    assert one.corrections == 300


# What comes next


def test_next_due_and_outlook(desk: Desk) -> None:
    def due() -> tuple[datetime, str] | None:
        return cutting.next_due(desk.database, desk.settings, desk.history, desk.now)

    def seen() -> list[cutting.Outlook]:
        return cutting.outlook(desk.database, desk.settings, desk.history, desk.now)

    assert due() is None
    assert seen() == []
    desk.join("a")
    desk.join("b", frequency="daily", timezone="America/New_York")
    assert due() == (datetime(2026, 11, 18, 13, tzinfo=UTC), "digest weekly")
    assert [(one.subscribers, one.others) for one in seen()] == [(1, 1)]
    desk.leave("b")
    desk.join("c", tags=("ai",))
    assert due() == (MONDAY, "digest weekly")
    desk.release("e1")
    desk.release("e2", mail=False)
    (one,) = seen()
    assert (one.title, one.at, one.zone, one.entries, one.subscribers) == ("每周新闻", MONDAY, "Asia/Shanghai", 1, 2)
    desk.at(MONDAY)
    assert due() == (MONDAY + timedelta(days=7), "digest weekly")
    assert (seen()[0].at, seen()[0].entries) == (MONDAY + timedelta(days=7), 0)


def test_next_due_of_an_instant_list(desk: Desk) -> None:
    desk.configure('[[lists]]\nname = "flash"\nfrequency = "instant"\n')
    desk.join("a", "flash", frequency="instant")
    desk.cut()
    assert cutting.next_due(desk.database, desk.settings, desk.history, desk.now) is None
    desk.pass_time(minutes=1)
    desk.release("e1")
    due = desk.now + timedelta(minutes=10)
    assert cutting.next_due(desk.database, desk.settings, desk.history, desk.now) == (due, "digest flash")
    (seen,) = cutting.outlook(desk.database, desk.settings, desk.history, desk.now)
    assert (seen.at, seen.frequency, seen.entries) == (due, "instant", 1)
    desk.pass_time(minutes=4)
    desk.release("e2")
    due = desk.now + timedelta(minutes=10)
    (seen,) = cutting.outlook(desk.database, desk.settings, desk.history, desk.now)
    assert (seen.at, seen.entries) == (due, 2)
    assert len(desk.at(due).cuts) == 1
    (seen,) = cutting.outlook(desk.database, desk.settings, desk.history, desk.now)
    assert (seen.at, seen.entries) == (None, 0)
    assert cutting.next_due(desk.database, desk.settings, desk.history, desk.now) is None


def test_the_publications_own_templates(desk: Desk) -> None:
    """Cutting with the real composer, from the subject to the page's address."""
    desk.join("a")
    desk.release("天数智芯：订单接近 2 亿元")
    desk.now = MONDAY
    desk.seal()
    (one,) = cutting.cut(desk.database, desk.settings, desk.catalog, desk.now).cuts
    subject, html = desk.rows("SELECT subject, html FROM snapshot")[0]
    assert "订单接近 2 亿元" in subject
    assert f"https://news.example.org/{one.page}/" in html
