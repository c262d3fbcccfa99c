"""Entries through files and pipeline: last good versions, lists that must follow, items on one page."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from support import NOW, Publication

from feeder import index, scope

PAGE = "---\nitems: h2\n---\n# 某公司\n\n## 甲\n\n2026 年 3 月 5 日，{}\n\n## 乙\n\n{}\n"


def everything(publication: Publication, now: object = NOW) -> None:
    """A full build from the same history gives the same output, to the byte."""
    before = publication.tree()
    index.drop(str(publication.root))
    report = publication.run(now)  # type: ignore[arg-type]
    assert (report.changes, report.written, report.deleted) == ((), (), ())
    assert publication.tree() == before


def test_an_item_keeps_its_latest_good_version_while_its_page_is_bad(publication: Publication) -> None:
    publication.write("entries/p.md", PAGE.format("第一稿。", "2026 年 2 月 5 日，乙的文字。"))
    publication.run()
    publication.write("entries/p.md", PAGE.format("第二稿。", "近期，乙的文字。"))
    assert publication.run().exit_code == 3
    publication.write("entries/p.md", b"\xff\xfe broken")
    for _ in range(2):
        publication.run()
        assert "第二稿" in publication.read("2026/03/甲/index.html")
        assert "乙的文字" in publication.read("2026/02/乙/index.html")
        (publication.root / ".feeder/cache.db").unlink()
        index.drop(str(publication.root))
    publication.write("entries/p.md", PAGE.format("第三稿。", "2026 年 2 月 5 日，乙的文字。"))
    assert [(change.kind, change.title) for change in publication.run().changes] == [("revised", "甲")]


def test_a_reverted_edit_and_a_trial_run_leave_a_text_to_fall_back_on(publication: Publication) -> None:
    publication.entry("a", date="2026-01-05", body="甲\n")
    publication.run(dry_run=True)
    publication.run()
    publication.entry("a", date="2026-01-05", body="乙\n")
    publication.run()
    publication.entry("a", date="2026-01-05", body="甲\n")
    publication.run()
    publication.entry("a", date="2026-02-30", body="丙\n")
    (publication.root / ".feeder/cache.db").unlink()
    index.drop(str(publication.root))
    publication.run()
    assert "<p>甲</p>" in publication.read("2026/01/a/index.html")


def test_a_standing_problem_is_told_once(publication: Publication) -> None:
    for name in ("a", "b"):
        publication.entry(name, date="2026-01-05", id="urn:x:1")
    first = publication.run()
    assert len(first.fresh) == 1
    again = publication.run(NOW + timedelta(hours=1))
    assert (again.exit_code, again.fresh, again.problems) == (3, (), first.problems)


def test_another_picture_of_the_same_name_is_published(publication: Publication) -> None:
    from PIL import Image

    def draw(name: str, colour: str) -> None:
        Image.new("RGB", (8, 8), colour).save(publication.root / "entries" / name)

    draw("a.png", "red")
    draw("b.png", "green")
    publication.entry("a", date="2026-01-05", body="文 ![甲](a.png) ![乙](b.png)\n")
    publication.run()
    draw("b.png", "blue")
    report = publication.run()
    assert "2026/01/a/index.html" in report.written
    everything(publication)


@pytest.mark.parametrize("kind", ["tags", "author"])
def test_lists_follow_a_label_that_comes_goes_or_is_respelled(publication: Publication, kind: str) -> None:
    publication.entry("a", date="2026-01-05", **{kind: "AI"})
    publication.entry("b", date="2026-01-06", **{kind: "芯片"})
    publication.run()
    folder = {"tags": "tags", "author": "authors"}[kind]
    publication.entry("a", date="2026-01-05", **{kind: "Ai"})
    publication.run()
    assert "Ai" in publication.read("subscribe/index.html")
    everything(publication)
    publication.entry("a", date="2026-01-05", **{kind: "芯片"})
    publication.run()
    assert not (publication.out / folder / "ai").exists()
    everything(publication)
    publication.entry("a", date="2026-01-05", **{kind: "新"})
    publication.run()
    assert (publication.out / folder / "新/feed.atom").exists()
    everything(publication)


def test_a_label_whose_last_entry_was_withdrawn_goes_with_its_time_in_the_feeds(publication: Publication) -> None:
    file = publication.entry("a", date="2026-01-05", tags="芯片")
    publication.entry("b", date="2026-01-06")
    publication.run()
    file.unlink()
    publication.run()
    assert "已撤回" in publication.read("tags/芯片/feed.atom")
    everything(publication)
    later = NOW + timedelta(days=15)
    publication.run(later)
    assert not (publication.out / "tags/芯片").exists()
    assert "芯片" not in publication.read("feeds.opml")
    everything(publication, later)


def test_older_pages_of_a_label_follow(publication: Publication, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scope, "PER_PAGE", 2)
    for number in range(1, 8):
        publication.entry(f"{number}", date=f"2026-01-0{number}", tags="芯片")
    publication.run()
    for number in (7, 6, 3, 5, 1):
        publication.entry(f"{number}", date=f"2026-01-0{number}", title="改")
        publication.run()
        everything(publication)


def test_a_feed_never_grows_older(publication: Publication) -> None:
    def updated() -> str:
        found = re.search("<updated>([^<]+)", publication.read("feed.atom"))
        assert found
        return found[1]

    publication.entry("a", date="2026-01-05")
    file = publication.entry("b", date="2026-01-06")
    publication.run()
    seen = [updated()]
    file.unlink()
    for now in (NOW, NOW + timedelta(days=15), NOW - timedelta(days=100)):
        publication.run(now)
        seen.append(updated())
    assert seen == sorted(seen)
    assert seen[1] == seen[2]


def test_another_folder_for_entries_changes_nothing_public(publication: Publication) -> None:
    publication.entry("a", date="2026-01-05", body="甲\n")
    publication.entry("b", date="2026-01-06", body="乙\n")
    publication.run()
    before = {p: b for p, b in publication.tree().items() if not p.endswith(".json")}
    (publication.root / "entries").rename(publication.root / "news")
    publication.configure('[entries]\npath = "news"\npermalink = "/{slug}/"\n')
    assert publication.run().changes == ()
    assert {p: b for p, b in publication.tree().items() if not p.endswith(".json")} == before


ANCHORS = '[entries]\nitems = "anchors"\n'


def test_items_stand_on_one_page_at_their_anchors(publication: Publication) -> None:
    publication.configure(ANCHORS)
    publication.write(
        "entries/公司.md", PAGE.format("甲的文字[^1]。\n\n[^1]: 甲注", "2026 年 2 月 5 日，乙[^1]。\n\n[^1]: 乙注")
    )
    publication.run()
    page = publication.read("2026/03/公司/index.html")
    assert page.index('<section id="甲"') < page.index('<section id="乙"')
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    feed = json.loads(publication.read("feed.json"))
    base = "https://news.example.org/2026/03/%E5%85%AC%E5%8F%B8/"
    assert [item["url"] for item in feed["items"]] == [f"{base}#%E7%94%B2", f"{base}#%E4%B9%99"]
    assert publication.read("sitemap.xml").count("<loc>" + base) == 1
    assert f'href="{base}#' in publication.read("feed.atom")


def test_items_on_one_page_change_go_and_leave_with_it(publication: Publication) -> None:
    publication.configure(ANCHORS)
    publication.write("entries/公司.md", PAGE.format("第一稿。", "2026 年 2 月 5 日，乙的文字。"))
    publication.entry("b", date="2026-01-06", body="见 [乙](公司.md#乙)\n")
    publication.run()
    assert 'href="https://news.example.org/2026/03/%E5%85%AC%E5%8F%B8/#%E4%B9%99"' in publication.read("feed.atom")
    publication.write("entries/公司.md", PAGE.format("第二稿。", "2026 年 2 月 5 日，乙的文字。"))
    assert "2026/03/公司/index.html" in publication.run().written
    everything(publication)
    publication.write("entries/公司.md", PAGE.format("第二稿。", "2026 年 2 月 5 日，乙的文字。").partition("## 乙")[0])
    publication.run()
    page = publication.read("2026/03/公司/index.html")
    assert "第二稿" in page
    assert "乙的文字" not in page
    everything(publication)
    (publication.root / "entries/公司.md").unlink()
    publication.run()
    assert "第二稿" not in publication.read("2026/03/公司/index.html")
    everything(publication)


def test_items_with_pages_of_their_own_keep_them(publication: Publication) -> None:
    publication.write("entries/公司.md", PAGE.format("甲的文字。", "2026 年 2 月 5 日，乙的文字。"))
    publication.run()
    publication.configure(ANCHORS)
    assert publication.run().changes == ()
    assert (publication.out / "2026/03/甲/index.html").exists()
    everything(publication)


def test_feeds_of_a_language_carry_it_as_it_is_written(publication: Publication) -> None:
    publication.entry("a", title="甲", date="2026-03-01")
    publication.entry("b", title="B", date="2026-03-02", lang="en-GB")
    publication.run()
    for folder, language in (("zh-cn", "zh-CN"), ("en-gb", "en-GB")):
        assert json.loads(publication.read(f"languages/{folder}/feed.json"))["language"] == language
        assert f'xml:lang="{language}"' in publication.read(f"languages/{folder}/feed.atom").partition("<id>")[0]
        assert f"<language>{language.lower()}</language>" in publication.read(f"languages/{folder}/feed.rss").lower()


def test_the_feed_of_a_tag_names_the_tags_page(publication: Publication) -> None:
    publication.entry("a", title="甲", date="2026-03-01", tags="[C#, 芯片]")
    publication.run()
    for folder, address in (("c#", "c%23"), ("芯片", "%E8%8A%AF%E7%89%87")):
        assert (publication.out / f"tags/{folder}/index.html").is_file()
        feed = json.loads(publication.read(f"tags/{folder}/feed.json"))
        assert feed["home_page_url"] == f"https://news.example.org/tags/{address}/"


def test_a_tag_of_withdrawn_entries_alone_is_not_listed(publication: Publication) -> None:
    publication.entry("a", title="甲", date="2026-03-01", tags="[芯片]")
    gone = publication.entry("b", title="乙", date="2026-03-02", tags="[误发]")
    publication.run()
    assert "误发" in publication.read("tags/index.html")
    gone.unlink()
    publication.run(NOW + timedelta(hours=1))
    assert "误发" not in publication.read("tags/index.html")
    assert "芯片" in publication.read("tags/index.html")
    everything(publication, NOW + timedelta(hours=1))


def test_what_an_older_feeder_remembered_of_settings_and_code_means_a_full_build(publication: Publication) -> None:
    publication.entry("a", title="甲", date="2026-03-01")
    publication.run()
    with closing(sqlite3.connect(publication.root / ".feeder/history.db")) as history, history:
        history.execute("DELETE FROM meta WHERE key = 'surroundings'")
        history.execute("INSERT INTO meta VALUES ('rendering', '92670e17231800be90ca5214c14abbf5')")
    report = publication.run()
    assert (report.exit_code, report.written) == (0, ())


def test_files_are_counted_once_whoever_shows_them(publication: Publication) -> None:
    """A picture that all entries show is one file, whichever process came upon it."""
    from PIL import Image

    (publication.root / "static").mkdir()
    Image.new("RGB", (9, 9), "red").save(publication.root / "static/a.png")
    for number in range(120):  # enough for more than one process
        publication.entry(f"e{number}", "![图](/a.png)\n", title=f"T{number}", date="2026-11-01")
    first = publication.run()
    assert (len(first.written), first.unchanged) == (len(publication.tree()), 0)
    index.drop(str(publication.root))
    again = publication.run()
    assert (again.written, again.unchanged) == ((), len(publication.tree()))
    for number in range(30):
        publication.entry(f"e{number}", "![图](/a.png) 又\n", title=f"T{number}", date="2026-11-01")
    third = publication.run()
    assert (len(third.written) >= 30, third.unchanged < 20) == (True, True)
