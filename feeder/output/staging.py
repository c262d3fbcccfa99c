"""The hidden folder in which files are written whole before they go live.

``OUT/.staging/PID.START/``, on the same file system as the output, so that going live is one rename.
The name holds the process that owns it and when that process started, since process numbers come
back: what a killed run left is known by its owner being dead, and removed by the next run.
"""

from __future__ import annotations

import errno
import os
import re
from dataclasses import dataclass

from feeder.model import Stage

NAME = ".staging"
_CHUNK = 1 << 20
_OWNER = re.compile(r"\d+\.\d+")


@dataclass(frozen=True, slots=True)
class Staged:
    """One document, written whole and waiting to go live. Can be sent between processes."""

    path: str
    """In ``out/``."""
    stage: Stage
    moves: tuple[tuple[str, str], ...]
    """``(path in out/, file in the staging folder)``: precompressed copies first, then the document itself."""
    new: bool = False
    """Nothing stands at ``path`` yet."""
    clash: bool = False
    """A file stands where one of its folders must be, or a folder at its own place."""


class Staging:
    """The staging folder of this run; made when the first file is written, so that an idle run touches nothing."""

    def __init__(self, out: str) -> None:
        self.base = os.path.join(out, NAME)
        self.folder = os.path.join(self.base, f"{os.getpid()}.{_started(os.getpid())}")
        self._count = 0

    def write(self, body: bytes) -> str:
        """Write ``body`` to a new file of this folder and return its path; nothing stays behind on an error."""
        fd, path = self._new()
        try:
            try:
                view = memoryview(body)
                while view:
                    view = view[os.write(fd, view) :]
            finally:
                os.close(fd)
        except OSError:
            os.unlink(path)
            raise
        return path

    def copy(self, source: str) -> str:
        """Copy the file ``source`` to a new file of this folder and return its path."""
        with open(source, "rb", buffering=0) as data:
            fd, path = self._new()
            try:
                try:
                    while chunk := data.read(_CHUNK):
                        view = memoryview(chunk)
                        while view:
                            view = view[os.write(fd, view) :]
                finally:
                    os.close(fd)
            except OSError:
                os.unlink(path)
                raise
        return path

    def name(self) -> str:
        """A path in this folder that nothing has yet."""
        self._count += 1
        # Workers are forks of the owner and share the folder.
        return os.path.join(self.folder, f"{os.getpid()}-{self._count}")

    def make(self) -> None:
        """Make the folder where it is missing."""
        if os.path.islink(self.base):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), self.base)
        os.makedirs(self.folder, 0o755, exist_ok=True)

    @property
    def folds(self) -> bool:
        """Whether the file system takes ``A`` and ``a`` for one name; false as long as nothing is staged."""
        return os.path.lexists(os.path.join(os.path.dirname(self.base), NAME.upper()))

    def clear(self) -> None:
        """Remove the folder and what is in it."""
        if not _rmdir(self.folder) and os.path.lexists(self.folder):
            _remove(self.folder)
        _rmdir(self.base)

    def clear_dead(self) -> None:
        """Remove what runs left behind that are no more."""
        try:
            names = [] if os.path.islink(self.base) else os.listdir(self.base)
        except OSError:
            return
        for name in names:
            if _OWNER.fullmatch(name) and not _alive(name):
                _remove(os.path.join(self.base, name))
        _rmdir(self.base)

    def _new(self) -> tuple[int, str]:
        path = self.name()
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            return os.open(path, flags, 0o644), path
        except FileNotFoundError:
            self.make()
            return os.open(path, flags, 0o644), path


def _rmdir(folder: str) -> bool:
    try:
        os.rmdir(folder)
    except OSError:
        return False  # missing, or another run is at work in it
    return True


def _remove(folder: str) -> None:
    import shutil  # seldom needed, and slow to import

    # What cannot be removed now is removed by a later run; it is in nobody's way.
    shutil.rmtree(folder, ignore_errors=True)


def _alive(name: str) -> bool:
    pid, _, started = name.partition(".")
    return _started(int(pid)) == started


def _started(pid: int) -> str:
    """When a process started, in clock ticks since boot; empty when there is no such process.

    Where there is no ``/proc``, ``"0"`` for every process that lives.
    """
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return stat.read().rpartition(b")")[2].split()[19].decode()
    except OSError:
        pass
    if os.path.exists("/proc/self/stat"):
        return ""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        return "0"
    return "0"
