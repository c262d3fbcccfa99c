"""The subscriptions of a list, as cutting sees them in SQL: by the cell, never one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Text,
    and_,
    case,
    cast,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.sqlite import insert as upsert

from feeder.history import Record
from feeder.mail.cutting.remembered import Chosen
from feeder.mail.cutting.selection import Cell
from feeder.mail.schema import delivery, digest, digest_entry, served, snapshot, subscriber, subscription


@dataclass(frozen=True, slots=True)
class Readers:
    """Those who were sent any of some texts."""

    whole: frozenset[int] = frozenset()
    """Digests, in whatever text."""
    part: frozenset[tuple[int, int, tuple[int, ...]]] = frozenset()
    """``(digest, its newest text, which texts)``: digests that were amended since."""

    def __bool__(self) -> bool:
        return bool(self.whole or self.part)


class Span(NamedTuple):
    """The subscriptions whose numbers are above ``low``, up to ``high``."""

    low: int
    high: int


class Cells:
    """The active subscriptions of one list, on one transport, in one transaction; those of a span, or all."""

    def __init__(self, connection: Connection, mailing_list: str, transport: str, span: Span | None = None) -> None:
        self._connection = connection
        self._list = mailing_list
        self._transport = transport
        self._span = span
        active = and_(subscription.c.list == mailing_list, subscription.c.state == "active")
        self._active = and_(active, self._within(subscription.c.id)) if span else active

    def last(self) -> int:
        """The highest number of a subscription, of whatever list."""
        return int(self._connection.execute(select(func.max(subscription.c.id))).scalar() or 0)

    def _within(self, column: ColumnElement[int]) -> ColumnElement[bool]:
        return and_(column > self._span.low, column <= self._span.high) if self._span else true()

    def schedules(self) -> list[Chosen]:
        """Each choice of schedule that an active subscription has."""
        chosen = (subscription.c.frequency, subscription.c.hour, subscription.c.timezone)
        rows = self._connection.execute(select(*chosen).where(self._active).group_by(*chosen).order_by(*chosen))
        return [(row[0], row[1], row[2]) for row in rows]

    def count(self) -> int:
        """How many active subscriptions there are."""
        return int(self._connection.execute(select(func.count()).where(self._active)).scalar_one())

    def count_of(self, chosen: Sequence[Chosen]) -> int:
        """How many of them have one of these schedules."""
        if not chosen:
            return 0
        query = select(func.count()).where(self._active, or_(*(_chose(one) for one in chosen)))
        return int(self._connection.execute(query).scalar_one())

    def has_unserved(self) -> bool:
        """Whether there is anybody whom this transport knows nothing of."""
        query = select(literal(1)).select_from(subscription).where(self._active, self._is_unserved()).limit(1)
        return self._connection.execute(query).first() is not None

    def start(self, chosen: Chosen, since: int, previous: int) -> int:
        """Let this transport serve those of a schedule that it knows nothing of from ``since`` on.

        Those who came to their schedule after ``previous``, its last due instant, are served from there on.
        """
        through = case((subscription.c.scheduled_at >= previous, previous), else_=since)
        source = select(literal(self._transport), subscription.c.id, through).where(
            self._active, _chose(chosen), self._is_unserved()
        )
        done = self._connection.execute(insert(served).from_select(["transport", "subscription", "through"], source))
        return int(done.rowcount)

    def overtake(self, chosen: Chosen, until: int) -> int:
        """Take all who ever confirmed a schedule, active or not, as served through ``until``; how many are active."""
        wanted = and_(subscription.c.list == self._list, subscription.c.state != "pending", _chose(chosen))
        behind = self._is_unserved() | exists().where(self._served, served.c.through < until)
        query = select(func.count()).select_from(subscription).where(self._active, _chose(chosen), behind)
        many = int(self._connection.execute(query).scalar_one())
        source = select(literal(self._transport), subscription.c.id, literal(until)).where(wanted, behind)
        added = upsert(served).from_select(["transport", "subscription", "through"], source)
        moved = {"through": func.max(served.c.through, added.excluded.through)}
        self._connection.execute(added.on_conflict_do_update(index_elements=["transport", "subscription"], set_=moved))
        return many

    def turn_back(self, since: int) -> int:
        """Take the active ones as served no further than ``since``; how many that changed."""
        mine = select(subscription.c.id).where(self._active)
        later = (served.c.transport == self._transport) & (served.c.through > since)
        moved = update(served).where(later, served.c.subscription.in_(mine)).values(through=since)
        return int(self._connection.execute(moved).rowcount)

    def _is_unserved(self) -> ColumnElement[bool]:
        row = exists().where(served.c.transport == self._transport, served.c.subscription == subscription.c.id)
        return ~row

    def reschedule(self, at: int) -> None:
        """The list's own schedule became another one: what was due by it up to ``at`` is no more."""
        self._connection.execute(
            update(subscription).where(self._active, subscription.c.scheduled_at < at).values(scheduled_at=at)
        )

    def due(
        self, chosen: Chosen, until: int, readers: Sequence[Readers], *, at_once: bool
    ) -> list[tuple[Cell, int, int]]:
        """``(cell, through, how many)`` of those of a schedule who are owed what came up to ``until``.

        The cells' stretches are not set yet.
        """
        told = self._told(readers)
        parts: list[Any] = [subscription.c.tags, subscription.c.language, served.c.through]
        query = (
            select(*parts, told, func.count())
            .select_from(subscription.join(served, self._served))
            .where(self._active, _chose(chosen), served.c.through < until, self._counts(until, at_once=at_once))
            .group_by(*parts, told if readers else true())
        )
        return [
            (Cell(*chosen, row[0], row[1], told=row[3]), int(row[2]), int(row[4]))
            for row in self._connection.execute(query)
        ]

    def usual_through(self, chosen: Sequence[Chosen]) -> int | None:
        """The instant up to which most of those of some schedules were served; None: there is nobody."""
        if not chosen:
            return None
        many = func.count().label("many")
        query = (
            select(served.c.through, many)
            .select_from(subscription.join(served, self._served))
            .where(self._active, or_(*(_chose(one) for one in chosen)))
            .group_by(served.c.through)
            .order_by(many.desc())
            .limit(1)
        )
        row = self._connection.execute(query).first()
        return int(row[0]) if row else None

    @property
    def _served(self) -> ColumnElement[bool]:
        return and_(served.c.transport == self._transport, served.c.subscription == subscription.c.id)

    @staticmethod
    def _counts(until: int, *, at_once: bool) -> ColumnElement[bool]:
        """A due instant up to which a subscription had another schedule, or none, is not its own."""
        return true() if at_once else subscription.c.scheduled_at < until

    def _in(
        self, cell: Cell, until: int, readers: Sequence[Readers], *, at_once: bool
    ) -> tuple[ColumnElement[bool], ...]:
        found = (
            self._active,
            _chose((cell.frequency, cell.hour, cell.timezone)),
            subscription.c.tags == cell.tags,
            subscription.c.language == cell.language,
            self._counts(until, at_once=at_once),
        )
        return (*found, self._told(readers) == cell.told) if readers else found

    @staticmethod
    def _stretch(cell: Cell) -> ColumnElement[bool]:
        return and_(served.c.through >= cell.low, served.c.through < cell.high)

    def holds(self, cell: Cell, until: int, readers: Sequence[Readers], *, at_once: bool) -> bool:
        """Whether anybody is in a cell now."""
        them = (*self._in(cell, until, readers, at_once=at_once), self._stretch(cell))
        query = select(literal(1)).select_from(subscription.join(served, self._served)).where(*them).limit(1)
        return self._connection.execute(query).first() is not None

    def queue(
        self, cell: Cell, until: int, readers: Sequence[Readers], row: Mapping[str, str | int], *, at_once: bool
    ) -> int:
        """One delivery for everybody in a cell, with the columns of ``row``; how many there were."""
        fixed = {"transport": self._transport, **row}
        source = (
            select(
                *(literal(value) for value in fixed.values()),
                subscription.c.subscriber,
                subscription.c.id,
                subscriber.c.provider,
            )
            .select_from(
                subscription.join(served, self._served).join(subscriber, subscriber.c.id == subscription.c.subscriber)
            )
            .where(*self._in(cell, until, readers, at_once=at_once), self._stretch(cell))
        )
        into = [*fixed, "subscriber", "subscription", "provider"]
        # Who has a delivery of this very digest already (the one sent as a welcome) gets no second one.
        statement = insert(delivery).prefix_with("OR IGNORE", dialect="sqlite").from_select(into, source)
        return int(self._connection.execute(statement).rowcount)

    def advance(self, number: int, until: int) -> None:
        """Those who have a delivery of digest ``number``, and they alone, are served through ``until``."""
        queued = select(delivery.c.subscription).where(
            delivery.c.digest == number,
            delivery.c.transport == self._transport,
            self._within(delivery.c.subscription),
        )
        self._connection.execute(
            update(served)
            .where(served.c.transport == self._transport, served.c.through < until, served.c.subscription.in_(queued))
            .values(through=until)
        )

    def pass_over(self, cell: Cell, until: int, readers: Sequence[Readers], *, at_once: bool) -> None:
        """Nothing came for those in a cell: they are served through ``until``."""
        them = select(subscription.c.id).where(*self._in(cell, until, readers, at_once=at_once))
        self._connection.execute(
            update(served)
            .where(served.c.transport == self._transport, self._stretch(cell), served.c.subscription.in_(them))
            .values(through=until)
        )

    def readers(self, record: Record) -> Readers:
        """Who was sent an entry in a text of before its correction: one that was frozen later has the correction."""
        query = (
            select(digest.c.id, digest.c.revision, snapshot.c.revision.label("text"), snapshot.c.made_at)
            .select_from(digest_entry)
            .join(digest, digest.c.id == digest_entry.c.digest)
            .join(snapshot, snapshot.c.digest == digest.c.id)
            .where(digest_entry.c.entry == record.id, digest.c.list == self._list)
            .distinct()
        )
        texts: dict[tuple[int, int], list[tuple[int, bool]]] = {}
        for row in self._connection.execute(query):
            texts.setdefault((row.id, row.revision), []).append((row.text, row.made_at < record.corrected))
        whole, part = set(), set()
        for (number, revision), found in texts.items():
            older = tuple(sorted(text for text, is_older in found if is_older))
            if len(older) == len(found):
                whole.add(number)
            elif older:
                part.add((number, revision, older))
        return Readers(frozenset(whole), frozenset(part))

    def _told(self, readers: Sequence[Readers]) -> ColumnElement[str]:
        """One character for each: whether the subscription is one of these readers."""
        marks = [case((self._reads(one), literal("1")), else_=literal("0")) for one in readers]
        return _joined([cast(mark, Text) for mark in marks])

    def _reads(self, readers: Readers) -> ColumnElement[bool]:
        which: list[ColumnElement[bool]] = [delivery.c.digest.in_(sorted(readers.whole))] if readers.whole else []
        for number, revision, older in sorted(readers.part):
            # A row not sent yet gets the newest text, one that was sent had what was newest then.
            text = case((delivery.c.revision > 0, delivery.c.revision), else_=literal(revision))
            which.append(and_(delivery.c.digest == number, text.in_(older)))
        return (
            exists(1)
            .select_from(delivery)
            .where(
                or_(*which),
                delivery.c.transport == self._transport,
                delivery.c.subscriber == subscription.c.subscriber,
                delivery.c.state.not_in(["failed", "skipped"]),
            )
            .correlate(subscription)
        )


def _chose(chosen: Chosen) -> ColumnElement[bool]:
    frequency, hour, timezone = chosen
    at = subscription.c.hour.is_(None) if hour is None else subscription.c.hour == hour
    return and_(subscription.c.frequency == frequency, at, subscription.c.timezone == timezone)


def _joined(parts: Sequence[ColumnElement[str]]) -> ColumnElement[str]:
    """All texts in a row; halved again and again, since SQLite bounds how deep an expression may be."""
    if not parts:
        return literal("", Text)
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return _joined(parts[:middle]).concat(_joined(parts[middle:]))
