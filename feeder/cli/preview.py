"""``feeder preview``: what a writer keeps open."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Final

import click

from feeder.cli.options import HELP, in_directory, note, now, say, settings_in
from feeder.errors import Locked

if TYPE_CHECKING:
    from feeder.config import Settings
    from feeder.web.preview.studio import Studio
    from feeder.web.serving import Serving

HOST: Final = "127.0.0.1"
PORT: Final = 8000
_LOCK: Final = "preview"
_TRIES: Final = 50
"""Ports that are tried, one after the other."""


@click.command(context_settings=HELP)
@in_directory
@click.option(
    "--port", type=click.IntRange(1, 65535), metavar="N", help="The port; 8000 or the next free one if not given."
)
@click.option("--open", "browser", is_flag=True, help="Open it in the browser.")
def preview(directory: Path, port: int | None, browser: bool) -> int:
    """Show the site as it would be, with drafts, as you write.

    At this machine's own address only, until Ctrl-C. Nothing is published or sent: it works on a copy.
    """
    from feeder.cli.progress import Bar
    from feeder.output import lock
    from feeder.web.preview.app import application
    from feeder.web.preview.shadow import FOLDER
    from feeder.web.preview.studio import Studio

    settings = settings_in(directory)
    with _alone(settings.root):
        studio = Studio(settings, now)
        with Bar() as bar:
            studio.build(bar)  # before there are other threads, so that every core helps
        serving = _serving(application(studio), port)
        lock.note(settings.root, _LOCK, serving.url)
        say(f"{serving.url}  {settings.site.title}, drafts included; Ctrl-C ends it")
        _tell(studio)
        note(f"it works on a copy in {FOLDER}/; nothing is published or sent")
        _until_interrupted(studio, serving, settings, browser=browser)
    return 0


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """There is one for each publication; raises ``Locked``, with the address of the one that there is."""
    from feeder.output import lock

    with ExitStack() as held:
        try:
            held.enter_context(lock.publishing(root, now(), 0, _LOCK))
        except Locked as error:
            address = lock.noted(root, _LOCK)
            if not address:
                raise Locked(str(error), hint="it tells its address once it has built") from None
            told = str(error).replace("another preview is at work", f"the preview is open already at {address}")
            raise Locked(told, hint="go on there, or end that one first") from None
        yield


def _serving(application: object, port: int | None) -> Serving:
    """At the port that was asked for, or at the first that is free."""
    from feeder.web.serving import PortTaken, Serving

    if port is not None:
        return Serving(application, HOST, port)  # type: ignore[arg-type]
    for number in range(PORT, PORT + _TRIES):
        try:
            return Serving(application, HOST, number)  # type: ignore[arg-type]
        except PortTaken:
            continue
    return Serving(application, HOST, 0)  # type: ignore[arg-type]


def _tell(studio: Studio) -> None:
    from feeder.cli.options import tell_problems

    tell_problems((*studio.state.stuck, *studio.state.problems))


def _until_interrupted(studio: Studio, serving: Serving, settings: Settings, *, browser: bool) -> None:
    """Serve and follow what is saved, until a signal says stop."""
    from feeder.daemon.watching import Watcher

    stop = Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    watchers = [Watcher(settings, studio.changed, note)]

    def renew(settings: Settings) -> None:
        # Other folders may count now.
        watchers.append(Watcher(settings, studio.changed, note))
        watchers[-1].start()
        watchers.pop(0).stop()
        studio.changed()  # something may have been saved in them before they were watched

    studio.adopted = renew
    try:
        watchers[0].start()
        studio.start()
        studio.changed()  # something may have been saved while nobody watched
        serving.start()
        if browser:
            _open(serving.url)
        stop.wait()
    finally:
        studio.stop()
        serving.stop()
        watchers[0].stop()
        for number, former in before.items():
            signal.signal(number, former)


def _open(url: str) -> None:
    import webbrowser

    if not webbrowser.open(url):
        note("no browser could be opened; follow the address")
