"""How digests stand, in lines for people and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from feeder.cli.options import now
from feeder.cli.report import local
from feeder.cli.terminal import clean

if TYPE_CHECKING:
    from feeder.config import Settings
    from feeder.mail.sending.overview import DigestStatus, Held
    from feeder.upkeep.digests import Standing

_COUNTED = ("sent", "queued", "deferred", "failed", "held", "skipped")


def lines(found: Standing, settings: Settings, number: int | None = None) -> Iterator[str]:
    """A line a digest, or for the one of a number, then one for each provider whose mail waits."""
    rest = _rest(found, settings)
    for one in (one for one in found.digests if number in (None, one.digest)):
        parts = ", ".join(_parts(one, settings, rest))
        yield f"digest {one.digest}:  {clean(one.list)}, {local(one.until, settings)}: {parts}"
    for wait in found.pauses:
        who = "all mail" if wait.provider == "*" else f"mail to {clean(wait.provider)}"
        yield f"waiting:   {who} until {local(wait.until, settings)}: {clean(wait.why)}"


def _parts(one: DigestStatus, settings: Settings, rest: str) -> Iterator[str]:
    from feeder.mail.lists import ledger_transport

    if one.state != "ready":
        yield one.state
    for name in _COUNTED:
        number = getattr(one, name)
        if number or name == "sent":
            told = "handed over" if name == "sent" and one.transport == "smtp" else name
            yield f"{number:,} {told}"
    if one.held:
        yield f"`feeder digest status {one.digest}` names those held"
    if one.per_second:
        yield f"{one.per_second:,.0f}/s"
    if one.left is not None:
        yield f"{_duration(one.left)} left"
    if rest and one.queued and one.state == "ready" and one.transport == ledger_transport(settings):
        yield f"not before {local(one.send_at, settings)}" if one.send_at > now() else rest
    if one.next_try is not None:
        yield f"next try {local(one.next_try, settings)}"


def _rest(found: Standing, settings: Settings) -> str:
    """When what is queued goes on; empty while it does."""
    from feeder.upkeep import running

    if found.sending:
        return ""
    daemon = running.load(settings.root)
    return "`feeder run` goes on with it" if daemon and daemon.alive else "goes on with the next `publish`"


def _duration(left: timedelta) -> str:
    seconds = int(left.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 3600 else f"{seconds // 3600} h {seconds % 3600 // 60} min"


def machine(digests: Sequence[DigestStatus], held: Sequence[Held]) -> str:
    """The same as one JSON object."""
    made = {"version": 1, "digests": [_plain(asdict(one)) for one in digests]}
    return json.dumps(made | {"held": [_plain(asdict(one)) for one in held]}, ensure_ascii=False)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {key: _value(value) for key, value in row.items()}


def _value(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return value.total_seconds() if isinstance(value, timedelta) else value
