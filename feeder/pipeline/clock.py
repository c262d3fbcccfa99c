"""Whether the clock can be right: digests cut and entries released in the year 2200 could not be mended afterwards.

What is released later counts as later still, so that no digest misses it: it would be mailed in 2200. So under a clock
that is far ahead of all that is known, nothing is released or sent. One that is behind does no harm.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from feeder import dates, index
from feeder.errors import ClockAhead
from feeder.history import History
from feeder.index import Index

AHEAD: Final = timedelta(days=400)
"""So far ahead of the last run and of every file a clock may be: publications rest for months."""
_NOTED: Final = "clock"
_SELDOM: Final = timedelta(days=1)


def require_plausible(history: History, seen: Index | None, now: datetime) -> None:
    """Raise ``ClockAhead`` where neither an earlier run nor a file that was ``seen`` is of about this time.

    A history that knows of no run yet has nothing to lose.
    """
    last = _last(history)
    if last is None or now - last <= AHEAD:
        return
    newest = dates.from_micros(index.newest(seen) // 1000) if seen else last
    if now - newest > AHEAD:
        raise ClockAhead(
            f"the clock says {now.astimezone(UTC):%Y-%m-%d}, but the last run was on {last:%Y-%m-%d}, "
            f"and no file is newer than {max(last, newest):%Y-%m-%d}; nothing was published or sent",
            hint="set the clock; if it is right, `publish --force` once",
        )


def note(history: History, now: datetime) -> None:
    """Remember that there was a run at ``now``; the caller commits it."""
    if now - dates.from_micros(int(history.meta(_NOTED) or 0)) >= _SELDOM:
        history.set_meta(_NOTED, str(dates.to_micros(now)))


def _last(history: History) -> datetime | None:
    """When the last run was that is known."""
    finished = history.meta("finished")
    known = [dates.from_micros(int(at)) for at in (history.meta(_NOTED), history.meta("cut")) if at]
    return max([*known, *([datetime.fromisoformat(finished)] if finished else [])], default=None)
