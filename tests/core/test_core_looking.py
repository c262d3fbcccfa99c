"""What differs between two looks at the inputs, as bytes; and what follows for entries that use a picture."""

from __future__ import annotations

import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from identity.newsroom import DOT
from support import NOW, Publication

from feeder import cache as caching
from feeder import index

names = st.text(st.sampled_from("ab/\udcff中"), min_size=1, max_size=3)
trees = st.dictionaries(names, st.tuples(*[st.integers(0, 2**64 - 1)] * 3), max_size=40)


def packed(files: dict[str, index.Stat]) -> index.Tree:
    numbers = [number for stat in files.values() for number in stat]
    return os.fsencode("\0".join(files)), b"".join(number.to_bytes(8, "little") for number in numbers)


@given(trees, trees)
def test_what_differs_is_what_the_stats_say(before: dict[str, index.Stat], now: dict[str, index.Stat]) -> None:
    changed, vanished = index.differing(packed(before), packed(now))
    assert set(changed) == {name for name, stat in now.items() if before.get(name) != stat}
    assert set(vanished) == before.keys() - now.keys()
    assert (len(set(changed)), len(set(vanished))) == (len(changed), len(vanished))


@pytest.mark.parametrize("touched", [[], [0], [255, 256], [999], [0, 500, 999]])
def test_of_many_files_in_one_order_the_right_ones_differ(touched: list[int]) -> None:
    files = {f"{number:04}": (number, number, number) for number in range(1000)}
    other = {name: (stat[0], 7_000, stat[2]) if stat[0] in touched else stat for name, stat in files.items()}
    assert index.differing(packed(files), packed(other)) == ([f"{number:04}" for number in touched], [])


def test_assets_outside_of_some_folders(tmp_path: Path) -> None:
    used = [
        "a.png",
        "source",
        "source.png",
        "source/a.png",
        "source/_posts/b.png",
        "source0/c.png",
        "static/中.png",
        "z",
    ]
    with caching.open_cache(str(tmp_path)) as cache:
        cache._db.executemany("INSERT INTO uses VALUES (?, 'e.md')", ((source,) for source in used))
        assert cache.used_outside([]) == sorted(used)
        outside = ["a.png", "source", "source.png", "source0/c.png", "z"]
        assert cache.used_outside(["source", "source/_posts", "static"]) == outside
        assert cache.used_outside(["static", "source/_posts"]) == sorted(
            source for source in used if not source.startswith(("static/", "source/_posts/"))
        )


def test_a_picture_vanishes_with_its_whole_folder(publication: Publication) -> None:
    publication.entry("a", "![图](/dot.png)\n", date="2026-11-01")
    publication.write("static/dot.png", DOT)
    publication.run()
    assert "<img" in publication.read("feed.atom").replace("&lt;", "<")
    shutil.rmtree(publication.root / "static")
    report = publication.run(NOW + timedelta(minutes=1))
    assert [problem.path for problem in report.fresh] == ["entries/a.md"]
    assert "<img" not in publication.read("feed.atom").replace("&lt;", "<")


def test_a_file_whose_name_is_no_text_comes_and_goes(publication: Publication) -> None:
    publication.entry("a", date="2026-11-01")
    publication.run()
    for name in (b"\xff.png", b"\xff.md"):
        file = os.fsencode(publication.root / "entries") + b"/" + name
        with open(file, "wb") as opened:
            opened.write(DOT)
        publication.run(NOW + timedelta(minutes=1))
        os.unlink(file)
        report = publication.run(NOW + timedelta(minutes=2))
        assert report.exit_code == 0, report.problems
