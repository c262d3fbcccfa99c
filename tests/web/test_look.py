"""How the pages look: in the publication's style, whatever is wrong with its templates, and under any path."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from string import Formatter

import pytest
from mail.newsdesk import MAIL, Newsdesk
from web.visitors import House, house

from feeder.web.wording import EN, ZH, WebWords, tag_of, words


def test_templates_of_the_publication_count(tmp_path: Path) -> None:
    desk = Newsdesk(tmp_path)
    desk.write(
        "templates/web/confirm.html", '{% extends "web/page.html" %}{% block desk %}<p>OUR OWN</p>{% endblock %}'
    )
    desk.write("templates/footer.html", "<footer>OUR FOOTER</footer>\n")
    desk.write("templates/web/style.css", ".desk { color: rebeccapurple }")
    with house(tmp_path) as opened:
        opened.subscribe("ana@example.com")
        page = opened.get(f"/confirm/{opened.token('confirm')}").text
        style = re.search(r'href="(/_feeder/style[^"]+)"', page)
        assert style is not None
        assert "rebeccapurple" in opened.get(style[1]).text
        assert "--accent" in opened.get(style[1]).text, "the site's own comes first"
    assert "OUR OWN" in page
    assert "OUR FOOTER" in page


@pytest.mark.parametrize("broken", ["{% block", "{{ nothing.at.all }}", '{% include "not there" %}'])
def test_a_broken_template_keeps_nobody_from_leaving(tmp_path: Path, broken: str) -> None:
    desk = Newsdesk(tmp_path)
    for name in ("unsubscribe", "notice", "page", "preferences"):
        desk.write(f"templates/web/{name}.html", broken)
    desk.write("templates/header.html", broken)
    with house(tmp_path) as opened:
        opened.join()
        path = f"/unsubscribe/{opened.token('unsubscribe')}"
        assert "退订《每周新闻》" in opened.get(path).text
        assert "您不会再收到" in opened.post(path, scope="list").text
        assert opened.get(f"/preferences/{opened.token('preferences')}").status == 200
        assert opened.get("/confirm/x").status == 404
        assert opened.state() == "ended"


def test_a_template_that_is_mended_is_seen_without_a_restart(tmp_path: Path) -> None:
    desk = Newsdesk(tmp_path)
    file = desk.write("templates/web/confirm.html", "{% block")
    with house(tmp_path) as opened:
        opened.subscribe("ana@example.com")
        path = f"/confirm/{opened.token('confirm')}"
        assert "确认订阅" in opened.get(path).text
        file.write_text("MENDED", "utf-8")
        assert opened.get(path).text == "MENDED"


def test_an_icon_that_cannot_be_read_keeps_nobody_away(tmp_path: Path) -> None:
    for icon in ("gone.png", "page.html", "https://elsewhere.example/icon.png"):
        with house(tmp_path, icon=icon) as opened:
            page = opened.get("/subscribe/weekly")
            assert page.status == 200
            assert "elsewhere" not in page.text


def test_strangers_templates_are_fenced_in(tmp_path: Path) -> None:
    desk = Newsdesk(tmp_path)
    desk.write("templates/web/confirm.html", "{{ ''.__class__.__mro__ }}")
    desk.configure(MAIL)
    text = (tmp_path / "feeder.toml").read_text("utf-8").replace("[site]\n", "[site]\nsandbox = true\n", 1)
    lines = text.partition("[mail]")
    with house(tmp_path, lines=f"{lines[1]}{lines[2]}") as opened:
        (tmp_path / "feeder.toml").write_text(text, "utf-8")
        from feeder.web.look import Look

        page = Look(opened.desk.settings).page("confirm", "zh-CN", "x", {"action": "/"})
    assert b"__class__" not in page.body
    assert b"class 'str'" not in bytes(page.body)


def test_the_pages_may_be_below_a_path(tmp_path: Path) -> None:
    lines = MAIL.replace("https://subscribe.example.org/", "https://example.org/a/letters")
    with house(tmp_path, lines=lines) as opened:
        opened.join()
        assert opened.get("/subscribe/weekly").status == 404
        page = opened.get("/a/letters/subscribe/weekly")
        found = set(re.findall(r'(?:href|src|action)="(/[^"]*)"', page.text))
        assert all(path.startswith("/a/letters/") for path in found)
        for path in found:
            assert opened.get(path).status == 200
        token = opened.token("preferences")
        moved = opened.post(f"/a/letters/preferences/{token}", do="pause", list="weekly")
        assert opened.get(moved.headers["Location"]).status == 200
        assert opened.get("/healthz").status == 200


def test_without_serving_files_the_pages_are_all_there_is(tmp_path: Path) -> None:
    desk = Newsdesk(tmp_path)
    desk.entry("a", title="新闻", date="2026-11-20")
    desk.configure(MAIL)
    desk.run()
    with house(tmp_path, lines=MAIL.replace("[web]\n", "[web]\nserve = false\n")) as opened:
        assert opened.get("/feed.atom").status == 404
        for path in ("/", "/subscribe/"):
            assert "/subscribe/weekly" in opened.get(path).text


def test_the_site_beside_the_pages(served: House) -> None:
    served.desk.entry("a", title="新闻", date="2026-11-20")
    served.desk.run()
    assert served.get("/feed.atom").status == 200
    assert served.get("/").status == 200
    assert "digests/" not in served.get("/subscribe/weekly").text


# Words


def _texts(words: WebWords) -> dict[str, list[str]]:
    found = {}
    for one in fields(words):
        value = getattr(words, one.name)
        flat = value.values() if hasattr(value, "values") else [value] if isinstance(value, str) else value
        found[one.name] = [text for part in flat for text in ([part] if isinstance(part, str) else part)]
    return found


def test_both_languages_say_the_same_things() -> None:
    chinese, english = _texts(ZH), _texts(EN)
    for name in chinese:
        assert all(chinese[name])
        assert all(english[name])
        if name == "erase_text":
            continue
        assert len(chinese[name]) == len(english[name]), name
        for one, other in zip(chinese[name], english[name], strict=True):
            assert _holes(one) == _holes(other), name


def _holes(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize(
    ("language", "tag"),
    [("zh-CN", "zh-CN"), ("zh", "zh"), ("zh-Hant", "zh-CN"), ("zh-TW", "zh-CN"), ("en-GB", "en-GB"), ("de", "en")],
)
def test_a_page_says_in_which_language_it_is(language: str, tag: str) -> None:
    assert tag_of(language) == tag
    assert words(language) is (ZH if tag.startswith("zh") else EN)


def test_a_bad_link_is_explained_in_the_languages_of_the_lists_too(served: House, tmp_path: Path) -> None:
    page = served.get("/confirm/x").text
    assert "这个链接用不了了" in page
    assert '<section class="apart" lang="en">\n<h2>This link does not work any more</h2>' in page
    with house(tmp_path / "other") as opened:
        assert "This link" not in opened.get("/confirm/x").text
