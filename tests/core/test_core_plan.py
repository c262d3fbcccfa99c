"""What becomes of each entry: release, ties, edits, withdrawal, archive documents, and clocks that go wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from core.core_values import SECOND, entry, kinds, micros, only, plan, run, settings
from hypothesis import given
from hypothesis import strategies as st
from support import NOW

from feeder import dates
from feeder.config.settings import Entries, Feeds
from feeder.errors import MassWithdrawal
from feeder.history import TOMBSTONE_US, History, empty_history
from feeder.plan import labels_of


@pytest.fixture
def history() -> Iterator[History]:
    with empty_history() as made:
        yield made


def test_new_entries_are_numbered_by_date_and_ties_of_a_day_get_a_second_each(history: History) -> None:
    made = run(history, entry("a.md"), entry("b.md"), entry("c.md", "2026-01-04"))
    assert [(step.after.path, step.after.seq) for step in made.steps] == [("c.md", 1), ("b.md", 2), ("a.md", 3)]
    by_path = {step.after.path: step.after for step in made.steps}
    noon = micros("2026-01-05 12:00")
    assert (by_path["a.md"].published, by_path["b.md"].published) == (noon, noon + SECOND)
    assert by_path["a.md"].updated == noon
    assert by_path["c.md"].id == "tag:news.example.org,2026:2026-01-04/c"
    assert kinds(run(history, entry("a.md"), entry("b.md"), entry("c.md", "2026-01-04"))) == []


def test_a_day_that_has_not_reached_noon_is_published_at_the_moment_of_release(history: History) -> None:
    record = only(run(history, entry("a.md", "2026-11-22")))
    assert record.published == dates.to_micros(NOW)
    later = run(history, entry("a.md", "2026-11-22"), now=NOW + timedelta(hours=20))
    assert later.steps == ()


@given(st.lists(st.sampled_from(["2026-01-05", "2026-01-06", "2026-01-05 12:00", "2026-11-22"]), max_size=30))
def test_no_two_entries_share_an_updated(days: list[str]) -> None:
    with empty_history() as made:
        run(made, *(entry(f"{n}.md", day) for n, day in enumerate(days)))
        run(made, *(entry(f"{n}.md", day, correction="更正") for n, day in enumerate(days)))
        found = [record.updated for record in made.everything()]
    assert len(set(found)) == len(days)


def test_thousands_of_entries_of_one_day_are_planned_in_linear_time(history: History) -> None:
    made = run(history, *(entry(f"{n}.md") for n in range(4000)))
    assert {step.after.published for step in made.steps} == {
        micros("2026-01-05 12:00") + n * SECOND for n in range(4000)
    }


def test_the_future_waits_and_is_released_at_its_instant(history: History) -> None:
    early = plan(history, entry("a.md", "2026-12-01 09:00"))
    assert early.steps == ()
    assert [(w.path, w.at, w.why) for w in early.waiting] == [("a.md", micros("2026-12-01 09:00"), "entry a.md")]
    late = run(history, entry("a.md", "2026-12-01 09:00"), now=NOW + timedelta(days=10))
    assert kinds(late) == [("new", "a.md")]
    assert only(late).released == dates.to_micros(NOW + timedelta(days=10))


def test_a_clock_set_back_withdraws_nothing_and_turns_no_number_back(history: History) -> None:
    run(history, entry("a.md", "2026-11-20 09:00"))
    back = run(history, entry("a.md", "2026-11-20 09:00"), entry("b.md"), now=NOW - timedelta(days=300))
    assert kinds(back) == [("new", "b.md")]
    assert only(back).released == dates.to_micros(NOW)


def test_a_date_edited_into_the_future_withdraws_until_then(history: History) -> None:
    first = only(run(history, entry("a.md")))
    assert kinds(run(history, entry("a.md", "2026-12-24"))) == [("withdrawn", "a.md")]
    back = run(history, entry("a.md", "2026-12-24"), now=NOW + timedelta(days=40))
    assert kinds(back) == [("restored", "a.md")]
    assert (only(back).id, only(back).permalink) == (first.id, first.permalink)
    assert only(back).published == micros("2026-12-24 12:00")


def test_an_expired_entry_leaves_without_a_word_and_returns_when_its_expiry_moves(history: History) -> None:
    run(history, entry("a.md", expires=None))
    ends = entry("a.md", "2026-12-31").date
    soon = run(history, entry("a.md", expires=ends))
    assert [w.why for w in soon.waiting] == ["expiry of a.md"]
    gone = run(history, entry("a.md", expires=ends), now=NOW + timedelta(days=60))
    assert kinds(gone) == [("withdrawn", "a.md")]
    assert only(gone).tombstone is None
    later = run(history, entry("a.md", expires=entry("a.md", "2028-01-01").date), now=NOW + timedelta(days=61))
    assert kinds(later) == [("restored", "a.md")]


def test_a_draft_is_withheld_and_toggling_it_keeps_the_id(history: History) -> None:
    assert plan(history, entry("a.md", draft=True)).steps == ()
    first = only(run(history, entry("a.md")))
    gone = only(run(history, entry("a.md", draft=True)))
    assert gone.tombstone == dates.to_micros(NOW) + TOMBSTONE_US
    assert (gone.summary, gone.tags, gone.cover) == ("", (), ())
    back = only(run(history, entry("a.md"), now=NOW + timedelta(days=1)))
    assert (back.id, back.seq, back.withdrawn, back.tombstone) == (first.id, first.seq, None, None)
    assert first.updated < gone.updated < back.updated


def test_a_correction_tells_readers_once_and_other_edits_are_silent(history: History) -> None:
    first = only(run(history, entry("a.md")))
    silent = run(history, entry("a.md", body="别的话"))
    assert kinds(silent) == [("revised", "a.md")]
    assert (only(silent).updated, only(silent).touched) == (first.updated, first.touched)
    told = run(history, entry("a.md", body="别的话", correction="数字有误"))
    assert kinds(told) == [("corrected", "a.md")]
    assert only(told).updated == dates.to_micros(NOW)
    assert only(told).touched > first.touched
    assert run(history, entry("a.md", body="别的话", correction="数字有误"), now=NOW + timedelta(days=1)).steps == ()


def test_bump_any_tells_of_every_edit(history: History) -> None:
    always = settings(feeds=Feeds(bump="any"))
    run(history, entry("a.md"), settings=always)
    assert only(run(history, entry("a.md", body="别的话"), settings=always)).updated == dates.to_micros(NOW)
    assert run(history, entry("a.md", body="别的话"), settings=always, now=NOW + timedelta(days=1)).steps == ()


@pytest.mark.parametrize("name", ["tags", "authors"])
def test_a_change_of_labels_alone_is_a_revision(history: History, name: str) -> None:
    run(history, entry("a.md"))
    assert kinds(run(history, replace(entry("a.md"), **{name: ("芯片",)}))) == [("revised", "a.md")]


def test_an_updated_day_counts_once_however_often_the_file_is_read(history: History) -> None:
    run(history, entry("a.md"))
    today = entry("a.md", "2026-11-22").date
    first = only(run(history, entry("a.md", updated=today)))
    assert first.updated == dates.to_micros(NOW)
    for hours in (1, 5, 30):
        assert run(history, entry("a.md", updated=today), now=NOW + timedelta(hours=hours)).steps == ()


def test_an_updated_in_the_future_waits(history: History) -> None:
    first = only(run(history, entry("a.md")))
    ahead = entry("a.md", "2026-12-01 09:00").date
    early = run(history, entry("a.md", updated=ahead))
    assert early.steps == ()
    assert [w.why for w in early.waiting] == ["update of a.md"]
    late = only(run(history, entry("a.md", updated=ahead), now=NOW + timedelta(days=20)))
    assert first.updated < late.updated == micros("2026-12-01 09:00")


def test_another_zone_of_the_site_moves_nothing(history: History) -> None:
    first = only(run(history, entry("a.md", "2026-11-22 00:30")))
    elsewhere = settings(timezone="America/New_York")
    moved = run(history, entry("a.md", "2026-11-22 13:30"), settings=elsewhere)
    assert moved.changes == ()
    assert only(moved).published == first.published
    history.set_meta("timezone", "America/New_York")
    assert run(history, entry("a.md", "2026-11-22 13:30"), settings=elsewhere, now=NOW + timedelta(days=1)).steps == ()


def test_a_withdrawal_of_most_entries_stops_and_expiries_do_not(history: History) -> None:
    many = [entry(f"{n}.md", expires=entry("x", "2026-12-31").date) for n in range(10)]
    run(history, *many)
    gone = tuple(one.path for one in many[:6])
    with pytest.raises(MassWithdrawal, match="6 of 10 public entries"):
        plan(history, gone=gone)
    assert len(plan(history, gone=gone, force=True).changes) == 6
    assert len(plan(history, gone=gone[:5]).changes) == 5
    assert len(plan(history, *many, now=NOW + timedelta(days=60)).changes) == 10


def documents(history: History) -> list[tuple[int, int]]:
    """Archive documents in order, with how many entries each holds."""
    return sorted(Counter(record.document for record in history.everything()).items())


def test_archive_documents_are_sealed_when_full_and_never_repacked(history: History) -> None:
    two = settings(feeds=Feeds(size=2))
    run(history, *(entry(f"{n}.md", f"2026-01-0{n}") for n in range(1, 6)), settings=two)
    assert documents(history) == [(1, 2), (2, 2), (3, 1)]
    assert history.meta("sealed") == "2"
    run(history, entry("6.md", "2026-01-06"), settings=settings(feeds=Feeds(size=3)))
    run(history, entry("7.md", "2026-01-07"), settings=settings(feeds=Feeds(size=3)))
    assert documents(history) == [(1, 2), (2, 2), (3, 3)]
    assert history.meta("sealed") == "3"


def test_a_smaller_size_seals_what_it_would_hide(history: History) -> None:
    run(history, *(entry(f"{n}.md", f"2026-01-0{n}") for n in range(1, 6)), settings=settings(feeds=Feeds(size=20)))
    assert plan(history, settings=settings(feeds=Feeds(size=3))).sealed == 1


def test_an_explicit_id_is_not_minted_for_another_in_the_same_run(history: History) -> None:
    minted = "tag:news.example.org,2026:2026-01-05/a"
    made = run(history, entry("x/a.md"), entry("z.md", id=minted))
    assert sorted(step.after.id for step in made.steps) == [minted, f"{minted}-2"]


def test_labels_of_an_entry_are_each_there_once_in_its_own_spelling() -> None:
    labels = labels_of(entry("a.md", tags=("AI", "ai", "C++", "C#")), settings())
    slugs = [slug for kind, slug, _ in labels if kind == "tag"]
    assert len(slugs) == len(set(slugs)) == 3
    assert ("tag", "ai", "AI") in labels
    assert ("language", "zh-cn", "zh-CN") in labels


def test_a_recovered_record_adopts_what_it_did_not_know_in_silence(history: History) -> None:
    record = only(run(history, entry("a.md", correction="改过", tags=("芯片",), summary="一句话")))
    history.put([replace(record, key=b"", dated=0, body_hash="", correction="", tags=(), summary="", title="…")])
    made = run(history, entry("a.md", correction="改过", tags=("芯片",), summary="一句话"))
    assert made.changes == ()
    assert only(made) == record


def test_items_of_a_page_share_its_address_where_anchors_are_wanted(history: History) -> None:
    one_page = settings(entries=Entries(items="anchors"))
    run(history, entry("entries/页.md#甲"), entry("entries/页.md#乙", "2026-02-01"), settings=one_page)
    assert sorted(r.permalink for r in history.everything()) == ["/2026/01/页/#乙", "/2026/01/页/#甲"]
    page = [entry("entries/页.md#丙", "2026-03-01"), entry("entries/页.md#甲"), entry("entries/页.md#乙", "2026-02-01")]
    run(history, *page, entry("entries/别/页.md", slug="页"), settings=one_page)
    found = {r.place: r.permalink for r in history.everything()}
    assert found["entries/页.md#丙"] == "/2026/01/页/#丙"
    assert found["entries/别/页.md"] == "/2026/01/页-2/"
