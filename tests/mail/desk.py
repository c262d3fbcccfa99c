"""A publication's desk for tests of cutting: real history, real mail database, subscribers, and a clock to move."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, text
from support import SETTINGS, Publication

from feeder import dates, history
from feeder.catalog import Catalog
from feeder.history import Record
from feeder.mail import cutting, database, lists
from feeder.mail.database import open_mail
from feeder.mail.schema import served
from feeder.mail.subscribers import Subscribers
from feeder.mail.subscribers.choices import Choice
from feeder.mail.subscribers.persons import Subscription
from feeder.mail.values import Edition, Rendered
from feeder.model import Entry, Moment, Reading

MONDAY = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
"""08:00 in Shanghai, when the weekly list is due."""

WEEKLY = '[[lists]]\nname = "weekly"\ntitle = "每周新闻"\nallowed = ["instant", "daily", "monthly"]\n'


class Composer:
    """Tells in plain words what it was given, so that tests can read it back."""

    def __init__(self) -> None:
        self.composed: list[Edition] = []

    def digest(self, mailing_list: Any, edition: Edition) -> Rendered:
        self.composed.append(edition)
        told = [*(f"更正 {entry.title}" for entry in edition.corrections), *(entry.title for entry in edition.entries)]
        return Rendered(subject=edition.subject or told[0], html=" ".join(told), text="\n".join(told))

    def proof(self, rendered: Rendered, language: str, *, when: str, count: int, command: str) -> Rendered:
        return Rendered(subject=f"[proof] {when} {count} {command}", html=rendered.html, text=rendered.text)


class Killed(Exception):
    """The process ends here."""


class Killing:
    """A mail database whose process dies at the ``at``-th step; each statement and commit has one before and after."""

    def __init__(self, real: Any, at: int) -> None:
        self._real = real
        self._left = at
        self.read = real.read
        self.secrets = real.secrets

    def step(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise Killed

    @contextmanager
    def begin(self) -> Iterator[Any]:
        self.step()
        with self._real.begin() as connection:
            yield _Statements(connection, self.step)
            self.step()
        self.step()


class _Statements:
    def __init__(self, connection: Any, step: Any) -> None:
        self._connection = connection
        self._step = step

    def execute(self, *args: Any, **named: Any) -> Any:
        result = self._connection.execute(*args, **named)
        self._step()
        return result


class Desk:
    """One publication; ``now`` moves only when a test moves it."""

    def __init__(self, root: Path, extra: str = WEEKLY, now: datetime = MONDAY - timedelta(days=5)) -> None:
        self.publication = Publication(root)
        self.publication.write("feeder.toml", f"{SETTINGS}\n{extra}")
        self.now = now
        _place_database(root)
        self.history = history.open_history(str(root))
        self.composer = Composer()
        self.database: Any = None
        self.configure()

    def configure(self, extra: str = "") -> None:
        """Read the settings again; ``extra`` replaces what stands behind ``[site]``."""
        if extra:
            self.publication.write("feeder.toml", f"{SETTINGS}\n{extra}")
        self.settings = self.publication.settings
        self.catalog = Catalog(self.settings, self.history, self._load)
        if self.database is not None:
            self.database.close()
        self.database = open_mail(self.settings, self.now)
        self.subscribers = Subscribers(self.settings, self.database.secrets())

    def close(self) -> None:
        self.database.close()
        self.history.close()

    # Entries

    def release(self, name: str, *, published: datetime | None = None, **fields: Any) -> Record:
        """Publish an entry now."""
        at = self.instant()
        published_at = dates.to_micros(published or self.now)
        record = Record(
            seq=self.history.last_seq() + 1, id=f"tag:{name}", path=f"entries/{name}.md", anchor="", slug=name,
            permalink=f"/{name}/", hash=name, body_hash=name, dated=published_at, day="2026-11-20",
            published=published_at, updated=at, released=at, document=1, touched=1, key=name.encode(), title=name,
            month="2026-11", **fields,
        )  # fmt: skip
        self.history.put([record])
        self.history.commit()
        return record

    def change(self, name: str, **fields: Any) -> Record:
        """Give an entry other facts: ``mail``, ``correction``, ``withdrawn`` …"""
        from dataclasses import replace

        record = self.history.by_id(f"tag:{name}")
        assert record is not None
        record = replace(record, **fields)
        self.history.put([record])
        self.history.commit()
        return record

    def correct(self, name: str, words: str = "更正") -> Record:
        return self.change(name, correction=words, corrected=self.instant())

    def withdraw(self, name: str) -> Record:
        at = dates.to_micros(self.now)
        return self.change(name, withdrawn=at, tombstone=at + history.TOMBSTONE_US, correction="")

    def instant(self) -> int:
        """What `released` of an entry put out now is."""
        cut = int(self.history.meta("cut") or -1)
        return max(dates.to_micros(self.now), self.history.last_released(), self.history.last_corrected(), cut + 1)

    def _load(self, record: Record) -> Reading:
        moment = Moment(dates.from_micros(record.dated), dates.from_micros(record.dated), record.day)
        return Reading(record.path, (Entry(path=record.path, title=record.title, date=moment, html="<p>正文。</p>"),))

    # People

    def join(self, name: str, mailing_list: str = "weekly", **choice: Any) -> None:
        """Somebody whose consent is on record becomes active now."""
        with self.database.begin() as connection:
            self.subscribers.add(
                connection, lists.find(self.settings, mailing_list), f"{name}@example.com", self.now,
                kept="test", choice=Choice(**choice),
            )  # fmt: skip

    def known(self, name: str, mailing_list: str = "weekly") -> Subscription:
        from feeder.mail.subscribers import persons

        with self.database.read() as connection:
            person = persons.find(connection, f"{name}@example.com")
        assert person is not None
        found = person.on(mailing_list)
        assert found is not None
        return found

    def choose(self, name: str, **choice: Any) -> None:
        with self.database.begin() as connection:
            self.subscribers.change(connection, self.known(name), Choice(**choice), self.now)

    def pause(self, name: str) -> None:
        with self.database.begin() as connection:
            self.subscribers.pause(connection, self.known(name), self.now)

    def resume(self, name: str) -> None:
        with self.database.begin() as connection:
            self.subscribers.resume(connection, self.known(name), self.now)

    def leave(self, name: str) -> None:
        with self.database.begin() as connection:
            self.subscribers.end(connection, self.known(name), self.now)

    def through(self, name: str) -> datetime:
        with self.database.read() as connection:
            row = connection.execute(
                select(served.c.through).where(
                    served.c.subscription == self.known(name).id,
                    served.c.transport == lists.ledger_transport(self.settings),
                )
            )
            return dates.from_micros(row.scalar_one())

    # Time and cutting

    def pass_time(self, **span: float) -> None:
        self.now += timedelta(**span)

    def seal(self) -> None:
        """What the pipeline does before it cuts: nothing is released at or before a cut any more."""
        cut = max(int(self.history.meta("cut") or 0), dates.to_micros(self.now), self.history.last_released())
        self.history.set_meta("cut", str(cut))
        self.history.commit()

    def cut(self, **options: Any) -> cutting.Cuts:
        self.seal()
        return cutting.cut(self.database, self.settings, self.catalog, self.now, composer=self.composer, **options)

    def at(self, when: datetime, **options: Any) -> cutting.Cuts:
        """Cut at another time."""
        self.now = when
        return self.cut(**options)

    def amend(self, number: int | None = None) -> list[cutting.Amended]:
        return cutting.amend(self.database, self.settings, self.catalog, number, self.now, composer=self.composer)

    def got(self) -> dict[str, list[str]]:
        """Name -> what was queued for them, one text a digest, in the order of the digests."""
        query = text(
            "SELECT address, group_concat(entry, ' ') FROM (SELECT s.address, d.digest, "
            "CASE e.kind WHEN 'correction' THEN '!' ELSE '' END || substr(e.entry, 5) AS entry "
            "FROM delivery d JOIN subscriber s ON s.id = d.subscriber JOIN digest_entry e ON e.digest = d.digest "
            "WHERE d.transport = :transport AND d.state != 'skipped' ORDER BY d.digest, e.position) "
            "GROUP BY digest, address ORDER BY digest, address"
        )
        found: dict[str, list[str]] = {}
        with self.database.read() as connection:
            rows = connection.execute(query, {"transport": lists.ledger_transport(self.settings)})
            for address, entries in rows:
                found.setdefault(address.partition("@")[0], []).append(entries)
        return found

    def rows(self, query: str) -> list[Any]:
        with self.database.read() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    def do(self, statement: str) -> None:
        with self.database.begin() as connection:
            connection.execute(text(statement))


_EMPTY: list[bytes] = []


def _place_database(root: Path) -> None:
    """A mail database without anybody: migrated once, then copied, since hundreds of tests need one."""
    file = root / database.FILE
    if not _EMPTY:
        with open_mail(Publication(root).settings, MONDAY) as made:
            made.close()
        _EMPTY.append(file.read_bytes())
        return
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(_EMPTY[0])


def populate(path: str, many: int, *, through: Any, transport: str = "maildir", at: int = 0, tags: Any = None) -> None:
    """Put ``many`` active subscriptions of "weekly" into the database at ``path``; callables are given their number."""
    numbers = range(1, many + 1)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN")
    connection.executemany(
        "INSERT INTO subscriber (id, address, key, provider, created_at) VALUES (?1, ?2, ?2, ?3, 0)",
        ((n, f"p{n}@example.com", f"p{n % 50}") for n in numbers),
    )
    connection.executemany(
        "INSERT INTO subscription (id, subscriber, list, state, frequency, tags, created_at, state_at, scheduled_at) "
        "VALUES (?1, ?1, 'weekly', 'active', 'weekly', ?2, 0, 0, ?3)",
        ((n, tags(n) if tags else "", at) for n in numbers),
    )
    connection.executemany("INSERT INTO served VALUES (?, ?, ?)", ((transport, n, through(n)) for n in numbers))
    connection.execute("COMMIT")
    connection.close()
