"""Turns costs into bench/RESULTS.md: what was measured, and how it stands to the targets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from measure import Costs

FULL_SIZE, FULL_RUNS = 10_000, 5
NAMES = {
    "python": "`python -c pass`",
    "first": "first build ever",
    "nothing": "nothing changed",
    "edit": "one entry changed",
    "settings": "settings changed: full build, Markdown cached",
    "templates": "templates changed: full build, Markdown cached",
}


@dataclass(frozen=True, slots=True)
class Target:
    """What must be reached, and the dream; both are upper bounds of ``value``."""

    what: str
    value: float
    must: float
    dream: float
    unit: str

    def row(self) -> str:
        verdict = "dream" if self.value <= self.dream else "reached" if self.value <= self.must else "**missed**"
        return (
            f"| {self.what} | {self.tell(self.value)} | {self.tell(self.must)} | {self.tell(self.dream)} | {verdict} |"
        )

    def tell(self, value: float) -> str:
        if self.unit == "1/":
            return f"1/{1 / value:.0f}" if value < 0.5 else f"{value:.1f} ×"
        digits = 0 if self.unit in (" MB", " files") else 2 if value < 10 else 1
        return f"{value:.{digits}f}{self.unit}"


def targets(costs: Mapping[str, Costs], facts: Mapping[str, float], sizes: Mapping[str, int]) -> Iterator[Target]:
    """The measures that can be told from what was run."""
    yield Target(
        "nothing changed, CPU to `python -c pass`", costs["nothing small"].cpu / costs["python"].cpu, 5, 3.5, " ×"
    )
    if "hugo first" in costs:
        yield from beside_hugo(costs)
    yield Target("first build ever, memory of all processes", facts["held small"], 200, 200, " MB")
    yield Target("files rewritten by one edit", facts["files small"], 15, 15, " files")
    if "first large" in costs:
        each = costs["first large"].cpu / sizes["large"], costs["first small"].cpu / sizes["small"]
        yield Target("large: nothing changed, CPU", costs["nothing large"].cpu, 0.8, 0.5, " s")
        yield Target("large: nothing changed, memory", costs["nothing large"].memory, 80, 80, " MB")
        yield Target("large: one changed, CPU", costs["edit large"].cpu, 1.3, 0.8, " s")
        yield Target("large: first build, CPU an entry to that of the small", each[0] / each[1], 1.2, 1.2, " ×")
        yield Target("large: first build, memory of all processes", facts["held large"], 400, 400, " MB")


def beside_hugo(costs: Mapping[str, Costs]) -> Iterator[Target]:
    """Ratios to the peer in the same run."""
    yield Target(
        "nothing changed, CPU to Hugo", costs["nothing small"].cpu / costs["hugo nothing"].cpu, 1 / 100, 1 / 200, "1/"
    )
    yield Target("one changed, CPU to Hugo", costs["edit small"].cpu / costs["hugo edit"].cpu, 1 / 30, 1 / 60, "1/")
    yield Target("first build ever, wall to Hugo", costs["first small"].wall / costs["hugo first"].wall, 4, 1, " ×")
    for name in ("settings", "templates"):
        cpu, wall = (
            costs[f"{name} small"].cpu / costs["hugo first"].cpu,
            costs[f"{name} small"].wall / costs["hugo first"].wall,
        )
        yield Target(f"full build, {name} changed, CPU to Hugo", cpu, 0.7, 0.4, " ×")
        yield Target(f"full build, {name} changed, wall to Hugo", wall, 0.7, 0.4, " ×")


def render(
    costs: Mapping[str, Costs], facts: Mapping[str, float], sizes: Mapping[str, int], machine: Sequence[str], runs: int
) -> str:
    """The whole file."""
    lines = [
        "# Results",
        "",
        f"Written by `make bench` on {datetime.now(UTC):%Y-%m-%d}. Rounds: {runs}; medians are told. In a",
    ]
    lines += ["round each scenario of ours is followed by the same one of Hugo 0.168.", ""]
    if sizes["small"] < FULL_SIZE or runs < FULL_RUNS:
        lines += [f"**A trial run.** The targets are meant for {FULL_SIZE:,} entries and {FULL_RUNS} rounds.", ""]
    lines += [f"- {fact}" for fact in machine]
    lines += [f'- {sizes["small"]:,} entries of 2.6 KB (`bench/corpus.py`), and for "large" {sizes["large"]:,}', ""]
    lines += [
        "Hugo builds one RSS feed, a paged list and a page an entry, with no tags. Ours builds Atom, RSS and JSON"
    ]
    lines += [
        "feeds for the site and per tag and author, archives, year and tag pages and a sitemap; it sanitises the HTML,"
    ]
    lines += ["makes every address absolute and processes the pictures.", "", "## Targets", ""]
    lines += ["| what | measured | must | dream | |", "|---|---:|---:|---:|---|"]
    lines += [target.row() for target in targets(costs, facts, sizes)]
    lines += ["", "## Costs", "", "| what | CPU s | least – most | wall s | MB |", "|---|---:|---:|---:|---:|"]
    lines += [cost_row(name, cost) for name, cost in costs.items()]
    return "\n".join([*lines, "", "MB is the peak of the largest process.", ""])


def cost_row(name: str, costs: Costs) -> str:
    least, most = costs.spread
    peer, _, rest = name.partition(" ") if name.startswith("hugo ") else ("", "", name)
    scenario, _, size = rest.partition(" ")
    words = NAMES[scenario] + (", large" if size == "large" else "") + (" — Hugo" if peer else "")
    return f"| {words} | {costs.cpu:.3f} | {least:.3f} – {most:.3f} | {costs.wall:.3f} | {costs.memory:.0f} |"


def put(text: str, title: str, section: str) -> str:
    """``text`` with a section where the old one of that title stood, or at its end."""
    before, _, after = re.sub(r"\n*\Z", "\n", text).partition(f"\n## {title}\n")
    rest = re.search(r"\n## .*", after, re.DOTALL)
    return f"{before.rstrip()}\n\n{section}\n{rest[0] if rest else ''}"


def with_others(text: str, before: str) -> str:
    """``text`` with the sections of ``before`` that it has not: those that others wrote."""
    titles = set(re.findall(r"^## (.*)$", text, re.MULTILINE))
    for section in re.split(r"^(?=## )", before, flags=re.MULTILINE)[1:]:
        title = section.partition("\n")[0].removeprefix("## ")
        if title not in titles:
            text = put(text, title, section.rstrip())
    return text
