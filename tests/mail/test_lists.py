"""What a list is once its defaults are filled in."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from feeder.config import Mail, MailingList, Settings, Site
from feeder.errors import UsageError
from feeder.mail import lists
from feeder.mail.calendar import Schedule

SITE = Site(title="天数智芯新闻", url="https://news.example.org:8443/sub/", timezone="Asia/Shanghai", language="zh-CN")
BARE = MailingList(name="weekly")
FULL = MailingList(
    name="daily", title="每日", frequency="daily", allowed=("weekly", "daily"), hour=7, weekday="friday", day=31,
    timezone="Europe/Berlin", language="de", from_="Daily <daily@example.org>", reply_to="answers@example.org",
)  # fmt: skip


def settings(mail: Mail | None = None, site: Site = SITE, *found: MailingList) -> Settings:
    return Settings(root=Path("/nonexistent"), site=site, mail=mail or Mail(), lists=found or (BARE, FULL))


def test_a_list_is_found_by_its_name() -> None:
    assert lists.find(settings(), "daily") is FULL


@pytest.mark.parametrize(
    ("name", "hint"),
    [("weekl", "did you mean `weekly`?"), ("WEEKLY", "did you mean `weekly`?"), ("每日", "did you mean `daily`?"),
     ("x", "known are weekly, daily"), ("", "known are weekly, daily")],
)  # fmt: skip
def test_another_name_is_told_what_was_meant(name: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        lists.find(settings(), name)
    assert caught.value.hint == hint


def test_without_lists_the_way_to_one_is_told() -> None:
    with pytest.raises(UsageError) as caught:
        lists.find(Settings(root=Path("/nonexistent"), site=SITE), "weekly")
    assert "[[lists]]" in caught.value.hint


def test_what_a_list_leaves_open_is_the_sites() -> None:
    given = settings(Mail(from_="新闻编辑部 <news@example.org>", reply_to="us@example.org"))
    told = [(lists.title_of(given, one), lists.zone_of(given, one), lists.language_of(given, one),
             lists.sender_of(given, one), lists.reply_to_of(given, one)) for one in (BARE, FULL, None)]  # fmt: skip
    of_site = ("天数智芯新闻", "Asia/Shanghai", "zh-CN", ("新闻编辑部", "news@example.org"), "us@example.org")
    assert told == [
        of_site,
        ("每日", "Europe/Berlin", "de", ("Daily", "daily@example.org"), "answers@example.org"),
        of_site,
    ]


@pytest.mark.parametrize(
    ("mail", "email", "sender"),
    [
        (Mail(), "", ("天数智芯新闻", "news@news.example.org")),
        (Mail(), "pod@example.org", ("天数智芯新闻", "pod@example.org")),
        (Mail(from_="us@example.org"), "pod@example.org", ("天数智芯新闻", "us@example.org")),
    ],
)
def test_somebody_always_sends(mail: Mail, email: str, sender: tuple[str, str]) -> None:
    site = Site(title=SITE.title, url=SITE.url, email=email)
    assert lists.sender_of(settings(mail, site), BARE) == sender
    assert lists.editor_of(settings(mail, site)) == sender


def test_the_editor_may_be_somebody_else() -> None:
    assert lists.editor_of(settings(Mail(editor="王 <wang@example.org>"))) == ("王", "wang@example.org")


def test_the_schedule_of_somebody_who_chose_nothing_and_of_one_who_did() -> None:
    given = settings()
    assert lists.schedule_of(given, BARE) == Schedule("weekly", 8, "monday", 1, "Asia/Shanghai")
    assert lists.schedule_of(given, FULL) == Schedule("daily", 7, "friday", 31, "Europe/Berlin")
    chosen = lists.schedule_of(given, FULL, "monthly", 0, "America/New_York")
    assert chosen == Schedule("monthly", 0, "friday", 31, "America/New_York")


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../../etc/passwd", "a" * 300, "\x00", "Asia"])
def test_a_zone_nobody_knows_is_the_lists(zone: str) -> None:
    assert lists.schedule_of(settings(), FULL, timezone=zone).zone == "Europe/Berlin"


def test_allowed_frequencies_hold_the_lists_own_once() -> None:
    assert lists.allowed(FULL) == ("daily", "weekly")
    assert lists.allowed(BARE) == ("weekly",)


def test_two_transports_reach_people_and_are_one_in_the_ledger() -> None:
    names = [lists.ledger_transport(settings(Mail(transport=one))) for one in ("smtp", "sendmail", "maildir", "eml")]
    assert names == ["smtp", "smtp", "maildir", "eml"]


def test_the_list_id_has_the_host_it_is_given() -> None:
    assert lists.list_id(BARE, "old.example.org") == "weekly.old.example.org"


def test_durations_are_those_of_the_settings() -> None:
    assert lists.duration(Mail().catch_up) == timedelta(days=1)
    for wrong in ("", "24", "24 h", "h", "-1h", "0h", "٣h", "1h30m"):
        with pytest.raises(ValueError, match="length of time"):
            lists.duration(wrong)
