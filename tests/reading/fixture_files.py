"""Fixture files in Markdown: a title, ``.``, what goes in, ``.``, what comes out, ``.`` and a blank line.

In what goes in, ``→`` stands for a TAB and ``␛`` for an escape character; ``(path)`` after a title names the file.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from feeder.config import Settings, Site
from feeder.model import Enclosure, Entry, Moment, Reading, Via
from feeder.reading import read_text

FOLDER = Path(__file__).resolve().parent.parent / "fixtures" / "reading"
SETTINGS = Settings(root=Path("/nonexistent"), site=Site(title="测试新闻", url="https://news.example.org/"))
_QUIET = {"path", "line", "html", "hash", "body_hash", "date", "title", "assets", "refs", "slug", "slug_fixed", "extra"}


class Case(NamedTuple):
    title: str
    path: str
    given: str
    expected: str


def cases(name: str) -> list[Case]:
    parts = re.split(r"^\.\n", (FOLDER / name).read_text("utf-8"), flags=re.MULTILINE)
    found = []
    for title, given, expected in zip(parts[0::3], parts[1::3], parts[2::3], strict=False):
        path = re.search(r"\((\S+\.(?:md|txt|markdown))\)", title)
        found.append(Case(title.strip(), path[1] if path else "entries/a.md", given, expected))
    return found


def write(name: str, results: list[tuple[Case, str]]) -> None:
    text = "\n".join(f"{case.title}\n.\n{case.given}.\n{given}.\n" for case, given in results)
    (FOLDER / name).write_text(text, "utf-8")


def raw(given: str) -> bytes:
    return given.replace("→", "\t").replace("␛", "\x1b").encode()


def read(case: Case) -> Reading:
    return read_text(case.path, raw(case.given), SETTINGS)


def show(reading: Reading) -> str:
    lines = [line for entry in reading.entries for line in _entry(entry)]
    for problem in reading.problems:
        line = problem.place.removeprefix(reading.path).lstrip(":")
        lines.append(f"{'X' if problem.rejects else '!'} {line} {problem.message}")
        if problem.hint:
            lines.append(f"    {problem.hint}")
        if problem.column:
            lines.append(f"    {problem.source}")
            lines.append(f"    {'~' * (problem.column - 1)}{'^' * problem.width}")
    if reading.bad:
        lines.append("bad: " + " ".join(sorted(repr(anchor) for anchor in reading.bad)))
    return "".join(line + "\n" for line in lines)


def moment(when: Moment) -> str:
    return when.day if when.date_only else f"{when.instant:%Y-%m-%dT%H:%M:%SZ}"


def _entry(entry: Entry) -> list[str]:
    lines = [f"= {moment(entry.date)} {entry.title}", f"  slug{' (fixed)' if entry.slug_fixed else ''}: {entry.slug}"]
    for name in Entry.__slots__:
        value = getattr(entry, name)
        if name in _QUIET or value in ("", (), None) or (value is False and name == "draft"):
            continue
        lines.append(f"  {name}: {_shown(value)}")
    if entry.extra:
        lines.append("  extra: " + ", ".join(f"{key}={value!r}" for key, value in entry.extra.items()))
    return lines


def _shown(value: object) -> str:
    if isinstance(value, Moment):
        return moment(value)
    if isinstance(value, tuple):
        return " | ".join(each if isinstance(each, str) else _address(each) for each in value)
    return str(value)


def _address(value: Via | Enclosure) -> str:
    return f"{value.url} ({value.title})" if value.title else value.url
