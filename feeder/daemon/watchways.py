"""Being told of changes by the kernel, through watchfiles; and what to say where that cannot be."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Collection
from typing import Final

from watchfiles._rust_notify import RustNotify

STEP: Final = 5
"""Milliseconds between two looks at what the kernel told; they take half a percent of a core."""
_AFAR: Final = frozenset(
    ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "virtiofs", "vboxsf", "vmhgfs", "prl_fs", "drvfs", "afs", "ceph",
     "lustre", "gfs2", "ocfs2", "davfs", "beegfs", "orangefs", "pvfs2", "acfs", "gpfs", "coda", "ncpfs", "lifs")
)  # fmt: skip
"""File systems that others change too; the kernel tells only of what goes through itself."""
_LIMITS: Final = (
    ("limit reached", "sysctl fs.inotify.max_user_watches=524288"),
    ("No space left", "sysctl fs.inotify.max_user_watches=524288"),
    ("Too many open files", "sysctl fs.inotify.max_user_instances=1024"),
)


class LimitReached(Exception):
    """The kernel watches no more for this user; the message says what raises the limit."""


class Notices:
    """The kernel tells of changes directly in some folders."""

    def __init__(self, folders: Collection[str]) -> None:
        """Raises ``LimitReached``, and ``OSError`` where a folder is not there any more."""
        self.folders = frozenset(folders)
        try:
            # Not recursively, since it would follow links out of the publication. And never with its
            # ignore_permission_denied, under which it takes the limit in silence and watches only some.
            self._notify = RustNotify(sorted(self.folders), False, False, 0, False, False)
        except (OSError, RuntimeError) as error:
            raised = next((how for what, how in _LIMITS if what in str(error)), "")
            if raised:
                raise LimitReached(raised) from error
            raise

    def wait(self, stop: threading.Event, seconds: float, step: int = STEP) -> frozenset[str]:
        """The paths where something happened; none after ``seconds`` of silence, or when it is to ``stop``.

        ``step`` is in milliseconds; one more of it passes before something that happened is told.
        """
        told = self._notify.watch(0, step, max(1, int(seconds * 1000)), stop)
        return frozenset(path for _, path in told) if isinstance(told, set) else frozenset()

    def close(self) -> None:
        """Be told no more."""
        self._notify.close()


def afar(paths: Collection[str], mountinfo: str = "/proc/self/mountinfo") -> str:
    """The kind of the first file system below ``paths`` whose changes the kernel may not see; empty: none.

    Every kind of FUSE counts: sshfs, s3fs, and the folders that desktops share with their virtual machines.
    """
    try:
        with open(mountinfo, encoding="utf-8", errors="surrogateescape") as file:
            mounts = [_mount(line) for line in file]
    except OSError:
        return ""
    for path in paths:
        real = os.path.realpath(path)
        held = [(len(top), number, kind) for number, (top, kind) in enumerate(mounts) if _below(real, top)]
        kind = max(held)[2] if held else ""
        if kind in _AFAR or (kind.startswith("fuse") and kind != "fuseblk"):
            return kind
    return ""


def _mount(line: str) -> tuple[str, str]:
    """Mount point and kind; proc(5) writes blanks in octal."""
    before, _, after = line.partition(" - ")
    top = re.sub(r"\\(\d{3})", lambda found: chr(int(found[1], 8)), before.split(" ")[4])
    return top, after.split(" ", 1)[0]


def _below(path: str, top: str) -> bool:
    return path == top or path.startswith(top.rstrip("/") + "/")
