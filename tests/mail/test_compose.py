"""What stands in a digest."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from lxml import html
from mail.editions import UNTIL, URL, WEEKLY, composer, edition, entry, rich
from support import CHECKOUT

from feeder.config.settings import MailingList
from feeder.mail.message import encoding
from feeder.mail.values import HOLE
from feeder.model import Image


def tree(text: str) -> html.HtmlElement:
    return html.document_fromstring(text)


def words(text: str) -> str:
    """All text of a document, blanks folded."""
    return " ".join(tree(text).body.text_content().split())


def test_the_frame_of_the_document(tmp_path: Path) -> None:
    made = composer(tmp_path).digest(WEEKLY, edition(entry()))
    document = tree(made.html)
    assert made.html.startswith("<!DOCTYPE html>")
    assert (document.get("lang"), document.get("dir")) == ("zh-CN", "ltr")
    assert document.findtext("head/title") == "每周新闻 · 2026年11月23日"
    names = {meta.get("name"): meta.get("content") for meta in document.iterfind("head/meta")}
    assert names["viewport"] == "width=device-width, initial-scale=1"
    assert names["color-scheme"] == names["supported-color-schemes"] == "light dark"
    (style,) = document.iter("style")
    assert "prefers-color-scheme: dark" in style.text
    assert [table.get("role") for table in document.iter("table")] == ["presentation"] * 3
    assert all(element.get("style") for element in document.body.iter("p", "h1", "h2", "td"))


def test_an_entry_with_everything(tmp_path: Path) -> None:
    made = composer(tmp_path).digest(WEEKLY, edition(rich()))
    document, seen = tree(made.html), words(made.html)
    assert document.find(".//h2/a").get("href") == f"{URL}2026/11/entry-1/"
    for part in ("2026年11月22日 · 新闻编辑部", "更正：功耗是 180 W", "来源：通讯社、daily.example", "标签：芯片",
                 "收听：采访录音 (3:05 · 1.2 MB)"):  # fmt: skip
        assert part in seen
    cover = document.find(".//img")
    assert (cover.get("src"), cover.get("alt")) == (f"{URL}assets/lark.1a2b.png", "发布会")
    assert (cover.get("width"), cover.get("height")) == ("536", "268")
    for name in ("audio", "video", "iframe", "picture", "source", "details", "input", "figure", "section"):
        assert document.find(f".//{name}") is None
    assert [image for image in document.iter("img") if image.get("alt") is None] == []
    assert "loading" not in made.html
    assert "referrerpolicy" not in made.html


def test_every_address_is_absolute(tmp_path: Path) -> None:
    made = composer(tmp_path).digest(WEEKLY, edition(rich(), entry(2), entry(3), page_url=f"{URL}digests/weekly/x/"))
    addresses = re.findall(r'(?:href|src)="([^"]*)"', made.html)
    assert len(addresses) > 10
    assert [a for a in addresses if not a.startswith(("https://", "\x02"))] == []
    assert f'<a href="{URL}digests/weekly/x/"' in made.html


def test_contents_are_listed_from_three_entries_on(tmp_path: Path) -> None:
    compose = composer(tmp_path)
    two = compose.digest(WEEKLY, edition(entry(1), entry(2)))
    three = compose.digest(WEEKLY, edition(entry(1), entry(2), entry(3)))
    assert "本期内容" not in two.html + two.text
    assert [item.text_content() for item in tree(three.html).iter("li")] == [f"第 {n} 条消息" for n in (1, 2, 3)]
    assert "本期内容\n\n 1. 第 1 条消息\n 2. 第 2 条消息\n 3. 第 3 条消息\n" in three.text


def test_corrections_come_first_then_the_preface(tmp_path: Path) -> None:
    wrong = entry(9, title="旧闻", correction="是 2 亿元，不是 3 亿元。")
    given = edition(entry(1), corrections=(wrong,), preface="<p>各位读者：<b>早</b></p>")
    made = composer(tmp_path).digest(WEEKLY, given)
    for seen in (words(made.html), made.text):
        places = [seen.index(part) for part in ("更正", "旧闻", "是 2 亿元", "各位读者：早", "第 1 条消息")]
        assert places == sorted(places)


def test_corrections_alone_make_a_digest(tmp_path: Path) -> None:
    wrong = [entry(n, correction=f"第 {n} 处错误。") for n in (1, 2)]
    compose = composer(tmp_path)
    one = compose.digest(WEEKLY, edition(corrections=tuple(wrong[:1])))
    assert one.subject == "更正：第 1 条消息"
    assert "第 1 处错误。" in one.text
    assert "0 条" not in one.html + one.text
    assert compose.digest(WEEKLY, edition(corrections=tuple(wrong))).subject == "更正：第 1 条消息，等 2 条"
    english = compose.digest(WEEKLY, edition(corrections=tuple(wrong), language="en"))
    assert english.subject == "Correction: 第 1 条消息, and 1 more"


def test_the_preheader_says_what_the_subject_does_not(tmp_path: Path) -> None:
    compose = composer(tmp_path)

    def preheader(*entries: object) -> str | None:
        return tree(compose.digest(WEEKLY, edition(*entries)).html).findtext(".//div[@class='preheader']")  # type: ignore[arg-type]

    assert preheader(entry(1), entry(2), entry(3)) == "第 2 条消息；第 3 条消息"
    assert preheader(entry(1)) == "第 1 条的摘要。"


def test_an_entry_in_another_language_says_so(tmp_path: Path) -> None:
    made = composer(tmp_path).digest(WEEKLY, edition(entry(1), entry(2, language="en", title="News")))
    (cell,) = [cell for cell in tree(made.html).iter("td") if cell.get("lang")]
    assert cell.find(".//p[@class='meta']").get("lang") == "zh-CN"
    assert (cell.get("lang"), cell.get("dir")) == ("en", "ltr")
    assert "Segoe UI" in cell.get("style")


@pytest.mark.parametrize(("language", "script"), [("zh-Hant-TW", "hant"), ("ja", "ja"), ("ko", "ko"), ("ar", "latin")])
def test_each_script_has_its_fonts(language: str, script: str, tmp_path: Path) -> None:
    document = tree(composer(tmp_path).digest(WEEKLY, edition(entry(), language=language)).html)
    assert document.find(f".//td[@class='around {script}']") is not None
    assert document.get("dir") == ("rtl" if language == "ar" else "ltr")


def test_personal_parts_are_holes_at_the_very_end(tmp_path: Path) -> None:
    made = composer(tmp_path).digest(WEEKLY, edition(*(entry(n) for n in range(1, 6))))
    for text in (made.html, made.text):
        assert encoding.holes_of(text) == {"unsubscribe", "preferences", "address"}
        first = text.index("\x02")
        assert "中关村大街" in text[:first]
        assert len(text) - first < 700
    assert f'<a href="{HOLE.format("unsubscribe")}"' in made.html


def test_without_web_pages_a_mailbox_unsubscribes(tmp_path: Path) -> None:
    made = composer(tmp_path, web="", unsubscribe="unsubscribe@example.org").digest(WEEKLY, edition(entry()))
    assert encoding.holes_of(made.html) == encoding.holes_of(made.text) == {"unsubscribe", "address"}


def test_without_either_an_answer_does(tmp_path: Path) -> None:
    made = composer(tmp_path, web="").digest(WEEKLY, edition(entry()))
    assert encoding.holes_of(made.html) == {"address"}
    assert 'href="mailto:news@example.org?subject=%E9%80%80%E8%AE%A2"' in made.html
    assert "请给 news@example.org 写信，主题写“退订”" in made.text


def test_the_footer_says_who_and_why(tmp_path: Path) -> None:
    made = composer(tmp_path).digest(WEEKLY, edition(entry()))
    for seen in (words(made.html), made.text):
        for part in ("每周新闻：每周一早上八点。", "发布者：芯闻台", "中关村大街", "因为您订阅了《每周新闻》"):
            assert part in seen
    english = composer(tmp_path).digest(WEEKLY, edition(entry(), language="en"))
    assert "You get this mail because you subscribed to 每周新闻." in english.text


@pytest.mark.parametrize("address", [f"{URL}assets/a.svg", "https://elsewhere.example/a.avif"])
def test_pictures_that_mail_does_not_show_become_links(address: str, tmp_path: Path) -> None:
    text = f'<p><img src="{address}" alt="示意图"></p>'
    cover = Image(address.replace("/a.", "/b."), "封面")
    made = composer(tmp_path).digest(WEEKLY, edition(entry(html=text, cover=cover)))
    assert "<img" not in made.html
    assert "图：示意图</a>" in made.html


@pytest.mark.parametrize("kind", ["webp", "avif"])
def test_mail_gets_the_jpeg_beside_a_picture_of_a_new_kind(kind: str, tmp_path: Path) -> None:
    text = f'<p><img src="{URL}assets/a.{kind}" alt="x"></p>'
    cover = Image(f"{URL}assets/b.{kind}", "封面")
    made = composer(tmp_path).digest(WEEKLY, edition(entry(html=text, cover=cover)))
    assert re.findall(r'src="([^"]*)"', made.html) == [f"{URL}assets/b.{kind}.jpg", f"{URL}assets/a.{kind}.jpg"]


def test_the_same_edition_gives_the_same_bytes(tmp_path: Path) -> None:
    given = edition(rich(), entry(2), entry(3))
    assert composer(tmp_path).digest(WEEKLY, given) == composer(tmp_path).digest(WEEKLY, given)


def test_a_publication_has_templates_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "templates/mail"
    folder.mkdir(parents=True)
    (folder / "entry.html").write_text("<h2>{{ entry.title }}！</h2>{{ name }}\n")
    (folder / "short.txt").write_text("{{ entries | length }} & {{ list.title }}\n")
    compose = composer(tmp_path)
    assert "第 1 条消息！" in compose.digest(WEEKLY, edition(entry())).html
    own = compose.digest(MailingList(name="x", title="<A>", template="short"), edition(entry()))
    assert own.text == "1 & <A>\n"
    assert encoding.holes_of(own.html) == {"name", "unsubscribe", "preferences", "address"}


def test_the_date_is_that_of_the_lists_zone(tmp_path: Path) -> None:
    compose = composer(tmp_path)
    assert UNTIL.hour == 0
    west = MailingList(name="w", title="W", timezone="America/New_York")
    assert compose.digest(west, edition(entry())).subject.startswith("W · 11月22日：")


def test_the_examples_of_the_guide_work(tmp_path: Path) -> None:
    guide = (CHECKOUT / "docs/how-to/mail-template.md").read_text("utf-8")
    examples = re.findall(r"```jinja\n\{# (templates/mail/\S+) #\}\n(.*?)```", guide, re.DOTALL)
    assert len(examples) == 4
    for path, text in examples:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    weekly = MailingList(name="weekly", title="每周新闻", template="weekly")
    made = composer(tmp_path).digest(weekly, edition(entry(), entry(2)))
    assert encoding.holes_of(made.html) == {"name", "unsubscribe", "preferences"}
    for part in ("3,000 engineers", "阅读全文", "谢谢阅读", "因为您订阅了"):
        assert part in made.html
    assert "第 2 条的正文" not in made.html + made.text
    assert "第 2 条的摘要" in made.text
