"""What is kept of one feed for the next changes no byte of it, and hides nothing that is wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import ModuleType
from zoneinfo import ZoneInfo

import pytest
from feeds.feed_values import DAY, FORMATS, entry, feed, rich, withdrawn
from hypothesis import given
from hypothesis import strategies as st

from feeder.errors import DataError
from feeder.feeds import atom, lint, pieces
from feeder.feeds.lint import known
from feeder.model import Document, Feed, PublicEntry

BERLIN = ZoneInfo("Europe/Berlin")
TWICE = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)
"""An instant of the hour that comes twice in autumn."""
ENTRIES = [entry(1), entry(2, title="<b>"), rich(), withdrawn(), entry(4, published=DAY.astimezone(UTC)), entry(4)]
ENTRIES += [entry(5, published=TWICE, updated=TWICE), entry(5, published=TWICE.replace(fold=1), updated=TWICE)]
FRAMES = [
    feed(),
    feed(language="en"),
    feed(author="李四"),
    feed(site_url="https://other.example.org/"),
    feed(email="pod@example.org"),
    feed(path="archive/2", current="feed", previous="archive/1"),
]


@pytest.fixture(autouse=True)
def _forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "_well", {})
    for made in FORMATS:
        monkeypatch.setattr(made, "_pieces", pieces.Pieces())


def body(made: ModuleType, wanted: Feed) -> bytes:
    return b"".join(document.body for document in made.render(wanted))


def cold(made: ModuleType, wanted: Feed) -> bytes:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(made, "_pieces", pieces.Pieces())
        return body(made, wanted)


@pytest.mark.parametrize("made", FORMATS, ids=lambda made: made.NAME)
@given(st.lists(st.tuples(st.sampled_from(FRAMES), st.lists(st.sampled_from(ENTRIES), max_size=4)), max_size=5))
def test_what_is_kept_changes_no_byte(made: ModuleType, wanted: list[tuple[Feed, list[PublicEntry]]]) -> None:
    for frame, entries in wanted:
        one = replace(frame, entries=tuple(entries))
        assert body(made, one) == cold(made, one)


@pytest.mark.parametrize("made", FORMATS, ids=lambda made: made.NAME)
def test_few_are_kept_and_no_large_one(made: ModuleType) -> None:
    for number in range(pieces.MOST + 50):
        body(made, feed(entries=(entry(number),)))
    body(made, feed(entries=(entry(html="x" * pieces.LARGEST),)))
    assert len(made._pieces._kept) == pieces.MOST
    assert sum(map(len, made._pieces._kept.values())) < pieces.MOST * 4000


def document(*entries: PublicEntry, **frame: object) -> Document:
    return next(atom.render(feed(entries=entries, **frame)))


def test_few_are_known_to_be_well_and_no_long_one() -> None:
    long, short = entry(1, html=f"<p>{'x' * known.LARGEST}</p>"), entry(2)
    for _ in range(2):
        lint.check(document(long, short))
    assert list(known._well.values()) == [short.id]


def test_of_known_entries_only_the_new_one_is_parsed() -> None:
    seen: list[bytes] = []

    def parse(data: bytes) -> list[str]:
        seen.append(data)
        return lint._xml_ids(data)

    many = [entry(number) for number in range(9)]
    assert len(known.ids(document(*many).body, parse)) == 9
    assert known.ids(document(*many[1:], entry(10)).body, parse) == [*(one.id for one in many[1:]), entry(10).id]
    assert [data.count(b"<entry") for data in seen] == [9, 1]


@pytest.mark.parametrize("wrong", [b"<x>", b"</entry>", b"&nbsp;", b"\x01", b"<media:content/>", b"</feed><feed>"])
def test_a_new_entry_that_is_not_well_formed_is_found_beside_known_ones(wrong: bytes) -> None:
    good = document(entry(1), entry(2))
    lint.check(good)
    bad = replace(good, body=good.body.replace(b"\n  <entry>", b"\n  <entry>" + wrong, 1))
    for _ in range(2):  # and what was refused once is not known the second time
        with pytest.raises(DataError, match="cannot be read back"):
            lint.check(bad)
    lint.check(good)


def test_an_entry_known_below_one_root_is_not_known_below_another() -> None:
    with_media = document(rich())
    lint.check(with_media)
    without = with_media.body.replace(b' xmlns:media="http://search.yahoo.com/mrss/"', b"")
    assert without != with_media.body
    with pytest.raises(DataError, match="cannot be read back"):
        lint.check(replace(with_media, body=without))


def test_what_stands_around_known_entries_is_parsed_each_time() -> None:
    good = document(entry(1), entry(2))
    lint.check(good)
    for broken in (good.body.replace(b"<id>", b"<id", 1), good.body.replace(b"</feed>", b""), good.body + b"<x/>"):
        with pytest.raises(DataError, match="cannot be read back"):
            lint.check(replace(good, body=broken))


def test_an_id_twice_is_found_among_known_entries() -> None:
    lint.check(document(entry(1), entry(2)))
    with pytest.raises(DataError, match="two entries have the id"):
        lint.check(document(entry(1), entry(2), entry(1, title="x")))
    with pytest.raises(DataError, match="two entries have the id"):
        lint.check(document(entry(1), entry(1)))


def test_an_address_that_is_not_absolute_is_found_beside_known_entries() -> None:
    lint.check(document(entry(1), entry(2)))
    bad = document(entry(1), entry(2), entry(3, html='<p><a href="b.html">x</a></p>'))
    for _ in range(2):
        with pytest.raises(DataError, match="not absolute"):
            lint.check(bad)
