"""What follows from mail that came back: when an address is suppressed, who is told, and that nothing counts twice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from email import message_from_bytes, policy

import pytest
from mail.mailroom import Mailroom, fixture, mailroom
from sqlalchemy import insert
from support import NOW, Publication

from feeder.dates import to_micros
from feeder.mail import schema
from feeder.mail.mailbox.policy import ENOUGH
from feeder.mail.subscribers import persons

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def room(publication: Publication) -> Iterator[Mailroom]:
    with mailroom(publication) as opened:
        yield opened


def bounce(room: Mailroom, name: str, number: int, digest: int = 1, now: datetime = LATER) -> str:
    """A fixture comes back about this digest to this subscriber; the result."""
    with room.database.read() as connection:
        person = persons.by_number(connection, number)
    assert person is not None
    room.deliver(number, digest, at=now - timedelta(hours=1))
    data = fixture(name).data.replace(fixture(name).subscriber.encode(), person.address.encode())
    data = data.replace(b"Message-Id: <2026", b"Message-Id: <%d.%d.2026" % (digest, number))
    return room.handle(room.fill(data, person.address, number, digest), now).result


def notices(room: Mailroom, kind: str) -> list[str]:
    return [row.address for row in room.rows(schema.notice) if row.kind == kind]


def test_no_such_user_twice_suppresses(room: Mailroom) -> None:
    number = room.person("nobody@qq.com")
    assert bounce(room, "postfix-qq-no-mailbox", number) == "hard"
    assert (room.suppressed("nobody@qq.com"), room.state_of("nobody@qq.com")) == ("", "active")
    assert bounce(room, "postfix-qq-no-mailbox", number, 2) == "hard"
    assert (room.suppressed("nobody@qq.com"), room.state_of("nobody@qq.com")) == ("bounce", "ended")


def test_5_1_1_suppresses_at_once_and_says_why(room: Mailroom) -> None:
    number = room.person("nobody@example.com")
    bounce(room, "postfix-user-unknown", number)
    assert (room.suppressed("nobody@example.com"), room.state_of("nobody@example.com")) == ("bounce", "ended")
    row = room.rows(schema.suppression)[0]
    assert "User unknown" in row.detail
    assert "nobody@" not in row.detail
    reply = room.rows(schema.delivery)[0].reply
    assert reply.startswith("returned: 550 5.1.1")


def test_soft_ones_suppress_after_five_in_thirty_days(room: Mailroom) -> None:
    number = room.person("full@example.com")
    for digest in range(1, 5):
        bounce(room, "exim-old-full", number, digest, LATER + timedelta(days=digest))
        assert room.suppressed("full@example.com") == ""
    bounce(room, "exim-old-full", number, 5, LATER + timedelta(days=5))
    assert room.suppressed("full@example.com") == "bounce"


def test_soft_ones_long_apart_suppress_nobody(room: Mailroom) -> None:
    number = room.person("full@example.com")
    for digest in range(1, 9):
        bounce(room, "exim-old-full", number, digest, LATER + timedelta(days=8 * digest))
    assert room.suppressed("full@example.com") == ""


def test_a_provider_that_refuses_nearly_all_in_unknown_words_suppresses_nobody(room: Mailroom) -> None:
    numbers = [room.person(f"reader{one}@big.example") for one in range(4)]
    with room.database.begin() as connection:
        row = {"transport": "maildir", "provider": "big.example", "day": f"{NOW:%Y-%m-%d}", "sent": 24}
        connection.execute(insert(schema.volume).values(row))
    for digest in range(1, 7):
        for number in numbers:
            bounce(room, "exim-old-full", number, digest)
    assert room.rows(schema.suppression) == []


def test_confirming_anew_wipes_the_slate(room: Mailroom) -> None:
    number = room.person("nobody@qq.com")
    bounce(room, "postfix-qq-no-mailbox", number, 1, NOW - timedelta(days=2))
    with room.database.begin() as connection:
        confirmed = schema.subscription.update().values(confirmed_at=to_micros(NOW))
        connection.execute(confirmed)
    bounce(room, "postfix-qq-no-mailbox", number, 2)
    assert room.suppressed("nobody@qq.com") == ""


@pytest.mark.parametrize("name", ["postfix-user-unknown", "exchange-online-not-found", "arf-abuse"])
def test_a_second_report_about_one_message_counts_for_nothing(name: str, room: Mailroom) -> None:
    case = fixture(name)
    number = room.person(case.subscriber)
    room.deliver(number)
    data = room.fill(case.data, case.subscriber, number)
    for copy in range(5):
        room.handle(b"X-Copy: %d\n" % copy + data)
    assert len(room.rows(schema.bounce)) == 1


def test_the_same_message_by_pipe_and_by_imap_is_one(room: Mailroom) -> None:
    case = fixture("exim-old-full")
    number = room.person(case.subscriber)
    room.deliver(number)
    data = room.fill(case.data, case.subscriber, number)
    assert room.handle(data).result == "soft"
    assert room.handle(data.replace(b"\n", b"\r\n")).result == "again"


def test_policy_refusals_pause_the_provider_and_tell_the_editor_once_a_day(room: Mailroom) -> None:
    numbers = [room.person(f"reader{one}@qq.com") for one in range(ENOUGH + 2)]
    for number in numbers[: ENOUGH - 1]:
        assert bounce(room, "postfix-qq-frequency", number) == "policy"
    assert room.rows(schema.pause) == []
    assert len(notices(room, "alarm")) == 1  # the first one is told, without a pause
    for number in numbers[ENOUGH - 1 :]:
        bounce(room, "postfix-qq-frequency", number)
    pause = room.rows(schema.pause)
    assert [(row.transport, row.provider, row.times) for row in pause] == [("maildir", "qq", 1)]
    assert pause[0].until > to_micros(LATER)
    assert "frequency limited" in pause[0].why
    assert len(notices(room, "alarm")) == 2
    assert room.rows(schema.suppression) == []
    assert {row.state for row in room.rows(schema.subscription)} == {"active"}


def test_the_alarm_says_what_happened(room: Mailroom) -> None:
    bounce(room, "postfix-outlook-515", room.person("reader@hotmail.com"))
    alarm = message_from_bytes(room.rows(schema.notice)[0].data, policy=policy.default)
    body = alarm.get_body(("plain",))
    assert body is not None
    assert "microsoft" in alarm["subject"]
    assert "5.7.515" in body.get_content()
    assert alarm["to"] == "news@example.org"
    assert alarm["auto-submitted"] == "auto-generated"


def test_many_policy_refusals_suppress_nobody(room: Mailroom) -> None:
    number = room.person("reader@qq.com")
    for digest in range(1, 30):
        bounce(room, "postfix-qq-dmarc", number, digest, LATER + timedelta(hours=digest))
    assert room.suppressed("reader@qq.com") == ""


def test_a_complaint_outweighs_a_bounce_and_ends_every_list(publication: Publication) -> None:
    with mailroom(publication) as room:
        case = fixture("arf-abuse")
        number = room.person(case.subscriber)
        room.deliver(number)
        with room.database.begin() as connection:
            room.subscribers.suppressions.add(connection, case.subscriber, "bounce", NOW)
        room.handle(room.fill(case.data, case.subscriber, number))
        assert (room.suppressed(case.subscriber), room.state_of(case.subscriber)) == ("complaint", "ended")


def test_a_bounce_of_long_ago_counts_for_nothing(room: Mailroom) -> None:
    case = fixture("postfix-user-unknown")
    number = room.person(case.subscriber)
    room.deliver(number, at=NOW - timedelta(days=40))
    done = room.handle(room.fill(case.data, case.subscriber, number))
    assert (done.result, room.rows(schema.bounce)) == ("ignored", [])


def test_mail_that_left_before_a_rehearsal_still_comes_back(room: Mailroom) -> None:
    case = fixture("postfix-user-unknown")
    number = room.person(case.subscriber)
    room.deliver(number, transport="smtp")
    assert room.handle(room.fill(case.data, case.subscriber, number)).result == "hard"
    assert room.rows(schema.delivery)[0].state == "failed"


def test_a_message_that_is_under_way_again_is_the_senders(room: Mailroom) -> None:
    case = fixture("postfix-user-unknown")
    number = room.person(case.subscriber)
    room.deliver(number, state="sending")
    room.handle(room.fill(case.data, case.subscriber, number))
    assert room.rows(schema.delivery)[0].state == "sending"


def test_marks_of_another_publication_prove_nothing(room: Mailroom, tmp_path_factory: pytest.TempPathFactory) -> None:
    case = fixture("postfix-user-unknown")
    number = room.person(case.subscriber)
    room.deliver(number)
    stranger = Publication(tmp_path_factory.mktemp("other") / "publication")
    with mailroom(stranger) as other:
        with other.database.begin() as connection:
            connection.exec_driver_sql("UPDATE meta SET value = ? WHERE key = 'secret'", ('["' + "f" * 64 + '"]',))
        forged = Mailroom(other.settings, other.database).fill(case.data, case.subscriber, number)
    assert room.handle(forged).result == "ignored"
    assert room.rows(schema.bounce) == []


def test_every_bit_of_a_mark_counts(room: Mailroom) -> None:
    case = fixture("arf-abuse")
    number = room.person(case.subscriber)
    room.deliver(number)
    data = room.fill(case.data, case.subscriber, number)
    marks = set(re.findall(rb"[0-9a-f]{12}(?=@)|[0-9a-f]{10}(?=@)", data))
    for position in range(10):
        changed = data
        for mark in marks:
            flipped = b"%x" % (int(mark[position : position + 1], 16) ^ 1)
            changed = changed.replace(mark, mark[:position] + flipped + mark[position + 1 :])
        assert room.handle(changed).result == "left"
    assert room.rows(schema.suppression) == []


def test_a_confirmation_to_an_address_that_is_not_there(room: Mailroom) -> None:
    room.person("nobody@example.com", pending=True)
    notice = room.rows(schema.notice)[0]
    case = fixture("office365-to-sender")
    data = case.data.replace(b"{message-id}", notice.message_id.encode()).replace(b"{address}", b"nobody@example.com")
    assert room.handle(data).result == "ignored"  # it has not left yet
    with room.database.begin() as connection:
        connection.execute(schema.notice.update().values(state="sent"))
    done = room.handle(b"X-Copy: 2\n" + data)
    assert (done.result, done.suppressed) == ("hard", True)
    assert room.rows(schema.notice)[0].state == "failed"
    assert room.suppressed("nobody@example.com") == "bounce"
    forged = b"X-Copy: 3\n" + data.replace(b"nobody@example.com", b"victim@example.com")
    room.person("victim@example.com")
    assert room.handle(forged).result == "ignored"
    assert room.suppressed("victim@example.com") == ""


def test_the_return_path_that_the_mail_server_tells(room: Mailroom) -> None:
    number = room.person("nobody@example.com")
    room.deliver(number)
    data = b"From: MAILER-DAEMON@x.example\nSubject: failure notice\n\n<nobody@example.com>:\n550 5.1.1 unknown user\n"
    assert room.handle(data).result == "left"
    assert room.handle(data, recipient=room.verp(1, number)).result == "hard"


def test_leaving_by_mail_is_answered_with_the_way_back(room: Mailroom) -> None:
    room.person("reader@example.com")
    room.handle(b"From: Reader <reader@example.com>\nSubject: unsubscribe\n\n")
    assert room.state_of("reader@example.com") == "ended"
    assert notices(room, "goodbye") == ["reader@example.com"]
    goodbye = message_from_bytes(room.rows(schema.notice)[0].data, policy=policy.default)
    body = goodbye.get_body(("plain",))
    assert body is not None
    assert "mailto:unsubscribe@example.org?subject=subscribe%20weekly" in body.get_content()
    room.handle(b"From: Reader <reader@example.com>\nSubject: Unsubscribe\n\n")
    assert notices(room, "goodbye") == ["reader@example.com"]  # once, however often somebody asks


def test_leaving_by_token_needs_no_answer(room: Mailroom) -> None:
    number = room.person("reader@example.com")
    data = fixture("unsubscribe-token")
    room.handle(room.fill(data.data, "reader@example.com", number))
    assert room.state_of("reader@example.com") == "ended"
    assert room.rows(schema.notice) == []


def test_subscribing_by_mail_and_confirming_by_answer(room: Mailroom) -> None:
    assert room.handle(b"From: New <new@example.net>\nSubject: subscribe weekly\n\n", NOW).result == "subscribed"
    assert room.state_of("new@example.net") == "pending"
    question = message_from_bytes(room.rows(schema.notice)[0].data, policy=policy.default)
    body = question.get_body(("plain",))
    assert body is not None
    quoted = "\n".join(f"> {line}" for line in body.get_content().splitlines())
    answer = f"From: New <new@example.net>\nSubject: Re: {question['subject']}\n\n{quoted}\n".encode()
    assert room.handle(answer).result == "confirmed"
    assert room.state_of("new@example.net") == "active"


def test_nobody_is_bombed_with_confirmations(room: Mailroom) -> None:
    for minute in range(200):
        asks = b"From: victim@example.net\nSubject: subscribe weekly\nX-Copy: %d\n\n" % minute
        room.handle(asks, NOW + timedelta(hours=minute))
    assert len(notices(room, "confirm")) == 3


def test_a_dry_run_tells_the_same_and_changes_nothing(room: Mailroom) -> None:
    case = fixture("postfix-user-unknown")
    number = room.person(case.subscriber)
    room.deliver(number)
    data = room.fill(case.data, case.subscriber, number)
    done = room.handle(data, dry_run=True)
    assert (done.result, done.suppressed) == ("hard", True)
    assert (room.rows(schema.bounce), room.rows(schema.seen_mail)) == ([], [])
    assert room.handle(data).result == "hard"
