"""What a run did about the hub, in lines for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from feeder.cli.terminal import clean

if TYPE_CHECKING:
    from feeder.config import Settings
    from feeder.websub import Notified

MOST: Final = 5
"""Topics named; the rest is counted."""


def told(found: Notified | None, settings: Settings) -> Iterator[str]:
    """Whom the hub was told of, what it refused, and what is left."""
    if not found:
        return
    if found.topics:
        yield f"hub: notified of {_topics(len(found.topics))}"
    if found.refused:
        yield f"hub: refused {_topics(len(found.refused))} ({clean(found.hub)})"
        yield from _named(found.refused)
    if found.owed:
        yield f"hub: {owed(found, settings)}"


def owed(found: Notified, settings: Settings) -> str:
    """``3 topics left: https://hub.example.org/ answered 503 Busy; tried again 2026-11-22 09:01``."""
    why = f": {clean(found.hub)} {clean(found.error)}" if found.error else ""
    if found.next is None:
        return f"{_topics(found.owed)} left until the deploy has succeeded"
    if not why:
        return f"{_topics(found.owed)} left for the next run"
    at = found.next.astimezone(ZoneInfo(settings.site.timezone))
    return f"{_topics(found.owed)} left{why}; tried again {at:%Y-%m-%d %H:%M}"


def troubles(found: Notified | None) -> Iterator[str]:
    """What was given up, for stderr."""
    if found and found.given_up:
        why = f"{clean(found.hub)} {clean(found.error)}"
        yield f"hub: gave up notifying it of {_topics(len(found.given_up))} after three days: {why}"
        yield from _named(found.given_up)


def _named(topics: tuple[str, ...]) -> Iterator[str]:
    yield from (f"  {clean(one)}" for one in topics[:MOST])
    if len(topics) > MOST:
        yield f"  and {len(topics) - MOST:,} more"


def _topics(number: int) -> str:
    return "1 topic" if number == 1 else f"{number:,} topics"
