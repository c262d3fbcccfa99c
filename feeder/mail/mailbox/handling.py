"""Incoming messages, one by one: each is dealt with once, in one transaction, whatever ends the process."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, insert, select

from feeder.config.settings import Settings
from feeder.dates import to_micros
from feeder.mail import schema
from feeder.mail.compose import Composer
from feeder.mail.database import MailDatabase
from feeder.mail.mailbox.classify import Automatic, Bounced, Complained, Incoming, classify
from feeder.mail.mailbox.marks import Mark, Marks
from feeder.mail.mailbox.outcomes import Done
from feeder.mail.mailbox.parsing import LARGEST, Letter, parse
from feeder.mail.mailbox.policy import Refusals
from feeder.mail.mailbox.requests import Asked
from feeder.mail.mailbox.returns import Returns
from feeder.mail.mailbox.wishes import Wishes
from feeder.mail.message.verp import Verp
from feeder.mail.notices import Post
from feeder.mail.subscribers import Subscribers
from feeder.mail.tokens import Tokens


class Handling:
    """Deals with the messages of one mailbox. Bounces, complaints and programs are never answered."""

    def __init__(self, settings: Settings, database: MailDatabase, *, list_host: str = "") -> None:
        """Serve the lists in ``settings``; ``list_host`` is that of the List-Id of answers, empty for none."""
        keys, composer = database.secrets(), Composer(settings)
        post = Post(settings, keys, composer, list_host=list_host)
        subscribers = Subscribers(settings, keys, post)
        self._database = database
        self._marks = Marks(keys, Verp(keys, settings.mail.bounce))
        self._returns = Returns(settings, subscribers, self._marks, Refusals(settings, post, composer))
        self._wishes = Wishes(settings, Tokens(keys), subscribers, post, composer)

    def handle(self, data: bytes, now: datetime, *, recipient: str = "", dry_run: bool = False) -> Done:
        """Do what the message asks for, once.

        Args:
            data: the message, as it came.
            now: the time.
            recipient: whom the mail server delivered it to, where it says so apart from the message.
            dry_run: find out what would follow, and do nothing.

        Raises:
            Locked, CannotWrite, MailDamaged: as `MailDatabase.begin` does; the message is not dealt with.
        """
        letter = parse(data)
        if self._marks.own(letter):
            return Done(result="ignored", why="a message of ours that came around")
        mark = self._marks.addressed(letter, recipient)
        incoming = classify(letter, returned=mark is not None)
        if isinstance(incoming, Automatic):
            return Done(result="ignored", why=incoming.why)
        with self._database.begin() as connection:
            done = self._once(connection, hash_of(data), letter, incoming, mark, now)
            transaction = connection.get_transaction()
            if transaction is not None and (dry_run or done.result == "left"):
                transaction.rollback()
        return done

    def _once(
        self,
        connection: Connection,
        known_by: str,
        letter: Letter,
        incoming: Incoming,
        mark: Mark | None,
        now: datetime,
    ) -> Done:
        seen = schema.seen_mail
        if connection.execute(select(seen.c.at).where(seen.c.hash == known_by)).first() is not None:
            return Done(result="again", why="it was dealt with before")
        connection.execute(insert(seen).values(hash=known_by, at=to_micros(now)))
        if isinstance(incoming, Bounced):
            return self._returns.bounced(connection, letter, incoming, mark, now)
        if isinstance(incoming, Complained):
            return self._returns.complained(connection, letter, incoming, now)
        if isinstance(incoming, Asked):
            return self._wishes.asked(connection, incoming, now)
        return Done(result="left", why=letter.first("subject")[:80] or "without a subject")


def hash_of(data: bytes) -> str:
    """By which a message is known again, whether its lines end in LF or CRLF."""
    return sha256(data[:LARGEST].replace(b"\r\n", b"\n")).hexdigest()
