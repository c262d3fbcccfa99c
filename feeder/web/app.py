"""The web application of one publication: subscription pages, webhook, health, and ``out/`` behind them all."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from feeder.config.secrets import Secrets
from feeder.config.settings import Settings
from feeder.errors import FeederError
from feeder.web import answers, health, requests, subscriptions, webhook
from feeder.web.files import Files
from feeder.web.look import Look
from feeder.web.records import Records, prepare
from feeder.web.requests import Address
from feeder.web.values import Office

_LATER: Final = timedelta(minutes=1)
"""When to come again while the mail database cannot be used."""


class Web:
    """An ASGI application that can be closed."""

    def __init__(self, application: ASGIApp, records: Records) -> None:
        self._application, self.records = application, records

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._application(scope, receive, send)

    def close(self) -> None:
        """Finish what is being written, and close the mail database."""
        self.records.close()


def app(settings: Settings, office: Office, secrets: Secrets | None = None) -> Web:
    """What answers for a publication.

    Args:
        settings: the publication's.
        office: the process that serves it.
        secrets: where the keys of tokens come from; not given: the environment.

    Raises:
        SettingsError: a secret cannot be read, or the mail database is one that this version does not know.
    """
    secrets = secrets if secrets is not None else Secrets(os.environ)
    prepare(settings, office.now())
    records = Records(settings, secrets.keys(), office.now)
    look = Look(settings)
    site = Files(settings) if settings.web.serve else None
    routes: list[BaseRoute] = [
        Route("/healthz", Address(get=health.Healthz(office))),
        Route("/metrics", Address(get=health.Metrics(office, records if settings.lists else None))),
        *subscriptions.routes(settings, office, records, look, site),
        *(webhook.routes(settings, office, secrets) if settings.lists else ()),
    ]
    if site is not None:
        routes.append(Mount("", site))
    made = Starlette(
        routes=routes,
        exception_handlers={HTTPException: _Refused(look), FeederError: _Later(look), 500: _Failed(look)},
    )
    # A redirect would repeat the Host that a stranger sent.
    made.router.redirect_slashes = False
    return Web(made, records)


class _Refused:
    """A page that says what was wrong with the request."""

    def __init__(self, look: Look) -> None:
        self._look = look

    async def __call__(self, _request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 400
        headers = error.headers if isinstance(error, HTTPException) else None
        return self._look.refusal(status, headers=headers)


class _Later(_Refused):
    """The mail database cannot be used now. What is wrong with it is for the editor, not for visitors.

    What was asked for by a form can be asked for once more by a button: a page that is loaded anew would lose it.
    """

    async def __call__(self, request: Request, _error: Exception) -> Response:
        form = requests.posted(request)
        return self._look.refusal(
            503,
            headers=answers.retry(_LATER),
            language=requests.language(request),
            again=form.pairs() if form is not None else None,
        )


class _Failed(_Refused):
    """A fault of ours; the server writes it into its log."""

    async def __call__(self, _request: Request, _error: Exception) -> Response:
        return self._look.refusal(500)
