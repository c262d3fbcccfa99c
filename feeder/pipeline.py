"""``publish``: the order in which things happen, and nothing else.

Read what changed, decide what becomes of it, make what must be made, let it go live, and remember it: the history is
committed twice, first with what is meant (and that a run is under way), then with what came of it. A run that was
killed in between is finished by the next one, which then looks at everything.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from feeder import cache as caching
from feeder import config, dates, identity, index, inputs, scope
from feeder import history as histories
from feeder.cache import Cache
from feeder.catalog import authority_of, has_real_url
from feeder.config import Settings
from feeder.errors import DataError, DeployFailed, Problem
from feeder.history import History, Record
from feeder.index import Index
from feeder.inputs import Inputs, Progress
from feeder.output import Written, held, open_output, publishing, release, served
from feeder.output import deploy as deploying
from feeder.plan import Arrived, Change, Plan, make_plan

REJECTED: Final = 3
__all__ = ["Change", "Due", "Options", "Report", "publish"]

FOLLOWING: Final = "feeder.toml [[follow]]"


@dataclass(frozen=True, slots=True)
class Options:
    """How to publish."""

    dry_run: bool = False
    force: bool = False
    mail: bool = True
    progress: Progress | None = None
    lock_timeout: float = 60.0
    """Seconds to wait for another publish."""
    seen: Index | None = None
    """How the inputs look, where the fast path has looked already."""
    every_problem: bool = True
    """Report all standing problems, not only those that are new."""


@dataclass(frozen=True, slots=True)
class Due:
    """What happens next, without any edit."""

    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did."""

    at: datetime
    exit_code: int
    title: str
    public: int
    """Entries that can be read now."""
    changes: tuple[Change, ...] = ()
    problems: tuple[Problem, ...] = ()
    """All that stand."""
    fresh: tuple[Problem, ...] = ()
    """Those not told before."""
    written: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    unchanged: int = 0
    """Files that were made and found to be as they are."""
    deployed: bool | None = None
    """None: nothing to deploy, or no command set."""
    deploy_error: str = ""
    """What the deploy command said when it failed."""
    next: Due | None = None
    seconds: float = 0.0
    """How long it took; measured by the caller, who owns the clock."""


def publish(settings: Settings, now: datetime, options: Options | None = None) -> Report:
    """Bring ``out/`` in line with the entries as they are at ``now``.

    Raises:
        Locked: another publish holds the lock.
        HistoryDamaged: it was left as it is, and nothing was published.
        DataError: nothing was published, because of what entries or history hold.
        CannotCreate, CannotWrite: the output cannot be written; what was public stays.
    """
    options = options or Options()
    root = str(settings.root)
    fresh_start = options.dry_run and not os.path.exists(os.path.join(root, histories.FILE))
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
            return _attempt(settings, now, options)
        finally:
            if fresh_start:
                _forget_all(root)


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
        return _Run(settings, now, options, history, cache).report(following)


def _follow(settings: Settings, now: datetime, options: Options) -> list[Problem]:
    if not settings.follow or options.dry_run:
        return []
    from feeder.importers import feed

    return feed.poll(settings, now)


class _Run:
    """One run, step by step; each step leaves what the next one needs."""

    def __init__(self, settings: Settings, now: datetime, options: Options, history: History, cache: Cache) -> None:
        self.settings = settings
        self.root = str(settings.root)
        self.now = now
        self.micros = dates.to_micros(now)
        self.options = options
        self.history = history
        self.cache = cache
        self.fresh: list[Problem] = []
        self.told: set[Problem] = set()
        self.unchanged = 0
        self.sources: list[tuple[str, bytes]] = []
        """New texts of files that had another."""
        self.deploy_error = ""

    def report(self, following: Sequence[Problem]) -> Report:
        """The whole run, in order."""
        looked = inputs.survey(self.settings, self.history, self.cache, self.options.seen)
        if self._is_held(looked):
            return self._reported(looked, Plan(self.micros), Written(), deployed=self._deploy(Written()))
        self._add_what_is_due(looked)
        arrived = self._read(looked)
        self._tell(FOLLOWING, following)
        self._tell(self.settings.entries.path, [_illegible(path) for path in looked.illegible])
        self._tell(config.FILE, self.settings.problems)
        plan = self._plan(looked, arrived)
        if self.options.dry_run:
            return self._dry_report(plan)
        jobs = self._decide(looked, plan)
        written = self._make(looked, jobs)
        deployed = self._deploy(written)
        return self._reported(looked, plan, written, deployed=deployed)

    def _is_held(self, looked: Inputs) -> bool:
        """After a rollback nothing is published until an input changes."""
        hold = held(self.settings)
        if hold is None or self.options.dry_run:
            return False
        if hold == inputs.fingerprint(looked):
            return True
        # Until this run is through, the next one must know that out/ is behind the history.
        looked.everything = True
        self.history.set_meta("started", self.now.isoformat())
        self.history.commit()
        release(self.settings)
        return False

    def _add_what_is_due(self, looked: Inputs) -> None:
        """Files whose release or expiry has come, and those refused before: what stood in their way may be gone."""
        due = {*self.history.due(self.micros), *self.history.rejected_paths()}
        looked.paths = sorted({*looked.paths, *due.difference(looked.gone, [self.settings.entries.path])})

    def _read(self, looked: Inputs) -> list[Arrived]:
        arrived: list[Arrived] = []
        self.cache.commit()
        packed = []
        for one in inputs.read(self.settings, looked, self.options.progress):
            if one.packed is not None:
                packed.append(one.packed)
            if one.source is not None:
                self._keep_source(one, one.source)
            arrived += [Arrived(entry, one.key) for entry in one.reading.entries]
            if one.reading.bad:
                arrived += self._last_good(looked, one)
            self._tell(one.path, one.reading.problems)
            if len(packed) >= 500:
                self._cache(packed)
                packed = []
        self._cache(packed)
        for path in looked.gone:
            self._tell(path, ())
        return arrived

    def _cache(self, packed: Sequence[caching.Packed]) -> None:
        if self.options.dry_run:
            for one in packed:  # the history forgets what a trial run read, so that the next run must see it as new
                self.cache.keep(one)
        else:
            self.cache.put(packed)

    def _keep_source(self, one: inputs.Read, source: bytes) -> None:
        if one.reading.bad:
            used = (record.key for record in self.history.at_path(one.path) if record.public)
            self.history.put_part(one.path, one.key, source, used)
        elif self.history.has_other_source(one.path, source):
            # The plan may still ask what the entries were like.
            self.sources.append((one.path, source))
        else:
            self.history.put_source(one.path, source)

    def _last_good(self, looked: Inputs, bad: inputs.Read) -> Iterator[Arrived]:
        """Of a file that turned bad, the entries that are public, in the version that is."""
        standing = {entry.anchor for entry in bad.reading.entries}
        for record in self.history.at_path(bad.path):
            wanted = record.anchor in bad.reading.bad or "" in bad.reading.bad
            if not record.public or record.anchor in standing or not wanted:
                continue
            good = inputs.last_good(self.settings, self.history, self.cache, record, looked.context)
            if good is not None:
                yield Arrived(good[1], good[0])
            elif not record.key:
                raise DataError(
                    f"{record.place} cannot be read now, and the recovered history has no older text of it",
                    hint=f"mend {bad.path} first: `feeder check` says what is wrong",
                )

    def _tell(self, path: str, problems: Sequence[Problem]) -> None:
        """Remember the problems of a file, and which of them nobody was told yet."""
        known = self.history.problems_in(path)
        if list(problems) != known:
            self.told.update(known)
            self.fresh += [problem for problem in problems if problem not in self.told]
            self.history.set_problems(path, problems)

    def _plan(self, looked: Inputs, arrived: Sequence[Arrived]) -> Plan:
        plan = make_plan(
            arrived,
            {*looked.paths, *looked.gone},
            self.history,
            self.now,
            self.settings,
            authority=self._authority(),
            text_of=lambda one: self._text(looked, one),
            stands=self._stands,
            force=self.options.force,
        )
        self.fresh += [problem for problem in plan.problems if problem not in self.told]
        for problem in plan.problems:
            if problem.rejects:
                self.history.add_problems(problem.path, [problem])
        return plan

    def _authority(self) -> str:
        """Under what name new ids are minted: settled by the first publish with a real address, then kept."""
        kept = self.history.meta("authority")
        if kept and not self.settings.site.authority and self.history.meta("authority_real"):
            return kept
        year = self.history.meta("authority_year") or str(self.now.year)
        self.history.set_meta("authority_year", year)
        authority = authority_of(self.settings, year)
        self.history.set_meta("authority", authority)
        self.history.set_meta("authority_real", "1" if has_real_url(self.settings) else "")
        return authority

    def _text(self, looked: Inputs, one: Record | Arrived) -> str:
        if isinstance(one, Arrived):
            anchor, title = one.entry.anchor, one.entry.title
            reading = self.cache.get(one.key)
        else:
            anchor, title = one.anchor, one.title
            try:
                reading = inputs.loader(self.settings, self.history, self.cache, looked.context)(one)
            except LookupError:
                reading = None
        entries = reading.entries if reading else ()
        return next((identity.text(entry.title, entry.html) for entry in entries if entry.anchor == anchor), title)

    def _stands(self, record: Record) -> bool:
        """Whether the file of a record, as it was last read, holds its entry (a draft, say, or one of tomorrow)."""
        key = self.cache.file_key(record.path)
        reading = self.cache.get(key, html=False) if key else None
        return reading is not None and any(entry.anchor == record.anchor for entry in reading.entries)

    def _decide(self, looked: Inputs, plan: Plan) -> list[str]:
        """Write the plan into the history, find what has to be made, and commit: from here on the run is under way."""
        history = self.history
        settled = {step.after.seq for step in plan.steps}
        over = [record for record in history.tombstones_over(self.micros) if record.seq not in settled]
        affected = scope.Affected(history, self.cache, self.settings.feeds.size)
        if not looked.everything:
            affected.before(plan, over)
        deprived = self._apply(looked, plan, over)
        if not looked.everything:
            affected.after(plan, deprived)
            looked.everything = affected.everything
        jobs = list(scope.all_jobs(history)) if looked.everything else affected.jobs()
        if jobs:
            history.set_meta("started", self.now.isoformat())
            index.drop(self.root)
        history.commit()
        # Not before the history: what the cache knows is not read again, and the history must have its text.
        self.cache.commit()
        return jobs

    def _apply(self, looked: Inputs, plan: Plan, over: Sequence[Record]) -> list[int]:
        """Write the plan into the history; the numbers of entries that lost an old address to another."""
        history = self.history
        history.put(step.after for step in plan.steps)
        history.put(histories.without_tombstone(record) for record in over)
        for seq, labels in plan.labels:
            history.set_labels(seq, labels)
        history.put_redirects((permalink, step.after.seq) for step in plan.steps for permalink in step.redirects)
        deprived = history.drop_redirects(step.after.permalink for step in plan.steps)
        waiting = {one.path: one for one in plan.waiting}
        for path in (*looked.paths, *looked.gone):
            history.set_waiting(path, waiting.get(path))
        for path, source in self.sources:
            history.put_source(path, source)
        for path in looked.gone:
            self.cache.forget(path)
            history.put_source(path, None)
        history.set_meta("sealed", str(plan.sealed))
        history.set_meta("timezone", self.settings.site.timezone)
        if not history.meta("first_run") and plan.steps:
            history.set_meta("first_run", str(max(step.after.released for step in plan.steps)))
        return deprived

    def _make(self, looked: Inputs, jobs: Sequence[str]) -> Written:
        """Render, check and stage what must be made; then let it go live, and remember what came of it."""
        generations = self.settings.output.layout == "generations"
        if not jobs:
            # A killed run may have left a generation that is whole and not flipped to.
            return open_output(self.settings).publish([]) if generations else Written()
        from feeder import press

        output = open_output(self.settings)
        try:
            staged, results = [], []
            for made in press.make(self.settings, looked.context, jobs, output, self.options.progress):
                staged += made.staged
                self.unchanged += len(made.paths) - len(made.staged)
                results.append((made.job, made.paths, made.feeds))
            # What is about to appear is known to be ours before it does: a run that is killed leaves no orphan.
            if self.history.add_outputs((job, path) for job, paths, _ in results for path in paths):
                self.history.commit()
            stale = self._note_results(results)
            stale.update(self._outdated(jobs) if looked.everything else ())
            written = output.publish(staged, sorted(path for path in stale if not self.history.is_output(path)))
        except BaseException:
            output.discard()
            raise
        if looked.everything:
            self.cache.prune(self.history.keys())
        self.history.set_meta("started", "")
        self.history.set_meta("finished", self.now.isoformat())
        self.history.set_meta("rendering", looked.rendering)
        self.history.commit()
        return written

    def _note_results(self, results: Sequence[tuple[str, Sequence[str], Sequence[tuple[str, int]]]]) -> set[str]:
        """Remember which files came from which job; those that no longer do."""
        stale = set[str]()
        for job, paths, feeds in results:
            stale.update(self.history.set_outputs(job, paths))
            for path, updated in feeds:
                self.history.set_feed_updated(path, updated)
        return stale

    def _outdated(self, jobs: Sequence[str]) -> list[str]:
        """Files of jobs that exist no more, after everything was made."""
        outdated: list[str] = []
        for owner in self.history.owners().difference(jobs):
            outdated += self.history.set_outputs(owner, ())
        return outdated

    def _deploy(self, written: Written) -> bool | None:
        command = self.settings.output.deploy
        if not command or not (written.changed or deploying.owed(self.settings.root)):
            return None
        try:
            deploying.run(command, written.changed, self.settings.root, served(self.settings))
        except DeployFailed as error:
            self.deploy_error = str(error)
            return False
        return True

    def _dry_report(self, plan: Plan) -> Report:
        self.history.roll_back()
        self.cache.commit()
        return Report(
            at=self.now,
            exit_code=REJECTED if any(problem.rejects for problem in self.fresh) else 0,
            title=self.settings.site.title,
            public=self.history.public_count() + sum(_delta(change) for change in plan.changes),
            changes=plan.changes,
            problems=tuple(dict.fromkeys([*self.history.problems(), *self.fresh])),
            fresh=tuple(self.fresh),
        )

    def _reported(self, looked: Inputs, plan: Plan, written: Written, *, deployed: bool | None) -> Report:
        history = self.history
        code = REJECTED if history.problem_count(rejecting=True) else 0
        code = DeployFailed.exit_code if deployed is False else code
        due = self._next()
        self._remember(looked, due, code, owed=deployed is False)
        return Report(
            at=self.now,
            exit_code=code,
            title=self.settings.site.title,
            public=history.public_count(),
            changes=plan.changes,
            problems=tuple(history.problems()) if self.options.every_problem else tuple(self.fresh),
            fresh=tuple(self.fresh),
            written=written.paths,
            deleted=written.deleted,
            unchanged=self.unchanged,
            deployed=deployed,
            deploy_error=self.deploy_error,
            next=due,
        )

    def _next(self) -> Due | None:
        waiting = self.history.next_due()
        due = Due(dates.from_micros(waiting.at), waiting.why) if waiting else None
        if self.settings.follow:
            from feeder.importers import feed

            at = feed.next_poll(self.settings, self.now)
            if at is not None and (due is None or at < due.at):
                due = Due(at, "followed feed")
        return due

    def _remember(self, looked: Inputs, due: Due | None, code: int, *, owed: bool) -> None:
        """Write the index, so that the next run can see at once that nothing has changed."""
        self.cache.commit()
        inputs.watch_assets(self.settings, self.cache, looked)
        seen = looked.index
        seen.trees = {folder: index.settled(tree, looked.looked_at) for folder, tree in seen.trees.items()}
        seen.due = 0.0 if owed else due.at.timestamp() if due else float("inf")
        seen.exit_code = code
        index.save(self.root, seen)


def _illegible(path: str) -> Problem:
    return Problem(path, "the file's name is not UTF-8", "rename it, best with letters and digits", True)


def _delta(change: Change) -> int:
    return {"new": 1, "restored": 1, "withdrawn": -1}.get(change.kind, 0)
