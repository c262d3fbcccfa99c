"""``confirm/TOKEN``: the person's own word that the address is hers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from feeder.mail import lists
from feeder.mail.subscribers import persons
from feeder.mail.subscribers.persons import Person, Subscription
from feeder.web import requests
from feeder.web.records import Book
from feeder.web.subscriptions.counter import Counter

if TYPE_CHECKING:
    from sqlalchemy import Connection


class Confirming:
    """The page in the confirmation."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    async def show(self, request: Request) -> Response:
        """The page with the button; what it did, where it was pressed before.

        Where there is nothing to confirm it is answered as ``take`` does: the link tells its holder of nobody else.
        """
        counter = self._counter
        token = await counter.token(request, "confirm")
        if token is None or counter.list_named(token.list) is None:
            return counter.bad_link()
        number = token.subscriber
        person = await counter.records.read(lambda connection, _book: persons.by_number(connection, number))
        known = person.on(token.list) if person is not None else None
        if person is None or known is None or known.state == "ended":
            return counter.bad_link()
        if known.state != "pending":
            return await self._done(request, known, _pending(person))
        w = counter.words(token.list)
        title = w.confirm_title.format(list=counter.title(token.list))
        values = {"action": counter.path("confirm", request.path_params["token"])}
        return counter.look.page("confirm", counter.language(token.list), title, values)

    async def take(self, request: Request) -> Response:
        """Confirm. What cannot be confirmed any more is answered as a token that never was good.

        With ``list``, another list that was asked for with the same address is confirmed: an address gets one such mail
        a day, and whoever holds the link in it reads the mailbox.
        """
        counter = self._counter
        form = await requests.any_form(request)
        token = await counter.token(request, "confirm")
        if token is None or counter.list_named(token.list) is None:
            return counter.bad_link()
        now, wanted = counter.now, replace(token, list=form.get("list") or token.list)

        def work(connection: Connection, book: Book) -> tuple[Subscription, list[str]] | None:
            known = book.subscribers.confirm(connection, wanted, now)
            person = persons.by_number(connection, wanted.subscriber)
            if known is None or person is None:
                return None
            return known, _pending(person)

        done = await counter.records.write(work)
        if done is None:
            return counter.bad_link()
        counter.mail_waits()  # a welcome, where the list has one
        counter.schedule_changed()
        return await self._done(request, *done)

    async def _done(self, request: Request, known: Subscription, pending: list[str]) -> Response:
        counter = self._counter
        book = await counter.records.book()
        w, language = counter.words(known.list), counter.language(known.list)
        often = counter.often(lists.find(counter.settings, known.list), known.choice.frequency, language)
        preferences = book.tokens.make("preferences", known.subscriber, known.list, counter.now)
        values = {
            "action": counter.path("confirm", request.path_params["token"]),
            "said": w.confirmed_text.format(list=counter.title(known.list), frequency=often),
            "preferences": counter.path("preferences", preferences),
            "pending": [(name, counter.title(name)) for name in pending if counter.list_named(name) is not None],
        }
        return counter.look.page("confirmed", language, w.confirmed_title, values)


def _pending(person: Person) -> list[str]:
    """The lists that wait for her word."""
    return [one.list for one in person.subscriptions if one.state == "pending"]
