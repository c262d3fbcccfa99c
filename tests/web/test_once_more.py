"""The mail database cannot be had in time: nobody is told that it was done, and what was asked for is not lost."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path

import pytest
from web.visitors import ENGLISH, House, house

from feeder.web import debts, records

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def hasty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """Pages that wait for next to no time."""
    monkeypatch.setattr(records, "PATIENCE", 0.1)
    monkeypatch.setattr(debts, "AGAIN", 0.05)
    with house(tmp_path, ENGLISH) as opened:
        yield opened


def eventually(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


def fields_of(page: str) -> dict[str, str]:
    """What the button of a page sends: to the same address, since the form names no other."""
    assert '<form method="post">' in page
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    return {unescape(name): unescape(value) for name, value in found}


def test_one_click_is_done_as_soon_as_it_can_be(hasty: House) -> None:
    for number in range(3):
        hasty.join(f"p{number}@example.com")
    paths = [f"/unsubscribe/{hasty.token('unsubscribe', f'p{number}@example.com')}" for number in range(3)]
    with hasty.database.begin():
        answers = [hasty.ask("POST", path, ONE_CLICK) for path in paths]
    assert [(one.status, one.headers["Retry-After"]) for one in answers] == [(503, "60")] * 3
    eventually(lambda: {hasty.state(f"p{number}@example.com") for number in range(3)} == {"ended"})


def test_a_button_sends_the_same_once_more_in_her_language(hasty: House) -> None:
    hasty.join(name="chips")
    path = f"/unsubscribe/{hasty.token('unsubscribe', name='chips')}"
    with hasty.database.begin():
        told = hasty.post(path, scope="list", note='<"&>')
    assert told.status == 503
    assert '<html lang="en"' in told.text
    assert "Try again" in told.text
    assert "再试一次" not in told.text
    assert fields_of(told.text) == {"scope": "list", "note": '<"&>'}
    done = hasty.post(path, **fields_of(told.text))
    assert (done.status, hasty.state(name="chips")) == (200, "ended")


def test_choices_are_sent_once_more_too(hasty: House) -> None:
    hasty.join()
    path = f"/preferences/{hasty.token('preferences')}"
    with hasty.database.begin():
        told = hasty.post(path, do="change", list="weekly", hour="7", zone="Europe/Paris", frequency="weekly")
    assert told.status == 503
    assert "再试一次" in told.text
    assert hasty.post(path, **fields_of(told.text)).status == 303
    person = hasty.person()
    known = person.on("weekly") if person is not None else None
    assert known is not None
    assert known.choice.hour == 7


def test_who_only_looked_gets_no_button(hasty: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "LINE", 0)
    hasty.join()
    told = hasty.get(f"/preferences/{hasty.token('preferences')}")
    assert told.status == 503
    assert "<form" not in told.text
