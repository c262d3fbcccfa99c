"""Preferences: one page for all that a person is subscribed to, and her data."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import select
from web.visitors import Answer, House

from feeder.mail.schema import suppression
from feeder.mail.subscribers.choices import Choice

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


def test_the_export_is_everything_about_her_and_nobody_else(served: House) -> None:
    served.join()
    served.join("bob@example.com")
    before = served.everything()
    answer = served.get(f"{path(served)}/data.json")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="my-data.json"'
    assert answer.headers["Content-Type"] == "application/json"
    found = json.loads(answer.body)
    assert found["address"] == "ana@example.com"
    assert [one["list"] for one in found["subscriptions"]] == ["weekly"]
    assert "bob" not in answer.text
    assert served.everything() == before


def test_erasing_asks_once_more_and_leaves_nothing_but_a_hash(served: House) -> None:
    served.join()
    address, leave = f"{path(served)}/erase", f"/unsubscribe/{served.token('unsubscribe')}"
    before, page = served.everything(), served.get(address)
    assert "全部删除</button>" in page.text
    assert served.everything() == before
    assert "您的数据已经删除" in served.post(address).text
    assert served.person() is None
    with served.database.read() as connection:
        (row,) = connection.execute(select(suppression)).all()
    assert row.reason == "erasure"
    assert not [line for line in served.everything() if "ana@example" in line]
    # The link is worth nothing any more, and that of the last mail still answers a mail program.
    assert served.post(address).status == served.get(path_of(address)).status == 404
    assert served.ask("POST", leave).status == 200


def path_of(address: str) -> str:
    return address.removesuffix("/erase")


@pytest.mark.parametrize("purpose", ["unsubscribe", "confirm", "form"])
def test_only_a_token_to_the_preferences_opens_them(served: House, purpose: str) -> None:
    served.join()
    before, token = served.everything(), served.token(purpose)  # type: ignore[arg-type]
    refused = {
        (answer.status, answer.body)
        for method, rest in (
            ("GET", ""), ("GET", "/data.json"), ("GET", "/erase"),
        )
        for answer in [served.ask(method, f"/preferences/{token}{rest}")]
    }  # fmt: skip
    refused |= {
        (answer.status, answer.body)
        for rest in ("", "/erase")
        for answer in [served.post(f"/preferences/{token}{rest}", do="end-all")]
    }
    assert len(refused) == 1
    assert refused.pop()[0] == 404
    assert served.everything() == before
