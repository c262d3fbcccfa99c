"""``preferences/TOKEN``: one page for everything that a person is subscribed to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from feeder.config.settings import MailingList
from feeder.mail import lists
from feeder.mail.subscribers import persons
from feeder.mail.subscribers.choices import BadChoice, Choice, choice
from feeder.mail.subscribers.persons import Person, Subscription
from feeder.mail.tokens import Token
from feeder.pages.wording import language_name
from feeder.web import answers, requests
from feeder.web.records import Book
from feeder.web.requests import Form
from feeder.web.subscriptions import offers
from feeder.web.subscriptions.counter import Counter
from feeder.web.wording import tag_of

if TYPE_CHECKING:
    from sqlalchemy import Connection

Done = Literal["confirmed", "changed", "paused", "resumed", "ended", "all", "data", "wrong", "nothing"]
_HOW = "page"


class Preferences:
    """The page, and the buttons on it."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._tags = offers.Tags(counter.settings)

    async def show(self, request: Request) -> Response:
        """The page."""
        return await self._page(request, request.query_params.get("done", ""))

    async def take(self, request: Request) -> Response:
        """Do what the button says, and show the page again: by another request, which can be repeated."""
        counter = self._counter
        form = await requests.form(request)
        token = await counter.token(request, "preferences")
        if token is None:
            return counter.bad_link()
        now = counter.now
        done = await counter.records.write(lambda connection, book: self._do(connection, book, token, form, now))
        if done is None:
            return counter.bad_link()
        if done == "wrong":
            return await self._page(request, "", status=422)
        if done == "nothing":
            raise HTTPException(400)
        if done in ("confirmed", "changed", "resumed"):
            counter.schedule_changed()
        if done in ("confirmed", "data"):  # a welcome, where the list has one
            counter.mail_waits()
        return answers.elsewhere(f"{counter.path('preferences', request.path_params['token'])}?done={done}")

    def _do(self, connection: Connection, book: Book, token: Token, form: Form, now: datetime) -> Done | None:
        """None: there is no such person."""
        person = persons.by_number(connection, token.subscriber)
        if person is None:
            return None
        if form.get("do") == "end-all":
            for one in person.subscriptions:
                book.subscribers.end(connection, one, now, how=_HOW)
            return "all"
        if form.get("do") == "data":
            book.subscribers.send_data_link(connection, person, token.list, now)
            return "data"
        known = person.on(form.get("list"))
        if form.get("do") == "confirm" and known is not None:
            return self._confirm(connection, book, person, known, token, now)
        return self._on_one(connection, book, known, form, now) if known is not None else "nothing"

    def _confirm(
        self, connection: Connection, book: Book, person: Person, known: Subscription, token: Token, now: datetime
    ) -> Done:
        """Her word for a list that was asked for: the link to this page is in mails that she reads."""
        if not _may_confirm(connection, book, person) or known.state == "ended":
            return "nothing"
        asked = replace(token, list=known.list)
        return "confirmed" if book.subscribers.confirm(connection, asked, now, how="preferences") else "nothing"

    def _on_one(self, connection: Connection, book: Book, known: Subscription, form: Form, now: datetime) -> Done:
        do, people = form.get("do"), book.subscribers
        mailing_list = self._counter.list_named(known.list)
        if do == "end":
            people.end(connection, known, now, how=_HOW)
            return "ended"
        if do == "pause":
            people.pause(connection, known, now, how=_HOW)
            return "paused"
        if mailing_list is None:
            return "nothing"
        if do == "resume":
            people.resume(connection, known, now, how=_HOW)
            return "resumed"
        if do != "change" or known.state not in ("active", "paused"):
            return "nothing"
        try:
            people.change(connection, known, _wanted(mailing_list, form, known.choice), now, how=_HOW)
        except BadChoice:
            return "wrong"
        return "changed"

    async def _page(self, request: Request, done: str, *, status: int = 200) -> Response:
        counter = self._counter
        token = await counter.token(request, "preferences")
        found = await self._person(token)
        if token is None or found is None:
            return counter.bad_link()
        person, confirmable = found
        path, w = request.path_params["token"], counter.words(token.list)
        language = counter.language(token.list)
        # The tags are read from the history.
        shown = await run_in_threadpool(lambda: [self._shown(one, language) for one in _ordered(person, token.list)])
        values = {
            "action": counter.path("preferences", path),
            "address": person.address,
            "done": w.done.get(done, ""),
            "wrong": w.wrong_choice if status == 422 else "",
            "subscriptions": shown,
            "others": self._others(person, language),
            "zones": offers.zones(),
            "hours": range(24),
            "confirmable": confirmable,
            "any_left": any(one.state != "ended" for one in person.subscriptions),
        }
        return counter.look.page("preferences", language, w.preferences_title, values, status=status)

    async def _person(self, token: Token | None) -> tuple[Person, bool] | None:
        """Whose page it is, and whether she may confirm on it."""
        if token is None:
            return None

        def read(connection: Connection, book: Book) -> tuple[Person, bool] | None:
            person = persons.by_number(connection, token.subscriber)
            return (person, _may_confirm(connection, book, person)) if person is not None else None

        return await self._counter.records.read(read)

    def _shown(self, one: Subscription, language: str) -> dict[str, object]:
        """A subscription as the template sees it."""
        counter = self._counter
        mailing_list = counter.list_named(one.list)
        shown: dict[str, object] = {
            "list": one.list,
            "title": counter.title(one.list),
            "state": one.state,
            "lang": self._lang(one.list, language),
            "offered": mailing_list is not None,
            "subscribe": counter.path("subscribe", one.list),
        }
        if mailing_list is None:
            return shown
        list_language = lists.language_of(counter.settings, mailing_list)
        offered = dict.fromkeys((*lists.allowed(mailing_list), one.choice.frequency))
        return shown | {
            "frequencies": [(name, counter.often(mailing_list, name, language)) for name in offered],
            "choice": one.choice,
            "list_hour": mailing_list.hour,
            "list_zone": lists.zone_of(counter.settings, mailing_list),
            "list_language": language_name(list_language),
            "languages": offers.languages(counter.settings, mailing_list, one.choice.language),
            "tags": self._tags.of(mailing_list, one.choice.tags),
        }

    def _lang(self, name: str, language: str) -> str:
        """The language of a list's title; empty where it is that of the page."""
        own = self._counter.language(name)
        return "" if own.lower() == tag_of(language).lower() else own

    def _others(self, person: Person, language: str) -> Sequence[tuple[str, str, str, str]]:
        """Address, title, description and language of the lists that she never was on."""
        counter = self._counter
        return [
            (
                counter.path("subscribe", one.name),
                counter.title(one.name),
                one.description,
                self._lang(one.name, language),
            )
            for one in counter.settings.lists
            if person.on(one.name) is None
        ]


def _may_confirm(connection: Connection, book: Book, person: Person) -> bool:
    """Only the mail of the day lifts a bounce or a complaint: this link may be old, and in others' hands."""
    return book.subscribers.suppressions.of(connection, person.key) is None


def _ordered(person: Person, first: str) -> list[Subscription]:
    """The list that the mail came from, then those that are alive, then the rest."""
    return sorted(person.subscriptions, key=lambda one: (one.list != first, one.state == "ended", one.list))


def _wanted(mailing_list: MailingList, form: Form, now: Choice) -> Choice:
    """What was chosen in the form; a frequency that the list no longer offers may be kept."""
    kept = form.get("frequency") == now.frequency
    made = choice(
        mailing_list,
        frequency="" if kept else form.get("frequency"),
        hour=form.get("hour"),
        timezone=form.get("zone"),
        tags=form.all("tag"),
        language=form.get("language"),
    )
    frequency = now.frequency if kept or not made.frequency else made.frequency
    return Choice(frequency=frequency, hour=made.hour, timezone=made.timezone, tags=made.tags, language=made.language)
