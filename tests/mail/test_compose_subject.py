"""Subject lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mail.editions import WEEKLY, composer, edition, entry

from feeder.config.settings import MailingList
from feeder.mail.compose.subjects import LONGEST, subject_of
from feeder.mail.compose.wording import words


def test_a_good_one_without_a_pattern(tmp_path: Path) -> None:
    compose = composer(tmp_path)
    three = [entry(n, title=title) for n, title in enumerate(("订单接近 2 亿元", "b", "c"), 1)]
    assert compose.digest(WEEKLY, edition(*three)).subject == "每周新闻 · 11月23日：订单接近 2 亿元，等 3 条"
    assert compose.digest(WEEKLY, edition(three[0])).subject == "每周新闻 · 11月23日：订单接近 2 亿元"
    english = MailingList(name="weekly", title="Weekly news")
    assert compose.digest(english, edition(entry(1, title="Orders"), entry(2), language="en")).subject == (
        "Weekly news · 23 November: Orders, and 1 more"
    )


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("{list}（{count} 条）", "每周新闻（2 条）"),
        ("{date} {title}", "11月23日 第 1 条消息"),
        ("{0} {list.name} {{x}} {unknown}", "{0} {list.name} {{x}} {unknown}"),
    ],
)
def test_a_pattern(pattern: str, expected: str, tmp_path: Path) -> None:
    weekly = MailingList(name="weekly", title="每周新闻", subject=pattern)
    assert composer(tmp_path).digest(weekly, edition(entry(1), entry(2))).subject == expected


def test_the_note_goes_before_the_pattern(tmp_path: Path) -> None:
    weekly = MailingList(name="weekly", subject="{list}")
    assert composer(tmp_path).digest(weekly, edition(entry(), subject="特刊 {title}")).subject == "特刊 {title}"


def test_advertising_says_so_once(tmp_path: Path) -> None:
    weekly = MailingList(name="weekly", title="促销", ad=True)
    compose = composer(tmp_path)
    assert compose.digest(weekly, edition(entry())).subject == "广告：促销 · 11月23日：第 1 条消息"
    assert compose.digest(weekly, edition(entry(), subject="广告：双十一")).subject == "广告：双十一"
    assert compose.digest(weekly, edition(entry(), language="en", subject="Sale")).subject == "AD: Sale"


@given(st.text(max_size=400), st.text(max_size=400), st.booleans(), st.sampled_from(["", "{title}{list}", "{date}"]))
def test_any_words_make_one_line(title: str, note: str, ad: bool, pattern: str) -> None:
    made = subject_of(
        words("zh"), pattern=pattern, note=note, ad=ad, list_title="每周新闻", date="11月23日",
        entries=(entry(title=title),), corrections=(),
    )  # fmt: skip
    assert 0 < len(made) <= LONGEST
    assert made.splitlines() == [made]
    assert made == made.strip()
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 or char in "\u202e\u2066\ud800" for char in made)
    assert not ad or made.startswith("广告")
