"""Who an entry is: each rule of the matching order, and its limits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from core.core_values import entry, kinds, only, plan, run
from hypothesis import given
from hypothesis import strategies as st

from feeder.history import History, empty_history


@pytest.fixture
def history() -> Iterator[History]:
    with empty_history() as made:
        yield made


def test_an_id_in_the_front_matter_is_found_anywhere(history: History) -> None:
    first = only(run(history, entry("a.md", id="urn:x:1")))
    made = run(history, entry("new/b.md", "2025-02-03", id="urn:x:1", title="别的", body="全然不同"), gone=("a.md",))
    assert (only(made).seq, only(made).path) == (first.seq, "new/b.md")


def test_an_id_of_its_own_keeps_an_entry_from_being_another(history: History) -> None:
    run(history, entry("a.md"))
    assert sorted(kinds(run(history, entry("a.md", id="urn:x:1")))) == [("new", "a.md"), ("withdrawn", "a.md")]


def test_a_file_that_stays_is_itself_whatever_it_says(history: History) -> None:
    first = only(run(history, entry("a.md")))
    made = run(history, entry("a.md", "2025-01-01", title="别的", body="全然不同"))
    assert (only(made).id, kinds(made)) == (first.id, [("revised", "a.md")])


def test_a_moved_file_is_found_by_its_body(history: History) -> None:
    first = only(run(history, entry("a.md")))
    made = run(history, entry("b/c.md", "2025-01-01", body="正文 a.md", title="改题"), gone=("a.md",))
    assert (only(made).id, only(made).permalink) == (first.id, first.permalink)


def test_a_copy_never_takes_the_identity_of_its_original(history: History) -> None:
    run(history, entry("a.md"))
    made = run(history, entry("a copy.md", body="正文 a.md"))
    assert kinds(made) == [("new", "a copy.md")]


def test_equal_bodies_in_a_renamed_folder_are_told_apart_by_file_name(history: History) -> None:
    old = [entry(f"entries/{n}.md", body="同样的话", title=f"完全不同的题目 {n * 7}") for n in range(5)]
    run(history, *old)
    known = {record.path[8:]: record.id for record in history.everything()}
    new = [entry(f"posts/{n}.md", body="同样的话", title=f"改过 {n}") for n in range(5)]
    run(history, *new, gone=tuple(one.path for one in old))
    assert {record.path[6:]: record.id for record in history.everything()} == known


def test_a_permalink_or_alias_finds_a_vanished_entry(history: History) -> None:
    first = only(run(history, entry("a.md", permalink="/x/")))
    made = run(history, entry("b.md", "2025-01-01", body="全然不同", aliases=("/x/",)), gone=("a.md",))
    assert (only(made).id, only(made).permalink) == (first.id, "/x/")


def test_an_item_of_the_same_page_and_day_is_found(history: History) -> None:
    run(history, entry("p.md#甲", "2026-01-05"), entry("p.md#乙", "2026-02-05"))
    known = {record.day: record.id for record in history.everything()}
    run(history, entry("p.md#丙", "2026-01-05", body="全然不同"), entry("p.md#乙", "2026-02-05"))
    assert {record.day: record.id for record in history.everything()} == known


def test_similar_text_finds_what_moved_and_was_edited(history: History) -> None:
    words = "某芯片公司发布新一代推理卡，去年流片的芯片已经量产，首批订单来自三家客户。"
    first = only(run(history, entry("a.md", body=words, title="发布推理卡")))
    moved = entry("b.md", "2026-03-01", body=words.replace("三家", "四家"), title="发布推理卡")
    made = run(history, moved, gone=("a.md",), texts={first.id: f"发布推理卡 {words}"})
    assert only(made).id == first.id


def test_what_is_unlike_is_new_and_the_doubt_is_told(history: History) -> None:
    run(history, entry("a.md"))
    made = run(history, entry("b.md", "2026-03-01", body="与前文毫无相似之处的另一条新闻"), gone=("a.md",))
    assert sorted(kinds(made)) == [("new", "b.md"), ("withdrawn", "a.md")]
    assert "taken as a new entry, while a.md (a.md) is gone" in str(made.problems[0])


def test_of_two_files_with_one_id_the_published_one_wins_until_it_gives_the_id_up(history: History) -> None:
    first = only(run(history, entry("b.md", id="urn:x:1")))
    both = plan(history, entry("a.md", id="urn:x:1"), entry("b.md", id="urn:x:1"))
    assert both.steps == ()
    assert str(both.problems[0]).startswith("a.md:1: the id urn:x:1 is that of b.md already")
    assert plan(history, entry("a.md", id="urn:x:1")).problems[0].rejects
    later = run(history, entry("a.md", id="urn:x:1"), entry("b.md", "2026-01-07", id="urn:x:2"))
    assert {record.path: record.id for record in history.everything()} == {"a.md": "urn:x:1", "b.md": "urn:x:2"}
    assert ("new", "b.md") in kinds(later)
    assert history.by_id("urn:x:1").seq == first.seq  # type: ignore[union-attr]


def test_an_item_that_moves_between_pages_takes_its_id_though_its_page_loses_another(history: History) -> None:
    run(history, entry("p.md#甲"), entry("p.md#乙"), entry("p.md#丙"), entry("q.md#丁"))
    known = {record.anchor: record.id for record in history.everything()}
    moved = entry("q.md#甲", body="正文 p.md#甲", title="p.md#甲")
    made = run(history, entry("p.md#丙"), entry("q.md#丁"), moved)
    assert kinds(made) == [("withdrawn", "p.md")]
    assert {record.place: record.id for record in history.everything() if record.public} == {
        "p.md#丙": known["丙"], "q.md#丁": known["丁"], "q.md#甲": known["甲"],
    }  # fmt: skip


def test_a_withdrawn_entry_that_returns_elsewhere_is_itself(history: History) -> None:
    first = only(run(history, entry("a.md")))
    run(history, gone=("a.md",))
    made = run(history, entry("b.md", body="正文 a.md"))
    assert (kinds(made), only(made).id) == ([("restored", "b.md")], first.id)


names = st.sampled_from(["甲", "乙", "丙", "丁", "戊"])


@given(st.permutations(["甲", "乙", "丙", "丁"]), names, st.integers(0, 4))
def test_ids_survive_an_item_on_top_a_heading_edited_and_items_swapped(
    order: list[str], edited: str, where: int
) -> None:
    with empty_history() as made:
        days = {name: f"2026-0{n}-05" for n, name in enumerate(["甲", "乙", "丙", "丁", "戊"], 1)}
        run(made, *(entry(f"p.md#{name}", days[name], body=f"文 {name}") for name in ["甲", "乙", "丙", "丁"]))
        known = {record.body_hash: record.id for record in made.everything()}
        page = [entry(f"p.md#{n + '改' * (n == edited)}", days[n], body=f"文 {n}") for n in order]
        page.insert(where, entry("p.md#戊", days["戊"], body="文 戊"))
        run(made, *page)
        found = {record.body_hash: record.id for record in made.everything() if record.public}
    assert {body: found[body] for body in known} == known
    assert len(found) == 5
