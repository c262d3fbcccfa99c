"""Rates, warm-up, pauses and the breaker, on a clock of the test's own."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeder.config.settings import Limits
from feeder.mail.sending import backoff
from feeder.mail.sending.limits import ALL, ENOUGH, Bucket, Gate
from feeder.mail.sending.transports import Desk, TransportDown, one_by_one
from feeder.mail.values import Message, Outcome
from tests.mail.postroom import FakeClock, Postroom, postroom, settings_of

SENT = Outcome(state="sent", reply="250 ok", code=250)
NOBODY = Outcome(state="failed", reply="550 5.1.1 no such user", code=550, status="5.1.1")
LATER = Outcome(state="deferred", reply="451 4.7.1 later", code=451, status="4.7.1")


class Scripted:
    """A transport that answers as it is told, and takes its time on the test's clock."""

    def __init__(self, clock: FakeClock, answer: Any = None, seconds: Any = None) -> None:
        self.clock = clock
        self.answer = answer or (lambda message: SENT)
        self.seconds = seconds or (lambda message: 0.01)
        self.sent: list[tuple[float, str]] = []

    def carry(self, desk: Desk) -> None:
        one_by_one(desk, self.send)

    def send(self, message: Message) -> Outcome:
        self.clock.sleep(self.seconds(message))
        outcome: Outcome = self.answer(message)
        self.sent.append((self.clock.passed, message.recipient))
        return outcome


def to(*domains: str, each: int) -> list[str]:
    return [f"u{number}@{domain}" for number in range(each) for domain in domains]


def run(room: Postroom, clock: FakeClock, **script: Any) -> Scripted:
    transport = Scripted(clock, **script)
    room.send(clock, transport=transport)
    return transport


def test_back_off_doubles_to_a_day_and_gives_up_after_almost_six() -> None:
    waits = [backoff.after_deferral(attempt) for attempt in range(1, 14)]
    assert waits[:3] == [timedelta(minutes=5), timedelta(minutes=10), timedelta(minutes=20)]
    assert waits[-2:] == [timedelta(days=1), None]
    assert timedelta(days=4) < sum((wait for wait in waits if wait), timedelta()) < timedelta(days=6)
    assert backoff.of_provider(10**6) == timedelta(days=1)


@given(st.floats(0.01, 1000), st.integers(1, 200))
def test_a_bucket_never_gives_more_than_its_rate(rate: float, count: int) -> None:
    bucket, seconds = Bucket(rate), 1000.0
    for _ in range(count):
        while wait := bucket.wait(seconds):
            seconds += wait
        bucket.take()
    assert count <= 1 + (seconds - 1000.0) * rate + 1e-3


def test_rate_of_all(tmp_path: Path) -> None:
    with postroom(settings_of(tmp_path, limits=Limits(per_second=20)), 100) as room:
        room.cut()
        sent = run(room, FakeClock()).sent
        assert len(sent) == 100
        for at, _ in sent:
            assert sum(at <= other < at + 1 for other, _ in sent) <= 20 + 3


def test_rate_of_one_provider_does_not_slow_the_others(tmp_path: Path) -> None:
    addresses = to("gmail.com", "example.net", each=50)
    with postroom(settings_of(tmp_path, limits=Limits(provider_per_minute=60)), addresses) as room:
        room.raw.execute("UPDATE subscriber SET provider = 'many ' || id WHERE provider = 'example.net'")
        room.cut()
        sent = run(room, FakeClock()).sent
        assert len(sent) == 100
        assert max(at for at, whom in sent if "example.net" in whom) < 3
        gmail = [at for at, whom in sent if "gmail" in whom]
        assert 48 <= max(gmail) - min(gmail) <= 51


def test_warm_up_doubles_with_each_day_that_mail_was_sent(tmp_path: Path) -> None:
    with postroom(settings_of(tmp_path, limits=Limits(warm_up=10)), 100) as room:
        room.cut()
        clock = FakeClock()
        counts = []
        for _ in range(4):
            counts.append(len(run(room, clock).sent))
            assert run(room, clock).sent == []
            clock.sleep(86400)
        assert counts == [10, 20, 40, 30]


def test_a_provider_that_defers_for_an_hour_slows_the_others_by_little(tmp_path: Path) -> None:
    """Counted on the test's clock: the others' last message leaves at most 5 % later than without that provider."""
    ends = []
    for deferring in (False, True):
        folder = tmp_path / str(deferring)
        (folder / ".feeder").mkdir(parents=True)
        addresses = to("example.net", "example.org", "example.com", each=300) + to("slow.example", each=300) * deferring
        with postroom(settings_of(folder), addresses) as room:
            room.cut()
            transport = run(room, FakeClock(), answer=lambda message: LATER if "slow" in message.recipient else SENT)
            assert room.states()["sent"] == 900
            ends.append(max(at for at, whom in transport.sent if "slow" not in whom))
            tried = [whom for _, whom in transport.sent if "slow" in whom]
            assert len(tried) == 10 * deferring
    assert ends[1] <= ends[0] * 1.05


@pytest.mark.parametrize("seconds", [0.5, 5.0])
def test_a_slow_provider_slows_the_others_by_little(tmp_path: Path, seconds: float) -> None:
    addresses = to("example.net", "example.org", "example.com", each=600) + to("slow.example", each=60)
    with postroom(settings_of(tmp_path), addresses) as room:
        room.cut()
        clock = FakeClock()
        transport = run(room, clock, seconds=lambda message: seconds if "slow" in message.recipient else 0.01)
        end = max(at for at, whom in transport.sent if "slow" not in whom)
        assert end <= 1800 * 0.01 * 1.05 + seconds
        assert len(transport.sent) == 1860


def test_a_paused_provider_is_left_and_its_rows_not_looked_at(tmp_path: Path) -> None:
    with postroom(settings_of(tmp_path), to("gmail.com", "example.net", each=100)) as room:
        room.cut()
        until = 2**61
        room.raw.execute("INSERT INTO pause VALUES ('smtp', 'gmail', ?, 'test', 1)", (until,))
        transport = run(room, FakeClock())
        assert {whom.partition("@")[2] for _, whom in transport.sent} == {"example.net"}
        assert room.states() == {"sent": 100, "queued": 100}


def test_breaker(tmp_path: Path) -> None:
    """2 per cent of addresses that do not exist, once there are enough answers: their provider waits, and is told."""
    with postroom(settings_of(tmp_path, limits=Limits(breaker=2)), to("example.net", "example.org", each=300)) as room:
        room.cut()
        clock = FakeClock()
        transport = Scripted(
            clock, answer=lambda message: NOBODY if message.recipient.endswith("0@example.net") else SENT
        )
        tally = room.send(clock, transport=transport)
        assert sum("example.org" in whom for _, whom in transport.sent) == 300
        assert sum("example.net" in whom for _, whom in transport.sent) == ENOUGH + 1
        assert [alarm.partition(" waits")[0] for alarm in tally.alarms] == ["mail to example.net"]
        assert "of the last" in tally.alarms[0]


def test_bounces_that_came_by_mail_count_towards_the_breaker() -> None:
    gate = Gate(Limits(breaker=2), recent={"gmail": (1000, 19)})
    assert gate.answered("gmail", NOBODY, "hard", 0)
    assert not gate.answered("qq", NOBODY, "hard", 0)


def test_421_behind_a_relay_is_about_everything() -> None:
    closing = Outcome(state="deferred", reply="421 4.7.0 later", code=421, status="4.7.0")
    for relay, whom in ((True, ALL), (False, "gmail")):
        gate = Gate(Limits(), relay=relay)
        pause = gate.answered("gmail", closing, "soft", 0)
        assert pause
        assert pause.provider == whom
        assert gate.blocked("qq", 1) is relay


def test_pauses_in_a_row_grow_and_end_when_mail_is_taken() -> None:
    gate, now, waits = Gate(Limits()), 0, []
    for _ in range(3):
        for _ in range(9):
            assert not gate.answered("gmail", LATER, "soft", now)
        pause = gate.answered("gmail", LATER, "soft", now)
        assert pause
        waits.append(pause.until - now)
        now = pause.until
    assert waits == [300_000_000, 600_000_000, 1_200_000_000]
    assert gate.relieved("gmail", now)
    assert not gate.relieved("gmail", now)


def test_a_server_that_is_down_is_told_once(tmp_path: Path) -> None:
    class Down:
        def carry(self, desk: Desk) -> None:
            raise TransportDown("nobody home")

    with postroom(settings_of(tmp_path), 3) as room:
        room.cut()
        clock = FakeClock()
        alarms = []
        for _ in range(3):
            tally = room.send(clock, transport=Down())
            assert tally.down == "nobody home"
            alarms += tally.alarms
            clock.sleep(7200)
        assert len(alarms) == 1
        assert run(room, clock).sent
        assert room.raw.execute("SELECT * FROM pause").fetchall() == []
