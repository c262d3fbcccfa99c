"""Chinese and English say the same things."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import datetime

import pytest
from support import CHECKOUT

from feeder.pages.wording import EN, ZH, Words, language_name, words

NAMES = [field.name for field in fields(Words)]


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_fill_in_the_same_places(name: str) -> None:
    zh, en = getattr(ZH, name), getattr(EN, name)
    assert zh
    assert en
    if isinstance(zh, str):
        places = [sorted(set(re.findall(r"\{(\w*)\}", text)) - {"m", "month"}) for text in (zh, en)]
        assert places[0] == places[1]


def test_every_text_is_used() -> None:
    files = [*(CHECKOUT / "templates").glob("*.[hc]*"), *(CHECKOUT / "feeder/pages").glob("*.py")]
    text = "".join(file.read_text("utf-8") for file in files)
    used = {name for owner in ("t", "words", "self") for name in re.findall(rf"\b{owner}\.(\w+)", text)}
    assert [name for name in NAMES if name not in used] == []


def test_dates_are_written_as_the_language_does() -> None:
    at = datetime(2024, 4, 2)
    assert (ZH.full_date(at), ZH.short_date(at), ZH.month_of(2024, 4), ZH.year_of(2024)) == (
        "2024年4月2日", "4月2日", "2024年4月", "2024年",
    )  # fmt: skip
    assert (EN.full_date(at), EN.short_date(at), EN.month_of(2024, 4), EN.year_of(2024)) == (
        "2 April 2024", "2 April", "April 2024", "2024",
    )  # fmt: skip


@pytest.mark.parametrize(("language", "expected"), [("zh", ZH), ("ZH-tw", ZH), ("zh_CN", ZH), ("en", EN), ("zhx", EN)])
def test_the_sites_language_chooses(language: str, expected: Words) -> None:
    assert words(language) is expected


@pytest.mark.parametrize(
    ("tag", "name"), [("zh-CN", "简体中文"), ("zh-SG", "中文"), ("en-GB", "English"), ("tlh", "tlh")]
)
def test_a_language_in_its_own_words(tag: str, name: str) -> None:
    assert language_name(tag) == name
