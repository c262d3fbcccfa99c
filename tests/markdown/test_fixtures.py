"""Markdown fixture files: input, and the HTML and problems that are expected of it.

A problem stands below the HTML as ``! LINE:COLUMN message``.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from support import cases

from feeder.reading.markdown import render

AREAS = ("blocks", "dialects", "emphasis", "formulas", "linkify", "sanitise", "shortcodes", "urls")
CASES = [pytest.param(*case, id=f"{area}: {case[0]}") for area in AREAS for case in cases(f"markdown/{area}.md")]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("publication")
    (root / "entries/2024").mkdir(parents=True)
    (root / "entries/2024/2024-01-02-hello.md").write_text("hello", "utf-8")
    return root


def shown(text: str, root: Path) -> str:
    rendered = render(text, path="entries/2024/x.md", line=1, root=str(root))
    problems = [f"! {p.place.rpartition(':')[2]}:{p.column} {p.message}\n" for p in rendered.problems]
    return rendered.html.rstrip("\n") + "\n" + "".join(problems)


@pytest.mark.parametrize(("title", "text", "expected"), CASES)
def test_fixture(title: str, text: str, expected: str, root: Path) -> None:
    assert shown(text, root) == expected
