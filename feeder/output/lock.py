"""One publish at a time: a lock of the operating system on ``.feeder/publish.lock``.

It goes when its holder does, however that ends, so it is never stale. The file stays; it says who holds the lock.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from feeder.errors import CannotCreate, Locked
from feeder.output.refusal import writing

_STEP = 0.05
"""Seconds between two tries. Tries are counted, since nothing here reads a clock."""
_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL}


@contextmanager
def publishing(root: Path, now: datetime, timeout: float = 60, name: str = "publish") -> Iterator[None]:
    """Hold the lock for the block.

    Args:
        root: the publication.
        now: when this run began; shown to those who meet the lock.
        timeout: seconds to wait for another holder; 0 tries at once, and once more, since who asks whether it is
            ``is_held`` has it for an instant.
        name: of the lock: ``.feeder/NAME.lock``.

    Raises:
        Locked: another process holds it still; the message says which and since when.
        CannotCreate: the lock file cannot be made.
    """
    path = str(root / ".feeder" / f"{name}.lock")
    with writing(path, str(root)):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        _wait(fd, path, timeout, name)
        with writing(path, str(root)):
            _say(fd, f"{os.getpid()} {now.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC\n".encode())
        yield
    finally:
        os.close(fd)


def is_held(root: Path, name: str = "publish") -> bool:
    """Whether somebody holds the lock now; where nobody can tell, nobody does."""
    try:
        fd = os.open(root / ".feeder" / f"{name}.lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(fd)
    return False


def note(root: Path, name: str, text: str) -> None:
    """Leave a line for whoever meets the lock; only its holder may, and the next one wipes it out."""
    with suppress(OSError), open(root / ".feeder" / f"{name}.lock", "a", encoding="utf-8") as file:
        file.write(f"{text}\n")


def noted(root: Path, name: str) -> str:
    """That line; empty for none."""
    try:
        lines = (root / ".feeder" / f"{name}.lock").read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return lines[1] if len(lines) > 1 else ""


def _wait(fd: int, path: str, timeout: float, name: str) -> None:
    for left in range(int(timeout / _STEP) + 1, -1, -1):
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if left:
                time.sleep(_STEP)
                continue
        except OSError as error:
            if error.errno in _NO_LOCKS:
                raise CannotCreate(
                    f"cannot lock {path}: this file system has no locks", hint="keep the publication on a local disk"
                ) from error
            raise
        else:
            return
    raise Locked(
        f"another {name} is at work: {_holder(fd)}",
        hint="run it again later; `publish` and `backup` wait longer with --lock-timeout SECONDS",
    )


def _holder(fd: int) -> str:
    pid, _, since = os.pread(fd, 100, 0).partition(b"\n")[0].decode(errors="replace").partition(" ")
    return f"process {pid}, since {since}" if pid.isdigit() and since else "it has not said who it is yet"


def _say(fd: int, text: bytes) -> None:
    os.pwrite(fd, text, 0)
    os.ftruncate(fd, len(text))
