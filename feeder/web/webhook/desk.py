"""What follows from a report: the same as from mail that came back, once, in one transaction.

A provider that proved to be one is believed also where it names an address alone; then mail of ours must have left for
that address lately.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Lock
from typing import Final

from sqlalchemy import Connection, func, insert, select

from feeder.config.secrets import Secrets
from feeder.config.settings import Settings
from feeder.dates import to_micros
from feeder.errors import MailUnreachable
from feeder.mail import bounces, database, lists, schema
from feeder.mail.bounces import replies
from feeder.mail.compose import Composer
from feeder.mail.mailbox.classify import Bounced, Complained
from feeder.mail.mailbox.marks import Marks
from feeder.mail.mailbox.outcomes import Done
from feeder.mail.mailbox.parsing import Letter
from feeder.mail.mailbox.policy import Refusals
from feeder.mail.mailbox.reports import Failure, keys
from feeder.mail.mailbox.returns import OLDEST, OLDEST_COMPLAINT, Returns
from feeder.mail.message.verp import Verp
from feeder.mail.notices import Post
from feeder.mail.subscribers import Subscribers, persons
from feeder.mail.subscribers.persons import Person
from feeder.web.values import Office
from feeder.web.webhook.telling import Telling
from feeder.web.webhook.values import Batch, Refused, Report

PATIENCE: Final = 8.0
"""Seconds that a report waits for another program's writing; then the provider comes again."""

_RELAY_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{7,200}")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


class Desk:
    """Takes the reports for one publication; its methods may be called from any thread."""

    def __init__(self, settings: Settings, secrets: Secrets, office: Office) -> None:
        self._settings, self._secrets, self._office = settings, secrets, office
        self._composer: Composer | None = None
        self._told: dict[str, datetime] = {}
        self._lock = Lock()

    def take(self, provider: str, batch: Batch) -> list[Done]:
        """Do what a believed request asks for, unless it was here before.

        Raises:
            Locked, CannotWrite, MailDamaged, MailUnreachable: nothing was done, and it may come again.
        """
        if not (batch.keys or batch.confirmation):
            return []
        if not database.exists(self._settings):
            # Never made here: one that has vanished is a disk that is not mounted, and the report is not to be lost.
            raise MailUnreachable("the mail database is not there", hint="restore or mount it")
        now = self._office.now()
        with database.open_mail(self._settings, now, keys=self._secrets.keys(), patience=PATIENCE) as opened:
            work = _Work(self._settings, opened.secrets(), self._texts())
            with opened.begin() as connection:
                done = work.through(connection, provider, batch, now)
        if batch.confirmation or any(one.result != "again" for one in done):
            self._office.ring("mail")
        return done

    def refused(self, refused: Refused) -> None:
        """Tell the editor, once a day, of a topic whose signature does not fit any more: its certificate is old."""
        if not refused.topic or not database.exists(self._settings) or not self._is_news(refused.topic):
            return
        now = self._office.now()
        with database.open_mail(self._settings, now, keys=self._secrets.keys(), patience=PATIENCE) as opened:
            post = Post(self._settings, opened.secrets(), self._texts())
            with opened.begin() as connection:
                Telling(self._settings, post, self._texts()).unfit(connection, refused, now)
        self._office.ring("mail")

    def _is_news(self, topic: str) -> bool:
        """Whether it was not told lately, by the memory of this process: strangers cannot make it write each time."""
        now = self._office.now()
        with self._lock:
            told = self._told.get(topic)
            if told is not None and now - timedelta(hours=1) < told <= now:
                return False
            self._told[topic] = now
            return True

    def _texts(self) -> Composer:
        with self._lock:
            if self._composer is None:
                self._composer = Composer(self._settings)
            return self._composer


class _Work:
    """One request, with the keys of the open database."""

    def __init__(self, settings: Settings, secrets: list[bytes], composer: Composer) -> None:
        post = Post(settings, secrets, composer)
        self._telling = Telling(settings, post, composer)
        self._subscribers = Subscribers(settings, secrets, post)
        marks = Marks(secrets, Verp(secrets, settings.mail.bounce))
        self._returns = Returns(settings, self._subscribers, marks, Refusals(settings, post, composer))
        self._transports = {"smtp", lists.ledger_transport(settings)}

    def through(self, connection: Connection, provider: str, batch: Batch, now: datetime) -> list[Done]:
        """Each of its reports, once."""
        seen = schema.seen_mail
        hashes = {sha256(f"webhook {provider} {key}".encode("utf-8", "replace")).hexdigest() for key in batch.keys}
        if connection.execute(select(seen.c.at).where(seen.c.hash.in_(hashes)).limit(1)).first() is not None:
            return [Done(result="again", why="it was dealt with before")]
        if hashes:
            connection.execute(insert(seen), [{"hash": one, "at": to_micros(now)} for one in sorted(hashes)])
        if batch.confirmation is not None:
            self._telling.confirm(connection, batch.confirmation, now)
        return [self._one(connection, report, now) for report in batch.reports]

    def _one(self, connection: Connection, report: Report, now: datetime) -> Done:
        traces = f"{report.traces} {self._relayed(connection, report)}"
        letter = Letter(everything=traces, returned={"to": report.address})
        if report.kind == "bounce":
            return self._bounced(connection, report, letter, now)
        # What kind of report it is was said already: its words must not turn a complaint into less.
        said = "abuse" if report.text.startswith("opt-out") else report.text[:40]
        feedback = "opt-out" if report.kind == "unsubscribe" else said
        done = self._returns.complained(connection, letter, Complained(feedback), now)
        person = self._mailed(connection, report, now - OLDEST_COMPLAINT) if done.result == "left" else None
        return done if person is None else self._left(connection, person, feedback, now)

    def _bounced(self, connection: Connection, report: Report, letter: Letter, now: datetime) -> Done:
        failure = Failure(
            action="failed",
            status=report.status if _STATUS.fullmatch(report.status) else "",
            code=replies.own_code(report.text),
            text=report.text,
            addresses=keys(report.address),
        )
        done = self._returns.bounced(connection, letter, Bounced((failure,)), None, now)
        person = self._mailed(connection, report, now - OLDEST) if done.result == "left" else None
        return done if person is None else self._returns.refused(connection, person, failure, 0, now)

    def _left(self, connection: Connection, person: Person, feedback: str, now: datetime) -> Done:
        """As after a complaint that shows a message of ours."""
        if feedback == "opt-out":
            for one in person.subscriptions:
                self._subscribers.end(connection, one, now, how="webhook")
            return Done(result="unsubscribed", why=feedback)
        bounce = bounces.Bounce(subscriber=person.id, kind="complaint", text=feedback)
        suppressed = bounces.record(connection, self._subscribers, bounce, now)
        return Done(result="complaint", why=feedback, suppressed=suppressed)

    def _relayed(self, connection: Connection, report: Report) -> str:
        """Our Message-ID of what the relay calls by its own name: the ledger keeps what it said on taking it."""
        if not _RELAY_ID.fullmatch(report.relay_id):
            return ""
        table, person = schema.delivery, schema.subscriber
        query = (
            select(table.c.message_id)
            .join_from(table, person, person.c.id == table.c.subscriber)
            .where(person.c.key.in_(keys(report.address)), table.c.transport.in_(self._transports))
            .where(func.instr(table.c.reply, report.relay_id) > 0)
            .order_by(table.c.updated_at.desc())
            .limit(1)
        )
        return connection.execute(query).scalar() or ""

    def _mailed(self, connection: Connection, report: Report, since: datetime) -> Person | None:
        """The subscriber with that address, if mail of ours left for it since then."""
        delivery, notice = schema.delivery, schema.notice
        for key in sorted(keys(report.address)):
            person = persons.find(connection, key)
            if person is None:
                continue
            digests = select(delivery.c.digest).where(
                delivery.c.subscriber == person.id, delivery.c.transport.in_(self._transports),
                delivery.c.state.in_(["sent", "failed"]), delivery.c.updated_at > to_micros(since),
            )  # fmt: skip
            notices = select(notice.c.id).where(
                notice.c.address == person.address, notice.c.state.in_(["sent", "failed"]),
                notice.c.updated_at > to_micros(since),
            )  # fmt: skip
            if any(connection.execute(query.limit(1)).first() for query in (digests, notices)):
                return person
        return None
