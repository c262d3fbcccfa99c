"""An SMTP server that writes down what it accepts before it says so, and misbehaves on request.

Each accepted message is one line in the log: recipient, Message-ID, SHA-256 of its text. Started as a process of its
own, so that it outlives whoever is killed while sending to it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import random
import re
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NamedTuple


@dataclass
class Manners:
    """How the server behaves."""

    pipelining: bool = True
    greeting: str = "220 sink.example ESMTP"
    size: int = 0
    utf8: bool = True
    grey: bool = False
    """Put off the first try for each recipient."""
    at_rcpt: dict[str, str] = field(default_factory=dict)
    """Pattern in the recipient -> reply to RCPT."""
    at_mail: dict[str, str] = field(default_factory=dict)
    """Pattern in the return path -> reply to MAIL."""
    at_end: dict[str, str] = field(default_factory=dict)
    """Pattern in the recipient -> reply to the text."""
    invite_anyway: bool = False
    """Answer DATA with 354 though no recipient was accepted, which RFC 2920 allows."""
    cut: float = 0.0
    """Share of messages that are accepted, and the connection cut before that is said."""
    cut_at: str = ""
    """Hang up when a command begins with this, for recipients in ``cut_whom``."""
    cut_whom: str = ""
    slow: float = 0.0
    """Seconds before each answer to a text."""
    slow_whom: str = ""
    messages: int = 0
    """Answer 421 after so many messages over a connection; 0: never."""
    connections: int = 0
    """Greet more than so many at a time with 421; 0: any number."""
    talkative: bool = False
    """Replies of many lines, and byte by byte."""
    tls: str = ""
    """starttls, or tls."""
    certificate: str = ""
    login: str = ""
    """user:password without which MAIL is refused."""
    mechanisms: str = "PLAIN LOGIN"


class Accepted(NamedTuple):
    """A line of the log."""

    recipient: str
    message_id: str
    hash: str


class Conversation(threading.Thread):
    """One connection."""

    def __init__(self, sink: Sink, connection: socket.socket) -> None:
        super().__init__(daemon=True)
        self.sink, self.manners, self.connection = sink, sink.manners, connection
        self.rest = b""
        self.sender, self.recipients, self.known, self.taken = "", [], False, 0
        self.commands: list[str] = []

    def run(self) -> None:
        try:
            if self.manners.tls == "tls":
                self.encrypt()
            self.talk()
        except (OSError, EOFError):
            pass
        finally:
            with self.sink.lock:
                self.sink.open -= 1
            self.connection.close()

    def encrypt(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.manners.certificate)
        self.connection = context.wrap_socket(self.connection, server_side=True)

    def line(self) -> bytes:
        while b"\n" not in self.rest:
            data = self.connection.recv(65536)
            if not data:
                raise EOFError
            self.rest += data
        line, _, self.rest = self.rest.partition(b"\n")
        return line.rstrip(b"\r")

    def say(self, reply: str) -> None:
        if self.manners.talkative and not reply.startswith("354"):
            code, _, words = reply.partition(" ")
            reply = "".join(f"{code}-{words} {number}\r\n" for number in range(20)) + reply
        data = f"{reply}\r\n".encode()
        if not self.manners.talkative:
            self.connection.sendall(data)
            return
        for at in range(0, len(data), 7):
            self.connection.sendall(data[at : at + 7])

    def talk(self) -> None:
        if self.manners.connections and self.sink.open > self.manners.connections:
            self.say("421 4.7.0 too many connections")
            return
        self.say(self.manners.greeting)
        while True:
            line = self.line()
            verb = line[:4].upper().decode("ascii", "replace")
            self.sink.commands[verb] += 1
            self.cut(verb, line)
            if verb == "QUIT":
                self.say("221 2.0.0 bye")
                return
            getattr(self, f"do_{verb.lower()}", self.unknown)(line.decode("utf-8", "replace"))
            if self.manners.messages and self.taken >= self.manners.messages:
                self.say("421 4.7.0 enough for one connection")
                return

    def cut(self, verb: str, line: bytes) -> None:
        whom = " ".join([*self.recipients, line.decode("utf-8", "replace")])
        if self.manners.cut_at == verb and re.search(self.manners.cut_whom, whom):
            raise EOFError

    def unknown(self, line: str) -> None:
        self.say(f"500 5.5.2 what is {line[:20]}")

    def do_ehlo(self, line: str) -> None:
        offers = ["sink.example", "8BITMIME", "ENHANCEDSTATUSCODES"]
        offers += ["PIPELINING"] * self.manners.pipelining + ["SMTPUTF8"] * self.manners.utf8
        offers += [f"SIZE {self.manners.size}"] * bool(self.manners.size)
        encrypted = isinstance(self.connection, ssl.SSLSocket)
        offers += ["STARTTLS"] * (self.manners.tls == "starttls" and not encrypted)
        offers += [f"AUTH {self.manners.mechanisms}"] * bool(self.manners.login)
        head = "".join(f"250-{offer}\r\n" for offer in offers[:-1])
        self.connection.sendall(f"{head}250 {offers[-1]}\r\n".encode())

    def do_star(self, line: str) -> None:
        self.say("220 2.0.0 go ahead")
        self.encrypt()

    def do_auth(self, line: str) -> None:
        _, mechanism, *initial = line.split(" ")
        user, _, password = self.manners.login.partition(":")
        if mechanism == "PLAIN":
            given = base64.b64decode(initial[0]) == f"\0{user}\0{password}".encode()
        elif mechanism == "LOGIN":
            words = [base64.b64decode(initial[0])] if initial else []
            while len(words) < 2:
                self.connection.sendall(b"334 VXNlcm5hbWU6\r\n")
                words.append(base64.b64decode(self.line()))
            given = words == [user.encode(), password.encode()]
        else:
            given = base64.b64decode(initial[0]) == f"user={user}\x01auth=Bearer {password}\x01\x01".encode()
            if not given:
                self.connection.sendall(b"334 eyJzdGF0dXMiOiI0MDEifQ==\r\n")
                self.line()
        self.known = given
        self.say("235 2.7.0 welcome" if given else "535 5.7.8 who are you")

    def do_mail(self, line: str) -> None:
        if (self.manners.login and not self.known) or (
            self.manners.tls and not isinstance(self.connection, ssl.SSLSocket)
        ):
            self.say("530 5.7.0 not before you have shown yourself")
            return
        if self.sender:
            self.say("503 5.5.1 nested MAIL")
            return
        reply = _reply(self.manners.at_mail, line)
        if not reply:
            self.sender, self.recipients = line, []
        self.say(reply or "250 2.1.0 ok")

    def do_rcpt(self, line: str) -> None:
        recipient = line.partition("<")[2].partition(">")[0]
        if not self.sender:
            self.say("503 5.5.1 MAIL first")
            return
        reply = _reply(self.manners.at_rcpt, recipient)
        if self.manners.grey and self.sink.first_time(recipient):
            reply = "451 4.7.1 greylisted, come back later"
        if not reply:
            self.recipients.append(recipient)
        self.say(reply or "250 2.1.5 ok")

    def do_data(self, line: str) -> None:
        if not self.sender or not (self.recipients or self.manners.invite_anyway):
            self.say("554 5.5.1 no valid recipients")
            return
        self.say("354 end with a dot")
        lines = []
        while (text := self.line()) != b".":
            lines.append(text[1:] if text.startswith(b".") else text)
        self.accept(b"\r\n".join(lines) + b"\r\n")
        self.sender, self.recipients = "", []

    def accept(self, data: bytes) -> None:
        if not self.recipients:
            self.say("554 5.5.1 no valid recipients")
            return
        if re.search(self.manners.slow_whom, self.recipients[0]):
            time.sleep(self.manners.slow)
        reply = _reply(self.manners.at_end, self.recipients[0])
        if not reply:
            self.sink.write(self.recipients[0], data)
            self.taken += 1
            if self.manners.cut and random.random() < self.manners.cut:
                raise EOFError
        self.say(reply or f"250 2.0.0 Ok: queued as {self.sink.count:X}")

    def do_rset(self, line: str) -> None:
        self.sender, self.recipients = "", []
        self.say("250 2.0.0 ok")

    def do_noop(self, line: str) -> None:
        self.say("250 2.0.0 ok")


class Sink:
    """The server."""

    def __init__(self, manners: Manners, log: Path) -> None:
        self.manners = manners
        self.handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.lock = threading.Lock()
        self.seen: set[str] = set()
        self.commands: Counter[str] = Counter()
        self.open = self.count = 0

    def serve(self, listener: socket.socket) -> None:
        while True:
            connection, _ = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.open += 1
            Conversation(self, connection).start()

    def first_time(self, recipient: str) -> bool:
        with self.lock:
            known = recipient in self.seen
            self.seen.add(recipient)
        return not known

    def write(self, recipient: str, data: bytes) -> None:
        found = re.search(rb"(?im)^message-id:\s*(<[^>]*>)", data)
        mark = found[1].decode() if found else "-"
        with self.lock:
            self.count += 1
        os.write(self.handle, f"{recipient} {mark} {hashlib.sha256(data).hexdigest()}\n".encode())


def _reply(replies: dict[str, str], text: str) -> str:
    return next((reply for pattern, reply in replies.items() if re.search(pattern, text)), "")


@dataclass
class Running:
    """A sink in its own process."""

    port: int
    log: Path

    def accepted(self) -> list[Accepted]:
        """What it has taken, in order."""
        if not self.log.exists():
            return []
        return [Accepted(*line.split(" ")) for line in self.log.read_text("utf-8").splitlines()]


@contextmanager
def running(folder: Path, manners: Manners | None = None, *, name: str = "sink") -> Iterator[Running]:
    """A sink for as long as the block lasts; its log stays."""
    log = folder / f"{name}.log"
    command = [sys.executable, str(Path(__file__).resolve()), str(log), json.dumps(asdict(manners or Manners()))]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield Running(int(process.stdout.readline()), log)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stdin.close()


def main() -> None:
    """``python sink.py LOG MANNERS``: the port on the standard output; it ends with its standard input."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=100)
    sink = Sink(Manners(**json.loads(sys.argv[2])), Path(sys.argv[1]))
    threading.Thread(target=sink.serve, args=(listener,), daemon=True).start()
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
