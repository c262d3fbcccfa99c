"""An entry's HTML, made to fit below the heading of its page."""

from __future__ import annotations

import re
from itertools import pairwise

import nh3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import cases

from feeder.pages.content import fit


def fitted(html: str) -> str:
    return fit(html, "https://a.example/x/", table="表格", code="代码")


@pytest.mark.parametrize(("title", "given_html", "expected"), cases("pages/fit.txt"))
def test_fixtures(title: str, given_html: str, expected: str) -> None:
    assert fitted(given_html) == expected, title


@given(st.lists(st.integers(1, 6)))
def test_no_level_is_ever_skipped(levels: list[int]) -> None:
    html = fitted("".join(f"<h{level}>x</h{level}>" for level in levels))
    found = [1, *map(int, re.findall(r"<h(\d)>x</h\1>", html))]
    assert len(found) == len(levels) + 1
    assert all(2 <= after <= before + 1 for before, after in pairwise(found))


NAMED = {"role", "aria-label", "tabindex"}
pieces = st.sampled_from(
    [
        "<h3>",
        "</h3>",
        "<table>",
        "</table>",
        "<tr><td>",
        "<pre>",
        "</pre>",
        '<img alt="',
        '">',
        "<b ",
        "x",
        "=",
        "'",
        '"',
        "<",
        ">",
    ]
)


@settings(deadline=None)
@given(st.lists(pieces, max_size=30))
def test_what_was_safe_stays_safe(parts: list[str]) -> None:
    safe = nh3.clean("".join(parts), tags={"h3", "table", "tbody", "tr", "td", "pre", "img", "b"})
    html = fitted(safe)
    again = nh3.clean(
        html,
        tags={"h2", "table", "tbody", "tr", "td", "pre", "img", "b", "div"},
        attributes={
            "div": {"class", "role", "aria-label", "tabindex"},
            "pre": {"role", "aria-label", "tabindex"},
            "img": {"alt"},
        },
    )
    assert sorted(again) == sorted(html)
