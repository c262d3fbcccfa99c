"""``feeder lists``."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from support import Publication

from feeder.cli import lists as command
from feeder.cli import main
from feeder.cli.terminal import width
from feeder.mail import database
from feeder.mail.subscribers import Subscribers

LISTS = """
[[lists]]
name = "weekly"
title = "每周新闻"
allowed = ["daily"]
[[lists]]
name = "breaking"
frequency = "instant"
[[lists]]
name = "monthly"
frequency = "monthly"
day = 31
hour = 18
timezone = "America/New_York"
"""
NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
Run = Callable[..., str]


@pytest.fixture
def run(publication: Publication, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setattr(command, "now", lambda: NOW)

    def run(*argv: str) -> str:
        assert main.main(["lists", "-C", str(publication.root), *argv]) == 0
        told = capsys.readouterr()
        return told.out + told.err

    return run


def subscribe(publication: Publication, count: int, name: str = "weekly") -> None:
    settings = publication.settings
    with database.open_mail(settings, NOW) as mail:
        subscribers = Subscribers(settings, mail.secrets())
        with mail.begin() as connection:
            mailing_list = next(one for one in settings.lists if one.name == name)
            for number in range(count):
                address = f"{name}{number}@example.org"
                subscribers.add(connection, mailing_list, address, NOW - timedelta(days=1), kept="a form")


def test_no_lists(run: Run) -> None:
    assert run() == "no lists; [[lists]] in feeder.toml makes one\n"
    assert json.loads(run("--json")) == {"version": 1, "lists": []}


def test_a_table_without_a_database(publication: Publication, run: Run, golden: Callable[[str, str], None]) -> None:
    publication.configure(LISTS)
    told = run()
    golden("cli/lists.txt", told)
    head, *lines = told.splitlines()
    column = width(head) - len("next digest")
    # The last column stands below its heading, also behind Chinese titles.
    assert {width(line[: line.index("2026-")]) for line in lines if "2026-" in line} == {column}
    assert not (publication.root / ".feeder/mail.db").exists()


def test_subscriptions_are_counted(publication: Publication, run: Run) -> None:
    publication.configure(LISTS)
    subscribe(publication, 3)
    found = json.loads(run("--json"))
    assert found["lists"][0] == {
        "name": "weekly",
        "title": "每周新闻",
        "frequency": "weekly",
        "allowed": ["weekly", "daily"],
        "schedule": "weekly, Monday 08:00 (Asia/Shanghai)",
        "subscribers": {"pending": 0, "active": 3, "paused": 0, "ended": 0},
        "next": "2026-11-23T08:00:00+08:00",
    }
    assert found["lists"][1]["next"] is None
    assert found["lists"][2]["next"] == "2026-11-30T18:00:00-05:00"
    assert " 3 " in run().splitlines()[1]


def test_a_list_that_is_gone_keeps_its_subscribers_and_is_named(publication: Publication, run: Run) -> None:
    publication.configure(LISTS)
    subscribe(publication, 2, "breaking")
    publication.configure('[[lists]]\nname = "weekly"\n')
    assert "list `breaking` has subscribers, and is not in feeder.toml" in run()
