"""The web application, on its socket for as long as the process lives, whatever settings come."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from feeder.config import Settings
from feeder.web.serving import Serving

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

Make = Callable[[Settings], "ASGIApp"]
"""Makes the application; one with a ``close()`` has it called when it serves no more."""


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
        self._serving, self._at = self._bound(settings), _place(settings)

    @property
    def address(self) -> str:
        """Where it answers; empty: nowhere."""
        return self._serving.url if self._serving else ""

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
        place = _place(settings)
        if place == self._at:
            return
        if self._serving and place[:2] == self._at[:2]:
            # The same port cannot be had twice: for a moment, visitors wait.
            self._serving.stop()
            self._serving, self._at = None, ("", 0, ())
        serving = self._bound(settings)
        old, self._serving, self._at = self._serving, serving, place
        if serving and self._open:
            serving.start()
        if old:
            old.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As an application (ASGI): whichever stands behind the door now."""
        await (self._behind or _closed)(scope, receive, send)

    def _bound(self, settings: Settings) -> Serving | None:
        web = settings.web
        return Serving(self, web.host, web.port, web.proxies) if web.port else None


async def _closed(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001  (ASGI calls it so)
    """Nothing can be shown yet."""
    head = [(b"content-type", b"text/plain; charset=utf-8"), (b"retry-after", b"60"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 503, "headers": head})
    await send({"type": "http.response.body", "body": "请稍后再来 · please come again later\n".encode()})


def _place(settings: Settings) -> tuple[str, int, tuple[str, ...]]:
    return settings.web.host, settings.web.port, settings.web.proxies


def _close(application: ASGIApp | None) -> None:
    close = getattr(application, "close", None)
    if close is not None:
        close()
