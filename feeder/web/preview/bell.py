"""Waking up whoever waits for news: browsers that listen for changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from threading import Lock
from typing import Final

QUIET: Final = 5.0
"""Seconds without news after which a word is said all the same, so that a dead connection is noticed."""


class Bell:
    """Rung from any thread, heard in the event loop."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._listening: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self._over = False

    def ring(self) -> None:
        """There is news."""
        with self._lock:
            for loop, event in self._listening:
                loop.call_soon_threadsafe(event.set)

    def close(self) -> None:
        """Let everybody go who listens, and nobody in any more."""
        with self._lock:
            self._over = True
        self.ring()

    async def strokes(self) -> AsyncIterator[bool]:
        """Whether there was news, at once and then whenever it is rung; False after a while without any."""
        loop, event = asyncio.get_running_loop(), asyncio.Event()
        with self._lock:
            self._listening.add((loop, event))
        try:
            yield True
            while not self._over:
                try:
                    await asyncio.wait_for(event.wait(), QUIET)
                except TimeoutError:
                    yield False
                    continue
                event.clear()
                if not self._over:
                    yield True
        finally:
            with self._lock:
                self._listening.discard((loop, event))
