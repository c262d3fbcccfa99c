"""Putting a backup in the place of history and mail database, without losing what stands there.

First everything is looked at, and made ready beside its place; what was sent since, and who left since, is taken over.
Only then are the databases exchanged, both or none (`feeder.history.swapping`), and the present ones kept aside.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from feeder import cache as caching
from feeder import history as histories
from feeder import index
from feeder.config import Settings
from feeder.errors import DataError, Locked, MailUnreachable, UsageError
from feeder.history import opening, swapping
from feeder.history.swapping import Swap
from feeder.output import publishing
from feeder.output.refusal import writing
from feeder.upkeep import archive, carrying
from feeder.upkeep.archive import Manifest
from feeder.upkeep.carrying import Carried

Only = Literal["", "history", "mail"]
_HOLDERS: Final = {
    "run": "stop `feeder run` first",
    "publish": "wait until it has ended",
    "send": "wait until it has ended, or stop it: what is left is in the ledger",
    "backup": "wait until it has ended",
}
"""Locks, and what to do when another has them."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did."""

    manifest: Manifest
    names: tuple[str, ...]
    """The databases that were put in place."""
    aside: tuple[str, ...]
    """Folders with those that stood there; none: there was nothing."""
    carried: tuple[Carried, ...]
    """What was taken over from those."""
    kept: bool = False
    """The backup has no mail database, and the present one stays."""


def restore(settings: Settings, now: datetime, file: str, *, only: Only = "", force: bool = False) -> Restored:
    """Put the databases of a backup in their places.

    Args:
        settings: the publication's.
        now: the time; the present databases are kept under it.
        file: the backup.
        only: one of the two alone.
        force: also a backup that names another publication.

    Raises:
        DataError: the backup is not whole, not sound, or a newer feeder's; nothing was changed.
        UsageError: it is another publication's, or has not what is asked for.
        Locked: `feeder run`, a publish or a sending is at work.
        CannotCreate, CannotWrite: the disk does not let us; nothing was changed.
    """
    root = str(settings.root)
    with writing(file, root), _alone(settings, now):
        swapping.finish(root)
        places = _places(settings, only)
        try:
            manifest = _stage(settings, file, places, force=force)
            names = _names(manifest, places, file)
            carried = tuple(_carry(names, places, now, counted=only == "mail"))
            swaps = [_swap(places[name], now) for name in names]
        except BaseException:
            _tidy(places)
            raise
        # The next run looks at everything, and believes nothing that was remembered beside the other history.
        index.drop(root)
        caching.remove(root)
        swapping.exchange(root, swaps)
        left = "mail.db" in places and "mail.db" not in names and os.path.exists(places["mail.db"])
        return Restored(manifest, names, tuple(_aside(swaps)), carried, kept=left)


@contextmanager
def _alone(settings: Settings, now: datetime) -> Iterator[None]:
    """All locks that anybody holds who writes into the databases for long."""
    with ExitStack() as stack:
        for name, hint in _HOLDERS.items():
            try:
                stack.enter_context(publishing(settings.root, now, 0, name))
            except Locked as error:
                raise Locked(str(error), hint=f"{hint}; nothing was changed") from error
        yield


def _places(settings: Settings, only: Only) -> dict[str, str]:
    """Name of a database -> where it belongs."""
    from feeder.mail import database as mail

    found: dict[str, str] = {}
    if only != "mail":
        found["history.db"] = str(settings.root / histories.FILE)
    if only != "history":
        found["mail.db"] = mail.path_of(settings)
        if not os.path.isdir(os.path.dirname(found["mail.db"])):
            raise MailUnreachable(
                f"the folder of the mail database is not there: {os.path.dirname(found['mail.db'])}",
                hint="mount or make it; nothing was changed",
            )
    return found


def _staged(path: str) -> str:
    return f"{path}.restoring"


def _stage(settings: Settings, file: str, places: dict[str, str], *, force: bool) -> Manifest:
    """Everything made ready beside its place: whole, sound, and of this version."""
    from feeder.mail import founding

    _tidy(places)  # of one that was killed
    manifest = archive.extract(file, lambda name: _staged(places[name]) if name in places else None)
    site = settings.site
    if not force and manifest.url != site.url and manifest.title != site.title:
        raise UsageError(
            f"{file} is a backup of “{manifest.title}” ({manifest.url})",
            hint="with --force it is restored here all the same; nothing was changed",
        )
    for name in (one for one in places if manifest.part(one)):
        staged = _staged(places[name])
        archive.require_sound(name, staged)
        archive.version_of(name, staged)
        upgrade = opening.upgrade if name == "history.db" else founding.upgrade
        upgrade(staged)
    return manifest


def _names(manifest: Manifest, places: dict[str, str], file: str) -> tuple[str, ...]:
    found = tuple(name for name in places if manifest.part(name))
    if not found:
        raise UsageError(f"{file} has no {' and no '.join(places)}", hint="restore it without --only")
    return found


def _carry(names: tuple[str, ...], places: dict[str, str], now: datetime, *, counted: bool) -> Iterator[Carried]:
    for name in names:
        path = places[name]
        there = path if os.path.exists(path) else ""
        if name == "mail.db":
            yield carrying.carry_mail(_staged(path), there, now, counted=counted)
        else:
            done = carrying.carry_history(_staged(path), there) if there else Carried(name, read=False)
            counted = done.read
            yield done


def _swap(path: str, now: datetime) -> Swap:
    """The folder that the present database goes to is made here."""
    staged = _staged(path)
    _settle(staged)
    stem = os.path.join(os.path.dirname(path), f"before-restore-{now.astimezone(UTC):%Y-%m-%dT%H%M%SZ}")
    folder, number = stem, 2
    while os.path.lexists(os.path.join(folder, os.path.basename(path))):
        folder, number = f"{stem}-{number}", number + 1
    os.makedirs(folder, 0o700, exist_ok=True)
    return Swap(path, staged, os.path.join(folder, os.path.basename(path)))


def _settle(staged: str) -> None:
    """One file, with a write-ahead log from its next opening on, and on the disk."""
    import sqlite3

    connection = sqlite3.connect(staged, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()
    if os.path.exists(f"{staged}-wal") and os.path.getsize(f"{staged}-wal"):
        raise DataError(f"{staged} is open in another program", hint="end it, and restore again; nothing was changed")
    handle = os.open(staged, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _aside(swaps: list[Swap]) -> Iterator[str]:
    for folder in dict.fromkeys(os.path.dirname(one.aside) for one in swaps):
        if os.listdir(folder):
            yield folder
        else:
            os.rmdir(folder)


def _tidy(places: dict[str, str]) -> None:
    for path in places.values():
        for ending in ("", *swapping.ENDINGS):
            if os.path.lexists(_staged(path) + ending):
                os.unlink(_staged(path) + ending)


def shown(path: str, root: Path) -> str:
    """A path, from the publication where it lies in it."""
    return os.path.relpath(path, root) if path.startswith(f"{root}{os.sep}") else path
