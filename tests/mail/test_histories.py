"""Weeks of a publication, made up at random: whole runs of ``publish``, some of them killed, under a clock that jumps.

The model knows two rules of what is not mailed, and of when: an entry that was older than 14 days when it came out came
by an import, unless a run had known it before its date; a digest that nobody cut within 24 hours is carried into the
next. By them it says after each run what every subscriber must have, and has once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from mail.dues import last_due
from mail.newsdesk import MAIL, Newsdesk, read, text_of
from sqlalchemy import Connection
from support import soak

from feeder import dates, history
from feeder.mail.database import open_mail
from feeder.mail.lists import find
from feeder.mail.subscribers import Subscribers, persons
from feeder.mail.subscribers.choices import Choice
from feeder.mail.subscribers.persons import Subscription
from tests.faults import dying

LINES = MAIL.replace('"instant"', '"monthly"')
ZONE = "Asia/Shanghai"
DAY = timedelta(days=1)
OLDEST = 14 * DAY
CATCH_UP = timedelta(hours=24)
AGES = (0, 0, 0, 0, 3, 12, 16, 40, -1, -2, -9)
"""Days by which entries are dated back; those dated ahead wait."""
STEPS = 400
"""A run changes files about so often."""


@dataclass
class Item:
    """An entry."""

    name: str
    date: datetime
    mail: bool | None
    known_early: bool = False
    """A run has seen it before its date."""
    released: datetime | None = None
    mailed: bool = False


@dataclass
class Person:
    """A subscriber."""

    address: str
    frequency: str
    start: datetime
    scheduled: datetime
    active: bool = True
    got: Counter[str] = field(default_factory=Counter)


class Weeks:
    """What happens, and what must come of it."""

    def __init__(self, root: Path, seed: int) -> None:
        self.dice = Random(seed)
        self.desk = Newsdesk(root)
        self.desk.begin(lines=LINES)
        self.now = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
        self.items: dict[str, Item] = {}
        self.people: dict[str, Person] = {}
        self.latest = self.now
        """The latest time that any run saw."""
        self.read: set[str] = set()
        self.told: list[str] = []
        for _ in range(3):
            self.join()

    def tell(self, what: str) -> None:
        self.told.append(f"{self.now:%m-%d %H:%M} {what}")

    # What happens

    def write(self) -> None:
        name = f"e{len(self.items)}"
        mail = self.dice.choice((None, None, None, None, True, False))
        date = self.now - self.dice.choice(AGES) * DAY - timedelta(minutes=self.dice.randrange(300))
        front = {} if mail is None else {"mail": str(mail).lower()}
        self.desk.entry(name, "正文。\n", title=f"Q{name}Q", date=f"{date:%Y-%m-%d %H:%M:%S}Z", **front)
        self.items[name] = Item(name, date.replace(microsecond=0), mail)
        self.tell(f"write {name} of {date:%m-%d %H:%M} mail {mail}")

    def join(self) -> None:
        address = f"p{len(self.people)}@example.org"
        frequency = self.dice.choice(("weekly", "weekly", "daily", "monthly"))
        settings = self.desk.settings
        with open_mail(settings, self.now, afresh=True) as database, database.begin() as connection:
            book = Subscribers(settings, database.secrets())
            choice = Choice(frequency=frequency)
            book.add(connection, find(settings, "weekly"), address, self.now, kept="a test", choice=choice)
        start = last_due(frequency, 8, ZONE, self.now)
        self.people[address] = Person(address, frequency, start, self.now)
        self.tell(f"join {address} {frequency}")

    def leave(self) -> None:
        for person, book, connection, known in self.somebody():
            book.end(connection, known, self.now)
            person.active = False
            self.tell(f"{person.address} left")

    def choose(self) -> None:
        for person, book, connection, known in self.somebody():
            frequency = self.dice.choice(("weekly", "daily", "monthly"))
            book.change(connection, known, Choice(frequency=frequency), self.now)
            if frequency != person.frequency:
                person.frequency, person.scheduled = frequency, self.now
            self.tell(f"{person.address} now {frequency}")

    def somebody(self) -> Iterator[tuple[Person, Subscribers, Connection, Subscription]]:
        """One of those who are there, if anybody is, in a transaction."""
        there = [person for person in self.people.values() if person.active]
        if not there:
            return
        person, settings = self.dice.choice(there), self.desk.settings
        with open_mail(settings, self.now) as database, database.begin() as connection:
            found = persons.find(connection, person.address)
            known = found.on("weekly") if found else None
            assert known is not None
            yield person, Subscribers(settings, database.secrets()), connection, known

    def wait(self) -> None:
        span = self.dice.choice((timedelta(minutes=20), timedelta(hours=5), DAY, 2 * DAY, 4 * DAY, 8 * DAY, 20 * DAY))
        self.now += span * self.dice.uniform(0.5, 1)
        self.tell("later")

    def step_clock(self) -> None:
        self.now += self.dice.choice((-1, -4, 2)) * DAY * self.dice.random()
        self.tell("clock stepped")

    def come_due(self) -> None:
        person = self.dice.choice(list(self.people.values()))
        at = self.now
        while (due := last_due(person.frequency, 8, ZONE, at)) <= self.now:
            at += timedelta(hours=12)
        self.now = due + timedelta(seconds=self.dice.choice((1, 600, 80_000, 100_000)))
        self.tell("due")

    def run(self) -> None:
        self.tell("run")
        report = self.desk.mailed(self.now)
        assert report.mailing.error is None, self.told
        self.look()
        self.check()

    def killed(self) -> None:
        at = self.dice.randrange(1, STEPS)
        died = dying.call(lambda: self.desk.mailed(self.now), under=self.desk.root, at=at)
        self.tell(f"killed at {at}: {died.killed}")
        assert died.killed or died.code == 0, died.stderr
        self.look()
        self.now += timedelta(seconds=self.dice.choice((1, 900, 90_000)))

    # What must come of it

    def look(self) -> None:
        """What came out by the last run, and which mail."""
        self.latest = max(self.latest, self.now)
        if not history.is_there(str(self.desk.root)):
            return  # the first run was killed at once
        with history.read_history(str(self.desk.root)) as opened:
            for item in self.items.values():
                record = next((one for one in opened.at_path(f"entries/{item.name}.md") if one.public), None)
                if record is not None and item.released is None:
                    item.released = dates.from_micros(record.released)
                    fresh = self.now - item.date <= OLDEST or item.known_early
                    item.mailed = fresh if item.mail is None else item.mail
                    self.tell(f"  {item.name} released {item.released:%m-%d %H:%M} mailed {item.mailed}")
                item.known_early = item.known_early or item.date > self.now
        for path in sorted((self.desk.root / "mail").rglob("*")):
            if path.is_file() and path.name not in self.read and path.parent.name != "tmp":
                self.read.add(path.name)
                letter = read(path)
                told = sorted(set(re.findall(r"Q(e\d+)Q", text_of(letter))))
                self.people[str(letter["To"])].got.update(told)
                self.tell(f"  {letter['To']} got {' '.join(told)}")

    def check(self) -> None:
        """Nobody has anything twice, or what is not theirs; everybody has what is due."""
        held = self.held()
        for person in self.people.values():
            assert max(person.got.values(), default=0) <= 1, ("twice", person, self.told)
            may = {item.name for item in self.items.values() if item.mailed and self._is_later(item, person.start)}
            assert person.got.keys() <= may, ("not owed", person, person.got.keys() - may, self.told)
            due = last_due(person.frequency, 8, ZONE, self.now)
            if not person.active or self.now - due > CATCH_UP or due <= person.scheduled or person.address in held:
                continue
            if self.now < self.latest:
                continue  # what was queued before the clock was set back leaves when it gets there again
            must = {name for name in may if not self._is_later(self.items[name], due)}
            assert must <= person.got.keys(), ("missed", person, must - person.got.keys(), self.told)

    def held(self) -> set[str]:
        """Those whose message two killed runs were just sending: somebody has to decide."""
        query = "SELECT address FROM delivery JOIN subscriber ON id = delivery.subscriber WHERE state = 'held'"
        with open_mail(self.desk.settings, self.now) as database, database.read() as connection:
            return set(connection.exec_driver_sql(query).scalars())

    @staticmethod
    def _is_later(item: Item, instant: datetime) -> bool:
        return item.released is not None and item.released > instant


@pytest.mark.parametrize("seed", range(soak(4, 400)))
def test_everybody_has_what_is_owed_once(tmp_path: Path, seed: int) -> None:
    weeks = Weeks(tmp_path, seed)
    chances = (
        [weeks.write] * 5 + [weeks.wait] * 3 + [weeks.come_due] * 4 + [weeks.run] * 5
        + [weeks.killed] * 3 + [weeks.join, weeks.leave, weeks.choose, weeks.step_clock]
    )  # fmt: skip
    for _ in range(30):
        weeks.dice.choice(chances)()
    weeks.now = weeks.latest
    weeks.come_due()
    weeks.run()
