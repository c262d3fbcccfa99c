"""Every message in tests/fixtures/bounces is understood as its first line says; add one, and it is a test.

A fixture begins with ``X-Expect: RESULT [suppressed]`` (a result of ``outcomes.Result``; ``suppressed`` where this one
message suffices) and ``X-Subscriber: ADDRESS``. The holes ``{verp}``, ``{message-id}``, ``{address}``,
``{unsubscribe-token}`` and ``{confirm-token}`` are filled in.
"""

from __future__ import annotations

import pytest
from mail.mailroom import BOUNCES, fixture, mailroom
from support import Publication

from feeder.mail import schema

NAMES = sorted(path.stem for path in BOUNCES.glob("*.eml"))


def test_there_are_many() -> None:
    assert len(NAMES) >= 100


@pytest.mark.parametrize("name", NAMES)
def test_a_message_is_understood(name: str, publication: Publication) -> None:
    case = fixture(name)
    with mailroom(publication) as room:
        number = room.person(case.subscriber, pending=case.pending)
        room.deliver(number)
        before = (room.rows(schema.subscription), room.rows(schema.delivery), len(room.rows(schema.notice)))
        data = room.fill(case.data, case.subscriber, number)
        done = room.handle(data)
        assert (done.result, done.suppressed) == (case.result, case.suppressed), done.why
        assert bool(room.suppressed(case.subscriber)) == case.suppressed
        delivery = room.rows(schema.delivery)[0]
        assert delivery.state == ("failed" if case.result in ("hard", "soft", "policy") else "sent")
        if case.result in ("ignored", "delayed", "left"):
            after = (room.rows(schema.subscription), room.rows(schema.delivery), len(room.rows(schema.notice)))
            assert after == before
            assert room.rows(schema.bounce) == []
        if case.result in ("hard", "soft", "policy", "complaint"):
            assert [row.kind for row in room.rows(schema.bounce)] == [case.result]
            assert case.subscriber not in room.rows(schema.bounce)[0].detail
        again = room.handle(data.replace(b"\n", b"\r\n"))
        assert (
            again.result == (case.result if case.result in ("left", "ignored") else "again") or done.result == "ignored"
        )
