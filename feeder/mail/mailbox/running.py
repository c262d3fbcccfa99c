"""Going through a mailbox, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from feeder.mail.mailbox.handling import Handling
from feeder.mail.mailbox.outcomes import Done, Result
from feeder.mail.mailbox.sources import Received, Source, Unreadable


@dataclass(slots=True)
class Tally:
    """What became of the messages of a run, so far."""

    counts: Counter[Result] = field(default_factory=Counter)
    suppressed: int = 0
    done: list[tuple[str, Done]] = field(default_factory=list)
    """Each message by its name, but those that nothing followed from."""
    unreadable: list[Unreadable] = field(default_factory=list)

    @property
    def read(self) -> int:
        """How many there were."""
        return sum(self.counts.values())

    def add(self, name: str, done: Done) -> None:
        """Count one."""
        self.counts[done.result] += 1
        self.suppressed += done.suppressed
        if done.result not in ("ignored", "again"):
            self.done.append((name, done))


def run(
    source: Source, handling: Handling, clock: Callable[[], datetime], tally: Tally, *, dry_run: bool = False
) -> None:
    """Deal with all there is; what is for a person stays where it is.

    Args:
        source: the mailbox.
        handling: deals with them.
        clock: tells the time, for each message anew: a mailbox may be large.
        tally: filled while it goes on, so that it is right also when an error ends it.
        dry_run: change nothing, here and in the mailbox.

    Raises:
        MailboxUnreachable, Locked, CannotWrite, MailDamaged: what was dealt with before stays so.
    """
    for message in source.messages():
        if not isinstance(message, Received):
            tally.unreadable.append(message)
            continue
        done = handling.handle(message.data, clock(), dry_run=dry_run)
        if done.result != "left" and not dry_run:
            source.finish(message)
        tally.add(message.name, done)
