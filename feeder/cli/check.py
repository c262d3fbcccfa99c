"""``feeder check``: everything that is wrong, without writing anything."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feeder.cli.exits import REJECTED
from feeder.cli.options import HELP, in_directory, now, say, settings_in, tell_problems

if TYPE_CHECKING:
    from feeder.config import Settings
    from feeder.errors import Problem
    from feeder.model import Document


@click.command(context_settings=HELP)
@click.option("--mail", is_flag=True, help="Compose each list's next digest, and lint it.")
@click.option("--dns", is_flag=True, help="Ask the DNS about the sender, and tell the records to set.")
@click.option(
    "--dns-server", metavar="HOST:PORT", default="", help="The name server to ask; this machine's if not given."
)
@in_directory
def check(mail: bool, dns: bool, dns_server: str, directory: Path) -> int:
    """Tell every problem of entries and feeds; write nothing.

    Reads all entries, and lints the feeds that are in the output.
    """
    from feeder import pipeline, upkeep
    from feeder.feeds import lint
    from feeder.pipeline.mailing import unlisted

    settings = settings_in(directory)
    options = pipeline.Options(dry_run=True, force=True, mail=False, progress=None)
    report = pipeline.publish(settings, now(), options)
    problems: list[Problem] = list(report.problems)
    problems += [one for one in settings.problems if one not in problems]
    problems += [one for one in unlisted(settings) if one not in problems]
    if settings.lists:
        from feeder.mail import notes

        problems += [one for one in notes.problems(settings) if one not in problems]
    feeds, known = 0, upkeep.known_ids(settings)
    for document in public_feeds(settings):
        feeds += 1
        problems += [*lint.lint(document), *lint.unknown(document, known)]
    if mail:
        from feeder.upkeep import mailchecks

        problems += mailchecks.check_mail(settings, now())
    if dns or dns_server:
        problems += _dns(settings, dns_server)
    tell_problems(problems, everything=True)
    say(f"{_count(report.public, 'entry', 'entries')}, {_count(feeds, 'feed', 'feeds')} in {settings.output.path}/: "
        f"{_count(len(problems), 'problem', 'problems')}")  # fmt: skip
    return REJECTED if problems else 0


def _dns(settings: Settings, server: str) -> tuple[Problem, ...]:
    """What is wrong with the DNS; the records as they should be go to stdout."""
    from feeder.upkeep import mailchecks

    told = mailchecks.check_dns(settings, server)
    for record in told.wanted:
        value = f'"{record.value}"' if record.kind == "TXT" else record.value
        say(f"{'ok ' if record.present else 'set'}  {record.name}  {record.kind}  {value}")
    return told.problems


def public_feeds(settings: Settings) -> Iterator[Document]:
    """The feeds that are in the output now, in the order of their paths."""
    from feeder import feeds
    from feeder.model import Document, Stage
    from feeder.output import served

    root = str(served(settings))
    kinds = {feeds.load(name).SUFFIX.lstrip("."): feeds.load(name).MEDIA_TYPE for name in feeds.FORMATS}
    for path in sorted(_files(root)):
        old = path in settings.feeds.also
        if old or (path.rpartition(".")[2] in kinds and _is_feed(path)):
            kind = feeds.load(feeds.format_of(path)).MEDIA_TYPE if old else kinds[path.rpartition(".")[2]]
            with open(os.path.join(root, path), "rb") as file:
                yield Document(path, kind, file.read(), Stage.FEED)


def _is_feed(path: str) -> bool:
    folder, _, name = path.rpartition("/")
    return name.startswith("feed.") or folder == "archive"


def _files(root: str) -> Iterator[str]:
    for folder, _, names in os.walk(root):
        below = os.path.relpath(folder, root)
        yield from (name if below == "." else f"{below}/{name}" for name in names)


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
