"""The settings in force, and whether ``feeder.toml`` says otherwise by now."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from feeder import config, index
from feeder import history as histories
from feeder.config import Settings
from feeder.errors import SettingsError
from feeder.index import Index

_PACKAGE: Final = os.path.dirname(os.path.abspath(index.__file__))
_ANY: Final = os.path.join(_PACKAGE, "__init__.py")


class Book:
    """The settings of one publication; those of before stay in force while the file is wrong."""

    def __init__(self, root: Path, load: Callable[[], Settings]) -> None:
        """Read them; raises ``SettingsError``."""
        self._path, self._load = os.path.join(str(root), config.FILE), load
        self._stamp = self._read = index.stat(self._path)
        self._program, self._version = index.walk(_PACKAGE), index.stat(_ANY)
        self.settings = load()

    def seen(self, before: Index | None) -> Index:
        """``before``, with the file as it was when the settings in force were read: any other state is news.

        The program too is that which runs: what was installed meanwhile must not be remembered as having published.
        """
        found = before or Index({}, {})
        found.watched[self._path] = self._read
        found.trees[_PACKAGE] = self._program
        return found

    @property
    def outdated(self) -> bool:
        """Whether another version was installed since this process began."""
        return index.stat(_ANY) != self._version

    def require_publication(self) -> None:
        """Raise ``SettingsError`` where the whole publication is gone: a disk was unmounted, a folder moved.

        What would be published in its place is an empty site, without a history.
        """
        root = os.path.dirname(self._path)
        if not os.path.exists(self._path) and not os.path.exists(os.path.join(root, histories.FILE)):
            raise SettingsError(
                f"there is no publication in {root} any more", hint="mount it, or move it back; it is looked for again"
            )

    def refresh(self, *, forced: bool = False) -> bool:
        """Read the file anew if it was touched since, or ``forced``; whether it was read.

        Raises ``SettingsError``, once for each state of the file.
        """
        stamp = index.stat(self._path)
        if stamp == self._stamp and not forced:
            return False
        # Before it is read: a change that comes in between is seen the next time.
        self._stamp = stamp
        self.settings = self._load()
        self._read = stamp
        return True
