"""Whether all is well, for whoever watches: ``/healthz`` in a word, ``/metrics`` in numbers (Prometheus' text 0.0.4).

Strangers learn no more than whether it works: causes and numbers are for this machine and private networks.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from sqlalchemy import func, select
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from feeder.errors import FeederError
from feeder.mail import schema
from feeder.mail.subscribers import persons
from feeder.web import answers
from feeder.web.records import Book, Records
from feeder.web.requests import is_near
from feeder.web.values import Condition, Office

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
KEPT: Final = 10.0
"""Seconds for which numbers of the mail database are good: counting a million subscriptions takes a moment."""

Kind = Literal["gauge", "counter"]
Labels = Mapping[str, str]


class Metric(NamedTuple):
    """Everything of one name."""

    name: str
    kind: Kind
    help: str
    values: list[tuple[Labels, float]]


class Healthz:
    """``/healthz``: 200 while the process does its work, else 503.

    A mistake in ``feeder.toml`` is no reason: whoever starts the process anew for it has none at all then.
    """

    def __init__(self, office: Office) -> None:
        self._office = office

    async def __call__(self, request: Request) -> Response:
        found = self._office.condition()
        told: dict[str, object] = {"ok": found.ok}
        if is_near(request):
            told |= {
                "why": found.why,
                "failing": [f"{where}: {words}" for where, words in found.failing],
                "started": _stamp(found.started),
                "last_run": _stamp(found.last_run),
                "last_exit": found.last_exit,
                "next": _stamp(found.next),
                "next_why": found.next_why,
                "watching": found.watching,
            }
        return answers.as_json(told, 200 if found.ok else 503)


class Metrics:
    """``/metrics``; for everybody else there is no such page."""

    def __init__(self, office: Office, records: Records | None) -> None:
        """``records``: None where there are no lists."""
        self._office, self._records = office, records
        self._counted: list[Metric] = []
        self._until = 0.0

    async def __call__(self, request: Request) -> Response:
        if not is_near(request):
            raise HTTPException(404)
        found = [*of_process(self._office.condition()), *await self._of_mail()]
        return Response(written(found), 200, dict(answers.HEADERS), MEDIA_TYPE)

    async def _of_mail(self) -> list[Metric]:
        if self._records is None:
            return []
        if time.monotonic() >= self._until:
            try:
                self._counted = await self._records.read(_counted)
            except FeederError:
                self._counted = [_readable(0)]
            self._until = time.monotonic() + KEPT
        return self._counted


def of_process(found: Condition) -> Iterator[Metric]:
    """What the process knows of itself."""
    yield _one("feeder_ok", "gauge", "Whether the process does its work.", float(found.ok))
    failing: list[tuple[Labels, float]] = [({"where": where}, 1) for where, _ in found.failing]
    yield Metric("feeder_failing", "gauge", "What fails, as `feeder status` names it.", failing)
    yield _one("feeder_start_time_seconds", "gauge", "When it started.", found.started.timestamp())
    if found.last_run is not None:
        yield _one("feeder_last_run_time_seconds", "gauge", "When the last run began.", found.last_run.timestamp())
    if found.last_exit is not None:
        yield _one("feeder_last_run_exit_code", "gauge", "Exit code of the last run.", found.last_exit)
    if found.next is not None:
        at = found.next.timestamp()
        yield _one("feeder_next_time_seconds", "gauge", "When something happens next without any edit.", at)
    runs: list[tuple[Labels, float]] = [({"exit_code": str(code)}, many) for code, many in sorted(found.runs.items())]
    yield Metric("feeder_runs_total", "counter", "Runs, by exit code.", runs)
    yield _one("feeder_run_seconds_total", "counter", "Seconds those runs took.", found.run_seconds)
    yield _one("feeder_failed_runs_total", "counter", "Runs that ended by a fault of feeder's.", found.failures)
    yield _one("feeder_digests_cut_total", "counter", "Digests cut.", found.digests)
    yield _one("feeder_messages_sent_total", "counter", "Messages that left.", found.sent)
    watching: list[tuple[Labels, float]] = [({"by": found.watching}, 1)] if found.watching else []
    yield Metric("feeder_watching", "gauge", "How changes of files are noticed.", watching)


def written(metrics: Iterable[Metric]) -> str:
    """Metrics in Prometheus' text format, version 0.0.4."""
    lines = []
    for metric in metrics:
        lines += [f"# HELP {metric.name} {_escaped(metric.help)}", f"# TYPE {metric.name} {metric.kind}"]
        lines += [f"{metric.name}{_braces(labels)} {_number(value)}" for labels, value in metric.values]
    return "\n".join(lines) + "\n"


def _counted(connection: Connection, _book: Book) -> list[Metric]:
    """What the mail database holds; nothing here reads a row for each message that was sent."""
    return [
        _readable(1),
        _subscriptions(connection),
        _deliveries(connection),
        _notices(connection),
        _messages(connection),
        _by(connection, "feeder_digests", "gauge", "Digests, by list and state.", schema.digest, "list", "state"),
        _by(connection, "feeder_bounces_total", "counter", "Bounces and complaints, by kind.", schema.bounce, "kind"),
        _by(connection, "feeder_suppressed", "gauge", "Addresses that get no mail.", schema.suppression, "reason"),
        _by(connection, "feeder_pauses", "gauge", "Providers whose mail waits or waited.", schema.pause, "transport"),
    ]


def _readable(value: int) -> Metric:
    return _one("feeder_mail_database_readable", "gauge", "Whether the mail database can be read.", value)


def _subscriptions(connection: Connection) -> Metric:
    found = persons.census(connection)
    values: list[tuple[Labels, float]] = [
        ({"list": name, "state": state}, many) for (name, state), many in sorted(found.items())
    ]
    return Metric("feeder_subscriptions", "gauge", "Subscriptions, by list and state.", values)


def _deliveries(connection: Connection) -> Metric:
    table = schema.delivery
    # In these words, since the index of what is not settled is chosen by them.
    unsettled = table.c.state.in_(["queued", "deferred", "sending", "held"])
    counted = (
        select(table.c.transport, table.c.state, func.count())
        .where(unsettled)
        .group_by(table.c.transport, table.c.state)
        .order_by(table.c.transport, table.c.state)
    )
    values: list[tuple[Labels, float]] = [
        ({"transport": row[0], "state": row[1]}, row[2]) for row in connection.execute(counted)
    ]
    return Metric("feeder_deliveries", "gauge", "Messages of digests that are not settled, by state.", values)


def _notices(connection: Connection) -> Metric:
    table = schema.notice
    waiting = table.c.state.in_(["queued", "deferred", "sending", "held"])
    counted = select(table.c.state, func.count()).where(waiting).group_by(table.c.state).order_by(table.c.state)
    values: list[tuple[Labels, float]] = [({"state": row[0]}, row[1]) for row in connection.execute(counted)]
    return Metric("feeder_notices", "gauge", "System mails that are not settled, by state.", values)


def _messages(connection: Connection) -> Metric:
    table = schema.volume
    outcomes = ("sent", "deferred", "failed")
    summed = select(table.c.transport, *(func.sum(table.c[one]) for one in outcomes)).group_by(table.c.transport)
    values: list[tuple[Labels, float]] = [
        ({"transport": row[0], "outcome": outcome}, number)
        for row in connection.execute(summed.order_by(table.c.transport))
        for outcome, number in zip(outcomes, row[1:], strict=True)
    ]
    return Metric("feeder_messages_total", "counter", "Messages tried, by what came of it.", values)


def _by(connection: Connection, name: str, kind: Kind, text: str, table: Table, *columns: str) -> Metric:
    chosen = [table.c[column] for column in columns]
    counted = select(*chosen, func.count()).group_by(*chosen).order_by(*chosen)
    values: list[tuple[Labels, float]] = [
        (dict(zip(columns, row, strict=False)), row[-1]) for row in connection.execute(counted)
    ]
    return Metric(name, kind, text, values)


def _one(name: str, kind: Kind, text: str, value: float) -> Metric:
    return Metric(name, kind, text, [({}, value)])


def _braces(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{key}="{_escaped(value, quoted=True)}"' for key, value in labels.items()) + "}"


def _escaped(text: str, *, quoted: bool = False) -> str:
    text = text.replace("\\", r"\\").replace("\n", r"\n")
    return text.replace('"', r"\"") if quoted else text


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))


def _stamp(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z") if at is not None else None
