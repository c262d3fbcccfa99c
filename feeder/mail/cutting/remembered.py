"""What cutting remembers from run to run, beside what subscriptions were served."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select

from feeder.config.settings import MailingList, Settings
from feeder.mail import lists
from feeder.mail.schema import meta

_KEY: Final = "cut"


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


def _get(connection: Connection, key: str) -> str:
    value: Any = connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar()
    return value or ""


def _set(connection: Connection, key: str, value: str) -> None:
    connection.execute(delete(meta).where(meta.c.key == key))
    connection.execute(insert(meta).values(key=key, value=value))
