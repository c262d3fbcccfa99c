"""The texts of mail say the same in both languages, and name nothing that they are not told."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from feeder.mail.compose.wording import EN, ZH, MailWords, NoticeWords, words

TOLD = {"list", "site", "frequency", "days"}


def holes(notice: NoticeWords) -> set[str]:
    parts = (notice.subject, notice.title, notice.button, *notice.text, *notice.small)
    return {name for part in parts for name in re.findall(r"\{(\w*)\}", part)}


@pytest.mark.parametrize("kind", sorted(ZH.notices))
def test_notices_say_the_same(kind: str) -> None:
    assert holes(ZH.notices[kind]) == holes(EN.notices[kind]) <= TOLD
    assert bool(ZH.notices[kind].button) == bool(EN.notices[kind].button)


@pytest.mark.parametrize("one", [ZH, EN], ids=["zh", "en"])
def test_nothing_is_empty(one: MailWords) -> None:
    assert [field.name for field in fields(one) if not getattr(one, field.name)] == []
    assert set(one.frequencies) == {"instant", "daily", "weekly", "monthly"}


@pytest.mark.parametrize(("language", "expected"), [("zh", ZH), ("zh-Hant", ZH), ("en", EN), ("de-AT", EN), ("", EN)])
def test_other_languages_get_english(language: str, expected: MailWords) -> None:
    assert words(language) is expected


def test_counting() -> None:
    assert (ZH.count(1), ZH.count(3), EN.count(1), EN.count(3)) == ("1 条", "3 条", "1 entry", "3 entries")
