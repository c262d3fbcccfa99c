"""What digests are cut by: releases, corrections, lists, and the digests that have pages; and older histories."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from core.core_values import entry, kinds, only, run
from support import FIXTURES, NOW, Publication

from feeder import dates
from feeder.errors import HistoryDamaged
from feeder.history import FILE, DigestRecord, History, empty_history, open_history

LATER = NOW + timedelta(days=1)
MOMENT = dates.to_micros(NOW)


@pytest.fixture
def history() -> Iterator[History]:
    with empty_history() as made:
        yield made


def digest(number: int, path: str = "", *entries: str, **more: object) -> DigestRecord:
    values: dict[str, object] = {
        "number": number, "list": "weekly", "path": path or f"digests/weekly/2026-11-{number:02}", "subject": "本周",
        "until": MOMENT + number, "language": "zh-CN", "made": MOMENT + number,
        "entries": entries or ("tag:a", "tag:b"),
    }  # fmt: skip
    return DigestRecord(**{**values, **more})  # type: ignore[arg-type]


def test_what_comes_out_after_a_cut_is_released_after_it(history: History) -> None:
    run(history, entry("a.md"))
    cut = MOMENT + 5_000_000
    history.set_meta("cut", str(cut))
    run(history, entry("b.md"))
    back = run(history, entry("c.md"), now=NOW - timedelta(days=9))
    assert [r.released for r in history.everything()] == [MOMENT, cut + 1, cut + 1]
    assert only(back).released == cut + 1
    assert [r.path for r in history.released_between(MOMENT, cut + 1)] == ["b.md", "c.md"]
    assert [r.path for r in history.released_between(0, MOMENT)] == ["a.md"]
    assert history.released_between(cut + 1, cut + 10) == []


def test_withdrawn_entries_are_in_no_cut(history: History) -> None:
    run(history, entry("a.md", correction="甲"), entry("b.md"))
    run(history, entry("a.md", correction="乙"), gone=("b.md",))
    assert [r.path for r in history.released_between(0, MOMENT)] == ["a.md"]
    assert [r.path for r in history.corrected_between(0, MOMENT)] == ["a.md"]
    run(history, gone=("a.md",))
    assert history.corrected_between(0, MOMENT) == []


def test_a_correction_counts_from_when_it_was_told_and_not_that_of_a_first_release(history: History) -> None:
    assert only(run(history, entry("a.md", correction="一开始就有"))).corrected == 0
    told = only(run(history, entry("a.md", correction="另一个"), now=LATER))
    assert told.corrected == dates.to_micros(LATER)
    silent = run(history, entry("a.md", correction="另一个", body="改"), now=LATER + timedelta(days=1))
    assert only(silent).corrected == told.corrected
    dropped = run(history, entry("a.md", body="改"), now=LATER + timedelta(days=1))
    assert only(dropped).corrected == told.corrected
    history.set_meta("cut", str(told.corrected + 9))
    again = only(run(history, entry("a.md", body="改", correction="再一个"), now=NOW))
    assert again.corrected == told.corrected + 10
    assert [r.seq for r in history.corrected_between(told.corrected, told.corrected + 10)] == [1]


def test_a_correction_told_by_what_was_restored_counts_and_an_old_one_does_not(history: History) -> None:
    run(history, entry("a.md", correction="旧"))
    run(history, entry("a.md", correction="旧", draft=True))
    assert only(run(history, entry("a.md", correction="旧"), now=LATER)).corrected == 0
    run(history, entry("a.md", draft=True), now=LATER)
    assert only(run(history, entry("a.md", correction="新"), now=LATER)).corrected == dates.to_micros(LATER)


@pytest.mark.parametrize(("key", "value"), [("lists", ("weekly",)), ("mail", False), ("mail", True)])
def test_lists_and_mail_are_taken_over_in_silence(history: History, key: str, value: object) -> None:
    before = only(run(history, entry("a.md")))
    made = run(history, replace(entry("a.md"), **{key: value}), now=LATER)
    assert kinds(made) == []
    assert only(made) == replace(before, **{key: value})
    (found,) = history.everything()
    assert getattr(found, key) is value or getattr(found, key) == value
    assert type(found.mail) in {bool, type(None)}
    assert run(history, replace(entry("a.md"), **{key: value}), now=LATER).steps == ()


def test_digests_are_put_once_however_often(history: History) -> None:
    first, second = digest(1), digest(2, "", "tag:b", corrections=("tag:a",))
    assert (history.last_digest(), history.digests("weekly")) == (0, [])
    for _ in range(2):
        history.put_digests([first, second, digest(3, "digests/daily/2026-11-22", list="daily")])
    assert history.digests("weekly") == [second, first]
    assert history.digests("weekly", 1) == [second]
    assert (history.last_digest(), history.digest_lists()) == (3, [("daily", 1), ("weekly", 2)])
    assert [one.number for one in history.digests_with(["tag:a"])] == [1, 2, 3]
    assert [one.number for one in history.digests_with(["tag:x"])] == []
    assert (history.digests_beside(first), history.digests_beside(second)) == ((None, second), (first, None))
    assert (history.digest(2), history.digest(9)) == (second, None)


def test_a_page_is_that_of_one_digest(history: History) -> None:
    history.put_digests([digest(1)])
    history.put_digests([digest(9, digest(1).path, "tag:z")])
    assert [one.number for one in history.digests("weekly")] == [9]
    assert history.digests_with(["tag:a"]) == []


def old(root: Path) -> Publication:
    """A publication with a history of version 1, as it was when there was no mail."""
    publication = Publication(root)
    publication.configure("[feeds]\nsize = 2\n")
    publication.entry("a", date="2026-01-05", title="甲", tags="[芯片]", lists="[weekly]", mail="false")
    publication.entry("b", "改了。\n", date="2026-01-06", title="乙", aliases="[/old/]", correction='"数字有误"')
    publication.entry("d", date="2026-01-08", title="丁", correction='"一开始就有的更正"')
    publication.entry("later", date="2027-01-08", title="戊")
    (root / ".feeder").mkdir()
    with closing(sqlite3.connect(root / FILE)) as database, database:
        database.executescript((FIXTURES / "history/v1.sql").read_text("utf-8"))
        database.execute("PRAGMA user_version = 1")
    database.close()
    return publication


def test_a_history_of_version_1_gets_the_columns_and_tables_of_mail(tmp_path: Path) -> None:
    old(tmp_path)
    with open_history(str(tmp_path), writing=False) as history, empty_history() as fresh:
        records = {record.path: record for record in history.everything()}
        assert {(r.lists, r.mail, r.corrected) for r in records.values()} == {((), None, 0)}
        assert records["entries/b.md"].correction == "数字有误"
        assert history.last_digest() == 0
        assert schema(history) == schema(fresh)
    with open_history(str(tmp_path)) as history:
        assert {record.path: record for record in history.everything()} == records


def schema(history: History) -> dict[str, set[str]]:
    """Names of all tables and indexes, and of the columns of each."""
    names = [name for (name,) in history._db.execute("SELECT name FROM sqlite_schema WHERE sql IS NOT NULL")]
    return {name: {row[1] for row in history._db.execute(f"PRAGMA table_info({name})")} for name in names}


def test_a_publication_of_before_mail_goes_on_as_if_nothing_had_happened(tmp_path: Path) -> None:
    publication = old(tmp_path)
    with open_history(str(tmp_path)) as history:
        before = {record.path: record for record in history.everything()}
    report = publication.run()
    assert report.changes == ()
    with open_history(str(tmp_path)) as history:
        after = {record.path: record for record in history.everything()}
    assert (after["entries/a.md"].lists, after["entries/a.md"].mail) == (("weekly",), False)
    for path, record in before.items():
        kept = ("id", "seq", "permalink", "published", "updated", "released", "corrected", "withdrawn")
        assert [getattr(after[path], name) for name in kept] == [getattr(record, name) for name in kept]


def test_a_history_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    old(tmp_path)
    with closing(sqlite3.connect(tmp_path / FILE)) as database, database:
        database.execute("PRAGMA user_version = 3")
    database.close()
    with pytest.raises(HistoryDamaged, match=r"newer feeder \(its version is 3, this one knows 2\)"):
        open_history(str(tmp_path))
