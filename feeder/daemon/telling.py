"""What does not work is told: once in the log, and once by mail to the operator where it lasts."""

from __future__ import annotations

import threading
from collections.abc import Callable

from feeder.config.secrets import Secrets
from feeder.daemon import alarms, duties
from feeder.daemon.reloading import Book
from feeder.daemon.troubles import Troubles
from feeder.daemon.values import Voice
from feeder.mail.sending.clocks import Clock
from feeder.upkeep.running import Trouble


class Telling:
    """Says what has become of the troubles; threads may share it."""

    def __init__(self, book: Book, clock: Clock, secrets: Secrets, voice: Voice, troubles: Troubles) -> None:
        self._book, self._clock, self._secrets, self._voice = book, clock, secrets, voice
        self._troubles = troubles
        self._letters = threading.Lock()
        self._hushed = False
        self.queued: Callable[[], None] = lambda: None
        """Called when there is a mail to the operator to be sent."""

    def hush(self) -> None:
        """Say nothing from now on: what fails was broken off."""
        self._hushed = True

    def fail(self, where: str, words: str, *, mail: bool = True) -> None:
        """It does not work: told once, and by mail once if it lasts. ``mail``: whether that may help."""
        if self._hushed:
            return
        if self._troubles.failed(where, words, self._clock.now(), quiet=not mail):
            self._voice.warn(f"{where}: {words}")

    def heal(self, where: str, *, quietly: bool = False) -> None:
        """It works; that is told where people heard that it did not."""
        was = self._troubles.well(where)
        if was is not None and not quietly:
            self._voice.say(f"{where}: well again")

    def times(self, *where: str) -> int:
        """How often the worst of these failed in a row; 0: all are well."""
        return self._troubles.times(*where)

    def write_letters(self) -> None:
        """About what lasts: a template that is just being written is not worth one."""
        with self._letters:
            now = self._clock.now()
            for trouble in self._troubles.all():
                if not trouble.mailed and now - trouble.since >= duties.PATIENCE:
                    self._write_letter(trouble)

    def _write_letter(self, trouble: Trouble) -> None:
        try:
            written = alarms.queue(self._book.settings, self._secrets.keys(), trouble, self._clock.now())
        except Exception:  # noqa: BLE001  (what keeps it from being queued is told already, and it is tried again)
            return
        if written:
            self._troubles.mailed(trouble)
            self.queued()
