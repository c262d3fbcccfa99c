"""``publish``: the order in which things happen, and nothing else.

Read what changed, decide what becomes of it, make what must be made, let it go live, and remember it: the history is
committed twice, first with what is meant (and that a run is under way), then with what came of it. A run that was
killed in between is finished by the next one, which then looks at everything. Mail comes last: digests are cut of what
is public and deployed, their own pages go live, the hub is told, and only then is anything sent. Hub and sending have
locks of their own, so that no entry waits for either.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from feeder import cache as caching
from feeder import config, index, inputs
from feeder import history as histories
from feeder.config import Settings
from feeder.errors import HistoryDamaged, Problem
from feeder.inputs import Inputs, Progress
from feeder.output import Written, held, publishing, release, served
from feeder.output.deploy import owed
from feeder.pipeline import clock, mailing, notifying
from feeder.pipeline.deciding import decide, settle
from feeder.pipeline.gathering import add_what_is_due, gather
from feeder.pipeline.making import deploy, make
from feeder.pipeline.run import Run
from feeder.pipeline.telling import code_of, dry_report, report, worst
from feeder.pipeline.values import Due, Mailing, Options, Post, Report
from feeder.plan import Change, Plan

if TYPE_CHECKING:
    from feeder.websub import Notified

__all__ = ["Change", "Due", "Mailing", "Options", "Post", "Report", "deliver", "is_published", "notify", "publish"]

FOLLOWING: Final = "feeder.toml [[follow]]"
FRONT: Final = "index.html"
"""A file that every output has."""


def publish(settings: Settings, now: datetime, options: Options | None = None) -> Report:
    """Bring ``out/`` in line with the entries as they are at ``now``.

    Raises:
        Locked: another publish holds the lock.
        HistoryDamaged: it was left as it is, and nothing was published.
        DataError: nothing was published, because of what entries or history hold.
        CannotCreate, CannotWrite: the output cannot be written; what was public stays.
        ClockAhead: ``now`` cannot be true.
    """
    options = options or Options()
    done = _publish(settings, now, options)
    done = _notify(settings, now, options, done)
    return _mail(settings, now, options, done)


def notify(settings: Settings, now: datetime) -> Notified | None:
    """Tell the hub what is owed to it and due, and nothing else; beside a publish, under a lock of its own.

    It takes ten seconds at most, and never raises for what the hub does. None: nothing is owed.
    """
    return notifying.notify(settings, now)


def deliver(settings: Settings, now: datetime, post: Post, progress: Progress | None = None) -> Mailing:
    """Send what is queued and due, and nothing else; beside a publish, under a lock of its own.

    No digest leaves while files wait for the deploy command: it leads to them. System mails do, among them the alarm
    about that very command.
    """
    if not mailing.wanted(settings):
        return Mailing()
    waiting = bool(settings.output.deploy and owed(settings.root))
    return mailing.send(settings, now, post, progress, notices_only=waiting)


def _notify(settings: Settings, now: datetime, options: Options, done: Report) -> Report:
    """Tell the hub which feeds changed; whatever becomes of that, the run has published."""
    if not options.notify or options.dry_run or options.ahead is not None or done.deployed is False:
        return done
    told = notify(settings, now)
    again = Due(told.next, "hub") if told and told.next else None
    due = min((one for one in (done.next, again) if one), key=lambda one: one.at, default=None)
    return replace(done, hub=told, next=due)


def _mail(settings: Settings, now: datetime, options: Options, done: Report) -> Report:
    """Send what waits, unless a page that it leads to is not public yet."""
    if options.post is None or options.dry_run or not options.mail or done.deployed is False or done.mailing.error:
        return done
    sent = deliver(settings, now, options.post, options.progress)
    code = worst(done.exit_code, code_of(sent.error))
    return replace(
        done, mailing=replace(done.mailing, tally=sent.tally, waiting=sent.waiting, error=sent.error), exit_code=code
    )


def _publish(settings: Settings, now: datetime, options: Options) -> Report:
    root = str(settings.root)
    fresh_start = options.dry_run and not histories.is_there(root)
    with publishing(settings.root, now, options.lock_timeout):
        try:
            return _attempt(settings, now, options)
        except sqlite3.DatabaseError as error:
            if (refused := histories.refusal(error)) is not None:
                raise refused from error
            histories.require_sound(root)
            # So it is the cache that is damaged, which is made of nothing but the files.
            caching.remove(root)
            index.drop(root)
            return _again(settings, now, options)
        finally:
            if fresh_start:
                _forget_all(root)


def _again(settings: Settings, now: datetime, options: Options) -> Report:
    try:
        return _attempt(settings, now, options)
    except sqlite3.DatabaseError as error:
        raise HistoryDamaged(
            f"{histories.FILE} was written by another version of feeder ({error}); it was left as it is",
            hint="use that version, or move the file away and run `feeder recover`",
        ) from error


def _forget_all(root: str) -> None:
    """Leave nothing of a dry run in a publication that was never published; the lock is still held, and stays."""
    histories.remove(root)
    caching.remove(root)
    for name in ("assets", "templates"):
        shutil.rmtree(os.path.join(root, ".feeder", name), ignore_errors=True)


def _attempt(settings: Settings, now: datetime, options: Options) -> Report:
    root = str(settings.root)
    following = _follow(settings, now, options)
    with histories.open_history(root) as history, caching.open_cache(root) as cache:
        return _in_order(Run(settings, now, options, history, cache), following)


def _follow(settings: Settings, now: datetime, options: Options) -> list[Problem]:
    if not settings.follow or options.dry_run:
        return []
    from feeder.importers import feed

    return feed.poll(settings, now)


def _in_order(run: Run, following: Sequence[Problem]) -> Report:
    """The whole run, in order."""
    options = run.options
    looked = inputs.survey(run.settings, run.history, run.cache, run.options.seen)
    if options.ahead is None and not options.force:
        clock.require_plausible(run.history, looked.index, run.now)
    if _is_held(run, looked):
        return report(run, looked, Plan(run.micros), Written(), deployed=deploy(run, Written()))
    if _is_deleted(run):
        looked.everything = looked.feeds = True
    add_what_is_due(run, looked)
    arrived = gather(run, looked)
    run.tell(FOLLOWING, following)
    run.tell(run.settings.entries.path, [_illegible(path) for path in looked.illegible])
    run.tell(config.FILE, run.settings.problems)
    plan = settle(run, looked, arrived)
    if options.dry_run:
        return dry_report(run, plan)
    clock.note(run.history, run.now)
    jobs = decide(run, looked, plan)
    written = make(run, looked, jobs)
    deployed = deploy(run, written)
    cut = mailing.cut(run, looked) if options.mail and deployed is not False else Mailing()
    if cut.pages:
        shown = mailing.show(run, looked, cut.pages)
        written, deployed = written.and_then(shown), deploy(run, shown)
    return report(run, looked, plan, written, deployed=deployed, cut=cut)


def _is_held(run: Run, looked: Inputs) -> bool:
    """After a rollback nothing is published until an input changes."""
    hold = held(run.settings)
    if hold is None or run.options.dry_run:
        return False
    if hold == inputs.fingerprint(looked):
        return True
    # Until this run is through, the next one must know that out/ is behind the history.
    looked.everything = looked.feeds = True
    run.history.set_meta("started", run.now.isoformat())
    run.history.commit()
    release(run.settings)
    return False


def is_published(settings: Settings) -> bool:
    """Whether there is an output that was made here, and a history of it."""
    return histories.is_there(str(settings.root)) and os.path.exists(served(settings) / FRONT)


def _is_deleted(run: Run) -> bool:
    """Whether somebody deleted the output, or emptied it: what changed since would stand there alone."""
    return run.history.is_output(FRONT) and not os.path.exists(served(run.settings) / FRONT)


def _illegible(path: str) -> Problem:
    return Problem(path, "the file's name is not UTF-8", "rename it, best with letters and digits", True)
