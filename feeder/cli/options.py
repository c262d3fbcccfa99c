"""What several commands share: the folder they work in, its settings, and the time."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from feeder.config import Settings
    from feeder.errors import Problem

HELP = {"help_option_names": ["-h", "--help"]}


def in_directory(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option ``-C DIR``, as ``directory``; given to ``feeder`` itself it counts as well.

    A history there that turns out to be damaged while the command reads it is named.
    """

    @wraps(command)
    def naming(*args: object, directory: Path, **options: object) -> object:
        try:
            return command(*args, directory=directory, **options)
        except sqlite3.DatabaseError as error:
            _require_sound(directory, error)
            raise

    return click.option(
        "-C",
        "directory",
        type=click.Path(path_type=Path),
        default=_of_feeder,
        metavar="DIR",
        help="The publication's folder; this one if not given.",
    )(naming)


def _require_sound(directory: Path, error: sqlite3.DatabaseError) -> None:
    """Raise the ``FeederError`` that tells of it, if the disk or the history is the cause."""
    from feeder import history as histories

    root = str(directory.absolute())
    refused = histories.refusal(error)
    if refused is not None:
        raise refused from error
    if histories.is_there(root):
        histories.require_sound(root)


def _of_feeder() -> Path:
    given = click.get_current_context().find_root().obj
    return given if isinstance(given, Path) else Path()


def settings_in(directory: Path) -> Settings:
    """The settings of the publication there; raises ``SettingsError``."""
    from feeder import config

    return config.load(directory.absolute())


def now() -> datetime:
    """The time, in UTC: read here and handed down."""
    return datetime.now(UTC)


def tell_problems(problems: Iterable[Problem], *, everything: bool = False) -> None:
    """Problems on stderr, with excerpts on a terminal."""
    import sys

    from feeder.cli import problems as lines
    from feeder.cli import terminal

    found = tuple(problems)
    person = terminal.is_terminal(sys.stderr)
    paint = terminal.Paint(on=terminal.coloured(sys.stderr))
    for line in lines.told(found, whole=person, paint=paint, most=len(found) if everything else lines.MOST):
        terminal.say(line, sys.stderr)


def say(line: str) -> None:
    """One line on stdout."""
    import sys

    from feeder.cli import terminal

    terminal.say(line, sys.stdout)


def note(line: str) -> None:
    """One line on stderr: advice that does not belong to the result."""
    import sys

    from feeder.cli import terminal

    terminal.say(line, sys.stderr)
