"""What the preview answers, asked without a browser."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest
from preview.room import MAIL, Room, preview, state, stocked
from support import Publication

from feeder.mail.values import DeliveryState
from feeder.web.preview import listing
from feeder.web.preview.frames import at_home, coloured


@pytest.fixture
def room(publication: Publication) -> Iterator[Room]:
    with preview(stocked(publication)) as made:
        yield made


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """One that nobody changes."""
    with preview(stocked(Publication(tmp_path_factory.mktemp("publication")))) as made:
        yield made


PATHS = (
    "/page/", "/page/2026/11/chips/", "/page/2099/03/later/", "/page/tags/", "/digest", "/digest/weekly?as=phone",
    "/digest/weekly?as=dark", "/digest/weekly?as=text", "/digest/weekly?as=source", "/digest/weekly?as=wechat",
    "/feeds", "/feed/feed.atom", "/feed/feed.json?as=reader", "/board", "/problems", "/list?q=芯", "/site/auto/",
    "/wechat/2026/11/chips/", "/clip/2026/11/chips/", "/clip-digest/weekly", "/mail/dark/weekly", "/site/dark/",
    "/reader/auto/feed.rss", "/reader/dark/feed.atom", "/paste/light/2026/11/chips/", "/paste-digest/light/weekly",
    "/own/preview.js", "/own/preview.css", "/own/frame.js", "/own/icon.png",
)  # fmt: skip


def test_everything_is_there_and_nothing_of_the_publication_is_touched(publication: Publication) -> None:
    before = state(stocked(publication).root)
    with preview(publication) as room:
        assert {path: room.get(path).status for path in PATHS} == dict.fromkeys(PATHS, 200)
        publication.entry("more", "新的。\n", title="新的", date="2026-11-20")
        room.studio.build()
        assert room.get("/page/2026/11/more/").status == 200
    (publication.root / "entries/more.md").unlink()
    assert state(publication.root) == before


@pytest.mark.parametrize(
    "path", ["/reader/auto/index.html", "/reader/auto/404.html", "/mail/auto/nothing", "/clip-digest/nothing",
             "/paste-digest/auto/nothing", "/digest/nothing", "/paste/auto/nothing", "/own/nothing",
             "/site/auto/.feeder"],
)  # fmt: skip
def test_what_is_not_there_is_no_fault(still: Room, path: str) -> None:
    assert still.get(path).status == 404


def test_the_mail_database_is_read_and_not_changed(publication: Publication) -> None:
    stocked(publication)
    publication.command("subscribers", "add", "a@example.org", "--confirmed-by", "test")
    database = publication.root / ".feeder/mail.db"
    with closing(sqlite3.connect(database)) as mail, mail:
        mail.execute("INSERT INTO volume VALUES ('maildir', 'gmail', date('now'), 7, 2, 1)")
        mail.execute("INSERT INTO bounce (subscriber, kind, at) VALUES (1, 'hard', strftime('%s', 'now') * 1000000)")
        mail.execute(
            "INSERT INTO digest (list, until, entries_hash, language, frequency, state, send_at, made_at, revision) "
            "VALUES ('weekly', 0, '', 'zh-CN', 'weekly', 'ready', 0, 0, 1)"
        )
        mail.executemany(
            "INSERT INTO delivery (digest, transport, subscriber, subscription, provider, state, due_at, updated_at) "
            "VALUES (1, 'maildir', ?, ?, 'gmail', ?, 0, 0)",
            [(number, number, state) for number, state in enumerate(get_args(DeliveryState), 1)],
        )
    mail.close()
    before = database.read_bytes()
    with preview(publication) as room:
        board = room.get("/board").body
    assert "送出 7，推迟 2，失败 1" in board
    assert "现在 1 人" in board
    assert "每周新闻 #1" in board
    assert "等待 1 · 发送中 1 · 送出 1 · 推迟 1 · 失败 1 · 待确认 1 · 跳过 1" in board
    assert board.count('<svg class="plot"') == 4
    assert database.read_bytes() == before


def test_the_dashboard_makes_no_mail_database(still: Room) -> None:
    assert "还没有人订阅" in still.get("/board").body
    assert not (still.publication.root / ".feeder/mail.db").exists()


def test_drafts_and_the_future_are_shown_and_marked(still: Room) -> None:
    page = still.get("/list?q=").body
    assert re.findall(r'class="mark (\w+)">', page) == ["wrong", "later", "draft"]
    address = re.search(r'href="/page/(\d{4}/\d{2}/draft/)"', page)
    assert address
    assert "草稿：只有预览能看到" in still.get(f"/site/auto/{address[1]}").body
    assert "2099-03-04 00:00 才会发布" in still.get("/site/auto/2099/03/later/").body
    assert "draft" not in (still.publication.out / "feed.atom").read_text("utf-8")


def test_an_entry_that_has_expired_is_said_to_have(publication: Publication) -> None:
    publication.entry("order", "订单。\n", title="订单消息", date="2026-11-19")
    with preview(publication, now=lambda: datetime(2026, 11, 20, tzinfo=UTC)) as room:
        publication.entry("order", "订单。\n", title="订单消息", date="2026-11-19", expires="2026-12-01 08:00")
        room.studio.build()
        assert '<b class="mark until">2026-12-01 08:00 下线</b>' in room.get("/page/2026/11/order/").body
        publication.entry("order", "订单。\n", title="订单消息", date="2026-11-19", expires="2026-11-19 12:00")
        publication.entry("fresh", "新。\n", title="新的", date="2026-11-19", expires="2026-11-19 12:00")
        room.studio.build()
        page = room.get("/page/2026/11/order/")
        assert page.status == 404
        assert "已于 2026-11-19 12:00 到期" in page.body
        assert "已于 2026-11-19 12:00 到期" in room.get("/problems?file=entries/fresh.md").body
        assert "它可能改了名字" in room.get("/page/2026/11/fresh/").body  # it was never there


def test_the_entry_that_is_looked_at_is_listed_however_old(still: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MOST", 1)
    link = r'<li><a href="/page/[^"]+"( aria-current="page")?><span class="title">([^<]+)'
    listed = re.findall(link, still.get("/page/2026/11/chips/").body)
    assert listed[-1] == (' aria-current="page"', "天数智芯：融资")
    assert "天数智芯" not in still.get("/page/2099/03/later/").body.partition('id="list"')[2].partition("</nav>")[0]


def test_what_is_published_beside_the_preview_is_no_longer_new(publication: Publication) -> None:
    stocked(publication)
    with preview(publication) as room:
        publication.entry("fresh", "新。\n", title="新的", date="2024-01-02")
        room.studio.build()
        assert 'class="mark new"' in room.get("/list").body
        assert not room.studio.shadow.is_behind()
        number = room.studio.state.number
        publication.run()
        assert room.studio.shadow.is_behind()
        room.studio.build()
        assert room.studio.state.number > number
        assert 'class="mark new"' not in room.get("/list").body
        assert not room.studio.shadow.is_behind()


def test_a_page_is_another_with_another_banner(publication: Publication) -> None:
    publication.entry("order", "订单。\n", title="订单消息", date="2026-11-19", draft="true")
    with preview(publication) as room:
        before = re.search(r'data-stamp="(\w+)"', room.get("/page/2026/11/order/").body)
        publication.entry("order", "订单。\n", title="订单消息", date="2026-11-19")
        room.studio.build()
        after = re.search(r'data-stamp="(\w+)"', room.get("/page/2026/11/order/").body)
    assert before
    assert after
    assert before[1] != after[1]


def test_the_page_for_what_is_not_there_has_its_style_and_leads_on(still: Room) -> None:
    page = still.get("/site/auto/404.html").body
    style = re.search(r'rel="stylesheet" href="(/site/auto/assets/[^"]+)"', page)
    assert style
    assert still.get(style[1]).status == 200
    assert 'href="/site/auto/tags/"' in page


def test_addresses_from_the_root_of_the_site_lead_to_the_preview() -> None:
    html = '<a href="/a/"></a><img src="/b.png"><a href="//cdn.example/c"></a><a href="/"></a><a data-href="d"></a>'
    at_root = at_home(html, "https://news.example.org/", "dark")
    assert re.findall(r'(?:href|src)="([^"]+)"', at_root) == [
        "/site/dark/a/", "/site/dark/b.png", "//cdn.example/c", "/site/dark/", "d",
    ]  # fmt: skip
    below = at_home('<a href="/blog/a/"></a><a href="/other/"></a>', "https://example.org/blog/", "auto")
    assert re.findall(r'href="([^"]+)"', below) == ["/site/auto/a/", "/other/"]


def test_a_file_that_cannot_be_shown_leads_to_what_is_wrong_with_it(room: Room) -> None:
    page = room.get("/problems?file=entries/wrong.md").body
    assert 'data-copy="entries/wrong.md:3"' in page
    assert "<mark>2026-13-40</mark>" in page
    assert "did you mean" in page
    room.publication.entry("wrong", "好了。\n", title="对了", date="2026-11-21")
    room.studio.build()
    assert room.get("/problems?file=entries/wrong.md").headers["location"] == "/page/2026/11/wrong/"


@pytest.mark.parametrize(
    ("file", "broken", "said"),
    [
        ("templates/entry.html", "{% if %}", "templates/entry.html:1"),
        ("templates/index.html", "{{ nothing.at.all }}", "templates/index.html:1"),
        ("templates/tags.html", "{# #}\n{% extends 'pag.html' %}", "templates/tags.html:2"),
        ("feeder.toml", "[site\n", "feeder.toml:1"),
    ],
)
def test_what_breaks_everything_is_told_above_the_page_and_mended_by_the_next_save(
    room: Room, file: str, broken: str, said: str
) -> None:
    path = room.publication.root / file
    before = path.read_text("utf-8") if path.exists() else None
    room.publication.write(file, broken)
    room.studio.build()
    page = room.get("/page/2026/11/chips/").body
    assert 'role="alert"' in page
    assert f'data-copy="{said}"' in page
    assert ".feeder/preview" not in page
    assert re.search(r'<p id="status" role="status"><time datetime="[^"]+">停在 [\d:]+ 的结果，不是最新</time>', page)
    assert "融资" in room.get("/site/auto/2026/11/chips/").body
    if before is None:
        path.unlink()
    else:
        path.write_text(before, "utf-8")
    room.studio.build()
    assert ">已更新 " in room.get("/page/2026/11/chips/").body
    assert 'role="alert"' not in room.get("/page/2026/11/chips/").body
    assert not room.studio.state.stuck


def test_other_settings_are_taken_over(room: Room) -> None:
    room.publication.configure(MAIL, title="另一个名字")
    room.studio.build()
    assert "另一个名字" in room.get("/site/auto/").body


def test_a_renamed_draft_is_followed(room: Room) -> None:
    old = re.search(r"/page/(\S+draft/)", room.get("/list?q=").body)
    assert old
    (room.publication.root / "entries/draft.md").rename(room.publication.root / "entries/chapter.md")
    room.studio.build()
    assert room.get(f"/page/{old[1]}").headers["location"].endswith("/chapter/")


def test_a_draft_that_is_deleted_was_never_there(room: Room) -> None:
    found = re.search(r'href="(/page/\d{4}/\d{2}/draft/)"', room.get("/list?q=").body)
    assert found
    (room.publication.root / "entries/draft.md").unlink()
    room.studio.build()
    answer = room.get(found[1])
    assert answer.status == 404
    assert "已撤回" not in answer.body


def test_pages_that_lead_on_do_so_in_the_preview(room: Room) -> None:
    room.publication.entry("order", "订单。\n", title="订单消息", date="2026-11-19", aliases="[/old/]")
    room.studio.build()
    assert "; url=/site/auto/2026/11/order/" in room.get("/site/auto/old/").body


def test_frames_lead_home_and_are_coloured_as_asked(still: Room) -> None:
    page = still.get("/site/dark/2026/11/chips/").body
    assert "/site/dark/assets/card." in page
    style = re.search(r'href="([^"]+\.css)"', page)
    assert style
    css = still.get(f"/site/dark/assets/{style[1].rpartition('/')[2]}").body
    assert "prefers-color-scheme" not in css
    assert "color-scheme: dark;" in css
    mail = still.get("/mail/dark/weekly").body
    assert "/site/auto/assets/card." in mail
    assert "prefers-color-scheme" not in mail
    # What is to be read as it leaves names the real addresses.
    assert "https://news.example.org/2099/03/later/" in still.get("/digest/weekly?as=text").body
    assert "https://news.example.org/2026/11/chips/" in still.get("/feed/feed.atom").body


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_do_not_depend_on_the_browser(scheme: str) -> None:
    css = ":root{color-scheme:light dark}@media (prefers-color-scheme:dark){}@media ( prefers-color-scheme : light ){}"
    made = coloured(css, scheme)  # type: ignore[arg-type]
    assert f"color-scheme:{scheme}}}" in made
    assert made.count("(min-width: 0)") == made.count("(max-width: 0)") == 1
    assert coloured(css, "auto") == css


def test_our_script_is_in_what_is_served_and_never_in_what_is_published(still: Room) -> None:
    assert "/own/frame.js" in still.get("/site/auto/").body
    for out in (still.publication.out, still.studio.shadow.out):
        assert not any("/own/" in file.read_text("utf-8") for file in out.rglob("*.html"))


def test_a_second_preview_goes_on_where_the_first_ended(publication: Publication) -> None:
    with preview(stocked(publication)):
        pass
    with preview(publication) as room:
        assert room.get("/page/2099/03/later/").status == 200
        stamp = (room.studio.shadow.out / "feed.atom").stat().st_mtime_ns
        room.studio.build()
        assert (room.studio.shadow.out / "feed.atom").stat().st_mtime_ns == stamp


def test_after_a_publish_the_next_preview_knows_what_is_public(publication: Publication) -> None:
    with preview(stocked(publication)) as room:
        assert room.studio.shadow.basis == 2
    publication.entry("draft", "写完了。\n", title="写完了", date="2026-11-21")
    publication.run()
    with preview(publication) as room:
        assert room.studio.shadow.basis == 3
        assert 'class="mark draft"' not in room.get("/list?q=").body


def test_what_is_published_beside_the_preview_is_new_no_more(room: Room) -> None:
    room.publication.entry("fresh", "新的。\n", title="新的", date="2026-11-20")
    room.studio.build()
    assert 'class="mark new"' in room.get("/list?q=").body
    room.publication.publish()
    room.publication.entry("fresh", "新的，改过。\n", title="新的", date="2026-11-20")
    room.studio.build()
    assert 'class="mark new"' not in room.get("/list?q=").body


def test_what_waits_is_in_the_next_digest_in_whichever_preview_it_was_first_seen(publication: Publication) -> None:
    stocked(publication)
    with preview(publication, now=lambda: datetime(2026, 11, 23, 12, tzinfo=UTC)):
        pass
    with preview(publication, now=lambda: datetime(2026, 12, 24, 12, tzinfo=UTC)) as room:
        assert "还在写" in room.get("/digest?as=text").body


def test_a_damaged_copy_is_made_anew(publication: Publication) -> None:
    with preview(stocked(publication)) as room:
        root = room.studio.shadow.root
    Path(root / ".feeder/history.db").write_bytes(b"no database" * 1000)
    with preview(publication) as room:
        assert not room.studio.state.stuck
        assert room.get("/page/2026/11/chips/").status == 200


def test_inputs_that_change_are_copied_and_those_that_go_are_removed(publication: Publication) -> None:
    stocked(publication)
    publication.write("images/logo.png", b"no picture")
    publication.write("notes/weekly.md", "早上好。\n")
    with preview(publication) as room:
        copy = room.studio.shadow.root
        assert (copy / "images/logo.png").exists()
        assert "早上好" in room.get("/digest/weekly?as=text").body
        (publication.root / "entries/order.md").unlink()
        (publication.root / "images/logo.png").unlink()
        publication.write("notes/weekly.md", "晚上好。\n")
        room.studio.build()
        assert not (copy / "entries/order.md").exists()
        assert not (copy / "images/logo.png").exists()
        assert "晚上好" in room.get("/digest/weekly?as=text").body
        assert (publication.root / "entries/chips.md").exists()


def test_a_link_that_leaves_the_publication_is_told_as_ever(publication: Publication, tmp_path: Path) -> None:
    stocked(publication)
    (tmp_path / "secret.md").write_text("---\ndate: 2026-11-20\n---\n机密", "utf-8")
    (publication.root / "entries/link.md").symlink_to(tmp_path / "secret.md")
    with preview(publication) as room:
        assert "leaves the publication" in room.get("/problems").body
        assert "机密" not in room.get("/site/auto/").body


def test_a_hostile_entry_is_text_everywhere(publication: Publication) -> None:
    hostile = "\"'><img src=x onerror=alert(1)>{{ 7 * 7 }}"
    stocked(publication)
    publication.entry("a", f"{hostile}\n\n![{hostile}](x.png)\n", title=repr(hostile), date="2026-11-20")
    publication.entry("b", hostile, title=repr(hostile), date=repr(hostile))
    with preview(publication) as room:
        for path in (
            *PATHS,
            "/page/2026/11/a/",
            "/wechat/2026/11/a/",
            "/clip/2026/11/a/",
            "/problems?file=entries/b.md",
        ):
            body = room.get(path).body
            assert "<img src=x" not in body, path
            assert ">49" not in body, path


def test_without_lists_and_without_entries_there_is_still_something_to_see(publication: Publication) -> None:
    with preview(publication) as room:
        assert "还没有邮件列表" in room.get("/digest").body
        assert "还没有条目。<br>运行 feeder new，或把文件放进 entries/，" in room.get("/page/").body
        assert "还没有条目。" in room.get("/list?q=").body
        assert "没有找到。" in room.get("/list?q=芯").body
        assert room.get("/page/").status == 200
        assert "还没有发布过" in room.get("/board").body
        assert "没有问题" in room.get("/problems").body


def test_an_english_publication_has_an_english_preview(publication: Publication) -> None:
    publication.configure(MAIL, language="en")
    publication.entry("a", "Text.\n", title="A draft", draft="true")
    with preview(publication) as room:
        page = room.get("/page/").body
        assert '<html lang="en"' in page
        assert "Dashboard" in page
        assert "draft</b>" in page
