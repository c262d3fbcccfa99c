"""One process: how it begins, what it looks after while it lasts, and how it ends in good order."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from feeder.daemon.hands import Hand
from feeder.daemon.office import Reception
from feeder.daemon.outside import Outside
from feeder.daemon.parts import Parts
from feeder.daemon.reloading import Book
from feeder.daemon.sdnotify import Notifier
from feeder.daemon.signals import Signals
from feeder.daemon.standing import Standing
from feeder.daemon.telling import Telling
from feeder.daemon.troubles import Troubles
from feeder.daemon.turns import Turns
from feeder.daemon.work import Work
from feeder.errors import Locked
from feeder.mail.sending.clocks import Clock
from feeder.output import deploy, publishing
from feeder.pipeline import is_published
from feeder.upkeep import running

TICK: Final = 0.5
"""Seconds between two looks at the clock."""
FINISHING: Final = 30.0
"""Seconds that a sending has to finish what is under way."""
_PATIENCE: Final = 60.0
"""Seconds that systemd is asked to wait for, again and again, while it starts or stops."""
_STEP: Final = 5.0
"""Seconds between two such askings."""
LASTING: Final = {"publish", "deploy", "digests", "sending"}
"""Troubles of an earlier process that its successor has as well, until it finds otherwise: nobody is told twice."""


def run(root: Path, parts: Parts) -> None:
    """Everything, until a signal ends it.

    Raises:
        SettingsError: at the start; later ones are told, and those of before go on.
        Locked: another one is at work here.
        PortTaken: the address cannot be listened at.
        KeyboardInterrupt: it was asked twice to stop.
    """
    book, ended = Book(root, parts.load), threading.Event()
    clock = parts.clock(ended)
    with alone(root, clock.now()), ExitStack() as at_end:
        house = House(root, book, clock, ended, parts)
        signals = at_end.enter_context(Signals(house.stopping))
        house.live(signals)


@contextmanager
def alone(root: Path, now: datetime) -> Iterator[None]:
    """There is one in each publication; raises ``Locked``, with the process that it is."""
    with ExitStack() as held:
        try:
            held.enter_context(publishing(root, now, 0, running.LOCK))
        except Locked as error:
            told = str(error).replace("another run is at work", "another `feeder run` is at work here")
            raise Locked(told, hint="one is enough for a publication; stop that one first") from None
        yield


class House:
    """All parts together; its methods are the main thread's."""

    def __init__(self, root: Path, book: Book, clock: Clock, ended: threading.Event, parts: Parts) -> None:
        self._book, self._clock, self._ended, self._voice = book, clock, ended, parts.voice
        earlier = running.load(root)
        troubles = Troubles(one for one in (earlier.troubles if earlier else ()) if one.where in LASTING)
        self._standing = Standing(root, os.getpid(), clock.now(), troubles)
        self._notifier = Notifier(parts.environ)
        self._telling = telling = Telling(book, clock, parts.secrets, parts.voice, troubles)
        office = Reception(clock, self._standing, mail=self._mail_waits, entries=self._changed)
        self._outside = Outside(book, parts, self._standing, telling, office, self._changed)
        self._work = Work(
            book, clock, parts.secrets, parts.voice, self._standing, telling,
            stop=ended.is_set, follow=self._outside.follow,
        )  # fmt: skip
        self._turns = Turns(self._work, self._outside, self._standing, self._notifier, parts.voice, clock, ended)
        telling.queued = self._turns.sender.ring
        self._is_building = False

    def stopping(self) -> None:
        """Sending finishes what is under way; called in a signal handler."""
        self._ended.set()
        turns = self._turns
        under_way = "the run" if self._is_building or turns.publisher.busy else "sending" if turns.sender.busy else ""
        doing = f": finishing {under_way} under way; asked once more it breaks off" if under_way else ""
        self._voice.say(f"stopping{doing}")

    def live(self, signals: Signals) -> None:
        """The first run, then all others, until a signal says stop."""
        self._voice.say(f"feeder run: process {os.getpid()}, {self._book.settings.root}")
        self._standing.address = self._outside.address
        self._standing.save()
        try:
            self._begin()
            if not signals.stop:
                self._open()
                self._attend(signals)
            self._close()
        except KeyboardInterrupt:
            self._break_off()
            raise
        except Exception:
            self._ended.set()
            self._close()
            raise
        self._standing.forget()

    def _changed(self) -> None:
        self._turns.changed()

    def _mail_waits(self) -> None:
        self._turns.mail_waits()

    def _begin(self) -> None:
        """Make the first output alone in the process, so that it may use all cores (see ``forking``).

        Where there is one already it is for the publishing thread: however long the first run and its deploy command
        take, pages answer meanwhile.
        """
        self._work.begin()
        if is_published(self._book.settings):
            self._voice.say("first run: what has changed since the last one")
        else:
            self._voice.say("first run: making everything; the pages open when it is done")
            self._is_building = True
            # The deploy command is for the thread: it may take long, and nothing waits for it there.
            self._work.publish(progress=self._progress, deploy=False)
            self._is_building = False
        self._outside.dress()

    def _progress(self, stage: str, done: int, total: int) -> None:
        """The first build may take long: systemd is to wait for it."""
        self._notifier.patience(_PATIENCE)
        self._notifier.status(f"first run: {stage}, {done:,} of {total:,}")

    def _open(self) -> None:
        self._outside.open()
        self._standing.save()
        if self._outside.address:
            self._voice.say(f"pages: {self._outside.address}")
        self._turns.start()
        self._notifier.ready()

    def _attend(self, signals: Signals) -> None:
        """Look after the clock, the threads and the signals."""
        heard = self._clock.seconds()
        while not signals.stop:
            if signals.wait(TICK) == "reload":
                self._notifier.reloading()
                self._turns.reload()
            self._turns.look_at_clock()
            if running.was_woken(self._book.settings.root):
                self._turns.woken()
            self._outside.tell_watching()
            self._look_at_threads()
            every = self._notifier.every
            if every is not None and self._clock.seconds() - heard >= every / 2 and not self._standing.dead:
                self._notifier.alive()
                heard = self._clock.seconds()

    def _look_at_threads(self) -> None:
        dead = self._turns.found_dead() or self._outside.found_dead()
        if dead and not self._standing.dead:
            self._telling.fail("process", f"{dead}; start this process anew")
            self._standing.save()
        self._standing.dead = dead

    def _close(self) -> None:
        """Finish what is under way; visitors are answered until it is done."""
        self._notifier.stopping()
        self._outside.watch_no_more()
        if self._turns.publisher.ident:  # it was started
            self._turns.end()
            self._finish(self._turns.sender, FINISHING)
            # A deploy command may take its time; broken off it would be owed.
            self._finish(self._turns.publisher, float("inf"))
        self._outside.close()
        self._voice.say("stopped")

    def _finish(self, hand: Hand, seconds: float) -> None:
        """Wait for what a thread has under way, and let systemd wait too."""
        while hand.is_alive() and seconds > 0:
            self._notifier.patience(_PATIENCE)
            self._notifier.alive()
            hand.join(min(seconds, _STEP))
            seconds -= _STEP

    def _break_off(self) -> None:
        """It was asked twice: nothing is waited for, and nothing that it has started is left behind."""
        self._turns.publisher.end()
        self._telling.hush()
        deploy.break_off()
        if self._turns.publisher.is_alive():
            self._turns.publisher.join(_STEP)
        self._standing.forget()
        self._voice.say("stopped: the run under way was broken off; the next start finishes it")
