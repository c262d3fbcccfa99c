"""Promise 7: readers during publishes never see half a file, nor a feed that names a page not there."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from support import soak

from feeder.config import Settings
from feeder.output import served
from tests.output.outputs import LAYOUTS, feed, page, publish, settings

FILES = 60


def _text(name: str, version: int) -> str:
    line = f"{name} {version}\n"
    return line * (20 + version % 7 * 40) + "end"


def _whole(path: Path) -> bool:
    lines = path.read_text().split("\n")
    return lines[-1] == "end" and len(set(lines[:-1])) == 1


def _documents(names: list[str], version: int) -> list[object]:
    listing = "".join(f"{name}/index.html\n" for name in names)
    return [feed(f"{version}\n{listing}end"), *(page(f"{n}/index.html", _text(n, version)) for n in names)]


def _named(out: Path) -> list[str]:
    lines = (out / "feed.atom").read_text().split("\n")
    assert lines[-1] == "end"
    return lines[1:-1]


def _read(of: Settings, done: Path) -> None:
    out = served(of)
    rounds = 0
    while not done.exists() or not rounds:
        rounds += 1
        for path in _named(out):
            try:
                whole = _whole(out / path)
            except FileNotFoundError:
                # Withdrawn since? Then the feed does not name it any more.
                assert path not in _named(out) or (out / path).exists(), f"{path} is named and missing"
                continue
            assert whole, f"{path} is torn"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_three_readers_see_only_whole_things(tmp_path: Path, layout: str) -> None:
    of = settings(tmp_path, layout=layout)
    chance = random.Random(7)
    names = [f"n{i}" for i in range(FILES)]
    publish(of, _documents(names, 0))  # type: ignore[arg-type]
    done = tmp_path / "done"
    readers = []
    for _ in range(3):
        if child := os.fork():
            readers.append(child)
            continue
        code = 1
        try:
            _read(of, done)
            code = 0
        finally:
            os._exit(code)
    try:
        public = names
        for version in range(1, soak(60, 1000)):
            chosen = chance.sample(names, chance.randint(FILES // 2, FILES))
            gone = [f"{name}/index.html" for name in public if name not in chosen]
            publish(of, _documents(chosen, version), gone)  # type: ignore[arg-type]
            public = chosen
    finally:
        done.touch()
        codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in readers]
    assert codes == [0, 0, 0]
