"""Showing a digest to the editor before it leaves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from feeder import dates
from feeder.config.settings import MailingList, Settings
from feeder.mail import lists
from feeder.mail.cutting.freezing import Composing, Frozen
from feeder.mail.notices import Post
from feeder.mail.schema import digest


class Prover:
    """Queues proofs for one publication."""

    def __init__(self, settings: Settings, keys: Sequence[bytes], composer: Composing, list_host: str) -> None:
        self._settings = settings
        self._composer = composer
        self._post = Post(settings, keys, list_host=list_host)

    def prove(
        self, connection: Connection, mailing_list: MailingList, made: Frozen, language: str, many: int, now: datetime
    ) -> None:
        """Queue a proof of a digest that was made just now, one a due instant: variants for few need no look.

        ``many`` is how many subscribers the digests of its due instant go to.
        """
        if made.rendered is None or _has_others(connection, made.number):
            return
        leaves = dates.from_micros(made.send_at).astimezone(ZoneInfo(lists.zone_of(self._settings, mailing_list)))
        rendered = self._composer.proof(
            made.rendered,
            language,
            when=f"{leaves:%Y-%m-%d %H:%M} ({leaves.tzinfo})",
            count=many,
            command=f"feeder digest cancel {made.number}",
        )
        self._post.queue(
            connection, "proof", lists.editor_of(self._settings)[1], rendered, now,
            language=language, mailing_list=mailing_list,
        )  # fmt: skip


def _has_others(connection: Connection, number: int) -> bool:
    this, other = digest.alias(), digest.alias()
    query = (
        select(other.c.id)
        .join_from(this, other, (this.c.list == other.c.list) & (this.c.until == other.c.until))
        .where(this.c.id == number, other.c.id != number)
        .limit(1)
    )
    return connection.execute(query).first() is not None
