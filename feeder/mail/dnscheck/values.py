"""What is found: what is wrong, and the records as they should be."""

from __future__ import annotations

from dataclasses import dataclass

from feeder.errors import Problem


@dataclass(frozen=True, slots=True)
class Wanted:
    """A record as it should be."""

    name: str
    kind: str
    value: str
    present: bool


@dataclass(frozen=True, slots=True)
class Told:
    """What was found."""

    problems: tuple[Problem, ...]
    wanted: tuple[Wanted, ...]
