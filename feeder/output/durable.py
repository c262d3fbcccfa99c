"""Making sure that what was written survives a power cut.

A rename may reach the disk before the bytes it names do (ext4 delays allocation, XFS likewise): the
file is then whole in every process's eyes and empty after a power cut. So bytes are forced to the disk
before the first rename, and the names of pages before the name of a feed that leads to them.
For few files that is one fsync each; for many, one ``syncfs`` of the file system is far cheaper.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Collection

FEW = 64
"""Up to so many files are forced one by one."""


def bytes_of(files: Collection[str], file_system: str) -> None:
    """Force the contents of ``files``, all on the file system of the folder ``file_system``, to the disk."""
    if len(files) > FEW:
        _whole(file_system)
        return
    for path in files:
        _fsync(path)


def names_in(folders: Collection[str], file_system: str) -> None:
    """Force the names in ``folders`` (creations, renames, deletions) to the disk."""
    if len(folders) > FEW:
        _whole(file_system)
        return
    for path in {_nearest(folder) for folder in folders}:
        try:
            _fsync(path)
        except OSError as error:
            # Some network file systems cannot fsync a folder; they order names by themselves.
            if error.errno not in {errno.EINVAL, errno.EBADF, errno.ENOTSUP}:
                raise


def _nearest(folder: str) -> str:
    """``folder``, or where it was removed (or made way for a file) the one from which it was."""
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    return folder


def _fsync(path: str) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _whole(folder: str) -> None:
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "syncfs"):  # not Linux
        os.sync()
        return
    fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if libc.syncfs(fd) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), folder)
    finally:
        os.close(fd)
