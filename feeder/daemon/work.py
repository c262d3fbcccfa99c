"""One turn of publishing, one turn of sending: what `publish` does, with nobody to read its exit code.

Nothing here raises: whatever goes wrong is told, shown, mailed to the operator, and tried again.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from feeder import pipeline
from feeder.config import Settings
from feeder.config.secrets import Secrets
from feeder.daemon import duties, facts
from feeder.daemon.duties import Duty
from feeder.daemon.reloading import Book
from feeder.daemon.standing import Standing
from feeder.daemon.telling import Telling
from feeder.daemon.values import Voice, code_of, words_of
from feeder.errors import DeployFailed, FeederError, Locked
from feeder.index import Index
from feeder.inputs import Progress
from feeder.mail.sending.clocks import Clock
from feeder.pipeline import Mailing, Options, Post, Report

_WAIT: Final = 1.0
"""Seconds that one turn waits for a `publish` beside it; it comes again until that one has ended."""
_AGAIN: Final = timedelta(seconds=1)
_MENDED: Final = ("publish", "deploy", "digests")
"""What another publish may mend."""


class Work:
    """Publishes and sends for one publication; each of the two in a thread of its own, once there are threads."""

    def __init__(
        self, book: Book, clock: Clock, secrets: Secrets, voice: Voice, standing: Standing, telling: Telling,
        *, stop: Callable[[], bool], follow: Callable[[Settings], None],
    ) -> None:  # fmt: skip
        """Work for the publication of ``book``.

        Args:
            book: its settings.
            clock: its sleep ends early when ``stop`` says so.
            secrets: passwords and keys.
            voice: told what happens.
            standing: where that is counted.
            telling: told what does not work.
            stop: whether to finish what is under way, and send nothing more.
            follow: called with settings that were read anew.
        """
        self._book, self._clock, self._voice = book, clock, voice
        self._standing, self._telling, self._follow = standing, telling, follow
        self._post = Post(clock, secrets, stop)
        self._publishing: tuple[Duty, ...] = ()
        self._came: tuple[Duty, ...] = ()
        """What was due at a run that failed: the one that does not is still of that instant."""
        self._looking = threading.Lock()
        self._sending: Duty | None = None
        self._idle = 0
        self._waiting: float | None = None
        """Since when, in seconds of the clock's, another publish holds the lock."""

    @property
    def duties(self) -> tuple[Duty, ...]:
        """What is due from now on, past instants included."""
        return (*self._publishing, *([self._sending] if self._sending else []))

    def begin(self) -> None:
        """Find out what fell due while nobody was there."""
        try:
            self._publishing = facts.missed(self._book.settings, self._clock.now())
        except (FeederError, OSError, sqlite3.Error):
            return  # the first publish will say it

    def publish(
        self,
        seen: Index | None = None,
        progress: Progress | None = None,
        *,
        reload: bool = False,
        deploy: bool = True,
    ) -> None:
        """One turn of publishing; ``seen`` is how the inputs look, where the watcher has looked already."""
        self._look_at_settings(forced=reload)
        started, wall = self._clock.seconds(), self._clock.now()
        now = duties.moment((*self._came, *self._publishing), wall)
        options = Options(
            seen=self._book.seen(seen), progress=progress, lock_timeout=_WAIT, every_problem=False, deploy=deploy
        )
        try:
            self._book.require_publication()
            report = pipeline.publish(self._book.settings, now, options)
        except Locked as error:
            self._wait_for(error, wall)
            return
        except Exception as error:  # noqa: BLE001  (a fault of ours must not end the process; it is told)
            self._standing.ran(wall, code_of(error), self._clock.seconds() - started, failed=True)
            self._telling.fail("publish", words_of(error))
            self._came = tuple(duty for duty in (*self._came, *self._publishing) if duty.at <= wall)
        else:
            self._came = ()
            self._published(replace(report, seconds=self._clock.seconds() - started), wall)
        self._waiting = None
        self._derive(now)

    def deliver(self) -> None:
        """One turn of sending."""
        settings = self._book.settings
        try:
            mailing = pipeline.deliver(settings, self._clock.now(), self._post)
        except Exception as error:  # noqa: BLE001  (as above)
            self._telling.fail("sending", words_of(error))
        else:
            self._delivered(mailing, settings)
        self._telling.write_letters()
        self._look_at_mail(self._clock.now(), tried=True)
        self._save()

    def wake(self) -> None:
        """Something was queued just now: earlier tries that came to nothing do not count."""
        self._idle = 0

    def _look_at_settings(self, *, forced: bool) -> None:
        if self._book.outdated:
            self._telling.fail(
                "program", "another version of feeder was installed; start this process anew", mail=False
            )
        before = self._book.settings
        try:
            if not self._book.refresh(forced=forced):
                return
        except FeederError as error:
            self._telling.fail("settings", f"{words_of(error)}; the settings of before go on")
            return
        self._telling.heal("settings")
        if self._book.settings != before:
            self._voice.say("feeder.toml: read anew")
        elif forced:
            self._voice.say("feeder.toml: read anew, nothing changed")
        if self._book.settings != before or forced:
            self._follow(self._book.settings)

    def _wait_for(self, error: Locked, wall: datetime) -> None:
        if self._waiting is None:
            self._waiting = self._clock.seconds()
            self._voice.say(f"waiting: {error}")
        if self._clock.seconds() - self._waiting >= duties.LONGEST.total_seconds():
            # No build takes that long: its deploy command hangs, say, and by itself nobody would look.
            self._telling.fail("publish", f"{error}; look whether it hangs")
            self._telling.write_letters()
        others = (duty for duty in self._publishing if duty.kind != "retry")
        self._publishing = (*others, Duty(wall + _AGAIN, "retry", "another publish is at work"))

    def _published(self, report: Report, wall: datetime) -> None:
        self._standing.ran(wall, report.exit_code, report.seconds)
        self._standing.mailed(digests=len(report.mailing.cuts))
        self._telling.heal("publish")
        self._voice.published(report, self._book.settings)
        if report.deploy_error:
            self._telling.fail("deploy", words_of(DeployFailed(report.deploy_error)))
        elif report.deployed or not self._book.settings.output.deploy:
            self._telling.heal("deploy")
        if report.mailing.error is not None:
            self._telling.fail("digests", words_of(report.mailing.error))
        else:
            self._telling.heal("digests")

    def _delivered(self, mailing: Mailing, settings: Settings) -> None:
        tally = mailing.tally
        if mailing.error is not None:
            self._telling.fail("sending", words_of(mailing.error))
        elif tally is not None:
            self._voice.sent(mailing, settings)
            self._standing.mailed(sent=tally.sent)
            self._idle = 0 if tally.sent else self._idle
            if tally.down:
                # By mail, nobody could be told of it.
                self._telling.fail("sending", tally.down, mail=False)
            else:
                # A turn in which nothing was to leave (all mail waits, say) has not shown that anything can.
                if tally.sent or tally.deferred or tally.failed:
                    self._telling.heal("sending")
                self._raise_alarms(tally.alarms)

    def _raise_alarms(self, lines: list[str]) -> None:
        """What sending wants the operator to hear of, though it goes on."""
        if lines:
            self._telling.fail("limits", "; ".join(lines))
        else:
            self._telling.heal("limits", quietly=True)

    def _derive(self, now: datetime) -> None:
        """What is due from here on, from nothing but files."""
        self._telling.write_letters()
        settings, wall = self._book.settings, self._clock.now()
        found = self._found(lambda: facts.publishing(settings, now))
        # What keeps mail from being looked at keeps no entry from its instant.
        cuts = self._found(lambda: facts.digests(settings, now))
        queued = self._look_at_mail(wall, tried=False)
        if None not in (found, cuts, queued):
            self._telling.heal("facts", quietly=True)
        coming = [*(found or ()), *(cuts or ()), duties.safety(wall)]
        if times := self._telling.times(*_MENDED):
            coming.append(Duty(wall + duties.backed_off(times), "retry", "what failed is tried again"))
        self._publishing = tuple(sorted(coming))
        self._save()

    def _found(self, look: Callable[[], tuple[Duty, ...]]) -> tuple[Duty, ...] | None:
        """What a look at the facts gives; None where they cannot be read, which is told."""
        try:
            return look()
        except Exception as error:  # noqa: BLE001  (the safety run looks again)
            if not self._telling.times("publish"):
                self._telling.fail("facts", words_of(error))
            return None

    def _look_at_mail(self, now: datetime, *, tried: bool) -> tuple[Duty, ...] | None:
        """When to send next; what is due still though it was tried just now waits for longer each time."""
        # Both threads look: what was seen first must not be kept in place of what was seen last.
        with self._looking:
            settings = self._book.settings
            found = self._found(lambda: facts.sending(settings, now))
            if found == () and not tried:
                self._telling.heal("sending")
            due = found[0] if found else None
            if due is None and (times := self._telling.times("sending")):
                due = Duty(now + duties.backed_off(times), "mail", "queued mail")
            if tried and due is not None and due.at <= now:
                self._idle += 1
                due = replace(due, at=now + duties.backed_off(self._idle))
            self._sending = due
            return found

    def _save(self) -> None:
        # Both threads say what comes: what one saw first must not be kept in place of what the other saw last.
        with self._looking:
            self._standing.comes(duties.first(self.duties))
        self._standing.save()
