"""Where incoming mail is read: a pipe, a Maildir, or a server (IMAP)."""

from __future__ import annotations

import imaplib
import os
import re
import ssl
import stat
from binascii import b2a_base64
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, Protocol

from feeder.config.secrets import Secret
from feeder.config.settings import Imap
from feeder.errors import MailboxUnreachable, UsageError
from feeder.mail.mailbox.handling import hash_of
from feeder.mail.mailbox.parsing import LARGEST
from feeder.mail.sending.transports import files

_TIMEOUT: Final = 60.0
_CHUNK: Final = 1 << 16
_NOT_ASCII = re.compile(r"[^\x20-\x7e]+")


@dataclass(frozen=True, slots=True)
class Received:
    """A message as it came."""

    name: str
    """By which a person finds it: a path, a number on the server."""
    data: bytes
    """At most its first MiB."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """One that could not be read, and stays where it is."""

    name: str
    why: str


class Source(Protocol):
    """A mailbox that is open."""

    def messages(self) -> Iterator[Received | Unreadable]:
        """What has not been dealt with, oldest first."""

    def finish(self, message: Received) -> None:
        """It has been dealt with: it does not come again."""


def read_pipe(stream: BinaryIO) -> bytes:
    """One message. The rest of one that is too large is dropped: the mail server must not see a broken pipe."""
    data = stream.read(LARGEST)
    while stream.read(_CHUNK):
        pass
    return data


def keep(folder: str, data: bytes) -> str:
    """Put a message into a Maildir that is made where there is none, for a person; its path. Twice is as once."""
    for name in ("tmp", "new", "cur"):
        os.makedirs(os.path.join(folder, name), exist_ok=True)
    name = f"0.{hash_of(data)[:32]}.feeder"
    path = os.path.join(folder, "new", name)
    files.put(os.path.join(folder, "tmp", name), path, data)
    return path


class Maildir:
    """A Maildir: what is in ``new`` is to be dealt with, and goes to ``cur``."""

    def __init__(self, folder: str) -> None:
        """Use the Maildir ``folder``; raises ``UsageError`` where there is none."""
        if not os.path.isdir(os.path.join(folder, "new")):
            raise UsageError(f"{folder} is no Maildir", hint="it should hold the folders new, cur and tmp")
        self._folder = folder

    def messages(self) -> Iterator[Received | Unreadable]:
        """See `Source`."""
        for name in sorted(os.listdir(os.path.join(self._folder, "new"))):
            path = os.path.join(self._folder, "new", name)
            try:
                data = _read(path)
            except FileNotFoundError:
                continue  # another run has just dealt with it
            except OSError as error:
                yield Unreadable(path, error.strerror or str(error))
                continue
            yield Received(path, data) if data is not None else Unreadable(path, "not a file")

    def finish(self, message: Received) -> None:
        """See `Source`: moved to ``cur``, marked as seen."""
        name = os.path.basename(message.name).partition(":")[0]
        os.makedirs(os.path.join(self._folder, "cur"), exist_ok=True)
        with suppress(FileNotFoundError):
            os.rename(message.name, os.path.join(self._folder, "cur", f"{name}:2,S"))


class ImapMailbox:
    """A folder on a server: what is unseen is to be dealt with, and becomes seen."""

    def __init__(self, client: imaplib.IMAP4, settings: Imap) -> None:
        self._client, self._settings = client, settings

    def messages(self) -> Iterator[Received | Unreadable]:
        """See `Source`."""
        for uid in self._unseen():
            with _told(self._settings, "read"):
                answer = _ok(self._client.uid("FETCH", uid, f"(BODY.PEEK[]<0.{LARGEST}>)"))
            data = next((part[1] for part in answer if isinstance(part, tuple)), None)
            name = f"{self._settings.folder}/{uid}"
            # Another run, or a person, may have taken it away meanwhile.
            if data is not None:
                yield Received(name, data)

    def finish(self, message: Received) -> None:
        """See `Source`."""
        with _told(self._settings, "mark as seen"):
            _ok(self._client.uid("STORE", message.name.rpartition("/")[2], "+FLAGS.SILENT", r"(\Seen)"))

    def _unseen(self) -> list[str]:
        with _told(self._settings, "search"):
            found = _ok(self._client.uid("SEARCH", "UNSEEN UNDELETED"))
        return [
            number.decode("ascii", "replace") for line in found if isinstance(line, bytes) for number in line.split()
        ]


@contextmanager
def imap(settings: Imap, password: Secret | None, context: ssl.SSLContext | None = None) -> Iterator[ImapMailbox]:
    """The folder that the settings name, open.

    Raises:
        MailboxUnreachable: there is no server, it does not let us in, or the connection broke.
        UsageError: no server is named.
    """
    if not settings.host:
        raise UsageError(
            "there is no IMAP server", hint="name one in feeder.toml as [mail.imap] host, or use --maildir"
        )
    with _told(settings, "connect"):
        client = _connected(settings, context or ssl.create_default_context())
    try:
        if settings.user:
            with _told(settings, "log in"):
                _log_in(client, settings.user, password.reveal() if password is not None else "")
        with _told(settings, f"open the folder {settings.folder}"):
            _ok(client.select(_quoted(settings.folder)))
        yield ImapMailbox(client, settings)
    finally:
        with suppress(OSError, imaplib.IMAP4.error):
            client.logout()


def _connected(settings: Imap, context: ssl.SSLContext) -> imaplib.IMAP4:
    if settings.security == "tls":
        return imaplib.IMAP4_SSL(settings.host, settings.port, ssl_context=context, timeout=_TIMEOUT)
    client = imaplib.IMAP4(settings.host, settings.port, timeout=_TIMEOUT)
    if settings.security == "starttls":
        try:
            client.starttls(context)
        except BaseException:
            with suppress(OSError):
                client.shutdown()
            raise
    return client


def _log_in(client: imaplib.IMAP4, user: str, password: str) -> None:
    # LOGIN knows no letters beyond ASCII; PLAIN (RFC 4616) does.
    if "AUTH=PLAIN" in client.capabilities:
        _ok(client.authenticate("PLAIN", lambda _: f"\0{user}\0{password}".encode()))
    else:
        _ok(client.login(user, password))


def _ok(answer: tuple[str, Any]) -> list[Any]:
    kind, said = answer
    if kind != "OK":
        raise imaplib.IMAP4.error(" ".join(one.decode("utf-8", "replace") for one in said if isinstance(one, bytes)))
    return list(said)


@contextmanager
def _told(settings: Imap, what: str) -> Iterator[None]:
    """Whatever goes wrong with the server, as one error that says what and where."""
    try:
        yield
    except (OSError, imaplib.IMAP4.error, ValueError) as error:
        words = _plain(str(error)) or type(error).__name__
        hint = "see [mail.imap] in feeder.toml; the password is the secret imap_password"
        raise MailboxUnreachable(f"cannot {what}: {settings.host}:{settings.port}: {words}", hint=hint) from None


def _plain(text: str) -> str:
    # imaplib shows what servers say as Python writes bytes.
    found = re.fullmatch(r"b'(.*)'", text, re.DOTALL)
    return " ".join((found[1] if found else text).split())[:300]


def _quoted(folder: str) -> str:
    """A folder's name as the protocol wants it (RFC 3501 section 5.1.3: modified UTF-7), in quotes."""
    encoded = _NOT_ASCII.sub(_base64, folder.replace("&", "&-"))
    return '"' + encoded.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _base64(found: re.Match[str]) -> str:
    coded = b2a_base64(found[0].encode("utf-16-be"), newline=False).decode("ascii")
    return "&" + coded.rstrip("=").replace("/", ",") + "-"


def _read(path: str) -> bytes | None:
    """What stands in a file; None where it is something else, which may never end."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(handle, "rb") as file:
        return file.read(LARGEST) if stat.S_ISREG(os.fstat(handle).st_mode) else None
