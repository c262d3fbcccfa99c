"""The fixture files: a writer can add a case without Python; ``pytest --golden`` writes what comes out."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest
from reading.fixture_files import Case, cases, moment, read, show, write

from feeder import dates

SHANGHAI = ZoneInfo("Asia/Shanghai")


def a_reading(case: Case) -> str:
    return show(read(case))


def some_dates(case: Case) -> str:
    return "".join(f"{line} => {a_date(line)}\n" for line in case.given.splitlines())


def a_date(text: str) -> str:
    try:
        return moment(dates.parse(text, SHANGHAI))
    except dates.DateError as error:
        return f"{error.message} ({error.hint})"


def heads(case: Case) -> str:
    return "".join(f"{line} => {a_head(line)}\n" for line in case.given.splitlines())


def a_head(text: str) -> str:
    try:
        found = dates.find_at_head(text, SHANGHAI)
    except dates.DateError:
        return "-"
    return moment(found[0]) if found else "-"


FILES: dict[str, Callable[[Case], str]] = {
    "frontmatter.md": a_reading,
    "keys.md": a_reading,
    "newspages.md": a_reading,
    "dates.md": some_dates,
    "heads.md": heads,
}
CASES = [pytest.param(file, case, id=f"{file}: {case.title}") for file in FILES for case in cases(file)]


@pytest.mark.parametrize(("file", "case"), CASES)
def test_fixture(file: str, case: Case, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--golden"):
        write(file, [(each, FILES[file](each)) for each in cases(file)])
        return
    assert FILES[file](case) == case.expected
