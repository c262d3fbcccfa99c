"""SMTP over a few connections at once, each message one round trip where the server lets us (RFC 5321, RFC 2920).

One thread waits for all connections, so that the answers that come together are written down in one transaction.
Opening a connection may take long, and has threads of its own.
"""

from __future__ import annotations

import selectors
import socket
import threading
from collections import Counter, deque
from queue import Empty, SimpleQueue
from typing import Final

from feeder.config.settings import Settings
from feeder.config.settings import Smtp as SmtpSettings
from feeder.mail.sending.transports import Desk, Parcel, TransportDown
from feeder.mail.sending.transports.dialogue import Features
from feeder.mail.sending.transports.line import Line, Lost
from feeder.mail.sending.transports.opening import opened
from feeder.mail.values import Outcome

_POLL: Final = 0.25
"""Seconds between two looks at whether to stop."""
_GRACE: Final = 30.0
"""Seconds that messages under way are given to be answered when the program is told to stop."""
_STRIKES: Final = 3
"""A message with which the connection broke so often is put off."""
_BROKEN: Final = 5
"""After so many connections in a row that broke before anything was answered, the server counts as down."""

Opened = tuple[socket.socket, Features] | TransportDown


class Smtp:
    """A server that takes mail."""

    def __init__(self, settings: SmtpSettings, password: str) -> None:
        self._settings, self._password = settings, password

    def __repr__(self) -> str:
        return f"Smtp({self._settings.host}:{self._settings.port})"

    def carry(self, desk: Desk) -> None:
        """See ``Transport.carry``."""
        office = _Office(self._settings, self._password, desk)
        try:
            office.work()
        finally:
            office.close()


class _Office:
    """Connections at work for one desk."""

    def __init__(self, settings: SmtpSettings, password: str, desk: Desk) -> None:
        self._settings, self._password, self._desk = settings, password, desk
        self._name = socket.getfqdn()
        self._lines: list[Line] = []
        self._spare: deque[Parcel] = deque()
        """Messages for which a connection is being opened."""
        self._opening = 0
        self._opened: SimpleQueue[Opened] = SimpleQueue()
        self._allowed = settings.connections
        self._settled: list[tuple[Parcel, Outcome]] = []
        self._strikes: Counter[tuple[int, int]] = Counter()
        self._broken = 0
        self._why = ""
        self._stopped_at: float | None = None
        self._selector = selectors.DefaultSelector()
        self._bell, self._rope = socket.socketpair()
        self._bell.setblocking(False)
        self._selector.register(self._bell, selectors.EVENT_READ, None)

    def work(self) -> None:
        """Until nothing is left to do."""
        while True:
            stopping = self._desk.stopping()
            if stopping:
                self._stop()
            else:
                self._feed()
            self._exchange(stopping=stopping)
            if self._busy():
                self._listen()
            elif self._broken >= _BROKEN:
                raise TransportDown(f"{self._settings.host}:{self._settings.port}: {self._why}, again and again")
            elif (wait := self._desk.wait()) is None:
                return
            elif wait:
                self._desk.rest(wait)

    def close(self) -> None:
        """Hang up everywhere."""
        for line in self._lines:
            line.close()
        while self._opening:
            opened_or_down = self._opened.get()
            self._opening -= 1
            if isinstance(opened_or_down, tuple):
                opened_or_down[0].close()
        self._selector.close()
        self._bell.close()
        self._rope.close()

    def _busy(self) -> bool:
        return bool(self._opening or self._settled) or any(not line.dialogue.idle for line in self._lines)

    def _feed(self) -> None:
        """Give every idle connection a message, and open one more where there are more messages."""
        if self._broken >= _BROKEN:
            return
        for line in list(self._lines):
            while line.dialogue.idle and not self._worn(line):
                parcel = self._spare.popleft() if self._spare else self._desk.reserve()
                if parcel is None:
                    return
                self._begin(line, parcel)
        if len(self._lines) + self._opening < self._allowed and len(self._spare) <= self._opening:
            parcel = self._desk.reserve()
            if parcel:
                self._spare.append(parcel)
                self._open()

    def _begin(self, line: Line, parcel: Parcel) -> None:
        refusal = line.dialogue.refusal(parcel.message)
        if refusal:
            self._settled.append((parcel, refusal))
            return
        try:
            line.offer(parcel, self._desk.seconds())
        except Lost as error:
            self._lose(line, str(error))
        else:
            self._watch(line)

    def _worn(self, line: Line) -> bool:
        """Whether a connection has had its messages; it is closed then."""
        if line.dialogue.taken < self._settings.messages and not line.dialogue.closing:
            return False
        self._remove(line)
        return True

    def _exchange(self, *, stopping: bool) -> None:
        """Write down what was answered, and send the messages that may leave."""
        seconds = self._desk.seconds()
        for line in self._lines:
            if line.dialogue.outcomes:
                self._settled += line.outcomes(seconds)
                self._broken = 0
        ready = [line for line in self._lines if line.dialogue.ready and not stopping]
        if not (ready or self._settled):
            return
        settled, self._settled = self._settled, []
        granted = self._desk.exchange(settled, [line.dialogue.ahead for line in ready if line.dialogue.ahead])
        for line, leaves in zip(ready, granted, strict=True):
            if leaves:
                self._go(line)
            else:
                # Behind DATA there is no way back but to hang up.
                line.dialogue.given_up()
                self._remove(line)

    def _go(self, line: Line) -> None:
        then = None
        if line.dialogue.taken + 1 < self._settings.messages and not self._desk.stopping():
            then = self._desk.reserve()
            if then and (refusal := line.dialogue.refusal(then.message)):
                self._settled.append((then, refusal))
                then = None
        try:
            line.go(then, self._desk.seconds())
        except Lost as error:
            self._lose(line, str(error))
        else:
            self._watch(line)

    def _listen(self) -> None:
        """Wait until a server says something."""
        for key, events in self._selector.select(_POLL):
            line = key.data
            if line is None:
                self._admit()
                continue
            try:
                if events & selectors.EVENT_READ:
                    line.read(self._desk.seconds())
                    _require_welcome(line)
                if line.writes or line.dialogue.eager:
                    line.write()
            except Lost as error:
                self._lose(line, str(error))
            else:
                self._watch(line)
        seconds = self._desk.seconds()
        for line in [line for line in self._lines if line.silent(seconds)]:
            self._lose(line, "no answer in time")

    def _watch(self, line: Line) -> None:
        if line.writes != line.watched:
            line.watched = line.writes
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if line.writes else 0)
            self._selector.modify(line.connection, events, line)

    def _lose(self, line: Line, why: str) -> None:
        """A connection is lost: what was under way on it is uncertain, unsent, or somebody else's."""
        self._settled += line.outcomes(self._desk.seconds())
        dialogue = line.dialogue
        closing, idle = dialogue.closing, dialogue.idle
        flying, dialogue.flying = dialogue.flying, None
        if flying and line.dot_out:
            self._settled.append((flying, Outcome(state="uncertain", reply=why)))
        elif flying:
            self._settled.append((flying, self._strike(flying, why) or Outcome(state="unsent")))
        for parcel in dialogue.given_up():
            if closing and not dialogue.taken:
                refusal = Outcome(state="deferred", reply=closing.text, code=closing.code, status=closing.status)
                self._settled.append((parcel, refusal))
            elif outcome := self._strike(parcel, why) if not closing else None:
                self._settled.append((parcel, outcome))
            else:
                self._desk.give_back(parcel)
        if not (idle or dialogue.taken or closing):
            self._broken, self._why = self._broken + 1, why
        self._remove(line)

    def _strike(self, parcel: Parcel, why: str) -> Outcome | None:
        key = (parcel.row.digest, parcel.row.subscriber)
        self._strikes[key] += 1
        if self._strikes[key] < _STRIKES:
            return None
        return Outcome(state="deferred", reply=f"{why}, {_STRIKES} times with this message", status="4.4.2")

    def _remove(self, line: Line) -> None:
        if line in self._lines:
            self._settled += line.outcomes(self._desk.seconds())
            self._lines.remove(line)
            self._selector.unregister(line.connection)
            line.close()

    def _stop(self) -> None:
        """Finish what has left; all else was never begun."""
        seconds = self._desk.seconds()
        self._stopped_at = self._stopped_at or seconds
        late = seconds - self._stopped_at > _GRACE
        while self._spare:
            self._desk.give_back(self._spare.popleft())
        for line in list(self._lines):
            if late:
                self._lose(line, "no answer before the program ended")
            elif not line.dialogue.flying and not line.dialogue.outcomes:
                for parcel in line.dialogue.given_up():
                    self._desk.give_back(parcel)
                self._remove(line)

    def _open(self) -> None:
        self._opening += 1
        threading.Thread(target=self._open_one, daemon=True).start()

    def _open_one(self) -> None:
        try:
            found: Opened = opened(self._settings, self._password, self._name)
        except TransportDown as error:
            found = error
        self._opened.put(found)
        self._rope.send(b"!")

    def _admit(self) -> None:
        """Take connections that were opened into use."""
        self._bell.recv(64)
        while True:
            try:
                found = self._opened.get_nowait()
            except Empty:
                return
            self._opening -= 1
            if isinstance(found, TransportDown):
                self._do_without(found)
                continue
            line = Line(*found, self._desk.seconds(), self._settings.timeout)
            self._lines.append(line)
            self._selector.register(line.connection, selectors.EVENT_READ, line)

    def _do_without(self, error: TransportDown) -> None:
        """A server that lets no more of us in serves those that are in; where there is none, nothing works."""
        while self._spare and len(self._spare) > self._opening:
            self._desk.give_back(self._spare.popleft())
        self._allowed = max(1, len(self._lines) + self._opening)
        if not self._lines and not self._opening:
            self._desk.exchange(self._settled, [])
            self._settled = []
            raise error


def _require_welcome(line: Line) -> None:
    if line.dialogue.closing:
        raise Lost(line.dialogue.closing.text)


def make(settings: Settings, password: str = "") -> Smtp:
    """The transport that the settings describe."""
    return Smtp(settings.mail.smtp, password)
