"""Writing a file so that it is whole under its name, and stays after a power cut."""

from __future__ import annotations

import os

from feeder.errors import CannotCreate, CannotWrite


def put(draft: str, path: str, data: bytes) -> None:
    """Write ``data`` to ``draft`` and rename it to ``path``; folders are made.

    Raises:
        CannotWrite: the disk is full, or does not let us.
    """
    make_folders(os.path.dirname(draft))
    try:
        with open(draft, "wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(draft, path)
        _sync_folder(os.path.dirname(path))
    except OSError as error:
        raise CannotWrite(
            f"cannot write {path}: {error.strerror}", hint="make room, or let feeder write there; then run it again"
        ) from error


def make_folders(*folders: str) -> None:
    """Make sure that they are there.

    Raises:
        CannotCreate: the disk does not let us.
    """
    for folder in folders:
        try:
            os.makedirs(folder, exist_ok=True)
        except OSError as error:
            raise CannotCreate(
                f"cannot make {folder}: {error.strerror}", hint="set [mail] path to a folder that feeder may write in"
            ) from error


def _sync_folder(folder: str) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
