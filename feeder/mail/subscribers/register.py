"""Subscribing, confirming, pausing, leaving: how a subscription comes into its states.

``pending`` waits for the person's own word and gets nothing but that question; ``active`` gets digests; ``paused`` will
again; ``ended`` will not. Only two things make a subscription active: the link in the confirmation, and an editor who
says where the person's consent is kept. Whatever a stranger does with somebody's address changes nothing for that
person and tells the stranger nothing: every request is answered alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, delete, insert, update

from feeder.config.settings import MailingList, Settings
from feeder.dates import to_micros
from feeder.mail import lists
from feeder.mail.addresses import normal
from feeder.mail.providers import provider_of
from feeder.mail.schema import subscriber, subscription
from feeder.mail.subscribers import activation, consent, erasure, persons, tidying
from feeder.mail.subscribers.bounds import NoticeKind, Poster, may_post
from feeder.mail.subscribers.choices import Choice, columns_of, name_of
from feeder.mail.subscribers.consent import Consent
from feeder.mail.subscribers.persons import Person, Subscription
from feeder.mail.subscribers.suppression import Reason, Suppressions
from feeder.mail.tokens import Token

Asked = Literal["asked", "already", "waiting", "suppressed"]
"""What became of a request: a confirmation is queued; the person is subscribed, and the link to her preferences is
queued; there were enough such mails for now; or the address is suppressed. For the editor's eyes only."""


class Subscribers:
    """The subscribers of one mail database; each method works within the caller's transaction."""

    def __init__(
        self, settings: Settings, keys: Sequence[bytes], poster: Poster | None = None, *, alike: bool = False
    ) -> None:
        """Serve the lists in ``settings``.

        Args:
            settings: the publication's.
            keys: as `MailDatabase.secrets` gives them.
            poster: who queues confirmations; without one, nothing that needs them can be asked for.
            alike: take as long for a mail that is not sent as for one that is; somebody is waiting for the answer who
                must not know which.
        """
        self.settings = settings
        self.suppressions = Suppressions(keys)
        self._poster = poster
        self._alike = alike

    # What a person asks for

    def subscribe(
        self,
        connection: Connection,
        mailing_list: MailingList,
        address: str,
        now: datetime,
        *,
        choice: Choice | None = None,
        name: str = "",
        said: Consent | None = None,
        origin: str = "",
    ) -> Asked:
        """Ask for a list: the address becomes pending, and gets a confirmation to click.

        A confirmed subscriber stays as she is and gets the link to her preferences instead.

        Args:
            connection: inside a transaction.
            mailing_list: what is asked for.
            address: as it was typed.
            now: the time.
            choice: how often, when, what; nothing: as the list says.
            name: what the person wants to be called.
            said: what she was told, and where.
            origin: where the request came from: ``web``, ``mail``, ``editor``.

        Raises:
            BadAddress: it is no address.
            NotConfirmable: nobody could confirm.
        """
        person = self._met(connection, address, name, now)
        known = person.on(mailing_list.name)
        if known is not None and known.state in ("active", "paused"):
            return self._post(connection, "already", known, now)
        happened = consent.event("asked", now, said, how=origin)
        pending = self._pending(connection, mailing_list, person, known, choice or Choice(), happened, origin, now)
        asked = self._post(connection, "confirm", pending, now)
        if asked == "suppressed" and known is None:
            # Whoever was erased is not written down again because a stranger typed her address.
            connection.execute(delete(subscription).where(subscription.c.id == pending.id))
            tidying.drop_if_alone(connection, person.id, now, self.suppressions.stand_in)
        return asked

    def confirm(self, connection: Connection, token: Token, now: datetime, *, how: str = "link") -> Subscription | None:
        """The person's own word: her subscription becomes active, and every suppression of her address is lifted.

        Twice is as once. None where there is nothing to confirm (any more): an unsubscribe made after the link was
        sent stays.

        Args:
            connection: inside a transaction.
            token: as `Tokens.read` gave it, for ``confirm``.
            now: the time.
            how: ``link`` or ``mail``.
        """
        person = persons.by_number(connection, token.subscriber)
        known = person.on(token.list) if person is not None else None
        if person is None or known is None or known.state == "ended" or not self._offers(known.list):
            return None
        if known.state == "pending":
            self.suppressions.lift(connection, person.key)
            start = self._activated(connection, known, now, consent.event("confirmed", now, how=how))
            if lists.find(self.settings, known.list).welcome:
                activation.welcome(connection, self.settings, known, start, now)
        return _again(connection, known)

    def pause(self, connection: Connection, known: Subscription, now: datetime, *, how: str = "") -> bool:
        """Send nothing until `resume`; whether that changed anything."""
        if known.state != "active":
            return False
        self._into(connection, known, "paused", now, consent.event("paused", now, how=how))
        return True

    def resume(self, connection: Connection, known: Subscription, now: datetime, *, how: str = "") -> bool:
        """Go on from the last due instant: what came meanwhile is not sent; whether that changed anything."""
        if known.state != "paused":
            return False
        self._activated(connection, known, now, consent.event("resumed", now, how=how))
        return True

    def send_data_link(self, connection: Connection, person: Person, name: str, now: datetime) -> None:
        """Mail a person the link to all that is kept about her: in the words of a list, and no more than one a day."""
        to = person.on(name) or next(iter(person.subscriptions), None)
        if to is not None:
            self._post(connection, "data", to, now)

    def end(self, connection: Connection, known: Subscription, now: datetime, *, how: str = "") -> bool:
        """Unsubscribe; whether that changed anything. It is looked up again before each message leaves."""
        if known.state == "ended":
            return False
        self._into(connection, known, "ended", now, consent.event("ended", now, how=how))
        return True

    def unsubscribe(self, connection: Connection, token: Token, now: datetime, *, how: str = "link") -> Person | None:
        """End the subscription a token names, or all of the person's where it names none; None for nobody we know."""
        person = persons.by_number(connection, token.subscriber)
        if person is None:
            return None
        for known in person.subscriptions:
            if token.list in ("", known.list):
                self.end(connection, known, now, how=how)
        return person

    def change(
        self, connection: Connection, known: Subscription, wanted: Choice, now: datetime, *, how: str = ""
    ) -> Subscription:
        """Choose anew; a new schedule counts from its next due instant on, so that no change sets off a digest."""
        wanted = self._whole(known.list, wanted)
        if wanted == known.choice:
            return known
        moved = _schedule(wanted) != _schedule(known.choice)
        values = columns_of(wanted) | ({"scheduled_at": to_micros(now)} if moved else {})
        values["consent"] = consent.with_event(_kept(known), consent.event("changed", now, how=how))
        connection.execute(update(subscription).where(subscription.c.id == known.id).values(values))
        return replace(known, choice=wanted, scheduled_at=now if moved else known.scheduled_at)

    def add(
        self,
        connection: Connection,
        mailing_list: MailingList,
        address: str,
        now: datetime,
        *,
        kept: str,
        choice: Choice | None = None,
        name: str = "",
        origin: str = "editor",
    ) -> Literal["active", "already", "suppressed"]:
        """Subscribe somebody whose consent is on record: active at once, and the record named.

        A paused or suppressed address stays what it is.

        Args:
            connection: inside a transaction.
            mailing_list: the list.
            address: as it was typed.
            now: the time.
            kept: where the consent is kept.
            choice: how often, when, what; nothing: as the list says.
            name: what the person is called.
            origin: where this came from.

        Raises:
            BadAddress: it is no address.
        """
        if self.suppressions.of(connection, normal(address)[1]) is not None:
            return "suppressed"
        person = self._met(connection, address, name, now)
        known = person.on(mailing_list.name)
        if known is not None and known.state in ("active", "paused"):
            return "already"
        happened = consent.event("on record", now, Consent(kept=kept), how=origin)
        pending = self._pending(connection, mailing_list, person, known, choice or Choice(), None, origin, now)
        self._activated(connection, pending, now, happened)
        return "active"

    def invite(self, connection: Connection, known: Subscription, now: datetime) -> Asked:
        """Send a pending subscription its confirmation (once more)."""
        return self._post(connection, "confirm", known, now) if known.state == "pending" else "already"

    def suppress(self, connection: Connection, key: str, reason: Reason, now: datetime, detail: str = "") -> None:
        """No more mail to an address, on any list: its subscriptions end, and nobody but the person restarts them.

        Args:
            connection: inside a transaction.
            key: of the address, as `addresses.normal` gives it.
            reason: bounce, complaint or erasure.
            now: the time.
            detail: the server's words; without the address.
        """
        self.suppressions.add(connection, key, reason, now, detail)
        person = persons.find(connection, key)
        for known in person.subscriptions if person is not None else ():
            self.end(connection, known, now, how=reason)

    def forget(self, connection: Connection, key: str, now: datetime) -> bool:
        """Erase a person: what is left is a hash that keeps imports from bringing her back; whether she was known.

        Digests keep their counts: deliveries stay under a number that nobody has.
        """
        person = persons.find(connection, key)
        if person is not None:
            erasure.erase(connection, person, self.suppressions.stand_in(key), now)
        self.suppressions.add(connection, key, "erasure", now)
        return person is not None

    def tidy(self, connection: Connection, now: datetime) -> int:
        """Drop what was kept for a time; how many requests that nobody confirmed were among it (``tidying.py``)."""
        names = [one.name for one in self.settings.lists]
        return tidying.tidy(connection, names, now, self.suppressions.stand_in)

    def _activated(
        self, connection: Connection, known: Subscription, now: datetime, happened: dict[str, str]
    ) -> datetime:
        at = to_micros(now)
        confirmed = {} if happened["what"] == "resumed" else {"confirmed_at": at}
        self._into(connection, known, "active", now, happened, {"scheduled_at": at, **confirmed})
        mailing_list = lists.find(self.settings, known.list)
        start = activation.starts_at(connection, self.settings, mailing_list, known.choice, now)
        activation.serve(connection, self.settings, known.id, start)
        return start

    def _into(
        self,
        connection: Connection,
        known: Subscription,
        state: str,
        now: datetime,
        happened: dict[str, str],
        more: dict[str, int] | None = None,
    ) -> None:
        values = {"state": state, "state_at": to_micros(now), "consent": consent.with_event(_kept(known), happened)}
        connection.execute(update(subscription).where(subscription.c.id == known.id).values(values | (more or {})))

    def _met(self, connection: Connection, address: str, name: str, now: datetime) -> Person:
        address, key = normal(address)
        person = persons.find(connection, key)
        if person is not None:
            return person
        values = {
            "address": address,
            "key": key,
            "provider": provider_of(address),
            "name": name_of(name),
            "created_at": to_micros(now),
        }
        connection.execute(insert(subscriber).values(values))
        made = persons.find(connection, key)
        assert made is not None
        return made

    def _pending(
        self,
        connection: Connection,
        mailing_list: MailingList,
        person: Person,
        known: Subscription | None,
        wanted: Choice,
        happened: dict[str, str] | None,
        origin: str,
        now: datetime,
    ) -> Subscription:
        at = to_micros(now)
        kept = _kept(known) if known is not None else ""
        values = columns_of(self._whole(mailing_list.name, wanted)) | {
            "state": "pending",
            "consent": consent.with_event(kept, happened) if happened is not None else kept,
            "origin": origin,
            "state_at": at,
            "scheduled_at": at,
        }
        if known is None:
            new = values | {"subscriber": person.id, "list": mailing_list.name, "created_at": at}
            connection.execute(insert(subscription).values(new))
        else:
            connection.execute(update(subscription).where(subscription.c.id == known.id).values(values))
        found = persons.by_number(connection, person.id)
        made = found.on(mailing_list.name) if found is not None else None
        assert made is not None
        return made

    def _offers(self, name: str) -> bool:
        return any(one.name == name for one in self.settings.lists)

    def _whole(self, name: str, wanted: Choice) -> Choice:
        """The choice with its frequency written out: what was agreed to stays when the list's own changes."""
        if wanted.frequency:
            return wanted
        return replace(wanted, frequency=lists.find(self.settings, name).frequency)

    def _post(self, connection: Connection, kind: NoticeKind, to: Subscription, now: datetime) -> Asked:
        allowed = may_post(connection, self.suppressions, kind, to, now)
        if allowed != "yes" and not self._alike:
            return allowed
        assert self._poster is not None, "a confirmation needs somebody who writes it"
        self._poster.post(connection, kind, to, now, queued=allowed == "yes")
        if allowed != "yes":
            return allowed
        return "asked" if kind == "confirm" else "already"


def _again(connection: Connection, known: Subscription) -> Subscription | None:
    person = persons.by_number(connection, known.subscriber)
    return person.on(known.list) if person is not None else None


def _kept(known: Subscription) -> str:
    return consent.written(list(known.consent)) if known.consent else ""


def _schedule(one: Choice) -> tuple[str, int | None, str]:
    return (one.frequency, one.hour, one.timezone)
