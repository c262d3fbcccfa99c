"""Dates out, headings, summaries, names of keys."""

from __future__ import annotations

import email.utils
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from feeder import dates
from feeder.reading import headings, keys, summary

SHANGHAI = ZoneInfo("Asia/Shanghai")
ZONES = ["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]
INSTANTS = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)).map(
    lambda d: d.replace(microsecond=0)
)


@given(INSTANTS, st.sampled_from(ZONES))
def test_what_is_written_is_read_back(instant: datetime, name: str) -> None:
    zone = ZoneInfo(name)
    assert dates.from_micros(dates.to_micros(instant)) == instant
    assert dates.parse(dates.rfc3339(instant, zone), zone).instant == instant
    assert dates.parse(dates.rfc822(instant, zone), zone).instant == instant
    assert email.utils.parsedate_to_datetime(dates.rfc822(instant, zone)) == instant


@given(st.datetimes(timezones=st.just(UTC)))
def test_any_instant_can_be_written(instant: datetime) -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", dates.rfc3339(instant, SHANGHAI))


def test_local_mean_time_is_written_as_utc() -> None:
    assert dates.rfc3339(datetime(1890, 1, 1, tzinfo=UTC), SHANGHAI) == "1890-01-01T00:00:00+00:00"
    assert dates.rfc822(datetime(2024, 4, 2, 12, tzinfo=UTC), SHANGHAI) == "Tue, 02 Apr 2024 20:00:00 +0800"


@given(st.text(max_size=60) | st.from_regex(r"[0-9年月日/.: +T-]{0,30}", fullmatch=True), st.sampled_from(ZONES))
def test_any_text_is_a_date_or_a_date_error(text: str, zone: str) -> None:
    with suppress(dates.DateError):
        dates.find_at_head(text, ZoneInfo(zone))
    dates.in_path(text, ZoneInfo(zone))
    try:
        moment = dates.parse(text, ZoneInfo(zone))
    except dates.DateError:
        return
    assert moment.instant.utcoffset() == timedelta(0)
    assert moment.due == moment.instant or moment.date_only


@pytest.mark.parametrize("zone", ZONES)
def test_a_day_is_due_when_it_begins_there_and_stands_at_noon(zone: str) -> None:
    moment = dates.parse("2024-04-02", ZoneInfo(zone))
    assert moment.instant == datetime(2024, 4, 2, 12, tzinfo=UTC)
    assert moment.due == datetime(2024, 4, 2, tzinfo=ZoneInfo(zone))
    assert moment.day == "2024-04-02"
    assert moment.date_only


def test_values_that_are_no_text() -> None:
    assert dates.from_value(20240402, SHANGHAI) == dates.parse("2024-04-02", SHANGHAI)
    assert dates.from_value(datetime(2024, 4, 2, 9), SHANGHAI).instant == datetime(2024, 4, 2, 1, tzinfo=UTC)
    for value in (True, ["2024-04-02"], {}, 12, 1.5):
        with pytest.raises(dates.DateError):
            dates.from_value(value, SHANGHAI)


def test_dates_in_paths() -> None:
    for text in ("/2024/04/02/x/", "2024-04-02-x", "/blog/2024/4/2/x.html", "2024-04-02"):
        moment = dates.in_path(text, SHANGHAI)
        assert moment is not None
        assert moment.day == "2024-04-02"
    for text in ("/2024/04/x/", "/2024/02/30/", "x", "12024-04-02", "/posts/20240402/"):
        assert dates.in_path(text, SHANGHAI) is None


COMMONMARK = MarkdownIt("commonmark")
LINES = [
    "# a",
    "## b ##",
    "b\n---",
    "c\nd\n===",
    "- x",
    "  y",
    "    z",
    "> q",
    "```",
    "~~~",
    "<!-- x",
    "-->",
    "<div>",
    "</div>",
    "",
    "",
]


@settings(max_examples=300)
@given(st.lists(st.sampled_from(LINES), max_size=7))
@example(["- ```", "# a", "  ```", "# b"])
@example(["<!-- x", "# a", "-->", "# b"])
@example(["- x", "", "# b"])
def test_headings_are_those_of_commonmark(lines: list[str]) -> None:
    text = "\n".join(lines)
    tokens = COMMONMARK.parse(text)
    theirs = [(int(t.tag[1]), t.map[0]) for t in tokens if t.type == "heading_open" and t.level == 0 and t.map]
    assert [(h.level, h.line) for h in headings.find(text)] == theirs


@given(st.text(max_size=600))
def test_a_summary_is_short_and_from_the_text(text: str) -> None:
    short = summary.cut(text)
    assert len(short) <= summary.LENGTH
    assert " ".join(text.split()).startswith(short.rstrip("…").rstrip())


def test_a_summary_ends_with_a_sentence() -> None:
    chinese = "第一句说了一些话，也说了别的。" * 20
    assert summary.cut(chinese).endswith("。")
    english = "The firm sold 3.5 million chips, Mr. Smith said. " * 8
    assert summary.cut(english).endswith("said.")
    assert summary.cut("字" * 300) == "字" * 199 + "…"


def test_one_slip_is_a_near_miss() -> None:
    for slip, meant in {
        "titel": "title",
        "tittle": "title",
        "atgs": "tags",
        "dat": "",
        "slgu": "slug",
        "summery": "summary",
    }.items():
        assert keys.near_miss(slip) == meant
    for own in ("images", "weight", "layout", "toc", "comments", "type", "series", "math", "data"):
        assert keys.near_miss(own) == ""
