"""The pages on which people subscribe, confirm, choose and leave. A GET changes nothing: buttons do (promise 13)."""

from __future__ import annotations

from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from feeder.config.settings import Settings
from feeder.web.look import Look
from feeder.web.records import Records
from feeder.web.requests import Address
from feeder.web.subscriptions.confirming import Confirming
from feeder.web.subscriptions.counter import Counter
from feeder.web.subscriptions.personal import Personal
from feeder.web.subscriptions.preferences import Preferences
from feeder.web.subscriptions.subscribing import Overview, Subscribing, files
from feeder.web.subscriptions.unsubscribing import Unsubscribing
from feeder.web.values import Office


def routes(settings: Settings, office: Office, records: Records, look: Look, site: ASGIApp | None) -> list[BaseRoute]:
    """The addresses of the pages, under the path of ``[web] url``; without it only the files of their look.

    ``site`` serves ``out/``, where this process does.
    """
    base = look.base
    kept: list[BaseRoute] = [Route(f"{base}{path}", Address(get=files(*file))) for path, file in look.files.items()]
    if not (settings.web.url and settings.lists):
        return kept
    counter = Counter(settings, office, records, look)
    asking, confirming, leaving = Subscribing(counter), Confirming(counter), Unsubscribing(counter)
    choosing, personal = Preferences(counter), Personal(counter)
    overview = Overview(counter, site if base == look.site_base else None)
    return [
        *kept,
        Route(f"{base}subscribe/", overview),
        *([Route(base, overview)] if site is None else []),
        Route(f"{base}subscribe/{{list}}", Address(get=asking.show, post=asking.take)),
        Route(f"{base}confirm/{{token}}", Address(get=confirming.show, post=confirming.take)),
        Route(f"{base}unsubscribe/{{token}}", Address(get=leaving.show, post=leaving.take)),
        Route(f"{base}preferences/{{token}}", Address(get=choosing.show, post=choosing.take)),
        Route(f"{base}preferences/{{token}}/data", Address(get=personal.show)),
        Route(f"{base}preferences/{{token}}/data.json", Address(get=personal.export)),
        Route(f"{base}preferences/{{token}}/erase", Address(get=personal.ask, post=personal.erase)),
    ]
