"""The ledger: claims, what they look at, what a dead run leaves, and that no query walks over what it need not."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from feeder.dates import to_micros
from feeder.mail.sending import ledger as ledgers
from feeder.mail.sending import overview
from feeder.mail.sending.ledger import Ledger
from feeder.mail.values import Message, Outcome
from tests.mail.postroom import NOW, FakeClock, Postroom, postroom, settings_of
from tests.mail.test_limits import SENT, Scripted, run, to

AT = to_micros(NOW)


@pytest.fixture
def room(tmp_path: Path) -> Any:
    with postroom(settings_of(tmp_path), 10) as made:
        made.cut()
        yield made


def rows_of(room: Postroom, ledger: Ledger) -> list[ledgers.Row]:
    return [row for pair in ledger.pairs(AT) for row in ledger.read(*pair, (-1, 0), AT, 100)]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE subscription SET state = 'ended' WHERE subscriber = 1",
        "UPDATE subscription SET state = 'paused' WHERE subscriber = 1",
        "DELETE FROM subscriber WHERE id = 1",
        "UPDATE subscriber SET address = 'new@example.net' WHERE id = 1",
        "UPDATE digest SET state = 'paused'",
        "UPDATE digest SET state = 'cancelled'",
        "UPDATE digest SET send_at = send_at + 1",
        "UPDATE digest SET revision = 2",
        "UPDATE delivery SET state = 'skipped'",
        "UPDATE delivery SET state = 'sending'",
        "UPDATE delivery SET due_at = due_at + 1",
        f"INSERT INTO pause VALUES ('smtp', '*', {AT + 1}, '', 1)",
        f"INSERT INTO pause VALUES ('smtp', 'example.net', {AT + 1}, '', 1)",
    ],
)
def test_a_claim_looks_at_everything_again(room: Postroom, change: str) -> None:
    ledger = Ledger(room.database.raw(), "smtp")
    row = rows_of(room, ledger)[0]
    room.raw.execute(change)
    with ledger.transaction():
        assert not ledger.claim(row, 1, "<x@y>", AT)
    ledger.close()


def test_a_claim_is_had_once(room: Postroom) -> None:
    ledger = Ledger(room.database.raw(), "smtp")
    row = rows_of(room, ledger)[0]
    with ledger.transaction():
        assert ledger.claim(row, 1, "<x@y>", AT)
        assert not ledger.claim(row, 1, "<x@y>", AT)
    ledger.close()


def test_an_unsubscribe_in_mid_digest_takes_effect_at_the_next_claim(room: Postroom) -> None:
    def answer(message: Message) -> Outcome:
        if message.recipient == "u3@example.net":
            room.raw.execute("UPDATE subscription SET state = 'ended' WHERE subscriber IN (4, 9)")
        return SENT

    transport = run(room, FakeClock(), answer=answer)
    assert {"u4@example.net", "u9@example.net"}.isdisjoint(whom for _, whom in transport.sent)
    assert room.states() == {"sent": 8, "skipped": 2}


def test_a_digest_paused_in_mid_sending_stops_there(room: Postroom) -> None:
    def answer(message: Message) -> Outcome:
        room.raw.execute("UPDATE digest SET state = 'paused'")
        return SENT

    assert len(run(room, FakeClock(), answer=answer).sent) == 1
    assert room.states() == {"sent": 1, "queued": 9}
    room.raw.execute("UPDATE digest SET state = 'ready'")
    assert len(run(room, FakeClock()).sent) == 9


def test_an_amended_digest_goes_to_the_unsent_rest(room: Postroom) -> None:
    seen: list[bytes] = []

    def answer(message: Message) -> Outcome:
        if not seen:
            room.raw.execute("INSERT INTO snapshot VALUES (1, 2, 'Amended', '<p>x</p>', 'x', ?)", (AT,))
            room.raw.execute("UPDATE digest SET revision = 2")
        seen.append(message.data)
        return SENT

    run(room, FakeClock(), answer=answer)
    assert [b"Subject: Amended" in data for data in seen] == [False] + [True] * 9
    assert sorted(revision for (revision,) in room.rows("revision")) == [1] + [2] * 9


@pytest.mark.parametrize("hold", [False, True])
def test_what_a_dead_run_leaves(room: Postroom, hold: bool) -> None:
    room.raw.execute("UPDATE delivery SET state = 'sending', attempt = 1, revision = 1 WHERE subscriber = 2")
    room.raw.execute(
        "UPDATE delivery SET state = 'sending', attempt = 2, revision = 1, uncertain = 1 WHERE subscriber = 3"
    )
    ledger = Ledger(room.database.raw(), "smtp")
    assert ledger.recover(AT, hold=hold) == ((0, 2) if hold else (1, 1))
    ledger.close()
    states = {subscriber: state for subscriber, state in room.rows("subscriber, state") if subscriber in {2, 3}}
    assert states == {2: "held" if hold else "deferred", 3: "held"}
    listed = overview.held(room.database, 1)
    assert [each.subscriber for each in listed] == ([2, 3] if hold else [3])
    assert listed[0].address.endswith("@example.net")


def test_uncertain_ones_are_sent_again_byte_for_byte_though_the_digest_was_amended(room: Postroom) -> None:
    first: list[Message] = []
    second: list[Message] = []
    run(room, FakeClock(), answer=lambda message: first.append(message) or Outcome(state="sent"))
    room.raw.execute("UPDATE delivery SET state = 'sending'")
    room.raw.execute("INSERT INTO snapshot VALUES (1, 2, 'Amended', '<p>x</p>', 'x', ?)", (AT,))
    room.raw.execute("UPDATE digest SET revision = 2")
    run(room, FakeClock(), answer=lambda message: second.append(message) or Outcome(state="sent"))
    assert sorted(first, key=lambda message: message.recipient) == sorted(second, key=lambda message: message.recipient)


def test_a_retry_after_a_deferral_gets_the_newest_text(room: Postroom) -> None:
    later = Outcome(state="deferred", reply="451 later", code=451)
    run(room, FakeClock(), answer=lambda message: later if message.recipient.startswith("u1@") else SENT)
    room.raw.execute("INSERT INTO snapshot VALUES (1, 2, 'Amended', '<p>x</p>', 'x', ?)", (AT,))
    room.raw.execute("UPDATE digest SET revision = 2")
    seen: list[bytes] = []
    clock = FakeClock(NOW + timedelta(hours=1))
    run(room, clock, answer=lambda message: seen.append(message.data) or SENT)
    assert len(seen) == 1
    assert b"Subject: Amended" in seen[0]


def test_deferred_ones_are_left_for_a_later_run_and_given_up_after_days(room: Postroom) -> None:
    later, clock, tries = Outcome(state="deferred", reply="451 later", code=451), FakeClock(), 0
    room.raw.execute("DELETE FROM delivery WHERE subscriber > 1")
    for _ in range(200):
        tries += len(run(room, clock, answer=lambda message: later).sent)
        clock.sleep(3600)
    assert tries == 13
    assert room.states() == {"failed": 1}


def test_most(room: Postroom) -> None:
    transport = Scripted(FakeClock())
    room.send(transport.clock, transport=transport, most=3)
    assert room.states() == {"sent": 3, "queued": 7}


def test_stop_finishes_what_is_under_way(room: Postroom) -> None:
    clock = FakeClock()
    transport = Scripted(clock)
    tally = room.send(clock, transport=transport, stop=lambda: len(transport.sent) >= 4)
    assert tally.sent == 4
    assert room.states() == {"sent": 4, "queued": 6}


def test_progress(room: Postroom) -> None:
    told: list[tuple[str, int, int]] = []
    room.send(FakeClock(), transport=Scripted(FakeClock()), progress=lambda *now: told.append(now))
    assert told[-1] == ("send", 10, 10)


def post(room: Postroom, address: str, kind: str = "confirm") -> int:
    data = f"From: news@example.org\r\nTo: {address}\r\nMessage-ID: <{kind}>\r\n\r\nhello\r\n".encode()
    values = (kind, address, data, f"<{kind}.{address}>", AT)
    number = room.raw.execute(
        """INSERT INTO notice (kind, address, data, message_id, state, due_at, made_at, updated_at)
        VALUES (?, ?, ?, ?, 'queued', ?5, ?5, ?5)""".replace("?, ?, ?, ?,", "?1, ?2, ?3, ?4,"),
        values,
    ).lastrowid
    assert number
    return number


def test_notices_go_first_and_are_settled_alike(room: Postroom) -> None:
    post(room, "a@example.net")
    post(room, "b@example.net")
    refused = Outcome(state="deferred", reply="451 later", code=451)
    transport = run(room, FakeClock(), answer=lambda message: refused if "b@" in message.recipient else SENT)
    assert [whom for _, whom in transport.sent[:2]] == ["a@example.net", "b@example.net"]
    states = room.raw.execute("SELECT state, attempt, length(data) > 0 FROM notice ORDER BY id").fetchall()
    assert states == [("sent", 1, 0), ("deferred", 1, 1)], "what was sent is not kept"


def test_a_notice_that_comes_in_mid_digest_does_not_wait_for_its_end(tmp_path: Path) -> None:
    with postroom(settings_of(tmp_path), 1000) as room:
        room.cut()
        clock = FakeClock()

        def answer(message: Message) -> Outcome:
            if message.recipient == "u100@example.net":
                post(room, "new@example.com")
            return SENT

        transport = run(room, clock, answer=answer)
        order = [whom for _, whom in transport.sent]
        assert order.index("new@example.com") <= 100 + 101


def test_a_notice_of_a_dead_run(room: Postroom) -> None:
    number = post(room, "a@example.net")
    for expected in ("sent", "held"):
        room.raw.execute("UPDATE notice SET state = 'sending' WHERE id = ?", (number,))
        run(room, FakeClock())
        assert room.raw.execute("SELECT state FROM notice").fetchall() == [(expected,)]


def test_a_list_that_is_gone_from_the_settings_stops_only_its_own_digests(tmp_path: Path) -> None:
    with postroom(settings_of(tmp_path), 3) as room:
        room.cut()
        room.raw.execute("UPDATE digest SET list = 'gone'")
        room.cut(until=NOW - timedelta(days=7))
        tally = room.send(FakeClock(), transport=Scripted(FakeClock()))
        assert tally.sent == 3
        assert len(tally.alarms) == 1
        assert "digest 1 cannot be sent" in tally.alarms[0]


def test_a_forgotten_subscriber_is_skipped(room: Postroom) -> None:
    room.raw.execute("DELETE FROM subscriber WHERE id = 5")
    run(room, FakeClock())
    assert room.states() == {"sent": 9, "skipped": 1}


def test_a_transport_of_rehearsal_does_not_touch_the_deliveries_of_another(room: Postroom) -> None:
    room.cut(transport="maildir", until=NOW - timedelta(days=1))
    assert len(run(room, FakeClock()).sent) == 10
    assert room.raw.execute("SELECT DISTINCT transport FROM delivery WHERE state = 'queued'").fetchall() == [
        ("maildir",)
    ]


def test_providers_take_turns(tmp_path: Path) -> None:
    with postroom(settings_of(tmp_path), to("gmail.com", "qq.com", "example.net", each=30)) as room:
        room.cut()
        order = [whom.partition("@")[2] for _, whom in run(room, FakeClock()).sent]
        for at in range(0, 90, 9):
            assert set(order[at : at + 9]) == {"gmail.com", "qq.com", "example.net"}


def test_the_older_digest_first(room: Postroom) -> None:
    room.cut(until=NOW - timedelta(days=1))
    transport = run(room, FakeClock())
    first = [whom for _, whom in transport.sent[:10]]
    assert sorted(first) == sorted(f"u{number}@example.net" for number in range(1, 11))


@pytest.mark.parametrize("name", ["_PAIR", "_READ", "_CLAIM", "_SKIP", "_SETTLE", "_DEFER", "_UNSENT", "_NOTICES"])
def test_no_query_of_the_hot_path_walks(room: Postroom, name: str) -> None:
    """Every table is searched by a key; none is scanned, nothing is sorted."""
    query = getattr(ledgers, name)
    marks = max([int(mark) for mark in __import__("re").findall(r"\?(\d)", query)], default=query.count("?"))
    plan = [row[3] for row in room.raw.execute(f"EXPLAIN QUERY PLAN {query}", (1,) * marks)]
    assert not [step for step in plan if step.startswith(("SCAN", "USE TEMP"))], plan


def test_rows_that_wait_are_not_read_for_each_claim(tmp_path: Path) -> None:
    """A digest that is paused, and a provider that is: what is read does not grow with their rows."""
    with postroom(settings_of(tmp_path), to("gmail.com", "example.net", each=2000)) as room:
        room.cut(state="paused")
        room.cut(until=NOW - timedelta(days=1))
        room.raw.execute("INSERT INTO pause VALUES ('smtp', 'gmail', ?, 'test', 1)", (2**61,))
        statements: list[str] = []
        ledger_of = room.database.raw

        def traced() -> Any:
            connection = ledger_of()
            connection.set_trace_callback(statements.append)
            return connection

        room.database.raw = traced  # type: ignore[method-assign]
        assert len(run(room, FakeClock()).sent) == 2000
        assert sum("FROM delivery AS d INDEXED BY" in statement for statement in statements) < 20


def test_overview(room: Postroom) -> None:
    later = Outcome(state="deferred", reply="451 later", code=451)
    none = Outcome(state="failed", reply="550 5.1.1 none", code=550, status="5.1.1")
    answers = {"u1@example.net": later, "u2@example.net": none}
    clock = FakeClock()
    transport = Scripted(clock, answer=lambda message: answers.get(message.recipient, SENT))
    room.send(clock, transport=transport, most=6)
    (told,) = overview.overview(room.database, NOW + timedelta(seconds=1))
    assert (told.total, told.queued, told.sent, told.deferred, told.failed) == (10, 4, 4, 1, 1)
    assert told.next_try
    assert told.next_try > NOW + timedelta(minutes=4)
    assert told.per_second > 0
    assert told.left is not None
    (later_told,) = overview.overview(room.database, NOW + timedelta(hours=1))
    assert (later_told.per_second, later_told.left) == (0, None)


def test_overview_tells_finished_and_open_digests(room: Postroom) -> None:
    run(room, FakeClock())
    for day in range(1, 5):
        room.cut(until=NOW - timedelta(days=day), state="paused" if day < 3 else "ready")
    told = overview.overview(room.database, NOW)
    assert [(each.digest, each.state) for each in told] == [
        (5, "ready"), (4, "ready"), (3, "paused"), (2, "paused"),
    ]  # fmt: skip


@pytest.mark.parametrize("again", [True, False])
def test_what_is_held_is_released(room: Postroom, again: bool) -> None:
    room.raw.execute("UPDATE delivery SET state = 'held', uncertain = 2, revision = 1 WHERE subscriber = 4")
    with room.database.begin() as connection:
        assert overview.release(connection, 1, NOW, again=again) == 1
    assert len(run(room, FakeClock()).sent) == 9 + again
    assert room.states() == {"sent": 10}


def test_volumes_are_kept(room: Postroom) -> None:
    run(room, FakeClock())
    assert room.raw.execute("SELECT provider, day, sent, deferred, failed FROM volume").fetchall() == [
        ("example.net", "2026-11-23", 10, 0, 0)
    ]


def test_the_tally_is_plain(room: Postroom) -> None:
    from dataclasses import asdict

    tally = room.send(FakeClock(), transport=Scripted(FakeClock()))
    assert json.loads(json.dumps(asdict(tally)))["sent"] == 10
