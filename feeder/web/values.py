"""What the pages ask of the process that serves them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

Why = Literal["mail", "entries"]
"""What there is to do: something was queued that should leave soon, or an input changed."""


@dataclass(frozen=True, slots=True)
class Condition:
    """How the process that serves the pages is, for ``/healthz`` and ``/metrics``."""

    started: datetime
    ok: bool = True
    """Whether it does its work: the last run ended well enough, and the clockwork turns."""
    why: str = ""
    """In one sentence, what is wrong when it is not."""
    failing: tuple[tuple[str, str], ...] = ()
    """All that fails, as where and what; some of it keeps the process from none of its work."""
    last_run: datetime | None = None
    last_exit: int | None = None
    """Exit code of the last run, as of ``publish``."""
    next: datetime | None = None
    """When something happens next without any edit."""
    next_why: str = ""
    runs: Mapping[int, int] = field(default_factory=dict)
    """Exit code -> how many runs ended so since the start."""
    run_seconds: float = 0.0
    """How long those runs took, all together."""
    watching: str = ""
    """How changes are noticed: ``inotify``, ``polling``, or nothing."""
    digests: int = 0
    """Digests cut since the start."""
    sent: int = 0
    """Messages that left since the start."""
    failures: int = 0
    """Runs since the start that ended by a fault of ours."""


class Office(Protocol):
    """Whoever runs the pages; methods may be called from any thread."""

    def now(self) -> datetime:
        """The time, in UTC."""

    def ring(self, why: Why) -> None:
        """There is something to do; returns at once."""

    def condition(self) -> Condition:
        """How things stand."""
