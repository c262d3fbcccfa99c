"""What is to be sent next: system mails first, then deliveries in turn, each made into a message.

Signing takes longer than all the rest, and OpenSSL needs no interpreter for it: messages are signed ahead in threads.
"""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final

from feeder.errors import FeederError
from feeder.mail.addresses import BadAddress
from feeder.mail.providers import provider_of
from feeder.mail.sending.ledger import Ledger, Row
from feeder.mail.sending.limits import Gate
from feeder.mail.sending.queues import Queues
from feeder.mail.sending.stencils import Stencils
from feeder.mail.sending.transports import Parcel
from feeder.mail.values import Message

_NOTICES_EVERY: Final = 1.0
_LOOK_EVERY: Final = 60.0
_NOTICES_AT_ONCE: Final = 100
_AHEAD: Final = 24
"""Messages that are signed while others are under way."""
_REFUSALS: Final = 3


@dataclass(slots=True)
class _Draft:
    """A message that is being made."""

    row: Row
    revision: int
    make: Callable[[], Message]
    """Gives it, or raises BadAddress."""


class Supply:
    """Hands out messages, none of them twice at a time.

    Args:
        ledger: what is due.
        stencils: make the messages.
        gate: who may have mail now.
        most: how many messages at most; None: all.
        notices_only: whether deliveries are left for another time.
    """

    def __init__(
        self, ledger: Ledger, stencils: Stencils, gate: Gate, most: int | None = None, *, notices_only: bool = False
    ) -> None:
        self._notices_only = notices_only
        self._ledger, self._stencils, self._gate, self._left = ledger, stencils, gate, most
        self._now, self._seconds = 0, 0.0
        self._queues = Queues(
            lambda digest, provider, after, count: ledger.read(digest, provider, after, self._now, count),
            lambda provider: gate.blocked(provider, self._now),
            lambda provider: gate.wait(provider, self._seconds),
        )
        self._notices: deque[tuple[Row, str]] = deque()
        self._returned: deque[Parcel] = deque()
        self._drafts: deque[_Draft] = deque()
        self._taken: set[tuple[int, int]] = set()
        self._pool = ThreadPoolExecutor(os.cpu_count() or 1) if stencils.signer else None
        self._unsendable: set[int] = set()
        self._refusals: Counter[tuple[int, int]] = Counter()
        self._asked = self._looked = float("-inf")
        self._unseen = True
        self._throttled = 0.0
        self.unmade: list[tuple[Row, str]] = []
        """Rows of which no message can be made, and why; the desk takes them."""
        self.problems: list[str] = []
        """What keeps whole digests from being sent; told once each."""

    def close(self) -> None:
        """Nothing more is taken."""
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def take(self, now: int, seconds: float) -> Parcel | None:
        """The next message; None: none at this moment."""
        self._now, self._seconds = now, seconds
        while self._returned:
            parcel = self._returned.popleft()
            if not self._gate.paused(parcel.row.provider, now):
                return parcel
            self._drop(parcel.row)
        self._draft_ahead()
        while self._drafts:
            parcel_or_none = self._finish(self._drafts.popleft())
            if parcel_or_none:
                return parcel_or_none
            self._draft_ahead()
        return None

    def give_back(self, parcel: Parcel) -> None:
        """It was not sent; the next one who asks gets it."""
        self._returned.append(parcel)

    def done(self, row: Row, seconds: float, *, again: bool) -> None:
        """Its outcome is in the ledger; ``again``: it may be due at once."""
        self._taken.discard((row.digest, row.subscriber))
        self._queues.used(row.provider, seconds)
        self._unseen = self._unseen or again

    def refused(self, row: Row, *, ready: bool) -> None:
        """It could not be claimed; ``ready``: its digest may be sent still."""
        key = (row.digest, row.subscriber)
        self._refusals[key] += 1
        self._drop(row)
        if self._refusals[key] > _REFUSALS:
            # Somebody else has stopped it in a way that is not known here: it is left for the next run.
            self._taken.add(key)
        self._stencils.forget(row.digest)
        if not ready:
            self._queues.drop(row.digest)

    def wait(self, seconds: float) -> float | None:
        """Seconds after which there may be one; None: nothing more is due."""
        if self._left == 0 or self._gate.closed(self._now):
            return None
        if self._returned or self._drafts:
            return 0.0
        later = self._throttled or self._queues.later(seconds)
        return 0.0 if later is None and self._unseen else later

    def _drop(self, row: Row) -> None:
        self._taken.discard((row.digest, row.subscriber))
        self._gate.untake(row.provider)
        self._unseen = True

    def _draft_ahead(self) -> None:
        while len(self._drafts) < (_AHEAD if self._pool else 1):
            draft = self._next_draft()
            if draft is None:
                return
            self._drafts.append(draft)

    def _next_draft(self) -> _Draft | None:
        self._throttled = 0.0
        if self._left == 0 or self._gate.closed(self._now):
            return None
        if (wait := self._gate.wait_for_all(self._seconds)) > 0:
            self._throttled = wait
            return None
        draft = self._next_notice() or self._next_delivery()
        if draft:
            self._gate.take(draft.row.provider)
            self._taken.add((draft.row.digest, draft.row.subscriber))
            self._left = self._left - 1 if self._left else self._left
        return draft

    def _next_notice(self) -> _Draft | None:
        if self._seconds - self._asked >= _NOTICES_EVERY:
            self._asked = self._seconds
            found = self._ledger.notices(self._now, _NOTICES_AT_ONCE)
            self._notices = deque(pair for pair in found if (0, pair[0].subscriber) not in self._taken)
        while self._notices:
            row, name = self._notices.popleft()
            row = row._replace(provider=provider_of(row.address or ""))
            if not self._gate.blocked(row.provider, self._now):
                return _Draft(row, 0, partial(self._stencils.notice, row, name))
        return None

    def _next_delivery(self) -> _Draft | None:
        while True:
            row = self._next_row()
            if row is None:
                return None
            if row.address is None:
                self.unmade.append((row, ""))
                continue
            try:
                sheet = self._stencils.sheet(row)
            except FeederError as error:
                self._queues.drop(row.digest)
                self._unsendable.add(row.digest)
                self.problems.append(f"digest {row.digest} cannot be sent: {error}")
                continue
            return _Draft(row, sheet.revision, self._maker(partial(sheet.message, row)))

    def _maker(self, make: Callable[[], Message]) -> Callable[[], Message]:
        if self._pool is None:
            return make
        future: Future[Message] = self._pool.submit(make)
        return future.result

    def _next_row(self) -> Row | None:
        if self._seconds - self._looked >= _LOOK_EVERY:
            self._look()
        row = self._untaken()
        if row is None and self._unseen and self._queues.later(self._seconds) is None:
            self._look()
            self._unseen = False
            row = self._untaken()
        # What was cut or put off meanwhile is looked for once more at the end.
        self._unseen = self._unseen or row is not None
        return row

    def _untaken(self) -> Row | None:
        while row := self._queues.next(self._seconds):
            if (row.digest, row.subscriber) not in self._taken:
                return row
        return None

    def _look(self) -> None:
        self._looked = self._seconds
        pairs = () if self._notices_only else self._ledger.pairs(self._now)
        self._queues.fill(pair for pair in pairs if pair[0] not in self._unsendable)

    def _finish(self, draft: _Draft) -> Parcel | None:
        row = draft.row
        try:
            if not self._gate.paused(row.provider, self._now):
                return Parcel(draft.make(), row, draft.revision)
        except BadAddress as error:
            self.unmade.append((row, str(error)))
            self._gate.untake(row.provider)
            return None
        self._drop(row)
        return None
