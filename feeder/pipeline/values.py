"""What a run is asked, and what it tells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from feeder.errors import Problem
from feeder.index import Index
from feeder.inputs import Progress
from feeder.plan import Change


@dataclass(frozen=True, slots=True)
class Options:
    """How to publish."""

    dry_run: bool = False
    force: bool = False
    mail: bool = True
    progress: Progress | None = None
    lock_timeout: float = 60.0
    """Seconds to wait for another publish."""
    seen: Index | None = None
    """How the inputs look, where the fast path has looked already."""
    every_problem: bool = True
    """Report all standing problems, not only those that are new."""


@dataclass(frozen=True, slots=True)
class Due:
    """What happens next, without any edit."""

    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did."""

    at: datetime
    exit_code: int
    title: str
    public: int
    """Entries that can be read now."""
    changes: tuple[Change, ...] = ()
    problems: tuple[Problem, ...] = ()
    """All that stand."""
    fresh: tuple[Problem, ...] = ()
    """Those not told before."""
    written: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    unchanged: int = 0
    """Files that were made and found to be as they are."""
    deployed: bool | None = None
    """None: nothing to deploy, or no command set."""
    deploy_error: str = ""
    """What the deploy command said when it failed."""
    next: Due | None = None
    seconds: float = 0.0
    """How long it took; measured by the caller, who owns the clock."""
