"""``feeder clean``: remove what the next run makes again."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import click

from feeder.cli.options import HELP, in_directory, now, say, settings_in

DISPOSABLE = ("index", "cache", "assets", "templates", "preview")
"""Names in ``.feeder/`` that hold nothing of worth, whatever follows them (``cache.db-wal``)."""


@click.command(context_settings=HELP)
@in_directory
def clean(directory: Path) -> int:
    """Remove caches.

    The history, the entries and the output stay as they are; the next publish is a full one.
    """
    from feeder.output.lock import publishing

    settings = settings_in(directory)
    state = settings.root / ".feeder"
    if not state.is_dir():
        return 0
    with publishing(settings.root, now()):
        for path in disposable(state):
            say(os.path.relpath(path, settings.root))
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    return 0


def disposable(state: Path) -> list[Path]:
    """What may go, sorted."""
    return sorted(path for path in state.iterdir() if path.name.split(".")[0].split("-")[0] in DISPOSABLE)
