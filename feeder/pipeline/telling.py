"""Step 4: what the run did, and what the next one must know."""

from __future__ import annotations

import os
from typing import Final

from feeder import dates, index, inputs
from feeder.errors import CannotCreate, CannotWrite, DeployFailed, FeederError, MailUnreachable
from feeder.inputs import Inputs
from feeder.output import Written
from feeder.pipeline.run import Run
from feeder.pipeline.values import Due, Mailing, Report
from feeder.plan import Change, Plan

REJECTED: Final = 3
_ORDER: Final = (0, 3, 69, 65, 74, 73, 75, 78, 1)
"""Exit codes, the worst last."""
_QUARTER: Final = 15 * 60
"""Seconds after which mail is looked at without any change: somebody may have subscribed, by the web or by mail."""


def code_of(error: FeederError | None) -> int:
    """The exit code of a run that published, and could not mail: 69, unless the disk is to blame."""
    if error is None:
        return 0
    return error.exit_code if isinstance(error, CannotCreate | CannotWrite) else MailUnreachable.exit_code


def worst(*codes: int) -> int:
    """The exit code that counts."""
    return max(codes, key=lambda code: _ORDER.index(code) if code in _ORDER else len(_ORDER))


def dry_report(run: Run, plan: Plan) -> Report:
    """What a run would do; everything that was noted on the way is forgotten."""
    run.history.roll_back()
    run.cache.commit()
    return Report(
        at=run.now,
        exit_code=REJECTED if any(problem.rejects for problem in run.fresh) else 0,
        title=run.settings.site.title,
        public=run.history.public_count() + sum(_delta(change) for change in plan.changes),
        changes=plan.changes,
        problems=tuple(dict.fromkeys([*run.history.problems(), *run.fresh])),
        fresh=tuple(run.fresh),
    )


def report(
    run: Run, looked: Inputs, plan: Plan, written: Written, *, deployed: bool | None, cut: Mailing | None = None
) -> Report:
    """What was done; the index is written, so that the next run can see that nothing has changed."""
    history, cut = run.history, cut or Mailing()
    code = REJECTED if history.problem_count(rejecting=True) else 0
    code = worst(code, DeployFailed.exit_code if run.deploy_error else 0, code_of(cut.error))
    due = min((one for one in (_next(run), cut.next) if one), key=lambda one: one.at, default=None)
    _remember(run, looked, due, code, owed=deployed is False or cut.error is not None)
    return Report(
        at=run.now,
        exit_code=code,
        title=run.settings.site.title,
        public=history.public_count(),
        changes=plan.changes,
        problems=tuple(history.problems()) if run.options.every_problem else tuple(run.fresh),
        fresh=tuple(run.fresh),
        written=written.paths,
        deleted=written.deleted,
        unchanged=len(run.same.difference(written.paths)),
        deployed=deployed,
        deploy_error=run.deploy_error,
        next=due,
        mailing=cut,
    )


def _next(run: Run) -> Due | None:
    waiting = run.history.next_due()
    due = Due(dates.from_micros(waiting.at), waiting.why) if waiting else None
    if run.settings.follow:
        from feeder.importers import feed

        at = feed.next_poll(run.settings, run.now)
        if at is not None and (due is None or at < due.at):
            due = Due(at, "followed feed")
    return due


def _remember(run: Run, looked: Inputs, due: Due | None, code: int, *, owed: bool) -> None:
    """Write the index, so that the next run can see at once that nothing has changed."""
    run.cache.commit()
    inputs.watch_assets(run.settings, run.cache, looked)
    seen = looked.index
    # What is deleted there shows as a change of the folder.
    output = os.path.join(run.root, run.settings.output.path)
    seen.watched[output] = index.stat(output)
    seen.trees = {folder: index.settled(tree, looked.looked_at) for folder, tree in seen.trees.items()}
    seen.due = 0.0 if owed else due.at.timestamp() if due else float("inf")
    if run.settings.lists:
        now = run.now.timestamp()
        seen.due = min(seen.due, now - now % _QUARTER + _QUARTER)
    seen.exit_code = code
    index.save(run.root, seen)


def _delta(change: Change) -> int:
    return {"new": 1, "restored": 1, "withdrawn": -1}.get(change.kind, 0)
