"""A folder of published files: looking at it and changing it without ever leaving it.

Links inside the folder are not followed: what stands behind one belongs to somebody else.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable
from typing import Literal

from feeder.errors import CannotCreate
from feeder.output.refusal import refused
from feeder.output.staging import NAME as STAGING

_CHUNK = 1 << 20
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f\\\ud800-\udfff]")
_FLAGS = os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0) | os.O_NONBLOCK

State = Literal["there", "missing", "clash"]
"""Of a folder: it is there, it is not, a file stands in its place."""
Look = Literal["same", "differs", "new", "clash"]
"""At a file: same bytes, other bytes, nothing there, something in its way."""


def checked(path: str) -> str:
    """``path``, if it can be that of a file in ``out/``.

    Raises:
        CannotCreate: it is absolute, leaves the folder, or holds a character that file lists cannot.
    """
    parts = path.split("/")
    if "" in parts or "." in parts or ".." in parts or parts[0] == STAGING:
        raise CannotCreate(
            f"cannot create {path!r}: it is no path inside the output", hint="mend the slug or permalink"
        )
    if _FORBIDDEN.search(path):
        raise CannotCreate(
            f"cannot create {path!r}: control characters and backslashes do not belong in a path",
            hint="mend the slug, permalink or tag",
        )
    return path


class Tree:
    """The files below ``top``; ``root`` is the publication, from which paths are shown to people."""

    def __init__(self, top: str, root: str) -> None:
        self.top = top
        self.root = root
        self._folders: dict[str, State] = {}

    def full(self, path: str) -> str:
        """Where ``path`` of the tree is on this machine."""
        return f"{self.top}/{path}"

    def look(self, path: str, body: bytes) -> Look:
        """Compare what is at ``path`` with ``body``."""
        fd = self._open(path)
        if isinstance(fd, str):
            return fd
        try:
            status = os.fstat(fd)
            if not stat.S_ISREG(status.st_mode) or status.st_size != len(body):
                return "differs"
            # One byte more than expected shows a file that grew since.
            return "same" if os.read(fd, len(body) + 1) == body else "differs"
        finally:
            os.close(fd)

    def look_file(self, path: str, source: str) -> Look:
        """Compare what is at ``path`` with the bytes of the file ``source``."""
        fd = self._open(path)
        if isinstance(fd, str):
            return fd
        with open(fd, "rb", buffering=0) as there, open(source, "rb", buffering=0) as here:
            mine, wanted = os.fstat(fd), os.fstat(here.fileno())
            if not stat.S_ISREG(mine.st_mode) or mine.st_size != wanted.st_size:
                return "differs"
            while chunk := here.read(_CHUNK):
                if there.read(len(chunk)) != chunk:
                    return "differs"
        return "same"

    def mtime(self, path: str) -> int:
        """Of the file at ``path``, in nanoseconds; -1 when there is none."""
        try:
            status = os.lstat(self.full(path))
        except OSError:
            return -1
        return status.st_mtime_ns if stat.S_ISREG(status.st_mode) else -1

    def make_folders(self, paths: Iterable[str]) -> list[str]:
        """Make the folders that the files at ``paths`` need; the new ones, outermost first. All or none."""
        made: list[str] = []
        for folder in dict.fromkeys(path.rpartition("/")[0] for path in paths):
            try:
                self._make(folder, made)
            except OSError as error:
                self.remove_empty(made)
                raise refused(error, error.filename or self.full(folder), self.root) from error
        return made

    def remove_empty(self, folders: Iterable[str]) -> None:
        """Remove those of ``folders`` that are empty, and their parents that then are; never ``top``."""
        for folder in sorted(folders, key=len, reverse=True):
            while folder:
                try:
                    os.rmdir(self.full(folder))
                except OSError:
                    break  # not empty, or gone already with another
                self._folders.pop(folder, None)
                folder = folder.rpartition("/")[0]  # noqa: PLW2901  (walking up is the point)

    def unlink(self, path: str) -> bool:
        """Delete the file at ``path``; whether there was one. Folders, and what lies behind links, stay."""
        if not self.holds(path):
            return False
        try:
            os.unlink(self.full(path))
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return False
        except PermissionError:
            # What unlink of a folder gives, as POSIX words it.
            if os.path.isdir(self.full(path)) and not os.path.islink(self.full(path)):
                return False
            raise
        return True

    def state(self, folder: str) -> State:
        """Of a folder of the tree (``""`` is the tree itself).

        Raises:
            CannotCreate: a link stands in its place.
        """
        known = self._folders.get(folder)
        if known is None:
            known = self._folders[folder] = self._state(folder)
        return known

    def holds(self, path: str) -> bool:
        """Whether the folder of ``path`` is a real folder of this tree (what lies behind a link is not ours)."""
        try:
            return self.state(path.rpartition("/")[0]) == "there"
        except CannotCreate:
            return False

    def has(self, path: str) -> bool:
        """Whether there is a file of this tree at ``path``."""
        try:
            return self.holds(path) and not stat.S_ISDIR(os.lstat(self.full(path)).st_mode)
        except OSError:
            return False

    def forget(self) -> None:
        """Drop what is remembered of folders, after they changed."""
        self._folders.clear()

    def _state(self, folder: str) -> State:
        if folder:
            above = self.state(folder.rpartition("/")[0])
            if above != "there":
                return above
        try:
            # The tree itself may be a link: /srv/www and the like.
            status = os.lstat(self.full(folder)) if folder else os.stat(self.top)
        except FileNotFoundError:
            return "missing"
        except OSError as error:
            raise refused(error, self.full(folder), self.root) from error
        if stat.S_ISLNK(status.st_mode):
            shown = os.path.relpath(self.full(folder), self.root)
            raise CannotCreate(
                f"cannot write below {shown}: it is a symbolic link", hint="replace the link by a real folder"
            )
        return "there" if stat.S_ISDIR(status.st_mode) else "clash"

    def _open(self, path: str) -> int | Look:
        above = self.state(path.rpartition("/")[0])
        if above != "there":
            return "clash" if above == "clash" else "new"
        full = self.full(path)
        try:
            fd = os.open(full, _FLAGS)
        except FileNotFoundError:
            return "new"
        except OSError as error:
            if os.path.lexists(full):
                return "differs"  # a link, or a file that this user cannot read; a rename replaces both
            raise refused(error, full, self.root) from error
        if stat.S_ISDIR(os.fstat(fd).st_mode):
            os.close(fd)
            return "clash"
        return fd

    def _make(self, folder: str, made: list[str]) -> None:
        if self._folders.get(folder) == "there":
            return
        if not folder:
            os.makedirs(self.top, 0o755, exist_ok=True)
        else:
            self._make(folder.rpartition("/")[0], made)
            try:
                os.mkdir(self.full(folder), 0o755)
                made.append(folder)
            except FileExistsError:
                status = os.lstat(self.full(folder))
                if not stat.S_ISDIR(status.st_mode):
                    raise
        self._folders[folder] = "there"
