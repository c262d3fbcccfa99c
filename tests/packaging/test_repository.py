"""What may stand in a committed file, and what the lock files may hold."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from support import CHECKOUT

LOCKS = sorted(CHECKOUT.glob("requirements*.lock"))
# With a ~ inside, so that this file does not find itself.
REGISTRIES = "pypi~.org|python~hosted|registry.~npmjs|deb.~debian".replace(".", r"\.")
MACHINES = r"(?<![\w.])/(?:w~ork|f~arm|r~oot)/"
FORBIDDEN = re.compile(f"{REGISTRIES}|{MACHINES}".replace("~", ""))
OPTION = re.compile(r"--(extra-)?index-url|--find-links|--trusted-host")


def committed() -> Iterator[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True)
    for name in listed.stdout.decode().split("\0"):
        file = CHECKOUT / name
        if name and file.is_file():
            yield file


def test_no_file_names_a_registry_or_a_machine() -> None:
    found = []
    for file in committed():
        try:
            text = file.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{file.relative_to(CHECKOUT)}: {hit.group()}" for hit in FORBIDDEN.finditer(text)]
    assert found == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_locks_hold_pins_and_nothing_else(lock: Path) -> None:
    for line in lock.read_text("utf-8").splitlines():
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line), line
        assert not OPTION.search(line)


def pins(name: str) -> dict[str, str]:
    lines = (CHECKOUT / name).read_text("utf-8").splitlines()
    return {canonicalize_name(left): right for left, _, right in (line.partition("==") for line in lines)}


def test_locks_fit_what_is_declared() -> None:
    declared = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))
    runtime, dev = pins("requirements.lock"), pins("requirements-dev.lock")
    for needed in map(Requirement, declared["project"]["dependencies"]):
        assert needed.specifier.contains(runtime[canonicalize_name(needed.name)])
    for needed in map(Requirement, declared["dependency-groups"]["dev"]):
        assert needed.specifier.contains(dev[canonicalize_name(needed.name)])
    assert runtime.items() <= dev.items()


def test_the_version_stands_at_two_places_alike() -> None:
    from feeder import __version__

    assert tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]["version"] == __version__
