"""``feeder mailbox``: bounces, complaints and requests that came by mail."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from feeder.cli import guard, terminal
from feeder.cli.options import HELP, in_directory, now, say, settings_in
from feeder.errors import FeederError, UsageError

if TYPE_CHECKING:
    from feeder.config import Settings
    from feeder.mail.mailbox.handling import Handling
    from feeder.mail.mailbox.outcomes import Result
    from feeder.mail.mailbox.running import Tally
    from feeder.mail.mailbox.sources import Source

VERSION = 1
KEPT = ".feeder/mailbox"
"""Where mail from a pipe is kept that is for a person: a Maildir."""

LATER = 75
"""EX_TEMPFAIL of sysexits(3): mail servers try again."""

KINDS: Mapping[Result, str] = {
    "hard": "no such user",
    "soft": "refused for now",
    "policy": "refused by policy",
    "delayed": "late",
    "complaint": "complained",
    "unsubscribed": "unsubscribed",
    "subscribed": "asked to subscribe",
    "confirmed": "confirmed",
    "ignored": "ignored",
    "again": "known already",
    "left": "left for you",
}
"""What may become of a message -> how that is told."""


@click.command(context_settings=HELP)
@click.argument("pipe", required=False, type=click.Choice(["-"]), metavar="[-]")
@click.option("--maildir", type=click.Path(path_type=Path), metavar="DIR", help="Read the new messages of a Maildir.")
@click.option("--imap", is_flag=True, help="Read the server of [mail.imap]; this is what happens without any option.")
@click.option("--recipient", default="", metavar="ADDRESS", help="For -: whom the mail server delivered it to.")
@click.option("-n", "--dry-run", is_flag=True, help="Tell what would follow, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@in_directory
def mailbox(
    pipe: str | None,
    maildir: Path | None,
    imap: bool,
    recipient: str,
    dry_run: bool,
    as_json: bool,
    directory: Path,
) -> int:
    """Read bounces, complaints and requests.

    From a server (IMAP), from a Maildir, or, with -, one message from a mail server's pipe.
    """
    if sum((pipe is not None, maildir is not None, imap)) > 1:
        raise UsageError("- and --maildir and --imap name different mailboxes", hint="give one of them")
    if pipe is not None:
        return _from_pipe(directory, recipient, dry_run=dry_run, as_json=as_json)
    settings = _settings_with_lists(directory)
    return _through(settings, _source(settings, maildir), dry_run=dry_run, as_json=as_json)


def _settings_with_lists(directory: Path) -> Settings:
    settings = settings_in(directory)
    if not settings.lists:
        raise UsageError("there are no lists, so no mail is for them", hint="write [[lists]] into feeder.toml")
    return settings


def _source(settings: Settings, maildir: Path | None) -> AbstractContextManager[Source]:
    from feeder.config.secrets import Secrets
    from feeder.mail.mailbox import sources

    if maildir is not None:
        return nullcontext(sources.Maildir(os.fspath(maildir)))
    return sources.imap(settings.mail.imap, Secrets(os.environ).get("imap_password"))


def _through(settings: Settings, opened: AbstractContextManager[Source], *, dry_run: bool, as_json: bool) -> int:
    from feeder.mail.mailbox.running import Tally, run

    tally = Tally()
    try:
        with opened as source, _handling(settings) as handling:
            run(source, handling, now, tally, dry_run=dry_run)
    except FeederError:
        if tally.read:
            _tell(tally, as_json=as_json)
        raise
    _tell(tally, as_json=as_json)
    return 0


@contextmanager
def _handling(settings: Settings) -> Iterator[Handling]:
    from feeder import history as histories
    from feeder.config.secrets import Secrets
    from feeder.mail.database import open_mail
    from feeder.mail.mailbox.handling import Handling
    from feeder.pipeline.mailing import list_host
    from feeder.upkeep import running

    root = str(settings.root)
    there = os.path.exists(os.path.join(root, histories.FILE))
    with histories.read_history(root) if there else histories.empty_history() as history:
        host = list_host(settings, history)
    with open_mail(settings, now(), keys=Secrets(os.environ).keys()) as database:
        yield Handling(settings, database, list_host=host)
    running.wake(settings.root)


def _from_pipe(directory: Path, recipient: str, *, dry_run: bool, as_json: bool) -> int:
    """One message: whatever goes wrong, the mail server keeps it and tries again, and nobody gets a bounce for it."""
    from feeder.mail.mailbox import sources

    data = sources.read_pipe(sys.stdin.buffer)
    try:
        return _one(directory, data, recipient or os.environ.get("ORIGINAL_RECIPIENT", ""), dry_run, as_json)
    except FeederError as error:
        guard.tell("feeder mailbox", error)
    except Exception as error:  # noqa: BLE001  # any other exit code would bounce the message
        terminal.say(f"feeder mailbox: {type(error).__name__}: {terminal.clean(str(error))}", sys.stderr)
    return LATER


def _one(directory: Path, data: bytes, recipient: str, dry_run: bool, as_json: bool) -> int:
    from feeder.mail.mailbox import sources
    from feeder.mail.mailbox.running import Tally

    settings = _settings_with_lists(directory)
    with _handling(settings) as handling:
        done = handling.handle(data, now(), recipient=recipient, dry_run=dry_run)
    name = "-"
    if done.result == "left" and not dry_run:
        name = sources.keep(os.path.join(settings.root, KEPT), data)
    tally = Tally()
    tally.add(name, done)
    # What a program in a pipe says goes into the mail server's log, or into a bounce: nothing, unless asked for.
    if as_json or dry_run:
        _tell(tally, as_json=as_json)
    return 0


def _tell(tally: Tally, *, as_json: bool) -> None:
    for line in [json.dumps(report(tally), ensure_ascii=False)] if as_json else lines(tally):
        say(line)


def report(tally: Tally) -> dict[str, Any]:
    """What came of a run, for programs; docs/reference/mailbox.md describes it."""
    return {
        "version": VERSION,
        "read": tally.read,
        **{kind: tally.counts[kind] for kind in KINDS},
        "suppressed": tally.suppressed,
        "messages": [{"name": name, "result": done.result, "why": done.why} for name, done in tally.done],
        "unreadable": [{"name": one.name, "why": one.why} for one in tally.unreadable],
    }


def lines(tally: Tally) -> Iterator[str]:
    """What came of a run, for people: one line of counts, then what they have to look at."""
    counts = ", ".join(f"{tally.counts[kind]} {said}" for kind, said in KINDS.items() if tally.counts[kind])
    suppressed = f"; {tally.suppressed} suppressed" if tally.suppressed else ""
    yield f"{tally.read} read: {counts}{suppressed}" if tally.read else "no mail"
    for name, done in tally.done:
        if done.result in ("left", "policy"):
            yield f"  {KINDS[done.result]}: {terminal.clean(name)}: {terminal.clean(done.why)}"
    for one in tally.unreadable:
        yield f"  unreadable: {terminal.clean(one.name)}: {terminal.clean(one.why)}"
