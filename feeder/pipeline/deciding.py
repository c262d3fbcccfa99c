"""Step 2: what becomes of every entry, written into the history before anything is made."""

from __future__ import annotations

from collections.abc import Sequence

from feeder import history as histories
from feeder import identity, index, inputs, scope
from feeder.catalog import authority_of, has_real_url
from feeder.history import Record
from feeder.inputs import Inputs
from feeder.pipeline import mailing
from feeder.pipeline.run import Run
from feeder.plan import Arrived, Plan, make_plan


def settle(run: Run, looked: Inputs, arrived: Sequence[Arrived]) -> Plan:
    """The plan for what arrived; raises ``MassWithdrawal`` before anything is written."""
    plan = make_plan(
        arrived,
        {*looked.paths, *looked.gone},
        run.history,
        run.now,
        run.settings,
        authority=_authority(run),
        text_of=lambda one: _text(run, looked, one),
        stands=lambda record: _stands(run, record),
        mailed=mailing.mailed(run.settings, run.history),
        force=run.options.force,
        there=(run.settings.root / run.settings.entries.path).is_dir(),
        ahead=run.options.ahead,
    )
    run.fresh += [problem for problem in plan.problems if problem not in run.told]
    for problem in plan.problems:
        if problem.rejects:
            run.history.add_problems(problem.path, [problem])
    return plan


def _authority(run: Run) -> str:
    """Under what name new ids are minted: settled by the first publish with a real address, then kept."""
    kept = run.history.meta("authority")
    if kept and not run.settings.site.authority and run.history.meta("authority_real"):
        return kept
    year = run.history.meta("authority_year") or str(run.now.year)
    run.history.set_meta("authority_year", year)
    authority = authority_of(run.settings, year)
    run.history.set_meta("authority", authority)
    run.history.set_meta("authority_real", "1" if has_real_url(run.settings) else "")
    return authority


def _text(run: Run, looked: Inputs, one: Record | Arrived) -> str:
    if isinstance(one, Arrived):
        anchor, title = one.entry.anchor, one.entry.title
        reading = run.cache.get(one.key)
    else:
        anchor, title = one.anchor, one.title
        try:
            reading = inputs.loader(run.settings, run.history, run.cache, looked.context)(one)
        except LookupError:
            reading = None
    entries = reading.entries if reading else ()
    return next((identity.text(entry.title, entry.html) for entry in entries if entry.anchor == anchor), title)


def _stands(run: Run, record: Record) -> bool:
    """Whether the file of a record, as it was last read, holds its entry (a draft, say, or one of tomorrow)."""
    key = run.cache.file_key(record.path)
    reading = run.cache.get(key, html=False) if key else None
    return reading is not None and any(entry.anchor == record.anchor for entry in reading.entries)


def decide(run: Run, looked: Inputs, plan: Plan) -> list[str]:
    """Write the plan into the history, find what has to be made, and commit: from here on the run is under way."""
    history = run.history
    settled = {step.after.seq for step in plan.steps}
    over = [record for record in history.tombstones_over(run.micros) if record.seq not in settled]
    affected = scope.Affected(history, run.cache, run.settings.feeds.size)
    if not looked.feeds:
        affected.before(plan, over)
    deprived = _apply(run, looked, plan, over)
    if not looked.feeds:
        affected.after(plan, deprived)
        looked.everything = looked.everything or affected.everything
    jobs = affected.jobs()
    if looked.everything:
        # Feeds know nothing of templates; archives are the larger part of what a full build makes.
        wanted = set(jobs)
        jobs = [job for job in scope.all_jobs(history) if looked.feeds or job in wanted or not scope.is_feed(job)]
    if jobs:
        history.set_meta("started", run.now.isoformat())
        index.drop(run.root)
    history.commit()
    # Not before the history: what the cache knows is not read again, and the history must have its text.
    run.cache.commit()
    return jobs


def _apply(run: Run, looked: Inputs, plan: Plan, over: Sequence[Record]) -> list[int]:
    """Write the plan into the history; the numbers of entries that lost an old address to another."""
    history = run.history
    history.put(step.after for step in plan.steps)
    history.put(histories.without_tombstone(record) for record in over)
    for seq, labels in plan.labels:
        history.set_labels(seq, labels)
    history.put_redirects((permalink, step.after.seq) for step in plan.steps for permalink in step.redirects)
    deprived = history.drop_redirects(step.after.permalink for step in plan.steps)
    waiting = {one.path: one for one in plan.waiting}
    for path in (*looked.paths, *looked.gone):
        history.set_waiting(path, waiting.get(path))
    for path, source in run.sources:
        history.put_source(path, source)
    for path in looked.gone:
        run.cache.forget(path)
        history.put_source(path, None)
    history.set_meta("sealed", str(plan.sealed))
    history.set_meta("timezone", run.settings.site.timezone)
    if not history.meta("first_run") and plan.steps:
        history.set_meta("first_run", str(max(step.after.released for step in plan.steps)))
    return deprived
