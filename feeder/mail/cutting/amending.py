"""What may still be done to a digest that was cut: amend, pause, resume, restart, cancel it, and welcome with it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Boolean, Connection, Row, exists, func, insert, literal, literal_column, select, update

from feeder import dates
from feeder.catalog import Catalog
from feeder.config.settings import MailingList, Settings
from feeder.errors import UsageError
from feeder.history import Record
from feeder.mail import lists
from feeder.mail.cutting.freezing import Composing, Freezer, keep_snapshot
from feeder.mail.cutting.values import Amended
from feeder.mail.database import MailDatabase
from feeder.mail.schema import delivery, digest, digest_entry, served, subscriber, subscription
from feeder.mail.values import Rendered

WITHDRAWN: Final = "withdrawn"
"""Kind of a digest's entry that the amended text leaves out; those who were sent the first text had it."""

_UNSENT: Final = ("queued", "deferred", "held")
_OPEN: Final = literal_column("state IN ('queued', 'deferred', 'sending', 'held')", Boolean)
"""As the index ``delivery_open`` has it: SQLite uses a partial index only where its own words stand in the query."""
_LONG_AFTER: Final = 1 << 62


def amend(
    database: MailDatabase,
    settings: Settings,
    catalog: Catalog,
    number: int | None,
    now: datetime,
    *,
    composer: Composing | None = None,
) -> list[Amended]:
    """Give the unsent rest of a digest the present text of its entries, without those that are withdrawn.

    What may have left already (its outcome is not known) is sent again as it was. Pages of digests with a public page
    must be made anew: `published.records` has them.

    Args:
        database: the mail database.
        settings: the publication's.
        catalog: what is public.
        number: the digest; None: all in which something was withdrawn since they were cut, and nothing else of them.
        now: the time.
        composer: as for ``cut``.

    Raises:
        UsageError: there is no such digest.
    """
    with database.read() as connection:
        numbers = (
            [_found(connection, number).id]
            if number is not None
            else _outdated(connection, catalog, lists.ledger_transport(settings))
        )
    if not numbers:
        return []
    if composer is None:
        from feeder.mail.compose import Composer

        composer = Composer(settings)
    done = []
    for one in numbers:
        with database.begin() as connection:
            row = _found(connection, one)
            mailing_list = next((it for it in settings.lists if it.name == row.list), None)
            if mailing_list is not None:
                freezer = Freezer(settings, mailing_list, catalog, composer, now)
                done.append(_amend(connection, settings, mailing_list, catalog, freezer, row, dates.to_micros(now)))
    return done


def _outdated(connection: Connection, catalog: Catalog, transport: str) -> list[int]:
    """The digests in which a withdrawn entry stands: of all that were withdrawn lately, and of all that is unsent."""
    history = catalog.history
    gone = {record.id for record in history.tombstones_over(_LONG_AFTER)}
    unsent = select(delivery.c.digest).where(delivery.c.transport == transport, _OPEN).distinct()
    told = select(digest_entry.c.entry).where(digest_entry.c.digest.in_(unsent)).distinct()
    for entry in connection.execute(told).scalars().all():
        record = history.by_id(entry)
        if record is None or not record.public:
            gone.add(entry)
    found: set[int] = set()
    for entry in sorted(gone):
        stands = select(digest_entry.c.digest).where(digest_entry.c.entry == entry, digest_entry.c.kind != WITHDRAWN)
        found.update(connection.execute(stands).scalars())
    return sorted(found)


def _amend(
    connection: Connection,
    settings: Settings,
    mailing_list: MailingList,
    catalog: Catalog,
    freezer: Freezer,
    row: Row[Any],
    now: int,
) -> Amended:
    kept, gone = _standing(connection, catalog, row.id)
    for position in gone:
        at = (digest_entry.c.digest == row.id) & (digest_entry.c.position == position)
        connection.execute(update(digest_entry).where(at).values(kind=WITHDRAWN))
    revision = row.revision + 1
    entries = [record for kind, record in kept if kind == "entry"]
    corrections = [record for kind, record in kept if kind == "correction"]
    rest = delivery.c.state.in_(_UNSENT) & (delivery.c.uncertain == 0) & (delivery.c.digest == row.id)
    skipped = 0
    if kept:
        edition = freezer.edition(
            entries, corrections, row.until, row.language, row.note_subject, row.preface, row.page
        )  # fmt: skip
        rendered = freezer.composer.digest(mailing_list, edition)
    else:
        rendered = Rendered(subject=lists.title_of(settings, mailing_list), html="", text="")
        reply = "all its entries were withdrawn"
        skipped = connection.execute(
            update(delivery).where(rest).values(state="skipped", reply=reply, updated_at=now)
        ).rowcount
    keep_snapshot(connection, row.id, revision, rendered, now)
    connection.execute(update(digest).where(digest.c.id == row.id).values(revision=revision))
    unsent = int(connection.execute(select(func.count()).where(rest)).scalar_one())
    return Amended(
        digest=row.id, list=row.list, revision=revision, left_out=len(gone), unsent=unsent, skipped=skipped,
        page=row.page,
    )  # fmt: skip


def _standing(connection: Connection, catalog: Catalog, number: int) -> tuple[list[tuple[str, Record]], list[int]]:
    """``(kind, record)`` of what still stands in a digest, in its order, and the positions of what does not."""
    rows = connection.execute(
        select(digest_entry.c.position, digest_entry.c.entry, digest_entry.c.kind)
        .where(digest_entry.c.digest == number, digest_entry.c.kind != WITHDRAWN)
        .order_by(digest_entry.c.position)
    )
    kept, gone = [], []
    for position, entry, kind in rows:
        record = catalog.history.by_id(entry)
        if record is not None and record.public:
            kept.append((kind, record))
        else:
            gone.append(position)
    return kept, gone


def restart(database: MailDatabase, number: int, now: datetime) -> int:
    """Queue what failed or is held of a digest once more; how many deliveries that are.

    Raises ``UsageError`` where there is no such digest, or it was cancelled.
    """
    at = dates.to_micros(now)
    with database.begin() as connection:
        row = _found(connection, number)
        if row.state == "cancelled":
            raise UsageError(f"digest {number} was cancelled", hint="a cancelled digest stays so")
        if not _tells(connection, number):
            raise UsageError(f"digest {number} has nothing left to tell", hint="all its entries were withdrawn")
        left = update(delivery).where(delivery.c.digest == number, delivery.c.state.in_(["failed", "held"]))
        again = left.values(state="queued", attempt=0, uncertain=0, reply="", due_at=at, updated_at=at)
        return int(connection.execute(again).rowcount)


def pause(database: MailDatabase, number: int) -> bool:
    """Send no more of a digest until `resume`; whether that changed anything."""
    return _turn(database, number, "ready", "paused")


def resume(database: MailDatabase, number: int) -> bool:
    """Go on sending a digest; whether that changed anything."""
    return _turn(database, number, "paused", "ready")


def _turn(database: MailDatabase, number: int, given: str, wanted: str) -> bool:
    with database.begin() as connection:
        row = _found(connection, number)
        if row.state == "cancelled":
            raise UsageError(f"digest {number} was cancelled", hint="a cancelled digest stays so")
        connection.execute(update(digest).where(digest.c.id == number).values(state=wanted))
        return bool(row.state == given)


def cancel(database: MailDatabase, number: int, now: datetime) -> int:
    """Send no more of a digest, ever; how many deliveries were given up. Its entries are not carried into the next."""
    with database.begin() as connection:
        _found(connection, number)
        connection.execute(update(digest).where(digest.c.id == number).values(state="cancelled"))
        rest = update(delivery).where(delivery.c.digest == number, delivery.c.state.in_(_UNSENT))
        gone = rest.values(state="skipped", reply="the digest was cancelled", updated_at=dates.to_micros(now))
        return int(connection.execute(gone).rowcount)


def welcome(connection: Connection, settings: Settings, number: int, now: datetime) -> int:
    """Queue the latest digest for the subscription ``number``, which was just confirmed, where its list says so.

    Only a digest of before the instant she is served from, and only for somebody who never had one: so nothing comes
    twice. The number of the digest; 0 where there is none to send.
    """
    row = connection.execute(
        select(subscription, subscriber.c.provider, served.c.through)
        .join(subscriber, subscriber.c.id == subscription.c.subscriber)
        .join(served, served.c.subscription == subscription.c.id)
        .where(
            subscription.c.id == number,
            subscription.c.state == "active",
            served.c.transport == lists.ledger_transport(settings),
        )
    ).first()
    mailing_list = next((one for one in settings.lists if row is not None and one.name == row.list), None)
    if row is None or mailing_list is None or not mailing_list.welcome or _had_any(connection, row.id):
        return 0
    found = _latest(connection, settings, mailing_list, row.language, row.through)
    if found is None:
        return 0
    at = dates.to_micros(now)
    connection.execute(
        insert(delivery).values(
            digest=found.id, transport=lists.ledger_transport(settings), subscriber=row.subscriber,
            subscription=row.id, provider=row.provider, state="queued", due_at=max(at, found.send_at), updated_at=at,
        )
    )  # fmt: skip
    return int(found.id)


def _had_any(connection: Connection, number: int) -> bool:
    person = select(subscription.c.subscriber).where(subscription.c.id == number).scalar_subquery()
    had = select(literal(1)).where(delivery.c.subscriber == person, delivery.c.subscription == number)
    return connection.execute(had.limit(1)).first() is not None


def _latest(
    connection: Connection, settings: Settings, mailing_list: MailingList, language: str, through: int
) -> Row[Any, Any] | None:
    """The regular digest of the latest due instant not after ``through``: that with a page, or for the most."""
    many = select(func.count()).where(delivery.c.digest == digest.c.id).scalar_subquery()
    still = exists(1).where(digest_entry.c.digest == digest.c.id, digest_entry.c.kind == "entry")
    language = language or lists.language_of(settings, mailing_list)
    last = (
        select(func.max(digest.c.until))
        .where(digest.c.list == mailing_list.name, digest.c.until <= through, digest.c.state == "ready", still)
        .where(digest.c.frequency.in_([mailing_list.frequency, ""]))
        .scalar_subquery()
    )
    query = (
        select(digest.c.id, digest.c.send_at)
        .where(digest.c.list == mailing_list.name, digest.c.until == last, digest.c.state == "ready", still)
        .order_by((digest.c.language == language).desc(), (digest.c.page != "").desc(), many.desc(), digest.c.id)
    )
    return connection.execute(query.limit(1)).first()


def _tells(connection: Connection, number: int) -> bool:
    still = select(literal(1)).where(digest_entry.c.digest == number, digest_entry.c.kind != WITHDRAWN)
    return connection.execute(still.limit(1)).first() is not None


def _found(connection: Connection, number: int) -> Row[Any]:
    row = connection.execute(select(digest).where(digest.c.id == number)).first()
    if row is None:
        last = connection.execute(select(func.max(digest.c.id))).scalar()
        hint = f"the last one is {last}" if last else "none was cut yet"
        raise UsageError(f"no digest {number}", hint=f"{hint}; `feeder digest list` shows them")
    return row
