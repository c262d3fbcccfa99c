"""The web application, on its socket for as long as the process lives, whatever settings come."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from feeder.config import Settings
from feeder.web.serving import PortTaken, Serving

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

Make = Callable[[Settings], "ASGIApp"]
"""Makes the application; one with a ``close()`` has it called when it serves no more."""


class FrontDoor:
    """Listens from the beginning; answers once it is opened. New settings get a new application behind the same door.

    When it is made it raises ``PortTaken``, and whatever the application raises.
    """

    def __init__(self, settings: Settings, make: Make) -> None:
        self._make, self._settings = make, settings
        self._behind = make(settings) if settings.web.port else None
        self._retired: ASGIApp | None = None
        self._serving = self._bound(settings)
        self._open = False

    @property
    def address(self) -> str:
        """Where it answers; empty: nowhere."""
        return self._serving.url if self._serving else ""

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
        """Serve by other settings.

        Raises ``PortTaken`` where these name a port that is taken, or what the application raises; all stays as it was.
        """
        behind = self._make(settings) if settings.web.port else None
        moved = _place(self._settings) != _place(settings)
        try:
            serving = self._bound(settings) if moved else self._serving
        except PortTaken:
            _close(behind)
            raise
        # Requests under way are answered by the one they came to; it is closed when the next one comes.
        _close(self._retired)
        self._retired, self._behind, self._settings = self._behind, behind, settings
        old, self._serving = self._serving, serving
        if moved and serving and self._open:
            serving.start()
        if moved and old:
            old.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As an application (ASGI): whichever stands behind the door now."""
        assert self._behind is not None
        await self._behind(scope, receive, send)

    def _bound(self, settings: Settings) -> Serving | None:
        web = settings.web
        return Serving(self, web.host, web.port, web.proxies) if web.port else None


def _place(settings: Settings) -> tuple[str, int, tuple[str, ...]]:
    return settings.web.host, settings.web.port, settings.web.proxies


def _close(application: ASGIApp | None) -> None:
    close = getattr(application, "close", None)
    if close is not None:
        close()
