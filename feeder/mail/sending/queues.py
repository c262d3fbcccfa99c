"""Whose turn it is: deliveries in the order of their digests, providers taking turns.

Turns are counted in the time that a provider's messages keep a connection busy, so that one that answers slowly has
its share of the time and not of the messages. Rows are read ahead in batches; nothing here is a claim.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Final

from feeder.mail.sending.ledger import Row

AHEAD: Final = 20_000
"""Rows in memory at most, about, all providers together."""
BATCH: Final = 500
"""Rows read at once at most."""
_SLOW: Final = 10
"""A message that takes so many times as long as the usual one…"""
_DEAR: Final = 20
"""…counts so many times: its provider has a twentieth of the time while others have mail to take."""
_MEMORY: Final = 0.05
_START: Final = (-(2**62), 0)

Read = Callable[[int, str, tuple[int, int], int], list[Row]]
"""``(digest, provider, after, most)`` -> rows, in order."""


@dataclass(slots=True)
class Queue:
    """One provider's deliveries."""

    provider: str
    digests: deque[int]
    rows: deque[Row] = field(default_factory=deque)
    after: tuple[int, int] = _START
    charged: float = 0.0
    """Seconds of connections that its messages have used, weighed."""
    usual: float = 0.0
    """Seconds that one of its messages takes, of late; 0: not known."""


class Queues:
    """The queues of all providers with something due.

    Args:
        read: reads ahead.
        blocked: whether a provider's mail waits for longer than this run may.
        wait: seconds until a provider takes one more message.
    """

    def __init__(self, read: Read, blocked: Callable[[str], bool], wait: Callable[[str], float]) -> None:
        self._read, self._blocked, self._wait = read, blocked, wait
        self._of: dict[str, Queue] = {}
        self._ready: list[tuple[float, str]] = []
        self._later: list[tuple[float, str]] = []
        self._dropped: set[int] = set()
        self._usual = 0.0
        self._least = 0.0

    def fill(self, pairs: Iterable[tuple[int, str]]) -> None:
        """Add the providers of ``pairs`` (digest, provider), oldest digest first, that have no queue yet."""
        found: dict[str, list[int]] = {}
        for digest, provider in pairs:
            self._dropped.discard(digest)
            if provider not in self._of and not self._blocked(provider):
                found.setdefault(provider, []).append(digest)
        for provider, digests in found.items():
            self._of[provider] = Queue(provider, deque(digests), charged=self._least)
            heappush(self._ready, (self._least, provider))

    def next(self, seconds: float) -> Row | None:
        """The next delivery; None where nobody takes one at this moment. ``seconds``: the time."""
        self._wake(seconds)
        while self._ready:
            charged, provider = heappop(self._ready)
            queue = self._of[provider]
            if self._blocked(provider):
                del self._of[provider]
                continue
            if charged != queue.charged:
                heappush(self._ready, (queue.charged, provider))
                continue
            if (wait := self._wait(provider)) > 0:
                heappush(self._later, (seconds + wait, provider))
                continue
            row = self._pop(queue)
            if row is None:
                del self._of[provider]
                continue
            self._least = max(self._least, charged)
            queue.charged += queue.usual or self._usual
            heappush(self._ready, (queue.charged, provider))
            return row
        return None

    def later(self, seconds: float) -> float | None:
        """Seconds until a provider that is to be spared takes another; None: there is none such."""
        return max(0.0, self._later[0][0] - seconds) if self._later else None

    def drop(self, digest: int) -> None:
        """It is not sent now: forget what was read of it."""
        self._dropped.add(digest)

    def used(self, provider: str, seconds: float) -> None:
        """A message of this provider kept a connection busy for so long."""
        usual, queue = self._usual, self._of.get(provider)
        slow = bool(usual) and seconds > usual * _SLOW
        if not slow:
            self._usual += (seconds - usual) * (_MEMORY if usual else 1.0)
        if queue is None:
            return
        dear = seconds * _DEAR if slow else seconds
        # What was charged when it was handed out was the guess of then.
        queue.charged += max(0.0, dear - (queue.usual or usual))
        queue.usual = dear

    def _wake(self, seconds: float) -> None:
        while self._later and self._later[0][0] <= seconds:
            _, provider = heappop(self._later)
            heappush(self._ready, (self._of[provider].charged, provider))

    def _pop(self, queue: Queue) -> Row | None:
        while True:
            while queue.rows:
                row = queue.rows.popleft()
                if row.digest not in self._dropped:
                    return row
            if not queue.digests:
                return None
            self._read_on(queue)

    def _read_on(self, queue: Queue) -> None:
        digest = queue.digests[0]
        most = max(1, min(BATCH, AHEAD // len(self._of)))
        rows = [] if digest in self._dropped else self._read(digest, queue.provider, queue.after, most)
        if rows:
            queue.rows.extend(rows)
            queue.after = (rows[-1].due_at, rows[-1].subscriber)
        else:
            queue.digests.popleft()
            queue.after = _START
