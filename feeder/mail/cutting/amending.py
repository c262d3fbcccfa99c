"""What may still be done to a digest that was cut: amend, pause, resume, restart, cancel it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Boolean, Connection, Row, func, literal, literal_column, select, update

from feeder import dates
from feeder.catalog import Catalog
from feeder.config.settings import MailingList, Settings
from feeder.errors import UsageError
from feeder.history import Record
from feeder.mail import lists
from feeder.mail.cutting.freezing import Composing, Freezer, keep_snapshot
from feeder.mail.cutting.values import Amended
from feeder.mail.database import MailDatabase
from feeder.mail.schema import delivery, digest, digest_entry
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
        # Whoever may have got it already gets it no second time either.
        rendered = Rendered(subject=lists.title_of(settings, mailing_list), html="", text="")
        skipped = _give_up(connection, row.id, "all its entries were withdrawn", now)
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
        return _give_up(connection, number, "the digest was cancelled", dates.to_micros(now))


def _give_up(connection: Connection, number: int, why: str, now: int) -> int:
    connection.execute(update(digest).where(digest.c.id == number).values(state="cancelled"))
    rest = update(delivery).where(delivery.c.digest == number, delivery.c.state.in_(_UNSENT))
    return int(connection.execute(rest.values(state="skipped", reply=why, updated_at=now)).rowcount)


def require(database: MailDatabase, number: int) -> None:
    """Raises ``UsageError`` where there is no digest of that number."""
    with database.read() as connection:
        _found(connection, number)


def _tells(connection: Connection, number: int) -> bool:
    still = select(literal(1)).where(digest_entry.c.digest == number, digest_entry.c.kind != WITHDRAWN)
    return connection.execute(still.limit(1)).first() is not None


def _found(connection: Connection, number: int) -> Row[Any]:
    row = connection.execute(select(digest).where(digest.c.id == number)).first()
    if row is None:
        last = connection.execute(select(func.max(digest.c.id))).scalar()
        hint = f"the last one is {last}" if last else "none was cut yet"
        raise UsageError(f"no digest {number}", hint=f"{hint}; `feeder digest status` shows them")
    return row
