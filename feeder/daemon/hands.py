"""A thread that does one thing whenever it is asked."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Hand(threading.Thread):
    """Does ``work`` when it is rung for; however often it is rung for meanwhile, once more afterwards.

    What ``work`` raises is a fault of ours: ``failed`` is told, and the thread lives on.
    """

    def __init__(self, name: str, work: Callable[[], None], failed: Callable[[Exception], None]) -> None:
        super().__init__(name=name, daemon=True)
        self._work, self._failed = work, failed
        self._asked = threading.Event()
        self._ended = False
        self.busy = False
        """Whether it is at work now."""

    def ring(self) -> None:
        """There is something to do; returns at once."""
        self._asked.set()

    def end(self) -> None:
        """Finish what is under way, and nothing more."""
        self._ended = True
        self._asked.set()

    def run(self) -> None:
        """The thread."""
        while True:
            self._asked.wait()
            # Before the work: whoever rings from here on may know of something that it has looked past already.
            self._asked.clear()
            if self._ended:
                return
            self.busy = True
            try:
                self._work()
            except Exception as error:  # noqa: BLE001  (whatever it is, the next turn may be fine)
                self._failed(error)
            finally:
                self.busy = False
