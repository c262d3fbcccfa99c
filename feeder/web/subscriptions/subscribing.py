"""``subscribe/LIST``: anybody asks for a list, and learns nothing about anybody (promises 14 and 15).

Whoever posts the form gets the same page after the same time, whether the address is new, waiting, subscribed,
suppressed or erased: what comes of it is told by mail, to the address alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from math import ceil
from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from feeder.config.settings import MailingList
from feeder.mail import lists
from feeder.mail.addresses import LONGEST, BadAddress, normal
from feeder.mail.subscribers.askings import Verdict
from feeder.mail.subscribers.choices import BadChoice, Choice, choice
from feeder.mail.subscribers.consent import Consent
from feeder.mail.tokens import ANYBODY
from feeder.web import answers, requests
from feeder.web.records import Book
from feeder.web.requests import Address, Form
from feeder.web.subscriptions import alarms
from feeder.web.subscriptions.counter import Counter

if TYPE_CHECKING:
    from sqlalchemy import Connection

YOUNGEST: Final = timedelta(seconds=2)
"""How long a person needs at least to fill in the form."""
FLOOR: Final = 0.3
"""Seconds after which a request is answered, whatever there was to do: more than the longest way takes."""
TRAP: Final = "subject"
"""A field that people do not see and programs fill in."""
_ELSEWHERE: Final = ("cross-site", "same-site")
"""What a browser says of a form that was sent from another page than ours (W3C Fetch Metadata)."""


class Subscribing:
    """The form of one list."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    async def show(self, request: Request) -> Response:
        """The form, empty."""
        mailing_list = self._counter.asked_for(request)
        return await self._form(mailing_list, Form({}))

    async def take(self, request: Request) -> Response:
        """Ask for the list."""
        counter = self._counter
        mailing_list = counter.asked_for(request)
        form = await requests.form(request)
        answer = asyncio.get_running_loop().time() + FLOOR
        response = await self._taken(request, mailing_list, form)
        await asyncio.sleep(max(answer - asyncio.get_running_loop().time(), 0))
        return response

    async def _taken(self, request: Request, mailing_list: MailingList, form: Form) -> Response:
        w = self._counter.words(mailing_list.name)
        typed = form.get("email")
        if form.get(TRAP):
            return self._asked(mailing_list, typed)
        # From a form on somebody's own page, which leads here; nobody's browser asks without her seeing what for.
        if not form.get("token") or request.headers.get("sec-fetch-site") in _ELSEWHERE:
            return await self._form(mailing_list, form, wrong=w.once_more)
        again, kept = await self._is_early_or_late(mailing_list, form)
        if again:
            return await self._form(mailing_list, form, wrong=again, token=kept)
        try:
            address = public_address(self._counter, typed)
        except BadAddress:
            return await self._form(mailing_list, form, wrong=w.address_wrong, field="email", token=form.get("token"))
        try:
            wanted = _choice(mailing_list, form)
        except BadChoice:
            return await self._form(mailing_list, form, wrong=w.wrong_choice, token=form.get("token"))
        work = self._work(mailing_list, address, wanted, requests.network(request))
        verdict = await self._counter.records.write(work)
        if verdict.wait is None or verdict.full:
            self._counter.mail_waits()
        return self._too_many(mailing_list, verdict.wait) if verdict.wait else self._asked(mailing_list, address)

    def _work(
        self, mailing_list: MailingList, address: str, wanted: Choice, network: str
    ) -> Callable[[Connection, Book], Verdict]:
        counter, now = self._counter, self._counter.now
        w = counter.words(mailing_list.name)
        said = w.consent.format(list=counter.title(mailing_list.name))

        def work(connection: Connection, book: Book) -> Verdict:
            verdict = book.askings.ask(connection, network, address, now)
            if verdict.full:
                alarms.tell_of_flood(connection, counter.settings, book.post, now)
            if verdict.wait is None:
                consent = Consent(text=said, page=book.links.subscribe(mailing_list.name))
                book.subscribers.subscribe(
                    connection, mailing_list, address, now, choice=wanted, said=consent, origin="web"
                )
            return verdict

        return work

    async def _is_early_or_late(self, mailing_list: MailingList, form: Form) -> tuple[str, str]:
        """What to say to a form that was filled in by a program or long ago, and its token, if it is to be kept."""
        counter = self._counter
        w = counter.words(mailing_list.name)
        book = await counter.records.book()
        token = book.tokens.read("form", form.get("token"), counter.now)
        if token is None or token.list != mailing_list.name:
            return w.too_old, ""
        # With the same token, which is old enough the next time.
        return (w.too_fast, form.get("token")) if counter.now - token.made_at < YOUNGEST else ("", "")

    async def _form(
        self, mailing_list: MailingList, form: Form, *, wrong: str = "", field: str = "", token: str = ""
    ) -> Response:
        counter, name = self._counter, mailing_list.name
        book = await counter.records.book()
        w, language = counter.words(name), counter.language(name)
        offered = lists.allowed(mailing_list)
        chosen = form.get("frequency")
        values = {
            "action": counter.path("subscribe", name),
            "token": token or book.tokens.make("form", ANYBODY, name, counter.now),
            "email": form.get("email")[:LONGEST],
            "wrong": wrong,
            "wrong_field": field,
            "list_title": counter.title(name),
            "list_description": mailing_list.description,
            "frequencies": [(one, counter.often(mailing_list, one, language)) for one in offered],
            "chosen": chosen if chosen in offered else mailing_list.frequency,
            "list_zone": lists.zone_of(counter.settings, mailing_list),
            "list_hour": mailing_list.hour,
            "trap": TRAP,
            "past": self._past(mailing_list),
        }
        title = w.subscribe_title.format(list=counter.title(name))
        return counter.look.page("subscribe", language, title, values, status=422 if wrong else 200)

    def _past(self, mailing_list: MailingList) -> str:
        """Where the past digests of the list can be read; empty where there are none yet."""
        path = f"digests/{mailing_list.name}/"
        return f"{self._counter.settings.site.url}{path}" if self._counter.look.has_file(f"{path}index.html") else ""

    def _asked(self, mailing_list: MailingList, address: str) -> Response:
        counter, name = self._counter, mailing_list.name
        w = counter.words(name)
        return counter.look.notice(
            counter.language(name),
            w.asked_title,
            w.asked_text.format(list=counter.title(name)),
            w.asked_hint,
            told=address[:LONGEST],
            way=(counter.path("subscribe", name), w.asked_wrong),
        )

    def _too_many(self, mailing_list: MailingList, wait: timedelta) -> Response:
        counter, name = self._counter, mailing_list.name
        w = counter.words(name)
        said = w.busy_text.format(minutes=ceil(wait / timedelta(minutes=1)))
        return counter.look.notice(counter.language(name), w.busy_title, said, status=429, headers=answers.retry(wait))


class Overview:
    """``subscribe/``: every list on offer. Where the site has a page of that name, that one is shown."""

    def __init__(self, counter: Counter, site: ASGIApp | None) -> None:
        self._counter, self._site = counter, site
        self._own = Address(get=self._show)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        has_page = self._site is not None and self._counter.look.has_file("subscribe/index.html")
        await (self._site if self._site is not None and has_page else self._own)(scope, receive, send)

    async def _show(self, _request: Request) -> Response:
        counter = self._counter
        language = counter.settings.site.language
        w = counter.words("")
        offers = [
            (
                counter.path("subscribe", one.name),
                counter.title(one.name),
                one.description,
                counter.often(one, one.frequency, language),
            )
            for one in counter.settings.lists
        ]
        return counter.look.page("lists", language, w.lists_title, {"offers": offers})


def public_address(counter: Counter, typed: str) -> str:
    """The address as mail is sent to it; raises ``BadAddress``, also for one on this machine."""
    address = normal(typed)[0]
    if address.endswith("@localhost") and not lists.sender_of(counter.settings)[1].endswith("@localhost"):
        raise BadAddress
    return address


def files(media_type: str, data: bytes) -> Callable[[Request], Awaitable[Response]]:
    """What answers with a file of the pages."""

    async def show(_request: Request) -> Response:
        return answers.file(data, media_type)

    return show


def _choice(mailing_list: MailingList, form: Form) -> Choice:
    """What was chosen in the form; a zone that this machine does not know is as none, since it was guessed."""
    try:
        zone = choice(mailing_list, timezone=form.get("zone")).timezone
    except BadChoice:
        zone = ""
    return choice(mailing_list, frequency=form.get("frequency"), timezone=zone)
