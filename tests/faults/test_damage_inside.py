"""Promise 6, where the file opens and is wrong further in: named, left as it is; a cache is simply made anew."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import NOW, Publication

from feeder.errors import HistoryDamaged


def _spoil(file: Path, first: int) -> bytes:
    """Overwrite part of every page but the first ones, as a failing disk might."""
    data = bytearray(file.read_bytes())
    for at in range(4096 * first, len(data), 4096):
        data[at + 8 : at + 2000] = b"\xff" * 1992
    for ending in ("-wal", "-shm"):
        file.with_name(file.name + ending).unlink(missing_ok=True)
    file.write_bytes(data)
    return bytes(data)


def _published(publication: Publication) -> None:
    for number in range(12):
        publication.entry(f"e{number}", f"第 {number} 条。\n", title=f"消息 {number}", date=f"2026-11-{number + 1:02}")
    publication.run()


def test_a_history_that_is_damaged_inside_is_named_and_left(publication: Publication) -> None:
    _published(publication)
    before = publication.tree()
    data = _spoil(publication.root / ".feeder/history.db", 2)
    publication.entry("new", "新的。\n", title="新", date="2026-11-20")
    with pytest.raises(HistoryDamaged, match=r"\.feeder/history\.db is damaged and was left as it is"):
        publication.run()
    assert (publication.root / ".feeder/history.db").read_bytes() == data
    assert publication.tree() == before


def test_a_cache_that_is_damaged_inside_is_made_anew(publication: Publication) -> None:
    _published(publication)
    before = publication.tree()
    _spoil(publication.root / ".feeder/cache.db", 1)
    (publication.root / ".feeder/index").unlink()
    assert publication.run(NOW).exit_code == 0
    assert publication.tree() == before
