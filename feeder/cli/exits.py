"""The exit codes, as data: docs/reference/exit-codes.md is tested against it."""

from __future__ import annotations

from typing import NamedTuple


class Exit(NamedTuple):
    """One exit code and what it tells whoever started the command."""

    code: int
    meaning: str


EXITS = (
    Exit(0, "fine, or nothing to do"),
    Exit(1, "our own fault; please report it"),
    Exit(2, "the command was called in a way it does not understand"),
    Exit(3, "published, but entries were rejected; `feeder check`: there are problems"),
    Exit(65, "nothing published, because of what the entries, the history or the result hold"),
    Exit(69, "the deploy command failed; it is tried again at the next run"),
    Exit(73, "a file or folder cannot be created"),
    Exit(74, "writing failed, or the disk is full; what was public stays public"),
    Exit(75, "another `publish` holds the lock; try again later"),
    Exit(78, "feeder.toml is wrong or missing"),
    Exit(130, "interrupted (Ctrl-C); what was public stays public"),
)

REJECTED = 3
INTERRUPTED = 130
