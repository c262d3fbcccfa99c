"""Sending: everything that is due now leaves through the transport, and the ledger knows what became of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from feeder.config import Settings
from feeder.dates import to_micros
from feeder.mail import lists
from feeder.mail.bounces.replies import ReplyKind
from feeder.mail.sending import transports
from feeder.mail.sending.clocks import Clock
from feeder.mail.sending.desk import CountingDesk, Progress, Refusal, Refused
from feeder.mail.sending.ledger import Ledger, Row, Tally
from feeder.mail.sending.limits import Gate
from feeder.mail.sending.stencils import Stencils
from feeder.mail.sending.supply import Supply
from feeder.mail.sending.syncing import Syncer
from feeder.mail.sending.transports import Transport, TransportDown
from feeder.mail.values import Outcome

if TYPE_CHECKING:
    from feeder.mail.bounces import Bounce
    from feeder.mail.database import MailDatabase
    from feeder.mail.message.dkim import Signer

_RECENT: Final = timedelta(days=2)
"""How far back the breaker looks for bounces when a run begins."""


def send(
    database: MailDatabase,
    settings: Settings,
    clock: Clock,
    *,
    list_host: str,
    signer: Signer | None = None,
    password: str = "",
    stop: Callable[[], bool] = lambda: False,
    progress: Progress | None = None,
    most: int | None = None,
    transport: Transport | None = None,
    notices_only: bool = False,
) -> Tally:
    """Send all that is due now: system mails first, then deliveries. What was put off is left for a later run.

    The caller holds the sending lock: rows that stand in ``sending`` are those of a dead run, and are taken up.

    Args:
        list_host: host of the List-Ids.
        signer: signs the messages; none: no signatures.
        password: for AUTH.
        stop: asked often; once it says so, what is under way is finished, and nothing more begun.
        progress: told of ``("send", done, total)``.
        most: messages at most; None: all.
        transport: another way out than the settings'.
        notices_only: send system mails and no deliveries.

    Raises:
        Locked: another program has been writing into the mail database for a minute.
        CannotWrite: the disk is full.
        MailDamaged: the mail database cannot be read.
    """
    with _ledger(database, lists.ledger_transport(settings)) as ledger:
        return _send(
            ledger, settings, clock, transport or transports.make(settings, password), stop, progress,
            most, notices_only,
            Stencils(settings, ledger, keys=database.secrets(), list_host=list_host, signer=signer),
            _recorder(database, settings, clock),
        )  # fmt: skip


@contextmanager
def _ledger(database: MailDatabase, transport: str) -> Iterator[Ledger]:
    """The ledger, with what the driver says turned into words for people."""
    from feeder.mail import driver

    ledger = Ledger(database.raw(), transport, Syncer(database.path, database.raw()))
    try:
        yield ledger
    except sqlite3.DatabaseError as error:
        told = driver.of_driver(error, database.path)
        if told is None:
            raise
        raise told from error
    finally:
        ledger.close()


def _send(
    ledger: Ledger,
    settings: Settings,
    clock: Clock,
    transport: Transport,
    stop: Callable[[], bool],
    progress: Progress | None,
    most: int | None,
    notices_only: bool,
    stencils: Stencils,
    refused: Refused,
) -> Tally:
    now, hold = clock.now(), settings.mail.on_uncertain == "hold"
    _, held = ledger.recover(to_micros(now), hold=hold)
    gate = _gate(ledger, settings, now)
    supply = Supply(ledger, stencils, gate, most, notices_only=notices_only)
    desk = CountingDesk(ledger, supply, gate, clock, hold=hold, stop=stop, refused=refused, progress=progress)
    desk.tally.held = held
    try:
        transport.carry(desk)
    except TransportDown as error:
        desk.down(f"{error} ({error.hint})" if error.hint else str(error))
    finally:
        supply.close()
    return desk.finish()


def _gate(ledger: Ledger, settings: Settings, now: datetime) -> Gate:
    since = now - _RECENT
    relay = settings.mail.transport != "smtp" or settings.mail.smtp.relay
    return Gate(
        settings.mail.limits,
        relay=relay,
        pauses=ledger.traffic.pauses(),
        volumes=ledger.traffic.volumes(f"{now:%Y-%m-%d}"),
        recent=ledger.traffic.recent(f"{since:%Y-%m-%d}", to_micros(since)),
    )


def _recorder(database: MailDatabase, settings: Settings, clock: Clock) -> Refused:
    """Writes refusals down where bounces are, which may suppress the address."""

    def record(refusals: Sequence[Refusal]) -> int:
        from feeder.mail import bounces
        from feeder.mail.subscribers import Subscribers

        subscribers, now = Subscribers(settings, database.secrets()), clock.now()
        with database.begin() as connection:
            return sum(
                bounces.record(connection, subscribers, _bounce(*refusal), now)
                for refusal in refusals
                if refusal[0].digest
            )

    return record


def _bounce(row: Row, outcome: Outcome, kind: ReplyKind) -> Bounce:
    from feeder.mail.bounces import Bounce

    return Bounce(
        subscriber=row.subscriber,
        kind=kind,
        status=outcome.status or (str(outcome.code) if outcome.code else ""),
        text=outcome.reply,
        digest=row.digest,
    )
