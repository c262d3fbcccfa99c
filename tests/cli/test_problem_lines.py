"""Problems and reports as people see them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from cli import reports
from hypothesis import given
from hypothesis import strategies as st

from feeder.cli import machine, problems, publish, report, terminal
from feeder.cli.arguments import Arguments
from feeder.cli.terminal import Paint, clean, width
from feeder.errors import Problem
from feeder.pipeline import Mailing

Golden = Callable[[str, str | bytes], None]
PLAIN = Paint(on=False)
FOUND = (reports.MISSING_IMAGE, reports.BAD_DATE, reports.NOT_UTF8)


def test_problems_read_like_a_compilers(golden: Golden) -> None:
    golden("cli/problems.txt", "\n".join(problems.told(FOUND, whole=True)) + "\n")


def test_problems_for_cron_are_one_line_each(golden: Golden) -> None:
    golden("cli/problems-cron.txt", "\n".join(problems.told(FOUND, whole=False)) + "\n")


def test_problems_in_colour(golden: Golden) -> None:
    golden("cli/problems-colour.txt", "\n".join(problems.told(FOUND[:2], whole=True, paint=Paint(on=True))) + "\n")


@pytest.mark.parametrize(
    ("line", "column", "marked", "under"),
    [
        ("date: 2026-02-30", 7, 10, "      ^^^^^^^^^^"),
        ("![新产品](a.png)", 8, 5, "          ^^^^^"),
        ("标题：新品", 4, 2, "      ^^^^"),
        ("a\tb", 3, 1, "  ^"),
        ("e\u0301x", 3, 1, " ^"),
    ],
)
def test_the_mark_stands_under_wide_characters(line: str, column: int, marked: int, under: str) -> None:
    problem = Problem("a.md:1", "m", source=line, column=column, width=marked)
    drawn = list(problems.excerpt(problem))
    assert drawn[2].removeprefix("      | ") == under


def test_a_long_line_is_cut_around_the_mark() -> None:
    problem = Problem("a.md:1", "m", source="新" * 500 + "X" + "闻" * 500, column=501, width=1)
    _, line, mark = problems.excerpt(problem)
    assert "…" in line
    assert width(line) < 120
    assert width(line[: line.index("X")]) == mark.index("^")


@given(st.text(), st.integers(0, 300), st.integers(0, 300))
def test_any_line_can_be_shown(source: str, column: int, marked: int) -> None:
    problem = Problem("a.md:1", "m", "h", source=source, column=column, width=marked)
    for line in problems.excerpt(problem):
        assert line.isprintable() or any(0xD800 <= ord(c) <= 0xDFFF or c.isspace() for c in line)
        assert width(line) < 230


def test_no_terminal_obeys_a_file_name() -> None:
    problem = Problem("entries/\x1b[31mred.md", "bad\nnews", "\x07")
    assert problems.one_line(problem) == "entries/\\x1b[31mred.md: bad\\nnews (\\x07)"
    assert clean("二\u3000三") == "二\u3000三"


def test_a_person_is_told_only_so_many_problems_and_a_log_all() -> None:
    many = tuple(Problem(f"entries/{n}.md", "bad") for n in range(60))
    lines = list(problems.told(many, whole=True))
    assert len(lines) == 51
    assert lines[-1] == "and 10 more; `feeder check` lists all"
    assert len(list(problems.told(many, whole=False))) == 60


def lines_of(given: reports.Report, *, dry_run: bool = False) -> str:
    first = report.summary(given, reports.SETTINGS, PLAIN, dry_run=dry_run, whole=False)
    last = report.ending(given, reports.SETTINGS, dry_run=dry_run)
    return "\n".join([*first, *last]) + "\n"


def test_a_run_on_a_terminal(golden: Golden) -> None:
    golden("cli/run.txt", lines_of(reports.BUSY))
    golden("cli/dry-run.txt", lines_of(replace(reports.BUSY, mailing=Mailing(), hub=None), dry_run=True))


def test_nothing_changed_is_one_line() -> None:
    assert lines_of(reports.QUIET) == "nothing changed; next: entry 2026-12-01 09:00\n"
    assert lines_of(replace(reports.QUIET, next=None)) == "nothing changed\n"


def test_only_a_deploy_tried_again_speaks_of_no_files() -> None:
    lines = lines_of(replace(reports.QUIET, unchanged=0, deployed=True, next=None))
    assert lines == "天数智芯新闻  12 entries\ndeploy: done\n"


def test_many_changes_are_counted() -> None:
    many = replace(reports.BUSY, changes=reports.CHANGES * 10)
    assert "  and 20 more\n" in lines_of(many)


def test_json(golden: Golden) -> None:
    text = machine.report(reports.BUSY, reports.SETTINGS)
    assert "\n" not in text
    golden("cli/run.json", json.dumps(json.loads(text), ensure_ascii=False, indent=1) + "\n")


def test_cron_hears_only_what_is_new(capsys: pytest.CaptureFixture[str]) -> None:
    publish.tell(reports.QUIET, reports.SETTINGS, Arguments())
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "")
    publish.tell(reports.BUSY, reports.SETTINGS, Arguments(quiet=True))
    told = capsys.readouterr()
    assert told.out == ""
    alarm, problem = told.err.splitlines()
    assert alarm == "publish: mail: mail to qq is paused until 10:00: 550 frequency limited"
    assert problem.startswith("entries/a.md:3: 30 February")


def test_verbose_tells_all(capsys: pytest.CaptureFixture[str]) -> None:
    publish.tell(reports.QUIET, reports.SETTINGS, Arguments(verbose=True))
    told = capsys.readouterr()
    assert told.out.startswith("nothing changed")
    assert "^^^^^^^^^^" in told.err


def test_a_person_sees_what_stands(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "is_terminal", lambda stream: True)
    monkeypatch.setenv("NO_COLOR", "1")
    publish.tell(reports.QUIET, reports.SETTINGS, Arguments())
    told = capsys.readouterr()
    assert told.out == "nothing changed; next: entry 2026-12-01 09:00\n"
    assert "30 February" in told.err
    assert "\x1b" not in told.err


def test_json_is_alone_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    publish.tell(reports.BUSY, reports.SETTINGS, Arguments(as_json=True))
    assert json.loads(capsys.readouterr().out)["entries"]["public"] == 12
