"""``feeder status``: what is public, what is wrong, what comes next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feeder.cli import guard
from feeder.cli.options import HELP, in_directory, now, say, settings_in, tell_problems
from feeder.cli.terminal import clean
from feeder.errors import FeederError, SettingsError

if TYPE_CHECKING:
    from feeder.config import Settings
    from feeder.upkeep import Status

When = Callable[[datetime], str]
"""How an instant is told."""


@click.command(context_settings=HELP)
@in_directory
def status(directory: Path) -> int:
    """Tell what is public, wrong and due next."""
    from feeder.cli.report import local

    try:
        settings = settings_in(directory)
    except SettingsError as error:
        return without_settings(directory.absolute(), error)
    from feeder import upkeep

    found = upkeep.status(settings, now())
    say(f"{settings.site.title}  {settings.site.url}")
    history(found, lambda moment: local(moment, settings))
    daemon(settings.root, lambda moment: local(moment, settings))
    owed(found, settings)
    mail(settings, now())
    problems = (*found.problems, *settings.problems)
    say(f"problems:  {len(problems):,}" if problems else "problems:  none")
    tell_problems(problems)
    return 0


def without_settings(root: Path, error: SettingsError) -> int:
    """What is wrong with the settings, and what is known all the same, in UTC; raises it where that is nothing."""
    from feeder import upkeep
    from feeder.upkeep import running

    found = upkeep.of_history(root, now())
    if found.last is None and running.load(root) is None:
        raise error
    guard.tell("feeder", error)
    say("settings:  they cannot be used; what is known without them:")
    history(found, _utc)
    daemon(root, _utc)
    say(f"problems:  {len(found.problems):,} at the last run" if found.problems else "problems:  none at the last run")
    tell_problems(found.problems)
    return error.exit_code


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def history(found: Status, when: When) -> None:
    """What is public, the last run and the next."""
    say(f"entries:   {found.public:,} public")
    say(f"last run:  {when(found.last)}" if found.last is not None else "last run:  never")
    if found.at_work:
        say("at work:   a run is under way")
    elif found.unfinished is not None:
        say(f"unfinished: the run of {when(found.unfinished)}; the next one that succeeds finishes it")
    say(
        f"next:      {found.next.why} {when(found.next.at)}" if found.next is not None else "next:      no entry is due"
    )


def daemon(root: Path, when: When) -> None:
    """How `feeder run` is, if it is or should be."""
    from feeder.upkeep import running

    found = running.load(root)
    if found is None:
        return
    if not found.alive:
        say(f"daemon:    gone without a word; it ran from {when(found.since)} as process {found.pid}")
        return
    doing = [f"process {found.pid} since {when(found.since)}"]
    doing += [f"watching by {found.watching}"] if found.watching else ["first run"]
    doing += [found.address] if found.address else []
    say(f"daemon:    {', '.join(doing)}")
    for one in found.troubles:
        tries = "once" if one.times == 1 else f"{one.times:,} times"
        say(f"failing:   {one.where}, {tries} since {when(one.since)}: {clean(one.words)}")


def owed(found: Status, settings: Settings) -> None:
    """What waits: for an input, the deploy command, or the hub."""
    from feeder.cli import hub

    if found.held:
        say("held:      after a rollback, until an input changes")
    if found.undeployed:
        files = "1 file is" if found.undeployed == 1 else f"{found.undeployed:,} files are"
        say(f"deploy:    {files} owed; tried again at the next run")
    if found.hub:
        say(f"hub:       {hub.owed(found.hub, settings)}")


def mailtroubles(settings: Settings) -> list[str]:
    """Why the last run could not mail; `feeder run` tells its own."""
    from feeder.pipeline import mailing
    from feeder.upkeep import running

    daemon = running.load(settings.root)
    return [] if daemon is not None and daemon.alive else mailing.troubles(settings)


def mail(settings: Settings, moment: datetime) -> None:
    """How digests stand, and what each list sends next; a mail database that cannot be read is told, and no more."""
    from feeder.cli import mailing, standing
    from feeder.upkeep import digests

    try:
        found = digests.standing(settings, moment)
    except FeederError as error:
        say(f"mail:      {clean(str(error))}")
        return
    for words in mailtroubles(settings):
        say(f"mail:      {clean(words)}")
    for line in standing.lines(found, settings):
        say(line)
    for one in found.outlook:
        say(f"{one.list}: {mailing.outlook(one, moment)}")
