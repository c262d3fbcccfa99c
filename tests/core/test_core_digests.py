"""Public pages of digests: they follow what becomes of their entries, and nothing of them is left behind."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from core import core_values
from core.core_values import entry, run
from hypothesis import example, given, settings
from hypothesis import strategies as st
from identity.newsroom import LISTS, File, Newsroom, judge
from support import NOW, soak

from feeder import feeds, scope, upkeep
from feeder.catalog import Catalog, Digests
from feeder.feeds import lint
from feeder.history import DigestRecord, empty_history, open_history
from feeder.model import Document, Reading, Stage

WEEKLY = "digests/weekly"
FIRST, SECOND = f"{WEEKLY}/2026-11-22-1/index.html", f"{WEEKLY}/2026-11-22-2/index.html"


@pytest.fixture
def room(tmp_path: Path) -> Newsroom:
    """Three entries and two digests: of the first two, and of the third with the first as a correction."""
    made = Newsroom(tmp_path / "p")
    for number, title in enumerate(["甲的消息，很长的一条", "乙的消息", "丙的消息"]):
        made.add(f"n{number}", File(title, f"2026-11-{number + 10}", f"第 {number} 条的正文。\n\n后话。"))
    made.publish()
    made.cut("weekly", 0, 2)
    made.cut("weekly", 2, 1)
    return made


def everything(room: Newsroom) -> bytes:
    return b"\n".join(room.publication.tree().values())


def updated(room: Newsroom, path: str = WEEKLY) -> dict[str, str]:
    """Title and ``updated`` of each digest in a feed."""
    items = json.loads(room.publication.read(f"{path}/feed.json"))["items"]
    return {item["id"].rpartition("/")[2]: item["date_modified"] for item in items}


def titles(room: Newsroom) -> list[str]:
    return [item["title"] for item in json.loads(room.publication.read(f"{WEEKLY}/feed.json"))["items"]]


def change(room: Newsroom, name: str, **extra: str) -> None:
    room.files[name].extra.update(extra)
    room.save(name)


def test_a_digest_has_a_page_in_the_archive_of_its_list_and_in_a_feed(room: Newsroom, tmp_path: Path) -> None:
    page, archive = room.publication.read(FIRST), room.publication.read(f"{WEEKLY}/index.html")
    assert "<h1>甲的消息，很长的一条等</h1>" in page
    assert "第 0 条的正文。" in page
    assert "第 1 条的正文。" in page
    assert "编者按。" in page
    assert 'href="../../../digests/weekly/2026-11-22-2/"' in page
    assert 'href="../../digests/weekly/2026-11-22-1/"' in archive
    assert titles(room) == ["丙的消息等", "甲的消息，很长的一条等"]
    assert "digests/weekly/feed.atom" in room.publication.read("feeds.opml")
    assert "digests/weekly/" in room.publication.read("subscribe/index.html")
    for name in ("index.html", "tags/index.html", "404.html"):
        assert "往期邮件</a>" in room.publication.read(name)
    judge(room, tmp_path / "full")


def test_every_feed_of_digests_is_well(room: Newsroom) -> None:
    room.files.pop("n1")
    (room.publication.root / "entries/n1.md").unlink()
    change(room, "n0", correction="数字有误")
    room.publish()
    for kind, media_type in (("atom", "application/atom+xml"), ("rss", "application/rss+xml"), ("json", "feed+json")):
        body = (room.publication.out / f"{WEEKLY}/feed.{kind}").read_bytes()
        assert lint.lint(Document(f"{WEEKLY}/feed.{kind}", media_type, body, Stage.FEED)) == []
    assert lint.unknown(
        Document("feed.json", "json", (room.publication.out / f"{WEEKLY}/feed.json").read_bytes(), Stage.FEED),
        upkeep.known_ids(room.publication.settings),
    ) == []  # fmt: skip


def test_an_edit_changes_the_page_of_its_digests_and_no_other_page_of_digests(room: Newsroom) -> None:
    before, was = room.publication.stamps(), updated(room)
    room.files["n1"].body = "第 1 条的正文。\n\n另一段后话。"
    room.save("n1")
    report = room.publish()
    assert [path for path in report.written if path.startswith("digests/")] == [FIRST]
    assert "另一段后话。" in room.publication.read(FIRST)
    assert room.publication.stamps()[SECOND] == before[SECOND]
    assert updated(room) == was


def test_a_correction_is_on_the_page_and_in_the_feed_its_readers_see_again(room: Newsroom) -> None:
    was = updated(room)
    room.pass_time(timedelta(hours=1))
    change(room, "n0", correction="数字有误")
    room.publish()
    now = updated(room)
    assert now["2026-11-22-1"] > was["2026-11-22-1"]
    assert "数字有误" in room.publication.read(FIRST)
    assert '<section class="told" aria-labelledby="_corrections">' not in room.publication.read(FIRST)
    room.cut("weekly", 1, 1)
    third = room.publication.read(f"{WEEKLY}/2026-11-22-3/index.html")
    assert "更正</h2>" not in third
    with open_history(str(room.publication.root)) as history:
        corrected = history.everything().__next__().id
        scope.add_digests(history, room.publication.settings, [room.digest("weekly", [], [corrected])])
        history.set_meta("started", NOW.isoformat())
        history.commit()
    room.publish()
    told = room.publication.read(f"{WEEKLY}/2026-11-22-4/index.html")
    assert re.search(r"更正</h2>.*甲的消息，很长的一条</a> <span>数字有误</span>", told, re.DOTALL)


def test_of_a_withdrawn_entry_nothing_is_left_anywhere(room: Newsroom) -> None:
    was = updated(room)
    room.pass_time(timedelta(hours=1))
    change(room, "n0", draft="true")
    room.publish()
    page = room.publication.read(FIRST)
    assert "甲的消息" not in everything(room).decode("utf-8", "replace")
    assert "第 0 条的正文" not in everything(room).decode("utf-8", "replace")
    assert "<h2>已撤回</h2>" in page
    assert "第 1 条的正文。" in page
    assert titles(room) == ["丙的消息等", "每周新闻 2026-11-22"]
    assert updated(room)["2026-11-22-1"] > was["2026-11-22-1"]
    room.files["n0"].extra.clear()
    room.save("n0")
    room.publish()
    assert "第 0 条的正文。" in room.publication.read(FIRST)
    assert titles(room)[1] == "甲的消息，很长的一条等"


def test_what_readers_were_told_of_a_digest_never_goes_back(room: Newsroom) -> None:
    room.pass_time(timedelta(hours=1))
    change(room, "n0", draft="true")
    room.publish()
    told = updated(room)["2026-11-22-1"]
    with open_history(str(room.publication.root)) as history:
        first = history.digests("weekly")[1]
        amended = [entry for entry in first.entries if entry.endswith("n1")]
    room.digests = 0
    room.amend(first, amended)
    assert updated(room)["2026-11-22-1"] >= told
    assert "已撤回" not in room.publication.read(FIRST)


def test_a_new_address_of_an_entry_is_that_of_its_digests(room: Newsroom, tmp_path: Path) -> None:
    change(room, "n0", slug="moved")
    room.publish()
    assert 'href="../../../2026/11/moved/"' in room.publication.read(FIRST)
    assert "2026/11/moved/" in room.publication.read(f"{WEEKLY}/feed.atom")
    judge(room, tmp_path / "full")


def test_a_list_says_in_its_own_language_what_stands_around_the_entries(room: Newsroom) -> None:
    room.cut("daily", 0, 1)
    page = room.publication.read("digests/daily/2026-11-22-3/index.html")
    assert '<html lang="en" dir="ltr">' in page
    assert ">Subscribe</a>" in page
    assert '<h2 lang="zh-CN" dir="ltr">' in page
    assert '<html lang="zh-CN" dir="ltr">' in room.publication.read(FIRST)


def test_one_list_needs_no_page_of_lists_and_several_have_one(room: Newsroom) -> None:
    assert 'content="0; url=https://news.example.org/digests/weekly/"' in room.publication.read("digests/index.html")
    assert 'href="./digests/weekly/">往期邮件' in room.publication.read("index.html")
    room.cut("daily", 0, 1)
    both = room.publication.read("digests/index.html")
    assert ("每周新闻" in both, "Daily" in both) == (True, True)
    assert 'href="./digests/">往期邮件' in room.publication.read("index.html")


def test_a_list_without_an_archive_has_no_pages_and_one_that_is_gone_keeps_them(room: Newsroom) -> None:
    before = room.publication.tree()
    room.lists = LISTS["hidden"]
    room.configure()
    room.publish()
    assert [path for path in room.publication.tree() if path.startswith("digests/")] == []
    assert "往期邮件" not in room.publication.read("index.html")
    room.lists = LISTS["none"]
    room.configure()
    room.publish()
    assert room.publication.tree().keys() == before.keys()
    assert "<h1>weekly</h1>" in room.publication.read(f"{WEEKLY}/index.html")


def test_a_list_that_never_had_a_digest_is_offered_where_people_can_subscribe(room: Newsroom) -> None:
    assert "Daily" not in room.publication.read("subscribe/index.html")
    room.lists = '[web]\nurl = "https://subscribe.example.org/"\n' + LISTS["both"].replace(
        'frequency = "daily"', 'frequency = "daily"\nallowed = ["weekly"]\nweekday = "friday"'
    )
    room.configure()
    room.publish()
    page = room.publication.read("subscribe/index.html")
    assert 'href="https://subscribe.example.org/subscribe/daily"' in page
    assert "<span>每天，也可以选每周五</span>" in page
    assert "digests/daily" not in page


def test_a_publication_without_digests_has_no_trace_of_them(tmp_path: Path) -> None:
    room = Newsroom(tmp_path / "p")
    room.add("a", File("甲", "2026-11-10"))
    room.publish()
    assert not (room.publication.out / "digests").exists()
    assert b"digests" not in everything(room)


def test_recovered_entries_keep_when_they_were_released_and_corrected(room: Newsroom) -> None:
    room.pass_time(timedelta(hours=1))
    change(room, "n0", correction="数字有误", lists="[weekly]", mail="false")
    room.publish()
    room.publish()
    names = ("id", "released", "corrected", "lists", "mail", "correction")
    with open_history(str(room.publication.root)) as history:
        before = {r.path: [getattr(r, name) for name in names] for r in history.everything()}
    assert before["entries/n0.md"][2] > before["entries/n0.md"][1]
    for file in (room.publication.root / ".feeder").glob("history.db*"):
        file.unlink()
    room.pass_time(timedelta(hours=1))
    upkeep.recover(room.publication.settings, room.now)
    with open_history(str(room.publication.root)) as history:
        after = {r.path: [getattr(r, name) for name in names] for r in history.everything()}
    assert after == before


PIECES = st.sampled_from(["<b>", "</b>", "&amp;", "&", "<", ">", "]]>", '"', "\x00", "\ud800", "芯片", " ", "\n", "é"])
ANY = st.one_of(st.text(max_size=20), st.lists(PIECES, max_size=6).map("".join))


@example(title="]]>", summary="</b>", note="<A", subject="&#60;")
@settings(max_examples=soak(40, 2000), deadline=None)
@given(title=ANY, summary=ANY, note=ANY, subject=ANY)
def test_any_text_of_entries_makes_a_feed_of_digests_without_fault(
    title: str, summary: str, note: str, subject: str
) -> None:
    with empty_history() as history:
        written, told = (text.replace("\ud800", "") for text in (title, note))
        one = entry("a.md", title=written or "x", summary=summary.replace("\ud800", ""), correction=told)
        (record,) = (step.after for step in run(history, one).steps)
        number = {"number": 1, "list": "weekly", "until": record.released, "made": record.released}
        history.put_digests(
            [DigestRecord(**number, path="digests/weekly/1", language="en", subject=subject.replace("\ud800", ""),
                          entries=(record.id,), corrections=(record.id,))]
        )  # fmt: skip
        feed = Digests(Catalog(core_values.settings(), history, lambda _: Reading("a.md", (one,)))).feed("weekly")
        assert len(feed.entries) == 1
        for document in feeds.render(feed):
            lint.check(document)
            assert [str(problem) for problem in lint.lint(document)] == []
