"""Unsubscribing: by one click of a mail program (RFC 8058), and by the buttons of a page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from mail.desk import populate
from support import soak
from web.visitors import FORM, House, at_once

from feeder.mail.database import FILE
from feeder.mail.subscribers import Subscribers, persons

ONE_CLICK = b"List-Unsubscribe=One-Click"
MULTIPART = (
    b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n',
    "multipart/form-data; boundary=x",
)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (ONE_CLICK, FORM), (ONE_CLICK, f"{FORM}; charset=UTF-8"), MULTIPART, (b"", ""), (ONE_CLICK, "text/plain"),
        (b"\xff\x00", FORM),
    ],
    ids=["form", "charset", "multipart", "nothing", "plain", "rubbish"],
)  # fmt: skip
def test_one_click(served: House, body: bytes, kind: str) -> None:
    served.join()
    path = f"/unsubscribe/{served.token('unsubscribe')}"
    for _ in range(2):
        answer = served.ask("POST", path, body, {"Content-Type": kind} if kind else {})
        assert (answer.status, answer.body) == (200, b"unsubscribed\n")
        assert not {"set-cookie", "location"} & {name.lower() for name in answer.headers}
    assert served.state() == "ended"
    person = served.person()
    assert person is not None
    assert [one["what"] for one in person.subscriptions[0].consent] == ["on record", "ended"]


def test_one_click_for_whoever_is_gone_is_answered_alike(served: House) -> None:
    person = served.join()
    token = served.token("unsubscribe")
    first = served.ask("POST", f"/unsubscribe/{token}", ONE_CLICK)
    with served.database.begin() as connection:
        Subscribers(served.settings, served.database.secrets()).forget(connection, person.key, served.office.time)
    for path in (token, served.tokens.make("unsubscribe", 999, "weekly"), served.tokens.make("unsubscribe", 1, "gone")):
        answer = served.ask("POST", f"/unsubscribe/{path}", ONE_CLICK, {"Content-Type": FORM})
        assert (answer.status, answer.body) == (first.status, first.body)


def test_one_click_ends_one_list_and_a_token_of_all_ends_all(served: House) -> None:
    served.join()
    served.join(name="chips")
    served.ask("POST", f"/unsubscribe/{served.token('unsubscribe')}", ONE_CLICK)
    assert (served.state(), served.state(name="chips")) == ("ended", "active")
    served.ask("POST", f"/unsubscribe/{served.token('unsubscribe', name='')}", ONE_CLICK)
    assert served.state(name="chips") == "ended"


def test_a_token_of_years_ago_is_good(served: House) -> None:
    served.join()
    path = f"/unsubscribe/{served.tokens.make('unsubscribe', 1, 'weekly')}"
    served.office.time += timedelta(days=4000)
    assert served.ask("POST", path, ONE_CLICK).status == 200
    assert served.state() == "ended"


def test_the_page_has_a_button_and_looks_nobody_up(served: House) -> None:
    person = served.join()
    path = f"/unsubscribe/{served.token('unsubscribe')}"
    before, page = served.everything(), served.get(path)
    assert "退订《每周新闻》" in page.text
    assert "ana@" not in page.text
    assert served.ask("HEAD", path).status == 200
    assert served.everything() == before
    with served.database.begin() as connection:
        Subscribers(served.settings, served.database.secrets()).forget(connection, person.key, served.office.time)
    assert served.get(path).body == page.body


def test_the_buttons(served: House) -> None:
    served.join()
    served.join(name="chips")
    path = f"/unsubscribe/{served.token('unsubscribe', name='chips')}"
    answer = served.post(path, scope="list")
    assert "Chips Daily will not come to you any more" in answer.text
    assert "/subscribe/chips" in answer.text
    assert (served.state(), served.state(name="chips")) == ("active", "ended")
    assert "No mail from 测试新闻" in served.post(path, scope="all").text
    assert served.state() == "ended"
    assert served.notices() == [], "whoever leaves by her own link is not written to again"


def test_a_list_that_is_no_longer_in_the_settings_can_be_left(served: House) -> None:
    served.join()
    with served.database.begin() as connection:
        connection.exec_driver_sql("UPDATE subscription SET list = 'old'")
    path = f"/unsubscribe/{served.tokens.make('unsubscribe', 1, 'old')}"
    assert "退订《old》" in served.get(path).text
    assert served.post(path, scope="list").status == 200
    assert served.state(name="old") == "ended"


def test_a_token_of_all_has_one_button(served: House) -> None:
    served.join()
    page = served.get(f"/unsubscribe/{served.token('unsubscribe', name='')}").text
    assert "退订所有邮件" in page
    assert page.count("<button") == 1


def test_many_at_once_are_all_answered_and_all_gone(served: House) -> None:
    many = soak(200, 5000)
    populate(str(served.desk.root / FILE), many, through=lambda _: 0)
    paths = [f"/unsubscribe/{served.tokens.make('unsubscribe', n + 1, 'weekly')}" for n in range(many)]
    answers = at_once(lambda n: served.ask("POST", paths[n], ONE_CLICK, {"Content-Type": FORM}).status, many)
    assert answers == [200] * many
    with served.database.read() as connection:
        assert persons.census(connection) == {("weekly", "ended"): many}
