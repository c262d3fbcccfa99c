"""``feeder pin · withdraw · move · recover · rollback``: what was published, and under which name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feeder.cli.options import HELP, in_directory, note, now, say, settings_in

if TYPE_CHECKING:
    from feeder.config import Settings
    from feeder.pipeline import Report


@click.command(context_settings=HELP)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE]...")
@in_directory
def pin(files: tuple[Path, ...], directory: Path) -> int:
    """Write published ids into the entry files.

    Into all files, or those named: whatever happens to names and texts afterwards, the ids stay.
    """
    from feeder import upkeep

    settings = settings_in(directory)
    changed = upkeep.pin(settings, [_from_root(settings, file) for file in files])
    for path in changed:
        say(path)
    note("1 file now holds its id" if len(changed) == 1 else f"{len(changed):,} files now hold their ids")
    return 0


@click.command(context_settings=HELP)
@click.argument("place", metavar="FILE[#ITEM]")
@in_directory
def withdraw(place: str, directory: Path) -> int:
    """Take a published entry back.

    Its text leaves pages, feeds and archives in the same run. For 14 days the feeds say that it was withdrawn, since
    readers never delete anything by themselves.
    """
    from feeder import upkeep

    settings = settings_in(directory)
    file, mark, item = place.partition("#")
    place = _from_root(settings, Path(file)) + mark + item
    return _tell(upkeep.withdraw(settings, now(), place, tell=note), settings)


@click.command(context_settings=HELP)
@click.argument("url")
@in_directory
def move(url: str, directory: Path) -> int:
    """Move the publication to another address.

    Pages and feeds name the new address, and ids stay as they are. Ends with the redirects that the web server of the
    old address needs.
    """
    from feeder import upkeep
    from feeder.config import checks

    try:
        url = checks.site_url(url)
    except checks.Wrong as wrong:
        raise click.BadParameter(f"{wrong.message} ({wrong.hint})", param_hint="URL") from None
    settings = settings_in(directory)
    code = _tell(upkeep.move(settings, now(), url), settings)
    if url != settings.site.url:
        say("now make the old address lead here, for as long as you can keep it:")
        for line in upkeep.redirects(settings.site.url, url):
            say(line)
    return code


@click.command(context_settings=HELP)
@in_directory
def recover(directory: Path) -> int:
    """Rebuild a lost history from the output.

    Ids and dates are taken from the JSON documents in the output, so that nothing is published under a new id.
    """
    from feeder import upkeep

    settings = settings_in(directory)
    return _tell(upkeep.recover(settings, now(), note), settings)


@click.command(context_settings=HELP)
@in_directory
def rollback(directory: Path) -> int:
    """Go back to the generation before.

    For layout = "generations": out/current is flipped at once, and publishing waits until an input changes.
    """
    from feeder import upkeep

    settings = settings_in(directory)
    say(f"back at generation {upkeep.rollback(settings, now())}; publishing waits until an input changes")
    return 0


def _from_root(settings: Settings, file: Path) -> str:
    """A path as typed, as the publication knows it: from where one stands, or from the publication's root."""
    root = os.path.realpath(settings.root)
    for candidate in (os.path.abspath(file), os.path.join(settings.root, file)):
        # The folder is resolved and the file is not: an entry may itself be a link.
        real = os.path.join(os.path.realpath(os.path.dirname(candidate)), os.path.basename(candidate))
        if os.path.lexists(real) and real.startswith(root + os.sep):
            return os.path.relpath(real, root)
    return file.as_posix()


def _tell(report: Report, settings: Settings) -> int:
    from feeder.cli import publish
    from feeder.cli.arguments import Arguments

    publish.tell(report, settings, Arguments(verbose=True))
    return int(report.exit_code)
