"""What a machine has to know to run a publication: which programs, which folder, which user."""

from __future__ import annotations

import os
import pwd
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from feeder.config import Settings


@dataclass(frozen=True, slots=True)
class House:
    """Where a publication lives, and who runs it."""

    settings: Settings
    name: str
    """Of its units."""
    feeder: tuple[str, ...]
    """The words that call ``feeder``, the first of them an absolute path."""
    publish: tuple[str, ...]
    python: str
    """The interpreter itself, behind all links."""
    user: str
    """Who owns the publication; a number where nobody has that name."""
    uid: int
    gid: int
    version: str

    @property
    def root(self) -> str:
        """The publication's folder, absolute."""
        return str(self.settings.root)

    @property
    def title(self) -> str:
        """What people call it, on one line."""
        return " ".join(self.settings.site.title.split())

    @property
    def reads_mailbox(self) -> bool:
        """Whether `feeder mailbox` has a server to look at."""
        return bool(self.settings.mail.imap.host)

    @property
    def uses_sendmail(self) -> bool:
        """Whether mail leaves by sendmail(8)."""
        return self.settings.mail.transport == "sendmail"

    @property
    def written(self) -> list[str]:
        """The folders that feeder writes to, absolute; one within another is not named."""
        settings, root = self.settings, self.settings.root
        folders = [self.root, str(root / settings.output.path)]
        if settings.mail.database:
            folders.append(str((root / settings.mail.database).parent))
        return [one for one in dict.fromkeys(folders) if one == self.root or not _is_within(one, self.root)]

    @property
    def uses_homes(self) -> bool:
        """Whether anything that is needed lies, or may lie, where people's homes are."""
        return bool(self.settings.output.deploy) or self._lies_in(*_HOMES)

    @property
    def uses_tmp(self) -> bool:
        """Whether it lies where temporary files do, of which a service should have its own."""
        return self._lies_in("/tmp", "/var/tmp")  # noqa: S108  (the names of the folders, where nothing is made)

    def _lies_in(self, *folders: str) -> bool:
        places = (*self.written, self.feeder[0], self.publish[0], self.python)
        return any(_is_within(one, folder) for one in places for folder in folders)


_HOMES = ("/home", "/root", "/run/user")


def _is_within(path: str, folder: str) -> bool:
    return f"{path}/".startswith(f"{folder.rstrip('/')}/")


def house(settings: Settings, name: str) -> House:
    """The house as this process finds it: whoever installs feeder calls the feeder that is to run."""
    from feeder import __version__

    owner = os.stat(settings.root)
    return House(
        settings,
        name,
        program("feeder"),
        program("publish"),
        os.path.realpath(sys.executable),
        _name_of(owner.st_uid),
        owner.st_uid,
        owner.st_gid,
        __version__,
    )


def program(name: str) -> tuple[str, ...]:
    """The console script beside this Python, else the module with it."""
    script = Path(sys.executable).parent / name
    if os.access(script, os.X_OK):
        return (str(script),)
    return (sys.executable, "-m", "feeder", *(["publish"] if name == "publish" else []))


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
