"""What several commands share: the folder they work in, its settings, and the time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from feeder.config import Settings
    from feeder.errors import Problem

HELP = {"help_option_names": ["-h", "--help"]}


def in_directory(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option ``-C DIR``, as ``directory``; given to ``feeder`` itself it counts as well."""
    return click.option(
        "-C",
        "directory",
        type=click.Path(path_type=Path),
        default=_of_feeder,
        metavar="DIR",
        help="The publication's folder; this one if not given.",
    )(command)


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
