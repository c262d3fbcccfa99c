"""``feeder backup`` and ``feeder restore``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feeder.cli.mailing import count
from feeder.cli.options import HELP, in_directory, note, now, say, settings_in
from feeder.cli.terminal import clean

if TYPE_CHECKING:
    from feeder.upkeep.archive import Manifest
    from feeder.upkeep.backup import Made
    from feeder.upkeep.carrying import Carried
    from feeder.upkeep.restoring import Only, Restored


@click.command(context_settings=HELP)
@click.option(
    "-o", "--output", metavar="FILE", default="",
    help="Where to: a file, a folder, or - for stdout; backups/ if not given.",
)  # fmt: skip
@click.option("--keep", type=click.IntRange(min=1), metavar="N", help="Delete older ones of feeder's own but N.")
@click.option(
    "--lock-timeout", type=click.FloatRange(min=0), default=60.0, show_default=True, metavar="S",
    help="Seconds to wait for a publish.",
)  # fmt: skip
@click.option("-q", "--quiet", is_flag=True, help="Say nothing when all is well.")
@in_directory
def backup(output: str, keep: int | None, lock_timeout: float, quiet: bool, directory: Path) -> int:
    """Copy history and mail database into one file.

    While everything goes on: a publish, a sending, `feeder run`. The file holds addresses of subscribers, and is
    readable by you alone.
    """
    from feeder.upkeep import backup as making

    settings, target = settings_in(directory), Path(output) if output else None
    if keep and (output == "-" or (target is not None and not target.is_dir())):
        raise click.UsageError("--keep needs a folder: -o FOLDER, or the publication's own.")
    if output == "-":
        made = making.stream(settings, now(), sys.stdout.buffer, wait=lock_timeout)
        sys.stdout.buffer.flush()
    else:
        made = making.backup(settings, now(), target, keep=keep or 0, wait=lock_timeout)
    if not quiet:
        for line in _made(made, settings.root):
            (note if output == "-" else say)(line)
    return 0


def _made(made: Made, root: Path) -> Iterator[str]:
    from feeder.upkeep.restoring import shown

    what = ", ".join(_counts(made.manifest))
    yield f"{shown(made.path, root.absolute())}  {_size(made.size)}: {what}" if made.path else what
    if made.deleted:
        yield f"deleted {count(len(made.deleted), 'older one', 'older ones')}"


def _counts(manifest: Manifest) -> Iterator[str]:
    words = {
        "entries": ("entry", "entries"),
        "subscribers": ("subscriber", "subscribers"),
        "digests": ("digest", "digests"),
    }
    yield from (count(manifest.counts[key], *pair) for key, pair in words.items() if key in manifest.counts)


def _size(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size >= 100_000 else f"{size / 1e3:,.1f} kB"


@click.command(context_settings=HELP)
@click.argument("file", type=click.Path(exists=True, dir_okay=False), metavar="FILE")
@click.option("--only", type=click.Choice(["history", "mail"]), default=None, help="One of the two alone.")
@click.option("--force", is_flag=True, help="Also the backup of another publication.")
@in_directory
def restore(file: str, only: Only | None, force: bool, directory: Path) -> int:
    """Put a backup in the place of history and mail database.

    What stands there is kept aside and named. What was sent since the backup is not sent again, and who left since
    stays away, as far as the present databases can be read.
    """
    from feeder.upkeep import restoring

    settings = settings_in(directory)
    done = restoring.restore(settings, now(), file, only=only or "", force=force)
    for line in _restored(done, settings.root.absolute()):
        say(line)
    return 0


def _restored(done: Restored, root: Path) -> Iterator[str]:
    from feeder.upkeep.restoring import shown

    made = f"{done.manifest.made:%Y-%m-%d %H:%M} UTC"
    yield f"restored {' and '.join(done.names)} of {made} ({', '.join(_counts(done.manifest))})"
    for folder in done.aside:
        yield f"what stood there is kept in {clean(shown(folder, root))}/"
    if done.kept:
        yield "the backup has no mail database; the present one stays as it is"
    known = "history.db" not in done.names or any(one.read for one in done.carried if one.name == "history.db")
    for one in done.carried:
        yield from _history(one) if one.name == "history.db" else _mail(one, known=known)
    yield "the next `publish` looks at everything, and tells what changed since then, under the same ids; else nothing"


def _history(one: Carried) -> Iterator[str]:
    if not one.read:
        yield "history: what was published since then is not known; the next `publish` releases it anew"
    elif one.lost:
        many = count(one.lost, "entry", "entries")
        yield f"history: {many} published since then come again, with the next `publish`"


def _mail(one: Carried, *, known: bool) -> Iterator[str]:
    if one.read:
        yield from _known(one)
        return
    if known:
        yield "mail: what was sent since then is known by the history; the next `publish` tells whom it takes as served"
    else:
        yield "mail: what was sent since then is not known; entries released anew go into the next digests"
        yield "      (`mail: false` in an entry keeps it out)"
    yield "mail: who unsubscribed since then is subscribed again, since that cannot be read any more"
    if one.held:
        many = count(one.held, "delivery", "deliveries")
        yield f"mail: {many} that waited then are held: `feeder digest status` names them"


def _known(one: Carried) -> Iterator[str]:
    if one.digests:
        yield f"mail: {count(one.digests, 'digest', 'digests')} cut since then: not sent again to those who had them"
    if one.left:
        yield f"mail: {count(one.left, 'subscription', 'subscriptions')} ended since then: they stay ended"
    if one.lost:
        yield f"mail: not in the backup: {count(one.lost, 'person', 'people')} who came since then"
