"""`feeder run` without its threads, on a clock that jumps from one due instant to the next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from mail.newsdesk import Newsdesk

from feeder import config
from feeder.config import Settings
from feeder.config.secrets import Secrets
from feeder.daemon.duties import Duty
from feeder.daemon.reloading import Book
from feeder.daemon.standing import Standing
from feeder.daemon.telling import Telling
from feeder.daemon.troubles import Troubles
from feeder.daemon.work import Work
from feeder.pipeline import Mailing, Report
from feeder.upkeep import running


class SteppedClock:
    """A wall clock that is set by the test, and one beside it that never goes back."""

    def __init__(self, now: datetime) -> None:
        self.wall, self.passed = now, 0.0

    def now(self) -> datetime:
        return self.wall

    def seconds(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        self.pass_by(timedelta(seconds=seconds))

    def pass_by(self, time: timedelta) -> None:
        """Time passes, on both."""
        self.wall += time
        self.passed += time.total_seconds()


class Listener:
    """Writes down what was said."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.warned: list[str] = []
        self.reports: list[Report] = []

    def say(self, line: str) -> None:
        self.said.append(line)

    def warn(self, line: str) -> None:
        self.warned.append(line)

    def published(self, report: Report, settings: Settings) -> None:
        self.reports.append(report)

    def sent(self, mailing: Mailing, settings: Settings) -> None:
        assert mailing.tally is not None
        if mailing.tally.sent:
            self.said.append(f"mail: {mailing.tally.sent} sent")


class Stage:
    """The works of `feeder run` for one publication; a new one is a process that was started anew."""

    def __init__(self, desk: Newsdesk, clock: SteppedClock, late: timedelta = timedelta(milliseconds=20)) -> None:
        """``late``: how long after its instant a duty is taken up."""
        self.desk, self.clock, self.late = desk, clock, late
        self.voice, self.followed = Listener(), list[Settings]()
        earlier = running.load(desk.root)
        self.troubles = Troubles(earlier.troubles if earlier else ())
        self.standing = Standing(desk.root, 1, clock.now(), self.troubles)
        book, secrets = Book(desk.root, lambda: config.load(desk.root)), Secrets({})
        self.work = Work(
            book, clock, secrets, self.voice, self.standing, Telling(book, clock, secrets, self.voice, self.troubles),
            stop=lambda: False, follow=self.followed.append,
        )  # fmt: skip
        self.turns: list[tuple[datetime, Duty | None]] = []

    def start(self) -> None:
        """What `feeder run` does first."""
        self.work.begin()
        self.work.publish()
        self.work.deliver()

    def publish(self) -> None:
        """A change was noticed."""
        self.work.publish()
        self._whatever_has_come()

    def until(self, end: datetime, *, safety: bool = True, at_each: Callable[[], None] = lambda: None) -> None:
        """Do everything at its time up to ``end``; without ``safety``, the runs that nothing asks for are left out."""
        while duty := self._next(safety=safety):
            if duty.at + self.late > end:
                break
            self.clock.pass_by(max(duty.at + self.late - self.clock.wall, timedelta()))
            self._do(duty)
            at_each()
        self.clock.pass_by(max(end - self.clock.wall, timedelta()))

    def _next(self, *, safety: bool) -> Duty | None:
        return min((duty for duty in self.work.duties if safety or duty.kind != "safety"), default=None)

    def _whatever_has_come(self) -> None:
        for _ in range(20):
            come = [duty for duty in self.work.duties if duty.at <= self.clock.wall]
            if not come:
                return
            self._do(min(come))
        raise AssertionError(f"there is no end to it: {self.work.duties}")

    def _do(self, duty: Duty) -> None:
        self.turns.append((self.clock.wall, duty))
        if duty.publishes:
            self.work.publish()
        else:
            self.work.deliver()
