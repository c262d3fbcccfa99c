"""``confirm/TOKEN``: the person's own word that the address is hers."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from feeder.mail import lists
from feeder.web import requests
from feeder.web.subscriptions.counter import Counter


class Confirming:
    """The page in the confirmation."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    async def show(self, request: Request) -> Response:
        """The page with the button. It looks nobody up: the token says all there is to say."""
        counter = self._counter
        token = await counter.token(request, "confirm")
        if token is None or counter.list_named(token.list) is None:
            return counter.bad_link()
        w = counter.words(token.list)
        title = w.confirm_title.format(list=counter.title(token.list))
        values = {"action": counter.path("confirm", request.path_params["token"])}
        return counter.look.page("confirm", counter.language(token.list), title, values)

    async def take(self, request: Request) -> Response:
        """Confirm. What cannot be confirmed any more is answered as a token that never was good."""
        counter = self._counter
        await requests.body(request)
        token = await counter.token(request, "confirm")
        if token is None or counter.list_named(token.list) is None:
            return counter.bad_link()
        now = counter.now
        known = await counter.records.write(lambda connection, book: book.subscribers.confirm(connection, token, now))
        if known is None:
            return counter.bad_link()
        counter.mail_waits()  # a welcome, where the list has one
        counter.schedule_changed()
        book = await counter.records.book()
        w, language = counter.words(token.list), counter.language(token.list)
        mailing_list = lists.find(counter.settings, token.list)
        often = counter.often(mailing_list, known.choice.frequency, language)
        said = w.confirmed_text.format(list=counter.title(token.list), frequency=often)
        mine = counter.path("preferences", book.tokens.make("preferences", known.subscriber, token.list, now))
        return counter.look.notice(language, w.confirmed_title, said, w.confirmed_hint, way=(mine, w.preferences_title))
