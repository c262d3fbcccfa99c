"""Brings the ledger onto the disk while messages are under way, without anybody waiting for the disk."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import suppress
from typing import Final

_CHECKPOINT_EVERY: Final = 5
"""Syncs between two checkpoints, which move what was written from the log into the database."""


class Syncer:
    """A thread that forces SQLite's write-ahead log to the disk when asked.

    With ``synchronous = NORMAL`` a commit survives the end of the process, and a power cut once it was synced.

    Args:
        path: of the database.
        connection: its own; closed at the end.
    """

    def __init__(self, path: str, connection: sqlite3.Connection) -> None:
        self._log, self._connection = f"{path}-wal", connection
        self._asked = threading.Event()
        self._over = False
        self._count = 0
        self._thread = threading.Thread(target=self._work, name="ledger to disk", daemon=True)
        self._thread.start()

    def ask(self) -> None:
        """All that is committed by now is to be on the disk soon."""
        self._asked.set()

    def close(self) -> None:
        """Nothing more will be asked for."""
        self._over = True
        self._asked.set()
        self._thread.join()
        self._connection.close()

    def _work(self) -> None:
        while True:
            self._asked.wait()
            self._asked.clear()
            if self._over:
                return
            self._sync()
            self._count += 1
            if self._count % _CHECKPOINT_EVERY == 0:
                # Busy is no harm: the next one takes it along.
                with suppress(sqlite3.Error):
                    self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def _sync(self) -> None:
        try:
            handle = os.open(self._log, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
