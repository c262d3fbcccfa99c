"""One process: publishing, sending, watching, the pages, and the signals that end it in good order."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from feeder.config import Settings
from feeder.config.secrets import Secrets
from feeder.daemon.clockwork import Clockwork
from feeder.daemon.duties import Duty
from feeder.daemon.frontdoor import FrontDoor
from feeder.daemon.hands import Hand
from feeder.daemon.office import Reception
from feeder.daemon.reloading import Book
from feeder.daemon.sdnotify import Notifier
from feeder.daemon.signals import Signals
from feeder.daemon.standing import Standing
from feeder.daemon.troubles import Troubles
from feeder.daemon.values import Voice, words_of
from feeder.daemon.work import Work
from feeder.errors import FeederError, Locked
from feeder.index import Index
from feeder.mail.sending.clocks import Clock
from feeder.output import deploy, publishing
from feeder.pipeline import is_published
from feeder.upkeep import running
from feeder.web.values import Office

if TYPE_CHECKING:
    from starlette.types import ASGIApp

TICK: Final = 0.5
"""Seconds between two looks at the clock."""
FINISHING: Final = 30.0
"""Seconds that a sending has to finish what is under way."""
_PATIENCE: Final = 60.0
"""Seconds that systemd is asked to wait for, again and again, while it starts or stops."""
_REST: Final = 5.0
LASTING: Final = {"publish", "deploy", "digests", "sending"}
"""Troubles of an earlier process that its successor has as well, until it finds otherwise: nobody is told twice."""


class Watching(Protocol):
    """Notices changes; see ``feeder.daemon.watching``."""

    how: str

    def start(self) -> None:
        """Watch from now on."""

    def stop(self) -> None:
        """Watch no more."""

    def look(self) -> Index | None:
        """How the inputs look, where it has looked already."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the house is made of that somebody may want otherwise."""

    load: Callable[[], Settings]
    """Reads the settings; raises ``SettingsError``."""
    clock: Callable[[threading.Event], Clock]
    """A clock whose sleep ends when the event is set."""
    secrets: Secrets
    environ: Mapping[str, str]
    voice: Voice
    watch: Callable[[Settings, Callable[[], None], Callable[[str], None]], Watching]
    pages: Callable[[Settings, Office], ASGIApp]


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
    """All parts together."""

    def __init__(self, root: Path, book: Book, clock: Clock, ended: threading.Event, parts: Parts) -> None:
        self._clock, self._parts, self._voice, self._ended = clock, parts, parts.voice, ended
        self._book = book
        earlier = running.load(root)
        self._troubles = Troubles(one for one in (earlier.troubles if earlier else ()) if one.where in LASTING)
        self._standing = Standing(root, os.getpid(), clock.now(), self._troubles)
        self._notifier = Notifier(parts.environ)
        self._work = Work(
            book, clock, parts.secrets, parts.voice, self._standing, self._troubles,
            stop=ended.is_set, follow=self._follow,
        )  # fmt: skip
        self._publisher = Hand("publishing", self._publish, self._broken)
        self._sender = Hand("sending", self._send, self._broken)
        self._work.told = self._sender.ring
        self._office = Reception(clock, self._standing, mail=self._mail, entries=self._changed)
        self._door = FrontDoor(book.settings, lambda settings: parts.pages(settings, self._office))
        self._clockwork = Clockwork(clock, self._due)
        self._watcher: Watching | None = None
        self._setting = threading.Lock()
        self._building = False
        self._reload = self._noticed = False

    def stopping(self) -> None:
        """Sending finishes what is under way; called in a signal handler."""
        self._ended.set()
        self._say_stopping()

    def live(self, signals: Signals) -> None:
        """The first run, then all others, until a signal says stop."""
        self._voice.say(f"feeder run: process {os.getpid()}, {self._book.settings.root}")
        self._standing.address = self._door.address
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

    def _begin(self) -> None:
        """Make the first output alone in the process, so that it may use all cores (see ``forking``).

        Where there is one already it is for the publishing thread: however long the first run and its deploy command
        take, pages answer meanwhile.
        """
        self._work.begin()
        if not is_published(self._book.settings):
            self._voice.say("first run: making everything; the pages open when it is done")
            self._building = True
            # The deploy command is for the thread: it may take long, and nothing waits for it there.
            self._work.publish(progress=self._progress, deploy=False)
            self._building = False
        else:
            self._voice.say("first run: what has changed since the last one")
        self._dress()

    def _open(self) -> None:
        self._clockwork.start()
        self._publisher.start()
        self._watch(self._book.settings)
        self._door.open()
        self._standing.save()
        if self._door.address:
            self._voice.say(f"pages: {self._door.address}")
        self._set()
        # What changed since the last run of whatever process; what a dead one left unsent comes behind it.
        self._publisher.ring()
        self._sender.ring()
        self._notifier.ready()

    def _attend(self, signals: Signals) -> None:
        """Look after the clock, the threads and the signals."""
        heard = self._clock.seconds()
        while not signals.stop:
            wish = signals.wait(TICK)
            if wish == "reload":
                self._notifier.reloading()
                self._reload = True
                self._publisher.ring()
            self._look_at_clock()
            self._tell_watching()
            self._standing.dead = self._found_dead()
            every = self._notifier.every
            if every is not None and self._clock.seconds() - heard >= every / 2 and not self._standing.dead:
                self._notifier.alive()
                heard = self._clock.seconds()

    def _look_at_clock(self) -> None:
        moved = self._clockwork.tick()
        if not moved:
            return
        if abs(moved) >= 1:
            way = "forward" if moved > 0 else "back"
            self._voice.say(f"clock: set {way} by {abs(moved):,.0f} s; looking at what is due")
        self._set()
        self._publisher.ring()
        self._sender.ring()

    def _found_dead(self) -> str:
        """A thread that ended though nobody asked it to."""
        dead = [one.name for one in (self._publisher, self._sender) if one.ident and not one.is_alive()]
        return f"the thread for {' and '.join(dead)} has ended" if dead else ""

    def _close(self) -> None:
        """Finish what is under way; visitors are answered until it is done."""
        self._notifier.stopping()
        if self._watcher:
            self._watcher.stop()
        if self._publisher.is_alive():
            self._clockwork.stop()
            self._sender.end()
            self._publisher.end()
            self._finish(self._sender, FINISHING)
            # A deploy command may take its time; broken off it would be owed.
            self._finish(self._publisher, float("inf"))
            self._door.close()
        self._voice.say("stopped")

    def _say_stopping(self) -> None:
        """Called in a signal handler."""
        under_way = "the run" if self._building or self._publisher.busy else "sending" if self._sender.busy else ""
        doing = f": finishing {under_way} under way; asked once more it breaks off" if under_way else ""
        self._voice.say(f"stopping{doing}")

    def _break_off(self) -> None:
        """It was asked twice: nothing is waited for, and nothing that it has started is left behind."""
        self._publisher.end()
        deploy.break_off()
        if self._publisher.is_alive():
            self._publisher.join(_REST)
        self._standing.forget()
        self._voice.say("stopped: the run under way was broken off; the next start finishes it")

    def _finish(self, hand: Hand, seconds: float) -> None:
        """Wait for what a thread has under way, and let systemd wait too."""
        while hand.is_alive() and seconds > 0:
            self._notifier.patience(_PATIENCE)
            self._notifier.alive()
            hand.join(min(seconds, _REST))
            seconds -= _REST

    def _publish(self) -> None:
        """A turn of the publishing thread."""
        reload, noticed = self._reload, self._noticed
        # Only what was seen is struck off: another thread may ask in this very moment.
        if reload:
            self._reload = False
        if noticed:
            self._noticed = False
        seen = self._watcher.look() if noticed and self._watcher else None
        self._work.publish(seen, reload=reload)
        self._dress()
        if self._sender.ident is None and not self._ended.is_set():
            # Not before: what a run that was killed has cut may have no page yet.
            self._sender.start()
        self._tell_watching()
        self._after()
        if reload:
            self._notifier.ready()

    def _send(self) -> None:
        """A turn of the sending thread."""
        if not self._ended.is_set():
            self._work.deliver()
            self._set()

    def _after(self) -> None:
        self._set()
        self._standing.save()
        found = self._standing.condition()
        coming = f"next: {found.next_why} {found.next:%Y-%m-%d %H:%M} UTC" if found.next else "nothing is due"
        self._notifier.status(found.why or coming)

    def _set(self) -> None:
        with self._setting:
            self._clockwork.set(self._work.duties)

    def _broken(self, error: Exception) -> None:
        """A turn raised what it should not have."""
        self._voice.warn(words_of(error))
        self._ended.wait(_REST)  # what is due is due still: a fault that comes back at once must not take a core
        self._set()

    def _due(self, duty: Duty) -> None:
        (self._publisher if duty.publishes else self._sender).ring()

    def _mail(self) -> None:
        self._work.wake()
        self._sender.ring()

    def _changed(self) -> None:
        """An input changed; called by the watcher, and by the pages."""
        self._noticed = True
        self._publisher.ring()

    def _watch(self, settings: Settings) -> None:
        self._watcher = self._parts.watch(settings, self._changed, self._voice.warn)
        self._watcher.start()
        self._tell_watching()

    def _tell_watching(self) -> None:
        """How changes are noticed, for `feeder status`; it says "first run" as long as that is not over."""
        how = self._watcher.how if self._watcher and self._sender.ident is not None else ""
        if how != self._standing.watching:
            self._standing.watching = how
            self._standing.save()

    def _follow(self, settings: Settings) -> None:
        """New settings: pages and watcher by them from now on."""
        self._listen(settings)
        if self._watcher:
            self._watcher.stop()
            self._watch(settings)
            # What changed between the last look of the one and the first of the other, neither tells.
            self._publisher.ring()

    def _listen(self, settings: Settings) -> None:
        """Answer where the settings say; an address that is taken is tried again with every run."""
        try:
            self._door.follow(settings)
        except FeederError as error:
            self._work.fail("web", f"{words_of(error)}; the old address stays")
        else:
            self._work.heal("web")
        self._standing.address = self._door.address

    def _dress(self) -> None:
        """Make the pages of the settings in force; what stands in their way may be mended by any change."""
        if self._troubles.times("web"):
            self._listen(self._book.settings)
        if not self._door.outdated:
            return
        try:
            self._door.mend()
        except (FeederError, OSError) as error:
            self._work.fail("pages", words_of(error))
        else:
            self._work.heal("pages")

    def _progress(self, stage: str, done: int, total: int) -> None:
        """The first build may take long: systemd is to wait for it."""
        self._notifier.patience(_PATIENCE)
        self._notifier.status(f"first run: {stage}, {done:,} of {total:,}")
