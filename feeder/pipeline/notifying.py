"""Step 6: telling the hub which feeds changed, after the deploy and before any mail is sent.

What is owed is read and written under a lock of its own, held for neither the network nor the publish: a hub that
hangs keeps no entry waiting.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from feeder import index, links
from feeder.config import Settings
from feeder.errors import FeederError
from feeder.output import publishing, served
from feeder.output.deploy import owed as undeployed
from feeder.output.refusal import writing

if TYPE_CHECKING:
    from feeder.websub import Notified, Owed

LOCK: Final = "hub"
_WAIT_S: Final = 10.0
"""For a lock that is held for the reading and writing of one small file."""


def owe(settings: Settings, now: datetime, paths: Iterable[str]) -> None:
    """Write down that the hub is to be told of those ``paths`` in ``out/`` that are topics, before they go live."""
    hub = settings.feeds.hub
    if not hub:
        return
    from feeder import websub

    root = str(settings.root)
    topics = [path for path in paths if websub.is_topic(path, settings.feeds.also)]
    if topics:
        with publishing(settings.root, now, _WAIT_S, LOCK), writing(f"{root}/{index.HUB}", root):
            websub.save(root, websub.owe(websub.load(root), hub, topics, now.timestamp()))


def standing(settings: Settings, now: datetime) -> Notified | None:
    """What is owed to the hub of the settings, and when it is tried next; None where nothing is."""
    found = _known(settings)
    return _owed(settings, found, now) if found else None


def notify(settings: Settings, now: datetime) -> Notified | None:
    """Tell the hub what is owed to it, where that is due; None where nothing is owed."""
    known = _known(settings)
    if known is None:
        # There may be no hub any more, or another one.
        (settings.root / index.HUB).unlink(missing_ok=True)
        return None
    from feeder import websub

    ready = _is_deployed(settings) and websub.due(known, now.timestamp())
    return _told(settings, now, known) if ready else _owed(settings, known, now)


def _known(settings: Settings) -> Owed | None:
    if not (settings.root / index.HUB).exists():
        return None
    from feeder import websub

    known = websub.load(str(settings.root))
    return known if known and known.hub == settings.feeds.hub else None


def _owed(settings: Settings, known: Owed, now: datetime) -> Notified:
    from feeder import websub

    at = websub.instant(known, now) if _is_deployed(settings) else None
    return websub.Notified(known.hub, owed=len(known.topics), error=known.error, next=at)


def _is_deployed(settings: Settings) -> bool:
    """While files wait for the deploy command, the hub would fetch the old ones."""
    return not (settings.output.deploy and undeployed(settings.root))


def _told(settings: Settings, now: datetime, known: Owed) -> Notified:
    """Two runs at once tell the hub twice, which does no harm."""
    from feeder import __version__, websub

    out = served(settings)
    addresses = {path: links.iri(links.url(settings.site.url, path)) for path in known.topics if (out / path).is_file()}
    agent = f"feeder/{__version__} (+{settings.site.url})"
    left, notified = websub.notify(known, addresses, agent, now)
    root = str(settings.root)
    try:
        with publishing(settings.root, now, _WAIT_S, LOCK), writing(f"{root}/{index.HUB}", root):
            websub.save(root, websub.settle(websub.load(root), known, left))
    except FeederError as error:
        return replace(notified, error=notified.error or str(error))
    return notified
