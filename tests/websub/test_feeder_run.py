"""`feeder run` tells the hub: of what is saved, and of what is owed once its time has come."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from support import Publication

from feeder import index
from feeder.websub import load, save
from tests.websub.hubs import Recorder, recorder


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextmanager
def running(publication: Publication) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-m", "feeder", "run", "--no-web"], cwd=publication.root, env=publication.environment(),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()


def has(hub: Recorder, *paths: str) -> bool:
    return {f"https://news.example.org/{path}" for path in paths} <= set(hub.topics)


def test_what_is_saved_is_told_and_what_is_owed_at_its_time(publication: Publication) -> None:
    with recorder() as hub:
        publication.configure(f'[feeds]\nhub = "{hub.url}"\n')
        publication.entry("a", title="甲", date="2026-11-20")
        hub.answer(500)
        assert publication.publish().returncode == 0
        known = load(str(publication.root))
        assert known is not None
        save(str(publication.root), replace(known, next=time.time() + 3))
        hub.answer(202)
        hub.take()
        with running(publication):
            until(lambda: has(hub, "feed.atom", "feed.rss", "feed.json"))
            until(lambda: not (publication.root / index.HUB).exists())
            hub.take()
            publication.entry("b", title="乙", tags="[芯片]", date="2026-11-20")
            until(lambda: has(hub, "feed.atom", "tags/%E8%8A%AF%E7%89%87/feed.json"))
