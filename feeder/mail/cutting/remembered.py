"""What cutting remembers from run to run, beside what subscriptions were served."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select

from feeder.config.settings import MailingList, Settings
from feeder.mail import lists
from feeder.mail.schema import meta

_KEY: Final = "cut"
_SERVED: Final = "served "

Chosen = tuple[str, int | None, str]
"""``(frequency, hour, timezone)`` as a subscription has them: empty is the list's."""
Served = dict[str, dict[str, int]]
"""``served_key`` of a transport and a list -> ``schedule_key`` -> up to when digests of it were cut."""


@dataclass(frozen=True, slots=True)
class Past:
    """How it was when digests were last cut."""

    at: int = 0
    """The instant of the last cut of all lists; 0 before the first."""
    schedules: dict[str, str] = field(default_factory=dict)
    """The own schedule of each list."""


def past(connection: Connection) -> Past:
    """What the last cut left."""
    kept = json.loads(_get(connection, _KEY) or "{}")
    return Past(kept.get("at", 0), kept.get("schedules", {}))


def remember(connection: Connection, now: Past) -> None:
    """Leave it to the next cut."""
    _set(connection, _KEY, json.dumps(asdict(now), ensure_ascii=False, sort_keys=True))


def schedules(settings: Settings) -> dict[str, str]:
    """The own schedule of each list, for comparing."""
    return {one.name: repr(lists.schedule_of(settings, one)) for one in settings.lists}


def last_instant(connection: Connection, transport: str, mailing_list: MailingList) -> int:
    """Up to when instant digests of a list were cut for a transport; 0 before the first."""
    return int(_get(connection, instant_key(transport, mailing_list.name)) or 0)


def set_last_instant(connection: Connection, transport: str, mailing_list: MailingList, until: int) -> None:
    """Remember up to when instant digests were cut."""
    _set(connection, instant_key(transport, mailing_list.name), str(until))


def instant_key(transport: str, name: str) -> str:
    """Where ``meta`` has the last instant cut of a list."""
    return f"instant {transport} {name}"


def served(connection: Connection) -> Served:
    """Up to when digests were cut, for each transport, list and schedule that ever had one."""
    rows = connection.execute(select(meta.c.key, meta.c.value).where(meta.c.key.startswith(_SERVED)))
    return {row.key: json.loads(row.value) for row in rows}


def note_served(connection: Connection, transport: str, name: str, chosen: Iterable[Chosen], until: int) -> None:
    """Remember that those with some schedules of the list ``name`` had a digest up to ``until``."""
    key = served_key(transport, name)
    known: dict[str, int] = json.loads(_get(connection, key) or "{}")
    for one in map(schedule_key, chosen):
        known[one] = max(known.get(one, 0), until)
    _set(connection, key, json.dumps(known, ensure_ascii=False, sort_keys=True))


def served_key(transport: str, name: str) -> str:
    """Where ``meta`` has up to when a list was served."""
    return f"{_SERVED}{transport} {name}"


def transport_and_list(key: str) -> tuple[str, str]:
    """The other way round."""
    transport, _, name = key.removeprefix(_SERVED).partition(" ")
    return transport, name


def schedule_key(chosen: Chosen) -> str:
    """A schedule as the key of a JSON object: ``weekly``, ``daily 20 Europe/Berlin``."""
    frequency, hour, zone = chosen
    return f"{frequency} {'' if hour is None else hour} {zone}".rstrip()


def schedule_of(key: str) -> Chosen:
    """The other way round."""
    frequency, hour, zone = [*key.split(" "), "", ""][:3]
    return frequency, int(hour) if hour else None, zone


def _get(connection: Connection, key: str) -> str:
    value: Any = connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar()
    return value or ""


def _set(connection: Connection, key: str, value: str) -> None:
    connection.execute(delete(meta).where(meta.c.key == key))
    connection.execute(insert(meta).values(key=key, value=value))
