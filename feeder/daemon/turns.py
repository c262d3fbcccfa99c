"""The turns of the two threads: what rings for one, and what follows from it."""

from __future__ import annotations

import threading
from typing import Final

from feeder.daemon.clockwork import Clockwork
from feeder.daemon.duties import Duty
from feeder.daemon.hands import Hand
from feeder.daemon.outside import Outside
from feeder.daemon.sdnotify import Notifier
from feeder.daemon.standing import Standing
from feeder.daemon.values import Voice, words_of
from feeder.daemon.work import Work
from feeder.mail.sending.clocks import Clock

REST: Final = 5.0
"""Seconds after a fault of ours before anything else is done: one that comes back at once must not take a core."""


class Turns:
    """Publishing and sending, each in a thread of its own."""

    def __init__(
        self, work: Work, outside: Outside, standing: Standing, notifier: Notifier, voice: Voice, clock: Clock,
        ended: threading.Event,
    ) -> None:  # fmt: skip
        """``ended`` is set when nothing more is to be sent."""
        self._work, self._outside, self._standing = work, outside, standing
        self._notifier, self._voice, self._ended = notifier, voice, ended
        self.publisher = Hand("publishing", self._publish, self._broken)
        self.sender = Hand("sending", self._send, self._broken)
        self._clockwork = Clockwork(clock, self._due)
        self._setting = threading.Lock()
        self._reload = self._noticed = False

    def start(self) -> None:
        """Wait for what rings. Sending begins when the first publish has ended."""
        self._clockwork.start()
        self.publisher.start()
        self._set()
        # What changed since the last run of whatever process; what a dead one left unsent comes behind it.
        self.publisher.ring()
        self.sender.ring()

    def end(self) -> None:
        """Nothing more is begun."""
        self._clockwork.stop()
        self.sender.end()
        self.publisher.end()

    def look_at_clock(self) -> None:
        """Derive anew what is due if the clock was set; to be called every second or oftener."""
        moved = self._clockwork.tick()
        if not moved:
            return
        if abs(moved) >= 1:
            way = "forward" if moved > 0 else "back"
            self._voice.say(f"clock: set {way} by {abs(moved):,.0f} s; looking at what is due")
        self._set()
        self.publisher.ring()
        self.sender.ring()

    def reload(self) -> None:
        """Read the settings anew, also where the file looks as it did."""
        self._reload = True
        self.publisher.ring()

    def changed(self) -> None:
        """An input changed; called by the watcher, and by the pages."""
        self._noticed = True
        self.publisher.ring()

    def mail_waits(self) -> None:
        """Something was queued that should leave soon."""
        self._work.wake()
        self.sender.ring()

    def woken(self) -> None:
        """Another process has changed something in the mail database."""
        self.mail_waits()
        self.publisher.ring()

    def found_dead(self) -> str:
        """A thread that ended though nobody asked it to; empty: all live."""
        dead = [one.name for one in (self.publisher, self.sender) if one.ident and not one.is_alive()]
        return f"the thread for {' and '.join(dead)} has ended" if dead else ""

    def _publish(self) -> None:
        reload, noticed = self._reload, self._noticed
        # Only what was seen is struck off: another thread may ask in this very moment.
        if reload:
            self._reload = False
        if noticed:
            self._noticed = False
        self._work.publish(self._outside.look() if noticed else None, reload=reload)
        self._outside.dress()
        if self.sender.ident is None and not self._ended.is_set():
            # Not before: what a run that was killed has cut may have no page yet.
            self.sender.start()
        self._outside.first_run_is_over()
        self._set()
        self._tell()
        if reload:
            self._notifier.ready()

    def _send(self) -> None:
        if not self._ended.is_set():
            self._work.deliver()
            self._set()
            self._tell()

    def _tell(self) -> None:
        self._standing.save()
        found = self._standing.condition()
        coming = f"next: {found.next_why} {found.next:%Y-%m-%d %H:%M} UTC" if found.next else "nothing is due"
        self._notifier.status(found.why or coming)

    def _set(self) -> None:
        with self._setting:
            self._clockwork.set(self._work.duties)

    def _due(self, duty: Duty) -> None:
        (self.publisher if duty.publishes else self.sender).ring()

    def _broken(self, error: Exception) -> None:
        """A turn raised what it should not have."""
        self._voice.warn(words_of(error))
        self._ended.wait(REST)
        self._set()  # what is due is due still
