"""Looking at a list's next digest, trying it on oneself, and what may be done to one that was cut."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from feeder import cache as caching
from feeder import history as histories
from feeder import inputs, surroundings
from feeder.catalog import Catalog
from feeder.config import Settings
from feeder.errors import UsageError
from feeder.output import lock
from feeder.pipeline import Post
from feeder.pipeline.mailing import SENDING, list_host
from feeder.upkeep import running

if TYPE_CHECKING:
    from feeder.mail.cutting import Amended, Outlook
    from feeder.mail.database import MailDatabase
    from feeder.mail.sending.overview import DigestStatus, Held, Paused
    from feeder.mail.sending.transports import Parcel
    from feeder.mail.values import Edition, Message, Outcome, Rendered

NOBODY: Final = 0
"""Number of the subscriber and of the digest in a mail that only shows something: its links lead to nobody."""
_SHOWN_KEY: Final = b"a message that only shows what a digest looks like"


@dataclass(frozen=True, slots=True)
class Preview:
    """A digest as it would be."""

    edition: Edition
    rendered: Rendered
    message: Message
    """As a subscriber would get it."""
    sample: bool
    """Nothing was released since the last digest: the latest entries are shown."""


@contextmanager
def published(settings: Settings) -> Iterator[Catalog]:
    """What is public now, for reading.

    Raises:
        UsageError: nothing was ever published.
    """
    root = str(settings.root)
    if not os.path.exists(os.path.join(root, histories.FILE)):
        raise UsageError("nothing is published yet", hint="run `publish` first")
    with histories.open_history(root, writing=False) as history, caching.open_cache(root) as cache:
        load = inputs.loader(settings, history, cache, surroundings.context(settings, cache))
        yield Catalog(settings, history, load)


def preview(settings: Settings, now: datetime, name: str, address: str = "") -> Preview:
    """The next digest of a list, as it would be if it were cut now; ``address`` is whom its message is for.

    Raises:
        UsageError: there is no such list, or nothing published to show.
        SettingsError: a template is wrong.
    """
    from feeder.mail import lists
    from feeder.mail.compose import Composer
    from feeder.mail.cutting import draft
    from feeder.mail.message import Stencil, dkim
    from feeder.mail.message.verp import Verp
    from feeder.mail.values import Recipient

    mailing_list = lists.find(settings, name)
    with published(settings) as catalog:
        edition, sample = draft(settings, catalog, name, now)
        host = list_host(settings, catalog.history)
    rendered = Composer(settings).digest(mailing_list, edition)
    stencil = Stencil(
        settings,
        mailing_list,
        rendered,
        digest_id=NOBODY,
        made_at=now,
        list_host=host,
        archive_url=f"{settings.site.url}digests/{name}/" if mailing_list.archive else "",
        signer=dkim.signer(settings),
        verp=Verp([_SHOWN_KEY], settings.mail.bounce),
    )
    person = Recipient(subscriber=NOBODY, address=address or "reader@example.org", **_links(settings, name, now))
    return Preview(edition, rendered, stencil.message(person), sample)


def _links(settings: Settings, name: str, now: datetime) -> dict[str, str]:
    from feeder.mail.links import Links
    from feeder.mail.tokens import Tokens

    made = Links(settings, Tokens([_SHOWN_KEY]))
    return {"unsubscribe": made.unsubscribe(NOBODY, name), "preferences": made.preferences(NOBODY, now, name)}


class _OneMessage:
    """A desk with one message on it; it is in no ledger."""

    def __init__(self, parcel: Parcel, post: Post) -> None:
        self._left: list[Parcel] = [parcel]
        self._post = post
        self.outcome: Outcome | None = None

    def reserve(self) -> Parcel | None:
        return self._left.pop() if self._left else None

    def give_back(self, parcel: Parcel) -> None:
        self._left.append(parcel)

    def exchange(self, settled: Sequence[tuple[Parcel, Outcome]], wanted: Sequence[Parcel]) -> Sequence[bool]:
        for _, outcome in settled:
            self.outcome = outcome
        return [True for _ in wanted]

    def wait(self) -> float | None:
        return None

    def rest(self, seconds: float) -> None:
        self._post.clock.sleep(seconds)

    def seconds(self) -> float:
        return self._post.clock.seconds()

    def stopping(self) -> bool:
        return self._post.stop()


def test(settings: Settings, now: datetime, name: str, address: str, post: Post) -> Outcome:
    """Send what ``preview`` shows to one address; nothing is counted or remembered.

    Raises:
        BadAddress: it is none.
        TransportDown: the server cannot be reached.
    """
    from feeder.mail.sending import transports
    from feeder.mail.sending.ledger import Row
    from feeder.mail.values import Outcome

    shown = preview(settings, now, name, address)
    row = Row(NOBODY, NOBODY, NOBODY, "", address, "", 0, 0, 0, 0)
    desk = _OneMessage(transports.Parcel(shown.message, row), post)
    password = post.secrets.get("smtp_password")
    transports.make(settings, password.reveal() if password else "").carry(desk)
    return desk.outcome or Outcome(state="deferred", reply="it was not sent")


@contextmanager
def mail(settings: Settings, now: datetime) -> Iterator[MailDatabase]:
    """The mail database, where anybody ever subscribed.

    Raises:
        UsageError: there is none.
        MailUnreachable: it is gone.
    """
    from feeder.mail import database

    if settings.lists:
        database.require_there(settings)
    if not settings.lists or not database.exists(settings):
        raise UsageError("no digest was ever cut here", hint="`feeder subscribers add` makes the first subscriber")
    with database.open_mail(settings, now) as opened:
        yield opened
    running.wake(settings.root)


def amend(settings: Settings, now: datetime, number: int) -> list[Amended]:
    """Give those who were not sent a digest yet the present text of its entries. Raises ``UsageError``: no such one."""
    from feeder.mail import cutting

    with mail(settings, now) as database, published(settings) as catalog:
        return cutting.amend(database, settings, catalog, number, now)


@dataclass(frozen=True, slots=True)
class Standing:
    """How mail stands."""

    digests: tuple[DigestStatus, ...] = ()
    pauses: tuple[Paused, ...] = ()
    outlook: tuple[Outlook, ...] = ()
    sending: bool = False
    """Somebody sends at this moment."""


def standing(settings: Settings, now: datetime) -> Standing:
    """Digests under way and the last ones done, whose mail waits, and what comes next.

    Raises:
        MailDamaged, MailUnreachable: the mail database cannot be read.
    """
    from feeder.mail import cutting, database
    from feeder.mail.sending import overview

    if settings.lists:
        database.require_there(settings)
    if not settings.lists or not database.exists(settings):
        return Standing()
    with database.open_mail(settings, now) as opened:
        outlook: tuple[Outlook, ...] = ()
        if os.path.exists(settings.root / histories.FILE):
            with histories.open_history(str(settings.root), writing=False) as history:
                outlook = tuple(cutting.outlook(opened, settings, history, now))
        sending = lock.is_held(settings.root, SENDING)
        digests = overview.overview(opened, now, sending=sending)
        return Standing(tuple(digests), tuple(overview.pauses(opened, now)), outlook, sending)


def kept_back(settings: Settings, now: datetime, number: int) -> list[Held]:
    """Deliveries of a digest of which nobody knows whether they arrived; raises ``UsageError``: there is none such."""
    from feeder.mail import cutting, lists
    from feeder.mail.sending import overview

    with mail(settings, now) as database:
        cutting.require(database, number)
        return overview.held(database, number, lists.ledger_transport(settings))


def release(settings: Settings, now: datetime, number: int) -> int:
    """Take what is held of a digest for arrived; how many there were."""
    from feeder.mail import lists
    from feeder.mail.sending import overview

    with mail(settings, now) as database, database.begin() as connection:
        return overview.release(connection, number, now, again=False, transport=lists.ledger_transport(settings))
