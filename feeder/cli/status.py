"""``feeder status``: what is public, what is wrong, what comes next."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feeder.cli.options import HELP, in_directory, now, say, settings_in, tell_problems
from feeder.cli.terminal import clean
from feeder.errors import FeederError

if TYPE_CHECKING:
    from feeder.config import Settings


@click.command(context_settings=HELP)
@in_directory
def status(directory: Path) -> int:
    """Tell what is public, wrong and due next."""
    from feeder import upkeep
    from feeder.cli import hub
    from feeder.cli.report import due, local

    settings = settings_in(directory)
    found = upkeep.status(settings, now())
    say(f"{settings.site.title}  {settings.site.url}")
    say(f"entries:   {found.public:,} public")
    say(f"last run:  {local(found.last, settings)}" if found.last is not None else "last run:  never")
    say(f"next:      {due(found.next, settings)}" if found.next is not None else "next:      no entry is due")
    daemon(settings)
    if found.unfinished is not None:
        say(f"killed:    the run of {local(found.unfinished, settings)}; the next one finishes it")
    if found.held:
        say("held:      after a rollback, until an input changes")
    if found.undeployed:
        files = "1 file is" if found.undeployed == 1 else f"{found.undeployed:,} files are"
        say(f"deploy:    {files} owed; tried again at the next run")
    if found.hub:
        say(f"hub:       {hub.owed(found.hub, settings)}")
    mail(settings, now())
    problems = (*found.problems, *settings.problems)
    say(f"problems:  {len(problems):,}" if problems else "problems:  none")
    tell_problems(problems)
    return 0


def daemon(settings: Settings) -> None:
    """How `feeder run` is, if it is or should be."""
    from feeder.cli.report import local
    from feeder.upkeep import running

    found = running.load(settings.root)
    if found is None:
        return
    if not found.alive:
        say(f"daemon:    gone without a word; it ran from {local(found.since, settings)} as process {found.pid}")
        return
    doing = [f"process {found.pid} since {local(found.since, settings)}"]
    doing += [f"watching by {found.watching}"] if found.watching else ["first run"]
    doing += [found.address] if found.address else []
    say(f"daemon:    {', '.join(doing)}")
    for one in found.troubles:
        tries = "once" if one.times == 1 else f"{one.times:,} times"
        say(f"failing:   {one.where}, {tries} since {local(one.since, settings)}: {clean(one.words)}")


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
    for line in standing.lines(found.digests, found.pauses, settings):
        say(line)
    for one in found.outlook:
        say(f"{one.list}: {mailing.outlook(one, moment)}")
