"""``feeder publish``, and ``publish`` where its plain reader of arguments gives up: help, mistakes, odd spellings."""

from __future__ import annotations

from pathlib import Path

import click

from feeder.cli.arguments import LOCK_TIMEOUT, Arguments
from feeder.cli.options import HELP, in_directory


@click.command(context_settings=HELP)
@in_directory
@click.option("-n", "--dry-run", is_flag=True, help="Tell what would be done, and write nothing.")
@click.option("-q", "--quiet", is_flag=True, help="Tell of problems only, also on a terminal.")
@click.option("-v", "--verbose", is_flag=True, help="Tell of every change and all standing problems, with excerpts.")
@click.option("--json", "as_json", is_flag=True, help="Tell what happened as one JSON object on stdout.")
@click.option("--force", is_flag=True, help="Publish though most would be withdrawn, or the clock seems wrong.")
@click.option("--no-mail", is_flag=True, help="Send nothing.")
@click.option(
    "--lock-timeout",
    type=click.FloatRange(min=0),
    default=LOCK_TIMEOUT,
    show_default=True,
    metavar="S",
    help="Seconds to wait for another publish.",
)
def publish(directory: Path, quiet: bool, verbose: bool, **asked: bool | float) -> int:
    """Publish what changed: read, plan, write, deploy.

    Says nothing when nothing changed and nobody is looking; cron may call it every minute.
    """
    if quiet and verbose:
        raise click.UsageError("-q and -v exclude each other.")
    from feeder.cli import publish as verb

    return verb.run(Arguments(directory=directory, quiet=quiet, verbose=verbose, **asked))  # type: ignore[arg-type]
