"""Connections on which nothing comes, or nothing is taken, are closed, and keep nobody else out.

uvicorn waits for ever for a request that was only begun, and for whoever does not read the answer.
"""

from __future__ import annotations

import asyncio
import logging
from array import array
from contextlib import suppress
from fcntl import ioctl
from socket import SO_LINGER, SOL_SOCKET
from struct import pack
from termios import TIOCOUTQ
from typing import Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

PATIENCE: Final = 20.0
"""Seconds that the head of a request may take, and up to twice as many; its body has a bound of its own."""
STUCK: Final = 3
"""How often in a row, each time after ``PATIENCE``, a reader may be found to have taken nothing of an answer."""
_log: Final = logging.getLogger("feeder.web")
_log.setLevel(logging.ERROR)
"""What scanners send is no news; what breaks in an application is."""


class Arrivals(dict[object, None]):
    """Connections in the order in which they came, as uvicorn keeps them in a set."""

    def add(self, connection: object) -> None:
        """One came."""
        self[connection] = None

    def discard(self, connection: object) -> None:
        """One has gone."""
        self.pop(connection, None)


class Bounded(H11Protocol):
    """uvicorn's own, which looks now and then whether a request came, and whether the answer goes."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        """Count from here."""
        super().connection_made(transport)
        self.logger = _log
        self._last: RequestResponseCycle | None = None
        self._unsent = self._stuck = 0
        self._look = self.loop.call_later(PATIENCE, self._look_after)
        # At the limit itself uvicorn serves nobody, and whoever is hung up on counts for two turns more.
        if self.limit_concurrency and len(self.connections) > self.limit_concurrency - 2 * self.config.backlog:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count no more."""
        self._look.cancel()
        super().connection_lost(exc)

    def _make_room(self) -> None:
        """Hang up on the first to come that has sent no whole request: who only holds a place keeps nobody out."""
        others = (one for one in self.connections if isinstance(one, Bounded) and not one.transport.is_closing())
        next((one for one in others if not one._is_served()), self).transport.abort()

    def _is_served(self) -> bool:
        """Whether an answer is owed to a request that is here as a whole, or still on its way."""
        cycle = self.cycle
        owed = cycle is not None and not cycle.response_complete and not cycle.more_body
        return owed or self.transport.get_write_buffer_size() > 0

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  (uvicorn's words)
        """Refuse what is no HTTP; where the head was well and only the body is not, nobody answers it besides.

        uvicorn's own fails, and says so in the log, where an answer was begun, and at HEAD.
        """
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            refused = h11.Response(status_code=400, headers=[("content-length", "0"), ("connection", "close")])
            for event in (refused, h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _look_after(self) -> None:
        unsent = self._outstanding()
        self._stuck = self._stuck + 1 if unsent and unsent == self._unsent else 0
        self._unsent = unsent
        at_work = self.cycle is not None and not self.cycle.response_complete
        if self._stuck >= STUCK:
            self._reset()
        elif not (at_work or unsent) and self.cycle is self._last:
            self.transport.close()
        else:
            self._last = self.cycle
            self._look = self.loop.call_later(PATIENCE, self._look_after)

    def _outstanding(self) -> int:
        """Bytes that the reader has not taken: those here, and those that the system keeps for it."""
        told = array("i", [0])
        with suppress(OSError, ValueError):  # where it was closed meanwhile
            ioctl(self.transport.get_extra_info("socket").fileno(), TIOCOUTQ, told)
        return self.transport.get_write_buffer_size() + told[0]

    def _reset(self) -> None:
        """End it at once, with all that waits for the reader: closing would wait as well, here or in the system."""
        with suppress(OSError):
            self.transport.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, pack("ii", 1, 0))
        self.transport.abort()
