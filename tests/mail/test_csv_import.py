"""CSV files in: whatever spreadsheets and other programs write, row by row, and nobody who left comes back."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as trying
from hypothesis import strategies as st
from mail.deskbook import WEEKLY, Office, office, opened
from support import CHECKOUT, FIXTURES, NOW, soak

from feeder.errors import UsageError
from feeder.mail.subscribers import KEPT_PENDING, persons
from feeder.mail.subscribers.csvfiles.importing import Importer, Options, Tally
from feeder.mail.subscribers.csvfiles.sheets import NotATable

HEADER = "email,name,frequency,tags,timezone,language,confirmed_at,origin\n"
CONFIRMED = "2019-05-01T12:00:00Z"


class Mailroom:
    """Imports files into one database, each in transactions of its own, and looks at what came of it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        with office(root):
            pass

    def take(self, data: str | bytes, *, name: str = "file.csv", now: datetime = NOW, **options: object) -> Tally:
        """Import a file with these contents."""
        file = self.root / name
        file.write_bytes(data.encode() if isinstance(data, str) else data)
        with opened(self.root) as (given, database, book):
            return Importer(given, database, book).run(str(file), now, Options(**({"only": WEEKLY} | options)))

    def look(self) -> AbstractContextManager[Office]:
        """The database, to be looked at."""
        return office(self.root)

    def states(self) -> dict[str, str]:
        """Address -> state, of all subscriptions."""
        with self.look() as at:
            return {f"{one.address} {one.list}": one.state for one in persons.every(at.connection)}


@pytest.fixture
def room(tmp_path: Path) -> Mailroom:
    return Mailroom(tmp_path)


def counts(tally: Tally) -> dict[str, int]:
    names = ("active", "pending", "paused", "ended", "updated", "unchanged", "suppressed", "newly_suppressed",
             "elsewhere", "refused", "invited", "uninvited")  # fmt: skip
    return {name: getattr(tally, name) for name in names if getattr(tally, name)}


def test_a_whole_row(room: Mailroom) -> None:
    row = f'Ana@Example.org,安娜,每天,"芯片, AI",Europe/Berlin,en,{CONFIRMED},old paper\n'
    assert counts(room.take(HEADER + row)) == {"active": 1}
    with room.look() as at:
        known = at.person("ana@example.org").on("weekly")
        assert (known.address, known.name, known.origin) == ("Ana@example.org", "安娜", "old paper")
        wanted = known.choice
        assert (wanted.frequency, wanted.tags, wanted.timezone, wanted.language) == (
            "daily", ("ai", "芯片"), "Europe/Berlin", "en",
        )  # fmt: skip
        assert known.confirmed_at == datetime(2019, 5, 1, 12, tzinfo=UTC)
        assert known.consent == ({"what": "confirmed", "at": CONFIRMED, "how": "import file.csv"},)
        # Never from 2019 on: from the last due instant, as if she had joined now.
        assert known.scheduled_at == NOW
        assert at.served("ana@example.org") == datetime.fromisoformat("2026-11-21T08:00+01:00")


def test_only_a_confirmation_or_the_editors_word_makes_active(room: Mailroom) -> None:
    rows = f"email,confirmed_at\na@example.org,{CONFIRMED}\nb@example.org,\n"
    assert counts(room.take(rows)) == {"active": 1, "pending": 1}
    assert counts(room.take("email\nc@example.org\n", kept="sign-up sheet")) == {"active": 1}
    with room.look() as at:
        assert at.person("c@example.org").on("weekly").consent[0]["kept"] == "sign-up sheet"
        assert at.person("c@example.org").on("weekly").confirmed_at == NOW
        assert at.notices() == []


def test_twice_is_once(room: Mailroom) -> None:
    rows = HEADER + f"a@example.org,A,,,,,{CONFIRMED},\nb@example.org,B,,,,,,\nA@EXAMPLE.ORG,again,,,,,,\n"
    assert counts(room.take(rows)) == {"active": 1, "pending": 1, "unchanged": 1}
    with room.look() as at:
        before = [*persons.every(at.connection)]
    assert counts(room.take(rows, now=NOW + timedelta(days=9))) == {"unchanged": 3}
    with room.look() as at:
        assert [*persons.every(at.connection)] == before


def test_what_is_there_is_changed_only_when_asked(room: Mailroom) -> None:
    room.take("email\na@example.org\nb@example.org\n")
    rows = f"email,name,frequency,confirmed_at\na@example.org,Ana,daily,{CONFIRMED}\nb@example.org,,,\n"
    assert counts(room.take(rows)) == {"unchanged": 2}
    later = NOW + timedelta(days=1)
    assert counts(room.take(rows, update=True, now=later)) == {"updated": 1, "unchanged": 1}
    with room.look() as at:
        known = at.person("a@example.org").on("weekly")
        assert (known.name, known.state, known.choice.frequency) == ("Ana", "active", "daily")
        assert known.scheduled_at == later
        assert at.served("a@example.org") == datetime.fromisoformat("2026-11-23T08:00+08:00")
    assert counts(room.take(rows, update=True, now=later)) == {"unchanged": 2}


def test_an_update_never_brings_back_whoever_left(room: Mailroom) -> None:
    rows = f"email,confirmed_at\na@example.org,{CONFIRMED}\nb@example.org,{CONFIRMED}\n"
    room.take(rows)
    with room.look() as at:
        at.book.end(at.connection, at.person("a@example.org").on("weekly"), NOW)
        at.book.pause(at.connection, at.person("b@example.org").on("weekly"), NOW)
    room.take(rows, update=True, kept="x")
    assert room.states() == {"a@example.org weekly": "ended", "b@example.org weekly": "paused"}


def test_suppressed_and_erased_stay_out(room: Mailroom) -> None:
    with room.look() as at:
        for number, reason in enumerate(("bounce", "complaint", "erasure")):
            at.book.suppress(at.connection, f"r{number}@example.org", reason, NOW)
    rows = "email,confirmed_at\n" + "".join(f"R{number}@example.org,{CONFIRMED}\n" for number in range(4))
    assert counts(room.take(rows, kept="x", update=True)) == {"active": 1, "suppressed": 3}
    assert room.states() == {"R3@example.org weekly": "active"}


SPELLINGS = {
    "plain": f"email,name,confirmed_at\na@example.org,安娜,{CONFIRMED}\n",
    "order and case": f"Confirmed_At,NAME,E-Mail\n{CONFIRMED},安娜,a@example.org\n",
    "mark": f"\ufeffemail,name,confirmed_at\na@example.org,安娜,{CONFIRMED}\n",
    "semicolons": f"email;name;confirmed_at\r\na@example.org;安娜;{CONFIRMED}\r\n",
    "tabs": f"email\tname\tconfirmed_at\na@example.org\t安娜\t{CONFIRMED}\n",
    "quotes": f'"email","name","confirmed_at"\n"a@example.org","安娜","{CONFIRMED}"\n',
    "blank lines": f"\n\n  \nemail,name,confirmed_at\n\n,,\n\na@example.org,安娜,{CONFIRMED}\n\n",
    "old line ends": f"email,name,confirmed_at\ra@example.org,安娜,{CONFIRMED}\r",
    "no last line end": f"email,name,confirmed_at\na@example.org,安娜,{CONFIRMED}",
    "chinese names": f"邮箱,姓名,确认时间\na@example.org,安娜,{CONFIRMED}\n",
    "more columns": f'id,email,note,name,confirmed_at,\n7,a@example.org,"x\ny",安娜,{CONFIRMED},\n',
    "header again": f"email,name,confirmed_at\nemail,name,confirmed_at\na@example.org,安娜,{CONFIRMED}\n",
    "blanks": f"email, name , confirmed_at\n a@example.org , 安娜 , {CONFIRMED} \n",
    "chinese date": "email,name,confirmed_at\na@example.org,安娜,2019年5月1日 20:00\n",
    "local time": "email,name,confirmed_at\na@example.org,安娜,2019-05-01 20:00:00\n",
}


@pytest.mark.parametrize("spelling", list(SPELLINGS))
def test_however_it_is_written(room: Mailroom, spelling: str) -> None:
    assert counts(room.take(SPELLINGS[spelling])) == {"active": 1}
    with room.look() as at:
        known = at.person("a@example.org").on("weekly")
        assert (known.name, known.confirmed_at) == ("安娜", datetime(2019, 5, 1, 12, tzinfo=UTC))


BAD_ROWS = {
    "nobody": "not a mail address",
    "a@example.org\0": "U+0000",
    '"a@example.org\r\nBcc: x@example.org"': "U+000D",
    "a@example.org,,hourly": "not a frequency",
    "a@example.org,,monthly": "does not come monthly",
    "a@example.org,,,,Mars/Olympus": "unknown time zone",
    "a@example.org,,,,,klingonisch": "not a language",
    "a@example.org,,,,,,someday": "not a date",
    "a@example.org,,,,,,2019-02-30": "30 February",
    "a@example.org,,,,,,2099-01-01": "in the future",
    "a@example.org,,,,,,05/01/2019": "cannot be told apart",
    "a@example.org,Li, Ana,,,,,,x": "9 fields",
    '"a@example.org,open': "quotation mark",
    "x" * 300_000: "131,072 characters",
}


@pytest.mark.parametrize("row", list(BAD_ROWS), ids=lambda row: row[:40])
def test_a_bad_row_is_told_and_the_others_go_in(room: Mailroom, row: str) -> None:
    data = f"{HEADER}before@example.org,,,,,,,\n{row}\nafter@example.org,,,,,,,\n"
    tally = room.take(data)
    assert counts(tally) == {"pending": 2, "refused": 1}
    (problem,) = tally.problems
    assert problem.place == f"{room.root}/file.csv:3"
    assert BAD_ROWS[row] in problem.message
    assert problem.hint
    assert str(problem).isprintable()


def test_an_open_quotation_mark_costs_its_own_line(room: Mailroom) -> None:
    lines = [f"r{number}@example.org," + ('"open' if number % 100 == 50 else "x") for number in range(300)]
    tally = room.take("email,name\n" + "\n".join(lines) + "\n")
    assert counts(tally) == {"pending": 297, "refused": 3}
    assert [problem.place.rpartition(":")[2] for problem in tally.problems] == ["52", "152", "252"]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ("email,name\na@example.org,天数智芯的新闻编辑部\n".encode("gb18030"), "at byte 25 (looks like GB18030)"),
        ("email,name\na@example.org,新聞\n".encode("utf-16"), "looks like UTF-16"),
        ("email\na@example.org\n".encode("utf-16-le"), "looks like UTF-16"),
        (b"email\n\xff\xfe\xfa", "not UTF-8 at byte 6"),
        (b"email\na@example.org\xe5", "not UTF-8 at byte 19"),
        (b"email,status\na@example.org,unsubscribed\n", "column `status` may tell who left"),
        (b"", "is empty"),
        (b"\n\n,,,\n", "is empty"),
        (b"name,state\nAna,active\n", "no column `email`"),
    ],
    ids=["gbk", "utf-16", "utf-16 without mark", "noise", "cut off", "who left", "empty", "blank", "no addresses"],
)
def test_what_is_no_table_is_named(room: Mailroom, data: bytes, told: str) -> None:
    with pytest.raises(NotATable, match=re.escape(told)) as refused:
        room.take(data)
    assert refused.value.hint
    assert room.states() == {}


def test_which_list(room: Mailroom) -> None:
    rows = "email,list\na@example.org,weekly\nb@example.org,daily\nc@example.org,\nd@example.org,montly\n"
    assert counts(room.take(rows)) == {"pending": 2, "elsewhere": 2}
    tally = room.take(rows, only=None)
    assert counts(tally) == {"unchanged": 1, "pending": 1, "refused": 2}
    assert [problem.message for problem in tally.problems] == ["it names no list", "no list `montly`"]
    with pytest.raises(UsageError, match="which list"):
        room.take("email\na@example.org\n", only=None)


def test_inviting(room: Mailroom) -> None:
    rows = f"email,confirmed_at\na@example.org,\nb@example.org,{CONFIRMED}\n"
    room.take(rows)
    assert counts(room.take(rows + "c@example.org,\n", invite=True)) == {"unchanged": 2, "pending": 1, "invited": 2}
    assert counts(room.take(rows, invite=True)) == {"unchanged": 2, "uninvited": 1}
    with room.look() as at:
        assert sorted(at.notices()) == [("confirm", "a@example.org"), ("confirm", "c@example.org")]
        # An import's pending ones are the editor's business: they stay.
        assert at.book.tidy(at.connection, NOW + KEPT_PENDING * 2) == 0


FILES = FIXTURES / "mail/exports"

EXPORTS = [
    ("listmonk", "listmonk", {"on": "active", "off": "ended"}, {"bad": "complaint"}),
    ("Mailchimp", "mailchimp-subscribed", {"clicked": "active", "typed": "active"}, {}),
    ("Mailchimp", "mailchimp-unsubscribed", {"left": "ended"}, {}),
    ("Mailchimp", "mailchimp-cleaned", {}, {"gone": "bounce"}),
    ("Buttondown", "buttondown",
     {"on": "active", "paid": "active", "new": "pending", "left": "ended", "odd": "pending"},
     {"gone": "bounce", "angry": "complaint"}),
    ("Substack", "substack", {"on": "active", "left": "ended"}, {}),
    ("Ghost", "ghost", {"on": "active", "left": "ended", "deleted": "ended"}, {}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "file", "states", "suppressed"), EXPORTS, ids=[one[1] for one in EXPORTS])
def test_exports_of_others_with_the_editors_word(
    room: Mailroom, name: str, file: str, states: dict[str, str], suppressed: dict[str, str]
) -> None:
    tally = room.take((FILES / f"{file}.csv").read_bytes(), kept=f"confirmed at {name}")
    assert tally.format == name
    assert room.states() == {f"{who}@example.org weekly": state for who, state in states.items()}
    assert tally.newly_suppressed == len(suppressed)
    with room.look() as at:
        for who, reason in suppressed.items():
            assert at.book.suppressions.of(at.connection, f"{who}@example.org").reason == reason
        # What other programs call tags are labels for people, not what those people chose.
        assert all(not one.choice.tags for one in persons.every(at.connection))


@pytest.mark.parametrize(("name", "file", "states", "suppressed"), EXPORTS, ids=[one[1] for one in EXPORTS])
def test_exports_of_others_prove_nothing_but_a_click(
    room: Mailroom, name: str, file: str, states: dict[str, str], suppressed: dict[str, str]
) -> None:
    room.take((FILES / f"{file}.csv").read_bytes())
    proven = {"clicked"}
    wanted = {who: "pending" if state == "active" and who not in proven else state for who, state in states.items()}
    assert room.states() == {f"{who}@example.org weekly": state for who, state in wanted.items()}


def test_a_bounce_in_a_file_ends_what_is_active_here(room: Mailroom) -> None:
    room.take("email\ngone@example.org\n", kept="x")
    assert counts(room.take((FILES / "mailchimp-cleaned.csv").read_bytes())) == {"newly_suppressed": 1}
    assert room.states() == {"gone@example.org weekly": "ended"}
    assert counts(room.take((FILES / "mailchimp-cleaned.csv").read_bytes())) == {"suppressed": 1}


def test_more_rows_than_a_batch(room: Mailroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feeder.mail.subscribers.csvfiles.importing.BATCH", 7)
    rows = "".join(f"r{number}@example.org,{'daily' if number % 3 else ''},{CONFIRMED}\n" for number in range(50))
    assert counts(room.take("email,frequency,confirmed_at\n" + rows)) == {"active": 50}
    with room.look() as at:
        assert at.connection.exec_driver_sql("SELECT count(*) FROM served").scalar_one() == 50
        assert len(at.connection.exec_driver_sql("SELECT DISTINCT through FROM served").all()) == 2


def test_more_invitations_than_a_batch(room: Mailroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feeder.mail.subscribers.csvfiles.importing.INVITED", 2)
    monkeypatch.setattr("feeder.mail.subscribers.csvfiles.importing.BREATH", 0)
    rows = "email\n" + "".join(f"r{number}@example.org\n" for number in range(5))
    assert counts(room.take(rows, invite=True)) == {"pending": 5, "invited": 5}


@trying(max_examples=soak(40, 1000))
@given(data=st.binary(max_size=300) | st.text(alphabet="a@b.c,;\t\"'\r\n =email", max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused(room: Mailroom, data: bytes) -> None:
    try:
        tally = room.take(b"email,name,tags\n" + data)
    except NotATable:
        return
    assert all(problem.hint for problem in tally.problems)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_a_large_file_needs_little_memory(tmp_path: Path) -> None:
    """1,000,000 rows in ≤ 200 MB where ``FEEDER_SOAK`` is set."""
    rows = soak(20_000, 1_000_000)
    with open(tmp_path / "large.csv", "w", encoding="utf-8") as file:
        file.write(HEADER)
        file.writelines(
            f"r{number * 7919 % rows}@example{number % 500}.org,读者{number},,,,,{CONFIRMED},\n"
            for number in range(rows)
        )
    with office(tmp_path):
        pass
    code = (
        "import re, sys; sys.path[:0] = ['tests']\n"
        "from pathlib import Path; from mail.deskbook import settings, WEEKLY; from support import NOW\n"
        "from feeder.mail.database import open_mail; from feeder.mail.subscribers import Subscribers\n"
        "from feeder.mail.subscribers.csvfiles.importing import Importer, Options\n"
        f"given = settings(Path({str(tmp_path)!r}))\n"
        "with open_mail(given, NOW) as database:\n"
        "    importer = Importer(given, database, Subscribers(given, database.secrets()))\n"
        f"    tally = importer.run({str(tmp_path / 'large.csv')!r}, NOW, Options(only=WEEKLY))\n"
        # ru_maxrss would be that of the test runner, which it was forked from.
        "status = Path('/proc/self/status').read_text()\n"
        "print(tally.active, re.search(r'VmHWM:\\s*(\\d+)', status)[1])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    active, kilobytes = map(int, done.stdout.split())
    assert active == rows
    assert kilobytes < 200 * 1024
