"""Addresses that get no mail any more, whatever any list says: bounced, complained, erased.

Kept as a keyed hash, so that an erased person is known when an import brings the address back, and by nothing else.
Bounces, complaints and erasures hold everywhere, against imports and the editor's word alike. Only the person can lift
them, by asking anew and clicking in the mail that comes then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hmac import digest
from types import MappingProxyType
from typing import Literal

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert

from feeder.dates import from_micros, to_micros
from feeder.mail import schema

Reason = Literal["bounce", "complaint", "erasure"]

_WEIGHT: Mapping[str, int] = MappingProxyType({"bounce": 0, "complaint": 1, "erasure": 2})


@dataclass(frozen=True, slots=True)
class Suppressed:
    """Why and since when an address gets no mail."""

    reason: Reason
    since: datetime
    detail: str
    """The server's words, or where it came from; never with the address in it."""


class Suppressions:
    """Those of one mail database."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        """Use ``keys`` as `MailDatabase.secrets` gives them: the oldest counts, so that a new key forgets nobody."""
        self._key = digest(keys[-1], b"feeder.mail.subscribers.suppression", "sha256")

    def hash(self, key: str) -> str:
        """How the address with this key (`addresses.normal`) stands in the table."""
        return digest(self._key, key.encode("utf-8"), "sha256").hex()

    def stand_in(self, key: str) -> str:
        """What stands for the address of an erased person in rows that have to be counted."""
        return f"#{self.hash(key)}"

    def of(self, connection: Connection, key: str) -> Suppressed | None:
        """Whether the address is suppressed, and why."""
        table = schema.suppression
        row = connection.execute(select(table).where(table.c.hash == self.hash(key))).one_or_none()
        return Suppressed(row.reason, from_micros(row.since), row.detail) if row is not None else None

    def add(self, connection: Connection, key: str, reason: Reason, now: datetime, detail: str = "") -> None:
        """Suppress the address; a lesser reason does not replace a graver one, nor its time."""
        known = self.of(connection, key)
        if known is not None and _WEIGHT[known.reason] >= _WEIGHT[reason]:
            return
        values = {"reason": reason, "since": to_micros(now), "detail": detail}
        statement = insert(schema.suppression).values(hash=self.hash(key), **values)
        connection.execute(statement.on_conflict_do_update(index_elements=["hash"], set_=values))

    def lift(self, connection: Connection, key: str) -> None:
        """Let the address get mail again: the person has asked for it and proved that she reads it."""
        connection.execute(delete(schema.suppression).where(schema.suppression.c.hash == self.hash(key)))
