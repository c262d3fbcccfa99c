"""Drawings of the dashboard: well-formed, to scale, and told in words and figures too."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from feeder.web.preview.plots import HEIGHT, Plot, Series, bars, lines

SVG = "{http://www.w3.org/2000/svg}"
PLOT = Plot(
    "mail", "投递 <&\"'", "共 30 <封>", ("一", "二", "<三>"), (Series("送出", (10, 0, 5)), Series("失败", (0, 0, 15)))
)


def drawn(text: str) -> ET.Element:
    return ET.fromstring(str(text).replace("<svg ", f'<svg xmlns="{SVG[1:-1]}" ', 1))


def test_bars_are_stacked_to_scale() -> None:
    svg = drawn(bars(PLOT))
    rects = [(one.get("class"), float(one.get("y", 0)), float(one.get("height", 0))) for one in svg.iter(f"{SVG}rect")]
    assert [kind for kind, _, _ in rects] == ["s0", "s0", "s1"]
    first, second, above = rects
    assert first[2] == pytest.approx(second[2] * 2, abs=0.2)
    assert above[2] == pytest.approx(second[2] * 3, abs=0.2)
    assert above[1] + above[2] == pytest.approx(second[1], abs=0.2)
    assert all(0 <= y <= HEIGHT for _, y, _ in rects)


@pytest.mark.parametrize("draw", [bars, lines])
def test_a_drawing_is_told_in_words(draw: object) -> None:
    svg = drawn(draw(PLOT))  # type: ignore[operator]
    named = {one.get("id"): one.text for one in svg if one.tag in (f"{SVG}title", f"{SVG}desc")}
    assert svg.get("role") == "img"
    assert [named[name] for name in (svg.get("aria-labelledby") or "").split()] == [PLOT.title, PLOT.summary]


def test_the_table_has_what_there_is_the_latest_first() -> None:
    assert PLOT.rows == [("<三>", (5, 15)), ("一", (10, 0))]
    assert not PLOT.empty


@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_little_or_nothing_to_draw_is_no_mistake(steps: int) -> None:
    plot = Plot("x", "x", "x", ("d",) * steps, (Series("a", (0,) * steps),))
    assert plot.empty
    assert drawn(bars(plot)).tag == drawn(lines(plot)).tag == f"{SVG}svg"


@pytest.mark.parametrize("most", [1, 4, 5, 9, 21, 1_000_001])
def test_the_axis_reaches_the_highest_value(most: int) -> None:
    svg = drawn(bars(Plot("x", "x", "x", ("d",), (Series("a", (most,)),))))
    marks = [int((one.text or "").replace(",", "")) for one in svg.iter(f"{SVG}text") if (one.text or "") != "d"]
    assert max(marks) >= most
    assert marks == sorted(marks)
    assert len({b - a for a, b in pairwise(marks)}) == 1
