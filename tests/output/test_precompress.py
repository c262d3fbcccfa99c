"""Compressed copies: right, deterministic, as old as their file, and gone when it is."""

from __future__ import annotations

import gzip
import os
import sys
from pathlib import Path

import pytest

from feeder.errors import SettingsError
from feeder.model import Document, Stage
from feeder.output import open_output, served
from tests.output.outputs import LAYOUTS, page, public, publish, settings

TEXT = "<p>天数智芯</p>\n" * 200

each_layout = pytest.mark.parametrize("layout", LAYOUTS)


@each_layout
def test_copies_hold_the_same_and_are_as_old(tmp_path: Path, layout: str) -> None:
    brotli = pytest.importorskip("brotli")
    of = settings(tmp_path, layout=layout, compress=("gz", "br"))
    written = publish(of, [page("a.html", TEXT), page("small.html", "x"), page("a.png", TEXT)])
    assert set(written.paths) == {"a.html", "a.html.gz", "a.html.br", "small.html", "a.png"}
    files = public(of)
    assert gzip.decompress(files["a.html.gz"]) == brotli.decompress(files["a.html.br"]) == files["a.html"]
    assert len({(served(of) / name).stat().st_mtime_ns for name in ("a.html", "a.html.gz", "a.html.br")}) == 1


def test_copies_are_deterministic(tmp_path: Path) -> None:
    for name in ("one", "two"):
        publish(settings(tmp_path / name, compress=("gz",)), [page("a.html", TEXT)])
    one, two = (public(settings(tmp_path / name))["a.html.gz"] for name in ("one", "two"))
    assert one == two
    assert one[4:8] == bytes(4), "the time in the header (RFC 1952 section 2.3.1) is not set"


@each_layout
def test_turned_on_later_it_adds_copies_and_leaves_files_alone(tmp_path: Path, layout: str) -> None:
    publish(settings(tmp_path, layout=layout), [page("a.html", TEXT)])
    of = settings(tmp_path, layout=layout, compress=("gz",))
    before = (served(of) / "a.html").stat().st_mtime_ns
    assert publish(of, [page("a.html", TEXT)]).paths == ("a.html.gz",)
    assert publish(of, [page("a.html", TEXT)]).paths == ()
    assert (served(of) / "a.html").stat().st_mtime_ns == before
    assert (served(of) / "a.html.gz").stat().st_mtime_ns == before


@each_layout
def test_a_copy_of_another_state_is_made_again(tmp_path: Path, layout: str) -> None:
    of = settings(tmp_path, layout=layout, compress=("gz",))
    publish(of, [page("a.html", TEXT)])
    (served(of) / "a.html.gz").write_bytes(b"half")
    assert publish(of, [page("a.html", TEXT)]).paths == ("a.html.gz",)
    assert gzip.decompress(public(of)["a.html.gz"]) == TEXT.encode()


@each_layout
def test_turned_off_or_too_small_the_old_copy_goes(tmp_path: Path, layout: str) -> None:
    of = settings(tmp_path, layout=layout, compress=("gz",))
    publish(of, [page("a.html", TEXT), page("b.html", TEXT)])
    publish(of, [page("b.html", "short")])
    assert set(public(of)) == {"a.html", "a.html.gz", "b.html"}
    publish(settings(tmp_path, layout=layout), [page("a.html", TEXT + "!")])
    assert set(public(of)) == {"a.html", "b.html"}


@each_layout
def test_copies_go_with_their_file_and_foreign_ones_stay(tmp_path: Path, layout: str) -> None:
    of = settings(tmp_path, layout=layout, compress=("gz",))
    publish(of, [page("a.html", TEXT), page("b.html", "small")])
    (served(of) / "b.html.gz").write_bytes(b"mine")
    os.utime(served(of) / "b.html.gz", (1, 1))
    publish(of, [], ["a.html", "b.html"])
    assert public(of) == {"b.html.gz": b"mine"}


def test_text_assets_get_copies_too(tmp_path: Path) -> None:
    of = settings(tmp_path, compress=("gz",))
    (tmp_path / "a.svg").write_text(TEXT)
    output = open_output(of)
    staged = output.stage_file(str(tmp_path / "a.svg"), "assets/a.svg")
    assert staged
    assert output.publish([staged, *()]).paths == ("assets/a.svg.gz", "assets/a.svg")
    assert output.stage(Document("assets/a.svg", "", TEXT.encode(), Stage.ASSET)) is None


def test_brotli_that_is_missing_is_said_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "brotli", None)
    with pytest.raises(SettingsError, match="brotli is not installed") as caught:
        open_output(settings(tmp_path, compress=("br",)))
    assert "pip install" in caught.value.problems[0].hint
    assert caught.value.exit_code == 78
