"""The web application of a publication on a real socket, and visitors who ask by hand."""

from __future__ import annotations

import email.message
import http.client
import re
import shutil
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from mail.newsdesk import MAIL, Newsdesk
from sqlalchemy import select
from support import Publication, lasting_folder

from feeder.config.secrets import Secrets
from feeder.config.settings import Settings
from feeder.mail import database, lists, schema
from feeder.mail.database import MailDatabase, open_mail
from feeder.mail.subscribers import Subscribers, persons
from feeder.mail.subscribers.persons import Person
from feeder.mail.tokens import ANYBODY, Purpose, Tokens
from feeder.web.app import Web, app
from feeder.web.serving import Serving
from feeder.web.values import Condition, Why

NOW = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
"""A Saturday, 17:00 in Shanghai."""
ENGLISH = '[[lists]]\nname = "chips"\ntitle = "Chips Daily"\nlanguage = "en"\nfrequency = "daily"\n'
FORM = "application/x-www-form-urlencoded"


class Office:
    """The process that serves the pages, with a clock that tests move."""

    def __init__(self) -> None:
        self.time = NOW
        self.rung: list[Why] = []
        self.state = Condition(started=NOW)

    def now(self) -> datetime:
        return self.time

    def ring(self, why: Why) -> None:
        self.rung.append(why)

    def condition(self) -> Condition:
        return self.state


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: email.message.Message
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")

    def field(self, name: str) -> str:
        """The value of a field of the form."""
        found = re.search(rf'name="{name}" (?:[^>]*? )?value="([^"]*)"', self.text)
        assert found is not None, f"no field {name}"
        return found[1]


@dataclass
class House:
    """A publication whose pages are served."""

    desk: Newsdesk
    office: Office
    web: Web
    serving: Serving
    database: MailDatabase
    settings: Settings
    prefix: str = ""
    tokens: Tokens = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = Tokens(self.database.secrets())

    # Asking

    def ask(
        self, method: str, path: str, body: bytes | str | Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:  # fmt: skip
        """One request on a connection of its own; a mapping is a form."""
        connection = http.client.HTTPConnection("127.0.0.1", self.serving.port, timeout=30)
        given = dict(headers or {})
        if isinstance(body, Mapping):
            body = urlencode(body, doseq=True)
            given.setdefault("Content-Type", FORM)
        try:
            connection.request(method, self.prefix + path, body, given)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, path: str, _origin: str = "", **fields: Any) -> Answer:
        """A form; ``_origin`` is whom the proxy says that it came from."""
        return self.ask("POST", path, fields, {"X-Forwarded-For": _origin} if _origin else None)

    def raw(self, data: bytes, *, wait: float = 10.0) -> bytes:
        """Everything that comes back for these bytes, until the connection ends."""
        with socket.create_connection(("127.0.0.1", self.serving.port), timeout=wait) as connection:
            connection.sendall(data)
            found = b""
            try:
                while chunk := connection.recv(65536):
                    found += chunk
            except TimeoutError:
                pass
            return found

    # What people do

    def form_token(self, name: str = "weekly", age: timedelta = timedelta(minutes=1)) -> str:
        return self.tokens.make("form", ANYBODY, name, self.office.time - age)

    def subscribe(self, address: str, _list: str = "weekly", _origin: str = "", **fields: Any) -> Answer:
        """Post the form as somebody who took her time."""
        return self.post(
            f"/subscribe/{_list}", _origin=_origin, email=address, **{"token": self.form_token(_list), **fields}
        )

    def token(self, purpose: Purpose, address: str = "ana@example.com", name: str = "weekly") -> str:
        person = self.person(address)
        assert person is not None
        return self.tokens.make(purpose, person.id, name, self.office.time)

    # What is there

    def join(self, address: str = "ana@example.com", name: str = "weekly") -> Person:
        """Somebody whose consent is on record."""
        with self.database.begin() as connection:
            people = Subscribers(self.settings, self.database.secrets())
            people.add(connection, lists.find(self.settings, name), address, self.office.time, kept="a test")
        found = self.person(address)
        assert found is not None
        return found

    def person(self, address: str = "ana@example.com") -> Person | None:
        with self.database.read() as connection:
            return persons.find(connection, address.lower())

    def state(self, address: str = "ana@example.com", name: str = "weekly") -> str:
        person = self.person(address)
        known = person.on(name) if person is not None else None
        return known.state if known is not None else ""

    def notices(self, kind: str = "") -> list[Any]:
        with self.database.read() as connection:
            rows = connection.execute(select(schema.notice).order_by(schema.notice.c.id)).all()
        return [row for row in rows if not kind or row.kind == kind]

    def everything(self) -> list[str]:
        """All rows of the mail database, so that a test can say that nothing changed."""
        raw = self.database.raw()
        try:
            return list(raw.iterdump())
        finally:
            raw.close()


@contextmanager
def house(
    root: Path, extra: str = "", lines: str = MAIL, *, secrets: Secrets | None = None, **site: str
) -> Iterator[House]:
    """A publication with the list ``weekly`` in Chinese and what ``extra`` adds, whose pages are served meanwhile."""
    desk = Newsdesk(root)
    desk.configure(lines + extra, **site)
    if not (root / database.FILE).exists():
        (root / database.FILE).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_empty(), root / database.FILE)
    desk.out.mkdir(exist_ok=True)
    settings, office = desk.settings, Office()
    given = secrets or Secrets({})
    web = app(settings, office, given)
    serving = Serving(web, "127.0.0.1", 0, settings.web.proxies)
    serving.start()
    opened = open_mail(settings, NOW, keys=given.keys())
    try:
        yield House(desk, office, web, serving, opened, settings)
    finally:
        serving.stop()
        web.close()
        opened.close()


@cache
def _empty() -> Path:
    """A mail database without anybody: made once, since that costs more than a test."""
    root = lasting_folder()
    publication = Publication(root)
    publication.configure(MAIL)
    open_mail(publication.settings, NOW).close()
    return root / database.FILE


def at_once(work: Any, many: int) -> list[Any]:
    """What ``work(number)`` gives for each number, in eight threads."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(work, range(many)))


def waits(event: threading.Event, seconds: float = 20.0) -> None:
    assert event.wait(seconds), "it did not happen in time"
