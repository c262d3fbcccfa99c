"""A mail database with one digest, to which mail comes back; and the fixtures of tests/fixtures/bounces."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import insert, select
from support import FIXTURES, NOW, Publication

from feeder.config.settings import Settings
from feeder.dates import to_micros
from feeder.mail import schema
from feeder.mail.database import FILE, MailDatabase, open_mail
from feeder.mail.mailbox.handling import Handling
from feeder.mail.mailbox.outcomes import Done
from feeder.mail.message.message_ids import digest_message_id
from feeder.mail.message.verp import Verp
from feeder.mail.notices import Post
from feeder.mail.subscribers import Subscribers, persons
from feeder.mail.tokens import Tokens

LISTS = """
[mail]
from = "新闻编辑部 <news@example.org>"
bounce = "bounce@example.org"
unsubscribe = "unsubscribe@example.org"
[[lists]]
name = "weekly"
title = "每周新闻"
"""
BOUNCES = FIXTURES / "bounces"


class Fixture(NamedTuple):
    """A message of tests/fixtures/bounces and what is expected of it."""

    result: str
    suppressed: bool
    subscriber: str
    pending: bool
    data: bytes


def fixture(name: str) -> Fixture:
    """The fixture of that name: its first lines say what is expected, and of whom."""
    data = (BOUNCES / f"{name}.eml").read_bytes()
    head = re.match(rb"X-Expect: (\w+)( suppressed)?\nX-Subscriber: (\S+)\n(X-State: pending\n)?", data)
    assert head is not None, f"{name}.eml does not begin with X-Expect and X-Subscriber"
    return Fixture(head[1].decode(), bool(head[2]), head[3].decode(), bool(head[4]), data[head.end() :])


class Mailroom:
    """A publication's mail, with what a test needs to look at it."""

    def __init__(self, settings: Settings, database: MailDatabase) -> None:
        self.settings, self.database = settings, database
        self.keys = database.secrets()
        self.handling = Handling(settings, database)
        self.subscribers = Subscribers(settings, self.keys, Post(settings, self.keys))

    def person(self, address: str, *, pending: bool = False) -> int:
        """A subscriber of the weekly list, by number."""
        with self.database.begin() as connection:
            mailing_list = self.settings.lists[0]
            if pending:
                self.subscribers.subscribe(connection, mailing_list, address, NOW, origin="web")
            else:
                self.subscribers.add(connection, mailing_list, address, NOW - timedelta(days=90), kept="a test")
            found = persons.find(connection, address)
            assert found is not None
            return found.id

    def deliver(
        self, subscriber: int, digest: int = 1, *, at: datetime = NOW, state: str = "sent", transport: str = "maildir"
    ) -> None:
        """A digest that went to the subscriber."""
        with self.database.begin() as connection:
            row = connection.execute(select(schema.subscriber).where(schema.subscriber.c.id == subscriber)).one()
            values = {
                "digest": digest, "transport": transport, "subscriber": subscriber, "subscription": 1, "state": state,
                "provider": row.provider, "attempt": 1, "message_id": self.message_id(digest, subscriber),
                "due_at": to_micros(at), "updated_at": to_micros(at),
            }  # fmt: skip
            connection.execute(insert(schema.delivery).values(values))

    def message_id(self, digest: int, subscriber: int) -> str:
        return digest_message_id(self.keys, digest, subscriber, "example.org")

    def verp(self, digest: int, subscriber: int) -> str:
        return Verp(self.keys, self.settings.mail.bounce).address(digest, subscriber)

    def fill(self, data: bytes, address: str, subscriber: int, digest: int = 1) -> bytes:
        """A fixture with its holes filled: of a message of this digest to this subscriber."""
        tokens = Tokens(self.keys)
        holes = {
            "verp": self.verp(digest, subscriber),
            "message-id": self.message_id(digest, subscriber),
            "address": address,
            "unsubscribe-token": tokens.make("unsubscribe", subscriber, "weekly"),
            "confirm-token": tokens.make("confirm", subscriber, "weekly", NOW),
        }
        return re.sub(rb"\{([a-z-]+)\}", lambda hole: holes[hole[1].decode()].encode(), data)

    def handle(self, data: bytes, now: datetime = NOW + timedelta(hours=1), **options: Any) -> Done:
        return self.handling.handle(data, now, **options)

    def rows(self, table: Any) -> list[Any]:
        with self.database.read() as connection:
            return list(connection.execute(select(table)).all())

    def state_of(self, address: str) -> str:
        """Of the subscription to the weekly list."""
        with self.database.read() as connection:
            person = persons.find(connection, address)
            known = person.on("weekly") if person is not None else None
            return known.state if known is not None else ""

    def suppressed(self, address: str) -> str:
        """Why the address is suppressed; empty where it is not."""
        with self.database.read() as connection:
            found = self.subscribers.suppressions.of(connection, address)
            return found.reason if found is not None else ""


@cache
def _template() -> bytes:
    """An empty mail database: making one costs more than a test."""
    with tempfile.TemporaryDirectory(prefix="feeder-mailroom-") as folder:
        publication = Publication(Path(folder) / "publication")
        publication.configure(LISTS)
        open_mail(publication.settings, NOW).close()
        return (publication.root / FILE).read_bytes()


@contextmanager
def mailroom(publication: Publication, lists: str = LISTS) -> Iterator[Mailroom]:
    """An open mail room in the publication."""
    publication.configure(lists)
    path = publication.root / FILE
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(_template())
    settings = publication.settings
    with open_mail(settings, NOW) as database:
        yield Mailroom(settings, database)
