"""The plain text of a digest: what a person would type, in 76 columns."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mail.editions import TEXT, WEEKLY, composer, edition, entry, rich
from support import cases

from feeder.mail.compose.plaintext import COLUMNS, of_html, width, wrap
from feeder.mail.compose.wording import EN, ZH


@pytest.mark.parametrize(("title", "given", "expected"), cases("mail/plaintext.txt"))
def test_text_of_html(title: str, given: str, expected: str) -> None:
    assert of_html(given, ZH) + "\n" == expected, title


def test_lines_are_short_but_for_addresses(tmp_path: Path) -> None:
    made = composer(tmp_path).digest(WEEKLY, edition(rich(), entry(2), entry(3, html=TEXT["en"])))
    lines = made.text.split("\n")
    assert [line for line in lines if width(line) > COLUMNS and "://" not in line and line[:4] != "    "] == []
    assert [line for line in lines if line != line.rstrip()] == []
    assert "\n\n\n" not in made.text
    assert made.text.endswith("更改订阅设置：\x02preferences\x03\n")


def test_no_line_begins_with_a_full_stop() -> None:
    made = wrap("天数智芯，" * 60 + "（一）" * 60 + "“二”。" * 60)
    lines = made.split("\n")
    assert all(width(line) <= COLUMNS for line in lines)
    assert [line for line in lines if line[0] in "，。）”"] == []
    assert [line for line in lines if line[-1] in "（“"] == []


def test_a_chinese_character_is_two_columns_wide() -> None:
    assert width("天 a，e\u0301") == 2 + 1 + 1 + 2 + 1
    assert max(map(width, wrap("字" * 200).split("\n"))) == COLUMNS


def test_both_languages_name_pictures() -> None:
    text = '<p><img src="https://a.example/x.png" alt="x"></p>'
    assert of_html(text, ZH) == "[图：x]"
    assert of_html(text, EN) == "[Picture: x]"


@given(st.text(max_size=500))
def test_wrapping_loses_nothing(text: str) -> None:
    made = wrap(text, "- ", "  ")
    assert "".join(made[2:].split()) == "".join(text.split())


@given(st.text(alphabet=st.sampled_from("<>/apulitdrbqe 天，\n\"='1"), max_size=200))
def test_any_markup_gives_text(text: str) -> None:
    made = of_html(text, ZH)
    assert "\x00" not in made
    assert max((len(line.encode()) for line in made.split("\n")), default=0) <= 998
