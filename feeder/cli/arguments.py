"""The command line of ``publish``, read without click, whose import costs more than most runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

LOCK_TIMEOUT = 60.0
"""Seconds to wait for another ``publish``."""

_FLAGS = {
    "-n": "dry_run",
    "--dry-run": "dry_run",
    "-q": "quiet",
    "--quiet": "quiet",
    "-v": "verbose",
    "--verbose": "verbose",
    "--json": "as_json",
    "--force": "force",
    "--no-mail": "no_mail",
}


@dataclass(slots=True)
class Arguments:
    """What one ``publish`` was asked to do."""

    directory: Path = Path()
    dry_run: bool = False
    quiet: bool = False
    verbose: bool = False
    as_json: bool = False
    force: bool = False
    no_mail: bool = False
    at_once: str = ""
    """A list whose digest is cut and sent now; `feeder digest send` asks for it."""
    lock_timeout: float = LOCK_TIMEOUT
    """Seconds; 0 does not wait."""


def parse(argv: list[str]) -> Arguments | None:
    """The arguments, or ``None`` for whatever needs click: help, mistakes, unusual spellings."""
    made = Arguments()
    left = list(argv)
    while left:
        word = left.pop(0)
        if word in _FLAGS:
            setattr(made, _FLAGS[word], True)
        elif word == "-C" and left:
            made.directory = Path(left.pop(0))
        elif word == "--lock-timeout" and left and left[0].isdecimal():
            made.lock_timeout = float(left.pop(0))
        else:
            return None
    return None if made.quiet and made.verbose else made
