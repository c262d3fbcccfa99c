"""How fast mail may leave, and whose waits: rates, warm-up, pauses and the breaker, per provider.

Pure: time comes in, decisions go out; the desk writes them into the ledger.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from feeder.config.settings import Limits
from feeder.mail.bounces.replies import ReplyKind
from feeder.mail.sending import backoff
from feeder.mail.values import Outcome

ALL: Final = "*"
"""Stands for every provider, where the whole transport is meant."""

WINDOW: Final = 500
"""Answers of a provider that the breaker looks at."""
ENOUGH: Final = 100
"""Fewer than so many tell nothing about a provider."""
_DEFERRALS_IN_A_ROW = 10
_POLICY_REFUSALS = 3
_POLICY_AMONG = 20
_SERVICE_CLOSING = 421
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Pause:
    """A provider's mail, or all, waits."""

    provider: str
    until: int
    """Instant, microseconds."""
    times: int
    """In a row."""
    why: str
    alarming: bool = False
    """The editor should hear of it."""


class Bucket:
    """Tokens that come at a steady rate; a message takes one."""

    def __init__(self, per_second: float, most: float = 1.0) -> None:
        self._rate, self._most = per_second, max(1.0, most)
        self._level, self._at = self._most, 0.0

    def wait(self, seconds: float) -> float:
        """Seconds until there is one."""
        if self._at:
            self._level = min(self._most, self._level + (seconds - self._at) * self._rate)
        self._at = seconds
        # What rounding takes from a token must not let us wait for ever.
        return 0.0 if self._level > 1 - 1e-9 else (1 - self._level) / self._rate

    def take(self) -> None:
        """Take one; `wait` has said that there is one."""
        self._level -= 1


@dataclass(slots=True)
class _Provider:
    """What is known of one."""

    hard: deque[bool] = field(default_factory=lambda: deque(maxlen=WINDOW))
    policy: deque[bool] = field(default_factory=lambda: deque(maxlen=_POLICY_AMONG))
    deferrals: int = 0
    until: int = 0
    times: int = 0
    taken: int = 0
    """Messages today."""
    most: int = 0
    """Messages a day, while warming up; 0: any."""
    bucket: Bucket | None = None


class _Table(dict[str, _Provider]):
    """Providers by name, each made when it is first asked for."""

    def __init__(self, make: Callable[[str], _Provider]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, provider: str) -> _Provider:
        made = self[provider] = self._make(provider)
        return made


class Gate:
    """Lets a message through now, later, or not in this run.

    Args:
        limits: the settings.
        relay: a 421 is about everything that goes through the server, not about one provider.
        pauses: provider -> (until, times in a row), from the ledger.
        volumes: provider -> (earlier days with mail, messages today).
        recent: provider -> (answers, hard failures) of late, bounces included.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        relay: bool = True,
        pauses: Mapping[str, tuple[int, int]] | None = None,
        volumes: Mapping[str, tuple[int, int]] | None = None,
        recent: Mapping[str, tuple[int, int]] | None = None,
    ) -> None:
        self._limits, self._relay = limits, relay
        self._volumes, self._recent = volumes or {}, recent or {}
        self._known = _Table(self._new)
        self._all = Bucket(limits.per_second, limits.per_second / 10) if limits.per_second else None
        for provider, (until, times) in (pauses or {}).items():
            known = self._known[provider]
            known.until, known.times = until, times

    def blocked(self, provider: str, now: int) -> bool:
        """Whether no more of its mail may leave in this run: it is paused, or has what it takes in a day."""
        known = self._known[provider]
        return (known.most > 0 and known.taken >= known.most) or self.paused(provider, now)

    def paused(self, provider: str, now: int) -> bool:
        """Whether its mail waits, that which counts towards the day's volume already included."""
        return now < self._known[provider].until or now < self._known[ALL].until

    def closed(self, now: int) -> bool:
        """Whether everything waits."""
        return now < self._known[ALL].until

    def wait(self, provider: str, seconds: float) -> float:
        """Seconds until the rates let one more message through to this provider."""
        bucket = self._known[provider].bucket
        return bucket.wait(seconds) if bucket else 0.0

    def wait_for_all(self, seconds: float) -> float:
        """Seconds until the rate of all mail together lets one more through."""
        return self._all.wait(seconds) if self._all else 0.0

    def take(self, provider: str) -> None:
        """One message goes to this provider."""
        known = self._known[provider]
        known.taken += 1
        if known.bucket:
            known.bucket.take()
        if self._all:
            self._all.take()

    def untake(self, provider: str) -> None:
        """It did not go: it does not count towards the day's volume. The rate it has used up."""
        self._known[provider].taken -= 1

    def new_day(self) -> None:
        """Midnight, UTC: a day's volume begins anew."""
        for known in self._known.values():
            known.taken = 0
        self._volumes = {provider: (days, 0) for provider, (days, _) in self._volumes.items()}

    def answered(self, provider: str, outcome: Outcome, kind: ReplyKind, now: int) -> Pause | None:
        """Take note of what became of a message; a pause where that follows. ``kind`` is of refusals only."""
        known = self._known[provider]
        if outcome.state == "deferred":
            return self._deferred(provider, known, outcome, kind, now)
        known.deferrals = 0
        failed = outcome.state == "failed"
        known.hard.append(failed and kind == "hard")
        known.policy.append(failed and kind == "policy")
        if known.policy.count(True) >= _POLICY_REFUSALS:
            known.policy.clear()
            return self._pause(provider, now, backoff.of_breaker, f"refused by policy: {outcome.reply}", alarming=True)
        if failed and kind == "hard":
            return self._break(provider, known, now)
        return None

    def relieved(self, provider: str, now: int) -> bool:
        """Whether a message just taken ends a pause that is over; it counts no longer then."""
        known = self._known[provider]
        over = known.times > 0 and known.until <= now
        if over:
            known.times = 0
        return over

    def down(self, now: int, why: str) -> Pause:
        """The server cannot be reached: everything waits."""
        return self._pause(ALL, now, backoff.of_transport, why, alarming=self._known[ALL].times == 0)

    def _deferred(self, provider: str, known: _Provider, outcome: Outcome, kind: ReplyKind, now: int) -> Pause | None:
        if outcome.code == _SERVICE_CLOSING:
            whom = ALL if self._relay else provider
            return self._pause(whom, now, backoff.of_provider, outcome.reply)
        known.deferrals += 1
        if known.deferrals < _DEFERRALS_IN_A_ROW:
            return None
        known.deferrals = 0
        why = f"{_DEFERRALS_IN_A_ROW} deferrals in a row: {outcome.reply}"
        return self._pause(provider, now, backoff.of_provider, why, alarming=kind == "policy")

    def _break(self, provider: str, known: _Provider, now: int) -> Pause | None:
        share = self._limits.breaker
        if not share or len(known.hard) < ENOUGH or known.hard.count(True) * 100 < share * len(known.hard):
            return None
        why = f"{known.hard.count(True)} of the last {len(known.hard)} addresses do not exist"
        known.hard.clear()
        return self._pause(provider, now, backoff.of_breaker, why, alarming=True)

    def _pause(
        self, provider: str, now: int, how_long: Callable[[int], timedelta], why: str, *, alarming: bool = False
    ) -> Pause:
        known = self._known[provider]
        # Of several messages under way, each may be the one too many: they are one reason to pause.
        if known.until <= now:
            known.times += 1
        known.until = max(known.until, now + how_long(known.times) // _MICROSECOND)
        return Pause(provider, known.until, known.times, why, alarming)

    def _new(self, provider: str) -> _Provider:
        made = _Provider()
        if self._limits.provider_per_minute:
            made.bucket = Bucket(self._limits.provider_per_minute / 60)
        days, made.taken = self._volumes.get(provider, (0, 0))
        if self._limits.warm_up:
            made.most = self._limits.warm_up * 2 ** min(days, 40)
        answers, hard = self._recent.get(provider, (0, 0))
        made.hard.extend(_spread(answers, hard))
        return made


def _spread(answers: int, hard: int) -> list[bool]:
    """So many answers, cut to the window with the same share of hard failures."""
    count = min(answers, WINDOW)
    bad = min(count, round(hard * count / answers)) if answers else 0
    return [True] * bad + [False] * (count - bad)
