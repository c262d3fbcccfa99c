"""Bounces and complaints that a mail provider reports by HTTP: one signed webhook, with an adapter a provider.

An adapter is a module with ``read(incoming, trust) -> Batch``: it believes only what is signed, and says in our terms
what a provider means. ``desk`` does what follows, as for mail that came back. A new provider is one new file and one
line in ``PROVIDERS``. Nothing that a request names is ever fetched.
"""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from types import MappingProxyType
from typing import Final, Protocol, cast
from urllib.parse import unquote, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from feeder.config.secrets import Secrets
from feeder.config.settings import Settings
from feeder.errors import FeederError
from feeder.web import requests
from feeder.web.values import Office
from feeder.web.webhook.desk import Desk
from feeder.web.webhook.values import Batch, Incoming, Refused, Trust

PROVIDERS: Final = MappingProxyType(
    {
        "": "feeder.web.webhook.plain",
        "ses": "feeder.web.webhook.ses",
        "postmark": "feeder.web.webhook.postmark",
        "mailgun": "feeder.web.webhook.mailgun",
    }
)
"""Last part of the address, under ``/webhook/`` -> module that understands what is sent there."""

LARGEST: Final = 256 * 1024
"""Bytes of a request: the most that SNS sends. Real reports have a few thousand."""
SLOWEST: Final = 20.0
"""Seconds in which a request must be here as a whole."""
MOST: Final = 200
"""Requests that are taken at once: fifty megabytes at the worst."""
_LATER: Final = {"Retry-After": "60"}
_REFUSALS: Final = MappingProxyType({400: "cut off", 408: "too slow", 413: f"a report has at most {LARGEST} bytes"})
# All, so that whoever looks with a browser whether it answers is told what it is for.
_METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


class Adapter(Protocol):
    """What the module of a provider offers."""

    def read(self, incoming: Incoming, trust: Trust) -> Batch:
        """What it reports; raises ``Refused`` for what is not from the provider, or no report."""
        ...


def routes(settings: Settings, office: Office, secrets: Secrets | None = None) -> list[BaseRoute]:
    """The addresses at which providers report, under the path of ``[web] url``."""
    secrets = secrets or Secrets(os.environ)
    base = unquote(urlsplit(settings.web.url).path).rstrip("/")
    counter = _Counter(settings, office, secrets)
    return [Route(f"{base}/webhook/{name}", _Endpoint(name, counter).answer, methods=_METHODS) for name in PROVIDERS]


class _Counter:
    """Where the requests to all addresses wait, apart from those that fetch files: these wait for the database."""

    def __init__(self, settings: Settings, office: Office, secrets: Secrets) -> None:
        self._settings, self._office, self._secrets = settings, office, secrets
        self._desk = Desk(settings, secrets, office)
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="webhook")
        self.open = 0
        """Requests under way."""

    async def take(self, name: str, incoming: Incoming) -> Response:
        """Deal with a request in its turn."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._taken, name, incoming)

    def _taken(self, name: str, incoming: Incoming) -> Response:
        trust = Trust(settings=self._settings, secrets=self._secrets, now=self._office.now())
        try:
            batch = _adapter(name).read(incoming, trust)
            self._desk.take(name or "plain", batch)
        except Refused as refused:
            return self._refused(refused)
        except FeederError:
            # What is wrong is for the editor's eyes; the provider comes again.
            return _answer(503, "not now", _LATER)
        return _answer(200, "thank you")

    def _refused(self, refused: Refused) -> Response:
        try:
            self._desk.refused(refused)
        except FeederError:
            return _answer(503, "not now", _LATER)
        return _answer(refused.status, refused.why, refused.headers)


class _Endpoint:
    """One address."""

    def __init__(self, name: str, counter: _Counter) -> None:
        self._name, self._counter = name, counter

    async def answer(self, request: Request) -> Response:
        """Take a report. What is understood, was here before, or is of no interest is answered with 200."""
        if request.method != "POST":
            return _answer(405, "mail providers POST their reports here", {"Allow": "POST"})
        if self._counter.open >= MOST:
            return _answer(503, "not now", _LATER)
        self._counter.open += 1
        try:
            return await self._post(request)
        finally:
            self._counter.open -= 1

    async def _post(self, request: Request) -> Response:
        try:
            body = await requests.body(request, LARGEST, SLOWEST)
        except HTTPException as refused:
            return _answer(refused.status_code, _REFUSALS[refused.status_code], dict(refused.headers or {}))
        headers = {name.lower(): value for name, value in request.headers.items()}
        return await self._counter.take(self._name, Incoming(body=body, headers=headers))


def _adapter(name: str) -> Adapter:
    return cast("Adapter", import_module(PROVIDERS[name]))


def _answer(status: int, words: str, headers: dict[str, str] | None = None) -> Response:
    told = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **(headers or {})}
    return PlainTextResponse(words + "\n", status, told)
