"""The public pages of digests that were really cut: after a lost history, a withdrawal, another domain."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from identity.newsroom import forget, same
from mail.newsdesk import Newsdesk

from feeder import upkeep

SUNDAY = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 0, 0, 20, tzinfo=UTC)  # 08:00:20 in Shanghai
WEEK = timedelta(days=7)
FEED = "digests/weekly/feed.json"


@pytest.fixture
def desk(tmp_path: Path) -> Newsdesk:
    """Two digests, a week apart, sent to one subscriber."""
    made = Newsdesk(tmp_path / "pub")
    made.begin()
    made.entry("e1", "第一条正文。\n", title="第一条", date="2026-11-20")
    made.subscribe("a@example.org", SUNDAY)
    made.mailed(SUNDAY)
    made.mailed(MONDAY)
    made.entry("e2", "第二条正文。\n", title="第二条", date="2026-11-24")
    made.mailed(MONDAY + timedelta(days=2))
    made.mailed(MONDAY + WEEK)
    return made


def digests(desk: Newsdesk) -> dict[str, str]:
    """Id and title of each digest in the feed."""
    return {item["id"]: item["title"] for item in json.loads(desk.read(FEED))["items"]}


def test_a_full_build_gives_the_same(desk: Newsdesk) -> None:
    before = desk.tree()
    assert len(digests(desk)) == 2
    forget_all_but_precious(desk)
    desk.mailed(MONDAY + WEEK + timedelta(hours=1))
    same(desk.tree(), before)


def forget_all_but_precious(desk: Newsdesk) -> None:
    kept = {path: path.read_bytes() for path in (desk.root / ".feeder").glob("mail.db*")}
    forget(desk)
    for path, content in kept.items():
        path.write_bytes(content)


def test_recover_takes_the_digests_from_the_mail_database_and_nothing_is_mailed_twice(desk: Newsdesk) -> None:
    before, letters = desk.tree(), len(desk.letters())
    for file in (desk.root / ".feeder").glob("history.db*"):
        file.unlink()
    upkeep.recover(desk.settings, MONDAY + WEEK + timedelta(hours=1))
    same(desk.tree(), before)
    for hours in (2, 3, 24 * 7, 24 * 14):
        report = desk.mailed(MONDAY + WEEK + timedelta(hours=hours))
        assert report.mailing.cuts == ()
    assert len(desk.letters()) == letters
    same(desk.tree(), before)


def test_recover_goes_on_without_a_mail_database_that_cannot_be_read(desk: Newsdesk) -> None:
    for file in (desk.root / ".feeder").glob("history.db*"):
        file.unlink()
    for file in (desk.root / ".feeder").glob("mail.db*"):
        file.write_bytes(b"not a database, but long enough to be looked at" * 100)
    told: list[str] = []
    upkeep.recover(desk.settings, MONDAY + WEEK + timedelta(hours=1), told.append)
    assert any("the pages of digests come back" in line and "damaged" in line for line in told)
    assert "第一条" in desk.read("feed.atom")


def test_withdrawing_after_all_was_sent_empties_the_page(desk: Newsdesk) -> None:
    upkeep.withdraw(desk.settings, MONDAY + WEEK + timedelta(hours=1), "entries/e1.md")
    page = desk.read("digests/weekly/2026-11-23/index.html")
    assert "已撤回" in page
    assert all("第一条" not in text.decode("utf-8", "replace") for text in desk.tree().values())
    desk.mailed(MONDAY + WEEK + timedelta(hours=2))
    assert all("第一条" not in text.decode("utf-8", "replace") for text in desk.tree().values())


def test_another_domain_keeps_the_ids_of_digests_and_their_places(desk: Newsdesk) -> None:
    before = digests(desk)
    upkeep.move(desk.settings, MONDAY + WEEK + timedelta(hours=1), "https://neu.example.com/")
    assert digests(desk) == before
    assert "https://neu.example.com/digests/weekly/2026-11-23/" in desk.read(FEED)
    assert "news.example.org/" not in desk.read("digests/weekly/2026-11-23/index.html")
