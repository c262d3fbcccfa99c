"""A round: what is owed to the hub is told, one notify a topic, for as long as a run may be held."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final

from feeder.websub.caller import ANSWER_S, Answer, Caller
from feeder.websub.owed import LONGEST, Owed, instant

ROUND_S: Final = 5.0
"""Seconds after which no further topic is begun; the one under way has ``ANSWER_S`` more."""
FIRST: Final = 60.0
"""Seconds until a failed round is tried again; each further failure doubles it, up to ``LONGEST``."""
GIVEN_UP: Final = 3 * 24 * 3600.0
"""Seconds after which a topic is owed no more: readers have looked by themselves long since."""


@dataclass(frozen=True, slots=True)
class Notified:
    """What became of telling the hub in one run; topics are absolute addresses."""

    hub: str
    topics: tuple[str, ...] = ()
    """Told, and accepted."""
    refused: tuple[str, ...] = ()
    """``ADDRESS: STATUS REASON`` of those the hub will not hear of; they are not tried again."""
    given_up: tuple[str, ...] = ()
    """Owed for too long."""
    owed: int = 0
    """How many are left for a later run."""
    error: str = ""
    """Why the hub could not be told at the last try; empty where it could."""
    next: datetime | None = None
    """When it is tried again."""

    def __bool__(self) -> bool:
        """Whether there is anything to tell."""
        return bool(self.topics or self.refused or self.given_up or self.owed)


def notify(known: Owed, addresses: Mapping[str, str], agent: str, now: datetime) -> tuple[Owed, Notified]:
    """Tell the hub what is owed; what is owed after that, and what became of it.

    Args:
        known: what is owed, and due.
        addresses: of the topics, by their paths; a path that is missing is no feed any more.
        agent: the User-Agent.
        now: the instant of the run.

    Never raises for what the hub does, and takes no longer than ``ROUND_S + ANSWER_S`` seconds.
    """
    paths = [path for path in known.topics if path in addresses]
    told = dict(zip(paths, _ask(known.hub, [addresses[path] for path in paths], agent), strict=False))
    trouble = next((answer for answer in told.values() if not answer.is_final), None)
    accepted = [path for path in paths if path in told and told[path].accepted]
    refused = [path for path in paths if path in told and told[path].is_final and not told[path].accepted]
    left = _left(known, paths, told, trouble)
    old = [path for path, since in left.items() if trouble is not None and now.timestamp() - since >= GIVEN_UP]
    topics = {path: since for path, since in left.items() if path not in old}
    owed = _scheduled(replace(known, topics=topics), trouble, now, progress=bool(accepted or refused))
    return owed, Notified(
        known.hub,
        topics=tuple(addresses[path] for path in accepted),
        refused=tuple(f"{addresses[path]}: {told[path].status} {told[path].said}".rstrip() for path in refused),
        given_up=tuple(addresses[path] for path in old),
        owed=len(topics),
        error=owed.error,
        next=instant(owed, now) if topics else None,
    )


def _left(known: Owed, paths: list[str], told: Mapping[str, Answer], trouble: Answer | None) -> dict[str, float]:
    """What is owed still, in the order in which it is told."""
    left = [path for path in paths if path not in told or not told[path].is_final]
    if trouble is not None and trouble.status >= 500:
        # A hub that stumbles over one topic shall not do so before it has heard of the others.
        left.sort(key=lambda path: path in told)
    return {path: known.topics[path] for path in left}


def _scheduled(owed: Owed, trouble: Answer | None, now: datetime, *, progress: bool) -> Owed:
    """When the rest is told: at the next run, or after a pause that grows."""
    if trouble is None:
        return Owed(owed.hub, owed.topics, next=now.timestamp())
    tries = 1 if progress else owed.tries + 1
    asked = _asked_for(trouble.retry_after, now)
    pause = min(LONGEST, max(asked, FIRST * 2.0 ** min(tries - 1, 16)))
    return Owed(owed.hub, owed.topics, tries, now.timestamp() + pause, asked > 0, _words(trouble))


def _asked_for(retry_after: str, now: datetime) -> float:
    """Seconds of a Retry-After (RFC 9110 section 10.2.3), which is a number or a date; 0 for none."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return min(LONGEST, float(text[:9]))
    try:
        return min(LONGEST, max(0.0, (parsedate_to_datetime(text) - now).total_seconds()))
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _words(trouble: Answer) -> str:
    return f"answered {trouble.status} {trouble.said}".rstrip() if trouble.status else trouble.said


def _ask(hub: str, topics: list[str], agent: str) -> list[Answer]:
    """One answer a topic, in order, as far as it went: up to the first trouble, or the end of the round.

    A thread does it, since nothing else ends in time when a name server hangs or a server drips.
    """
    caller, answers, ended = Caller(hub, agent), list[Answer](), threading.Event()
    work = threading.Thread(target=_work, args=(caller, topics, answers, ended), name="hub", daemon=True)
    try:
        work.start()
    except RuntimeError:
        return [Answer(said="cannot be asked: this machine starts no further thread")]
    work.join(ROUND_S + ANSWER_S)
    found = list(answers)
    if work.is_alive():
        ended.set()
        caller.close()
        found.append(Answer(said=f"gave no answer within {ROUND_S + ANSWER_S:.0f} seconds"))
    return found


def _work(caller: Caller, topics: list[str], answers: list[Answer], ended: threading.Event) -> None:
    began = time.monotonic()
    for topic in topics:
        if ended.is_set() or time.monotonic() - began > ROUND_S:
            break
        answer = caller.notify(topic)
        if ended.is_set():
            return
        answers.append(answer)
        if not answer.is_final:
            break
    caller.close()
