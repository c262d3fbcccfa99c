"""The publication once more, below ``.feeder/preview/``: the same inputs, but its own history, cache and output.

It starts from copies of the real history and output, so that addresses and ids are those of the publication and little
is left to make. What it mints itself is numbered above the last real entry and stays here.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

from feeder import cache as caching
from feeder import dates, index, pipeline
from feeder import history as histories
from feeder.config import Output, Settings
from feeder.errors import HistoryDamaged
from feeder.inputs import Progress
from feeder.pipeline import Report
from feeder.web.preview import takeover
from feeder.web.preview.mirror import OUT, Mirror

FOLDER: Final = ".feeder/preview"
_BASIS: Final = "preview_basis"
"""Of the copied history: which state of the real one it is a copy of, and the number of its last entry."""


class Shadow:
    """The publication of the preview."""

    def __init__(self, settings: Settings) -> None:
        self.root = settings.root / FOLDER
        self.settings = settings
        """Of the copy."""
        self.adopt(settings)
        self._real = settings
        self._basis = 0
        self._begun = False
        self._seen: tuple[index.Stat, ...] = ()
        self._published = ""
        """The state of the real history at the last build."""
        self.public: frozenset[str] = frozenset()
        """Ids of the entries that are public indeed, also of those that came out meanwhile."""

    @property
    def out(self) -> Path:
        """What is served."""
        return self.root / OUT

    @property
    def basis(self) -> int:
        """The number of the last entry that was public when the history was copied."""
        return self._basis

    def adopt(self, settings: Settings) -> None:
        """Go on with other settings of the same publication."""
        self._real = settings
        self.mirror = Mirror(settings, self.root)
        self.settings = _apart(settings, self.root)

    def build(self, now: datetime, progress: Progress | None = None) -> tuple[set[str], Report]:
        """Copy what changed and publish it here; the changed paths, and what became of them.

        Raises:
            FeederError: as ``pipeline.publish`` does; what was there stays.
        """
        changed = self.mirror.follow()
        if not self._begun:
            self._begin(now, progress)
            self._begun = True
        self._look()
        try:
            return changed, self._publish(now, progress)
        except HistoryDamaged:
            self._forget()
            self._begin(now, progress)
            return changed, self._publish(now, progress)

    def _publish(self, now: datetime, progress: Progress | None) -> Report:
        options = pipeline.Options(mail=False, force=True, progress=progress, ahead=self.public)
        return pipeline.publish(self.settings, now, options)

    def is_behind(self) -> bool:
        """Whether something was published since the last build; mere reading changes the stats of a database, too."""
        return self._begun and self._stats() != self._seen and _state(self._real.root) != self._published

    def _stats(self) -> tuple[index.Stat, ...]:
        file = str(self._real.root / histories.FILE)
        return tuple(index.stat(file + ending) for ending in ("", "-wal"))

    def _look(self) -> None:
        """Which entries are public indeed; another publish may be at work beside the preview."""
        seen = self._stats()
        if seen == self._seen:
            return
        self._published = _state(self._real.root)
        if histories.is_there(str(self._real.root)):
            with histories.read_history(str(self._real.root)) as real:
                self.public = frozenset(record.id for record in real.everything())
        self._seen = seen

    def _begin(self, now: datetime, progress: Progress | None) -> None:
        """Take over what was published, unless what is here began with the real history as it is now."""
        (self.root / ".feeder").mkdir(parents=True, exist_ok=True)
        state = _state(self._real.root)
        known, _, number = self._remembered().rpartition(" ")
        if known == state and number.isdecimal():
            self._basis = int(number)
            self._renew(now)
            return
        self._forget()
        _copy(self._real.root / histories.FILE, self.root / histories.FILE)
        _copy(self._real.root / caching.FILE, self.root / caching.FILE)
        if not takeover.take_over(self._real, self.settings, progress):
            shutil.rmtree(self.out, ignore_errors=True)
        with histories.open_history(str(self.root)) as history:
            self._basis = history.last_seq()
            history.set_meta(_BASIS, f"{state} {self._basis}")
            history.commit()

    def _renew(self, now: datetime) -> None:
        """What is not public yet counts as released now, in whichever preview it was first seen."""
        with histories.open_history(str(self.root)) as history:
            fresh = history.since(self._basis, -1)
            history.put(replace(record, released=dates.to_micros(now)) for record in fresh)
            history.commit()

    def _remembered(self) -> str:
        if not (self.root / histories.FILE).exists():
            return ""
        try:
            with histories.open_history(str(self.root), writing=False) as history:
                return history.meta(_BASIS)
        except HistoryDamaged:
            return ""

    def _forget(self) -> None:
        histories.remove(str(self.root))
        caching.remove(str(self.root))
        index.drop(str(self.root))


def _apart(settings: Settings, root: Path) -> Settings:
    """The same settings for the copy: nothing in them reaches anybody, or leads out of its folder."""
    mail = settings.mail
    dkim = replace(
        mail.dkim,
        key_file=_absolute(settings, mail.dkim.key_file),
        ed25519_key_file=_absolute(settings, mail.dkim.ed25519_key_file),
    )
    return replace(
        settings,
        root=root,
        output=Output(path=OUT),
        feeds=replace(settings.feeds, hub=""),
        follow=(),
        mail=replace(mail, database="", path="mail", transport="eml", dkim=dkim),
    )


def _absolute(settings: Settings, path: str) -> str:
    return os.path.join(settings.root, path) if path else ""


def _state(root: Path) -> str:
    """Which state the real history is in; empty where there is none."""
    file = root / histories.FILE
    if not file.exists():
        return "none"
    with _reading(file) as real:
        query = (
            "SELECT count(*), coalesce(max(seq), 0), coalesce(max(touched), 0), coalesce(max(updated), 0) FROM entry"
        )
        numbers = real.execute(query).fetchone()
        digests = real.execute("SELECT count(*) FROM digest").fetchone()
    return "-".join(str(number) for number in (*numbers, *digests))


def _reading(file: Path) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(f"file:{quote(os.fsencode(file))}?mode=ro", uri=True, timeout=10))


def _copy(source: Path, target: Path) -> None:
    """A database as it is now, also while somebody writes to it; nothing where there is none."""
    if not source.exists():
        return
    with _reading(source) as real, closing(sqlite3.connect(target)) as copy:
        real.backup(copy)
