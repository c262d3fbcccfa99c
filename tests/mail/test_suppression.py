"""Suppression and erasure: held everywhere, known by a hash alone, lifted by the person and nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import get_args

import pytest
from mail.deskbook import DAILY, WEEKLY, Office, office, opened
from sqlalchemy import insert
from support import NOW

from feeder.mail import schema
from feeder.mail.subscribers.bounds import EVERY
from feeder.mail.subscribers.suppression import Reason, Suppressions

ANA = "ana@example.org"
REASONS = get_args(Reason)


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as opened:
        yield opened


def ask(at: Office) -> str:
    return at.book.subscribe(at.connection, WEEKLY, ANA, at.now, origin="web")


def everything(at: Office) -> str:
    tables = at.connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
    return "\n".join(str(at.connection.exec_driver_sql(f'SELECT * FROM "{name}"').all()) for name in tables)


@pytest.mark.parametrize("reason", REASONS)
def test_it_ends_every_subscription(at: Office, reason: Reason) -> None:
    at.confirmed(ANA)
    at.book.add(at.connection, DAILY, ANA, NOW, kept="x")
    at.book.suppress(at.connection, ANA, reason, NOW, "5.1.1")
    assert (at.state(ANA), at.state(ANA, "daily")) == ("ended", "ended")
    assert at.person(ANA).on("weekly").consent[-1]["how"] == reason


@pytest.mark.parametrize("reason", REASONS)
def test_the_editors_word_does_not_lift_it(at: Office, reason: Reason) -> None:
    at.book.suppress(at.connection, ANA, reason, NOW)
    assert at.book.add(at.connection, WEEKLY, ANA, NOW, kept="on paper") == "suppressed"
    assert at.state(ANA) == ""
    assert at.book.suppressions.of(at.connection, ANA).reason == reason


@pytest.mark.parametrize("reason", REASONS)
def test_the_persons_own_word_lifts_it(at: Office, reason: Reason) -> None:
    at.confirmed(ANA)
    at.book.suppress(at.connection, ANA, reason, NOW)
    at.now += EVERY
    assert ask(at) == "asked"
    assert at.book.suppressions.of(at.connection, ANA) is not None
    at.book.confirm(at.connection, at.token(ANA), at.now)
    assert at.state(ANA) == "active"
    assert at.book.suppressions.of(at.connection, ANA) is None


@pytest.mark.parametrize(("reason", "times"), [("bounce", 3), ("complaint", 1), ("erasure", 1)])
def test_how_often_somebody_suppressed_is_asked(at: Office, reason: Reason, times: int) -> None:
    at.book.suppress(at.connection, ANA, reason, NOW)
    told = []
    for _ in range(5):
        at.now += EVERY
        told.append(ask(at))
    assert told.count("asked") == len(at.notices()) == times


def test_a_strangers_asking_writes_nobody_down_again(at: Office) -> None:
    at.book.forget(at.connection, ANA, at.now)
    at.now += EVERY
    assert ask(at) == "asked"
    at.book.tidy(at.connection, at.now + timedelta(days=31))
    at.now += timedelta(days=32)
    assert ask(at) == "suppressed"
    assert at.person(ANA) is None
    assert "ana@" not in everything(at)


def test_a_paused_or_active_suppressed_one_gets_no_preferences_link(at: Office) -> None:
    at.confirmed(ANA)
    at.book.suppressions.add(at.connection, ANA, "complaint", NOW)
    at.now += EVERY
    assert ask(at) == "suppressed"
    assert [kind for kind, _ in at.notices()] == ["confirm"]


def test_a_lesser_reason_does_not_replace_a_graver_one(at: Office) -> None:
    known = at.book.suppressions
    for reason, wanted in (
        ("bounce", "bounce"),
        ("complaint", "complaint"),
        ("bounce", "complaint"),
        ("erasure", "erasure"),
    ):
        known.add(at.connection, ANA, reason, NOW)
        assert known.of(at.connection, ANA).reason == wanted


def test_the_first_time_stays(at: Office) -> None:
    known = at.book.suppressions
    known.add(at.connection, ANA, "bounce", NOW, "first")
    known.add(at.connection, ANA, "bounce", NOW + timedelta(days=9), "second")
    found = known.of(at.connection, ANA)
    assert (found.since, found.detail) == (NOW, "first")


def test_the_hash_needs_the_secret_and_outlives_new_keys() -> None:
    one, other = Suppressions([b"a" * 64]), Suppressions([b"b" * 64])
    assert one.hash(ANA) != other.hash(ANA)
    assert Suppressions([b"new" * 22, b"a" * 64]).hash(ANA) == one.hash(ANA)
    assert ANA not in one.hash(ANA)


def test_forgetting_leaves_a_hash_and_the_counts(at: Office) -> None:
    person = at.confirmed("Ana@Example.org")
    at.connection.exec_driver_sql("UPDATE subscriber SET name = '安娜'")
    at.digest(1, NOW, to=person.id)
    at.digest(2, NOW + timedelta(days=1), to=person.id)
    at.connection.exec_driver_sql("UPDATE delivery SET state = 'queued', message_id = '<x>' WHERE digest = 2")
    at.connection.exec_driver_sql(
        "UPDATE delivery SET provider = 'example.org', reply = '250 for ana@example.org' WHERE digest = 1"
    )
    at.connection.exec_driver_sql("INSERT INTO bounce (subscriber, kind, at) VALUES (?, 'soft', 0)", (person.id,))
    assert at.book.forget(at.connection, ANA, at.now)
    left = everything(at)
    for trace in ("ana@", "Ana@", "安娜", "example.org"):
        assert trace not in left
    assert at.connection.exec_driver_sql("SELECT digest, state FROM delivery ORDER BY digest").all() == [
        (1, "sent"),
        (2, "skipped"),
    ]
    assert at.connection.exec_driver_sql("SELECT count(*) FROM served").scalar_one() == 0
    assert at.book.suppressions.of(at.connection, ANA).reason == "erasure"
    assert not at.book.forget(at.connection, ANA, at.now)
    assert not at.book.forget(at.connection, "nobody@example.org", at.now)


def test_what_was_forgotten_is_not_in_the_file_either(tmp_path: Path) -> None:
    with office(tmp_path) as at:
        at.book.add(at.connection, WEEKLY, "unmistakable.name@example.org", NOW, kept="unmistakable paper")
    with office(tmp_path) as at:
        assert at.book.forget(at.connection, "unmistakable.name@example.org", NOW)
    with opened(tmp_path) as (_, database, _):
        database.scrub()
    data = b"".join(path.read_bytes() for path in (tmp_path / ".feeder").iterdir())
    assert b"unmistakable" not in data


def test_nor_is_a_copy_left_where_pages_were_split(tmp_path: Path) -> None:
    chance = Random(1)  # without writing the file anew, seven of the first eight numbers leave copies
    addresses = [f"somebody.{number}@example.org" for number in range(3000)]
    with office(tmp_path) as at:
        for address in chance.sample(addresses, len(addresses)):
            _write_down(at, address, "x" * chance.randrange(80))
            renamed = ("y" * chance.randrange(200), chance.choice(addresses))
            at.connection.exec_driver_sql("UPDATE subscriber SET name = ? WHERE key = ?", renamed)
    with office(tmp_path) as at:
        for address in addresses[::4]:
            assert at.book.forget(at.connection, address, NOW)
    with opened(tmp_path) as (_, database, _):
        database.scrub()
    data = b"".join(path.read_bytes() for path in (tmp_path / ".feeder").iterdir())
    left = [address for address in addresses if address.encode() in data]
    assert left == [address for number, address in enumerate(addresses) if number % 4]


def _write_down(at: Office, address: str, name: str) -> None:
    row = {"address": address, "key": address, "provider": "example.org", "name": name, "created_at": 0}
    at.connection.execute(insert(schema.subscriber).values(row))


def test_numbers_are_never_given_twice(at: Office) -> None:
    number = at.confirmed(ANA).id
    at.book.forget(at.connection, ANA, at.now)
    assert at.confirmed("bob@example.org").id > number
