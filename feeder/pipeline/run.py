"""What one run knows; each step leaves here what the next one needs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from feeder import dates
from feeder.cache import Cache
from feeder.config import Settings
from feeder.errors import Problem
from feeder.history import History
from feeder.pipeline.values import Options

NOTES: Final = "notes"
"""Under this name stand the problems of all notes; see ``feeder.mail.notes``."""


class Run:
    """One run of one publication."""

    def __init__(self, settings: Settings, now: datetime, options: Options, history: History, cache: Cache) -> None:
        self.settings = settings
        self.root = str(settings.root)
        self.now = now
        self.micros = dates.to_micros(now)
        self.options = options
        self.history = history
        self.cache = cache
        self.fresh: list[Problem] = []
        self.told: set[Problem] = set()
        self.same: set[str] = set()
        """Files that some job found in their place; another, or a later round, may have written them all the same."""
        self.sources: list[tuple[str, bytes]] = []
        """New texts of files that had another."""
        self.deploy_error = ""

    def tell(self, path: str, problems: Sequence[Problem]) -> None:
        """Remember the problems of a file, and which of them nobody was told yet."""
        known = self.history.problems_in(path)
        if list(problems) != known:
            self.told.update(known)
            self.fresh += [problem for problem in problems if problem not in self.told]
            self.history.set_problems(path, problems)
