"""Subscribing: a form, a confirmation by mail, and one answer for everybody (promises 14 and 15)."""

from __future__ import annotations

import asyncio
import email
import email.policy
import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from web.visitors import House

from feeder.mail.compose import Composer
from feeder.mail.subscribers import Subscribers
from feeder.web.subscriptions import subscribing

ADDRESS = "ana@example.com"
EVIL = '"><script>alert(1)</script>'


def test_the_form_is_in_the_language_of_the_list(served: House) -> None:
    chinese, english = served.get("/subscribe/weekly"), served.get("/subscribe/chips")
    assert '<html lang="zh-CN"' in chinese.text
    assert "订阅《每周新闻》" in chinese.text
    assert '<html lang="en"' in english.text
    assert "Subscribe to Chips Daily" in english.text
    assert served.get("/subscribe/nothing").status == 404


def test_showing_the_form_changes_nothing(served: House) -> None:
    before = served.everything()
    for method in ("GET", "HEAD"):
        for path in ("/subscribe/", "/subscribe/weekly", "/subscribe/weekly?email=a@b.example"):
            assert served.ask(method, path).status == 200
    assert served.everything() == before


def test_a_confirmation_is_queued_and_sent_at_once(served: House) -> None:
    answer = served.subscribe(ADDRESS, frequency="daily")
    assert answer.status == 200
    assert ADDRESS in answer.text
    assert served.state() == "pending"
    assert [(one.kind, one.address, one.state) for one in served.notices()] == [("confirm", ADDRESS, "queued")]
    assert served.office.rung == ["mail"]
    person = served.person()
    assert person is not None
    known = person.subscriptions[0]
    assert (known.choice.frequency, known.choice.timezone, known.origin) == ("daily", "", "web")


def test_what_was_agreed_to_is_kept(served: House) -> None:
    words = re.search("点击“订阅”[^<]*", served.get("/subscribe/weekly").text)
    assert words is not None
    served.subscribe(ADDRESS)
    person = served.person()
    assert person is not None
    assert person.subscriptions[0].consent == (
        {
            "what": "asked",
            "at": "2026-11-28T09:00:00Z",
            "text": words[0],
            "page": "https://subscribe.example.org/subscribe/weekly",
            "how": "web",
        },
    )


def test_the_zone_of_the_device_is_taken_where_it_is_one(served: House) -> None:
    for address, zone, kept in (("a@example.com", "Europe/Berlin", "Europe/Berlin"), ("b@example.com", "Mars/X", "")):
        served.subscribe(address, zone=zone)
        person = served.person(address)
        assert person is not None
        assert person.subscriptions[0].choice.timezone == kept


def test_nothing_a_visitor_wrote_is_in_the_confirmation(served: House) -> None:
    served.subscribe(
        ADDRESS, name="BUY THIS NOW", comment="https://evil.example/", frequency="weekly", zone="Asia/Tokyo"
    )
    (row,) = served.notices()
    letter = email.message_from_bytes(row.data, policy=email.policy.default)
    told = row.data.decode("ascii", "replace") + "".join(
        part.get_content() for part in letter.walk() if part.get_content_maintype() == "text"
    )
    for word in ("BUY", "evil", "Tokyo"):
        assert word not in told


@pytest.mark.parametrize(
    "typed", ["", "ana", "ana@", "@example.com", "a b@example.com", "ana@localhost", "x" * 300 + "@example.com", EVIL]
)
def test_what_is_no_address_comes_back_to_be_mended(served: House, typed: str) -> None:
    before = served.everything()
    answer = served.subscribe(typed, frequency="daily")
    assert answer.status == 422
    assert 'aria-invalid="true"' in answer.text
    assert 'value="daily" checked' in answer.text
    assert "<script>alert" not in answer.text
    assert served.everything() == before


def test_an_address_that_can_be_mended_is(served: House) -> None:
    assert served.subscribe(" ａｎａ＠ｅｘａｍｐｌｅ．ｃｏｍ ").status == 200
    assert served.state() == "pending"


def test_a_frequency_that_is_not_on_offer_is_refused(served: House) -> None:
    before = served.everything()
    assert served.subscribe(ADDRESS, frequency="monthly").status == 422
    assert served.everything() == before


# Promise 14: whoever asks learns nothing


def _prepare(house: House, state: str) -> None:
    if state == "new":
        return
    if state == "pending":
        house.subscribe(ADDRESS)
        return
    person = house.join(ADDRESS)
    with house.database.begin() as connection:
        people = Subscribers(house.settings, house.database.secrets())
        known = person.subscriptions[0]
        if state in ("bounce", "complaint"):
            people.suppress(connection, person.key, state, house.office.time)  # type: ignore[arg-type]
        elif state == "erased":
            people.forget(connection, person.key, house.office.time)
        elif state == "ended":
            people.end(connection, known, house.office.time)
        elif state == "paused":
            people.pause(connection, known, house.office.time)


STATES = ["new", "pending", "active", "paused", "ended", "bounce", "complaint", "erased"]


def _seen(house: House, monkeypatch: pytest.MonkeyPatch) -> tuple[object, ...]:
    """What a stranger sees, and what there was to do for it."""
    written: list[str] = []
    notice = Composer.notice

    def counted(self: Composer, kind: str, *args: object, **told: object) -> object:
        written.append(kind)
        return notice(self, kind, *args, **told)  # type: ignore[arg-type]

    monkeypatch.setattr(Composer, "notice", counted)
    answer = house.subscribe(ADDRESS)
    monkeypatch.setattr(Composer, "notice", notice)
    headers = [(name, value) for name, value in answer.headers.items() if name != "date"]
    return answer.status, answer.body, headers, len(written)


@pytest.mark.parametrize("state", STATES[1:])
def test_everybody_gets_the_same_answer_for_the_same_work(
    served: House, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = _seen(served, monkeypatch)
    with served.database.begin() as connection:
        for table in ("subscriber", "subscription", "notice", "asking"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    _prepare(served, state)
    assert _seen(served, monkeypatch) == new
    assert new[3] == 1, "one mail is written, whether it is sent or not"


def test_the_answer_takes_its_time_whatever_there_was_to_do(served: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscribing, "FLOOR", 600.0)  # longer than any machine takes for an answer
    waited: list[float] = []

    async def counted(seconds: float) -> None:
        waited.append(seconds)

    clock = SimpleNamespace(sleep=counted, get_running_loop=asyncio.get_running_loop)
    monkeypatch.setattr(subscribing, "asyncio", clock)
    for fields in ({}, {}, {subscribing.TRAP: "x"}, {"token": ""}, {"frequency": "monthly"}):
        served.subscribe(ADDRESS, **fields)
    assert len(waited) == 5
    assert all(0 < seconds <= 600 for seconds in waited)


def test_asking_again_leaves_a_subscriber_as_she_is(served: House) -> None:
    served.join(ADDRESS)
    before = served.person()
    served.subscribe(ADDRESS, frequency="daily")
    assert served.person() == before
    assert [one.kind for one in served.notices()] == ["already"]


# Programs


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_page_cannot_ask_with_a_visitors_browser(served: House, site: str) -> None:
    before = served.everything()
    fields = {"email": ADDRESS, "token": served.form_token(), "frequency": "daily"}
    answer = served.ask("POST", "/subscribe/weekly", fields, {"Sec-Fetch-Site": site})
    assert answer.status == 422
    assert answer.field("email") == ADDRESS
    assert served.everything() == before
    served.office.time += timedelta(seconds=5)
    again = {"email": ADDRESS, "token": answer.field("token")}
    assert served.ask("POST", "/subscribe/weekly", again, {"Sec-Fetch-Site": "same-origin"}).status == 200
    assert served.state() == "pending"


def test_a_form_that_was_filled_in_too_fast_comes_again_with_what_was_typed(served: House) -> None:
    token = served.form_token(age=timedelta(seconds=1))
    answer = served.post("/subscribe/weekly", email=ADDRESS, token=token, frequency="daily")
    assert answer.status == 422
    assert "再点一次" in answer.text
    assert (answer.field("email"), answer.field("token")) == (ADDRESS, token)
    assert 'value="daily" checked' in answer.text
    assert served.state() == ""
    served.office.time += timedelta(seconds=1)
    assert served.post("/subscribe/weekly", email=ADDRESS, token=answer.field("token")).status == 200
    assert served.state() == "pending"


@pytest.mark.parametrize("age", [timedelta(hours=13), timedelta(days=300), timedelta(days=-2)])
def test_a_page_that_was_open_for_long_comes_again_with_a_token_that_is_good(served: House, age: timedelta) -> None:
    answer = served.post("/subscribe/weekly", email=ADDRESS, token=served.form_token(age=age))
    assert answer.status == 422
    assert answer.field("email") == ADDRESS
    assert served.state() == ""
    served.office.time += timedelta(seconds=3)
    assert served.post("/subscribe/weekly", email=ADDRESS, token=answer.field("token")).status == 200


def test_a_token_of_another_list_or_purpose_is_none(served: House) -> None:
    served.join(ADDRESS)
    before = served.everything()
    for token in (served.form_token("chips"), served.token("confirm"), served.token("preferences"), "", "x", EVIL):
        answer = served.post("/subscribe/weekly", email="new@example.com", token=token)
        assert answer.status == 422
        assert "<script>alert" not in answer.text
    assert served.everything() == before


def test_the_trap_answers_as_if_it_had_worked_and_does_nothing(served: House) -> None:
    before = served.everything()
    trapped = served.subscribe(ADDRESS, **{subscribing.TRAP: "SEO"})
    assert served.everything() == before
    assert trapped.body == served.subscribe(ADDRESS).body


# The overview


def test_all_lists_are_on_one_page_unless_the_site_has_one(served: House) -> None:
    own = served.get("/subscribe/").text
    assert "/subscribe/weekly" in own
    assert "/subscribe/chips" in own
    served.desk.entry("a", title="新闻", date="2026-11-20")
    served.desk.run()
    assert "feeds.opml" in served.get("/subscribe/").text
    assert "订阅《每周新闻》" in served.get("/subscribe/weekly").text


def test_a_form_on_another_page_leads_to_ours_with_what_was_typed(served: House) -> None:
    answer = served.post("/subscribe/weekly", email=ADDRESS, frequency="daily")
    assert "还差一步" in answer.text
    assert answer.field("email") == ADDRESS
    assert 'value="daily" checked' in answer.text
    assert served.state() == ""
    served.office.time += timedelta(seconds=3)
    assert served.post("/subscribe/weekly", email=ADDRESS, token=answer.field("token")).status == 200
