"""Every subscriber gets every entry released for them exactly once, and nothing else, whatever happens in between.

Operations in any order against the real databases, and a naive model beside them that thinks of one subscriber at a
time. Also killed in the middle: before and after every statement and commit.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from mail.desk import Desk, Killed, Killing
from mail.dues import last_due
from support import soak

from feeder import dates
from feeder.mail import lists
from feeder.mail.cutting import queueing, remembered

LIST = """
[mail]
transport = "{transport}"
[[lists]]
name = "weekly"
hour = {hour}
allowed = ["instant", "daily", "monthly"]
[[lists]]
name = "other"
"""
STARTS = (
    datetime(2026, 10, 24, 5, 30, tzinfo=UTC),  # Berlin leaves summer time on the 25th, New York on 1 November
    datetime(2027, 3, 26, 1, 0, tzinfo=UTC),  # Berlin enters it on the 28th
    datetime(2027, 4, 3, 1, 0, tzinfo=UTC),  # Lord Howe turns back by half an hour on the 4th
    datetime(2026, 10, 2, 22, 0, tzinfo=UTC),  # and forward on the 4th
    datetime(2026, 11, 22, 23, 59, tzinfo=UTC),
)
ZONES = ("", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
NAMES = "abcdef"
TAGS = ("ai", "web")
Choices = tuple[str, int | None, str, tuple[str, ...]]
CHOICES = st.tuples(
    st.sampled_from(["weekly", "weekly", "daily", "daily", "instant", "monthly"]),
    st.sampled_from([None, None, 2, 20]),
    st.sampled_from(ZONES),
    st.sampled_from([(), (), ("ai",), ("ai", "web")]),
)
TIMES = st.one_of(
    st.integers(1, 59).map(lambda n: timedelta(minutes=n)),
    st.integers(1, 30).map(lambda n: timedelta(hours=n)),
    st.integers(1, 9).map(lambda n: timedelta(days=n)),
    st.integers(1, 200).map(lambda n: timedelta(hours=-n)),
)
EVENTS = st.one_of(
    st.tuples(
        st.just("publish"),
        st.sampled_from([0, 0, 0, 3, 20]),
        st.sets(st.sampled_from(TAGS)),
        st.sampled_from([None, None, None, True, False]),
        st.sampled_from([(), (), ("weekly",), ("other",)]),
    ),
    st.sampled_from([(kind,) for kind in ("edit", "correct", "correct", "withdraw", "leave", "pause", "resume")]),
    st.tuples(st.just("mark"), st.sampled_from([None, True, False])),
    st.tuples(st.sampled_from(["join", "choose"]), CHOICES),
    st.tuples(st.just("transport"), st.sampled_from(["maildir", "eml"])),
    st.tuples(st.just("hour"), st.sampled_from([8, 18])),
    st.tuples(st.just("time"), TIMES),
    st.tuples(st.just("until_due"), st.sampled_from([0, 1, 3600, 23 * 3600])),
    st.sampled_from([(kind,) for kind in ("send", "amend", "cut", "cut", "at_once")]),
)
CATCH_UP = timedelta(hours=24)
TEN, SIXTY = timedelta(minutes=10), timedelta(minutes=60)


@dataclass
class Item:
    """An entry, as the model sees it."""

    name: str
    released: datetime
    old: bool
    tags: tuple[str, ...]
    lists: tuple[str, ...]
    mail: bool | None = None
    withdrawn: bool = False
    corrected: datetime | None = None

    @property
    def mailed(self) -> bool:
        fresh = self.mail or (self.mail is None and not self.old)
        return fresh and not self.withdrawn and (not self.lists or "weekly" in self.lists)


@dataclass
class Letter:
    """A digest that somebody was sent, or will be."""

    number: int
    until: datetime
    entries: tuple[str, ...]
    corrections: tuple[str, ...]
    frozen: datetime
    """When its text was made."""
    state: str = "queued"


@dataclass
class Person:
    """A subscriber, as the model sees them."""

    name: str
    frequency: str
    hour: int | None
    zone: str
    tags: tuple[str, ...]
    state: str
    scheduled: datetime
    through: dict[str, datetime] = field(default_factory=dict)
    letters: dict[str, list[Letter]] = field(default_factory=dict)

    def sent(self, transport: str) -> list[Letter]:
        return self.letters.setdefault(transport, [])


class Cutting(RuleBasedStateMachine):
    """A list with its subscribers, over some weeks."""

    def __init__(self) -> None:
        super().__init__()
        # In memory where there is such a folder: what is lost with the power is not what this asks.
        memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
        self.root = Path(tempfile.mkdtemp(prefix="feeder-machine-", dir=memory))
        self.patch = pytest.MonkeyPatch()
        self.transport, self.hour = "maildir", 8
        self.items: dict[str, Item] = {}
        self.people: dict[str, Person] = {}
        self.last_instant: dict[str, datetime] = {}

    def teardown(self) -> None:
        if hasattr(self, "desk"):
            self.desk.close()
        self.patch.undo()
        shutil.rmtree(self.root)

    @initialize(
        start=st.sampled_from(STARTS),
        choices=st.lists(CHOICES, min_size=3, max_size=6),
        at_a_time=st.sampled_from([1, 2, 50_000]),
    )
    def begin(self, start: datetime, choices: list[Choices], at_a_time: int) -> None:
        self.patch.setattr(queueing, "STEP", at_a_time)
        self.patch.setattr(queueing, "BREATH", 0)
        self.desk = Desk(self.root, LIST.format(transport=self.transport, hour=self.hour), start)
        for nth, choice in enumerate(choices):
            self._join(nth, choice)

    # What happens

    @rule(events=st.lists(st.tuples(EVENTS, st.integers(0, 1000)), min_size=1, max_size=4))
    def happens(self, events: list[tuple[tuple[Any, ...], int]]) -> None:
        """Some things in a row; ``nth`` says which entry or subscriber they happen to."""
        for (kind, *values), nth in events:
            getattr(self, f"_{kind}")(nth, *values)

    @rule(
        news=st.lists(st.tuples(st.integers(1, 30), st.booleans()), min_size=1, max_size=4),
        runs=st.sampled_from([timedelta(hours=3), timedelta(hours=11)]),
        sending=st.booleans(),
        correcting=st.booleans(),
    )
    def days_pass(self, news: list[tuple[int, bool]], runs: timedelta, sending: bool, correcting: bool) -> None:
        """Days as they usually are: entries come, slowly or quickly, older ones are corrected, and cron runs."""
        for n, slowly in news:
            self._publish(0, 0, TAGS, None, ())
            if correcting:
                self._correct(n)
            end = self.desk.now + (timedelta(hours=n) if slowly else timedelta(minutes=3 * n))
            while self.desk.now < end:
                self.desk.now = min(self.desk.now + (runs if slowly else timedelta(minutes=15)), end)
                self._cut()
        if sending:
            self._send(0)

    @rule(
        nth=st.integers(0, 10),
        after=st.sampled_from([0, 1, 3600, 23 * 3600]),
        at=st.integers(0, 60),
        late=st.sampled_from([0, 0, 300, 90_000]),
        at_once=st.sampled_from([False, False, True]),
    )
    def killed(self, nth: int, after: int, at: int, late: int, at_once: bool) -> None:
        """When somebody's digest is due, the run that cuts it is killed; the next one comes so many seconds later."""
        self._until_due(nth, after)
        wanted = self._wanted(at_once=at_once)
        real, self.desk.database = self.desk.database, Killing(self.desk.database, at)
        killed = False
        try:
            self.desk.cut(**({"only": "weekly", "at_once": True} if at_once else {}))
        except Killed:
            killed = True
        finally:
            self.desk.database = real
        self._settle(wanted, killed=killed)
        self.desk.now += timedelta(seconds=late)
        self._cut()

    # What may happen

    def _publish(self, _: int, old: int, tags: Collection[str], mail: bool | None, where: tuple[str, ...]) -> None:
        name = f"e{len(self.items)}"
        record = self.desk.release(
            name, published=self.desk.now - timedelta(days=old), tags=tuple(sorted(tags)), mail=mail, lists=where
        )
        released = dates.from_micros(record.released)
        # By a clock that ran ahead of its day for weeks, an entry is old when it is released.
        older = released - (self.desk.now - timedelta(days=old)) > timedelta(days=14)
        self.items[name] = Item(name, released, older, tuple(tags), where, mail)

    def _edit(self, nth: int) -> None:
        for item in self._items(nth):
            self.desk.change(item.name, hash=f"{item.name} edited", updated=dates.to_micros(self.desk.now))

    def _mark(self, nth: int, mail: bool | None) -> None:
        for item in self._items(nth):
            self.desk.change(item.name, mail=mail)
            item.mail = mail

    def _correct(self, nth: int) -> None:
        for item in self._items(nth):
            record = self.desk.correct(item.name)
            item.corrected = dates.from_micros(record.corrected)

    def _withdraw(self, nth: int) -> None:
        for item in self._items(nth):
            self.desk.withdraw(item.name)
            item.withdrawn = True

    def _join(self, nth: int, choice: Choices) -> None:
        name = NAMES[nth % len(NAMES)]
        frequency, hour, zone, tags = choice
        known = self.people.get(name)
        if known is not None and known.state != "ended":
            return
        self.desk.join(name, frequency=frequency, hour=hour, timezone=zone, tags=tags)
        person = Person(name, frequency, hour, zone, tags, "active", self.desk.now)
        if known is not None:
            person.through, person.letters = known.through, known.letters
        self.people[name] = person
        self._activated(person)

    def _leave(self, nth: int) -> None:
        for person in self._people(nth, "active"):
            self.desk.leave(person.name)
            person.state = "ended"

    def _pause(self, nth: int) -> None:
        for person in self._people(nth, "active"):
            self.desk.pause(person.name)
            person.state = "paused"

    def _resume(self, nth: int) -> None:
        for person in self._people(nth, "paused"):
            self.desk.resume(person.name)
            person.state, person.scheduled = "active", self.desk.now
            self._activated(person)

    def _choose(self, nth: int, choice: Choices) -> None:
        frequency, hour, zone, tags = choice
        for person in self._people(nth, "active"):
            self.desk.choose(person.name, frequency=frequency, hour=hour, timezone=zone, tags=tags)
            if (frequency, hour, zone) != (person.frequency, person.hour, person.zone):
                person.scheduled = self.desk.now
            person.frequency, person.hour, person.zone, person.tags = frequency, hour, zone, tags

    def _transport(self, _: int, transport: str) -> None:
        self.transport = transport
        self.desk.configure(LIST.format(transport=self.transport, hour=self.hour))

    def _hour(self, _: int, hour: int) -> None:
        self.hour = hour
        self.desk.configure(LIST.format(transport=self.transport, hour=self.hour))

    def _time(self, _: int, span: timedelta) -> None:
        self.desk.now += span

    def _until_due(self, nth: int, after: int) -> None:
        for person in self._people(nth, "active"):
            if person.frequency != "instant":
                at = self.desk.now
                while (due := last_due(*self._schedule(person), at)) <= self.desk.now:
                    at += timedelta(hours=12)
                self.desk.now = due + timedelta(seconds=after)

    def _send(self, _: int) -> None:
        """All that is queued leaves; every seventh is refused."""
        at = dates.to_micros(self.desk.now)
        self.desk.do(
            "UPDATE delivery SET revision = (SELECT revision FROM digest WHERE id = digest), "
            "state = CASE (digest + subscriber) % 7 WHEN 0 THEN 'failed' ELSE 'sent' END, attempt = attempt + 1, "
            f"updated_at = {at} WHERE state = 'queued' AND transport = '{self.transport}'"
        )
        self._read_states()

    def _amend(self, _: int) -> None:
        changed = {one.digest for one in self.desk.amend()}
        gone = {item.name for item in self.items.values() if item.withdrawn}
        for letter in self._letters():
            if letter.number in changed and letter.state == "queued":
                letter.frozen = self.desk.now
        for number, told in self.desk.rows(
            "SELECT digest, group_concat(substr(entry, 5)) FROM digest_entry WHERE kind != 'withdrawn' GROUP BY digest"
        ):
            unsent = any(letter.number == number and letter.state == "queued" for letter in self._letters())
            assert not unsent or not gone.intersection(told.split(",")), "what is withdrawn would still be sent"
        self._read_states()

    # Cutting

    def _cut(self, _: int = 0) -> None:
        wanted = self._wanted(at_once=False)
        self.desk.cut()
        self._settle(wanted, killed=False)

    def _at_once(self, _: int) -> None:
        wanted = self._wanted(at_once=True)
        self.desk.cut(only="weekly", at_once=True)
        self._settle(wanted, killed=False)

    # The model

    def _items(self, nth: int) -> list[Item]:
        """The one that is meant, if it is public."""
        public = [item for item in self.items.values() if not item.withdrawn]
        return public[nth % len(public) :][:1] if public else []

    def _people(self, nth: int, state: str) -> list[Person]:
        """The one that is meant, if there is anybody in that state."""
        found = self._in(state)
        return found[nth % len(found) :][:1] if found else []

    def _in(self, state: str) -> list[Person]:
        return [person for person in self.people.values() if person.state == state]

    def _letters(self) -> list[Letter]:
        return [one for person in self.people.values() for one in person.sent(self.transport)]

    def _schedule(self, person: Person) -> tuple[str, int, str]:
        hour = self.hour if person.hour is None else person.hour
        return person.frequency, hour, person.zone or "Asia/Shanghai"

    def _activated(self, person: Person) -> None:
        """What counts as served when somebody becomes active now."""
        through = self.desk.through(person.name)
        if person.frequency != "instant":
            since = last_due(*self._schedule(person), self.desk.now)
            assert through == max(since, person.through.get(self.transport, since))
        person.through[self.transport] = through

    def _meanwhile(self) -> None:
        """What the next cut sees changed: another transport, another hour of the list."""
        with self.desk.database.read() as connection:
            past = remembered.past(connection)
        last = min(dates.from_micros(past.at), self.desk.now) if past.at else self.desk.now
        if past.at and past.schedules != remembered.schedules(self.desk.settings):
            for person in self._in("active"):
                person.scheduled = max(person.scheduled, last)
        for person in self._in("active"):
            if self.transport in person.through:
                continue
            if person.frequency == "instant":
                since = max(last, self.desk.now - SIXTY)
                person.through[self.transport] = self.desk.now if person.scheduled >= self.desk.now else since
                continue
            schedule = self._schedule(person)
            newest = last_due(*schedule, self.desk.now)
            before = last_due(*schedule, newest - timedelta(microseconds=1))
            since = max(last_due(*schedule, last), before)
            person.through[self.transport] = newest if person.scheduled >= newest else since

    def _instant(self) -> datetime | None:
        """When the last instant digest was due."""
        since = self.last_instant.get(self.transport, datetime(1970, 1, 1, tzinfo=UTC))
        releases = sorted(item.released for item in self.items.values() if item.mailed and item.released > since)
        releases = [at for at in releases if at <= self.desk.now]
        found = None
        while releases:
            first, *rest = releases
            end = first + TEN
            while rest and rest[0] <= end:
                end = min(rest.pop(0) + TEN, first + SIXTY)
            if end <= self.desk.now:
                found = end
            releases = rest
        return found

    def _wanted(self, *, at_once: bool) -> dict[str, tuple[datetime, tuple[str, ...], tuple[str, ...]]]:
        """Name -> (due instant, entries, corrections) of those to be served now, each thought of alone."""
        self._before = {person.name: dict(person.through) for person in self.people.values()}
        self._meanwhile()
        wanted = {}
        instant = self._instant()
        for person in self._in("active"):
            until = max([self.desk.now, *(item.released for item in self.items.values())])
            if not at_once:
                due = instant if person.frequency == "instant" else last_due(*self._schedule(person), self.desk.now)
                if due is None or self.desk.now - due > CATCH_UP or due <= person.scheduled:
                    continue
                until = due
            through = person.through[self.transport]
            if until > through:
                wanted[person.name] = (until, *self._owed(person, through, until))
        on_time = instant is not None and self.desk.now - instant <= CATCH_UP
        if on_time and not at_once and any(person.frequency == "instant" for person in self._in("active")):
            assert instant is not None
            self._instant_cut = instant
        else:
            self._instant_cut = None
        return wanted

    def _owed(self, person: Person, through: datetime, until: datetime) -> tuple[tuple[str, ...], tuple[str, ...]]:
        entries = tuple(
            item.name
            for item in self.items.values()
            if item.mailed
            and through < item.released <= until
            and (not person.tags or set(person.tags) & set(item.tags))
        )
        corrections = tuple(
            item.name
            for item in self.items.values()
            if item.corrected is not None
            and not item.withdrawn
            and through < item.corrected <= until
            and item.name not in entries
            and any(
                item.name in (*letter.entries, *letter.corrections)
                and letter.state != "failed"
                and letter.frozen < item.corrected
                for letter in person.sent(self.transport)
            )
        )
        return entries, corrections

    def _settle(self, wanted: dict[str, tuple[datetime, tuple[str, ...], tuple[str, ...]]], *, killed: bool) -> None:
        """The database says what the model says; of a killed cut, each subscriber was served whole or not at all."""
        fresh, served_through = self._fresh(), self._through()
        for person in self.people.values():
            new = fresh.pop(person.name, None)
            through = served_through.get(person.name)
            served = person.name in wanted and through == wanted[person.name][0]
            if person.name not in wanted or (killed and not served):
                assert new is None, f"{person.name} was not due, and got {new}"
                known = person.through.get(self.transport)
                if killed and through is None:
                    person.through.pop(self.transport, None)
                else:
                    assert through == known, person.name
                continue
            until, entries, corrections = wanted[person.name]
            assert served, f"{person.name} is served through {through}, not {until}"
            person.through[self.transport] = until
            if not entries and not corrections:
                assert new is None, f"{person.name} was owed nothing, and got {new}"
                continue
            assert new is not None, f"{person.name} was owed {entries} {corrections}"
            assert (new.until, set(new.entries), set(new.corrections)) == (until, set(entries), set(corrections))
            person.sent(self.transport).append(new)
        assert not fresh
        if self._instant_cut is not None and (not killed or self._remembered_instant() == self._instant_cut):
            self.last_instant[self.transport] = self._instant_cut
        if killed:
            self._reread_schedules()

    def _reread_schedules(self) -> None:
        """The first step of a cut, which sees what is set otherwise, was done whole or not at all."""
        for name, at in self.desk.rows(
            "SELECT s.address, c.scheduled_at FROM subscription c JOIN subscriber s ON s.id = c.subscriber"
        ):
            person = self.people[name.partition("@")[0]]
            if person.state == "active":
                assert dates.from_micros(at) <= person.scheduled
                person.scheduled = dates.from_micros(at)

    def _remembered_instant(self) -> datetime:
        with self.desk.database.read() as connection:
            mailing_list = lists.find(self.desk.settings, "weekly")
            return dates.from_micros(remembered.last_instant(connection, self.transport, mailing_list))

    def _through(self) -> dict[str, datetime]:
        rows = self.desk.rows(
            "SELECT s.address, v.through FROM served v JOIN subscription c ON c.id = v.subscription "
            f"JOIN subscriber s ON s.id = c.subscriber WHERE v.transport = '{self.transport}'"
        )
        return {address.partition("@")[0]: dates.from_micros(at) for address, at in rows}

    def _fresh(self) -> dict[str, Letter]:
        """The deliveries that the model does not know yet; nobody gets two by one cut."""
        known = {(person.name, one.number) for person in self.people.values() for one in person.sent(self.transport)}
        if self.desk.rows(f"SELECT count(*) FROM delivery WHERE transport = '{self.transport}'") == [(len(known),)]:
            return {}
        found: dict[str, Letter] = {}
        for address, number, until, made in self.desk.rows(
            "SELECT s.address, d.digest, g.until, g.made_at FROM delivery d JOIN subscriber s ON s.id = d.subscriber "
            f"JOIN digest g ON g.id = d.digest WHERE d.transport = '{self.transport}'"
        ):
            name = address.partition("@")[0]
            if (name, number) in known:
                continue
            assert name not in found, "two digests for one person at once"
            told = self.desk.rows(f"SELECT substr(entry, 5), kind FROM digest_entry WHERE digest = {number}")
            found[name] = Letter(
                number=number,
                until=dates.from_micros(until),
                entries=tuple(entry for entry, kind in told if kind == "entry"),
                corrections=tuple(entry for entry, kind in told if kind == "correction"),
                frozen=dates.from_micros(made),
            )
        return found

    def _read_states(self) -> None:
        states = {
            (address.partition("@")[0], number): state
            for address, number, state in self.desk.rows(
                "SELECT s.address, d.digest, d.state FROM delivery d JOIN subscriber s ON s.id = d.subscriber "
                f"WHERE d.transport = '{self.transport}'"
            )
        }
        for person in self.people.values():
            for letter in person.sent(self.transport):
                state = states[person.name, letter.number]
                letter.state = "failed" if state == "skipped" else state

    # What is always true

    @invariant()
    def nothing_half(self) -> None:
        if not hasattr(self, "desk"):
            return
        for what, query in {
            "a digest without deliveries": "SELECT id FROM digest WHERE id NOT IN (SELECT digest FROM delivery)",
            "a digest without entries": "SELECT id FROM digest WHERE id NOT IN (SELECT digest FROM digest_entry)",
            "a digest without its text": "SELECT id FROM digest g WHERE NOT EXISTS "
            "(SELECT 1 FROM snapshot s WHERE s.digest = g.id AND s.revision = g.revision)",
            "an entry twice": "SELECT d.subscriber, e.entry FROM delivery d JOIN digest_entry e ON e.digest = d.digest "
            "WHERE e.kind = 'entry' GROUP BY d.transport, d.subscriber, e.entry HAVING count(*) > 1",
        }.items():
            assert self.desk.rows(query) == [], what


CuttingTest = Cutting.TestCase
CuttingTest.settings = settings(
    max_examples=soak(12, 3000),
    stateful_step_count=soak(15, 50),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
