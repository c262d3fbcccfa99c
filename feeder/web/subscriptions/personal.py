"""``preferences/TOKEN/data``, ``…/data.json`` and ``…/erase``: what is kept about a person, for herself, and its end.

The token is one that was mailed for this alone, and lately: those in digests are forwarded with them.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from feeder.errors import FeederError
from feeder.mail.subscribers import persons
from feeder.mail.subscribers.dossier import dossier
from feeder.web import answers, requests
from feeder.web.records import Book
from feeder.web.subscriptions.counter import Counter
from feeder.web.wording import WebWords

if TYPE_CHECKING:
    from sqlalchemy import Connection


class Personal:
    """A person's data. Only a token to her data opens it."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    async def export(self, request: Request) -> Response:
        """Everything about her, as a file of JSON."""
        counter = self._counter
        token = await counter.token(request, "data")
        if token is None:
            return counter.bad_link()

        def work(connection: Connection, book: Book) -> dict[str, Any] | None:
            person = persons.by_number(connection, token.subscriber)
            return dossier(connection, book.subscribers.suppressions, person.key) if person is not None else None

        found = await counter.records.read(work)
        return answers.as_json(found, filename="my-data.json") if found is not None else counter.bad_link()

    async def ask(self, request: Request) -> Response:
        """The page that says what erasing means, with the button."""
        return await self._page(request, "erase", lambda w: w.erase_title)

    async def show(self, request: Request) -> Response:
        """The page that leads to both."""
        return await self._page(request, "data", lambda w: w.your_data)

    async def _page(self, request: Request, template: str, title: Callable[[WebWords], str]) -> Response:
        counter = self._counter
        token = await counter.token(request, "data")
        if token is None:
            return counter.bad_link()
        number = token.subscriber
        person = await counter.records.read(lambda connection, _book: persons.by_number(connection, number))
        if person is None:
            return counter.bad_link()
        values = {"path": counter.path("preferences", request.path_params["token"]), "address": person.address}
        return counter.look.page(template, counter.language(token.list), title(counter.words(token.list)), values)

    async def erase(self, request: Request) -> Response:
        """Erase her. The token is worth nothing afterwards."""
        counter = self._counter
        await requests.form(request)
        token = await counter.token(request, "data")
        if token is None:
            return counter.bad_link()
        now = counter.now

        def work(connection: Connection, book: Book) -> bool:
            person = persons.by_number(connection, token.subscriber)
            return person is not None and book.subscribers.forget(connection, person.key, now)

        if not await counter.records.write(work):
            return counter.bad_link()
        # She is erased; that a copy may be left for a while is nothing that her coming again could mend.
        with suppress(FeederError):
            await counter.records.settle()
        w = counter.words(token.list)
        site = counter.settings.site
        return counter.look.notice(
            counter.language(token.list),
            w.erased_title,
            w.erased_text,
            way=(site.url, w.to_site.format(site=site.title)),
        )
