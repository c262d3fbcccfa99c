"""Somebody deletes the output: the next run makes all of it again, and not only what changed since."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support import Publication


@pytest.mark.parametrize("layout", ["files", "generations"])
@pytest.mark.parametrize("emptied", [False, True])
def test_all_of_it_is_made_again(publication: Publication, layout: str, emptied: bool) -> None:
    publication.configure(f'[output]\nlayout = "{layout}"\n')
    for name in "abc":
        publication.entry(name, title=name, date="2026-10-01")
    assert publication.publish().returncode == 0
    before = public(publication)
    shutil.rmtree(publication.out)
    if emptied:
        publication.out.mkdir()
    assert publication.publish().returncode == 0
    assert public(publication) == before
    assert publication.publish().stdout == ""


def public(publication: Publication) -> dict[str, bytes]:
    folder = publication.out / "current" if (publication.out / "current").exists() else publication.out
    files = (path for path in sorted(Path(folder).rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
