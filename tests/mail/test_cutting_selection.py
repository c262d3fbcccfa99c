"""Which entries may be mailed, when instant digests leave, and what somebody served up to an instant is owed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeder.config.settings import MailingList, Settings, Site
from feeder.history import Record
from feeder.mail.cutting.selection import (
    HOUR,
    Cell,
    Ruler,
    instant_after,
    instant_before,
    instants,
    mailable,
    share,
    tags_of,
)

DAY = 24 * HOUR
NOW = 1_790_000_000_000_000
SETTINGS = Settings(root=Path("/nowhere"), site=Site(title="t", url="https://e.org/", author="编辑部"))
ALL = MailingList(name="weekly")


def record(name: str = "e", **fields: Any) -> Record:
    values: dict[str, Any] = {
        "seq": 1, "id": name, "path": "p", "anchor": "", "slug": "s", "permalink": "/s/", "hash": "", "body_hash": "",
        "dated": NOW, "day": "2026-11-20", "published": NOW, "updated": NOW, "released": NOW, "document": 1,
        "touched": 1, "key": b"", "title": name, "month": "2026-11",
    }  # fmt: skip
    return Record(**{**values, **fields})


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, True),
        ({"mail": True}, True),
        ({"mail": False}, False),
        ({"withdrawn": NOW}, False),
        ({"withdrawn": NOW, "mail": True}, False),
        ({"published": NOW - 14 * DAY}, True),
        ({"published": NOW - 14 * DAY - 1}, False),
        ({"published": NOW - 14 * DAY - 1, "mail": True}, True),
        ({"published": NOW - 3000 * DAY, "mail": False}, False),
        ({"published": NOW + DAY}, True),
        ({"lists": ("weekly",)}, True),
        ({"lists": ("other", "weekly")}, True),
        ({"lists": ("other",)}, False),
        ({"lists": ("other",), "mail": True}, False),
    ],
)
def test_what_may_be_mailed(fields: dict[str, Any], expected: bool) -> None:
    assert mailable(record(**fields), ALL, SETTINGS) is expected


@pytest.mark.parametrize(
    ("chosen", "fields", "expected"),
    [
        ({"tags": ("AI",)}, {"tags": ("ai",)}, True),
        ({"tags": ("机器 学习",)}, {"tags": ("机器-学习", "web")}, True),
        ({"tags": ("ai",)}, {"tags": ("web",)}, False),
        ({"tags": ("ai",)}, {}, False),
        ({"tags": ("C#",)}, {"tags": ("C",)}, False),
        ({"tags": ("ai", "web")}, {"tags": ("web",)}, True),
        ({"authors": ("编辑部",)}, {}, True),
        ({"authors": ("编辑部",)}, {"authors": ("Li",)}, False),
        ({"authors": ("li",)}, {"authors": ("Wang", "Li")}, True),
        ({"languages": ("zh-CN",)}, {}, True),
        ({"languages": ("zh-cn",)}, {"language": "zh-CN"}, True),
        ({"languages": ("zh-CN",)}, {"language": "en"}, False),
        ({"tags": ("ai",), "languages": ("en",)}, {"tags": ("ai",), "language": "de"}, False),
    ],
)
def test_filters_of_a_list(chosen: dict[str, Any], fields: dict[str, Any], expected: bool) -> None:
    assert mailable(record(**fields), replace(ALL, **chosen), SETTINGS) is expected


@pytest.mark.parametrize(
    ("releases", "expected"),
    [
        ([], []),
        ([0], [10]),
        ([0, 9], [19]),
        ([0, 10], [20]),
        ([0, 11], [10, 21]),
        ([0, 0, 0], [10]),
        ([0, 9, 18, 27, 36, 45, 54], [60]),
        ([0, 9, 18, 27, 36, 45, 54, 60], [60]),
        ([0, 9, 18, 27, 36, 45, 54, 61], [60, 71]),
        ([0, 55], [10, 65]),
        (list(range(0, 180, 9)), [60, 123, 181]),
    ],
)
def test_instants_in_minutes(releases: list[int], expected: list[int]) -> None:
    minute = HOUR // 60
    assert [at // minute for at in instants(at * minute for at in releases)] == expected


def test_the_last_instant_that_has_come() -> None:
    minute = HOUR // 60
    releases = [0, 5 * minute, 40 * minute]
    assert instant_before(releases, 14 * minute) is None
    assert instant_before(releases, 15 * minute) == 15 * minute
    assert instant_before(releases, 49 * minute) == 15 * minute
    assert instant_before(releases, 50 * minute) == 50 * minute
    assert instant_after(releases, 15 * minute) == 50 * minute
    assert instant_after(releases, 50 * minute) is None


@given(st.lists(st.integers(0, 10_000), min_size=1).map(sorted), st.integers(0, 12_000))
def test_each_release_is_in_one_instant_digest_soon(minutes: list[int], now: int) -> None:
    minute = HOUR // 60
    releases = [at * minute for at in minutes]
    found = list(instants(releases))
    assert found == sorted(set(found))
    for at in releases:
        leaves = min(end for end in found if end >= at)
        assert leaves - at <= HOUR
    for end in found:
        inside = [at for at in releases if at <= end]
        assert end - inside[-1] == HOUR // 6 or end - inside[-1] < HOUR // 6


@given(st.lists(st.integers(1, 50)), st.integers(51, 60), st.lists(st.integers(0, 50), min_size=2))
def test_one_stretch_is_owed_the_same(marks: list[int], until: int, served: list[int]) -> None:
    """Naively: two were served through the same stretch where the same instants lie behind both."""
    ruler = Ruler(marks, until)
    for one in served:
        low, high = ruler.stretch(one)
        assert low <= one < high
        for other in served:
            same = [m for m in marks if m > one] == [m for m in marks if m > other]
            assert same == (low <= other < high)
        assert {m for m in marks if m >= high} == {m for m in marks if m > one}


def owed(cell: Cell, entries: Sequence[Record], corrections: Sequence[Record] = (), until: int = 100) -> Any:
    found = share(cell, until, entries, [(record, n) for n, record in enumerate(corrections)], tags_of)
    return [record.id for record in found.entries], [record.id for record in found.corrections]


def test_what_a_cell_is_owed() -> None:
    entries = [
        record("a", seq=1, released=10, published=3),
        record("b", seq=2, released=20, published=1, tags=("AI",)),
        record("c", seq=3, released=20, published=3, tags=("web", "ai")),
        record("d", seq=4, released=101, published=3),
    ]
    everything = Cell("weekly", None, "", "", "", 0, 10)
    assert owed(everything, entries) == (["c", "a", "b"], [])
    assert owed(replace(everything, low=10, high=20), entries) == (["c", "b"], [])
    assert owed(replace(everything, low=20, high=100), entries) == ([], [])
    assert owed(replace(everything, tags='["ai"]'), entries) == (["c", "b"], [])
    assert owed(replace(everything, tags='["web", "x"]'), entries) == (["c"], [])
    assert owed(replace(everything, tags='["x"]'), entries) == ([], [])


def test_corrections_go_to_those_who_were_sent_the_original() -> None:
    corrected = [
        record("a", seq=1, released=10, corrected=50),
        record("b", seq=2, released=10, corrected=60),
        record("c", seq=3, released=40, corrected=60),
    ]
    cell = Cell("weekly", None, "", "", "", 10, 40, "110")
    assert owed(cell, [], corrected) == ([], ["b", "a"])
    assert owed(replace(cell, told="010"), [], corrected) == ([], ["b"])
    assert owed(replace(cell, told="101"), corrected[2:], corrected) == (["c"], ["a"])
    assert owed(replace(cell, low=50, high=60), [], corrected) == ([], ["b"])
    assert owed(replace(cell, told="110"), [], corrected, until=55) == ([], ["a"])


def test_the_hash_knows_entries_from_corrections() -> None:
    one, two = record("a", corrected=50, released=20), record("b", seq=2, corrected=50, released=20)
    cell = Cell("weekly", None, "", "", "", 10, 20)
    hashes = {
        share(cell, 100, [one, two], [], tags_of).hash,
        share(cell, 100, [one], [], tags_of).hash,
        share(cell, 100, [], [], tags_of).hash,
        share(replace(cell, told="1"), 100, [], [(one, 0)], tags_of).hash,
        share(replace(cell, told="1"), 100, [two], [(one, 0)], tags_of).hash,
    }
    assert len(hashes) == 5
    assert share(cell, 100, [two, one], [], tags_of).hash == share(cell, 100, [one, two], [], tags_of).hash
