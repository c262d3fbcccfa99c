"""Fetching entry files: whatever lies in the folder, nothing hangs and nothing outside is read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import CHECKOUT, refused_like_others

from feeder.errors import Problem
from feeder.reading.files import is_entry_file, load
from feeder.reading.text import SIZE_LIMIT


@pytest.mark.parametrize("name", ["a.md", "A.MD", "a.markdown", "a.txt", "entries/2024/新闻.md", "2024-04-02-a.en.md"])
def test_entry_files(name: str) -> None:
    assert is_entry_file(name)


@pytest.mark.parametrize(
    "name",
    [".a.md", "a.md~", "#a.md#", "~$a.md", ".#a.md", ".a.md.swp", "a.html", "md", "_index.md", "a.md.bak", "4913"],
)
def test_other_files(name: str) -> None:
    assert not is_entry_file(name)


def refused(root: Path, path: str) -> str:
    problem = load(str(root), path)
    assert isinstance(problem, Problem)
    assert problem.rejects
    assert problem.path == path
    return problem.message


def test_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"x" * SIZE_LIMIT)
    assert load(str(tmp_path), "a.md") == b"x" * SIZE_LIMIT


def test_a_link_inside(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"x")
    (tmp_path / "b.md").symlink_to("a.md")
    assert load(str(tmp_path), "b.md") == b"x"


def test_what_cannot_be_read(tmp_path: Path) -> None:
    home = tmp_path / "publication"
    home.mkdir()
    (tmp_path / "secret.md").write_text("secret")
    (tmp_path / "publication-2").mkdir()
    (tmp_path / "publication-2/a.md").write_text("secret")
    (home / "out.md").symlink_to("../secret.md")
    (home / "sibling").symlink_to("../publication-2")
    (home / "loop.md").symlink_to("loop.md")
    (home / "dangling.md").symlink_to("nowhere.md")
    (home / "folder.md").mkdir()
    os.mkfifo(home / "fifo.md")
    with (home / "large.md").open("wb") as file:
        file.truncate(100 * SIZE_LIMIT)
    assert refused(home, "out.md") == "a link that leaves the publication"
    assert refused(home, "sibling/a.md") == "a link that leaves the publication"
    assert refused(home, "../secret.md") == "a link that leaves the publication"
    for number, place in enumerate(["feeder.toml", "secrets/dkim.pem", ".feeder/mail.db", ".feeder/notes.md"]):
        (home / place).parent.mkdir(exist_ok=True)
        (home / place).write_text("secret")
        (home / f"{number}.md").symlink_to(place)
        assert refused(home, f"{number}.md") == "a link to a file that holds no entries"
    assert refused(home, "loop.md") == "a link that leads in a circle"
    assert refused(home, "dangling.md") == "vanished while it was read"
    assert refused(home, "folder.md") == "not a regular file"
    assert refused(home, "fifo.md") == "not a regular file"
    assert refused(home, "large.md") == "too large: 100.0 MiB"
    assert refused(home, "gone.md") == "vanished while it was read"
    assert refused(home, "x" * 300 + ".md") == "the path is too long"
    assert refused(home, "a\0b.md").startswith("cannot be read")


def test_a_file_without_permission(tmp_path: Path) -> None:
    (tmp_path / "a.md").touch(0o000)
    asked = "import sys; from feeder.reading.files import load; print(load(sys.argv[1], 'a.md').message)"
    done = subprocess.run(
        [*refused_like_others(), sys.executable, "-c", asked, str(tmp_path)],
        cwd=CHECKOUT, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("cannot be read: permission denied\n", "")
