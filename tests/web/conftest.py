"""What tests of the pages share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from web.visitors import ENGLISH, House, house

from feeder.web.subscriptions import subscribing


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers do not wait for the time that hides how long they took; the test of that time sets its own."""
    monkeypatch.setattr(subscribing, "FLOOR", 0.0)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[House]:
    """A publication with a Chinese and an English list."""
    with house(tmp_path, ENGLISH) as opened:
        yield opened
