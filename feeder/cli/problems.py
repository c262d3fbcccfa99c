"""Problems, told as a good compiler tells them: place, what, the line with a mark under it, how to mend it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from feeder.cli.terminal import Paint, clean, width
from feeder.errors import Problem

MOST = 50
"""Problems told in one go on a terminal; the rest is counted."""
EXCERPT = 100
"""Columns of a source line that are shown."""

_PLAIN = Paint(on=False)


def told(problems: Sequence[Problem], *, whole: bool, paint: Paint = _PLAIN, most: int = MOST) -> Iterator[str]:
    """Lines about ``problems``; ``whole`` adds the excerpts, else each is one line for logs and cron mail.

    With excerpts only the first ``most`` are told, so that a person sees the end; a log gets all of them.
    """
    for problem in problems[:most] if whole else problems:
        yield from excerpt(problem, paint) if whole else (one_line(problem),)
    if whole and len(problems) > most:
        yield f"and {len(problems) - most} more; `feeder check` lists all"


def one_line(problem: Problem) -> str:
    """``file:line: message (hint)``."""
    hint = _hint(problem)
    return f"{clean(problem.place)}: {clean(problem.message)}" + (f" ({hint})" if hint else "")


def excerpt(problem: Problem, paint: Paint = _PLAIN) -> Iterator[str]:
    """The problem with its line, a mark under the spot, and the hint."""
    colour = "red" if problem.rejects else "yellow"
    head = f"{paint('bold', clean(problem.place))}: {paint(colour, clean(problem.message))}"
    hint = _hint(problem)
    if not problem.source.strip():
        yield head + (f"; {hint}" if hint else "")
        return
    yield head
    before, marked, after = _cut(problem)
    number = problem.place.rpartition(":")[2]
    gutter = number if number.isdigit() else ""
    yield f"{paint('dim', f'{gutter:>5} |')} {before}{marked}{after}"
    if problem.column:
        mark = "^" * max(1, width(marked))
        yield f"{paint('dim', '      |')} {' ' * width(before)}{paint(colour, mark)}"
    if hint:
        yield f"   {hint}"


def _hint(problem: Problem) -> str:
    parts = [clean(problem.hint), "not published" if problem.rejects else ""]
    return "; ".join(part for part in parts if part)


def _cut(problem: Problem) -> tuple[str, str, str]:
    """What stands before, under and behind the mark; a long line is cut around the mark."""
    line = problem.source.replace("\t", " ").rstrip("\r\n")
    start = min(max(problem.column - 1, 0), len(line))
    end = min(start + max(problem.width, 1), len(line)) if problem.column else start
    before, marked, after = clean(line[:start]), clean(line[start:end]), clean(line[end:])
    if width(before) > EXCERPT * 3 // 5:
        before = "…" + _last(before, EXCERPT * 2 // 5)
    if width(marked) > EXCERPT - width(before):
        return before, _first(marked, max(1, EXCERPT - width(before))), "…"
    room = EXCERPT - width(before) - width(marked)
    return before, marked, after if width(after) <= room else _first(after, room) + "…"


def _first(text: str, columns: int) -> str:
    taken = 0
    for number, character in enumerate(text):
        taken += width(character)
        if taken > columns:
            return text[:number]
    return text


def _last(text: str, columns: int) -> str:
    return _first(text[::-1], columns)[::-1]
