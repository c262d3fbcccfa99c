"""``publish``: the verb cron runs. Nothing is imported here before it is needed."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from feeder.cli import arguments, guard, terminal

if TYPE_CHECKING:
    from feeder.cli.arguments import Arguments
    from feeder.cli.progress import Bar
    from feeder.config import Settings
    from feeder.index import Index
    from feeder.pipeline import Post, Report


def main(argv: list[str], *, seen: Index | None = None) -> int:
    """``publish ARGV``; ``seen`` is how the inputs look, where the fast path has looked already."""
    asked = arguments.parse(argv)
    if asked is None:
        from feeder.cli import main as commands

        return commands.main(["publish", *argv], name="publish")
    return run(asked, seen=seen)


def run(asked: Arguments, *, seen: Index | None = None) -> int:
    """Publish as asked; the exit code."""

    def publish() -> int:
        from feeder.errors import FeederError

        try:
            settings, report = _published(asked, seen)
        except FeederError as error:
            if asked.as_json:
                from feeder.cli import machine

                terminal.say(machine.failure(error), sys.stdout)
            raise
        tell(report, settings, asked)
        return int(report.exit_code)

    return guard.guarded("publish", publish, verbose=asked.verbose)


def _published(asked: Arguments, seen: Index | None) -> tuple[Settings, Report]:
    from dataclasses import replace
    from datetime import UTC, datetime
    from time import perf_counter

    from feeder import config, pipeline

    started = perf_counter()
    settings = config.load(asked.directory.absolute())
    with _bar(asked) as bar, _post(settings, asked) as post:
        options = pipeline.Options(
            dry_run=asked.dry_run,
            force=asked.force,
            mail=not asked.no_mail,
            post=post,
            at_once=asked.at_once,
            progress=bar,
            lock_timeout=asked.lock_timeout,
            seen=seen,
            every_problem=asked.as_json or _wants_all(asked),
        )
        report = pipeline.publish(settings, datetime.now(UTC), options)
    return settings, replace(report, seconds=perf_counter() - started)


def _bar(asked: Arguments) -> AbstractContextManager[Bar | None]:
    if asked.quiet or asked.as_json or not terminal.is_terminal(sys.stderr):
        return nullcontext(None)
    from feeder.cli.progress import Bar

    return Bar()


def _post(settings: Settings, asked: Arguments) -> AbstractContextManager[Post | None]:
    if asked.no_mail or asked.dry_run or not settings.lists:
        return nullcontext(None)
    from feeder.cli import posting

    return posting.post()


def tell(report: Report, settings: Settings, asked: Arguments) -> None:
    """Say what happened: nothing under cron when nothing did, one line on a terminal."""
    person = terminal.is_terminal(sys.stdout)
    if asked.as_json:
        from feeder.cli import machine

        terminal.say(machine.report(report, settings), sys.stdout)
        _problems(report, asked)
        return
    from feeder.cli import report as lines

    speak = not asked.quiet and (person or asked.dry_run or asked.verbose or lines.happened(report))
    paint = terminal.Paint(on=terminal.coloured(sys.stdout))
    if speak:
        for line in lines.summary(report, settings, paint, dry_run=asked.dry_run, whole=asked.verbose):
            terminal.say(line, sys.stdout)
    _problems(report, asked)
    if asked.at_once and not report.mailing.cuts and report.mailing.error is None:
        terminal.say(f"{asked.at_once}: everybody has everything; no digest", sys.stdout)
    if speak:
        for line in lines.ending(report, settings, dry_run=asked.dry_run):
            terminal.say(line, sys.stdout)


def _problems(report: Report, asked: Arguments) -> None:
    """A person sees all that stand; cron's mail only what it was not told before."""
    if report.deployed is False:
        terminal.say("publish: the deploy command failed; it is tried again at the next run", sys.stderr)
    from feeder.cli import hub, mailing

    for line in (*hub.troubles(report.hub), *mailing.troubles(report)):
        terminal.say(f"publish: {line}", sys.stderr)
    found = report.problems if _wants_all(asked) else report.fresh
    if not found:
        return
    from feeder.cli import problems

    paint = terminal.Paint(on=terminal.coloured(sys.stderr))
    whole = asked.verbose or terminal.is_terminal(sys.stderr)
    for line in problems.told(found, whole=whole, paint=paint):
        terminal.say(line, sys.stderr)


def _wants_all(asked: Arguments) -> bool:
    return asked.verbose or asked.dry_run or (terminal.is_terminal(sys.stderr) and not asked.quiet)
