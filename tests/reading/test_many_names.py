"""Thousands of tags on one entry: a slip, told and cut, since each tag has a page and feeds."""

from __future__ import annotations

from support import Publication

from feeder.reading import read_text
from feeder.reading.fields import MOST_NAMES


def test_too_many_tags_are_told_and_cut(publication: Publication) -> None:
    tags = ", ".join(f"t{number}" for number in range(2000))
    text = f"---\ntitle: 甲\ndate: 2026-01-05\ntags: [{tags}]\n---\n正文。\n"
    reading = read_text("entries/a.md", text.encode(), publication.settings)
    assert len(reading.entries[0].tags) == MOST_NAMES
    assert [(p.place, p.message) for p in reading.problems] == [("entries/a.md:4", "2000 tags")]
    assert not reading.bad
