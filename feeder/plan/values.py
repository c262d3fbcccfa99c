"""A plan, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from feeder.errors import Problem
from feeder.history import Record, Waiting
from feeder.model import Entry

Kind = Literal["new", "revised", "corrected", "withdrawn", "restored", "moved"]
Named = tuple[str, str, str]
"""``(kind, slug, name)`` of a tag, author or language."""


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one entry."""

    kind: Kind
    id: str
    path: str
    title: str
    url: str
    """Absolute."""


@dataclass(frozen=True, slots=True)
class Step:
    """One entry's part of the plan: what is known of it before and after."""

    change: Change | None
    """None where nobody can see a difference (a renamed file)."""
    before: Record | None
    after: Record
    redirects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What this run will do."""

    now: int
    """Microseconds since the epoch."""
    steps: tuple[Step, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    """What is due later in the files looked at."""
    problems: tuple[Problem, ...] = ()
    labels: tuple[tuple[int, tuple[Named, ...]], ...] = ()
    """The labels of each entry looked at that is public, in the order of release numbers."""
    sealed: int = 0
    """The last archive document that is full after this run."""

    @property
    def changes(self) -> tuple[Change, ...]:
        """What readers or the author would call a change."""
        return tuple(step.change for step in self.steps if step.change)


@dataclass(frozen=True, slots=True)
class Arrived:
    """An entry as it stands in its file now, and where the cache keeps it."""

    entry: Entry
    key: bytes
