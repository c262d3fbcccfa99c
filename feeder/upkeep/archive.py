"""The file that a backup is: a ``tar.gz`` with a manifest and the databases, which any other program can open too.

``manifest.json`` comes first. It says when and by which feeder it was made, and of each database its version, its size
and its SHA-256, so that nothing is believed which is not whole.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import sqlite3
import tarfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import IO, Any, Final
from urllib.parse import quote

from feeder.errors import DataError
from feeder.history.opening import VERSION as HISTORY_VERSION
from feeder.mail.founding import HEAD as MAIL_VERSION

FORMAT: Final = 1
_MANIFEST: Final = "manifest.json"
_LONGEST: Final = 1 << 20
"""Bytes of a manifest; a longer one is none."""
_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Part:
    """One database in a backup."""

    name: str
    """``history.db`` or ``mail.db``."""
    version: str
    """Of its tables."""
    size: int
    """Bytes."""
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself."""

    made: datetime
    feeder: str
    """The version that made it."""
    title: str
    """The publication's."""
    url: str
    parts: tuple[Part, ...]
    counts: Mapping[str, int] = field(default_factory=dict)
    """``entries``, ``digests``, ``subscribers``."""

    def part(self, name: str) -> Part | None:
        """The database of that name."""
        return next((one for one in self.parts if one.name == name), None)


def write(out: IO[bytes], manifest: Manifest, files: Mapping[str, str]) -> None:
    """Write a backup; ``files`` says of each part where it stands."""
    # The lowest level but one: most of a database are texts that shrink at once.
    with (
        gzip.GzipFile("", "wb", 2, out, manifest.made.timestamp()) as packed,
        tarfile.open(fileobj=packed, mode="w|") as tar,
    ):
        content = json.dumps(_plain(manifest), ensure_ascii=False, indent=1).encode()
        tar.addfile(_member(_MANIFEST, len(content), manifest.made), io.BytesIO(content))
        for part in manifest.parts:
            with open(files[part.name], "rb") as file:
                tar.addfile(_member(part.name, part.size, manifest.made), file)


def _member(name: str, size: int, made: datetime) -> tarfile.TarInfo:
    made_of = tarfile.TarInfo(name)
    made_of.size, made_of.mode, made_of.mtime = size, 0o600, int(made.timestamp())
    return made_of


def _plain(manifest: Manifest) -> dict[str, Any]:
    return {"format": FORMAT, **asdict(manifest), "made": manifest.made.isoformat()}


def extract(path: str, where: Callable[[str], str | None]) -> Manifest:
    """Read a whole backup, and compare each database with what the manifest says of it.

    Args:
        path: the backup.
        where: of a part's name, the file to write it into; None only looks at it.

    Raises:
        DataError: it is no backup, or not whole, or that of a newer feeder. Files may have been written.
    """
    try:
        with tarfile.open(path, mode="r|gz") as tar:
            manifest, left = None, set[str]()
            for member in tar:
                content = tar.extractfile(member)
                if manifest is None:
                    manifest = _manifest(path, member, content)
                    left = {part.name for part in manifest.parts}
                elif content is not None and member.name in left:
                    _take(path, manifest, member.name, content, where(member.name))
                    left.remove(member.name)
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise _broken(path, "it is no backup, or its end is missing") from error
    if manifest is None or left:
        raise _broken(path, "it is not whole")
    return manifest


def glance(path: str) -> Manifest | None:
    """What a backup says of itself, without a look at the rest; None where it is none, or cannot be read."""
    try:
        with tarfile.open(path, mode="r|gz") as tar:
            member = tar.next()
            return _manifest(path, member, tar.extractfile(member)) if member else None
    except (DataError, tarfile.TarError, EOFError, zlib.error, OSError):
        return None


def _manifest(path: str, member: tarfile.TarInfo, content: IO[bytes] | None) -> Manifest:
    if member.name != _MANIFEST or content is None or member.size > _LONGEST:
        raise _broken(path, "it is none that feeder made")
    try:
        told = json.loads(content.read())
        if told["format"] > FORMAT:
            raise DataError(f"{path} was made by a newer feeder ({told['feeder']})", hint="install that version")
        return Manifest(
            made=datetime.fromisoformat(told["made"]),
            feeder=str(told["feeder"]),
            title=str(told["title"]),
            url=str(told["url"]),
            parts=tuple(Part(**one) for one in told["parts"]),
            counts=told["counts"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _broken(path, "its manifest cannot be read") from error


def _take(path: str, manifest: Manifest, name: str, content: IO[bytes], target: str | None) -> None:
    part = manifest.part(name)
    assert part is not None
    size, found = 0, sha256()
    with open(target or os.devnull, "wb", opener=_private) as file:
        while size <= part.size and (block := content.read(_BLOCK)):
            size += len(block)
            found.update(block)
            file.write(block)
        if target is not None:
            file.flush()
            os.fsync(file.fileno())
    if (size, found.hexdigest()) != (part.size, part.sha256):
        raise _broken(path, f"{name} is not what it was when it was backed up")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _broken(path: str, why: str) -> DataError:
    return DataError(f"{path} cannot be used: {why}", hint="take another backup; nothing was changed")


def part_of(name: str, file: str) -> Part:
    """What the manifest says of a database; raises ``DataError`` where it is not sound (SQLite's ``quick_check``)."""
    require_sound(name, file)
    with open(file, "rb") as opened:
        size = os.fstat(opened.fileno()).st_size
        found = sha256()
        while block := opened.read(_BLOCK):
            found.update(block)
    return Part(name, version_of(name, file), size, found.hexdigest())


def require_sound(name: str, file: str) -> None:
    """Look through a whole database that nobody writes to."""
    try:
        said = _ask(file, "PRAGMA quick_check(1)")
    except sqlite3.DatabaseError as error:
        said = str(error)
    if said != "ok":
        raise DataError(f"{name} is damaged: {str(said).splitlines()[-1]}", hint="nothing was changed")


def version_of(name: str, file: str) -> str:
    """The version of the tables; raises ``DataError`` where it is none of ours, or a newer one."""
    known = str(HISTORY_VERSION) if name == "history.db" else MAIL_VERSION
    query = "PRAGMA user_version" if name == "history.db" else "SELECT version_num FROM alembic_version"
    try:
        found = _ask(file, query)
    except sqlite3.DatabaseError as error:
        raise DataError(f"{name} is none of ours: {error}", hint="nothing was changed") from error
    if not found.isdigit() or not int(found):
        raise DataError(f"{name} does not say which version it is", hint="nothing was changed")
    if int(found) > int(known):
        raise DataError(
            f"{name} was written by a newer feeder (its version is {found}, this one knows {known})",
            hint="install that version; nothing was changed",
        )
    return found


def _ask(file: str, query: str) -> str:
    # Immutable, or SQLite would make files beside it.
    connection = sqlite3.connect(f"file:{quote(os.fsencode(file))}?immutable=1", uri=True)
    try:
        row = connection.execute(query).fetchone()
        return str(row[0]) if row else ""
    finally:
        connection.close()
