"""Mail that came back, and complaints about it: what follows for the delivery, the address and the provider.

Nobody can bounce or complain a subscriber off a list without a mark of ours (a return path or Message-ID with its
keyed hash), which only those have who got or carried the message.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, select, update

from feeder.config.settings import Settings
from feeder.dates import to_micros
from feeder.mail import bounces, lists, schema
from feeder.mail.bounces import replies
from feeder.mail.mailbox.classify import Bounced, Complained
from feeder.mail.mailbox.marks import Mark, Marks, notices
from feeder.mail.mailbox.outcomes import Done
from feeder.mail.mailbox.parsing import Letter
from feeder.mail.mailbox.policy import Refusals
from feeder.mail.mailbox.reports import Failure, keys
from feeder.mail.subscribers import Subscribers, persons
from feeder.mail.subscribers.persons import Person

OLDEST: Final = timedelta(days=30)
"""Bounces of messages that are older count for nothing: servers give up after days, and marks get about."""
OLDEST_COMPLAINT: Final = timedelta(days=180)


class Returns:
    """Deals with bounces and complaints."""

    def __init__(self, settings: Settings, subscribers: Subscribers, marks: Marks, refusals: Refusals) -> None:
        self._subscribers, self._marks, self._refusals = subscribers, marks, refusals
        # Mail that left before the settings were switched to a rehearsal still comes back.
        self._transports = {"smtp", lists.ledger_transport(settings)}

    def bounced(
        self, connection: Connection, letter: Letter, incoming: Bounced, mark: Mark | None, now: datetime
    ) -> Done:
        """Mail came back, is late or has arrived; ``mark`` is that of the return path it was sent to."""
        mark = mark or self._marks.within(letter)
        if mark is None:
            return self._bounced_notice(connection, letter, incoming, now)
        person = persons.by_number(connection, mark.subscriber)
        row = self._delivery(connection, mark)
        if person is None or row is None:
            return Done(result="ignored", why="it is about a subscriber who is not known any more")
        if row.updated_at < to_micros(now - OLDEST):
            return Done(result="ignored", why="it is about a message sent long ago")
        failure, sure = _about(incoming.failures, person.key)
        if failure.action != "failed":
            return _not_failed(failure)
        self._fail(connection, mark, failure, now)
        return self.refused(connection, person, failure, mark.digest, now, sure=sure)

    def complained(self, connection: Connection, letter: Letter, incoming: Complained, now: datetime) -> Done:
        """Somebody pressed "this is spam": no more mail to that address, from any list."""
        mark = self._marks.within(letter)
        row = self._delivery(connection, mark) if mark is not None else None
        if row is not None and row.updated_at < to_micros(now - OLDEST_COMPLAINT):
            return Done(result="ignored", why="a complaint about a message sent long ago")
        if mark is not None and row is not None:
            person = persons.by_number(connection, mark.subscriber)
        else:
            person = self._of_notice(connection, letter)
        if person is None:
            return Done(result="left", why="a complaint that shows no message of ours")
        if incoming.feedback.startswith("opt-out"):
            for one in person.subscriptions:
                self._subscribers.end(connection, one, now, how="mail")
            return Done(result="unsubscribed", why=incoming.feedback)
        bounce = bounces.Bounce(
            subscriber=person.id, kind="complaint", text=incoming.feedback, digest=mark.digest if mark else 0
        )
        suppressed = bounces.record(connection, self._subscribers, bounce, now)
        return Done(result="complaint", why=incoming.feedback, suppressed=suppressed)

    def refused(
        self, connection: Connection, person: Person, failure: Failure, digest: int, now: datetime, *, sure: bool = True
    ) -> Done:
        kind = replies.classify_reply(failure.code, failure.status, failure.text, person.provider)
        bounce = bounces.Bounce(
            subscriber=person.id, kind=kind, status=failure.status or str(failure.code or ""), text=failure.text,
            digest=digest, sure=sure,
        )  # fmt: skip
        suppressed = bounces.record(connection, self._subscribers, bounce, now)
        if kind == "policy":
            self._refusals.note(connection, person.provider, bounces.redacted(failure.text), now)
        return Done(result=kind, why=bounces.redacted(failure.text) or failure.status, suppressed=suppressed)

    def _delivery(self, connection: Connection, mark: Mark) -> Row[Any] | None:
        table = schema.delivery
        newest = select(table.c.updated_at).where(self._of(mark)).order_by(table.c.updated_at.desc()).limit(1)
        return connection.execute(newest).one_or_none()

    def _fail(self, connection: Connection, mark: Mark, failure: Failure, now: datetime) -> None:
        # One that is under way again is the sender's, who has the last word.
        sent = self._of(mark) & (schema.delivery.c.state == "sent")
        connection.execute(update(schema.delivery).where(sent).values(_failed(failure, now)))

    def _of(self, mark: Mark) -> ColumnElement[bool]:
        table = schema.delivery
        mine = (table.c.digest == mark.digest) & (table.c.subscriber == mark.subscriber)
        return mine & table.c.transport.in_(self._transports)

    def _bounced_notice(self, connection: Connection, letter: Letter, incoming: Bounced, now: datetime) -> Done:
        """A system mail came back: known by its Message-ID, and by the address it failed for."""
        table, ids = schema.notice, notices(letter)
        for failure in incoming.failures if ids else ():
            person = self._addressee(connection, ids, failure.addresses)
            if person is None:
                continue
            if failure.action != "failed":
                return _not_failed(failure)
            mine = (table.c.address == person.address) & table.c.message_id.in_(ids)
            new = (table.c.state == "sent") & (table.c.made_at > to_micros(now - OLDEST))
            if connection.execute(update(table).where(mine, new).values(_failed(failure, now))).rowcount:
                return self.refused(connection, person, failure, 0, now)
            return Done(result="ignored", why="a second report about the same message")
        if letter.statuses:
            return Done(result="ignored", why="a report about a message that is not ours")
        return Done(result="left", why=f"mail came back that is not known: {letter.first('subject')[:80]}")

    def _of_notice(self, connection: Connection, letter: Letter) -> Person | None:
        told = dict(letter.returned) | dict(letter.feedback or {})
        named = " ".join(told.get(name, "") for name in ("original-rcpt-to", "x-hmxmroriginalrecipient", "to"))
        ids = notices(letter)
        return self._addressee(connection, ids, keys(named)) if ids else None

    def _addressee(self, connection: Connection, ids: list[str], addresses: frozenset[str]) -> Person | None:
        """The subscriber among these addresses who was sent a system mail with one of these Message-IDs."""
        table = schema.notice
        for key in sorted(addresses):
            person = persons.find(connection, key)
            if person is None:
                continue
            mine = (table.c.address == person.address) & table.c.message_id.in_(ids)
            if connection.execute(select(table.c.id).where(mine)).first() is not None:
                return person
        return None


def _about(failures: Sequence[Failure], key: str) -> tuple[Failure, bool]:
    """What is said of the subscriber's own address, and whether it is said of that.

    A report about other addresses alone is about those that hers forwards to: if one of them took the message, it has
    arrived.
    """
    own = [one for one in failures if key in one.addresses or not one.addresses]
    order = ("failed", "delayed", "done") if own else ("done", "delayed", "failed")
    return min(own or failures, key=lambda one: order.index(one.action)), bool(own)


def _not_failed(failure: Failure) -> Done:
    if failure.action == "delayed":
        return Done(result="delayed", why=_words(failure))
    return Done(result="ignored", why="it says that the message has arrived")


def _words(failure: Failure) -> str:
    return bounces.redacted(failure.text) or failure.status


def _failed(failure: Failure, now: datetime) -> dict[str, Any]:
    return {"state": "failed", "reply": f"returned: {_words(failure)}", "updated_at": to_micros(now)}
