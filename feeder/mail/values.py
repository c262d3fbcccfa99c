"""What the rooms of mail hand to each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from feeder.model import PublicEntry

SubscriptionState = Literal["pending", "active", "paused", "ended"]
DeliveryState = Literal["queued", "sending", "sent", "deferred", "failed", "held", "skipped"]
DigestState = Literal["ready", "paused", "cancelled"]
Hole = Literal["unsubscribe", "preferences", "name", "address"]
"""What differs from subscriber to subscriber in a digest."""

HOLE: Final = "\x02{}\x03"
"""How a hole stands in a frozen text: between two characters that no text of an entry can hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """What a digest is composed of."""

    entries: tuple[PublicEntry, ...]
    """Newest first."""
    corrections: tuple[PublicEntry, ...] = ()
    """Entries sent earlier and corrected since; their ``correction`` says what was wrong."""
    until: int
    """The instant up to which it serves, microseconds since the epoch."""
    language: str
    """BCP 47: of the texts around the entries."""
    subject: str = ""
    """From ``notes/LIST.md``; empty: made by the list's pattern."""
    preface: str = ""
    """Safe HTML from ``notes/LIST.md``."""
    page_url: str = ""
    """Its public page; empty: none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A digest's text, frozen; the same for all its subscribers but for the holes."""

    subject: str
    """One line, decoded, without control characters."""
    html: str
    """The whole document, CSS inlined, with holes (``HOLE``)."""
    text: str
    """Plain text with LF, with holes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Whom a message goes to."""

    subscriber: int
    address: str
    name: str = ""
    unsubscribe: str = ""
    """Absolute https address that unsubscribes (RFC 8058); empty where there is no web address."""
    preferences: str = ""
    """Absolute address of the person's preferences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A mail for one person, ready to leave."""

    sender: str
    """Return path (RFC 5321 MAIL FROM)."""
    recipient: str
    message_id: str
    """With its angle brackets."""
    data: bytes
    """RFC 5322, lines ended by CRLF, not dot-stuffed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a transport says became of a message."""

    state: Literal["sent", "deferred", "failed", "uncertain", "unsent"]
    """``uncertain``: the connection was lost between the final dot and its answer. ``unsent``: before the dot, so
    that it is as if nothing had been tried."""
    reply: str = ""
    """The server's words, with their code, on one line."""
    code: int = 0
    """SMTP reply code; 0 where there is none."""
    status: str = ""
    """Enhanced status code (RFC 3463), as ``5.1.1``; empty where there is none."""
    seconds: float = 0.0
    """How long it kept a connection busy."""
