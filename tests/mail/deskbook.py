"""A mail database with subscribers in it, for tests of who gets what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection
from support import NOW

from feeder.config.settings import MailingList, Settings, Site, Web
from feeder.dates import from_micros, to_micros
from feeder.mail import lists
from feeder.mail.database import MailDatabase, open_mail
from feeder.mail.notices import Post
from feeder.mail.subscribers import Subscribers
from feeder.mail.subscribers.persons import Person, find
from feeder.mail.tokens import Token, Tokens

WEEKLY = MailingList(name="weekly", title="每周新闻", allowed=("daily", "instant"))
DAILY = MailingList(name="daily", frequency="daily", hour=7, timezone="Europe/Berlin", language="en")


def settings(root: Path, *made: MailingList, web: str = "https://subscribe.example.org/") -> Settings:
    """A publication with lists and subscription pages."""
    site = Site(title="测试新闻", url="https://news.example.org/", email="news@example.org")
    return Settings(root=root, site=site, lists=made or (WEEKLY, DAILY), web=Web(url=web))


@dataclass
class Office:
    """An open mail database, and those who work with it; one transaction for a whole test."""

    settings: Settings
    database: MailDatabase
    connection: Connection
    book: Subscribers
    tokens: Tokens
    now: datetime = field(default=NOW)

    def person(self, key: str) -> Person | None:
        """Whoever has this address."""
        return find(self.connection, key)

    def state(self, key: str, name: str = "weekly") -> str:
        """The state of a subscription; empty for none."""
        person = self.person(key)
        known = person.on(name) if person else None
        return known.state if known else ""

    def served(self, key: str, name: str = "weekly") -> datetime | None:
        """Up to which instant a subscription is served."""
        person = self.person(key)
        known = person.on(name) if person else None
        if known is None:
            return None
        row = self.connection.exec_driver_sql(
            "SELECT through FROM served WHERE subscription = ? AND transport = ?",
            (known.id, lists.ledger_transport(self.settings)),
        ).first()
        return from_micros(row[0]) if row else None

    def notices(self) -> list[tuple[str, str]]:
        """Kind and address of every system mail, oldest first."""
        rows = self.connection.exec_driver_sql("SELECT kind, address FROM notice ORDER BY id")
        return [(row[0], row[1]) for row in rows]

    def token(self, key: str, name: str = "weekly", *, at: datetime | None = None) -> Token:
        """The token of the confirmation a person got."""
        person = self.person(key)
        assert person is not None
        made = at or self.now
        found = self.tokens.read("confirm", self.tokens.make("confirm", person.id, name, made), made)
        assert found is not None
        return found

    def digest(self, number: int, until: datetime, frequency: str = "weekly", *, to: int = 99) -> None:
        """A digest of the weekly list that was sent to one subscriber."""
        self.connection.exec_driver_sql(
            "INSERT INTO digest "
            "(id, list, until, entries_hash, language, frequency, state, send_at, made_at, revision) "
            "VALUES (?, 'weekly', ?, '', 'zh-CN', ?, 'ready', 0, 0, 1)",
            (number, to_micros(until), frequency),
        )
        self.connection.exec_driver_sql(
            "INSERT INTO delivery "
            "(digest, transport, subscriber, subscription, provider, state, reply, due_at, updated_at) "
            "VALUES (?, ?, ?, 99, '', 'sent', ?, 0, 0)",
            (number, lists.ledger_transport(self.settings), to, f"250 taken for {to}"),
        )

    def confirmed(self, address: str, mailing_list: MailingList = WEEKLY) -> Person:
        """Subscribe and confirm somebody now."""
        self.book.subscribe(self.connection, mailing_list, address, self.now, origin="web")
        self.book.confirm(self.connection, self.token(address.lower(), mailing_list.name), self.now)
        person = self.person(address.lower())
        assert person is not None
        return person


@cache
def _empty() -> bytes:
    """A mail database with nobody in it: made once, since each costs half a second."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        with open_mail(settings(root), NOW):
            pass
        return (root / ".feeder/mail.db").read_bytes()


@contextmanager
def opened(root: Path, given: Settings | None = None) -> Iterator[tuple[Settings, MailDatabase, Subscribers]]:
    """A mail database in a folder, and those who work with it."""
    made = given or settings(root)
    file = root / ".feeder/mail.db"
    if not file.exists():
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(_empty())
    with open_mail(made, NOW) as database:
        keys = database.secrets()
        yield made, database, Subscribers(made, keys, Post(made, keys))


@contextmanager
def office(root: Path, given: Settings | None = None) -> Iterator[Office]:
    """An office in a folder, in one transaction that is committed at the end."""
    with opened(root, given) as (made, database, book), database.begin() as connection:
        yield Office(made, database, connection, book, Tokens(database.secrets()))
