"""One connection to a hub, kept open over several requests: bounded in time and size, and never led elsewhere."""

from __future__ import annotations

import http.client
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode, urlsplit

from feeder.websub.routes import Route, route

ANSWER_S: Final = 5.0
"""Seconds to wait for a connection, and for an answer."""
MAX_BYTES: Final = 1 << 16
"""Of an answer, which says nothing that we need."""
_SHOWN: Final = 200
"""Characters of what a server said that are shown."""
_STALE: Final = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)
_LATER: Final = (408, 425, 429)
"""Refusals that mean "not now" (RFC 9110 section 15.5.9, RFC 8470 section 5.2, RFC 6585 section 4)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one notify."""

    status: int = 0
    """0: there was no answer."""
    said: str = ""
    """For people: the reason of the server, or why there was no answer."""
    retry_after: str = ""

    @property
    def accepted(self) -> bool:
        """Any 2xx: hubs answer 200, 202 and 204."""
        return 200 <= self.status < 300

    @property
    def is_final(self) -> bool:
        """Whether another try of the same would be answered in the same way."""
        return self.accepted or (300 <= self.status < 500 and self.status not in _LATER)


class Caller:
    """Who asks one hub; used by one thread, and closed by any."""

    def __init__(self, hub: str, agent: str) -> None:
        self._hub = urlsplit(hub)
        self._headers = {"User-Agent": agent, "Content-Type": "application/x-www-form-urlencoded"}
        self._route: Route | None = None
        self._used = False

    def notify(self, topic: str) -> Answer:
        """Tell the hub that ``topic``, a percent-encoded address, has changed."""
        # Google's and Superfeedr's hubs take the one, Switchboard and flask-websub the other.
        body = urlencode({"hub.mode": "publish", "hub.url": topic, "hub.topic": topic}).encode()
        try:
            return self._asked(body)
        except TimeoutError:
            said = f"gave no answer within {ANSWER_S:.0f} seconds"
        except (OSError, http.client.HTTPException, ValueError) as error:
            said = f"cannot be reached: {_why(error)}"
        self.close()
        return Answer(said=said)

    def close(self) -> None:
        """Hang up, also on a request under way."""
        found, self._route, self._used = self._route, None, False
        if found is None:
            return
        if found.connection.sock is not None:
            with suppress(OSError):  # it may have gone meanwhile
                found.connection.sock.shutdown(socket.SHUT_RDWR)
        found.connection.close()

    def _asked(self, body: bytes) -> Answer:
        try:
            return self._once(body)
        except _STALE:
            # A server may close a kept connection whenever it likes; a new one is worth one more try.
            if not self._used:
                raise
            self.close()
            return self._once(body)

    def _once(self, body: bytes) -> Answer:
        if self._route is None:
            self._route = route(self._hub, ANSWER_S)
        way = self._route
        way.connection.request("POST", way.target, body, {**self._headers, **way.headers})
        with way.connection.getresponse() as response:
            whole = _drained(response)
        self._used = True
        if not whole:
            self.close()
        said = response.reason
        if 300 <= response.status < 400 and (place := response.headers.get("Location", "")):
            said = f"moved to {place}"
        return Answer(response.status, said[:_SHOWN], response.headers.get("Retry-After", ""))


def _drained(response: http.client.HTTPResponse) -> bool:
    """Read what a kept connection must be rid of; whether that was all, within bounds."""
    # A stopwatch, not a clock: it bounds the wait and reaches no output.
    began, size = time.monotonic(), 0
    while part := response.read1(1 << 14):
        size += len(part)
        if size > MAX_BYTES or time.monotonic() - began > ANSWER_S:
            return False
    return True


def _why(error: Exception) -> str:
    """Words for people: without the number of the error, and without where in a library it came from."""
    import ssl

    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not to be trusted: {error.verify_message}"
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__)[:_SHOWN]
