"""``feeder subscribers import · invite · export``: whole files; and the desk that all of ``subscribers`` works at."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feeder.cli.exits import REJECTED
from feeder.cli.options import HELP, in_directory, note, now, say, settings_in, tell_problems
from feeder.errors import UsageError

if TYPE_CHECKING:
    from feeder.config import MailingList, Settings
    from feeder.mail.database import MailDatabase
    from feeder.mail.subscribers import Subscribers
    from feeder.mail.subscribers.csvfiles.importing import Options, Tally

LIST = click.option("--list", "list_name", default="", metavar="NAME", help="The list; needed where there are several.")


@dataclass(frozen=True, slots=True)
class Desk:
    """What a command about subscribers works with."""

    database: MailDatabase
    book: Subscribers
    now: datetime


@contextmanager
def desk(settings: Settings, *, making: bool = False, afresh: bool = False, writing: bool = True) -> Iterator[Desk]:
    """The mail database, and whoever changes subscriptions in it.

    Args:
        settings: the publication's.
        making: make a database where there never was one.
        afresh: make one also where it is gone.
        writing: something is changed, so that the next ``publish`` has mail to look at.

    Raises:
        UsageError: there is no database, and none is made.
        MailUnreachable: it is gone, and none is made.
    """
    from feeder import index
    from feeder.config.secrets import Secrets
    from feeder.mail.database import exists, open_mail, require_there
    from feeder.mail.notices import Post
    from feeder.mail.subscribers import Subscribers
    from feeder.upkeep import running

    if not (making or afresh) and not exists(settings):
        require_there(settings)
        raise UsageError("nobody ever subscribed here", hint="`feeder subscribers add` makes the first subscriber")
    moment = now()
    with open_mail(settings, moment, keys=Secrets(os.environ).keys(), afresh=afresh) as database:
        keys = database.secrets()
        yield Desk(database, Subscribers(settings, keys, Post(settings, keys, list_host=_host(settings))), moment)
    known = index.load(str(settings.root)) if writing else None
    if known is not None:
        known.due = 0.0
        index.save(str(settings.root), known)
    if writing:
        running.wake(settings.root)


def _host(settings: Settings) -> str:
    from feeder import history as histories
    from feeder.pipeline.mailing import list_host

    root = str(settings.root)
    there = os.path.exists(os.path.join(root, histories.FILE))
    with histories.read_history(root) if there else histories.empty_history() as history:
        return list_host(settings, history)


def meant(settings: Settings, name: str) -> MailingList:
    """The list of that name, or the only one there is.

    Raises:
        UsageError: there is none, or several and none was named.
    """
    from feeder.mail import lists

    if name or not settings.lists:
        return lists.find(settings, name)
    if len(settings.lists) > 1:
        raise UsageError(
            "which list is meant?", hint=f"--list NAME; there are {', '.join(one.name for one in settings.lists)}"
        )
    return settings.lists[0]


@click.command("import", context_settings=HELP)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.csv")
@LIST
@click.option("--confirmed-by", "kept", default="", metavar="WHERE", help="Where their consent is kept.")
@click.option("--update", is_flag=True, help="Also change subscriptions that are there, as the file says.")
@in_directory
def import_(file: Path, list_name: str, kept: str, update: bool, directory: Path) -> int:
    """Add many people from a CSV file.

    Ours, or an export of listmonk, Mailchimp, Buttondown, Substack or Ghost. Rows with a time of confirmation become
    active, others stay pending, unless --confirmed-by says where their consent is kept. Importing twice is importing
    once.
    """
    return _run(file, list_name, directory, kept=kept.strip(), update=update, inviting=False)


@click.command(context_settings=HELP)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.csv")
@LIST
@in_directory
def invite(file: Path, list_name: str, directory: Path) -> int:
    """Ask the pending people of a CSV file to confirm.

    Those who are not there yet are added. Nobody gets more than one confirmation a day and three in all.
    """
    return _run(file, list_name, directory, kept="", update=False, inviting=True)


@click.command(context_settings=HELP)
@LIST
@click.option("--state", type=click.Choice(("pending", "active", "paused", "ended")), help="Only those in this state.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Where to; stdout if not given.")
@in_directory
def export(list_name: str, state: str | None, output: Path | None, directory: Path) -> int:
    """Write subscriptions as CSV, which `import` takes back."""
    settings = settings_in(directory)
    name = meant(settings, list_name).name if list_name else ""
    with desk(settings, writing=False) as at, at.database.read() as connection:
        from feeder.mail.subscribers import persons
        from feeder.mail.subscribers.csvfiles import exporting

        chosen = persons.every(connection, list=name, state=state or "")
        if output is None:
            exporting.write(sys.stdout, chosen)
            return 0
        # Addresses are nobody else's business on this machine.
        handle = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(handle, "w", encoding="utf-8-sig", newline="") as file:
            number = exporting.write(file, chosen)
    note(f"{output}: {number:,} subscriptions")
    return 0


def _run(file: Path, list_name: str, directory: Path, *, kept: str, update: bool, inviting: bool) -> int:
    from feeder.cli.progress import Bar

    settings = settings_in(directory)
    only = meant(settings, list_name) if list_name or len(settings.lists) < 2 else None
    if not file.is_file():
        raise UsageError(f"no file {file}", hint="name a CSV file; it is read twice, so that a pipe will not do")
    size = file.stat().st_size
    with desk(settings, afresh=True) as at, Bar() as bar:
        from feeder.mail.subscribers.csvfiles.importing import Importer, Options

        options = Options(only=only, kept=kept, update=update, invite=inviting)
        tally = Importer(settings, at.database, at.book).run(
            str(file), at.now, options, lambda done: bar("import", done, size)
        )
    tell_problems(tally.problems, everything=True)
    if tally.refused > len(tally.problems):
        note(f"and {tally.refused - len(tally.problems):,} more like these")
    say(told(tally))
    for line in advice(tally, options):
        note(line)
    return REJECTED if tally.refused else 0


def told(tally: Tally) -> str:
    """What an import did, on one line."""
    counted = (
        (tally.active, "active"),
        (tally.pending, "pending"),
        (tally.paused, "paused"),
        (tally.ended, "ended"),
        (tally.updated, "updated"),
        (tally.unchanged, "as they were"),
        (tally.newly_suppressed, "suppressed"),
        (tally.suppressed, "left alone, for they were suppressed before"),
        (tally.elsewhere, "of other lists left out"),
        (tally.refused, "refused"),
        (tally.invited, "invited"),
        (tally.uninvited, "not asked again so soon"),
    )
    parts = [f"{number:,} {what}" for number, what in counted if number]
    known = f"{tally.format}: " if tally.format != "CSV" else ""
    return known + (", ".join(parts) or "nobody in it")


def advice(tally: Tally, options: Options) -> Iterator[str]:
    """What an editor may want to do next."""
    if tally.pending and not options.invite:
        yield (
            "the pending ones get nothing yet: `feeder subscribers invite` asks them to confirm, "
            "`--confirmed-by WHERE` (with --update for those who are there) says where their consent is kept"
        )
    if tally.invited:
        yield "the next `publish` sends the confirmations"
