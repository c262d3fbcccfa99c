"""What does not work now: each told once, until it is well again."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from feeder.upkeep.running import Trouble

_NUMBERS = re.compile(r"\d+")
_MANY = {"limits"}
"""Where several things may be wrong that have nothing to do with each other; elsewhere all are one trouble."""


class Troubles:
    """By where they are; threads may share it."""

    def __init__(self, known: Iterable[Trouble] = ()) -> None:
        """``known`` are those of an earlier process, of which people were told."""
        self._lock = threading.Lock()
        self._now = {one.where: one for one in known}
        self._told = {one.where: {_key(one.words)} for one in known}
        self._mailed = {one.where: {_key(one.words)} for one in known if one.mailed}

    def failed(self, where: str, words: str, now: datetime, *, quiet: bool = False) -> bool:
        """It does not work; whether that is news. ``quiet``: no mail is to be written about it.

        The same words about another place are no news: one damaged file stands in many ways. Other words about the
        same place are news, and no reason for another mail.
        """
        with self._lock:
            known, key = self._now.get(where), _key(words)
            since, times = (known.since, known.times) if known else (now, 0)
            mailed = quiet or any(key in self._mailed.get(name, ()) for name in (where, *self._now))
            mailed = mailed or (where not in _MANY and bool(self._mailed.get(where)))
            self._now[where] = Trouble(where=where, words=words, since=since, times=times + 1, mailed=mailed)
            told = self._told.setdefault(where, set())
            fresh = not any(key in self._told.get(name, ()) for name in (where, *self._now))
            told.add(key)
            return fresh

    def well(self, where: str) -> Trouble | None:
        """It works; what was wrong until now, if anything was."""
        with self._lock:
            self._told.pop(where, None)
            self._mailed.pop(where, None)
            return self._now.pop(where, None)

    def mailed(self, trouble: Trouble) -> None:
        """The operator was told by mail."""
        with self._lock:
            self._mailed.setdefault(trouble.where, set()).add(_key(trouble.words))
            now = self._now.get(trouble.where)
            if now is not None and _key(now.words) == _key(trouble.words):
                self._now[trouble.where] = replace(now, mailed=True)

    def times(self, *where: str) -> int:
        """How often the worst of these failed in a row; 0: all are well."""
        with self._lock:
            return max((self._now[name].times for name in where if name in self._now), default=0)

    def all(self) -> tuple[Trouble, ...]:
        """All there are, the oldest first."""
        with self._lock:
            return tuple(sorted(self._now.values(), key=lambda one: (one.since, one.where)))


def _key(words: str) -> str:
    """What tells failures apart: not the time, the process or the count in their words."""
    return _NUMBERS.sub("0", words)
