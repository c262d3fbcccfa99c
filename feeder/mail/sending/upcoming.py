"""When the next message may leave, as the ledger has it. Read only."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import TYPE_CHECKING, Final

from feeder.dates import from_micros
from feeder.mail.sending.limits import ALL

if TYPE_CHECKING:
    from feeder.mail.database import MailDatabase

# The index is walked from one digest and provider to the next, a seek each, however many rows stand behind them.
_PAIR: Final = """
SELECT digest, provider FROM delivery INDEXED BY delivery_open
WHERE transport = ? AND (digest, provider) > (?, ?) AND state IN ('queued', 'deferred', 'sending', 'held')
ORDER BY digest, provider LIMIT 1"""
_FIRST: Final = """
SELECT due_at FROM delivery INDEXED BY delivery_open
WHERE transport = ? AND digest = ? AND provider = ? AND state IN ('queued', 'deferred', 'sending', 'held')
AND state <> 'held' ORDER BY due_at LIMIT 1"""
_LEAVES: Final = "SELECT send_at FROM digest WHERE id = ? AND state = 'ready'"
_NOTICE: Final = "SELECT min(due_at) FROM notice WHERE state IN ('queued', 'deferred', 'sending')"
_PAUSES: Final = "SELECT provider, until FROM pause WHERE transport = ?"


def next_due(database: MailDatabase, transport: str) -> datetime | None:
    """The first instant at which anything queued may be sent, past ones included.

    None: nothing is queued, or it waits for a person (held, paused by hand). What a day's volume holds back counts as
    due: whoever waits for it tries again now and then.
    """
    connection = database.raw()
    try:
        pauses: dict[str, int] = dict(connection.execute(_PAUSES, (transport,)))
        found = [at for at in (_deliveries(connection, transport, pauses), _notices(connection, pauses)) if at]
    finally:
        connection.close()
    return from_micros(min(found)) if found else None


def _deliveries(connection: sqlite3.Connection, transport: str, pauses: dict[str, int]) -> int | None:
    place, found = (0, ""), []
    while pair := connection.execute(_PAIR, (transport, *place)).fetchone():
        place = (pair[0], pair[1])
        leaves = connection.execute(_LEAVES, (pair[0],)).fetchone()
        if leaves is None:
            place = (pair[0] + 1, "")
            continue
        first = connection.execute(_FIRST, (transport, *pair)).fetchone()
        if first is not None:
            found.append(max(first[0], leaves[0], pauses.get(pair[1], 0), pauses.get(ALL, 0)))
    return min(found, default=None)


def _notices(connection: sqlite3.Connection, pauses: dict[str, int]) -> int | None:
    first = connection.execute(_NOTICE).fetchone()[0]
    return None if first is None else max(int(first), pauses.get(ALL, 0))
