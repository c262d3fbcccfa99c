"""What the operating system refused, as an error for people."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from feeder.errors import CannotCreate, CannotWrite, FeederError

_AGAIN = "what was public stays public; run publish again afterwards"
_FAILED = {
    errno.ENOSPC: ("the disk is full", f"free some space (df -h; df -i for the number of files); {_AGAIN}"),
    errno.EDQUOT: ("the disk quota is used up", f"free some space or raise the quota; {_AGAIN}"),
    errno.EFBIG: ("the file would be larger than allowed", f"raise the limit (ulimit -f); {_AGAIN}"),
    errno.EIO: ("the disk reports an error", f"look at the disk (dmesg); {_AGAIN}"),
}
_REFUSED = {
    errno.EACCES: ("permission denied", "give this user the right to write there (ls -ld shows who has it)"),
    errno.EPERM: ("permission denied", "give this user the right to write there (lsattr shows immutable files)"),
    errno.EROFS: ("the file system is read-only", "mount it for writing, or set another output.path"),
    errno.ENOTDIR: ("a file stands where a folder is needed", "move that file away"),
    errno.EISDIR: ("a folder stands where a file is needed", "move that folder away"),
    errno.EEXIST: ("a file stands where a folder is needed", "move that file away"),
    errno.ENOTEMPTY: ("a folder stands where a file is needed", "move that folder away"),
    errno.ENAMETOOLONG: ("a part of the path is longer than 255 bytes", "give a shorter slug, tag or file name"),
    errno.ELOOP: ("it is a symbolic link", "replace the link by a real folder"),
    errno.EXDEV: ("it is on another disk than the rest of the output", "keep the whole output on one file system"),
    errno.EMLINK: ("the file system allows no more of them in one folder", "set another output.path"),
}


def refused(error: OSError, path: str, root: str) -> FeederError:
    """The error for people for what happened at ``path``, which is shown from ``root`` where it lies below it.

    Returns:
        ``CannotCreate`` (exit 73) for what cannot be created, ``CannotWrite`` (exit 74) for a failing disk.
    """
    shown = os.path.relpath(path, root) if path.startswith(root + os.sep) else path
    number = error.errno or 0
    if number in _REFUSED:
        why, hint = _REFUSED[number]
        return CannotCreate(f"cannot create {shown}: {why}", hint=hint)
    why, hint = _FAILED.get(number, ((error.strerror or str(error)).lower(), _AGAIN))
    return CannotWrite(f"cannot write {shown}: {why}", hint=hint)


@contextmanager
def writing(path: str, root: str) -> Iterator[None]:
    """Turn an ``OSError`` of the block into the error for people."""
    try:
        yield
    except OSError as error:
        raise refused(error, path, root) from error
