"""Copying history and mail database into one file, whatever is written to them meanwhile.

The two belong together: a digest stands in both. So both are looked at in one instant between two runs of ``publish``,
under its lock; SQLite then keeps that state readable while it is copied, and the lock is let go at once. A sending goes
on all the time; what it has done by that instant is in the copy.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final
from urllib.parse import quote

from feeder import __version__
from feeder import history as histories
from feeder.config import Settings
from feeder.errors import DataError, HistoryDamaged, MailDamaged, UsageError
from feeder.history.opening import refusal
from feeder.output import publishing, served
from feeder.output.refusal import writing
from feeder.upkeep import archive
from feeder.upkeep.archive import Manifest

FOLDER: Final = "backups"
"""In the publication; readable by its owner alone, and unknown to git."""
_OURS: Final = re.compile(r"feeder-(\d{4}-\d\d-\d\dT\d{6}Z)(?:-(\d+))?\.tar\.gz")
_COUNTS: Final = {
    "history.db": {"entries": "SELECT count(*) FROM entry WHERE withdrawn IS NULL"},
    "mail.db": {
        "subscribers": "SELECT count(*) FROM subscriber",
        "digests": "SELECT count(*) FROM digest",
    },
}


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made."""

    path: str
    """Empty: it was written elsewhere."""
    size: int
    manifest: Manifest
    deleted: tuple[str, ...] = ()
    """Older ones that had to go."""


def backup(settings: Settings, now: datetime, target: Path | None = None, *, keep: int = 0, wait: float = 60) -> Made:
    """Copy history and mail database into one file, and read it back.

    Args:
        settings: the publication's.
        now: the time; it is in the file's name.
        target: the file, or a folder for it; None: ``backups/`` of the publication.
        keep: how many of feeder's own stay in the folder, this one included; 0: all.
        wait: seconds to wait for a publish under way.

    Raises:
        UsageError: there is nothing yet, the file would be public, or something else stands in its place.
        HistoryDamaged, MailDamaged: it was left as it is, and there is no new backup; older ones stay.
        Locked: a publish, or another backup, is at work still.
        CannotCreate, CannotWrite: the file cannot be written; nothing half is left.
    """
    target = target or settings.root / FOLDER
    folder = target if target.is_dir() or target == settings.root / FOLDER else target.parent
    if not folder.is_dir() and folder != settings.root / FOLDER:
        raise UsageError(f"no folder {folder}", hint="make it first; a disk that is not mounted gets no backup")
    _require_private(settings, folder)
    if target.is_file() and archive.glance(str(target)) is None:
        raise UsageError(f"{target} is there, and is no backup", hint="name another file, or a folder")
    with writing(str(folder), str(settings.root)), _copied(settings, now, wait) as (manifest, files):
        if folder == settings.root / FOLDER:
            _make_folder(folder)
        path = _free(folder, now) if folder == target or target == settings.root / FOLDER else target
        _put(path, manifest, files)
        size = os.path.getsize(path)
        return Made(str(path), size, manifest, tuple(_prune(folder, path, manifest.url, keep)) if keep else ())


def stream(settings: Settings, now: datetime, out: IO[bytes], *, wait: float = 60) -> Made:
    """The same into an open file."""
    with _copied(settings, now, wait) as (manifest, files):
        archive.write(out, manifest, files)
        return Made("", 0, manifest)


def _require_private(settings: Settings, folder: Path) -> None:
    public = os.path.realpath(settings.root / settings.output.path)
    for one in (public, os.path.realpath(served(settings))):
        if os.path.commonpath([one, os.path.realpath(folder)]) == one:
            raise UsageError(
                f"{folder} is public: it lies in {settings.output.path}/",
                hint="a backup holds addresses; keep it where no web server looks",
            )


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(0o700)
    if not (folder / ".gitignore").exists():
        (folder / ".gitignore").write_text("# Backups hold addresses of subscribers.\n*\n", "utf-8")


def _free(folder: Path, now: datetime) -> Path:
    stem = f"feeder-{now.astimezone(UTC):%Y-%m-%dT%H%M%SZ}"
    path, number = folder / f"{stem}.tar.gz", 2
    while os.path.lexists(path):
        path, number = folder / f"{stem}-{number}.tar.gz", number + 1
    return path


@contextmanager
def _copied(settings: Settings, now: datetime, wait: float) -> Iterator[tuple[Manifest, dict[str, str]]]:
    """The databases, copied and sound: what the manifest says, and the file of each."""
    root = settings.root
    if not os.path.exists(root / histories.FILE):
        raise UsageError("nothing is published yet", hint="run `publish` first")
    with publishing(root, now, wait, "backup"):
        scratch = root / ".feeder" / "backup"
        shutil.rmtree(scratch, ignore_errors=True)  # of one that was killed
        scratch.mkdir(0o700)
        try:
            files = _copies(settings, now, scratch, wait)
            parts = tuple(archive.part_of(name, file) for name, file in files.items())
            counts = {key: count for name, file in files.items() for key, count in _counted(name, file)}
            site = settings.site
            yield Manifest(now, __version__, site.title, site.url, parts, counts), files
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def _copies(settings: Settings, now: datetime, scratch: Path, wait: float) -> dict[str, str]:
    from feeder.mail import database as mail

    sources = {"history.db": str(settings.root / histories.FILE)}
    histories.open_history(str(settings.root), writing=False).close()  # sound so far, and of this version
    if settings.lists:
        mail.require_there(settings)  # with --keep, backups without subscribers would push out those that have them
    if mail.exists(settings):
        mail.open_mail(settings, now).close()
        sources["mail.db"] = mail.path_of(settings)
    with ExitStack() as stack:
        with publishing(settings.root, now, wait):
            opened = {name: stack.enter_context(_frozen(name, path)) for name, path in sources.items()}
        return {name: _copy(name, connection, scratch) for name, connection in opened.items()}


@contextmanager
def _frozen(name: str, path: str) -> Iterator[sqlite3.Connection]:
    """A connection that sees the database as it is now, whoever writes to it later."""
    connection = sqlite3.connect(f"file:{quote(os.fsencode(path))}?mode=rw", uri=True, isolation_level=None, timeout=60)
    try:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        yield connection
    except sqlite3.DatabaseError as error:
        raise refusal(error) or _damaged(name, error) from error
    finally:
        connection.close()


def _copy(name: str, source: sqlite3.Connection, scratch: Path) -> str:
    path = str(scratch / name)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    copy = sqlite3.connect(path, isolation_level=None)
    try:
        copy.execute("PRAGMA synchronous = OFF")  # read back before it counts
        source.backup(copy)
    finally:
        copy.close()
    try:
        archive.require_sound(name, path)
    except DataError as error:
        raise _damaged(name, str(error).partition(": ")[2]) from error
    return path


def _damaged(name: str, why: object) -> DataError:
    kind = HistoryDamaged if name == "history.db" else MailDamaged
    return kind(
        f"{name} is damaged and was left as it is: {str(why).splitlines()[-1]}; no backup was made, and none deleted",
        hint="`feeder restore BACKUP` puts an older one back",
    )


def _counted(name: str, file: str) -> Iterator[tuple[str, int]]:
    connection = sqlite3.connect(f"file:{quote(os.fsencode(file))}?immutable=1", uri=True)
    try:
        for key, query in _COUNTS[name].items():
            yield key, int(connection.execute(query).fetchone()[0])
    finally:
        connection.close()


def _put(path: Path, manifest: Manifest, files: dict[str, str]) -> None:
    """The file, under its name when it is whole, on the disk, and was read back."""
    draft = f"{path}.{os.getpid()}.new"
    try:
        with open(draft, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as out:
            archive.write(out, manifest, files)
            out.flush()
            os.fsync(out.fileno())
        archive.extract(draft, lambda _: None)
        os.replace(draft, path)
    finally:
        if os.path.lexists(draft):
            os.unlink(draft)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _prune(folder: Path, newest: Path, url: str, keep: int) -> Iterator[str]:
    """Delete our own older ones; what has another name, or is another publication's, somebody else put there."""
    found = ((_OURS.fullmatch(one.name), one) for one in folder.iterdir() if one != newest)
    named = sorted(((match[1], int(match[2] or 1), one) for match, one in found if match), reverse=True)
    ours = [one for _, _, one in named if (told := archive.glance(str(one))) and told.url == url]
    for one in ours[keep - 1 :]:
        one.unlink(missing_ok=True)
        yield str(one)
