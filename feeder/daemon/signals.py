"""What signals ask for: SIGTERM and SIGINT to stop, SIGHUP to read the settings anew."""

from __future__ import annotations

import queue
import signal
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Final, Literal, Self

Wish = Literal["stop", "reload"]

_WISHES: Final[dict[signal.Signals, Wish]] = {
    signal.SIGTERM: "stop",
    signal.SIGINT: "stop",
    signal.SIGHUP: "reload",
}


class Signals:
    """The signals of this process, for as long as the block lasts; to be entered by the main thread."""

    def __init__(self, stopping: Callable[[], None]) -> None:
        """``stopping`` is called at once, in the handler, when it is to stop."""
        self._stopping = stopping
        self._wishes: queue.SimpleQueue[Wish] = queue.SimpleQueue()
        self._before: dict[signal.Signals, object] = {}
        self.stop = False
        """Whether it was asked to stop."""

    def __enter__(self) -> Self:
        for number in _WISHES:
            self._before[number] = signal.signal(number, self._heard)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)  # type: ignore[arg-type]  # as it was given

    def wait(self, seconds: float) -> Wish | None:
        """The next wish; None: there was none for so long."""
        try:
            return self._wishes.get(timeout=seconds)
        except queue.Empty:
            return None

    def _heard(self, number: int, frame: FrameType | None) -> None:
        wish = _WISHES[signal.Signals(number)]
        if wish == "stop":
            # Whoever asks twice does not want to wait: the run under way is broken off, which it survives.
            if self.stop:
                signal.default_int_handler(number, frame)
            self.stop = True
            self._stopping()
        self._wishes.put(wish)
