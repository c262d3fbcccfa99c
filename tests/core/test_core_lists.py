"""Lists that entries name and no setting knows: said with the line, and never a reason to withhold an entry."""

from __future__ import annotations

import pytest
from support import Publication

LISTS = '[[lists]]\nname = "weekly"\n[[lists]]\nname = "daily"\n'

PAGE = """# 页

## 甲

<!-- lists: weekley -->

2026 年 1 月 5 日消息。

## 乙

2026 年 1 月 6 日消息。
"""


@pytest.mark.parametrize(
    ("front", "place"),
    [
        ("---\ntitle: 甲 weekley\ndate: 2026-01-05\nlists: weekley\n---\n正文 weekley\n", "entries/a.md:4"),
        ("---\ndate: 2026-01-05\nlists:\n  - daily\n  - weekley\n---\n正文\n", "entries/a.md:5"),
        ('+++\ndate = "2026-01-05"\nlists = ["weekly", "weekley"]\n+++\n正文\n', "entries/a.md:3"),
        ('{\n  "date": "2026-01-05",\n  "lists": "weekley"\n}\n正文\n', "entries/a.md:3"),
        (PAGE, "entries/a.md:5"),
    ],
    ids=["key", "block list", "toml", "json", "item"],
)  # fmt: skip
def test_an_unknown_list_is_named_with_its_line(publication: Publication, front: str, place: str) -> None:
    publication.configure(LISTS)
    publication.write("entries/a.md", front)
    report = publication.run()
    (problem,) = report.problems
    assert (problem.place, problem.message) == (place, "no list is named `weekley`")
    assert (problem.hint, problem.rejects) == ("did you mean `weekly`?", False)
    assert problem.source[problem.column - 1 :].startswith("weekley")
    assert report.public > 0
    assert report.exit_code == 0


def test_it_comes_and_goes_with_the_settings_and_not_without_lists(publication: Publication) -> None:
    publication.entry("a", date="2026-01-05", lists="[monthly]")
    assert publication.run().problems == ()
    publication.configure(LISTS)
    assert [one.hint for one in publication.run().problems] == ["the lists in feeder.toml are weekly, daily"]
    publication.configure(LISTS + '[[lists]]\nname = "monthly"\n')
    report = publication.run()
    assert (report.problems, report.changes) == ((), ())
