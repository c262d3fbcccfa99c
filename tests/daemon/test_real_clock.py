"""A real process under a clock that is really set: libfaketime stands between it and the system's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support import Publication

from tests.daemon.process import Daemon, daemon, eventually, feed

LIBRARIES = [
    Path(folder, "faketime/libfaketimeMT.so.1")
    for folder in ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib")
]
LIBRARY = next((path for path in LIBRARIES if path.exists()), None)

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(LIBRARY is None, reason="libfaketime is not installed"),
]


class Fake:
    """The clock of a process, so many seconds off."""

    def __init__(self, file: Path) -> None:
        self.file, self.offset = file, 0.0
        self.set(0)

    def set(self, offset: float) -> None:
        self.offset = offset
        draft = self.file.with_suffix(".new")
        draft.write_text(f"{offset:+.0f}\n")
        os.replace(draft, self.file)

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.offset)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            # What never is set back in the world is not to be set here.
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_RESET": "1",
            # Files are stamped by the kernel, whose clock is not set.
            "NO_FAKE_STAT": "1",
        }


@pytest.fixture
def clock(tmp_path: Path) -> Fake:
    return Fake(tmp_path / "faketime")


@pytest.fixture
def running(publication: Publication, clock: Fake) -> Iterator[Daemon]:
    publication.entry("a", title="A", date="2026-11-20")
    soon = clock.now() + timedelta(hours=3)
    publication.entry("f", title="F", date=f"{soon:%Y-%m-%dT%H:%M:%SZ}", expires=f"{soon + timedelta(hours=2):%FT%TZ}")
    with daemon(publication, env=clock.environment) as made:
        yield made


def test_set_forward_over_a_release_and_an_expiry(publication: Publication, clock: Fake, running: Daemon) -> None:
    assert feed(publication.root) == ["A"]
    clock.set(3 * 3600 + 60)
    eventually(lambda: feed(publication.root) == ["F", "A"])
    eventually(lambda: "clock: set forward by 10,860 s" in running.said())
    clock.set(5 * 3600 + 60)
    eventually(lambda: feed(publication.root) == ["A"])
    assert running.warned() == []


def test_set_back_it_does_not_stall(publication: Publication, clock: Fake, running: Daemon) -> None:
    clock.set(-10 * 86_400)
    eventually(lambda: "clock: set back by 864,000 s" in running.said())
    at = clock.now() + timedelta(seconds=4)
    publication.entry("g", title="G", date=f"{at:%Y-%m-%dT%H:%M:%SZ}")
    eventually(lambda: running.state().get("why") == "entry G")
    assert "G" not in feed(publication.root)
    eventually(lambda: "G" in feed(publication.root))
    assert clock.now() >= at.replace(microsecond=0)
    assert "A" in feed(publication.root)


def test_started_behind_it(publication: Publication, clock: Fake, running: Daemon) -> None:
    assert running.end() == 0
    clock.set(4 * 3600)
    with daemon(publication, env=clock.environment):
        eventually(lambda: feed(publication.root) == ["F", "A"])
