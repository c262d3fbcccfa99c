"""Requests by mail: unsubscribe, subscribe, confirm."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from feeder.config.settings import MailingList, Settings
from feeder.errors import FeederError
from feeder.mail import lists
from feeder.mail.compose import Composer
from feeder.mail.links import Links
from feeder.mail.mailbox.outcomes import Done
from feeder.mail.mailbox.requests import Asked
from feeder.mail.notices import Post
from feeder.mail.subscribers import Subscribers, persons
from feeder.mail.subscribers.consent import Consent
from feeder.mail.subscribers.persons import Subscription
from feeder.mail.tokens import Tokens


class Wishes:
    """Does what people ask for by mail."""

    def __init__(
        self, settings: Settings, tokens: Tokens, subscribers: Subscribers, post: Post, composer: Composer
    ) -> None:
        self._settings, self._tokens, self._links = settings, tokens, Links(settings, tokens)
        self._subscribers, self._post, self._composer = subscribers, post, composer

    def asked(self, connection: Connection, request: Asked, now: datetime) -> Done:
        """Do what was asked for; what cannot be done is left for a person."""
        if request.verb == "unsubscribe":
            return self._unsubscribe(connection, request, now)
        return (self._confirm if request.verb == "confirm" else self._subscribe)(connection, request, now)

    def _confirm(self, connection: Connection, request: Asked, now: datetime) -> Done:
        token = self._tokens.read("confirm", request.token, now)
        known = self._subscribers.confirm(connection, token, now, how="mail") if token is not None else None
        if known is None:
            return Done(result="left", why="a confirmation that is not good (any more)")
        return Done(result="confirmed", why=known.list)

    def _unsubscribe(self, connection: Connection, request: Asked, now: datetime) -> Done:
        token = self._tokens.read("unsubscribe", request.token, now) if request.token else None
        if token is not None:
            person = self._subscribers.unsubscribe(connection, token, now, how="mail")
            return Done(result="unsubscribed" if person else "ignored", why=token.list or "all lists")
        person = persons.find(connection, request.sender) if request.sender else None
        if person is None:
            return Done(result="left", why="it asks to unsubscribe, from an address that is not subscribed")
        named = tuple(one for one in person.subscriptions if one.list == request.name)
        # Somebody who names no list, or one that is not there, wants to leave. From may be a lie: that is what the
        # goodbye is for, which tells the person and shows the way back.
        self._end(connection, named or person.subscriptions, now)
        return Done(result="unsubscribed", why=request.name if named else "all lists")

    def _end(self, connection: Connection, chosen: Sequence[Subscription], now: datetime) -> None:
        for known in chosen:
            if self._subscribers.end(connection, known, now, how="mail") and known.state in ("active", "paused"):
                self._say_goodbye(connection, known, now)

    def _say_goodbye(self, connection: Connection, known: Subscription, now: datetime) -> None:
        mailing_list = next((one for one in self._settings.lists if one.name == known.list), None)
        if mailing_list is None:
            return
        language = known.choice.language or lists.language_of(self._settings, mailing_list)
        rendered = self._composer.notice("goodbye", mailing_list, language, url=self._way_back(mailing_list))
        self._post.queue(
            connection, "goodbye", known.address, rendered, now, language=language, mailing_list=mailing_list
        )

    def _way_back(self, mailing_list: MailingList) -> str:
        mailbox = self._settings.mail.unsubscribe
        by_mail = f"mailto:{mailbox}?subject=subscribe%20{mailing_list.name}" if mailbox else ""
        return self._links.subscribe(mailing_list.name) or by_mail

    def _subscribe(self, connection: Connection, request: Asked, now: datetime) -> Done:
        mailing_list = self._meant(request.name)
        if mailing_list is None or not request.sender:
            return Done(result="left", why="it asks to subscribe, and names no list")
        said = Consent(text=f"subscribe {mailing_list.name}", page=self._settings.mail.unsubscribe)
        try:
            became = self._subscribers.subscribe(
                connection, mailing_list, request.address, now, said=said, origin="mail"
            )
        except FeederError as error:
            return Done(result="left", why=str(error))
        return Done(result="subscribed", why=f"{mailing_list.name}: {became}")

    def _meant(self, name: str) -> MailingList | None:
        offered = self._settings.lists
        if not name:
            return offered[0] if len(offered) == 1 else None
        return next((one for one in offered if name in (one.name, one.title.lower())), None)
