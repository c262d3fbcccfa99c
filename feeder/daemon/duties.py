"""What is due when: pure arithmetic over instants, no clock and no timer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

Kind = Literal["entry", "digest", "feed", "safety", "retry", "mail"]

SAFETY: Final = timedelta(minutes=15)
"""After so long without any run there is one, whatever the watcher and the clocks say."""
LATE: Final = timedelta(hours=1)
"""A run that begins no later than this behind a due instant is one of that instant."""
PATIENCE: Final = timedelta(minutes=1)
"""After a first failure there is another try…"""
LONGEST: Final = timedelta(minutes=15)
"""…and after the tenth no later than this."""


@dataclass(frozen=True, slots=True, order=True)
class Duty:
    """Something to do at an instant."""

    at: datetime
    kind: Kind
    why: str
    """In words: ``entry TITLE``, ``digest LIST``."""

    @property
    def publishes(self) -> bool:
        """Whether a publish does it; mail that was put off only needs sending."""
        return self.kind != "mail"


def moment(duties: Iterable[Duty], wall: datetime) -> datetime:
    """The ``now`` of a publish that begins when the clock says ``wall``.

    It is the earliest instant at which an entry or a digest was due, where that was not long ago: an entry due at the
    very minute of a digest is then released at that minute and not some seconds behind it, and the digest has it.
    """
    came = (duty.at for duty in duties if duty.kind in {"entry", "digest"} and wall - LATE <= duty.at <= wall)
    return min(came, default=wall)


def later_than(duties: Iterable[Duty], done: datetime) -> tuple[Duty, ...]:
    """Those that a publish of the instant ``done`` has not had its chance at, the next one first."""
    return tuple(sorted(duty for duty in duties if duty.at > done))


def safety(wall: datetime) -> Duty:
    """The run that comes if no other does."""
    return Duty(wall + SAFETY, "safety", "a look at everything")


def backed_off(times: int) -> timedelta:
    """How long to wait after something failed for the ``times``-th time in a row (from 1)."""
    return min(PATIENCE * (1 << min(max(times, 1) - 1, 10)), LONGEST)


def first(duties: Iterable[Duty]) -> Duty | None:
    """What comes next that people would call an event: the safety run and tries are none."""
    return min((duty for duty in duties if duty.kind not in {"safety", "retry"}), default=None)
