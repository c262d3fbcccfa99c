"""Entries as the editor of public accounts takes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import CHECKOUT, cases

from feeder.config import Settings, Site
from feeder.reading import read_text
from feeder.web.preview import wechat

CSS = (CHECKOUT / "templates/preview/wechat.css").read_text("utf-8")
CASES = cases("preview/wechat.md")
TAG = re.compile(r"<[a-z][a-z0-9]*(?: [a-z-]+=\"[^\"]*\")*>")


def html(markdown: str) -> str:
    """An entry's HTML, as reading gives it."""
    made = Settings(root=Path("/nowhere"), site=Site(title="新闻", url="https://news.example.org/"))
    reading = read_text("entries/a.md", f"---\ntitle: x\ndate: 2026-11-20\n---\n{markdown}".encode(), made)
    return reading.entries[0].html


def bare(text: str) -> str:
    """Without styles, and without the frame around everything."""
    plain = re.sub(r' style="[^"]*"', "", text)
    return (
        plain.removeprefix("<section><p>&nbsp;</p>")
        .removesuffix("</section>")
        .replace("<section><p>链接", "\n<section><p>链接")
    )


@pytest.mark.parametrize(("title", "given", "expected"), CASES, ids=[title for title, _, _ in CASES])
def test_case(title: str, given: str, expected: str) -> None:
    made = bare(wechat.article(html(given), CSS).html)
    assert re.sub(r"\n+", "\n", made).strip() == expected.strip()


def test_a_whole_entry(golden: Callable[[str, str], None]) -> None:
    made = wechat.article(html("\n\n".join(given for _, given, _ in CASES)), CSS)
    golden("preview/wechat.html", made.html + "\n")
    golden("preview/wechat.txt", made.text + "\n")


def test_everything_is_in_the_elements_themselves() -> None:
    made = wechat.article(html("\n\n".join(given for _, given, _ in CASES)), CSS).html
    for tag in TAG.findall(made):
        assert " class=" not in tag
        assert " id=" not in tag
        assert " on" not in tag
    assert "<style" not in made
    assert "var(" not in made


def test_what_the_writer_should_know_is_told() -> None:
    made = wechat.article(
        '<p><img src="https://a.example/x.svg"><img src="https://a.example/y.png"><img src="z.png"></p>', CSS
    )
    assert made.pictures == ("https://a.example/x.svg", "https://a.example/y.png")
    assert made.refused == ("https://a.example/x.svg",)
    assert "z.png" not in made.html


def test_the_words_alone_read_well() -> None:
    made = wechat.article(html("见[公告](https://example.com/a)。\n\n- 一\n- 二\n\n```\na  b\n c\n```"), CSS).text
    assert made == "见公告[1]。\n\n- 一\n\n- 二\n\na  b\n c\n\n链接\n\n[1] 公告: https://example.com/a"


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="a<>&\"'`*_[]()#-|\n\t 一“”\\x0c$!:/", max_size=80))
def test_any_text_gives_something_that_can_be_pasted(markdown: str) -> None:
    entry = html(f"{markdown}\n\n末尾")
    made = wechat.article(entry, CSS)
    assert "末尾" in made.text or "末尾" not in entry, "a comment that is never closed takes the rest with it"
    assert "<script" not in made.html


@pytest.mark.parametrize("url", ["http://[oops/x", "https://[::1", "http://a:port/", "//[", "http://\u2100.example/"])
def test_an_address_that_is_none_keeps_its_words(url: str) -> None:
    made = wechat.article(f'<p>See <a href="{url}">this</a>.</p><p><img src="{url}" alt=""></p>', "")
    assert "this" in made.html
