"""How often strangers may ask for a subscription: promise 15, bounds by network, by provider and all together.

What is counted are requests, not what came of them: a bound that only counted mails would tell whose address is known.
Networks and providers are kept as keyed hashes, and for an hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import digest
from typing import Final

from sqlalchemy import ColumnElement, Connection, delete, func, insert, or_, select

from feeder.config.settings import WebLimits
from feeder.dates import from_micros, to_micros
from feeder.mail.providers import PROVIDERS, provider_of
from feeder.mail.schema import asking

HOUR: Final = timedelta(hours=1)
LARGE: Final = 10
"""How many times as many requests a large mail provider gets as a domain."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request may be followed."""

    wait: timedelta | None = None
    """None: it may. Else how long until it can be tried again."""
    full: bool = False
    """The bound of all together is reached."""


class Askings:
    """Counts the requests of one mail database."""

    def __init__(self, limits: WebLimits, keys: Sequence[bytes]) -> None:
        """Hold to ``limits``; ``keys`` as `MailDatabase.secrets` gives them, of which the oldest counts."""
        self._limits = limits
        self._key = digest(keys[-1], b"feeder.mail.subscribers.askings", "sha256")

    def ask(self, connection: Connection, network: str, address: str, now: datetime) -> Verdict:
        """Count a request and say whether it may be followed; one that may not does not count.

        Args:
            connection: inside a transaction.
            network: where it came from, in any spelling that is always the same.
            address: for whom, as `addresses.normal` gives it.
            now: the time.
        """
        forget(connection, now)
        provider = provider_of(address)
        row = {"network": self._hash("network", network), "domain": self._hash("domain", provider)}
        domain = address.rpartition("@")[2]
        large = LARGE if domain in PROVIDERS else 1
        limits = self._limits
        waits = [
            _wait(connection, asking.c.network == row["network"], limits.prefix_per_hour, now),
            _wait(connection, asking.c.domain == row["domain"], limits.domain_per_hour * large, now),
        ]
        total = _wait(connection, None, limits.per_hour, now)
        wait = max((one for one in (*waits, total) if one is not None), default=None)
        if wait is not None:
            return Verdict(wait, full=total is not None)
        connection.execute(insert(asking).values(at=to_micros(now), **row))
        return Verdict(full=_wait(connection, None, limits.per_hour, now) is not None)

    def _hash(self, kind: str, value: str) -> str:
        return digest(self._key, f"{kind} {value}".encode("utf-8", "replace"), "sha256").hex()[:32]


def _wait(connection: Connection, which: ColumnElement[bool] | None, most: int, now: datetime) -> timedelta | None:
    """How long until fewer than ``most`` were counted within the last hour; None where it is so already."""
    if not most:
        return None
    counted = select(func.count()).select_from(asking)
    if which is not None:
        counted = counted.where(which)
    many = connection.execute(counted).scalar_one()
    if many < most:
        return None
    nth = select(asking.c.at).order_by(asking.c.at).offset(many - most).limit(1)
    freed = connection.execute(nth if which is None else nth.where(which)).scalar_one()
    return max(from_micros(freed) + HOUR - now, timedelta(seconds=1))


def forget(connection: Connection, now: datetime) -> None:
    """Drop what is older than an hour, and what a clock that was set back has left in the future."""
    old, ahead = to_micros(now - HOUR), to_micros(now + HOUR)
    connection.execute(delete(asking).where(or_(asking.c.at <= old, asking.c.at > ahead)))
