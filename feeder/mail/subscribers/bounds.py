"""How much system mail an address gets, whoever asks for it: promise 15, nobody is bombed with our mail."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal, Protocol

from sqlalchemy import Connection, func, or_, select

from feeder.dates import from_micros, to_micros
from feeder.errors import FeederError
from feeder.mail.addresses import normal
from feeder.mail.schema import notice, subscription
from feeder.mail.subscribers import spellings
from feeder.mail.subscribers.persons import Subscription
from feeder.mail.subscribers.suppression import Suppressions

NoticeKind = Literal["confirm", "already", "data"]

EVERY: Final = timedelta(days=1)
"""One confirmation an address in that time, whatever the list, unless it was answered; and one of each link of her own
that a person gets."""
CONFIRM_MOST: Final = 3
"""Confirmations an address gets in all before somebody answers one."""
MAILBOX_MOST: Final = 3
"""Confirmations a mailbox gets within ``EVERY``, answered or not, however its address is spelled."""
ANSWERED: Final = "confirmed"
"""Kind of the confirmations of an erased person that she had answered: who comes back the same day is asked anew."""


class NotConfirmable(FeederError):
    """There is no address at which a subscription could be confirmed."""

    exit_code = 78


class Poster(Protocol):
    """Whoever writes system mails and queues them (``notices.py``)."""

    def post(
        self, connection: Connection, kind: NoticeKind, to: Subscription, now: datetime, *, queued: bool = True
    ) -> None:
        """Queue a system mail; raises ``NotConfirmable`` where a confirmation would have no link.

        Not ``queued``, it is written all the same and thrown away.
        """


def may_post(
    connection: Connection, suppressions: Suppressions, kind: NoticeKind, to: Subscription, now: datetime
) -> Literal["yes", "waiting", "suppressed"]:
    """Whether a system mail may be queued for a subscriber now, and if not, why.

    Who bounced may be asked to confirm: an address can work again. Who complained or was erased is asked once, since
    only she can say that it was she who asked, and never again. The link to her data she gets all the same.
    """
    key = normal(to.address)[1]
    stand_in = suppressions.stand_in(key)
    suppressed = suppressions.of(connection, key) if kind != "data" else None
    if suppressed is not None and (
        kind != "confirm"
        or (suppressed.reason != "bounce" and _posted(connection, kind, to, stand_in, suppressed.since))
    ):
        return "suppressed"
    if kind == "confirm":
        return "waiting" if _asked_enough(connection, key, to, stand_in, now) else "yes"
    return "waiting" if _posted(connection, kind, to, stand_in, now - EVERY) else "yes"


def _asked_enough(connection: Connection, key: str, to: Subscription, stand_in: str, now: datetime) -> bool:
    """Whether another confirmation would be one too many."""
    answered = _answered(connection, to)
    return (
        _posted(connection, "confirm", to, stand_in, max(now - EVERY, answered)) > 0
        or _posted(connection, "confirm", to, stand_in, answered) >= CONFIRM_MOST
        or _posted_to_mailbox(connection, key, stand_in, now - EVERY) >= MAILBOX_MOST
    )


def _posted(connection: Connection, kind: NoticeKind, to: Subscription, stand_in: str, since: datetime) -> int:
    """How many of these mails the address got after an instant, also those of before it was forgotten."""
    counted = select(func.count()).where(
        or_(notice.c.address == to.address, notice.c.address == stand_in),
        notice.c.kind == kind,
        notice.c.made_at > to_micros(since),
    )
    return int(connection.execute(counted).scalar_one())


def _posted_to_mailbox(connection: Connection, key: str, stand_in: str, since: datetime) -> int:
    """How many confirmations went to a mailbox after an instant, answered or not."""
    spelled = [*spellings.of_one_mailbox(connection, key), stand_in]
    counted = select(func.count()).where(
        notice.c.address.in_(spelled),
        notice.c.kind.in_(("confirm", ANSWERED)),
        notice.c.made_at > to_micros(since),
    )
    return int(connection.execute(counted).scalar_one())


def _answered(connection: Connection, to: Subscription) -> datetime:
    mine = select(func.max(subscription.c.confirmed_at)).where(subscription.c.subscriber == to.subscriber)
    return from_micros(connection.execute(mine).scalar_one() or 0)
