"""One open connection: the socket, what waits to be written, and how long the server has been silent."""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress
from typing import Final

from feeder.mail.sending.transports import Parcel
from feeder.mail.sending.transports.dialogue import Dialogue, Features, Garbage
from feeder.mail.values import Outcome

_READ: Final = 65536
_RECORD: Final = 16384
"""Bytes in a TLS record: what is sent as one is there whole or not at all."""
_PATIENCE: Final = 10
"""RFC 5321 section 4.5.3.2.6: the answer to the final dot may take ten minutes; who gives up sooner sends twice."""


class Lost(Exception):
    """The connection is of no use any more."""


class Line:
    """A connection in use."""

    def __init__(self, connection: socket.socket, features: Features, seconds: float, timeout: float) -> None:
        self.connection = connection
        self.dialogue = Dialogue(features)
        self._timeout = timeout
        self._piece = _RECORD if isinstance(connection, ssl.SSLSocket) else 1 << 30
        self._unwritten = memoryview(b"")
        self._behind_dot = 0
        self.dot_out = False
        """The final dot of the flying message has left this process: nobody can call it back."""
        self.writes = False
        """The socket takes no more at this moment."""
        self.watched = False
        """Somebody waits until it does."""
        self._heard_at = self._since = seconds

    def offer(self, parcel: Parcel, seconds: float) -> None:
        """Begin with a message."""
        if self.dialogue.idle:
            self._since = self._heard_at = seconds
        self.dialogue.offer(parcel)
        self.write()

    def go(self, then: Parcel | None, seconds: float) -> None:
        """Send the message that is ready, and the envelope of the next."""
        self.dot_out = False
        self._heard_at = seconds
        self.dialogue.go(then)
        self.write()

    def write(self) -> None:
        """Write what there is to say, as much as the socket takes.

        Raises:
            Lost: the connection broke.
        """
        data, behind_dot, ends = self.dialogue.outgoing()
        if data:
            self._behind_dot = behind_dot if ends else self._behind_dot + behind_dot
            # A message is written in one piece, without another copy of it.
            self._unwritten = memoryview(b"".join((self._unwritten, data)) if self._unwritten else data)
        try:
            while self._unwritten:
                sent = self.connection.send(self._unwritten[: self._piece])
                self._unwritten = self._unwritten[sent:]
                if len(self._unwritten) <= self._behind_dot:
                    self.dot_out = True
        except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
            pass
        except OSError as error:
            raise Lost(f"connection lost: {error.strerror or error}") from error
        self.writes = bool(self._unwritten)

    def read(self, seconds: float) -> None:
        """Take in what the server says.

        Raises:
            Lost: it has hung up, or says what is no SMTP.
        """
        try:
            while data := self.connection.recv(_READ):
                self._heard_at = seconds
                self.dialogue.heard(data)
                if self._piece != _RECORD:
                    return
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except OSError as error:
            raise Lost(f"connection lost: {error.strerror or error}") from error
        except Garbage as error:
            raise Lost(str(error)) from error
        raise Lost("the server hung up")

    def outcomes(self, seconds: float) -> list[tuple[Parcel, Outcome]]:
        """What has become of messages since the last call."""
        found, self.dialogue.outcomes = self.dialogue.outcomes, []
        if found:
            first = seconds - self._since
            self._since = seconds
            found = [(parcel, _timed(outcome, first if at == 0 else 0.0)) for at, (parcel, outcome) in enumerate(found)]
        return found

    def silent(self, seconds: float) -> bool:
        """Whether the server has owed an answer for too long."""
        if not (self.dialogue.waiting or self._unwritten):
            return False
        patience = self._timeout * (_PATIENCE if self.dialogue.flying and self.dot_out else 1)
        return seconds - self._heard_at > patience

    def close(self) -> None:
        """Take leave where that is no trouble, and hang up."""
        if self.dialogue.idle:
            self.dialogue.quit()
            with suppress(Lost):
                self.write()
        self.connection.close()


def _timed(outcome: Outcome, seconds: float) -> Outcome:
    return Outcome(state=outcome.state, reply=outcome.reply, code=outcome.code, status=outcome.status, seconds=seconds)
