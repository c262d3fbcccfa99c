"""System mails: confirm, already, goodbye, welcome, proof, alarm."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import html
from mail.editions import WEEKLY, composer, edition, entry

from feeder.mail.message import encoding

CONFIRM = "https://subscribe.example.org/confirm/a.b-c"


@pytest.mark.parametrize("language", ["zh-CN", "en", "fr"])
def test_a_confirmation_says_who_asks_for_what(language: str, tmp_path: Path) -> None:
    made = composer(tmp_path).notice("confirm", WEEKLY, language, url=CONFIRM, frequency="weekly", days=7)
    chinese = language == "zh-CN"
    assert made.subject == ("请确认订阅《每周新闻》" if chinese else "Please confirm your subscription to 每周新闻")
    document = html.document_fromstring(made.html)
    assert document.get("lang") == language
    (button,) = [cell for cell in document.iter("td") if cell.get("class") == "pressed"]
    assert button.find("a").get("href") == CONFIRM
    for text in (document.body.text_content(), made.text):
        for part in ("芯闻台", "每周新闻", CONFIRM, "7 天" if chinese else "7 days", "中关村大街"):
            assert part in text
    assert f"\n{CONFIRM}\n" in made.text
    assert ("每周）" if chinese else "(weekly)") in made.text


@pytest.mark.parametrize("kind", ["confirm", "already", "data", "goodbye", "welcome"])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_kind(kind: str, language: str, tmp_path: Path) -> None:
    made = composer(tmp_path).notice(kind, WEEKLY, language, url="https://subscribe.example.org/x")
    assert made.subject
    assert "{" not in made.subject + made.text
    assert encoding.holes_of(made.html + made.text) == frozenset()
    assert "按钮" not in made.text, "there is only a link"
    assert "button" not in made.text


def test_the_frequency_may_be_given_as_a_word(tmp_path: Path) -> None:
    made = composer(tmp_path).notice("confirm", WEEKLY, "zh-CN", url=CONFIRM, frequency="每周")
    assert "（每周）" in made.text


def test_a_confirmation_by_mail(tmp_path: Path) -> None:
    url = "mailto:unsubscribe@example.org?subject=confirm%20a.b"
    made = composer(tmp_path, web="").notice("confirm", WEEKLY, "zh-CN", url=url)
    assert f'href="{url}"' in made.html
    assert url in made.text


def test_a_notice_without_an_address_has_no_button(tmp_path: Path) -> None:
    made = composer(tmp_path, web="").notice("already", WEEKLY, "zh-CN", url="")
    assert "pressed" not in html.tostring(html.document_fromstring(made.html).body, encoding="unicode")


def test_nothing_active_comes_from_what_a_notice_is_told(tmp_path: Path) -> None:
    made = composer(tmp_path).notice("confirm", WEEKLY, "zh-CN", url="javascript:alert(1)", frequency="<b>x</b>")
    assert "javascript" not in made.html
    assert "<b>" not in made.html


def test_a_proof_is_the_digest_under_a_box(tmp_path: Path) -> None:
    compose = composer(tmp_path)
    digest = compose.digest(WEEKLY, edition(entry()))
    made = compose.proof(digest, "zh-CN", when="2026年11月23日 10:00", count=128, command="feeder digest cancel weekly")
    assert made.subject == f"[样稿] {digest.subject}"
    assert encoding.holes_of(made.html + made.text) == frozenset()
    for text in (html.document_fromstring(made.html).body.text_content(), made.text):
        places = [text.index(part) for part in ("样稿", "128 位", "feeder digest cancel weekly", "第 1 条消息", "退订")]
        assert places == sorted(places)


def test_an_alarm_is_plain(tmp_path: Path) -> None:
    made = composer(tmp_path).alarm("gmail 暂停", ["500 封里有 12 封被拒。", "原因：5.1.1 <nobody>"], "zh-CN")
    assert made.subject == "[警报] gmail 暂停"
    assert "5.1.1 <nobody>" in made.text
    assert "5.1.1 &lt;nobody&gt;" in made.html
