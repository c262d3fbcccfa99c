"""CSV files out: what a spreadsheet shows as it is, and an import takes back as it was."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given as trying
from hypothesis import strategies as st
from mail.deskbook import DAILY, WEEKLY, Office, office, opened
from support import NOW

from feeder.mail.subscribers import persons
from feeder.mail.subscribers.choices import choice
from feeder.mail.subscribers.csvfiles import exporting, formats
from feeder.mail.subscribers.csvfiles.importing import Importer, Options
from feeder.mail.subscribers.csvfiles.rows import BadRow, RowReader

VISIBLE = st.characters(exclude_categories=["Cs", "Cc"])
CALCULATED = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def fill(at: Office) -> None:
    add = at.book.add
    add(at.connection, WEEKLY, "plain@example.org", NOW, kept="paper", name="安娜")
    add(at.connection, WEEKLY, "+plus@example.org", NOW, kept="=HYPERLINK(1)", name="=1+1")
    add(at.connection, WEEKLY, "-minus@example.org", NOW, kept="x", name="-cmd|'/C calc'!A0")
    add(at.connection, WEEKLY, "quote@example.org", NOW, kept="x", name="'=already")
    add(at.connection, WEEKLY, "'apostrophe@example.org", NOW, kept="x", name="'tis")
    wanted = choice(WEEKLY, frequency="daily", hour=20, timezone="Europe/Berlin", tags="芯片,AI", language="en")
    add(at.connection, WEEKLY, "choosy@example.org", NOW, kept='with "quotes", commas', choice=wanted)
    add(at.connection, DAILY, "plain@example.org", NOW, kept="x")
    at.confirmed("paused@example.org")
    at.book.pause(at.connection, at.person("paused@example.org").on("weekly"), NOW)
    at.confirmed("ended@example.org")
    at.book.end(at.connection, at.person("ended@example.org").on("weekly"), NOW)
    at.book.subscribe(at.connection, WEEKLY, "pending@example.org", NOW, origin="web")


def exported(at: Office) -> str:
    file = io.StringIO()
    exporting.write(file, persons.every(at.connection))
    return file.getvalue()


def test_out_and_in_again_is_the_same(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    with office(here) as at:
        fill(at)
        text = exported(at)
    (tmp_path / "all.csv").write_text(text, "utf-8-sig")
    with opened(there) as (given, database, book):
        tally = Importer(given, database, book).run(str(tmp_path / "all.csv"), NOW, Options())
    assert (tally.active, tally.paused, tally.ended, tally.pending, tally.refused) == (7, 1, 1, 1, 0)
    with office(there) as at:
        assert exported(at) == text
        assert at.served("plain@example.org") is not None
    with opened(here) as (given, database, book):
        later = NOW + timedelta(days=40)
        tally = Importer(given, database, book).run(str(tmp_path / "all.csv"), later, Options(update=True))
    assert (tally.unchanged, tally.updated) == (10, 0)


def test_no_cell_is_calculated(tmp_path: Path) -> None:
    with office(tmp_path) as at:
        fill(at)
        rows = list(csv.reader(io.StringIO(exported(at))))
    assert len(rows) == 11
    assert all(len(row) == len(exporting.COLUMNS) for row in rows)
    assert not [cell for row in rows for cell in row if cell.startswith(CALCULATED)]


@trying(st.text(alphabet=VISIBLE) | st.sampled_from(["'" * number + "=x" for number in range(4)]))
def test_defusing_is_undone_by_reading(cell: str) -> None:
    defused = exporting.defused(cell)
    assert not defused.startswith(CALCULATED)
    assert formats.undefused(defused) == cell


def test_a_state_that_is_none_is_refused(tmp_path: Path) -> None:
    with office(tmp_path) as at:
        reader = RowReader(at.settings, formats.OURS, ("email", "state", "consent"), NOW, WEEKLY)
        with pytest.raises(BadRow, match="not a state: California"):
            reader.row(["a@example.org", "California", ""])
        for consent in ("no json", "{}", '["x"]', '[{"what": 1}]', '[{"what": "x", "at": "a\\u0000"}]', "[" * 5000):
            with pytest.raises(BadRow, match="holds no events"):
                reader.row(["a@example.org", "", consent])
