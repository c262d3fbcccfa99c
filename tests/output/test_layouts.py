"""What both layouts promise: only changed files, in order, and nothing that is not ours is touched."""

from __future__ import annotations

import os
import pickle
import stat
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from feeder.errors import CannotCreate, SettingsError
from feeder.model import Document, Stage
from feeder.output import open_output, served
from feeder.output.staging import Staging
from tests.output.outputs import LAYOUTS, feed, mtimes, page, public, publish, settings, site

pytestmark = pytest.mark.parametrize("layout", LAYOUTS)


def test_documents_go_live_in_stage_order(tmp_path: Path, layout: str) -> None:
    of = settings(tmp_path, layout=layout)
    documents = [*site({"a": "1"}), Document("assets/a.css", "text/css", b"a", Stage.ASSET)]
    written = publish(of, documents)
    assert written.paths == ("assets/a.css", "2024/a/index.html", "index.html", "feed.atom")
    assert public(of) == {document.path: document.body for document in documents}


def test_the_second_run_touches_nothing(tmp_path: Path, layout: str) -> None:
    of = settings(tmp_path, layout=layout, compress=("gz",))
    publish(of, site({"a": "1", "b": "2"}))
    before = {path: os.lstat(path).st_mtime_ns for path in [tmp_path / "out", *(tmp_path / "out").rglob("*")]}
    output = open_output(of)
    assert [output.stage(document) for document in site({"a": "1", "b": "2"})] == [None] * 4
    assert output.publish([], []).changed == ()
    assert {path: os.lstat(path).st_mtime_ns for path in [tmp_path / "out", *(tmp_path / "out").rglob("*")]} == before


def test_unchanged_files_keep_their_mtime(tmp_path: Path, layout: str) -> None:
    of = settings(tmp_path, layout=layout)
    publish(of, site({"a": "1", "b": "2"}))
    before = mtimes(of)
    written = publish(of, site({"a": "1", "b": "3"}))
    assert written.paths == ("2024/b/index.html",)
    after = mtimes(of)
    assert {path for path in after if after[path] != before[path]} == {"2024/b/index.html"}


def test_deletions_come_last_and_take_empty_folders_with_them(tmp_path: Path, layout: str) -> None:
    of = settings(tmp_path, layout=layout)
    publish(of, site({"a": "1", "b": "2"}))
    written = publish(of, site({"a": "1"}), ["2024/b/index.html", "never/was.html"])
    assert written.changed == ("index.html", "feed.atom", "2024/b/index.html")
    assert not (served(of) / "2024/b").exists()
    assert (served(of) / "2024/a").is_dir()


def test_what_is_staged_and_deleted_is_written(tmp_path: Path, layout: str) -> None:
    of = settings(tmp_path, layout=layout)
    publish(of, [page("a.html", "1")])
    assert publish(of, [page("a.html", "2")], ["a.html"]).changed == ("a.html",)
    assert public(of) == {"a.html": b"2"}


def test_foreign_files_stay(tmp_path: Path, layout: str) -> None:
    of = settings(tmp_path, layout=layout)
    publish(of, site({"a": "1"}))
    for path in (".well-known/security.txt", "2024/a/CNAME", ".git"):
        file = served(of) / path
        file.parent.mkdir(exist_ok=True)
        file.write_text("mine")
    (served(of) / "link").symlink_to("feed.atom")
    publish(of, site({"b": "1"}), ["2024/a/index.html"])
    assert {path for path, body in public(of).items() if body == b"mine"} == {
        ".well-known/security.txt",
        "2024/a/CNAME",
        ".git",
    }
    assert os.readlink(served(of) / "link") == "feed.atom"


def test_permissions(tmp_path: Path, layout: str) -> None:
    of = settings(tmp_path, layout=layout, compress=("gz",))
    for mask, name in ((0o022, "a"), (0o077, "b")):
        old = os.umask(mask)
        try:
            publish(of, site({name: "1"}))
        finally:
            os.umask(old)
        mode = stat.S_IMODE((served(of) / f"2024/{name}/index.html").stat().st_mode)
        assert mode == 0o644 & ~mask
        assert stat.S_IMODE((served(of) / f"2024/{name}").stat().st_mode) == 0o755 & ~mask


def test_workers_stage_and_the_parent_publishes(tmp_path: Path, layout: str) -> None:
    of = settings(tmp_path, layout=layout)
    output = open_output(of)
    halves = [site({"a": "1"}), [page("b.html", "2"), page("c.html", "3")]]
    staged = []
    for half in halves:
        read, write = os.pipe()
        if not (child := os.fork()):
            with open(write, "wb") as pipe:
                pickle.dump([output.stage(document) for document in half], pipe)
            os._exit(0)
        os.close(write)
        with open(read, "rb") as pipe:
            staged += pickle.load(pipe)
        os.waitpid(child, 0)
    output.publish(staged, [])
    assert public(of) == {document.path: document.body for half in halves for document in half}
    assert not (tmp_path / "out/.staging").exists()


def test_discarding_leaves_everything_as_it_was(tmp_path: Path, layout: str) -> None:
    of = settings(tmp_path, layout=layout)
    publish(of, site({"a": "1"}))
    before = public(of)
    output = open_output(of)
    assert output.stage(page("b.html", "b"))
    output.discard()
    assert public(of) == before
    assert not (tmp_path / "out/.staging").exists()


def test_staging_of_the_dead_is_removed_and_that_of_the_living_is_not(tmp_path: Path, layout: str) -> None:
    of = settings(tmp_path, layout=layout)
    staging = tmp_path / "out/.staging"
    (staging / "4194305.77").mkdir(parents=True)
    (staging / "4194305.77/1-1").write_text("half")
    (staging / "1.1").mkdir()  # a process with that number lives, and started at another time
    (staging / "notes").mkdir()  # not of our making
    living = open_output(of)
    staged = living.stage(page("a.html", "a"))
    assert staged
    open_output(of)
    assert {path.name for path in staging.iterdir()} == {"notes", Path(staged.moves[0][1]).parent.name}
    living.publish([staged], [])
    assert served(of).joinpath("a.html").read_text() == "a"


def test_a_file_becomes_a_folder_and_back(tmp_path: Path, layout: str) -> None:
    of = settings(tmp_path, layout=layout)
    publish(of, [page("a", "file"), page("b/c/index.html", "deep"), page("b/index.html", "folder")])
    written = publish(of, [page("a/index.html", "folder"), page("b", "file")], ["a", "b/c/index.html", "b/index.html"])
    assert public(of) == {"a/index.html": b"folder", "b": b"file"}
    assert set(written.deleted) == {"a", "b/c/index.html", "b/index.html"}


def test_an_empty_folder_makes_way(tmp_path: Path, layout: str) -> None:
    of = settings(tmp_path, layout=layout)
    publish(of, [page("x", "1")])
    (served(of) / "a").mkdir()
    publish(of, [page("a", "file")])
    assert public(of) == {"a": b"file", "x": b"1"}


@pytest.mark.parametrize(("foreign", "path"), [("a", "a/index.html"), ("a/mine.txt", "a")])
def test_a_foreign_file_in_the_way_stops_before_anything_changes(
    tmp_path: Path, layout: str, foreign: str, path: str
) -> None:
    of = settings(tmp_path, layout=layout)
    publish(of, [feed("1")])
    file = served(of) / foreign
    file.parent.mkdir(exist_ok=True)
    file.write_text("mine")
    with pytest.raises(CannotCreate, match="in the way and not ours") as caught:
        publish(of, [feed("2"), page(path, "x")])
    assert foreign in caught.value.hint
    assert public(of) == {"feed.atom": b"1", foreign: b"mine"}
    assert not (tmp_path / "out/.staging").exists()


def test_linked_folders_are_not_entered(tmp_path: Path, layout: str) -> None:
    of = settings(tmp_path, layout=layout)
    publish(of, [feed("1")])
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "old.html").write_text("mine")
    (served(of) / "a").symlink_to(elsewhere)
    with pytest.raises(CannotCreate, match="symbolic link"):
        publish(of, [page("a/new.html", "x")])
    written = publish(of, [feed("2")], ["a/old.html"])
    assert written.changed == ("feed.atom",)
    assert [path.name for path in elsewhere.iterdir()] == ["old.html"]


def test_a_linked_file_is_replaced_and_its_target_is_not(tmp_path: Path, layout: str) -> None:
    of = settings(tmp_path, layout=layout)
    publish(of, [feed("1")])
    target = tmp_path / "target"
    target.write_text("same")
    (served(of) / "a.html").symlink_to(target)
    publish(of, [page("a.html", "same")])
    assert not (served(of) / "a.html").is_symlink()
    publish(of, [page("a.html", "other")])
    assert target.read_text() == "same"


def test_a_linked_staging_folder_is_refused(tmp_path: Path, layout: str) -> None:
    of = settings(tmp_path, layout=layout)
    victim = tmp_path / "victim"
    (victim / "99999999.1").mkdir(parents=True)
    (tmp_path / "out").mkdir()
    (tmp_path / "out/.staging").symlink_to(victim)
    with pytest.raises(CannotCreate):
        publish(of, [page("a.html", "x")])
    assert (victim / "99999999.1").is_dir()


def test_out_itself_may_be_a_link(tmp_path: Path, layout: str) -> None:
    (tmp_path / "www").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "www")
    of = settings(tmp_path, layout=layout)
    publish(of, site({"a": "1"}))
    publish(of, site({"b": "1"}), ["2024/a/index.html"])
    assert set(public(of)) == {"2024/b/index.html", "index.html", "feed.atom"}


@pytest.mark.parametrize(
    "path", ["../a", "/a", "a/../../b", "", ".", "a//b", "a/", "a\nb", "a\0b", "a\\b", ".staging/x", "\ud800"]
)
def test_paths_that_leave_or_confuse_are_refused(tmp_path: Path, layout: str, path: str) -> None:
    of = settings(tmp_path / "publication", layout=layout)
    with pytest.raises(CannotCreate):
        publish(of, [page(path, "x")])
    with pytest.raises(CannotCreate):
        open_output(of).publish([], [path])
    assert not list(tmp_path.rglob("*.html"))


def test_a_name_of_256_bytes_is_named(tmp_path: Path, layout: str) -> None:
    of = settings(tmp_path, layout=layout)
    publish(of, [page("芯" * 85, "x")])
    for path in ("芯" * 86 + "/index.html", "芯" * 86):
        with pytest.raises(CannotCreate, match="longer than 255 bytes") as caught:
            publish(of, [page(path, "x")])
        assert "芯芯" in str(caught.value)


def test_a_path_wanted_twice_goes_to_the_first(tmp_path: Path, layout: str) -> None:
    of = settings(tmp_path, layout=layout)
    written = publish(of, [page("a.html", "first"), page("a.html", "second")])
    assert written.clashes == ("a.html",)
    assert public(of) == {"a.html": b"first"}


def test_the_same_asset_from_two_workers_is_no_clash(tmp_path: Path, layout: str) -> None:
    of = settings(tmp_path, layout=layout)
    written = publish(of, [page("a.html", "same"), page("a.html", "same")])
    assert (written.paths, written.clashes) == (("a.html",), ())


def test_where_case_is_folded_names_that_differ_in_it_are_one(
    tmp_path: Path, layout: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Staging, "folds", True)
    of = settings(tmp_path, layout=layout)
    written = publish(of, [page("tags/Go/index.html", "1"), page("tags/go/index.html", "2")])
    assert written.clashes == ("tags/go/index.html",)
    # A slug of which only the case changes: the deletion of the old must not take the new.
    written = publish(of, [page("tags/GO/index.html", "3")], ["tags/Go/index.html"])
    assert written.deleted == ()


def test_whether_case_is_folded_is_found_out(tmp_path: Path, layout: str) -> None:
    staging = Staging(str(tmp_path))
    staging.make()
    folded = (tmp_path / ".STAGING").exists()
    assert staging.folds is folded


def test_assets_are_copied_from_their_file(tmp_path: Path, layout: str) -> None:
    of = settings(tmp_path, layout=layout)
    source = tmp_path / "big.bin"
    source.write_bytes(os.urandom(3_000_000))
    for expected in (("assets/big.bin",), ()):
        output = open_output(of)
        staged = output.stage_file(str(source), "assets/big.bin")
        assert output.publish([staged] if staged else []).paths == expected
    assert (served(of) / "assets/big.bin").read_bytes() == source.read_bytes()
    data = bytearray(source.read_bytes())
    data[-1] ^= 1
    source.write_bytes(data)
    assert open_output(of).stage_file(str(source), "assets/big.bin")
    with pytest.raises(FileNotFoundError):
        open_output(of).stage_file(str(tmp_path / "gone"), "assets/gone")


def test_object_storage_is_refused_in_words(tmp_path: Path, layout: str) -> None:
    with pytest.raises(SettingsError, match="s3://bucket"):
        open_output(settings(tmp_path, layout=layout, path="s3://bucket/x"))


NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40) | st.sampled_from([".", "..", "a", "芯片", ".x"])


@hypothesis(max_examples=60)
@given(parts=st.lists(NAMES, min_size=1, max_size=4), body=st.binary(max_size=3000))
@example(parts=["．．", "a"], body=b"fullwidth")
@example(parts=["a" * 255, "a" * 252], body=b"x" * 2000)
@example(parts=["x.html.gz"], body=b"x" * 2000)
@example(parts=["generations", "current"], body=b"")
def test_any_path_is_written_where_it_says_or_refused(
    tmp_path_factory: pytest.TempPathFactory, layout: str, parts: list[str], body: bytes
) -> None:
    root = tmp_path_factory.mktemp("any")
    of = settings(root, layout=layout, compress=("gz",))
    path = "/".join(parts)
    try:
        publish(of, [page(path, body)])
    except CannotCreate:
        assert not [file for file in root.rglob("*") if file.is_file()]
        return
    assert (served(of) / path).read_bytes() == body
    assert publish(of, [page(path, body)]).changed == ()
    assert path in publish(of, [], [path]).deleted
    assert public(of) == {}
