"""The web application, on its socket for as long as the process lives, whatever settings come."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from feeder.config import Settings
from feeder.web.serving import PortTaken, Serving

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

Make = Callable[[Settings], "ASGIApp"]
"""Makes the application; one with a ``close()`` has it called when it serves no more."""


class _Place(NamedTuple):
    """Where to listen, and whom to believe about where requests come from."""

    host: str
    port: int
    proxies: tuple[str, ...]


_NOWHERE: Final = _Place("", 0, ())


class FrontDoor:
    """Listens from the beginning; answers once it is opened. New settings get a new application behind the same door.

    Where none can be made (a broken template, say), the one of before stays, or visitors are asked to come again.

    Raises ``PortTaken`` when it is made.
    """

    def __init__(self, settings: Settings, make: Make) -> None:
        self._make, self._settings = make, settings
        self._behind: ASGIApp | None = None
        self._retired: ASGIApp | None = None
        self._open = False
        self._outdated = bool(settings.web.port)
        self._serving: Serving | None = None
        self._at = _NOWHERE
        self._listen(_place(settings))

    @property
    def address(self) -> str:
        """Where it answers; empty: nowhere."""
        serving = self._serving  # another thread may be exchanging it
        return serving.url if serving else ""

    @property
    def is_dead(self) -> bool:
        """Whether it answers no more, though nobody has closed it."""
        serving = self._serving
        return serving is not None and serving.is_dead

    @property
    def outdated(self) -> bool:
        """Whether what stands behind it is not that of the settings in force."""
        return self._outdated

    def mend(self) -> None:
        """Make the application of the settings in force; raises what it raises, and then is to be asked again."""
        made = self._make(self._settings) if self._settings.web.port else None
        # Requests under way are answered by the one they came to; it is closed when the next one comes.
        _close(self._retired)
        self._retired, self._behind = self._behind, made
        self._outdated = False

    def open(self) -> None:
        """Answer."""
        self._open = True
        if self._serving:
            self._serving.start()

    def close(self) -> None:
        """Answer no more."""
        if self._serving:
            self._serving.stop()
        _close(self._retired)
        _close(self._behind)

    def follow(self, settings: Settings) -> None:
        """Listen by other settings, which are in force from now on; what stands behind is for ``mend``.

        Raises ``PortTaken``: it goes on listening where it did.
        """
        self._settings, self._outdated = settings, bool(settings.web.port)
        place, before = _place(settings), self._at
        if place == before:
            return
        if not self._serving or place.port != before.port:
            old = self._serving
            self._listen(place)
            if old:
                old.stop()
            return
        # The same port cannot be had twice, nor at another address: for a moment, visitors wait.
        self._serving.stop()
        try:
            self._listen(place)
        except PortTaken:
            self._serving, self._at = None, _NOWHERE
            with suppress(PortTaken):
                self._listen(before)
            raise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As an application (ASGI): whichever stands behind the door now."""
        await (self._behind or _closed)(scope, receive, send)

    def _listen(self, place: _Place) -> None:
        """At another place from now on; where that cannot be had, nothing is changed."""
        serving = Serving(self, place.host, place.port, place.proxies) if place.port else None
        self._serving, self._at = serving, place
        if serving and self._open:
            serving.start()


async def _closed(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001  (ASGI calls it so)
    """Nothing can be shown yet."""
    head = [(b"content-type", b"text/plain; charset=utf-8"), (b"retry-after", b"60"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 503, "headers": head})
    await send({"type": "http.response.body", "body": "请稍后再来 · please come again later\n".encode()})


def _place(settings: Settings) -> _Place:
    return _Place(settings.web.host, settings.web.port, settings.web.proxies)


def _close(application: ASGIApp | None) -> None:
    close = getattr(application, "close", None)
    if close is not None:
        close()
