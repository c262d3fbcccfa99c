"""Messages of the deliveries that are due: a stencil for each frozen text, made once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol

from feeder.config import Settings
from feeder.dates import from_micros
from feeder.mail import lists
from feeder.mail.addresses import normal
from feeder.mail.links import Links
from feeder.mail.message import Stencil
from feeder.mail.message.verp import Verp
from feeder.mail.sending.ledger import Ledger, Row
from feeder.mail.tokens import Tokens
from feeder.mail.values import Message, Recipient, Rendered

if TYPE_CHECKING:
    from feeder.mail.message.dkim import Signer

_KEPT: Final = 16


class Cut(Protocol):
    """What makes a digest's messages: `message.Stencil`, or a stand-in of a test."""

    def message(self, recipient: Recipient) -> Message:
        """The message for one subscriber."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A stencil, and what is said to each subscriber."""

    stencil: Cut
    list: str
    made_at: datetime
    revision: int
    unsubscribe: Callable[[int, str], str]
    preferences: Callable[[int, datetime, str], str]

    def message(self, row: Row) -> Message:
        """The message of a delivery.

        Raises:
            BadAddress: no mail can be sent to the address.
        """
        subscriber = row.subscriber
        return self.stencil.message(
            Recipient(
                subscriber=subscriber,
                address=row.address or "",
                name=row.name,
                unsubscribe=self.unsubscribe(subscriber, self.list),
                preferences=self.preferences(subscriber, self.made_at, self.list),
            )
        )


class Stencils:
    """All that is needed to make messages.

    Args:
        settings: the publication's.
        ledger: where the frozen texts are.
        keys: secrets of the mail database, the newest first.
        list_host: host of the List-Ids.
        signer: signs; none: no signatures.
    """

    def __init__(
        self, settings: Settings, ledger: Ledger, *, keys: Sequence[bytes], list_host: str, signer: Signer | None
    ) -> None:
        self._settings, self._ledger, self._list_host = settings, ledger, list_host
        self.signer = None if settings.mail.transport == "smtp" and settings.mail.smtp.rewrites else signer
        self._verp = Verp(keys, settings.mail.bounce)
        self._links = Links(settings, Tokens(keys))
        self._revisions: dict[int, int] = {}
        self._sheets: OrderedDict[tuple[int, int], Sheet] = OrderedDict()

    def forget(self, digest: int) -> None:
        """Look again which is its newest text."""
        self._revisions.pop(digest, None)

    def sheet(self, row: Row) -> Sheet:
        """What a delivery is sent from: the newest text, or that which may have arrived already.

        Raises:
            SettingsError: its list is not in the settings any more.
        """
        revision = row.revision if row.pinned else self._revisions.get(row.digest)
        sheet = self._sheets.get((row.digest, revision)) if revision else None
        if sheet is None:
            sheet = self._make(row.digest, row.revision if row.pinned else 0)
        return sheet

    def notice(self, row: Row, name: str) -> Message:
        """A system mail, signed.

        Raises:
            BadAddress: no mail can be sent to the address.
        """
        message_id, data, made_at = self._ledger.notice(row.subscriber)
        named = next((each for each in self._settings.lists if each.name == name), None)
        return Message(
            sender=self._settings.mail.bounce or normal(lists.sender_of(self._settings, named)[1])[0],
            recipient=normal(row.address or "")[0],
            message_id=message_id,
            data=self.signer.sign(data, from_micros(made_at)) if self.signer else data,
        )

    def _make(self, digest: int, revision: int) -> Sheet:
        found = self._ledger.digest(digest)
        mailing_list = lists.find(self._settings, found.list)
        if not revision:
            revision = self._revisions[digest] = found.revision
        frozen = self._ledger.snapshot(digest, revision)
        made_at = from_micros(frozen.made_at)
        stencil = Stencil(
            self._settings,
            mailing_list,
            Rendered(subject=frozen.subject, html=frozen.html, text=frozen.text),
            digest_id=digest,
            made_at=made_at,
            list_host=self._list_host,
            archive_url=f"{self._settings.site.url}digests/{found.list}/" if mailing_list.archive else "",
            language=found.language,
            signer=self.signer,
            verp=self._verp,
        )
        sheet = Sheet(
            stencil, found.list, made_at, revision, self._links.unsubscribe, self._links.preferences
        )  # fmt: skip
        self._sheets[digest, revision] = sheet
        while len(self._sheets) > _KEPT:
            self._sheets.popitem(last=False)
        return sheet
