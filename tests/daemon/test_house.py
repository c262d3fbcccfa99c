"""The threads together, with a watcher and pages that the test holds in its hands."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mail.newsdesk import Newsdesk

from feeder import config
from feeder.cli.clock import SystemClock
from feeder.config import Settings
from feeder.config.secrets import Secrets
from feeder.daemon import house
from feeder.daemon.parts import Parts
from feeder.daemon.watchplaces import Places, places
from feeder.index import Index
from tests.daemon.stage import Listener

if TYPE_CHECKING:
    from starlette.types import ASGIApp


class Clock(SystemClock):
    """As that of `feeder run`."""

    def __init__(self, ended: threading.Event) -> None:
        self.ended = ended

    def sleep(self, seconds: float) -> None:
        self.ended.wait(seconds)


@dataclass
class Watchers:
    """Makes watchers that notice nothing by themselves."""

    starting: Callable[[int], None] = lambda _: None
    made: list[Callable[[], None]] = field(default_factory=list)
    how: str = "inotify"
    places: Places = field(init=False)

    def __call__(self, settings: Settings, changed: Callable[[], None], tell: Callable[[str], None]) -> Watchers:
        self.made.append(changed)
        self.places = places(settings)
        return self

    def start(self) -> None:
        self.starting(len(self.made))

    def stop(self) -> None:
        pass

    def look(self) -> Index | None:
        return self.places.look().index


def no_pages(*_: object) -> ASGIApp:
    raise AssertionError("nobody asked for pages")


@pytest.fixture
def desk(tmp_path: Path) -> Newsdesk:
    made = Newsdesk(tmp_path)
    made.configure("[web]\nport = 0\n")
    made.entry("a", title="A", date="2026-11-20")
    return made


def titles(desk: Newsdesk) -> set[str]:
    return {item["title"] for item in json.loads(desk.read("feed.json"))["items"]}


def run(desk: Newsdesk, watchers: Watchers, meanwhile: Iterator[Callable[[], bool]]) -> Listener:
    """The house, until all of ``meanwhile`` has become true, one after the other, or a minute is over."""
    voice = Listener()

    def follow() -> None:
        end = time.monotonic() + 60
        for wanted in meanwhile:
            while not wanted() and time.monotonic() < end:
                time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=follow, daemon=True).start()
    parts = Parts(
        load=lambda: config.load(desk.root), clock=Clock, secrets=Secrets({}), environ={}, voice=voice,
        watch=watchers, pages=no_pages,
    )  # fmt: skip
    house.run(desk.root, parts)
    return voice


def test_what_is_saved_between_two_watchers_is_published(desk: Newsdesk) -> None:
    def starting(number: int) -> None:
        if number == 2:
            desk.entry("b", title="B", date="2026-11-20")

    watchers = Watchers(starting)

    def meanwhile() -> Iterator[Callable[[], bool]]:
        yield lambda: bool(watchers.made)
        desk.configure("[web]\nport = 0\n", title="另一个")
        watchers.made[0]()
        yield lambda: "B" in titles(desk)

    run(desk, watchers, meanwhile())
    assert len(watchers.made) == 2
    assert titles(desk) == {"A", "B"}


def test_a_fault_at_a_due_instant_does_not_take_a_core(desk: Newsdesk, monkeypatch: pytest.MonkeyPatch) -> None:
    watchers, faults = Watchers(), list[float]()

    def fails(*_: object, **__: object) -> None:
        faults.append(time.monotonic())
        raise RuntimeError("a fault")

    def meanwhile() -> Iterator[Callable[[], bool]]:
        yield lambda: bool(watchers.made)
        monkeypatch.setattr("feeder.daemon.work.Work.publish", fails)
        watchers.made[0]()
        yield lambda: bool(faults)
        for _ in range(50):
            watchers.made[0]()
            time.sleep(0.01)

    voice = run(desk, watchers, meanwhile())
    assert len(voice.warned) == len(faults) <= 2  # one more when it ends


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_ended_is_told(desk: Newsdesk, monkeypatch: pytest.MonkeyPatch) -> None:
    watchers, states = Watchers(), list[dict[str, object]]()

    def ends(*_: object, **__: object) -> None:
        raise SystemExit  # which no thread of ours lives through

    def told() -> bool:
        states.append(json.loads((desk.root / ".feeder/daemon.json").read_text("utf-8")))
        return bool(states[-1]["troubles"])

    def meanwhile() -> Iterator[Callable[[], bool]]:
        yield lambda: bool(watchers.made)
        monkeypatch.setattr("feeder.daemon.work.Work.publish", ends)
        watchers.made[0]()
        yield told

    voice = run(desk, watchers, meanwhile())
    assert voice.warned == ["process: the thread for publishing has ended; start this process anew"]
