"""``feeder status``: what is public, what is wrong, what comes next."""

from __future__ import annotations

from pathlib import Path

import click

from feeder.cli.options import HELP, in_directory, now, say, settings_in, tell_problems


@click.command(context_settings=HELP)
@in_directory
def status(directory: Path) -> int:
    """Tell what is public, wrong and due next."""
    from feeder import upkeep
    from feeder.cli.report import due, local

    settings = settings_in(directory)
    found = upkeep.status(settings, now())
    say(f"{settings.site.title}  {settings.site.url}")
    say(f"entries:   {found.public:,} public")
    say(f"last run:  {local(found.last, settings)}" if found.last is not None else "last run:  never")
    say(f"next:      {due(found.next, settings)}" if found.next is not None else "next:      nothing is due")
    if found.unfinished is not None:
        say(f"killed:    the run of {local(found.unfinished, settings)}; the next one finishes it")
    if found.held:
        say("held:      after a rollback, until an input changes")
    if found.undeployed:
        files = "1 file is" if found.undeployed == 1 else f"{found.undeployed:,} files are"
        say(f"deploy:    {files} owed; tried again at the next run")
    problems = (*found.problems, *settings.problems)
    say(f"problems:  {len(problems):,}" if problems else "problems:  none")
    tell_problems(problems)
    return 0
