"""What a run asks of the mail database before it opens it: by the driver alone, which costs no import.

What cannot be read is nobody's answer here; whoever opens the database tells what is wrong with it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator

from feeder.config.settings import Settings
from feeder.history.swapping import finish
from feeder.mail.database import path_of
from feeder.mail.driver import connected

_MAILED = "SELECT e.entry, min(d.until) FROM digest_entry AS e JOIN digest AS d ON d.id = e.digest GROUP BY e.entry"
_NEXT_LIST = "SELECT min(list) FROM subscription WHERE list > ?"
_ACTIVE = "SELECT 1 FROM subscription WHERE list = ? AND state = 'active' LIMIT 1"


def mailed(settings: Settings) -> dict[str, int] | None:
    """Id of each entry that any digest had -> up to when the first one served, in microseconds.

    None where the file cannot be read.
    """
    path = path_of(settings)
    finish(str(settings.root))
    if not os.path.lexists(path):
        return {}
    try:
        connection = connected(path)
        try:
            return dict(connection.execute(_MAILED))
        finally:
            connection.close()
    except sqlite3.DatabaseError:
        return None


def unlisted(settings: Settings) -> list[str]:
    """Names of the lists with active subscribers that the settings do not name."""
    path = path_of(settings)
    finish(str(settings.root))
    if not os.path.lexists(path):
        return []
    known = {one.name for one in settings.lists}
    try:
        connection = connected(path)
        try:
            names = [name for name in _names(connection) if name not in known]
            return [name for name in names if connection.execute(_ACTIVE, (name,)).fetchone() is not None]
        finally:
            connection.close()
    except sqlite3.DatabaseError:
        return []


def _names(connection: sqlite3.Connection) -> Iterator[str]:
    """Of all lists that anybody subscribed to, by a step of the index each."""
    name = ""
    while (found := connection.execute(_NEXT_LIST, (name,)).fetchone()[0]) is not None:
        yield (name := str(found))
