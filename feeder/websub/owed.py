"""What the hub still has to be told, and when it is tried next: ``.feeder/hub``.

The file's own time is that of the next try, so that the fast path need not open it. Losing it costs those who subscribe
at the hub one delay, until the next change.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from feeder import feeds, index

SOON: Final = 60.0
"""Seconds: a change that finds the hub out of reach is tried within these, whatever the back-off says."""
LONGEST: Final = 6 * 3600.0
"""Seconds between two tries, at most."""

_END: Final = 250_000_000_000.0
"""Seconds: in the year 9892; nothing is due later."""
_PLACE = re.compile(r"(?:(?:tags|authors|languages|digests)/[^/]+/)?feed\.(\w+)")


@dataclass(frozen=True, slots=True)
class Owed:
    """What is owed to one hub; all instants are seconds since the epoch."""

    hub: str
    topics: dict[str, float] = field(default_factory=dict)
    """Path of a feed document in ``out/``, in the order in which they are told -> since when it is owed."""
    tries: int = 0
    """Rounds in a row that failed."""
    next: float = 0.0
    """Before this, nothing is asked of the hub."""
    asked: bool = False
    """The hub itself asked for the pause until then (Retry-After)."""
    error: str = ""
    """What went wrong at the last try."""


def is_topic(path: str, also: Iterable[str]) -> bool:
    """Whether what stands at a path in ``out/`` is a feed that people subscribe to: no archive document, no list.

    ``also`` are the old addresses of the main feed.
    """
    if any(path == old.lstrip("/") for old in also):
        return True
    match = _PLACE.fullmatch(path)
    return match is not None and match[1] in {feeds.load(name).SUFFIX for name in feeds.FORMATS}


def owe(known: Owed | None, hub: str, paths: Iterable[str], now: float) -> Owed:
    """``known`` with these topics beside those still owed; what was owed to another hub is nothing to this one."""
    if known is None or known.hub != hub:
        known = Owed(hub)
    fresh = dict.fromkeys(paths, now)
    rest = {path: since for path, since in known.topics.items() if path not in fresh}
    # The main feed first: a round may end before all are told.
    topics = dict(sorted({**fresh, **rest}.items(), key=lambda one: one[0].count("/") > 0))
    soon = known.next if known.asked or not fresh else min(known.next, now + SOON)
    return replace(known, topics=topics, next=soon)


def settle(now_owed: Owed | None, before: Owed, after: Owed) -> Owed:
    """``after`` a round that began with ``before``, and what another run has come to owe meanwhile."""
    if now_owed is None or now_owed.hub != after.hub:
        return after
    fresh = {path: since for path, since in now_owed.topics.items() if before.topics.get(path) != since}
    return owe(after, after.hub, fresh, max(fresh.values())) if fresh else after


def due(known: Owed, now: float) -> bool:
    """Whether the hub is to be asked at ``now``; a clock that was set back does not keep it waiting."""
    return bool(known.topics) and not now < known.next <= now + LONGEST


def load(root: str) -> Owed | None:
    """What is owed; None where nothing is, or where the file is none of ours."""
    try:
        with open(os.path.join(root, index.HUB), "rb") as file:
            data: dict[str, Any] = json.loads(file.read())
        topics = {str(path): float(since) for path, since in data["topics"].items()}
        tries, at, asked = int(data["tries"]), float(data["next"]), bool(data["asked"])
        known = Owed(str(data["hub"]), topics, tries, at, asked, str(data["error"]))
        if not all(0 <= instant < _END for instant in (at, *topics.values())):
            return None
    except (OSError, ValueError, LookupError, TypeError, AttributeError, OverflowError):
        return None
    return known if topics else None


def save(root: str, known: Owed | None) -> None:
    """Write it down, durably; raises OSError. Nothing owed, and there is no file."""
    path = os.path.join(root, index.HUB)
    if known is None or not known.topics:
        if os.path.lexists(path):
            os.unlink(path)
        return
    with open(path + ".new", "wb") as file:
        file.write(json.dumps(asdict(known), ensure_ascii=False).encode("utf-8", "surrogatepass"))
        file.flush()
        os.utime(file.fileno(), (known.next, known.next))
        os.fsync(file.fileno())
    os.rename(path + ".new", path)


def instant(known: Owed, now: datetime) -> datetime:
    """When the hub is asked next: not before ``now``."""
    return max(now, datetime.fromtimestamp(known.next, now.tzinfo))
