"""Conditions, encodings and parts of RFC 9110, as tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeder.web.files import conditions
from feeder.web.files.conditions import Asked

TAG = '"0123"'
MODIFIED = 1_795_309_205
DATE = conditions.http_date(MODIFIED)
LATER, EARLIER = conditions.http_date(MODIFIED + 1), conditions.http_date(MODIFIED - 1)


def test_a_date_is_written_as_http_does() -> None:
    assert conditions.http_date(0) == "Thu, 01 Jan 1970 00:00:00 GMT"


@pytest.mark.parametrize(
    ("header", "same"),
    [
        (TAG, True), (f"W/{TAG}", True), ("*", True), (f'"a", W/{TAG} ,"b"', True), (f'"a,b",{TAG}', True),
        (f",,{TAG},,", True), ('"0124"', False), ("0123", False), ('"x0123"', False), ('"*"', False),
    ],
)  # fmt: skip
def test_if_none_match(header: str, same: bool) -> None:
    assert conditions.unchanged(Asked(if_none_match=header), TAG, MODIFIED) is same


@pytest.mark.parametrize(
    ("header", "same"),
    [
        (DATE, True), (LATER, True), (EARLIER, False), ("yesterday", False), ("", False), (DATE + "x" * 60, False),
        ("Sunday, 22-Nov-26 02:20:05 GMT", True), ("Fri, 99 Nov 2026 00:00:00 GMT", False),
    ],
)  # fmt: skip
def test_if_modified_since(header: str, same: bool) -> None:
    assert conditions.unchanged(Asked(if_modified_since=header), TAG, MODIFIED) is same


def test_a_date_counts_only_where_no_tag_was_sent() -> None:
    assert not conditions.unchanged(Asked(if_none_match='"other"', if_modified_since=LATER), TAG, MODIFIED)


@pytest.mark.parametrize(
    ("asked", "fails"),
    [
        (Asked(if_match=TAG), False), (Asked(if_match="*"), False), (Asked(if_match='"other"'), True),
        (Asked(if_match=f"W/{TAG}"), True), (Asked(if_unmodified_since=DATE), False),
        (Asked(if_unmodified_since=EARLIER), True), (Asked(if_unmodified_since="x"), False),
    ],
)  # fmt: skip
def test_preconditions(asked: Asked, fails: bool) -> None:
    assert conditions.failed(asked, TAG, MODIFIED) is fails


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        ("", ()), ("gzip", ("gzip",)), ("gzip, br", ("br", "gzip")), ("gzip;q=1.0, br;q=0.5", ("gzip", "br")),
        ("br;q=0, gzip", ("gzip",)), ("*", ("br", "gzip")), ("*;q=0", ()), ("identity", ()), ("GZIP", ("gzip",)),
        ("x-gzip", ("gzip",)), ("identity;q=1, gzip;q=0.5", ()), ("gzip;q=0.5, identity;q=0.5", ("gzip",)),
        ("gzip;q=2", ()), ("gzip;q=", ()), ("gzip ; q = 0.8", ("gzip",)), ("*;q=0, gzip", ("gzip",)), ("deflate", ()),
    ],
)  # fmt: skip
def test_accept_encoding(header: str, taken: tuple[str, ...]) -> None:
    assert conditions.encodings(header, ("br", "gzip")) == taken


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("bytes=0-9", range(10)), ("bytes=90-", range(90, 100)), ("bytes=-10", range(90, 100)),
        ("bytes=95-200", range(95, 100)), ("bytes=-200", range(100)), ("Bytes = 0 - 0", range(1)),
        ("bytes=100-", range(0)), ("bytes=-0", range(0)), ("bytes=9-8", None), ("bytes=-", None), ("bytes=a-b", None),
        ("lines=0-9", None), ("bytes=0-1,5-6", None), ("", None), ("bytes=0x1-2", None),
        ("bytes=" + "9" * 19 + "-", None),
    ],
)  # fmt: skip
def test_parts(header: str, wanted: range | None) -> None:
    assert conditions.part(Asked(range=header), TAG, MODIFIED, 100) == wanted


@pytest.mark.parametrize(
    ("condition", "holds"),
    [(TAG, True), (f"W/{TAG}", False), ('"other"', False), (DATE, True), (LATER, False), ("rubbish", False)],
)
def test_a_part_of_what_it_has(condition: str, holds: bool) -> None:
    wanted = conditions.part(Asked(range="bytes=0-9", if_range=condition), TAG, MODIFIED, 100)
    assert (wanted == range(10)) is holds


def test_a_header_sent_twice_is_one_list() -> None:
    asked = Asked.of([(b"if-none-match", b'"a"'), (b"host", b"x"), (b"if-none-match", TAG.encode())])
    assert conditions.unchanged(asked, TAG, MODIFIED)


@given(*[st.text(st.characters(max_codepoint=255), max_size=80)] * 7, st.integers(0, 1 << 40))
def test_any_headers(a: str, b: str, c: str, d: str, e: str, f: str, g: str, size: int) -> None:
    asked = Asked(a, b, c, d, e, f, f"bytes={g}")
    conditions.failed(asked, TAG, MODIFIED)
    conditions.unchanged(asked, TAG, MODIFIED)
    conditions.encodings(a, ("br", "gzip"))
    found = conditions.part(asked, TAG, MODIFIED, size)
    assert found is None or 0 <= found.start <= found.stop <= size
