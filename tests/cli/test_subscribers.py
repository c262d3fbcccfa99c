"""``feeder subscribers …`` as commands; what they do is tried in tests/mail."""

from __future__ import annotations

import json
import os
import stat
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from support import Publication

from feeder import index
from feeder.cli import main

LISTS = """
[web]
url = "https://subscribe.example.org/"
[[lists]]
name = "weekly"
title = "每周新闻"
allowed = ["daily"]
"""
SECOND = '[[lists]]\nname = "daily"\nfrequency = "daily"\n'


@pytest.fixture
def desk(publication: Publication) -> Publication:
    publication.configure(LISTS)
    return publication


def run(desk: Publication, *argv: str) -> int:
    return main.main(["-C", str(desk.root), "subscribers", *argv])


def told(capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    out, err = capsys.readouterr()
    return out, err


def test_asking_and_adding(desk: Publication, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(desk, "add", "Ana@Example.org") == 0
    assert told(capsys)[0] == "Ana@example.org: pending; the next `publish` sends the confirmation\n"
    assert run(desk, "add", "ana@example.org") == 0
    assert "no other is" in told(capsys)[0]
    assert (
        run(desk, "add", "bob@example.org", "--list", "weekly", "--confirmed-by", "名片", "--frequency", "daily") == 0
    )
    assert told(capsys)[0] == "bob@example.org: subscribed\n"
    assert run(desk, "add", "bob@example.org", "--confirmed-by", "名片") == 0
    assert told(capsys)[0] == "bob@example.org: subscribed already, nothing was changed\n"
    assert run(desk, "add", "bob@example.org") == 0
    assert "link to the preferences" in told(capsys)[0]
    assert run(desk, "add", "bob@example.org") == 0
    assert told(capsys)[0] == "bob@example.org: subscribed already, nothing was changed\n"
    assert run(desk, "list") == 0
    out, err = told(capsys)
    assert [line.split() for line in out.splitlines()] == [
        ["Ana@example.org", "weekly", "pending", "weekly"],
        ["bob@example.org", "weekly", "active", "daily"],
    ]
    assert err == "2 subscriptions\n"


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        (["add", "nobody"], 65, "not a mail address"),
        (["add", "a@example.org", "--list", "weekley"], 2, "did you mean `weekly`?"),
        (["add", "a@example.org", "--frequency", "monthly"], 65, "does not come monthly"),
        (["add", "a@example.org", "--hour", "25"], 65, "not an hour"),
        (["add", "a@example.org", "--timezone", "Peking"], 65, "time zone"),
        (["import", "missing.csv"], 2, "missing.csv"),
        (["show", "a@example.org"], 2, "nobody ever subscribed"),
        (["list"], 2, "nobody ever subscribed"),
    ],
)
def test_mistakes(
    desk: Publication, capsys: pytest.CaptureFixture[str], argv: list[str], code: int, words: str
) -> None:
    assert run(desk, *argv) == code
    assert words in told(capsys)[1]


def test_looking_makes_no_database(desk: Publication) -> None:
    run(desk, "list")
    run(desk, "show", "a@example.org")
    run(desk, "export")
    assert not (desk.root / ".feeder/mail.db").exists()


def test_without_lists(publication: Publication, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(publication, "add", "a@example.org") == 2
    assert "[[lists]]" in told(capsys)[1]


def test_without_a_way_to_confirm(publication: Publication, capsys: pytest.CaptureFixture[str]) -> None:
    publication.configure('[[lists]]\nname = "weekly"\n')
    assert run(publication, "add", "a@example.org") == 78
    assert "--confirmed-by" in told(capsys)[1]
    assert run(publication, "add", "a@example.org", "--confirmed-by", "x") == 0


def test_several_lists_need_a_name(desk: Publication, capsys: pytest.CaptureFixture[str]) -> None:
    desk.configure(LISTS + SECOND)
    assert run(desk, "add", "a@example.org", "--confirmed-by", "x") == 2
    assert "weekly, daily" in told(capsys)[1]
    for name in ("weekly", "daily"):
        assert run(desk, "add", "a@example.org", "--confirmed-by", "x", "--list", name) == 0
    assert run(desk, "pause", "a@example.org", "--list", "daily") == 0
    assert told(capsys)[0].endswith("a@example.org: daily paused\n")
    assert run(desk, "remove", "a@example.org") == 0
    assert told(capsys)[0] == "a@example.org: daily unsubscribed\na@example.org: weekly unsubscribed\n"
    assert run(desk, "remove", "a@example.org") == 0
    assert told(capsys)[0] == "a@example.org: daily is ended, as it was\na@example.org: weekly is ended, as it was\n"
    assert run(desk, "list", "--list", "daily", "--state", "active") == 0
    assert told(capsys) == ("", "nobody\n")


def test_pause_resume_forget(desk: Publication, capsys: pytest.CaptureFixture[str]) -> None:
    run(desk, "add", "a@example.org", "--confirmed-by", "x", "--name", "安娜")
    for command, words in (("pause", "paused"), ("resume", "resumed")):
        told(capsys)
        assert run(desk, command, "A@example.org") == 0
        assert told(capsys)[0] == f"A@example.org: weekly {words}\n"
    assert run(desk, "forget", "a@example.org") == 0
    assert told(capsys)[0] == "a@example.org: erased\n"
    assert run(desk, "add", "a@example.org", "--confirmed-by", "x") == 65
    assert "only the person herself" in told(capsys)[1]
    assert run(desk, "pause", "a@example.org") == 65
    assert run(desk, "show", "a@example.org") == 0
    assert told(capsys)[0].splitlines()[1].startswith("suppressed: erasure since ")
    data = b"".join(file.read_bytes() for file in (desk.root / ".feeder").glob("mail.db*"))
    assert "安娜".encode() not in data


def test_show(desk: Publication, capsys: pytest.CaptureFixture[str]) -> None:
    run(
        desk,
        "add",
        "a@example.org",
        "--confirmed-by",
        "名片 2026",
        "--tags",
        "芯片,AI",
        "--hour",
        "20",
        "--name",
        "安娜",
    )
    told(capsys)
    assert run(desk, "show", "A@Example.org") == 0
    lines = told(capsys)[0].splitlines()
    assert lines[0] == "a@example.org  安娜"
    assert lines[1].startswith("weekly: active since ")
    assert lines[1].endswith("; weekly, 20, tags ai, 芯片")
    assert lines[2].endswith("  on record  (how: editor; kept: 名片 2026)")
    assert run(desk, "show", "a@example.org", "--json") == 0
    found = json.loads(told(capsys)[0])
    assert found["version"] == 1
    assert found["subscriptions"][0]["consent"][0]["kept"] == "名片 2026"
    assert found["suppressed"] is None


def test_import_says_what_became_of_the_rows(desk: Publication, capsys: pytest.CaptureFixture[str]) -> None:
    rows = "".join(f"r{number}@example.org,2020-01-01\n" for number in range(1204))
    file = desk.write("old.csv", f"email,confirmed_at\n{rows}p@example.org,\nbad,\n")
    assert run(desk, "import", str(file)) == 3
    out, err = told(capsys)
    assert out == "1,204 active, 1 pending, 1 refused\n"
    assert f"{file}:1207: not a mail address: bad" in err
    assert "feeder subscribers invite" in err
    assert run(desk, "import", str(file)) == 3
    assert told(capsys)[0] == "1,205 as they were, 1 refused\n"
    assert run(desk, "import", str(file), "--update", "--confirmed-by", "paper") == 3
    assert told(capsys)[0] == "1 updated, 1,204 as they were, 1 refused\n"


def test_invite_queues_what_publish_sends(desk: Publication, capsys: pytest.CaptureFixture[str]) -> None:
    file = desk.write("new.csv", "email\na@example.org\nb@example.org\n")
    assert run(desk, "invite", str(file)) == 0
    assert told(capsys)[0] == "2 pending, 2 invited\n"
    assert run(desk, "invite", str(file)) == 0
    assert told(capsys)[0] == "2 as they were, 2 not asked again so soon\n"


def test_publish_sends_the_confirmation_at_once(desk: Publication) -> None:
    desk.entry("one", title="一", date="2026-01-01")
    assert desk.publish().returncode == 0
    assert desk.command("subscribers", "add", "a@example.org").returncode == 0
    known = index.load(str(desk.root))
    assert known is not None
    assert known.due == 0.0
    assert desk.publish().returncode == 0
    (mail,) = [path for path in (desk.root / "mail").rglob("*") if path.is_file()]
    message = message_from_bytes(mail.read_bytes(), policy=policy.default)
    assert message["To"] == "a@example.org"
    assert "https://subscribe.example.org/confirm/" in message.get_body(("plain",)).get_content()


def test_export(desk: Publication, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    run(desk, "add", "a@example.org", "--confirmed-by", "x", "--name", "=1+1")
    told(capsys)
    assert run(desk, "export") == 0
    out = told(capsys)[0]
    assert out.splitlines()[0].startswith("email,name,list,state,")
    assert ",'=1+1," in out
    file = tmp_path / "all.csv"
    assert run(desk, "export", "-o", str(file)) == 0
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
    assert file.read_bytes().startswith(b"\xef\xbb\xbfemail,")
    assert run(desk, "import", str(file)) == 0
    assert told(capsys)[0].endswith("1 as they were\n")


def test_no_secret_and_no_traceback(desk: Publication, capsys: pytest.CaptureFixture[str]) -> None:
    (desk.root / ".feeder").mkdir(exist_ok=True)
    (desk.root / ".feeder/mail.db").write_bytes(b"garbage" * 1000)
    assert run(desk, "list") == 65
    out, err = told(capsys)
    assert "mail.db is damaged and was left as it is" in err
    assert "Traceback" not in out + err
