"""The desk between ledger and transport: grants that messages leave, and writes down what became of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

from feeder.dates import from_micros, to_micros
from feeder.mail.bounces.replies import ReplyKind, classify_reply
from feeder.mail.sending import backoff
from feeder.mail.sending.clocks import Clock
from feeder.mail.sending.ledger import SYNC_MESSAGES, SYNC_SECONDS, Ledger, Row, Tally
from feeder.mail.sending.limits import ALL, Gate, Pause
from feeder.mail.sending.supply import Supply
from feeder.mail.sending.transports import Parcel
from feeder.mail.values import DeliveryState, Outcome

Progress = Callable[[str, int, int], None]
"""``(stage, done, total)``."""
Refusal = tuple[Row, Outcome, ReplyKind]
Refused = Callable[[Sequence[Refusal]], int]
"""Told of refusals for good, when they are in the ledger; how many addresses were suppressed for them."""

_REPLY: Final = 400
_REST: Final = 0.25
"""Seconds between two looks at whether to stop."""
_MICROSECOND: Final = timedelta(microseconds=1)
_UNUSABLE: Final = "5.1.3"
"""RFC 3463: bad destination mailbox address syntax."""


class CountingDesk:
    """See ``transports.Desk``; it keeps the tally.

    Args:
        hold: a message whose outcome nobody knows is held, not sent again.
        stop: whether to finish what is under way, and nothing more.
    """

    def __init__(
        self,
        ledger: Ledger,
        supply: Supply,
        gate: Gate,
        clock: Clock,
        *,
        hold: bool,
        stop: Callable[[], bool],
        refused: Refused,
        progress: Progress | None = None,
    ) -> None:
        self.tally = Tally()
        self._ledger, self._supply, self._gate, self._clock = ledger, supply, gate, clock
        self._hold, self.stopping, self._refused, self._progress = hold, stop, refused, progress
        self._started = to_micros(clock.now())
        self._day = _day(self._started)
        self._synced = clock.seconds()
        self._unsynced = self._done = 0
        self._total = ledger.due(self._started) if progress else 0
        self._volume: dict[str, tuple[int, int, int]] = {}
        self._refusals: list[Refusal] = []

    def reserve(self) -> Parcel | None:
        """See ``transports.Desk``."""
        if self.stopping():
            return None
        return self._supply.take(to_micros(self._clock.now()), self._clock.seconds())

    def give_back(self, parcel: Parcel) -> None:
        """See ``transports.Desk``."""
        self._supply.give_back(parcel)

    def wait(self) -> float | None:
        """See ``transports.Desk``."""
        return None if self.stopping() else self._supply.wait(self._clock.seconds())

    def rest(self, seconds: float) -> None:
        """See ``transports.Desk``."""
        self._clock.sleep(min(seconds, _REST))

    def seconds(self) -> float:
        """See ``transports.Desk``."""
        return self._clock.seconds()

    def exchange(self, settled: Sequence[tuple[Parcel, Outcome]], wanted: Sequence[Parcel]) -> Sequence[bool]:
        """See ``transports.Desk``."""
        if not (settled or wanted or self._supply.unmade):
            return ()
        now, seconds = to_micros(self._clock.now()), self._clock.seconds()
        due = self._unsynced >= SYNC_MESSAGES or seconds - self._synced >= SYNC_SECONDS
        with self._ledger.transaction():
            for parcel, outcome in settled:
                self._settle(parcel, outcome, now)
            self._settle_unmade(now)
            granted = [self._grant(parcel, now) for parcel in wanted]
            if due:
                self._flush(now)
        if due:
            self._ledger.sync_soon()
            self._synced, self._unsynced = seconds, 0
        self._tell()
        return granted

    def down(self, why: str) -> None:
        """Nothing can be sent: let everything wait, and say so."""
        now = to_micros(self._clock.now())
        with self._ledger.transaction():
            self._pause(self._gate.down(now, why))
        self.tally.down = why

    def finish(self) -> Tally:
        """Write down what is not yet, all of it on the disk."""
        with self._ledger.transaction(durable=True):
            self._settle_unmade(to_micros(self._clock.now()))
            self._flush(to_micros(self._clock.now()))
        self.tally.alarms += self._supply.problems
        return self.tally

    def _grant(self, parcel: Parcel, now: int) -> bool:
        row = parcel.row
        if self._ledger.claim(row, parcel.revision, parcel.message.message_id, now):
            return True
        if row.digest and self._ledger.skip(row, now):
            self.tally.skipped += 1
            self._advance()
            self._supply.done(row, 0.0, again=False)
        else:
            self._supply.refused(row, ready=not row.digest or self._ledger.is_ready(row.digest, now))
        return False

    def _settle(self, parcel: Parcel, outcome: Outcome, now: int) -> None:
        row = parcel.row
        if outcome.state == "unsent":
            self._ledger.unsent(row, now)
            self._gate.untake(row.provider)
        elif outcome.state == "uncertain":
            self._settle_uncertain(row, outcome, now)
        elif outcome.state == "sent":
            self._settle_sent(row, outcome, parcel.message.message_id, now)
        else:
            self._settle_refused(row, outcome, parcel.message.message_id, now)
        self._supply.done(row, outcome.seconds, again=outcome.state in {"unsent", "uncertain"})

    def _settle_sent(self, row: Row, outcome: Outcome, message_id: str, now: int) -> None:
        self._ledger.settle(row, "sent", outcome.reply[:_REPLY], message_id, now)
        self.tally.sent += 1
        self.tally.notices += not row.digest
        self._advance()
        self._count(row.provider, 0)
        self._gate.answered(row.provider, outcome, "soft", now)
        for provider in (row.provider, ALL):
            if self._gate.relieved(provider, now):
                self._ledger.traffic.unpause(provider)

    def _settle_uncertain(self, row: Row, outcome: Outcome, now: int) -> None:
        if self._ledger.uncertain(row, now, outcome.reply[:_REPLY], hold=self._hold) == "held":
            self.tally.held += 1
            self._advance()

    def _settle_refused(self, row: Row, outcome: Outcome, message_id: str, now: int) -> None:
        kind = classify_reply(outcome.code, outcome.status, outcome.reply, row.provider)
        delay = backoff.after_deferral(row.attempt + 1) if outcome.state == "deferred" else None
        state: DeliveryState = "deferred" if delay else "failed"
        due_at = now + delay // _MICROSECOND if delay else 0
        self._ledger.settle(row, state, outcome.reply[:_REPLY], message_id, now, due_at)
        if delay:
            self.tally.deferred += 1
        else:
            self.tally.failed += 1
            self._refusals.append((row, outcome, kind))
        self._advance()
        self._count(row.provider, 1 if delay else 2)
        pause = self._gate.answered(row.provider, outcome, kind, now)
        if pause:
            self._pause(pause)

    def _settle_unmade(self, now: int) -> None:
        for row, why in self._supply.unmade:
            if why:
                self._ledger.settle(row, "failed", f"{_UNUSABLE} {why}"[:_REPLY], "", now)
                self.tally.failed += 1
            elif self._ledger.skip(row, now):
                self.tally.skipped += 1
            self._supply.done(row, 0.0, again=False)
            self._advance()
        self._supply.unmade.clear()

    def _pause(self, pause: Pause) -> None:
        self._ledger.traffic.pause(pause.provider, pause.until, pause.times, pause.why[:_REPLY])
        if pause.alarming:
            whom = "all mail" if pause.provider == ALL else f"mail to {pause.provider}"
            self.tally.alarms.append(f"{whom} waits until {from_micros(pause.until):%Y-%m-%d %H:%M} UTC: {pause.why}")

    def _advance(self) -> None:
        self._done += 1
        self._unsynced += 1

    def _count(self, provider: str, place: int) -> None:
        counts = list(self._volume.get(provider, (0, 0, 0)))
        counts[place] += 1
        self._volume[provider] = (counts[0], counts[1], counts[2])

    def _flush(self, now: int) -> None:
        if self._volume:
            self._ledger.traffic.add_volume(self._day, self._volume)
            self._ledger.traffic.note_pace(self._started, now, self._done)
            self._volume = {}
        day = _day(now)
        if day != self._day:
            self._day = day
            self._gate.new_day()

    def _tell(self) -> None:
        if self._refusals:
            refusals, self._refusals = self._refusals, []
            self.tally.suppressed += self._refused(refusals)
        if self._progress:
            self._progress("send", self._done, max(self._total, self._done))


def _day(now: int) -> str:
    return f"{from_micros(now):%Y-%m-%d}"
