"""What the settings in force open to the outside: a watcher on the inputs, and the door behind which the pages are."""

from __future__ import annotations

from collections.abc import Callable

from feeder.config import Settings
from feeder.daemon.frontdoor import FrontDoor
from feeder.daemon.parts import Parts, Watching
from feeder.daemon.reloading import Book
from feeder.daemon.standing import Standing
from feeder.daemon.telling import Telling
from feeder.daemon.values import words_of
from feeder.errors import FeederError
from feeder.index import Index
from feeder.web.values import Office


class Outside:
    """Watcher and door, exchanged when other settings come.

    Raises ``PortTaken`` when it is made; later on an address that cannot be had is told, and the old one stays.
    """

    def __init__(
        self,
        book: Book,
        parts: Parts,
        standing: Standing,
        telling: Telling,
        office: Office,
        changed: Callable[[], None],
    ) -> None:
        """``changed`` is called after a change of the inputs, in a thread of the watcher's; it must return at once."""
        self._book, self._parts, self._standing, self._telling = book, parts, standing, telling
        self._changed = changed
        self._door = FrontDoor(book.settings, lambda settings: parts.pages(settings, office))
        self._watcher: Watching | None = None
        self._is_first_run_over = False

    @property
    def address(self) -> str:
        """Where the pages answer; empty: nowhere."""
        return self._door.address

    def open(self) -> None:
        """Watch, and answer."""
        self._watch(self._book.settings)
        self._door.open()

    def watch_no_more(self) -> None:
        """No change is told from now on."""
        if self._watcher:
            self._watcher.stop()

    def close(self) -> None:
        """Answer no more."""
        self._door.close()

    def found_dead(self) -> str:
        """The web's thread, if it ended though nobody asked it to; empty: it lives."""
        return "the thread for the pages has ended" if self._door.is_dead else ""

    def look(self) -> Index | None:
        """How the inputs look, where the watcher has looked already."""
        return self._watcher.look() if self._watcher else None

    def first_run_is_over(self) -> None:
        """What `feeder status` says of the watcher is true from now on; until then it says "first run"."""
        self._is_first_run_over = True
        self.tell_watching()

    def tell_watching(self) -> None:
        """How changes are noticed, for `feeder status`; it may have become another way at any time."""
        how = self._watcher.how if self._watcher and self._is_first_run_over else ""
        if how != self._standing.watching:
            self._standing.watching = how
            self._standing.save()

    def follow(self, settings: Settings) -> None:
        """New settings: pages and watcher by them from now on."""
        self._listen(settings)
        if self._watcher:
            self._watcher.stop()
            self._watch(settings)
            # What changed between the last look of the one and the first of the other, neither tells.
            self._changed()

    def dress(self) -> None:
        """Make the pages of the settings in force; what stands in their way may be mended by any change."""
        if self._telling.times("web"):
            self._listen(self._book.settings)
        if not self._door.outdated:
            return
        try:
            self._door.mend()
        except (FeederError, OSError) as error:
            self._telling.fail("pages", words_of(error))
        else:
            self._telling.heal("pages")

    def _watch(self, settings: Settings) -> None:
        self._watcher = self._parts.watch(settings, self._changed, self._parts.voice.warn)
        self._watcher.start()
        self.tell_watching()

    def _listen(self, settings: Settings) -> None:
        """Answer where the settings say; an address that is taken is tried again with every run."""
        try:
            self._door.follow(settings)
        except FeederError as error:
            self._telling.fail("web", f"{words_of(error)}; the old address stays")
        else:
            self._telling.heal("web")
        self._standing.address = self._door.address
