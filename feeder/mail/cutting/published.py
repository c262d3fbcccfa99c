"""Digests with a public page, as history keeps them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, and_, select

from feeder.history import DigestRecord
from feeder.mail.cutting.amending import WITHDRAWN
from feeder.mail.database import MailDatabase
from feeder.mail.schema import digest, digest_entry, snapshot


def public(database: MailDatabase, after: int) -> list[DigestRecord]:
    """The digests with a public page whose number is above ``after``, in order of their numbers."""
    return _records(database, digest.c.id > after)


def records(database: MailDatabase, numbers: Iterable[int]) -> list[DigestRecord]:
    """Those of some digests that have a public page, as they are now: amended ones, say."""
    return _records(database, digest.c.id.in_(list(numbers)))


def _records(database: MailDatabase, which: ColumnElement[bool]) -> list[DigestRecord]:
    newest = and_(snapshot.c.digest == digest.c.id, snapshot.c.revision == digest.c.revision)
    with database.read() as connection:
        rows = connection.execute(
            select(digest, snapshot.c.subject)
            .join(snapshot, newest)
            .where(which, digest.c.page != "")
            .order_by(digest.c.id)
        ).all()
        return [
            DigestRecord(
                number=row.id,
                list=row.list,
                path=row.page,
                until=row.until,
                subject=row.subject,
                preface=row.preface,
                language=row.language,
                made=row.made_at,
                entries=_standing(connection, row.id, "entry"),
                corrections=_standing(connection, row.id, "correction"),
            )
            for row in rows
        ]


def _standing(connection: Connection, number: int, kind: str) -> tuple[str, ...]:
    assert kind != WITHDRAWN
    query = select(digest_entry.c.entry).where(digest_entry.c.digest == number, digest_entry.c.kind == kind)
    return tuple(connection.execute(query.order_by(digest_entry.c.position)).scalars())
