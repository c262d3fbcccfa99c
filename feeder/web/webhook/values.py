"""What passes between the webhook's parts: a request, what may be believed, and what it reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from feeder.config.secrets import Secrets
from feeder.config.settings import Settings

Kind = Literal["bounce", "complaint", "unsubscribe"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A request: nothing in it is believed yet."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in small letters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """By what a provider proves that it is one, and the time."""

    settings: Settings
    secrets: Secrets
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Something that became of one message to one person."""

    kind: Kind
    address: str
    """Whom the message was for, as the provider writes it."""
    status: str = ""
    """Enhanced status code (RFC 3463), the provider's or what its own word for it means; empty: the text tells."""
    text: str = ""
    """Words of the server that refused it, or the kind of a complaint. For people; never HTML."""
    traces: str = ""
    """Where a mark of ours may stand: Message-ID, return path, headers that came back."""
    relay_id: str = ""
    """What the relay called the message when it took it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """Somebody has to open an address so that reports come; we fetch none that a request names."""

    topic: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one request says."""

    keys: tuple[str, ...] = ()
    """By which it is known again; a request with one that was seen does nothing."""
    reports: tuple[Report, ...] = ()
    confirmation: Confirmation | None = None


class Refused(Exception):
    """A request that is not believed, or cannot be read."""

    def __init__(
        self, status: int, why: str, *, headers: dict[str, str] | None = None, topic: str = "", certificate: str = ""
    ) -> None:
        """Say why.

        Args:
            status: of the answer.
            why: its words; they tell nothing that the sender does not know.
            headers: of the answer.
            topic: a topic we believe, whose signature did not fit: the editor should hear of it.
            certificate: where Amazon keeps the certificate it was made with, if that is its own address.
        """
        super().__init__(why)
        self.status, self.why, self.headers = status, why, headers
        self.topic, self.certificate = topic, certificate
