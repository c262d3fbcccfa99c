"""Preferences: one page for all that a person is subscribed to, and her data."""

from __future__ import annotations

import email
import email.policy
import json
import re
from datetime import timedelta

import pytest
from mail.newsdesk import text_of
from sqlalchemy import select
from web.visitors import Answer, House

from feeder.errors import Locked
from feeder.mail.database import MailDatabase
from feeder.mail.schema import suppression
from feeder.mail.subscribers import Subscribers
from feeder.mail.subscribers.choices import Choice
from feeder.mail.subscribers.suppression import Reason
from feeder.mail.tokens import Purpose

SECOND = """
[[lists]]
name = "deep"
title = "深度"
"""


def path(house: House, name: str = "weekly") -> str:
    return f"/preferences/{house.token('preferences', name=name)}"


def do(house: House, what: str, name: str = "weekly", **fields: object) -> Answer:
    return house.post(path(house), do=what, list=name, **fields)


def chosen(house: House, name: str = "weekly") -> Choice:
    person = house.person()
    assert person is not None
    known = person.on(name)
    assert known is not None
    return known.choice


def test_everything_of_a_person_is_on_one_page_the_list_of_the_mail_first(served: House) -> None:
    served.join()
    served.join(name="chips")
    before = served.everything()
    chinese, english = served.get(path(served)).text, served.get(path(served, "chips")).text
    assert served.everything() == before
    assert chinese.index("每周新闻</h2>") < chinese.index("Chips Daily</h2>")
    assert english.index("Chips Daily</h2>") < english.index("每周新闻</h2>")
    assert '<h2 id="chips-title" lang="en">' in chinese
    for page in (chinese, english):
        assert "ana@example.com" in page


def test_choices_are_kept_and_shown(served: House) -> None:
    for n, tag in enumerate(["芯片", "芯片", "融资"]):
        served.desk.entry(f"e{n}", title=f"新闻 {n}", date="2026-11-20", tags=f"[{tag}]")
    served.desk.run()
    served.join()
    answer = do(
        served, "change", frequency="daily", hour="21", zone="Europe/Berlin", language="en", tag=["芯片", "融资"]
    )  # fmt: skip
    assert answer.status == 303
    assert chosen(served) == Choice(
        frequency="daily", hour=21, timezone="Europe/Berlin", tags=("芯片", "融资"), language="en"
    )
    page = served.get(answer.headers["Location"]).text
    assert "已保存。" in page
    assert '<option value="21" selected>' in page
    assert "<option selected>Europe/Berlin</option>" in page
    assert '<option value="en" selected>' in page
    assert page.count('name="tag"') == page.count(" checked> 芯片") + page.count(" checked> 融资") == 2
    do(served, "change", frequency="weekly", hour="", zone="", language="")
    assert chosen(served) == Choice(frequency="weekly")
    assert served.office.rung == ["entries", "entries"], "the next digest may be due at another time"


@pytest.mark.parametrize(
    "wrong",
    [
        {"frequency": "monthly"}, {"frequency": "hourly"}, {"hour": "24"}, {"hour": "-1"}, {"hour": "٣"},
        {"zone": "Mars/Olympus"}, {"zone": "../../etc/passwd"}, {"zone": "Asia/Shanghai\0"}, {"language": "x" * 99},
        {"language": '"><script>'}, {"tag": [str(n) for n in range(60)]},
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_chosen_is_refused_and_changes_nothing(served: House, wrong: dict[str, object]) -> None:
    served.join()
    before = served.everything()
    answer = do(served, "change", **{"frequency": "daily", **wrong})
    assert answer.status == 422
    assert "没能保存" in answer.text
    assert "<script>" not in answer.text
    assert served.everything() == before


def test_a_frequency_that_is_no_longer_offered_may_be_kept(served: House) -> None:
    served.join()
    with served.database.begin() as connection:
        connection.exec_driver_sql("UPDATE subscription SET frequency = 'monthly'")
    assert 'value="monthly" checked' in served.get(path(served)).text
    assert do(served, "change", frequency="monthly", hour="9").status == 303
    assert chosen(served) == Choice(frequency="monthly", hour=9)


def test_pause_and_go_on(served: House) -> None:
    served.join()
    assert do(served, "pause").headers["Location"].endswith("?done=paused")
    assert served.state() == "paused"
    page = served.get(path(served)).text
    assert 'value="resume"' in page
    assert 'value="pause"' not in page
    do(served, "resume")
    assert served.state() == "active"


def test_leaving_one_list_and_all(served: House) -> None:
    served.join()
    served.join(name="chips")
    do(served, "end", "chips")
    assert (served.state(), served.state(name="chips")) == ("active", "ended")
    assert "/subscribe/chips" in served.get(path(served)).text
    served.post(path(served), do="end-all")
    assert served.state() == "ended"
    assert 'value="end-all"' not in served.get(path(served)).text


@pytest.mark.parametrize(
    "fields", [{}, {"do": "change"}, {"do": "pause", "list": "chips"}, {"do": "drop", "list": "weekly"}], ids=str
)
def test_what_is_no_button_of_the_page_does_nothing(served: House, fields: dict[str, str]) -> None:
    served.join()
    before = served.everything()
    assert served.post(path(served), **fields).status == 400
    assert served.everything() == before


def test_a_list_that_waits_can_be_confirmed_on_the_page(served: House) -> None:
    served.join()
    served.subscribe("ana@example.com", "chips")
    page = served.get(path(served)).text
    assert "等待您确认" in page
    assert '<button name="do" value="confirm" aria-label="确认订阅：Chips Daily">' in page
    assert served.state(name="chips") == "pending"
    served.office.rung.clear()
    answer = do(served, "confirm", "chips")
    assert (answer.status, answer.headers["Location"].rpartition("?")[2]) == (303, "done=confirmed")
    assert "已确认，订阅成功。" in served.get(answer.headers["Location"]).text
    assert served.state(name="chips") == "active"
    assert sorted(served.office.rung) == ["entries", "mail"]
    person = served.person()
    assert person is not None
    assert person.on("chips").consent[-1]["how"] == "preferences"
    assert do(served, "confirm", "chips").status == 303, "twice is as once"
    do(served, "end", "chips")
    assert do(served, "confirm", "chips").status == 400
    assert served.state(name="chips") == "ended"


def test_a_bounce_or_a_complaint_is_not_lifted_by_an_old_link(served: House) -> None:
    person = served.join()
    with served.database.begin() as connection:
        people = Subscribers(served.settings, served.database.secrets())
        people.suppress(connection, person.key, "complaint", served.office.time)
    served.subscribe("ana@example.com", "chips")
    page = served.get(path(served)).text
    assert "请点击确认邮件里的按钮" in page
    assert 'value="confirm"' not in page
    assert do(served, "confirm", "chips").status == 400
    assert served.state(name="chips") == "pending"


def test_what_is_ended_or_pending_is_not_made_active_by_a_change(served: House) -> None:
    served.subscribe("ana@example.com")
    for what in ("change", "resume"):
        do(served, what, frequency="daily")
    assert served.state() == "pending"
    do(served, "end")
    for what in ("change", "resume", "pause"):
        do(served, what, frequency="daily")
    assert served.state() == "ended"


def test_a_message_in_the_address_is_only_ours(served: House) -> None:
    served.join()
    page = served.get(f"{path(served)}?done=%3Cscript%3Ealert(1)%3C/script%3E").text
    assert "alert" not in page


def test_after_ninety_days_the_link_is_too_old(served: House) -> None:
    served.join()
    address = path(served)
    served.office.time += timedelta(days=90, seconds=1)
    assert served.get(address).status == 404


# Her data


def data(house: House, name: str = "weekly") -> str:
    return f"/preferences/{house.token('data', name=name)}"


@pytest.mark.parametrize("name", ["weekly", "gone"])
def test_the_link_to_her_data_is_mailed_to_her_and_once_a_day(served: House, name: str) -> None:
    served.join()
    if name == "gone":
        with served.database.begin() as connection:
            connection.exec_driver_sql("UPDATE subscription SET list = 'gone'")
    assert "把链接寄给我</button>" in served.get(path(served, name)).text
    for _ in range(3):
        answer = served.post(path(served, name), do="data")
        assert (answer.status, answer.headers["Location"]) == (303, f"{path(served, name)}?done=data")
    (row,) = served.notices()
    assert (row.kind, row.address, row.list) == ("data", "ana@example.com", "weekly" if name == "weekly" else "")
    assert served.office.rung == ["mail"] * 3
    assert "您的邮箱" in served.get(answer.headers["Location"]).text
    letter = email.message_from_bytes(row.data, policy=email.policy.default)
    found = re.search(r"https://subscribe\.example\.org(/preferences/\S+/data)\s", text_of(letter))
    assert found is not None
    page = served.get(found[1])
    assert "ana@example.com" in page.text
    assert [served.get(link).status for link in re.findall(r'href="(/preferences/[^"]*)"', page.text)] == [200, 200]
    served.office.time += timedelta(days=1, seconds=1)
    assert served.get(found[1]).status == 404
    served.post(path(served, name), do="data")
    assert len(served.notices()) == 2


@pytest.mark.parametrize("reason", ["bounce", "complaint"])
def test_who_gets_no_mail_any_more_can_have_her_data_erased_all_the_same(served: House, reason: Reason) -> None:
    served.join()
    with served.database.begin() as connection:
        people = Subscribers(served.settings, served.database.secrets())
        people.suppress(connection, "ana@example.com", reason, served.office.time)
    served.post(path(served), do="data")
    assert [one.kind for one in served.notices()] == ["data"]


def test_the_export_is_everything_about_her_and_nobody_else(served: House) -> None:
    served.join()
    served.join("bob@example.com")
    before = served.everything()
    answer = served.get(f"{data(served)}/data.json")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="my-data.json"'
    assert answer.headers["Content-Type"] == "application/json"
    found = json.loads(answer.body)
    assert found["address"] == "ana@example.com"
    assert [one["list"] for one in found["subscriptions"]] == ["weekly"]
    assert "bob" not in answer.text
    assert served.everything() == before


def test_who_was_erased_hears_so_also_where_the_file_cannot_be_cleared(
    served: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(_database: MailDatabase) -> None:
        raise Locked

    served.join()
    address = f"{data(served)}/erase"
    monkeypatch.setattr(MailDatabase, "scrub", locked)
    assert served.post(address).status == 200
    assert served.person() is None


def test_erasing_asks_once_more_and_leaves_nothing_but_a_hash(served: House) -> None:
    served.join()
    address, leave = f"{data(served)}/erase", f"/unsubscribe/{served.token('unsubscribe')}"
    preferences = path(served)
    before, page = served.everything(), served.get(address)
    assert "全部删除</button>" in page.text
    assert served.everything() == before
    assert "您的数据已经删除" in served.post(address).text
    assert served.person() is None
    with served.database.read() as connection:
        (row,) = connection.execute(select(suppression)).all()
    assert row.reason == "erasure"
    assert not [line for line in served.everything() if "ana@example" in line]
    # The links are worth nothing any more, and that of the last mail still answers a mail program.
    assert served.post(address).status == served.get(preferences).status == 404
    assert served.ask("POST", leave).status == 200


@pytest.mark.parametrize("purpose", ["unsubscribe", "confirm", "data", "form"])
def test_only_a_token_to_the_preferences_opens_them(served: House, purpose: Purpose) -> None:
    require_closed(served, purpose, ("",))


@pytest.mark.parametrize("purpose", ["unsubscribe", "confirm", "preferences", "form"])
def test_a_digest_that_was_forwarded_neither_shows_nor_erases_her_data(served: House, purpose: Purpose) -> None:
    require_closed(served, purpose, ("/data", "/data.json", "/erase"))


def require_closed(served: House, purpose: Purpose, rests: tuple[str, ...]) -> None:
    served.join()
    before, token = served.everything(), served.token(purpose)
    answers = [served.get(f"/preferences/{token}{rest}") for rest in rests]
    answers += [served.post(f"/preferences/{token}{rest}", do="end-all") for rest in rests if rest in ("", "/erase")]
    assert {answer.status for answer in answers} == {404}
    assert len({answer.body for answer in answers}) == 1
    assert served.everything() == before
