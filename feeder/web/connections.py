"""Connections on which nothing comes are closed: uvicorn waits for ever for a request that was only begun."""

from __future__ import annotations

import asyncio
from typing import Final

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

PATIENCE: Final = 20.0
"""Seconds that the head of a request may take, and up to twice as many; its body has a bound of its own."""


class Bounded(H11Protocol):
    """uvicorn's own, which looks now and then whether a request came."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        """Count from here."""
        super().connection_made(transport)
        self._last: RequestResponseCycle | None = None
        self._look = self.loop.call_later(PATIENCE, self._close_if_idle)

    def connection_lost(self, exc: Exception | None) -> None:
        """Count no more."""
        self._look.cancel()
        super().connection_lost(exc)

    def _close_if_idle(self) -> None:
        at_work = self.cycle is not None and not self.cycle.response_complete
        if not at_work and self.cycle is self._last:
            self.transport.close()
            return
        self._last = self.cycle
        self._look = self.loop.call_later(PATIENCE, self._close_if_idle)
