"""Pinning, withdrawing, moving, recovering, rolling back, and how things stand."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from support import NOW, Publication

from feeder import history as histories
from feeder import upkeep
from feeder.errors import DataError, FeederError, SettingsError
from feeder.upkeep.editing import with_keys
from feeder.upkeep.moving import with_url

FORMS = {
    "yaml": "---\ntitle: 甲\ndate: 2026-01-05\n---\n正文。\n",
    "yaml after blank lines": "\n\n---\ndate: 2026-01-05\n---\n正文。\n",
    "toml": '+++\ntitle = "甲"\ndate = 2026-01-05\n+++\n正文。\n',
    "toml with a table": "+++\ndate = 2026-01-05\n[extra]\nx = 1\n+++\n正文。\n",
    "json": '{"title": "甲", "date": "2026-01-05"}\n\n正文。\n',
    "json in lines": '{\n  "date": "2026-01-05"\n}\n正文。\n',
    "hexo": "title: 甲\ndate: 2026-01-05\n---\n正文。\n",
    "pelican": "Title: 甲\nDate: 2026-01-05\n\n正文。\n",
    "none": "# 甲\n\n正文。\n",
}
PAGE = "# 某公司\n\n## 甲\n\n2026 年 3 月 5 日，甲的文字。\n\n乙\n--\n\n2026 年 2 月 5 日，乙的文字。\n"


def ids(publication: Publication) -> dict[str, str]:
    with histories.read_history(str(publication.root)) as history:
        return {record.place: record.id for record in history.everything() if record.public}


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("form", FORMS)
def test_a_pinned_id_is_read_back_and_nothing_else_changes(
    publication: Publication, form: str, mark: str, ends: str
) -> None:
    path = "entries/2026-01-05-a.md"
    file = publication.write(path, (mark + FORMS[form].replace("\n", ends)).encode())
    publication.run()
    before, known = publication.tree(), ids(publication)
    assert upkeep.pin(publication.settings, [path]) == [path]
    text = file.read_bytes().decode()
    assert text.startswith(mark)
    assert text.count("\ufeff") == mark.count("\ufeff")
    assert text.count("\n") == text.count(ends)
    assert publication.run().changes == ()
    assert publication.tree() == before
    assert upkeep.pin(publication.settings) == []
    shutil.rmtree(publication.root / ".feeder")
    file.rename(publication.root / "entries/2025-01-01-other.md")
    publication.run()
    assert list(ids(publication).values()) == list(known.values())


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_ids_are_pinned_under_the_headings_of_a_news_page(publication: Publication, mark: str, ends: str) -> None:
    file = publication.write("entries/p.md", (mark + PAGE.replace("\n", ends)).encode())
    publication.run()
    before, known = publication.tree(), ids(publication)
    assert upkeep.pin(publication.settings) == ["entries/p.md"]
    text = file.read_bytes().decode()
    assert f"乙{ends}--{ends}<!-- id: {known['entries/p.md#乙']} -->{ends}" in text
    assert text.count("\n") == text.count(ends)
    assert publication.run().changes == ()
    assert publication.tree() == before
    shutil.rmtree(publication.root / ".feeder")
    file.rename(publication.root / "entries/q.md")
    publication.run()
    assert sorted(ids(publication).values()) == sorted(known.values())


def test_what_was_never_published_cannot_be_pinned(publication: Publication) -> None:
    publication.entry("a", date="2026-12-05")
    publication.run()
    with pytest.raises(DataError, match=r"entries/a\.md has no public entry") as caught:
        upkeep.pin(publication.settings, ["entries/a.md"])
    assert caught.value.hint == "`publish` gives it an id first"


@pytest.mark.parametrize("form", [form for form in FORMS if form != "none"])
def test_a_key_takes_the_form_that_is_there(form: str) -> None:
    content = with_keys("a.md", FORMS[form], {"draft": True})
    assert content.endswith("正文。\n")
    assert content.replace(" ", "").lower().count("draft") == 1


def test_a_withdrawn_file_is_kept_as_a_draft_and_can_return(publication: Publication) -> None:
    file = publication.entry("a", date="2026-01-05", body="不再成立的话。\n")
    publication.run()
    report = upkeep.withdraw(publication.settings, NOW, "entries/a.md")
    assert [change.kind for change in report.changes] == ["withdrawn"]
    assert not any("不再成立".encode() in data for data in publication.tree().values())
    assert "已撤回" in publication.read("feed.atom")
    file.write_text(file.read_text("utf-8").replace("draft: true\n", ""), "utf-8")
    assert [change.kind for change in publication.run(NOW + timedelta(days=1)).changes] == ["restored"]


def test_a_withdrawn_item_is_cut_out_and_put_aside(publication: Publication) -> None:
    file = publication.write("entries/p.md", PAGE.encode())
    publication.run()
    with pytest.raises(DataError, match="is not a public entry") as caught:
        upkeep.withdraw(publication.settings, NOW, "entries/p.md#丙")
    assert caught.value.hint == "its items are entries/p.md#乙, entries/p.md#甲"
    told: list[str] = []
    upkeep.withdraw(publication.settings, NOW, "entries/p.md#甲", told.append)
    left = "# 某公司\n\n乙\n--\n\n2026 年 2 月 5 日，乙的文字。\n"
    assert file.read_text("utf-8") == f'---\nitems: "h2"\n---\n\n{left}'
    (kept,) = (publication.root / ".feeder/withdrawn").iterdir()
    assert told == [f"its text was cut out of entries/p.md and is kept in .feeder/withdrawn/{kept.name}"]
    assert kept.read_text("utf-8").startswith("## 甲\n")
    assert not any("甲的文字".encode() in data for data in publication.tree().values())
    report = upkeep.withdraw(publication.settings, NOW, "entries/p.md#乙")
    assert (report.public, report.problems) == (0, ())
    assert not any("乙的文字".encode() in data for data in publication.tree().values())


def test_a_move_changes_addresses_and_nothing_else(publication: Publication) -> None:
    publication.configure(authority="")
    publication.entry("a", date="2026-01-05")
    publication.run()
    known = ids(publication)
    report = upkeep.move(publication.settings, NOW, "https://new.example.net/sub/")
    assert report.changes == ()
    assert publication.settings.site.url == "https://new.example.net/sub/"
    assert ids(publication) == known
    assert known["entries/a.md"].startswith("tag:news.example.org,2026:")
    assert "https://news.example.org/" not in publication.read("feed.atom")
    publication.entry("b", date="2026-01-06")
    publication.run()
    assert ids(publication)["entries/b.md"].startswith("tag:news.example.org,2026:")


def test_the_line_of_the_address_is_found_or_its_absence_told() -> None:
    text = "# [site]\n[site] # ours\ntitle = 'x'\n  url = 'http://a/'  # old\n[feeds]\nurl = 'no'\n"
    assert with_url(text, "http://b/") == text.replace("'http://a/'", '"http://b/"')
    with pytest.raises(SettingsError, match="there is no line"):
        with_url("[feeds]\nurl = 'x'\n", "http://b/")


def lose(publication: Publication) -> None:
    shutil.rmtree(publication.root / ".feeder")


def test_a_lost_history_is_recovered_and_nothing_changes(publication: Publication) -> None:
    publication.configure("[feeds]\nsize = 3\n", authority="")
    for number in range(1, 9):
        publication.entry(f"{number}", date=f"2026-01-0{number}", tags=f"[芯片, t{number % 3}]")
    publication.write("entries/p.md", PAGE.encode())
    publication.entry("t", date="2026-02-01 09:00", aliases="[/old.html]")
    publication.run()
    later = NOW + timedelta(days=1)
    publication.entry("2", date="2026-01-02", tags="[芯片, t2]", correction="数字有误")
    publication.entry("t", date="2026-02-01 09:00", aliases="[/old.html]", slug="neu")
    (publication.root / "entries/5.md").unlink()
    publication.run(later)
    before, known = publication.tree(), ids(publication)
    lose(publication)
    told: list[str] = []
    report = upkeep.recover(publication.settings, later + timedelta(hours=1), told.append)
    assert told == [
        "found 11 entries (1 withdrawn) in 4 JSON documents, and 2 redirects; their ids, addresses and dates are kept"
    ]
    assert ids(publication) == known
    assert report.changes == ()
    assert publication.tree() == before
    publication.run(later + timedelta(days=20))
    assert "已撤回" not in publication.read("feed.atom")


def test_a_recovered_history_notices_later_edits(publication: Publication) -> None:
    publication.entry("a", date="2026-01-05", body="甲\n")
    publication.run()
    lose(publication)
    upkeep.recover(publication.settings, NOW)
    publication.entry("a", date="2026-01-05", body="乙\n", correction="改")
    assert [change.kind for change in publication.run().changes] == ["corrected"]


def test_recovery_overwrites_nothing_and_says_what_is_missing(publication: Publication) -> None:
    publication.entry("a", date="2026-01-05")
    publication.run()
    with pytest.raises(DataError, match="holds 1 entries and was left as it is"):
        upkeep.recover(publication.settings, NOW)
    lose(publication)
    publication.entry("a", date="2026-02-30")
    with pytest.raises(DataError, match=r"entries/a\.md cannot be read now") as caught:
        upkeep.recover(publication.settings, NOW)
    assert "mend entries/a.md first" in caught.value.hint
    (publication.out / "feed.json").write_text("{", "utf-8")
    lose(publication)
    with pytest.raises(DataError, match=r"feed\.json is damaged"):
        upkeep.recover(publication.settings, NOW)
    shutil.rmtree(publication.out)
    with pytest.raises(DataError, match="no JSON feed"):
        upkeep.recover(publication.settings, NOW)


def test_a_damaged_history_is_named_and_left(publication: Publication) -> None:
    publication.entry("a", date="2026-01-05")
    publication.run()
    path = publication.root / ".feeder/history.db"
    for ending in ("-wal", "-shm"):
        Path(f"{path}{ending}").unlink(missing_ok=True)
    path.write_bytes(b"not a database at all" * 500)
    with pytest.raises(DataError, match=r"\.feeder/history\.db"):
        publication.run()
    assert path.read_bytes().startswith(b"not a database")


def test_a_rollback_holds_until_an_input_changes(publication: Publication) -> None:
    publication.configure('[output]\nlayout = "generations"\n')
    publication.entry("a", date="2026-01-05", body="甲\n")
    publication.run()
    with pytest.raises(FeederError):
        upkeep.rollback(publication.settings, NOW)
    publication.entry("a", date="2026-01-05", body="乙\n")
    publication.run()
    upkeep.rollback(publication.settings, NOW)
    assert upkeep.status(publication.settings, NOW).held
    publication.run()
    assert "甲" in publication.read("current/2026/01/a/index.html")
    publication.entry("b", date="2026-01-06")
    publication.run()
    assert "乙" in publication.read("current/2026/01/a/index.html")
    assert not upkeep.status(publication.settings, NOW).held


def test_how_things_stand(publication: Publication) -> None:
    empty = upkeep.status(publication.settings, NOW)
    assert (empty.public, empty.last, empty.next) == (0, None, None)
    assert not (publication.root / ".feeder").exists()
    publication.entry("a", date="2026-01-05")
    publication.entry("b", title="明天", date="2026-11-23 09:00")
    publication.entry("c", date="2026-02-30")
    publication.run()
    found = upkeep.status(publication.settings, NOW)
    assert (found.public, found.last, found.unfinished, found.undeployed) == (1, NOW, None, 0)
    assert found.next is not None
    assert found.next.why == "entry 明天"
    assert [problem.place for problem in found.problems] == ["entries/c.md:2"]


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        (
            "https://a.example/", "https://b.example/",
            [
                "    location / { return 301 https://b.example$request_uri; }",
                "        redir https://b.example{uri} permanent",
            ],
        ),
        (
            "https://a.example/news.d/", "https://b.example/n/",
            [
                r"    location /news.d/ { rewrite ^/news\.d/(.*)$ https://b.example/n/$1 permanent; }",
                "        handle_path /news.d/* {",
            ],
        ),
    ],
)  # fmt: skip
def test_the_old_host_is_told_where_to_send_readers(old: str, new: str, lines: list[str]) -> None:
    found = upkeep.redirects(old, new)
    assert found[0] == "nginx, in the server block of a.example:"
    assert [line for line in lines if line not in found] == []
