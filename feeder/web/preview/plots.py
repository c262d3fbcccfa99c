"""Plots as SVG: drawn here, so that no script and no library is needed to see them.

Colours are classes of our stylesheet, so that they follow dark mode; what is drawn also stands in a table below.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from markupsafe import Markup

WIDTH: Final = 480
HEIGHT: Final = 180
_LEFT: Final = 46
_BOTTOM: Final = 26
_TOP: Final = 8
_GRID: Final = 4


@dataclass(frozen=True, slots=True)
class Series:
    """Values of one kind, one for each step of the plot's axis."""

    name: str
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """What is to be drawn."""

    name: str
    """For addresses within the page."""
    title: str
    summary: str
    """What there is to see, in a sentence; read out in place of the drawing."""
    steps: tuple[str, ...]
    """Days or months, as they are shown."""
    series: tuple[Series, ...]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(any(one.values) for one in self.series)

    @property
    def rows(self) -> list[tuple[str, tuple[int, ...]]]:
        """The table: steps at which there is anything, the latest first."""
        columns = zip(*(one.values for one in self.series), strict=True)
        rows = [(step, values) for step, values in zip(self.steps, columns, strict=True) if any(values)]
        return rows[::-1]


def bars(plot: Plot) -> Markup:
    """Bars, the series stacked on each other."""
    totals = [sum(values) for values in zip(*(one.values for one in plot.series), strict=True)]
    top = _round_up(max(totals, default=0))
    slot = (WIDTH - _LEFT) / max(len(plot.steps), 1)
    drawn = []
    for index, step in enumerate(plot.steps):
        base = 0
        for number, one in enumerate(plot.series):
            value = one.values[index]
            if value:
                high, low = _y(base + value, top), _y(base, top)
                drawn.append(
                    f'<rect class="s{number}" x="{_LEFT + index * slot + slot * 0.1:.1f}" y="{high:.1f}" '
                    f'width="{max(slot * 0.8, 1):.1f}" height="{max(low - high, 1):.1f}">'
                    f"<title>{escape(step)}: {escape(one.name)} {value:,}</title></rect>"
                )
            base += value
    return _drawn(plot, top, "".join(drawn))


def lines(plot: Plot) -> Markup:
    """A line for each series."""
    top = _round_up(max((max(one.values, default=0) for one in plot.series), default=0))
    width = (WIDTH - _LEFT - 6) / max(len(plot.steps) - 1, 1)
    drawn = []
    for number, one in enumerate(plot.series):
        points = [f"{_LEFT + index * width:.1f},{_y(value, top):.1f}" for index, value in enumerate(one.values)]
        area = f"{_LEFT},{_y(0, top):.1f} {' '.join(points)} {_LEFT + (len(points) - 1) * width:.1f},{_y(0, top):.1f}"
        drawn.append(
            f'<polygon class="a{number}" points="{area}"/><polyline class="l{number}" points="{" ".join(points)}"/>'
        )
    return _drawn(plot, top, "".join(drawn))


def _drawn(plot: Plot, top: int, inside: str) -> Markup:
    name = escape(plot.name)
    grid = []
    for part in range(_GRID + 1):
        value = top * part // _GRID
        y = _y(value, top)
        grid.append(f'<line class="grid" x1="{_LEFT}" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>')
        grid.append(f'<text class="axis" x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:,}</text>')
    made = (
        f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="{name}-title {name}-desc">'
        f'<title id="{name}-title">{escape(plot.title)}</title><desc id="{name}-desc">{escape(plot.summary)}</desc>'
        f"{''.join(grid)}{inside}{_axis(plot.steps)}</svg>"
    )
    # Everything that is not ours was escaped above.
    return Markup(made)  # noqa: S704  (see above)


def _axis(steps: Sequence[str]) -> str:
    """The first, the middle and the last step."""
    if not steps:
        return ""
    places = [(0, "start", _LEFT), (len(steps) // 2, "middle", (_LEFT + WIDTH) / 2), (len(steps) - 1, "end", WIDTH)]
    shown = places if len(steps) > 2 else places[:: 2 if len(steps) == 2 else 3]
    return "".join(
        f'<text class="axis" x="{x:.0f}" y="{HEIGHT - 6}" text-anchor="{anchor}">{escape(steps[index])}</text>'
        for index, anchor, x in shown
    )


def _y(value: int, top: int) -> float:
    return HEIGHT - _BOTTOM - (HEIGHT - _BOTTOM - _TOP) * value / top


def _round_up(value: int) -> int:
    """The next number that makes an even grid: 4, 8, 20, 40, 80, 200 …"""
    unit = 1
    while True:
        for factor in (4, 8, 20):
            if factor * unit >= value:
                return factor * unit
        unit *= 10
