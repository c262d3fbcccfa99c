"""How things stand, from what the last run left; nothing is read or written."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from feeder import dates, identity
from feeder import history as histories
from feeder.config import Settings
from feeder.errors import Problem
from feeder.output import deploy, held, lock
from feeder.pipeline import Due, notifying

if TYPE_CHECKING:
    from feeder.websub import Notified


@dataclass(frozen=True, slots=True)
class Status:
    """What is public, wrong and due."""

    public: int
    last: datetime | None
    """When something was last published; None before the first time."""
    problems: tuple[Problem, ...]
    next: Due | None
    unfinished: datetime | None
    """When a run began that failed, was killed or is at work; the next one that succeeds finishes it."""
    at_work: bool
    """Somebody publishes at this moment."""
    held: bool = False
    """After a rollback, publishing waits until an input changes."""
    undeployed: int = 0
    """Files that the deploy command still has to move."""
    hub: Notified | None = None
    """What the hub has still to be told; None: nothing."""


def known_ids(settings: Settings) -> Callable[[str], bool]:
    """Whether an id is that of something published; every id is, as long as there is no history."""
    if not os.path.exists(settings.root / histories.FILE):
        return lambda _: True
    with histories.open_history(str(settings.root), writing=False) as history:
        ids = {record.id for record in history.everything()}
        authority = history.meta("authority")
        for name, _ in history.digest_lists():
            ids.update(identity.of_digest(authority, digest.path) for digest in history.digests(name))
    return ids.__contains__


def status(settings: Settings, now: datetime) -> Status:
    """How the publication stands at ``now``."""
    found = of_history(settings.root, now)
    if not os.path.exists(settings.root / histories.FILE):
        return found
    return replace(
        found,
        held=held(settings) is not None,
        undeployed=len(deploy.owed(settings.root)) if settings.output.deploy else 0,
        hub=notifying.standing(settings, now),
    )


def of_history(root: Path, now: datetime) -> Status:
    """What is known of it without settings."""
    at_work = lock.is_held(root)
    if not os.path.exists(root / histories.FILE):
        return Status(0, None, (), None, None, at_work)
    with histories.open_history(str(root), writing=False) as history:
        due = history.next_due()
        at = dates.from_micros(due.at) if due else now
        return Status(
            public=history.public_count(),
            last=_instant(history.meta("finished")),
            problems=tuple(history.problems()),
            next=Due(max(at, now), due.why) if due else None,
            unfinished=_instant(history.meta("started")),
            at_work=at_work,
        )


def _instant(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
