"""Fixtures for every test area; what is no fixture stands in ``support.py``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest
from support import SETTINGS, Publication, soak

GOLDEN = Path(__file__).resolve().parent / "golden"

# An ordinary run tries the same examples each time, and asks of no machine that it be quick; a soak tries others.
hypothesis.settings.register_profile(
    "feeder", derandomize=soak(1, 0) == 1, deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.function_scoped_fixture],
)  # fmt: skip
hypothesis.settings.load_profile("feeder")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--golden", action="store_true", help="rewrite tests/golden/ with what the code gives now")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str | bytes], None]:
    """``golden(name, text)``: text is what ``tests/golden/NAME`` holds; ``pytest --golden`` writes it there."""

    def compare(name: str, given: str | bytes) -> None:
        data = given.encode() if isinstance(given, str) else given
        file = GOLDEN / name
        if request.config.getoption("--golden"):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        assert file.is_file(), f"tests/golden/{name} is not there; `make golden` writes it"
        if isinstance(given, str):
            assert given == file.read_bytes().decode()
        else:
            assert given == file.read_bytes()

    return compare


@pytest.fixture
def publication(tmp_path: Path) -> Publication:
    """An empty publication (settings, no entries) in a temporary folder."""
    made = Publication(tmp_path / "publication")
    made.write("feeder.toml", SETTINGS)
    (made.root / "entries").mkdir()
    return made
