"""Generations: whole folders, hard links, a link that is flipped; rollback and hold."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from feeder.errors import CannotCreate, UsageError
from feeder.output import deploy, generations, held, hold, release, served
from tests.output.outputs import page, public, publish, settings, site


def numbers(root: Path) -> list[int]:
    return sorted(int(path.name) for path in (root / "out/generations").iterdir())


def test_unchanged_files_are_the_same_file(tmp_path: Path) -> None:
    of = settings(tmp_path, layout="generations")
    publish(of, site({"a": "1", "b": "1"}))
    publish(of, site({"a": "1", "b": "2"}))
    one, two = tmp_path / "out/generations/1", tmp_path / "out/generations/2"
    assert (one / "feed.atom").samefile(two / "feed.atom")
    assert not (one / "2024/b/index.html").samefile(two / "2024/b/index.html")
    assert os.readlink(tmp_path / "out/current") == "generations/2"


def test_no_generation_without_a_change(tmp_path: Path) -> None:
    of = settings(tmp_path, layout="generations")
    publish(of, site({"a": "1"}))
    publish(of, site({"a": "1"}), ["2024/zz/index.html", "2024"])
    assert numbers(tmp_path) == [1]


def test_the_last_five_stay(tmp_path: Path) -> None:
    of = settings(tmp_path, layout="generations")
    for version in range(8):
        publish(of, site({"a": str(version)}))
    assert numbers(tmp_path) == [4, 5, 6, 7, 8]


def test_without_hard_links_files_are_copied_with_their_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def link(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", link)
    of = settings(tmp_path, layout="generations", deploy="true")
    publish(of, site({"a": "1", "b": "1"}))
    before = (served(of) / "feed.atom").stat().st_mtime_ns
    publish(of, site({"a": "1", "b": "2"}))
    assert (served(of) / "feed.atom").stat().st_mtime_ns == before
    assert generations.differences(str(tmp_path / "out"), 2, 1) == ["2024/b/index.html"]


def test_rollback_and_the_next_publish(tmp_path: Path) -> None:
    of = settings(tmp_path, layout="generations")
    for version in "123":
        publish(of, site({"a": version}))
    assert generations.rollback(of, "inputs 3") == 2
    assert held(of) == "inputs 3"
    assert public(of)["2024/a/index.html"].startswith(b"2")
    assert generations.rollback(of, "inputs 3") == 1
    with pytest.raises(UsageError, match="no earlier generation"):
        generations.rollback(of)
    # History speaks of generation 3: what is not staged now is as it was there.
    release(of)
    publish(of, [page("b.html", "new")])
    assert numbers(tmp_path) == [1, 2, 3, 4]
    assert os.readlink(tmp_path / "out/current") == "generations/4"
    assert public(of)["2024/a/index.html"].startswith(b"3")


def test_rollback_owes_the_difference_to_the_deploy_command(tmp_path: Path) -> None:
    of = settings(tmp_path, layout="generations", deploy="true")
    publish(of, site({"a": "1"}))
    publish(of, site({"a": "2", "b": "1"}))
    deploy.settle(tmp_path)
    generations.rollback(of)
    assert deploy.owed(tmp_path) == ("2024/a/index.html", "index.html", "feed.atom", "2024/b/index.html")


def test_publishing_nothing_flips_forward_again(tmp_path: Path) -> None:
    of = settings(tmp_path, layout="generations")
    publish(of, site({"a": "1"}))
    publish(of, site({"a": "2"}))
    generations.rollback(of)
    assert publish(of, []).changed == ()
    assert os.readlink(tmp_path / "out/current") == "generations/2"


def test_rollback_of_plain_files_says_what_it_needs(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="generations"):
        generations.rollback(settings(tmp_path))


def test_a_folder_where_the_link_must_be(tmp_path: Path) -> None:
    (tmp_path / "out/current").mkdir(parents=True)
    with pytest.raises(CannotCreate, match="out/current: a folder stands where a file is needed"):
        publish(settings(tmp_path, layout="generations"), site({"a": "1"}))


def test_hold_and_release(tmp_path: Path) -> None:
    of = settings(tmp_path)
    assert held(of) is None
    release(of)
    hold(of, "芯")
    assert held(of) == "芯"
    hold(of, "2")
    release(of)
    assert held(of) is None
