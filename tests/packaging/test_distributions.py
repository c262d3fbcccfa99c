"""What is in the wheel and in the sdist, and that it is all that should be."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path

import pytest
from support import CHECKOUT

PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
VERSION = PROJECT["version"]


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(folder)], cwd=CHECKOUT, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Iterator[zipfile.ZipFile]:
    with zipfile.ZipFile(dist / f"feeder_press-{VERSION}-py3-none-any.whl") as opened:
        yield opened


@pytest.fixture(scope="module")
def sdist(dist: Path) -> set[str]:
    with tarfile.open(dist / f"feeder_press-{VERSION}.tar.gz") as opened:
        return {name.partition("/")[2] for name in opened.getnames()}


def files(folder: str) -> set[str]:
    found = (path.relative_to(CHECKOUT) for path in (CHECKOUT / folder).rglob("*") if path.is_file())
    return {path.as_posix() for path in found if not any(re.match(r"__pycache__|\.\w+_cache", p) for p in path.parts)}


def test_the_wheel_holds_the_package_the_templates_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    given = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert given == files("feeder") | {f"feeder/{name}" for name in files("templates")}


def test_the_wheel_is_typed_and_names_its_commands(wheel: zipfile.ZipFile) -> None:
    assert "feeder/py.typed" in wheel.namelist()
    commands = wheel.read(f"feeder_press-{VERSION}.dist-info/entry_points.txt").decode().splitlines()
    assert commands[:3] == ["[console_scripts]", "feeder = feeder.__main__:main", "publish = feeder.fastpath:main"]


def test_the_wheel_says_what_it_is(wheel: zipfile.ZipFile) -> None:
    metadata = Parser().parsestr(wheel.read(f"feeder_press-{VERSION}.dist-info/METADATA").decode())
    assert metadata["Name"] == "feeder-press"
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["Description-Content-Type"] == "text/markdown"
    needed = {line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line}
    assert len(needed) == len(PROJECT["dependencies"])


@pytest.mark.parametrize("folder", ["feeder", "templates", "tests", "docs", "deploy", "bench", "entries", ".ci"])
def test_the_sdist_holds_the_house(sdist: set[str], folder: str) -> None:
    assert {name for name in sdist if name.startswith(f"{folder}/")} == files(folder)


def test_the_sdist_holds_nothing_that_was_made(sdist: set[str]) -> None:
    tops = {name.partition("/")[0] for name in sdist}
    assert tops.isdisjoint({"out", ".feeder", ".venv", "dist", "build", ".git", ".hypothesis"})
    for name in (
        "README.md",
        "CHANGELOG.md",
        "LICENSE",
        "Makefile",
        "feeder.toml",
        "pyproject.toml",
        "requirements.lock",
    ):
        assert name in sdist
