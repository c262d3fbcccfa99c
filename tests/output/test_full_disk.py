"""Promise 3 with real means: a disk of 1 MB, a read-only one, a limit on the size of files."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from feeder.errors import CannotCreate, CannotWrite
from tests.faults import dying
from tests.output.outputs import LAYOUTS, page, public, publish, settings, site

pytestmark = pytest.mark.parametrize("layout", LAYOUTS)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "feeder-test", str(folder)], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"mounting a tmpfs is not permitted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_keeps_the_old_feed_and_space_mends_it(disk: Path, layout: str) -> None:
    of = settings(disk, layout=layout)
    publish(of, site({"a": "1"}))
    before = public(of)
    ballast = disk / "ballast"
    ballast.write_bytes(b"x" * 700_000)
    more = [*site({"a": "1", "b": "2"}), page("big.html", os.urandom(500_000))]
    with pytest.raises(CannotWrite, match=r"cannot write out/.*big.html: the disk is full") as caught:
        publish(of, more)
    assert caught.value.exit_code == 74
    assert "free some space" in caught.value.hint
    assert public(of) == before
    assert not (disk / "out/.staging").exists()
    ballast.unlink()
    publish(of, more)
    assert public(of) == {document.path: document.body for document in more}


def test_a_read_only_disk(disk: Path, layout: str) -> None:
    of = settings(disk, layout=layout)
    publish(of, site({"a": "1"}))
    before = public(of)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    with pytest.raises(CannotCreate, match="the file system is read-only") as caught:
        publish(of, site({"a": "2"}))
    assert caught.value.exit_code == 73
    assert public(of) == before
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    assert publish(of, site({"a": "2"})).changed


def test_a_limit_on_the_size_of_files(tmp_path: Path, layout: str) -> None:
    of = settings(tmp_path, layout=layout)
    publish(of, site({"a": "1"}))
    before = public(of)

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        publish(of, [*site({"a": "1", "b": "2"}), page("big.html", b"x" * 200_000)])

    done = dying.call(limited, under=tmp_path / "nothing")
    assert done.code == 74
    assert "big.html: the file would be larger than allowed" in done.stderr
    assert public(of) == before
    assert not (tmp_path / "out/.staging").exists()
