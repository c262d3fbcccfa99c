"""The settings in force, and whether ``feeder.toml`` says otherwise by now."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from feeder import config, index
from feeder.config import Settings
from feeder.index import Index


class Book:
    """The settings of one publication; those of before stay in force while the file is wrong."""

    def __init__(self, root: Path, load: Callable[[], Settings]) -> None:
        """Read them; raises ``SettingsError``."""
        self._path, self._load = os.path.join(str(root), config.FILE), load
        self._stamp = self._read = index.stat(self._path)
        self.settings = load()

    def seen(self, before: Index | None) -> Index:
        """``before``, with the file as it was when the settings in force were read: any other state is news."""
        found = before or Index({}, {})
        found.watched[self._path] = self._read
        return found

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
