"""Subscribing, confirming, leaving: nobody gets in without her own word, nobody is thrown out by others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mail.deskbook import DAILY, WEEKLY, Office, office, settings
from support import NOW

from feeder.config.settings import Mail, MailingList, Settings, Site
from feeder.dates import to_micros
from feeder.mail import calendar, lists
from feeder.mail.addresses import BadAddress
from feeder.mail.subscribers import persons, tidying
from feeder.mail.subscribers.bounds import CONFIRM_MOST, EVERY, NotConfirmable
from feeder.mail.subscribers.choices import BadChoice, Choice, choice, name_of
from feeder.mail.subscribers.consent import Consent
from feeder.mail.subscribers.dossier import dossier
from feeder.mail.tokens import Token

ANA = "ana@example.org"


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as opened:
        yield opened


def ask(at: Office, address: str = ANA, mailing_list: MailingList = WEEKLY, **more: object) -> str:
    return at.book.subscribe(at.connection, mailing_list, address, at.now, origin="web", **more)


def test_whoever_asks_is_pending_and_gets_one_question(at: Office) -> None:
    said = Consent(text="每周一封，随时可退订。", page="https://news.example.org/subscribe/")
    assert ask(at, "Ana@Example.org", said=said) == "asked"
    assert at.state(ANA) == "pending"
    assert at.served(ANA) is None
    assert at.notices() == [("confirm", "Ana@example.org")]
    known = at.person(ANA).on("weekly")
    assert known.consent == (
        {"what": "asked", "at": "2026-11-22T01:00:00Z", "text": said.text, "page": said.page, "how": "web"},
    )


def test_the_question_has_a_link_that_confirms(at: Office) -> None:
    ask(at)
    data = at.connection.exec_driver_sql("SELECT data FROM notice").scalar_one()
    mail = message_from_bytes(data, policy=policy.default)
    assert mail["To"] == ANA
    assert mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_body(("plain",)).get_content()
    token = next(word for word in text.split() if "/confirm/" in word).rpartition("/")[2]
    read = at.tokens.read("confirm", token, at.now + timedelta(days=6))
    assert at.book.confirm(at.connection, read, at.now).state == "active"


def test_no_word_of_the_visitors_is_in_the_question(at: Office) -> None:
    ask(at, name="BUY http://evil.example", choice=Choice(tags=("evil-tag",)))
    data = at.connection.exec_driver_sql("SELECT data FROM notice").scalar_one()
    mail = message_from_bytes(data, policy=policy.default)
    for part in ("plain", "html"):
        assert "evil" not in mail.get_body((part,)).get_content().lower()


def test_confirming_makes_active_from_the_previous_due_instant(at: Office) -> None:
    person = at.confirmed(ANA)
    known = person.on("weekly")
    assert known.state == "active"
    assert known.confirmed_at == known.scheduled_at == NOW
    assert [one["what"] for one in known.consent] == ["asked", "confirmed"]
    due = calendar.previous_due(lists.schedule_of(at.settings, WEEKLY), NOW)
    assert at.served(ANA) == due
    assert due == datetime.fromisoformat("2026-11-16T08:00+08:00")


def test_confirming_twice_is_once(at: Office) -> None:
    before = at.confirmed(ANA)
    at.now += timedelta(hours=1)
    assert at.book.confirm(at.connection, at.token(ANA), at.now).state == "active"
    assert at.person(ANA) == before


def test_an_unsubscribe_is_not_undone_by_an_older_link(at: Office) -> None:
    at.confirmed(ANA)
    token = at.token(ANA)
    at.book.unsubscribe(at.connection, Token("unsubscribe", token.subscriber, "weekly", at.now), at.now)
    assert at.state(ANA) == "ended"
    assert at.book.confirm(at.connection, token, at.now) is None
    assert at.state(ANA) == "ended"


def test_a_confirmation_for_another_list_confirms_that_one_only(at: Office) -> None:
    ask(at)
    token = at.token(ANA, "daily")
    assert at.book.confirm(at.connection, token, at.now) is None
    assert at.state(ANA) == "pending"


def test_a_list_that_is_gone_confirms_nobody(tmp_path: Path) -> None:
    with office(tmp_path) as at:
        ask(at)
        token = at.token(ANA)
    with office(tmp_path, settings(tmp_path, DAILY)) as at:
        assert at.book.confirm(at.connection, token, at.now) is None


def test_asking_again_for_a_confirmed_address_changes_nothing(at: Office) -> None:
    before = at.confirmed(ANA)
    assert ask(at, "ANA@EXAMPLE.ORG", name="Eve", choice=Choice(frequency="daily", tags=("x",))) == "already"
    assert at.person(ANA) == before
    assert [kind for kind, _ in at.notices()] == ["confirm", "already"]
    assert ask(at) == "waiting"
    assert len(at.notices()) == 2


def test_one_confirmation_a_day_and_three_ever(at: Office) -> None:
    told = []
    for _ in range(6):
        told.append(ask(at))
        at.now += EVERY
    assert told == ["asked"] * CONFIRM_MOST + ["waiting"] * 3
    at.now += timedelta(days=400)
    assert ask(at, "Ana@Example.org") == "waiting"
    assert len(at.notices()) == CONFIRM_MOST


def test_the_bound_is_the_addresss_not_the_lists(at: Office) -> None:
    assert ask(at) == "asked"
    assert ask(at, mailing_list=DAILY) == "waiting"
    assert at.state(ANA, "daily") == "pending"


def test_whoever_answered_may_be_asked_again(at: Office) -> None:
    for _ in range(CONFIRM_MOST):
        ask(at)
        at.now += EVERY
    at.book.confirm(at.connection, at.token(ANA), at.now)
    at.now += EVERY
    assert ask(at, mailing_list=DAILY) == "asked"


@pytest.mark.parametrize("leave", ["end", "forget"])
def test_whoever_answered_and_left_may_come_back_the_same_day_three_times_in_all(at: Office, leave: str) -> None:
    for _ in range(3):
        assert ask(at) == "asked"
        at.now += timedelta(minutes=1)
        assert ask(at) in ("waiting", "suppressed"), "nobody has answered"
        at.book.confirm(at.connection, at.token(ANA), at.now)
        at.now += timedelta(minutes=1)
        if leave == "end":
            at.book.end(at.connection, at.person(ANA).on("weekly"), at.now)
        else:
            at.book.forget(at.connection, ANA, at.now)
        at.now += timedelta(minutes=1)
    assert ask(at) == "waiting"
    at.now += EVERY
    assert ask(at) == "asked"


def test_a_second_list_is_asked_for_anew_once_the_first_is_confirmed(at: Office) -> None:
    ask(at)
    at.now += timedelta(minutes=1)
    at.book.confirm(at.connection, at.token(ANA), at.now)
    at.now += timedelta(minutes=1)
    assert ask(at, mailing_list=DAILY) == "asked"


def test_forgetting_does_not_reset_the_bound(at: Office) -> None:
    for _ in range(CONFIRM_MOST):
        ask(at)
        at.now += EVERY
    at.book.forget(at.connection, ANA, at.now)
    at.book.suppressions.lift(at.connection, ANA)
    at.now += EVERY
    assert ask(at) == "waiting"


def test_without_pages_or_mailbox_nobody_can_confirm(tmp_path: Path) -> None:
    site = Site(title="x", url="https://x.example/", email="news@x.example")
    with office(tmp_path, Settings(root=tmp_path, site=site, lists=(WEEKLY,))) as at:
        with pytest.raises(NotConfirmable) as refused:
            ask(at)
        assert "--confirmed-by" in refused.value.hint
    with office(
        tmp_path, Settings(root=tmp_path, site=site, lists=(WEEKLY,), mail=Mail(unsubscribe="in@x.example"))
    ) as at:
        assert ask(at, "bob@example.org") == "asked"


def test_the_editors_word_is_kept(at: Office) -> None:
    assert at.book.add(at.connection, WEEKLY, ANA, NOW, kept="纸质登记表 2026-11") == "active"
    known = at.person(ANA).on("weekly")
    assert known.consent == (
        {"what": "on record", "at": "2026-11-22T01:00:00Z", "kept": "纸质登记表 2026-11", "how": "editor"},
    )
    assert at.served(ANA) == calendar.previous_due(lists.schedule_of(at.settings, WEEKLY), NOW)
    assert at.notices() == []
    assert at.book.add(at.connection, WEEKLY, ANA, NOW, kept="again") == "already"


def test_pause_and_resume(at: Office) -> None:
    known = at.confirmed(ANA).on("weekly")
    assert at.book.pause(at.connection, known, at.now)
    assert at.state(ANA) == "paused"
    at.now += timedelta(days=30)
    known = at.person(ANA).on("weekly")
    assert not at.book.pause(at.connection, known, at.now)
    assert at.book.resume(at.connection, known, at.now)
    assert at.state(ANA) == "active"
    assert at.served(ANA) == calendar.previous_due(lists.schedule_of(at.settings, WEEKLY), at.now)
    assert at.person(ANA).on("weekly").scheduled_at == at.now
    assert at.person(ANA).on("weekly").confirmed_at == NOW


def test_resuming_never_serves_twice(at: Office) -> None:
    known = at.confirmed(ANA).on("weekly")
    ahead = NOW + timedelta(hours=1)
    at.connection.exec_driver_sql("UPDATE served SET through = ?", (to_micros(ahead),))
    at.book.pause(at.connection, known, at.now)
    at.book.resume(at.connection, at.person(ANA).on("weekly"), at.now)
    assert at.served(ANA) == ahead


def test_pending_is_neither_paused_nor_resumed(at: Office) -> None:
    ask(at)
    known = at.person(ANA).on("weekly")
    assert not at.book.pause(at.connection, known, at.now)
    assert not at.book.resume(at.connection, known, at.now)
    assert at.state(ANA) == "pending"


@pytest.mark.parametrize(("name", "left"), [("weekly", "active"), ("", "ended")])
def test_unsubscribing_from_one_list_or_all(at: Office, name: str, left: str) -> None:
    number = at.confirmed(ANA).id
    at.now += EVERY
    at.confirmed(ANA, DAILY)
    token = Token("unsubscribe", number, name, at.now)
    for _ in range(2):
        assert at.book.unsubscribe(at.connection, token, at.now) is not None
        assert (at.state(ANA), at.state(ANA, "daily")) == ("ended", left)
    assert at.book.unsubscribe(at.connection, Token("unsubscribe", 99, "", at.now), at.now) is None


def test_coming_back_starts_anew(at: Office) -> None:
    known = at.confirmed(ANA).on("weekly")
    at.book.end(at.connection, known, at.now)
    at.now += timedelta(days=60)
    assert ask(at) == "asked"
    assert at.state(ANA) == "pending"
    at.book.confirm(at.connection, at.token(ANA), at.now)
    known = at.person(ANA).on("weekly")
    assert known.confirmed_at == known.scheduled_at == at.now
    assert at.served(ANA) == calendar.previous_due(lists.schedule_of(at.settings, WEEKLY), at.now)
    assert [one["what"] for one in known.consent] == ["asked", "confirmed", "ended", "asked", "confirmed"]


def test_a_new_schedule_counts_from_now(at: Office) -> None:
    known = at.confirmed(ANA).on("weekly")
    before = at.served(ANA)
    at.now += timedelta(days=3)
    changed = at.book.change(at.connection, known, choice(WEEKLY, frequency="每天", hour="20"), at.now)
    assert changed == at.book.change(at.connection, changed, changed.choice, at.now)
    stored = at.person(ANA).on("weekly")
    assert (stored.choice.frequency, stored.choice.hour, stored.scheduled_at) == ("daily", 20, at.now)
    assert at.served(ANA) == before


def test_other_tags_and_language_move_nothing(at: Office) -> None:
    known = at.confirmed(ANA).on("weekly")
    at.now += timedelta(days=3)
    at.book.change(at.connection, known, choice(WEEKLY, tags="芯片，AI", language="en"), at.now)
    stored = at.person(ANA).on("weekly")
    assert (stored.choice.tags, stored.choice.language, stored.scheduled_at) == (("ai", "芯片"), "en", NOW)


def test_the_frequency_agreed_to_stays_when_the_lists_own_changes(tmp_path: Path) -> None:
    with office(tmp_path) as at:
        at.confirmed(ANA)
    with office(tmp_path, settings(tmp_path, MailingList(name="weekly", frequency="daily"))) as at:
        assert at.person(ANA).on("weekly").choice.frequency == "weekly"


def test_instant_starts_at_the_last_instant_digest_of_the_hour(at: Office) -> None:
    at.book.add(at.connection, WEEKLY, ANA, NOW, kept="x", choice=Choice(frequency="instant"))
    assert at.served(ANA) == NOW
    at.digest(1, NOW - timedelta(minutes=90), "instant")
    at.digest(2, NOW - timedelta(minutes=30), "instant")
    at.book.add(at.connection, WEEKLY, "bob@example.org", NOW, kept="x", choice=Choice(frequency="instant"))
    assert at.served("bob@example.org") == NOW - timedelta(minutes=30)


def test_a_rehearsal_serves_nobody(tmp_path: Path) -> None:
    real = settings(tmp_path)
    real = Settings(root=real.root, site=real.site, lists=real.lists, web=real.web, mail=Mail(transport="sendmail"))
    with office(tmp_path, real) as at:
        at.confirmed(ANA)
        assert at.connection.exec_driver_sql("SELECT transport FROM served").scalars().all() == ["smtp"]


def test_a_welcome_is_the_latest_digest_and_only_for_newcomers(tmp_path: Path) -> None:
    kind = MailingList(name="weekly", welcome=True)
    with office(tmp_path, settings(tmp_path, kind)) as at:
        sunday = datetime.fromisoformat("2026-11-22T08:00+08:00")
        for number, days in ((1, 13), (2, 6), (3, 1)):
            at.digest(number, sunday - timedelta(days=days))
        person = at.confirmed(ANA, kind)
        mine = "SELECT digest, state FROM delivery WHERE subscriber = ?"
        # The third was cut on request, after the last due instant: the next one will hold its entries.
        assert at.connection.exec_driver_sql(mine, (person.id,)).all() == [(2, "queued")]
        at.book.end(at.connection, person.on("weekly"), at.now)
        at.connection.exec_driver_sql("UPDATE delivery SET digest = 1 WHERE subscriber = ?", (person.id,))
        at.now += EVERY
        at.confirmed(ANA, kind)
        assert at.connection.exec_driver_sql(mine, (person.id,)).all() == [(1, "queued")]


def test_requests_nobody_confirmed_are_dropped(at: Office) -> None:
    ask(at)
    at.now += timedelta(days=31)
    ask(at, "bob@example.org")
    at.connection.exec_driver_sql("UPDATE subscription SET origin = 'import x.csv' WHERE subscriber = 2")
    assert at.book.tidy(at.connection, at.now) == 1
    assert at.person(ANA) is None
    assert ANA not in str(at.connection.exec_driver_sql("SELECT * FROM notice").all())
    assert at.book.tidy(at.connection, at.now + timedelta(days=99)) == 0
    assert at.state("bob@example.org") == "pending"


def test_of_very_many_requests_some_are_dropped_at_a_time(at: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tidying, "AT_ONCE", 2)
    for number in range(5):
        ask(at, f"p{number}@example.org")
    at.now += timedelta(days=31)
    seen: list[str] = []
    at.connection.connection.driver_connection.set_trace_callback(seen.append)  # type: ignore[union-attr]
    assert [at.book.tidy(at.connection, at.now) for _ in range(4)] == [2, 2, 1, 0]
    assert at.connection.exec_driver_sql("SELECT count(*) FROM subscriber").scalar_one() == 0
    assert [one for one in seen if "FROM served" in one] == [], "looked for among a million, for each"


def test_a_former_subscriber_whose_return_was_not_confirmed_is_ended_again(at: Office) -> None:
    known = at.confirmed(ANA).on("weekly")
    at.book.end(at.connection, known, at.now)
    at.now += EVERY
    ask(at)
    assert at.book.tidy(at.connection, at.now + timedelta(days=31)) == 0
    assert at.state(ANA) == "ended"


HOSTILE = [
    "Ana\r\nBcc: eve@example.org",
    "a\0b",
    "\x1b[31mred",
    "\u202eanA",
    "x" * 5000,
    "<script>",
    "'; DROP TABLE notice",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_one_harmless_line(at: Office, name: str) -> None:
    at.book.add(at.connection, WEEKLY, ANA, NOW, kept="x", name=name)
    kept = at.person(ANA).name
    assert kept.isprintable()
    assert len(kept) <= 100


@given(st.text())
def test_any_name_is_one_harmless_line(name: str) -> None:
    kept = name_of(name)
    assert not set(kept) & set("\r\n\0\x1b\x7f\x85\u2028\u2029\u202e\ud800")
    assert kept == " ".join(kept.split())
    assert name_of(kept) == kept


@given(address=st.text(max_size=80) | st.from_regex(r"\A[a-z'\";()-]{1,20}@example\.org\Z"))
def test_any_address_is_kept_whole_or_refused(at: Office, address: str) -> None:
    before = persons.census(at.connection)
    try:
        at.book.add(at.connection, WEEKLY, address, NOW, kept="x")
    except BadAddress:
        assert persons.census(at.connection) == before
    else:
        assert sum(persons.census(at.connection).values()) - sum(before.values()) in (0, 1)


@pytest.mark.parametrize(
    "wanted",
    [{"frequency": "monthly"}, {"frequency": "hourly"}, {"hour": "24"}, {"hour": "-1"}, {"hour": "８"},
     {"timezone": "Mars/Olympus"}, {"timezone": "../../etc/passwd"}, {"language": "chinese"},
     {"tags": ",".join(map(str, range(60)))}],
    ids=str,
)  # fmt: skip
def test_choices_that_are_none(wanted: dict[str, str]) -> None:
    with pytest.raises(BadChoice) as refused:
        choice(WEEKLY, **wanted)
    assert refused.value.hint


def test_listing_and_counting(at: Office) -> None:
    for number in range(3):
        at.book.add(at.connection, WEEKLY, f"r{number}@example.org", NOW, kept="x")
    at.book.add(at.connection, DAILY, "r1@example.org", NOW, kept="x")
    ask(at, "zoe@example.org", DAILY)
    assert persons.census(at.connection) == {("weekly", "active"): 3, ("daily", "active"): 1, ("daily", "pending"): 1}
    told = [(one.address, one.list) for one in persons.every(at.connection)]
    assert told[1:3] == [("r1@example.org", "daily"), ("r1@example.org", "weekly")]
    assert [one.address for one in persons.every(at.connection, list="daily", state="pending")] == ["zoe@example.org"]


def test_the_dossier_is_everything(at: Office) -> None:
    person = at.confirmed(ANA)
    at.digest(1, NOW, to=person.id)
    bounced = "INSERT INTO bounce (subscriber, kind, status, at) VALUES (?, 'hard', '5.1.1', 0)"
    at.connection.exec_driver_sql(bounced, (person.id,))
    at.book.suppress(at.connection, ANA, "bounce", NOW, "5.1.1")
    found = dossier(at.connection, at.book.suppressions, ANA)
    assert found["subscriptions"][0]["state"] == "ended"
    assert found["digests"][0]["reply"] == f"250 taken for {person.id}"
    assert found["bounces"][0]["status"] == "5.1.1"
    assert found["system_mails"][0]["kind"] == "confirm"
    assert found["suppressed"]["reason"] == "bounce"
    assert dossier(at.connection, at.book.suppressions, "nobody@example.org") is None


def test_which_mail_came_back_is_forgotten_after_a_year(at: Office) -> None:
    rows = [("new", to_micros(at.now - timedelta(days=364))), ("old", to_micros(at.now - timedelta(days=366)))]
    for row in rows:
        at.connection.exec_driver_sql("INSERT INTO seen_mail (hash, at) VALUES (?, ?)", row)
    at.book.tidy(at.connection, at.now)
    assert at.connection.exec_driver_sql("SELECT hash FROM seen_mail").scalars().all() == ["new"]
