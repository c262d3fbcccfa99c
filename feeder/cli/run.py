"""``feeder run``: everything in one process, until it is told to stop."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from threading import Event, RLock
from typing import TYPE_CHECKING, TextIO
from zoneinfo import ZoneInfo

import click

from feeder.cli import terminal
from feeder.cli.clock import SystemClock
from feeder.cli.exits import INTERRUPTED
from feeder.cli.options import HELP, in_directory, settings_in

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from feeder.config import Settings
    from feeder.config.secrets import Secrets
    from feeder.pipeline import Mailing, Report
    from feeder.web.values import Office

_ERROR, _INFO = "<3>", "<6>"
"""How sd-daemon(3) marks lines for the journal."""
_COUNTED = ("sent", "deferred", "failed", "held", "skipped")


@click.command(context_settings=HELP)
@in_directory
@click.option("--host", default="", metavar="ADDRESS", help="Listen at this address; [web] host if not given.")
@click.option("--port", type=click.IntRange(0, 65535), default=None, metavar="N", help="Listen at this TCP port.")
@click.option("--no-web", is_flag=True, help="Serve no pages.")
@click.option("-q", "--quiet", is_flag=True, help="Tell of problems only.")
@click.option("-v", "--verbose", is_flag=True, help="Tell of every run, also when nothing changed.")
def run(directory: Path, host: str, port: int | None, no_web: bool, quiet: bool, verbose: bool) -> int:
    """Publish and send by itself, and answer subscribers.

    At each change and each due instant; the subscription pages, and out/ too, are served meanwhile.
    SIGTERM and Ctrl-C finish what is under way, SIGHUP reads feeder.toml anew.
    """
    if quiet and verbose:
        raise click.UsageError("-q and -v exclude each other.")
    if no_web and (host or port is not None):
        raise click.UsageError("--no-web excludes --host and --port.")
    from feeder.config.secrets import Secrets
    from feeder.daemon import house
    from feeder.daemon.parts import Parts
    from feeder.daemon.watching import Watcher

    root, secrets = directory.absolute(), Secrets(os.environ)
    chosen = _chosen(host, 0 if no_web else port)
    voice = Speaker(quiet=quiet, verbose=verbose, environ=os.environ)

    def load() -> Settings:
        settings = chosen(settings_in(root))
        voice.zone = ZoneInfo(settings.site.timezone)
        return settings

    parts = Parts(
        load=load,
        clock=_Clock,
        secrets=secrets,
        environ=os.environ,
        voice=voice,
        watch=Watcher,
        pages=_pages(secrets),
    )
    try:
        house.run(root, parts)
    except KeyboardInterrupt:
        return INTERRUPTED  # it has said so itself
    return 0


def _chosen(host: str, port: int | None) -> Callable[[Settings], Settings]:
    """What the command line says counts more than ``[web]``."""

    def apply(settings: Settings) -> Settings:
        web = settings.web
        at = settings.web.port if port is None else port
        return replace(settings, web=replace(web, host=host or web.host, port=at))

    return apply


def _pages(secrets: Secrets) -> Callable[[Settings, Office], ASGIApp]:
    def make(settings: Settings, office: Office) -> ASGIApp:
        from feeder.web.app import app

        return app(settings, office, secrets)

    return make


class _Clock(SystemClock):
    """A clock whose sleep the end of the process ends."""

    def __init__(self, ended: Event) -> None:
        self._ended = ended

    def sleep(self, seconds: float) -> None:
        """Come back later, or as soon as the process is to end."""
        self._ended.wait(seconds)


class Speaker:
    """Prints for `feeder run`; see ``feeder.daemon.values.Voice``.

    The journal has times and priorities of its own; elsewhere each line begins with the time, in the site's zone.
    """

    def __init__(self, *, quiet: bool, verbose: bool, environ: Mapping[str, str]) -> None:
        self._quiet, self._verbose = quiet, verbose
        self.zone: tzinfo = UTC
        self._journal = {stream: _is_journal(stream, environ) for stream in (sys.stdout, sys.stderr)}
        self._lock = RLock()  # a signal may come in while a line is written, and has one of its own

    def say(self, line: str) -> None:
        """Something happened."""
        if not self._quiet:
            self._print([terminal.clean(line)], sys.stdout, _INFO)

    def warn(self, line: str) -> None:
        """Something is wrong."""
        self._print([terminal.clean(line)], sys.stderr, _ERROR)

    def published(self, report: Report, settings: Settings) -> None:
        """A run ended: what it did, as `publish` says it, and the problems that are new."""
        from feeder.cli import hub, mailing, problems
        from feeder.cli import report as lines

        # A deploy command that fails again has nothing to show for it.
        happened = lines.happened(replace(report, deployed=report.deployed or None))
        if self._verbose or (happened and not self._quiet):
            paint = terminal.Paint(on=terminal.coloured(sys.stdout))
            said = [*lines.summary(report, settings, paint, dry_run=False, whole=self._verbose)]
            self._print([*said, *lines.ending(report, settings, dry_run=False)], sys.stdout, _INFO)
        # What failed is said by ``warn``, once, however often it is tried again.
        rest = replace(report, mailing=replace(report.mailing, error=None, tally=None))
        for line in (*hub.troubles(report.hub), *mailing.troubles(rest), *problems.told(report.fresh, whole=False)):
            self._print([line], sys.stderr, _ERROR)

    def sent(self, mailing: Mailing, settings: Settings) -> None:  # noqa: ARG002  (the settings are every report's)
        """Mail left, or was given up."""
        counted = [(name, getattr(mailing.tally, name, 0)) for name in _COUNTED]
        if any(number for name, number in counted if self._verbose or name != "deferred"):
            self.say("mail: " + ", ".join(f"{number:,} {name}" for name, number in counted if number))

    def _print(self, lines: Iterable[str], stream: TextIO, priority: str) -> None:
        journal = self._journal.get(stream, False)
        with self._lock:
            for line in lines:
                _write(f"{priority if journal else self._stamp()}{line}", stream)

    def _stamp(self) -> str:
        return f"{datetime.now(self.zone).isoformat(timespec='seconds')} "


def _write(line: str, stream: TextIO) -> None:
    """One line, past Python's buffers; a full disk or a terminal that is gone must not end what it tells of."""
    with suppress(OSError, ValueError):
        os.write(stream.fileno(), f"{line}\n".encode(errors="backslashreplace"))


def _is_journal(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether what is written goes straight to the journal: JOURNAL_STREAM names it (systemd.exec(5))."""
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"
