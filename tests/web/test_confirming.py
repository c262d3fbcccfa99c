"""Confirming: the person's own word, by a button."""

from __future__ import annotations

from datetime import timedelta

from web.visitors import House

from feeder.mail.subscribers import Subscribers


def test_the_button_confirms_and_leads_to_the_preferences(served: House) -> None:
    served.subscribe("ana@example.com", frequency="daily")
    path = f"/confirm/{served.token('confirm')}"
    before = served.everything()
    assert "<button>确认订阅</button>" in served.get(path).text
    assert served.ask("HEAD", path).status == 200
    assert served.everything() == before
    answer = served.ask("POST", path)
    assert answer.status == 200
    assert "您已订阅《每周新闻》（每天）" in answer.text
    assert served.state() == "active"
    assert served.office.rung == ["mail", "mail", "entries"], "a welcome leaves at once, and more may be due"
    mine = answer.text.partition('<p class="ways"><a href="')[2].partition('"')[0]
    assert "ana@example.com" in served.get(mine).text


def test_a_second_list_of_the_same_day_is_confirmed_by_the_one_mail(served: House) -> None:
    served.subscribe("ana@example.com")
    served.subscribe("ana@example.com", "chips")
    assert len(served.notices("confirm")) == 1
    path = f"/confirm/{served.token('confirm')}"
    page = served.post(path)
    assert 'name="list" value="chips"' in page.text
    assert served.state(name="chips") == "pending", "only a press of her own confirms it"
    last = served.post(path, list="chips")
    assert "Chips Daily will come to you" in last.text
    assert 'name="list"' not in last.text
    assert served.state(name="chips") == "active"


def test_the_link_says_what_is_true_when_it_is_opened_again(served: House) -> None:
    served.subscribe("ana@example.com")
    path = f"/confirm/{served.token('confirm')}"
    done = served.post(path)
    served.subscribe("ana@example.com", "chips")
    before = served.everything()
    page = served.get(path)
    assert "<h1>订阅成功</h1>" in page.text
    assert "还差一步" not in page.text
    assert 'name="list" value="chips"' in page.text
    assert 'name="list"' not in done.text
    assert served.everything() == before


def test_nothing_to_confirm_is_said_before_a_button_is_pressed(served: House) -> None:
    person = served.join()
    ended = f"/confirm/{served.token('confirm')}"
    served.ask("POST", f"/unsubscribe/{served.token('unsubscribe')}")
    unknown = f"/confirm/{served.tokens.make('confirm', person.id + 9, 'weekly', served.office.time)}"
    another = f"/confirm/{served.tokens.make('confirm', person.id, 'chips', served.office.time)}"
    for path in (ended, unknown, another):
        answer = served.get(path)
        assert (answer.status, answer.body) == (404, served.get("/confirm/x").body)


def test_who_was_erased_may_come_back_the_same_day(served: House) -> None:
    served.subscribe("ana@example.com")
    old = f"/confirm/{served.token('confirm')}"
    served.office.time += timedelta(minutes=1)
    served.post(old)
    served.office.time += timedelta(minutes=1)
    served.post(f"/preferences/{served.token('data')}/erase")
    assert served.get(old).status == 404
    served.office.time += timedelta(minutes=1)
    served.subscribe("ana@example.com")
    assert [one.address for one in served.notices("confirm")] == ["ana@example.com"], "a mail of today, anew"
    served.office.time += timedelta(minutes=1)
    served.post(f"/confirm/{served.token('confirm')}")
    assert served.state() == "active"


def test_a_link_confirms_nothing_that_was_not_asked_for(served: House) -> None:
    served.subscribe("ana@example.com")
    path = f"/confirm/{served.token('confirm')}"
    for name in ("chips", "nothing", "\0", "x" * 300):
        assert served.post(path, list=name).status == 404
    assert served.state() == "pending"


def test_twice_is_as_once(served: House) -> None:
    served.subscribe("ana@example.com")
    path = f"/confirm/{served.token('confirm')}"
    first = served.ask("POST", path, {})
    before = served.person()
    second = served.ask("POST", path, {})
    assert (second.status, second.body) == (first.status, first.body)
    assert served.person() == before


def test_an_unsubscribe_after_the_mail_was_sent_stays(served: House) -> None:
    served.subscribe("ana@example.com")
    token = served.token("confirm")
    served.ask("POST", f"/unsubscribe/{served.token('unsubscribe')}")
    answer = served.ask("POST", f"/confirm/{token}")
    assert served.state() == "ended"
    assert (answer.status, answer.body) == (404, served.get("/confirm/x").body)


def test_after_seven_days_it_is_too_late(served: House) -> None:
    served.subscribe("ana@example.com")
    token = served.token("confirm")
    served.office.time += timedelta(days=7, seconds=1)
    for method in ("GET", "POST"):
        assert served.ask(method, f"/confirm/{token}").status == 404
    assert served.state() == "pending"


def test_a_fresh_word_lifts_a_bounce(served: House) -> None:
    person = served.join()
    with served.database.begin() as connection:
        people = Subscribers(served.settings, served.database.secrets())
        people.suppress(connection, person.key, "bounce", served.office.time)
    served.subscribe("ana@example.com")
    served.ask("POST", f"/confirm/{served.token('confirm')}")
    assert served.state() == "active"


def test_a_confirmed_address_cannot_be_unconfirmed_by_a_stranger(served: House) -> None:
    """Promise 14: whatever can be sent without a token of hers."""
    person = served.join()
    for _ in range(3):
        served.subscribe("ana@example.com", frequency="daily")
        served.subscribe("ANA@EXAMPLE.COM")
        for purpose in ("confirm", "unsubscribe", "preferences"):
            served.post(f"/{purpose}/{person.id}-0-weekly.AAAA", do="end", list="weekly", scope="all")
    assert served.person() == person
