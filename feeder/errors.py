"""What can go wrong: problems are values, errors mean "cannot go on"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in the input: where it is, what it is, how to mend it.

    A problem never stops other entries. ``rejects`` says that the entry it is about is not
    published in its present form (the last good version stays public).
    """

    place: str
    """File, and line where one is known: ``entries/a.md:3``; relative to the publication."""
    message: str
    hint: str = ""
    rejects: bool = False
    source: str = ""
    """The offending line as it stands in the file, for the excerpt."""
    column: int = 0
    """1-based column of the mark under the excerpt; 0 for none."""
    width: int = 1
    """Length of the mark, in characters."""

    @property
    def path(self) -> str:
        """The file part of ``place``."""
        head, _, tail = self.place.rpartition(":")
        return head if tail.isdigit() else self.place

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" + (f" ({self.hint})" if self.hint else "")


class FeederError(Exception):
    """feeder cannot go on."""

    exit_code: ClassVar[int] = 1
    hint: str

    def __init__(self, message: str = "", *, hint: str = "") -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())
        self.hint = hint


class UsageError(FeederError):
    """The command was called in a way it does not understand."""

    exit_code = 2


class DataError(FeederError):
    """Nothing was published, because of what the entries or the history hold."""

    exit_code = 65


class MassWithdrawal(DataError):
    """This run would withdraw more than half of the public entries."""


class HistoryDamaged(DataError):
    """The history cannot be read; it was left as it is."""


class MailDamaged(DataError):
    """The mail database cannot be read; it was left as it is."""


class MailUnreachable(FeederError):
    """The mail database cannot be reached; nothing was sent or changed."""

    exit_code = 69


class MailboxUnreachable(FeederError):
    """The mailbox cannot be read now; what was dealt with stays so, the rest waits."""

    exit_code = 69


class DeployFailed(FeederError):
    """The deploy command failed; it is tried again at the next run."""

    exit_code = 69


class CannotCreate(FeederError):
    """A file or folder cannot be created."""

    exit_code = 73


class CannotWrite(FeederError):
    """Writing failed (disk full, quota, input/output error); what was public stays public."""

    exit_code = 74


class Locked(FeederError):
    """Another publish holds the lock."""

    exit_code = 75


class ClockAhead(FeederError):
    """The clock is further ahead than can be true; nothing was published or sent."""

    exit_code = 75


class SettingsError(FeederError):
    """feeder.toml is wrong."""

    exit_code = 78

    def __init__(self, message: str = "", *, hint: str = "", problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(message or "\n".join(str(p) for p in problems), hint=hint)
        self.problems = problems
