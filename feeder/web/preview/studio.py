"""The preview at work: a thread that builds after every change, and what came of it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from feeder import config, index
from feeder.config import Settings
from feeder.errors import FeederError, Problem, SettingsError
from feeder.inputs import Progress
from feeder.pipeline import Report
from feeder.web.preview.bell import Bell
from feeder.web.preview.mirror import is_entry
from feeder.web.preview.shadow import Shadow

_LINGER: Final = 5.0
"""Seconds to wait for a build under way at the end."""


@dataclass(frozen=True, slots=True)
class State:
    """How the preview stands."""

    number: int = 0
    """Of this state: another one means that something is to be shown anew."""
    building: bool = False
    at: datetime | None = None
    """When it was last built."""
    problems: tuple[Problem, ...] = ()
    """Of entries, notes and settings."""
    stuck: tuple[Problem, ...] = ()
    """Why nothing can be built now; what is shown is from before."""
    edited: str = ""
    """The entry file that was changed last, alone."""
    saved: int = 0
    """How often that was."""
    done: tuple[int, int] = (0, 0)
    """Of a long build: how much is made, and how much there is."""


class Studio:
    """Builds in a thread of its own; everything else may be asked from any thread."""

    def __init__(self, settings: Settings, now: Callable[[], datetime]) -> None:
        self.real = settings
        """The publication's settings, the last ones that were good."""
        self.now = now
        self.bell = Bell()
        self.shadow = Shadow(settings)
        self.state = State()
        self.adopted: Callable[[Settings], None] = lambda _: None
        """Called with other settings when they were taken over."""
        self._seen = index.stat(str(settings.root / config.FILE))
        self._wanted = threading.Event()
        self._over = False
        self._thread = threading.Thread(target=self._work, name="preview", daemon=True)

    def start(self) -> None:
        """Build whenever it is asked for, from now on."""
        self._thread.start()

    def changed(self) -> None:
        """Something was saved."""
        self._wanted.set()

    def look(self) -> None:
        """See whether something was published beside us: no file that is watched changes by that."""
        if self.shadow.is_behind():
            self.changed()

    def stop(self) -> None:
        """Build no more; a build under way is let go after a while."""
        self._over = True
        self._wanted.set()
        self.bell.close()
        if self._thread.is_alive():
            self._thread.join(_LINGER)

    def build(self, progress: Progress | None = None) -> None:
        """Build now, in this thread; whatever goes wrong is in ``state``."""
        before, public = self.state, self.shadow.public
        self._show(replace(before, building=True))
        try:
            self._settings()
            paths, report = self.shadow.build(self.now(), progress or self._progress)
        except SettingsError as error:
            self._show(_stuck(before, error.problems or (_problem(error),)))
        except FeederError as error:
            self._show(_stuck(before, (_problem(error),)))
        except (OSError, sqlite3.Error) as error:
            self._show(_stuck(before, (Problem(".feeder/preview", str(error), "mend it and save again"),)))
        except Exception as error:  # noqa: BLE001  (the writer keeps the page; a fault of ours is told and not hidden)
            told = f"a fault of feeder's own: {type(error).__name__}: {error}"
            self._show(_stuck(before, (Problem(".feeder/preview", told, "please report it"),)))
        else:
            self._show(self._built(before, paths, report, published=self.shadow.public != public))

    def _built(self, before: State, paths: set[str], report: Report, *, published: bool) -> State:
        problems = self._problems(report)
        changed = paths or report.changes or published or problems != before.problems
        if not changed and not before.stuck and before.at:
            return before  # a look that found nothing
        edited = sorted(path for path in paths if is_entry(path, self.real))
        alone = len(edited) == 1 and before.at is not None
        return State(
            number=before.number + 1,
            at=report.at,
            problems=problems,
            edited=edited[0] if alone else before.edited,
            saved=before.saved + alone,
        )

    def _problems(self, report: Report) -> tuple[Problem, ...]:
        found = [*report.problems, *self.real.problems]
        if self.real.lists:
            from feeder.mail import notes

            found += notes.problems(self.shadow.settings)
        return tuple(sorted(dict.fromkeys(found), key=lambda one: (not one.rejects, one.path, _line(one))))

    def _settings(self) -> None:
        """Take other settings over; raises ``SettingsError`` as long as they are wrong."""
        seen = index.stat(str(self.real.root / config.FILE))
        if seen == self._seen and not self.state.stuck:
            return
        self.real = config.load(self.real.root)
        self.shadow.adopt(self.real)
        self._seen = seen
        self.adopted(self.real)

    def _progress(self, _stage: str, done: int, total: int) -> None:
        if done * 20 // max(total, 1) != self.state.done[0] * 20 // max(self.state.done[1], 1):
            self._show(replace(self.state, done=(done, total)))

    def _show(self, state: State) -> None:
        self.state = state
        self.bell.ring()

    def _work(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            if self._over:
                return
            self.build()


def _stuck(before: State, problems: tuple[Problem, ...]) -> State:
    return replace(before, number=before.number + 1, building=False, stuck=problems, done=(0, 0))


def _problem(error: FeederError) -> Problem:
    return Problem(config.FILE if isinstance(error, SettingsError) else "", str(error), error.hint, rejects=True)


def _line(problem: Problem) -> int:
    line = problem.place.rpartition(":")[2]
    return int(line) if line.isdecimal() else 0
