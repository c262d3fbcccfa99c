"""From entries and history to a plan."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Final

from feeder import dates, identity
from feeder.config import Settings
from feeder.errors import MassWithdrawal, Problem
from feeder.history import History, Record
from feeder.model import Entry
from feeder.plan.planner import Planner
from feeder.plan.values import Arrived, Plan, Step

FEWEST_GUARDED: Final = 10


def make_plan(
    arrived: Sequence[Arrived],
    looked: Collection[str],
    history: History,
    now: datetime,
    settings: Settings,
    *,
    authority: str,
    text_of: Callable[[Record | Arrived], str],
    stands: Callable[[Record], bool] = lambda _: False,
    mailed: Callable[[str], int | None] = lambda _: 0,
    force: bool = False,
    there: bool = True,
    ahead: frozenset[str] | None = None,
) -> Plan:
    """Decide what becomes of every entry in the files ``looked`` at (``arrived`` has all of them; some are gone).

    ``mailed`` says of an id up to when the first digest served that had it: 0 where nobody knows, None where none had.
    It is asked of entries that are new or come back. ``ahead`` are the ids of those that are public indeed, where
    others are only shown in a preview: their addresses still follow the author, and they leave no trace.

    Raises ``MassWithdrawal`` when more than half of at least ten public entries would be withdrawn, or any while the
    folder of the entries is not ``there``; unless ``force``.
    """
    entries = [one.entry for one in arrived]
    matches = identity.match(entries, looked, history, text_of, lambda index: text_of(arrived[index]), stands)
    planner = Planner(history, dates.to_micros(now), settings, authority, mailed, ahead)
    for index, one in enumerate(arrived):
        if index not in matches.refused:
            planner.settle(one, matches.known.get(index))
    for record in matches.vanished:
        if record.public:
            planner.withdraw(record, expired=False)
    steps = planner.finish()
    _guard(steps, history, force=force, there=there)
    doubts = (_doubt(entries[i], matches.vanished) for i in matches.doubtful)
    return Plan(
        planner.now,
        tuple(steps),
        tuple(planner.waiting.values()),
        (*matches.refused.values(), *doubts, *planner.addresses.problems),
        tuple(sorted(planner.labels)),
        planner.sealed,
    )


def _guard(steps: Sequence[Step], history: History, *, force: bool, there: bool) -> None:
    public = history.public_count()
    # An expiry was meant, long before: it leaves without a word in the feeds.
    leaving = sum(1 for s in steps if s.change and s.change.kind == "withdrawn" and s.after.tombstone is not None)
    many = public >= FEWEST_GUARDED and leaving * 2 > public
    if (many or (leaving and not there)) and not force:
        why = "" if there else ", since the folder of the entries is not there"
        raise MassWithdrawal(
            f"{leaving} of {public} public entries would be withdrawn{why}; nothing was changed",
            hint="if that is meant, run `publish --force`; else look at [entries] path and at the folder",
        )


def _doubt(entry: Entry, vanished: Sequence[Record]) -> Problem:
    other = next((r for r in vanished if r.public), vanished[0])
    return Problem(
        f"{entry.path}:{entry.line}",
        f"taken as a new entry, while {other.place} ({other.title}) is gone",
        f"if they are the same, write `id: {other.id}` into its front matter; `feeder pin` writes ids into all files",
    )
