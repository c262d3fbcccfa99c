"""What was published before: one SQLite file, precious, written in one transaction per run.

It answers who an entry is (id, permalink), since when it is public, and what stands where; it holds nothing that
could be derived from the entries, but for what lists of entries show, so that one edit need not read all files.
Instants are integers: microseconds since the epoch, UTC.
"""

from __future__ import annotations

from feeder.history.notes import pack
from feeder.history.opening import (
    FILE,
    History,
    empty_history,
    is_there,
    open_history,
    read_history,
    refusal,
    remove,
    require_sound,
)
from feeder.history.records import BACK_DATED, TOMBSTONE_US, DigestRecord, Label, Record, Waiting, without_tombstone

__all__ = [
    "BACK_DATED",
    "FILE",
    "TOMBSTONE_US",
    "DigestRecord",
    "History",
    "Label",
    "Record",
    "Waiting",
    "empty_history",
    "is_there",
    "open_history",
    "pack",
    "read_history",
    "refusal",
    "remove",
    "require_sound",
    "without_tombstone",
]
