"""One SMTP conversation after the greeting: what is said, and which answer belongs to which command (RFC 5321).

With PIPELINING (RFC 2920) the envelope of the next message goes out behind the final dot of the one before, so that
a message costs one round trip. No input or output here: bytes come in, bytes go out.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from feeder.mail.sending.transports import Parcel
from feeder.mail.values import Message, Outcome

Step = Literal["mail", "rcpt", "data", "body", "empty", "reset", "quit"]

LONGEST_LINE: Final = 8192
"""RFC 5321 section 4.5.3.1.5 says 512; who sends more than this in one line is no mail server."""
_MOST_LINES = 200
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?= |\Z)")
_LINE = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?\Z", re.DOTALL)
_CLOSING: Final = 421
_MANY_DOTS: Final = 100
_NEWLINE: Final = 10
_TOO_BIG: Final = Outcome(state="failed", reply="552 5.3.4 larger than the server takes", code=552, status="5.3.4")
_NO_UTF8: Final = Outcome(
    state="failed", reply="553 5.6.7 the server takes no such address", code=553, status="5.6.7"
)  # fmt: skip


class Garbage(Exception):
    """What the server says is no SMTP."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply."""

    code: int
    status: str
    text: str
    """With its code, on one line."""


@dataclass(frozen=True, slots=True)
class Features:
    """What the server offers (its answer to EHLO)."""

    pipelining: bool = False
    eight_bit: bool = False
    utf8: bool = False
    size: int = 0
    """Bytes of a message at most; 0: it does not say."""


class Dialogue:
    """Turns messages into commands, and replies into outcomes.

    ``ahead`` is the message whose envelope was sent; when ``ready``, the server waits for its text, and `go` says it.
    ``flying`` is the one whose final dot was said: until its answer comes nobody knows whether it was taken.
    """

    def __init__(self, features: Features) -> None:
        self._features = features
        self._said: deque[Step] = deque()
        self._unsaid: deque[tuple[Step, bytes]] = deque()
        self._lines: list[str] = []
        self._rest = b""
        self._trouble: Reply | None = None
        self._written: list[bytes] = []
        self._dot_at = 0
        self.ahead: Parcel | None = None
        self.flying: Parcel | None = None
        self.ready = False
        self.taken = 0
        """Messages that the server took."""
        self.closing: Reply | None = None
        """The server's 421: it hangs up."""
        self.outcomes: list[tuple[Parcel, Outcome]] = []

    @property
    def idle(self) -> bool:
        """Nothing is under way, and another message may be offered."""
        return self.ahead is None and self.flying is None and not self._said and not self._unsaid

    @property
    def eager(self) -> bool:
        """There is something to say."""
        return bool(self._unsaid or self._written)

    @property
    def waiting(self) -> bool:
        """The server owes an answer."""
        return bool(self._said)

    def refusal(self, message: Message) -> Outcome | None:
        """Why a message need not be offered at all."""
        if self._features.size and len(message.data) > self._features.size:
            return _TOO_BIG
        if not self._features.utf8 and not (message.recipient.isascii() and message.sender.isascii()):
            return _NO_UTF8
        return None

    def offer(self, parcel: Parcel) -> None:
        """Say the envelope of a message; the one before may be flying still."""
        assert self.ahead is None
        self.ahead, self._trouble = parcel, None
        self._say("mail", self._mail(parcel.message))
        self._say("rcpt", b"RCPT TO:<%b>\r\n" % parcel.message.recipient.encode())
        self._say("data", b"DATA\r\n")

    def go(self, then: Parcel | None) -> None:
        """Say the text of the message that is ``ready``, and behind it the envelope of the next."""
        assert self.ready
        assert self.ahead
        self.flying, self.ahead, self.ready = self.ahead, None, False
        self._written += [stuffed(self.flying.message.data), b".\r\n"]
        self._dot_at = len(self._written)
        self._said.append("body")
        if then:
            self.offer(then)

    def quit(self) -> None:
        """Take leave."""
        self._say("quit", b"QUIT\r\n")

    def outgoing(self) -> tuple[bytes, int, bool]:
        """What is to be written now; how many bytes of it follow a final dot; whether there is such a dot."""
        self._speak()
        written, dot_at = self._written, self._dot_at
        self._written, self._dot_at = [], 0
        return b"".join(written), sum(map(len, written[dot_at:])), dot_at > 0

    def heard(self, data: bytes) -> None:
        """Take in what the server said.

        Raises:
            Garbage: it is no reply, or an answer to nothing.
        """
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        if len(self._rest) > LONGEST_LINE:
            raise Garbage("a line without end")
        for line in lines:
            reply = self._line(line.rstrip(b"\r")) if self._lines else _single(line) or self._line(line.rstrip(b"\r"))
            if reply:
                self._answered(reply)

    def given_up(self) -> list[Parcel]:
        """Messages that were offered and may be offered elsewhere: the connection is lost."""
        parcels = [self.ahead] if self.ahead else []
        self.ahead, self.ready = None, False
        return parcels

    def _say(self, step: Step, command: bytes) -> None:
        self._unsaid.append((step, command))

    def _speak(self) -> None:
        # DATA ends a group (RFC 2920 section 3.1): nothing is said behind it before its answer.
        while self._unsaid and (not self._said or (self._features.pipelining and self._said[-1] != "data")):
            step, command = self._unsaid.popleft()
            self._said.append(step)
            self._written.append(command)

    def _mail(self, message: Message) -> bytes:
        words = [f"MAIL FROM:<{message.sender}>"]
        if self._features.size:
            words.append(f"SIZE={len(message.data)}")
        if self._features.eight_bit and not message.data.isascii():
            words.append("BODY=8BITMIME")
        if not (message.recipient.isascii() and message.sender.isascii()):
            words.append("SMTPUTF8")
        return f"{' '.join(words)}\r\n".encode()

    def _line(self, line: bytes) -> Reply | None:
        found = _LINE.match(line)
        if not found or len(line) > LONGEST_LINE or len(self._lines) > _MOST_LINES:
            raise Garbage(f"not an SMTP reply: {line[:60].decode('ascii', 'replace')!r}")
        self._lines.append((found[3] or b"").decode("utf-8", "replace").strip())
        if found[2] == b"-":
            return None
        code, lines = int(found[1]), self._lines
        self._lines = []
        return _reply(code, lines)

    def _answered(self, reply: Reply) -> None:
        if reply.code == _CLOSING:
            self.closing = reply
        if not self._said:
            if reply.code == _CLOSING:
                return
            raise Garbage(f"an answer to nothing: {reply.text[:60]!r}")
        step = self._said.popleft()
        if step == "body":
            self._landed(reply)
        elif step in {"mail", "rcpt"}:
            if reply.code // 100 != 2:
                self._trouble = self._trouble or reply
                self._unsaid = deque(pair for pair in self._unsaid if pair[0] not in {"rcpt", "data"})
                if not (self._unsaid or "data" in self._said):
                    self._refused()
        elif step == "data":
            self._invited(reply)

    def _invited(self, reply: Reply) -> None:
        if reply.code == 354 and self._trouble is None:
            self.ready = True
            return
        if reply.code == 354:
            # RFC 2920 section 3.1: nobody was accepted, and the server asks for a text all the same.
            self._said.append("empty")
            self._written.append(b".\r\n")
        self._trouble = self._trouble or reply
        self._refused()

    def _refused(self) -> None:
        """The message on offer was refused; the transaction it began is ended."""
        parcel, trouble = self.ahead, self._trouble
        assert parcel
        assert trouble
        self.ahead = self._trouble = None
        if trouble.code != _CLOSING:
            self.outcomes.append((parcel, _outcome(trouble)))
            self._say("reset", b"RSET\r\n")
        else:
            self.ahead = parcel

    def _landed(self, reply: Reply) -> None:
        assert self.flying
        parcel, self.flying = self.flying, None
        self.taken += reply.code // 100 == 2
        self.outcomes.append((parcel, _outcome(reply)))


def stuffed(data: bytes) -> bytes:
    """A message as it stands behind DATA: dots at the head of lines doubled, the last line ended."""
    if _has_dotted_line(data):
        data = data.replace(b"\n.", b"\n..")
    if data.startswith(b"."):
        data = b"." + data
    return data if data.endswith(b"\r\n") else data + b"\r\n"


def _has_dotted_line(data: bytes) -> bool:
    # A single byte is found ten times as fast as two, and base64 has no dots.
    at = data.find(b".", 1)
    for _ in range(_MANY_DOTS):
        if at < 0 or data[at - 1] == _NEWLINE:
            return at > 0
        at = data.find(b".", at + 1)
    return b"\n." in data


@lru_cache(maxsize=64)
def _single(line: bytes) -> Reply | None:
    """A reply of one line, which most are, and the same ones again and again."""
    found = _LINE.match(line.rstrip(b"\r"))
    if not found or found[2] == b"-" or len(line) > LONGEST_LINE:
        return None
    return _reply(int(found[1]), [(found[3] or b"").decode("utf-8", "replace").strip()])


def _reply(code: int, lines: list[str]) -> Reply:
    found = _STATUS.match(lines[0])
    status = found[0] if found and found[0][0] == str(code)[0] else ""
    if status:
        # Each line of a reply repeats it (RFC 2034 section 4).
        lines = [lines[0], *(line.removeprefix(status).lstrip() for line in lines[1:])]
    return Reply(code, status, " ".join(f"{code} {' '.join(lines)}".split()))


def _outcome(reply: Reply) -> Outcome:
    kinds: dict[int, Literal["sent", "deferred", "failed"]] = {2: "sent", 4: "deferred"}
    # A 3xx where none is meant is as bad as a refusal, and may be better another time.
    state = kinds.get(reply.code // 100, "failed" if reply.code >= 500 else "deferred")
    return Outcome(state=state, reply=reply.text, code=reply.code, status=reply.status)
