"""``unsubscribe/TOKEN``: by one click of a mail program (RFC 8058), or by the button of a page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from feeder.errors import FeederError
from feeder.mail.tokens import Token
from feeder.web import answers, requests
from feeder.web.records import Book
from feeder.web.subscriptions.counter import Counter

if TYPE_CHECKING:
    from sqlalchemy import Connection


class Unsubscribing:
    """The page behind every "unsubscribe"."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    async def show(self, request: Request) -> Response:
        """The page with the buttons; it looks nobody up, so that it is the same for whoever is gone already."""
        counter = self._counter
        token = await counter.token(request, "unsubscribe")
        if token is None:
            return counter.bad_link()
        w = counter.words(token.list)
        title = w.unsubscribe_title.format(list=counter.title(token.list)) if token.list else w.unsubscribe_all_title
        values = {
            "action": counter.path("unsubscribe", request.path_params["token"]),
            "list_title": counter.title(token.list) if token.list else "",
        }
        return counter.look.page("unsubscribe", counter.language(token.list), title, values)

    async def take(self, request: Request) -> Response:
        """Unsubscribe. The token is the authority: whatever mail programs send along is taken.

        A mail program gets a plain 200, without a cookie or a redirect (RFC 8058 section 3.2), also the second time
        and for whoever is not subscribed any more.
        """
        counter = self._counter
        form = await requests.any_form(request)
        token = await counter.token(request, "unsubscribe")
        if token is None:
            return counter.bad_link()
        everything = form.get("scope") == "all"
        chosen = replace(token, list="") if everything else token
        now, how = counter.now, "page" if "scope" in form else "one click"

        def leave(connection: Connection, book: Book) -> None:
            book.subscribers.unsubscribe(connection, chosen, now, how=how)

        # Nothing leaves because of it, so nobody need be told.
        try:
            await counter.records.write(leave)
        except FeederError:
            # A mail program may ask but once, and shows nobody that it was told to come again.
            counter.debts.add(leave)
            raise
        return self._done(token, chosen) if "scope" in form else answers.plain("unsubscribed\n")

    def _done(self, token: Token, chosen: Token) -> Response:
        counter = self._counter
        w = counter.words(token.list)
        if chosen.list:
            said = w.unsubscribed_text.format(list=counter.title(chosen.list))
        else:
            said = w.unsubscribed_all_text.format(site=counter.settings.site.title)
        offered = counter.list_named(token.list) is not None
        way = (counter.path("subscribe", token.list), w.come_back) if offered else None
        return counter.look.notice(
            counter.language(token.list), w.unsubscribed_title, said, w.unsubscribed_hint, way=way
        )
