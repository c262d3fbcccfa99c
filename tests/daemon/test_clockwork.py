"""The clockwork rings for every duty, however late, whatever the clock does; the arithmetic behind it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from feeder.cli.clock import SystemClock
from feeder.daemon import duties
from feeder.daemon.clockwork import STEP, Clockwork
from feeder.daemon.duties import Duty, Kind
from feeder.daemon.hands import Hand
from tests.daemon.stage import SteppedClock

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


class Bell:
    """Writes down who rang, and when."""

    def __init__(self) -> None:
        self.rung: list[tuple[Duty, datetime]] = []
        self._new = threading.Condition()

    def __call__(self, duty: Duty) -> None:
        with self._new:
            self.rung.append((duty, datetime.now(UTC)))
            self._new.notify_all()

    def wait(self, many: int) -> None:
        with self._new:
            assert self._new.wait_for(lambda: len(self.rung) >= many, 30), self.rung


@pytest.fixture
def bell() -> Bell:
    return Bell()


@pytest.fixture
def works(bell: Bell) -> Iterator[Clockwork]:
    made = Clockwork(SystemClock(), bell)
    made.start()
    yield made
    made.stop()


def soon(seconds: float, why: str = "x", kind: Kind = "entry") -> Duty:
    return Duty(datetime.now(UTC) + timedelta(seconds=seconds), kind, why)


def test_each_at_its_instant_and_none_before(works: Clockwork, bell: Bell) -> None:
    wanted = [soon(0.6, "b"), soon(0.3, "a"), soon(0.6, "c", "mail"), soon(3600, "later")]
    works.set(wanted)
    bell.wait(3)
    assert {duty.why for duty, _ in bell.rung} == {"a", "b", "c"}
    assert all(duty.at <= at for duty, at in bell.rung)


def test_late_ones_are_never_dropped(works: Clockwork, bell: Bell) -> None:
    # By APScheduler's defaults, whatever is a second late is dropped with no more than a line in a log.
    works.set([soon(-3600, "an hour"), soon(-5, "five seconds"), soon(-90 * 86_400, "a season")])
    bell.wait(3)
    assert {duty.why for duty, _ in bell.rung} == {"an hour", "five seconds", "a season"}


def test_set_anew_the_old_ones_are_gone_and_the_same_one_rings_again(works: Clockwork, bell: Bell) -> None:
    works.set([old := soon(2, "old")])  # not before it was replaced, on any machine
    again = soon(-1, "again")
    for number in range(50):  # a job that has only just run must not stop the next of its name
        works.set([again])
        bell.wait(number + 1)
    time.sleep((old.at - datetime.now(UTC)).total_seconds() + 0.3)
    assert {duty.why for duty, _ in bell.rung} == {"again"}
    assert len(bell.rung) == 50


def test_a_slow_listener_costs_nobody_a_ring(bell: Bell) -> None:
    def slow(duty: Duty) -> None:
        time.sleep(0.2)
        bell(duty)

    works = Clockwork(SystemClock(), slow)
    works.start()
    works.set([soon(-1, f"n{number}") for number in range(5)])
    bell.wait(5)
    works.stop()


def test_a_step_of_the_clock_is_noticed_and_nothing_else_is() -> None:
    clock = SteppedClock(NOW)
    works = Clockwork(clock, lambda duty: None)
    for _ in range(100):
        clock.pass_by(timedelta(seconds=0.5))
        assert works.tick() == 0.0
    for step in (HOUR, -2 * HOUR, timedelta(days=400), timedelta(seconds=0.4)):
        clock.wall += step
        assert works.tick() == pytest.approx(step.total_seconds())
        assert works.tick() == 0.0


def test_a_clock_that_is_drawn_slowly_is_noticed_too() -> None:
    clock = SteppedClock(NOW)
    works, moved = Clockwork(clock, lambda duty: None), 0.0
    for _ in range(4000):  # 500 ppm, the most that NTP does: 1 s in half an hour
        clock.pass_by(timedelta(seconds=0.5))
        clock.wall += timedelta(microseconds=250)
        moved += works.tick()
    assert 1.0 - STEP <= moved <= 1.0


def test_the_instant_of_a_run() -> None:
    entry, digest = Duty(NOW, "entry", "e"), Duty(NOW, "digest", "d")
    late = NOW + timedelta(seconds=20)
    assert duties.moment([entry, digest], late) == NOW
    assert duties.moment([Duty(NOW + SECOND, "digest", "d"), entry], late) == NOW
    assert duties.moment([entry], NOW - SECOND) == NOW - SECOND
    assert duties.moment([Duty(NOW - 2 * HOUR, "entry", "old"), digest], late) == NOW
    assert duties.moment([Duty(NOW - 2 * HOUR, "entry", "old")], late) == late
    assert duties.moment([Duty(NOW, "safety", "s"), Duty(NOW, "mail", "m"), Duty(NOW, "retry", "r")], late) == late
    assert duties.moment([], late) == late


def test_how_long_to_wait_for_another_try() -> None:
    waits = [duties.backed_off(times).total_seconds() / 60 for times in range(1, 9)]
    assert waits == [1, 2, 4, 8, 15, 15, 15, 15]
    assert duties.backed_off(10**9) == timedelta(minutes=15)


def test_a_hand_does_it_once_more_for_all_who_rang_meanwhile() -> None:
    done, gate, faults = threading.Semaphore(0), threading.Event(), list[Exception]()

    def work() -> None:
        done.release()
        gate.wait(30)

    hand = Hand("test", work, faults.append)
    hand.start()
    hand.ring()
    assert done.acquire(timeout=30)
    for _ in range(100):
        hand.ring()
    gate.set()
    assert done.acquire(timeout=30)
    assert not done.acquire(timeout=0.2)
    hand.end()
    hand.join(30)
    assert not hand.is_alive()
    assert faults == []


def test_a_hand_lives_on_after_a_fault() -> None:
    told, done = threading.Event(), threading.Event()
    turns = iter([ValueError("x"), None])

    def work() -> None:
        if fault := next(turns):
            raise fault
        done.set()

    hand = Hand("test", work, lambda error: told.set())
    hand.start()
    hand.ring()
    assert told.wait(30)
    hand.ring()
    assert done.wait(30)
    hand.end()
    hand.join(30)
