"""``feeder stats``: how many people read the feeds, from a web server's log."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import click

from feeder.cli import readers
from feeder.cli.options import HELP, say
from feeder.cli.terminal import clean, pad, width
from feeder.errors import UsageError


@click.command(context_settings=HELP)
@click.option("--log", "logs", multiple=True, required=True, type=click.Path(path_type=Path), metavar="FILE",
              help="Access log in the combined format, also .gz; - is stdin. May be given several times.")  # fmt: skip
@click.option("--feed", "feeds", multiple=True, metavar="PATH", help="Count this path only, as /feed.atom.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def stats(logs: tuple[Path, ...], feeds: tuple[str, ...], as_json: bool) -> int:
    """Count feed readers in access logs.

    By feed and reader. Hosted readers say for how many subscribers they ask; others are counted by address.
    """
    paths = frozenset("/" + feed.lstrip("/") for feed in feeds)
    found = readers.count(readers.requests(_lines(logs), paths))
    if as_json:
        rows = [
            {"feed": one.path, "reader": one.reader, "subscribers": one.subscribers, "said": one.counted}
            for one in found
        ]
        say(
            json.dumps(
                {"version": 1, "subscribers": sum(one.subscribers for one in found), "readers": rows},
                ensure_ascii=False,
            )
        )
        return 0
    if not found:
        say("no feed was asked for in these logs")
        return 0
    for line in table(found):
        say(line)
    return 0


def table(found: list[readers.Count]) -> Iterator[str]:
    """A paragraph a feed, its readers below."""
    column = max(width(clean(one.reader)) for one in found)
    for path in dict.fromkeys(one.path for one in found):
        mine = [one for one in found if one.path == path]
        total = sum(one.subscribers for one in mine)
        yield f"{clean(path)}: {total:,} {'subscriber' if total == 1 else 'subscribers'}"
        for one in mine:
            yield f"  {pad(clean(one.reader), column)}  {one.subscribers:>7,}{'' if one.counted else '  (by address)'}"


def _lines(logs: tuple[Path, ...]) -> Iterator[str]:
    for log in logs:
        if str(log) == "-":
            yield from click.open_file("-", encoding="utf-8", errors="replace")
            continue
        try:
            with _opened(log) as file:
                yield from file
        except (FileNotFoundError, IsADirectoryError, PermissionError, gzip.BadGzipFile, EOFError) as error:
            raise UsageError(f"{log}: {getattr(error, 'strerror', None) or error}") from None


def _opened(log: Path) -> TextIO:
    if log.suffix == ".gz":
        return gzip.open(log, "rt", encoding="utf-8", errors="replace")
    return log.open(encoding="utf-8", errors="replace")
