"""Who the process talks to, and how it names what goes wrong."""

from __future__ import annotations

import errno
import sqlite3
from typing import TYPE_CHECKING, Final, Protocol

from feeder.errors import CannotCreate, CannotWrite, FeederError, SettingsError

if TYPE_CHECKING:
    from feeder.config import Settings
    from feeder.pipeline import Mailing, Report

_NO_ROOM: Final = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG, errno.EROFS}
_FAULT: Final = 1
_LONGEST: Final = 600
"""Characters of a line; a deploy command may say a lot."""


class Voice(Protocol):
    """Whoever prints; methods may be called from any thread."""

    def say(self, line: str) -> None:
        """Something happened."""

    def warn(self, line: str) -> None:
        """Something is wrong."""

    def published(self, report: Report, settings: Settings) -> None:
        """A run ended; what went wrong with deploy and mail is said by ``warn``."""

    def sent(self, mailing: Mailing, settings: Settings) -> None:
        """Mail left, or was given up."""


def code_of(error: Exception) -> int:
    """The exit code that ``publish`` would have ended with."""
    if isinstance(error, FeederError):
        return error.exit_code
    if isinstance(error, OSError):
        return CannotWrite.exit_code if error.errno in _NO_ROOM else CannotCreate.exit_code
    return _FAULT


def words_of(error: Exception) -> str:
    """What went wrong, in one line for people."""
    if isinstance(error, SettingsError) and error.problems:
        return _listed([one_line(str(problem)) for problem in error.problems])
    if isinstance(error, FeederError):
        return one_line(str(error) + (f" ({error.hint})" if error.hint else ""))
    if isinstance(error, OSError) and error.strerror:
        return one_line(error.strerror + (f": {error.filename}" if error.filename else ""))
    if isinstance(error, sqlite3.Error):
        return one_line(f"a database cannot be read: {error}")
    return one_line(f"a fault of feeder's own: {type(error).__name__}: {error}{_where(error)}; please report it")


def _listed(lines: list[str]) -> str:
    """All of them in one line, as far as there is room; how to see the others."""
    shown = lines[:1]
    for line in lines[1:]:
        if sum(map(len, shown)) + len(line) > _LONGEST:
            break
        shown.append(line)
    rest = len(lines) - len(shown)
    return "; ".join(shown) + (f"; and {rest:,} more, which `feeder check` lists" if rest else "")


def one_line(text: str) -> str:
    """Text as one line, not too long for a log."""
    line = "; ".join(line.strip() for line in text.splitlines() if line.strip())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]} …"


def _where(error: Exception) -> str:
    trace, where = error.__traceback__, ""
    while trace is not None:
        where = f" at {trace.tb_frame.f_code.co_filename.rpartition('feeder/')[2]}:{trace.tb_lineno}"
        trace = trace.tb_next
    return where
