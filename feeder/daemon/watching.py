"""Noticing that an input changed: by inotify, else by looking every second.

What happened is never asked, only that something did: a run finds by itself what differs. So an editor that saves
in five steps, a checkout of five hundred files and a folder that went and came back are all the same: one change.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from feeder import index as indexing
from feeder.config import Settings
from feeder.daemon.watchplaces import Sight, places
from feeder.daemon.watchways import STEP, LimitReached, Notices, afar
from feeder.index import Index

INOTIFY: Final = "inotify"
POLLING: Final = "polling"
QUIET: Final = 0.05
"""Seconds without a change after which a change is told."""
LONGEST: Final = 1.0
"""Seconds after which it is told even if there is no quiet."""
EVERY: Final = 1.0
"""Seconds between two looks when polling."""
_SHARE: Final = 20
"""A look may take up to one part in so many of the time: five percent of a core."""
_ANYWAY: Final = 60.0
"""Seconds after which inotify is not trusted: a folder may have been mounted over, a queue may have overflowed."""
_AGAIN: Final = 600.0
"""Seconds after which inotify is tried again where it reached its limit, or failed."""
_LEAST: Final = 0.001
_FINE: Final = 2
"""Milliseconds between two looks at what inotify told, during the quiet time."""


class Watcher:
    """Watches the inputs of one publication, in a thread of its own.

    ``changed`` is called there after a change and the quiet that followed it, or after a second without quiet; it must
    return at once. ``tell`` gets a sentence for people when something stands in the way. For other settings, stop this
    one and make another.
    """

    def __init__(self, settings: Settings, changed: Callable[[], None], tell: Callable[[str], None]) -> None:
        self.how = INOTIFY
        """``inotify`` or ``polling``; polling by settings, on network file systems, and at the limit of inotify."""
        self._settings = settings
        self._changed = changed
        self._tell = tell
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="watch", daemon=True)
        self._lock = threading.Lock()
        self._seen: Index | None = None
        self._where = places(settings)
        self._last: Sight | None = None
        """What was looked at when a change was last told."""
        self._told: set[str] = set()
        self._retry = float("inf")

    def start(self) -> None:
        """Begin; a change from now on is noticed."""
        if self._settings.entries.watch == POLLING:
            self.how = POLLING
        else:
            self._mind_mounts()
        self._last = self._looked()
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for the thread."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def look(self) -> Index | None:
        """How the inputs looked at the end of the quiet time; None where something happened since, or it was given."""
        with self._lock:
            seen, self._seen = self._seen, None
            return seen

    def _mind_mounts(self) -> None:
        """Look every second where others may change files unseen; such a file system may be mounted at any time."""
        far = afar([str(self._settings.root), *self._where.trees])
        if far:
            self.how = POLLING
            self._say(
                f"the publication is on a file system that others may change unseen ({far}): "
                "it is looked at every second instead of being watched"
            )

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                if self.how == INOTIFY:
                    self._listen()
                else:
                    self._poll()
            except LimitReached as reached:
                self._fall_back()
                self._say(
                    "inotify is at its limit, so changes are looked for every second instead of at once; "
                    f"raise it with: {reached}"
                )
            except Exception as error:  # noqa: BLE001 - whatever it is, changes must go on being noticed
                self._fall_back()
                self._say(f"watching failed ({type(error).__name__}: {error}); changes are looked for every second")
                self._stop.wait(EVERY)

    def _fall_back(self) -> None:
        if self.how == INOTIFY:
            self.how, self._retry = POLLING, time.monotonic() + _AGAIN

    def _listen(self) -> None:
        """By inotify, until it is to stop, or to look by itself."""
        notices = self._notices(self._looked())
        try:
            # Between the last look of the other way and now, something may have happened.
            self._compare()
            end = time.monotonic() + _ANYWAY
            while self.how == INOTIFY and not self._stop.is_set():
                paths = notices.wait(self._stop, max(_LEAST, end - time.monotonic()))
                if any(map(self._where.minds, paths)):
                    notices = self._until_quiet(notices, paths)
                elif self._where.index in paths:
                    notices = self._after_run(notices)
                # However much of no interest it tells of meanwhile.
                if time.monotonic() >= end and not self._stop.is_set():
                    notices = self._renewed(notices, self._looked(), frozenset())
                    self._compare()
                    self._mind_mounts()
                    end = time.monotonic() + _ANYWAY
        finally:
            notices.close()

    def _after_run(self, notices: Notices) -> Notices:
        """A run has ended: entries may use now what is in folders that are not watched yet."""
        where = places(self._settings, self._where)
        if where.alone == self._where.alone:
            return notices
        self._where, sight = where, where.look()
        notices = self._renewed(notices, sight, frozenset())
        if all(indexing.stat(path) == stat for path, stat in where.used.items()):
            self._last = sight
        else:
            self._found(sight, valid=False)
        return notices

    def _until_quiet(self, notices: Notices, paths: frozenset[str]) -> Notices:
        """Look while it is quiet, and tell; what happens during a look makes it void."""
        began = last = time.monotonic() - STEP / 1000
        with self._lock:
            self._seen = None
        while True:
            self._where = where = places(self._settings, self._where)
            sight = where.look()
            before, notices = notices, self._renewed(notices, sight, paths)
            if notices is not before and time.monotonic() - began < LONGEST:
                paths = frozenset()
                continue  # what came into a new folder before it was watched is seen by another look
            paths = self._silence(notices, last + QUIET)
            still = not any(map(where.minds, paths))
            if still or self._stop.is_set() or time.monotonic() - began > LONGEST:
                self._found(sight, valid=still)
                return self._after_run(notices) if where.index in paths else notices
            last = time.monotonic() - STEP / 1000

    def _silence(self, notices: Notices, end: float) -> frozenset[str]:
        """Wait until ``end``, or until something happened that matters; all that happened meanwhile."""
        found: frozenset[str] = frozenset()
        while True:
            paths = notices.wait(self._stop, max(_LEAST, end - time.monotonic()), _FINE)
            found |= paths
            if not paths or any(map(self._where.minds, paths)) or time.monotonic() > end:
                return found

    def _notices(self, sight: Sight) -> Notices:
        """Of all folders of ``sight``; those that vanish meanwhile are left out."""
        for _ in range(9):
            try:
                return Notices(sight.folders)
            except FileNotFoundError:
                sight = self._looked()
        return Notices(sight.folders)

    def _renewed(self, notices: Notices, sight: Sight, paths: frozenset[str]) -> Notices:
        """The notices, or others where folders came or went; one that went and came back is watched no more."""
        if sight.folders == notices.folders and not paths & notices.folders:
            return notices
        try:
            renewed = self._notices(sight)
        except LimitReached:
            notices.close()  # both together may be too many
            return self._notices(sight)
        notices.close()
        return renewed

    def _poll(self) -> None:
        """By looking again and again, until it is to stop or inotify is to be tried again."""
        wait = 0.0
        while not self._stop.wait(wait):
            if time.monotonic() > self._retry:
                self._retry, self.how = float("inf"), INOTIFY
                return
            began = time.monotonic()
            self._compare()
            wait = max(EVERY, (time.monotonic() - began) * _SHARE)

    def _compare(self) -> None:
        """Look, and tell if something differs from the last time; once it is quiet."""
        sight = self._looked()
        if self._last is not None and sight.state == self._last.state:
            return
        began = time.monotonic()
        while time.monotonic() - began < LONGEST and not self._stop.wait(QUIET):
            before, sight = sight, self._looked()
            if before.state == sight.state:
                self._found(sight, valid=True)
                return
        self._found(sight, valid=False)

    def _found(self, sight: Sight, *, valid: bool) -> None:
        with self._lock:
            self._seen = sight.index if valid else None
        self._last = sight
        if not self._stop.is_set():
            self._changed()

    def _looked(self) -> Sight:
        self._where = places(self._settings, self._where)
        return self._where.look()

    def _say(self, sentence: str) -> None:
        """Tell something, once."""
        if sentence not in self._told:
            self._told.add(sentence)
            self._tell(sentence)
