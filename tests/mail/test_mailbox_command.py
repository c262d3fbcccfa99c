"""``feeder mailbox`` as a program: what it says, what it tells a mail server, and that a kill counts nothing twice."""

from __future__ import annotations

import json
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from mail.dovecot import PASSWORD, USER, dovecot
from mail.mailroom import LISTS, Mailroom, fixture, mailroom
from support import CHECKOUT, Publication, soak

from feeder.cli.mailbox import KINDS
from feeder.dates import to_micros
from feeder.mail import schema


@pytest.fixture
def letters(publication: Publication) -> Iterator[list[bytes]]:
    """A bounce, a question for a person, an automatic answer, of a subscriber that the database knows."""
    with mailroom(publication) as room:
        number = room.person("nobody@example.com")
        room.deliver(number, at=datetime.now(UTC))
        names = ("postfix-user-unknown", "person-question", "vacation-chinese")
        yield [room.fill(fixture(name).data, "nobody@example.com", number) for name in names]


def pipe(
    publication: Publication, data: bytes, *argv: str, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "feeder", "mailbox", "-", *argv], cwd=publication.root, input=data, capture_output=True,
        env=publication.environment(env), timeout=120,
    )  # fmt: skip


def maildir(folder: Path, messages: list[bytes]) -> Path:
    for name in ("new", "cur", "tmp"):
        (folder / name).mkdir(parents=True)
    for number, message in enumerate(messages):
        (folder / "new" / f"1700000000.M{number:04d}.host").write_bytes(message)
    return folder


def test_a_maildir_is_told_in_a_few_lines(publication: Publication, letters: list[bytes], tmp_path: Path) -> None:
    folder = maildir(tmp_path / "box", letters)
    dry = publication.command("mailbox", "--maildir", str(folder), "--dry-run")
    done = publication.command("mailbox", "--maildir", str(folder))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == dry.stdout == (
        "3 read: 1 no such user, 1 ignored, 1 left for you; 1 suppressed\n"
        f"  left for you: {folder}/new/1700000000.M0001.host: Re: weekly\n"
    )  # fmt: skip
    again = publication.command("mailbox", "--maildir", str(folder))
    assert again.stdout.startswith("1 read: 1 left for you\n")


def test_json(publication: Publication, letters: list[bytes], tmp_path: Path) -> None:
    folder = maildir(tmp_path / "box", letters)
    (folder / "new" / "folder").mkdir()
    told = json.loads(publication.command("mailbox", "--maildir", str(folder), "--json").stdout)
    assert told["version"] == 1
    assert {kind: told[kind] for kind in KINDS if told[kind]} == {"hard": 1, "ignored": 1, "left": 1}
    assert (told["read"], told["suppressed"]) == (3, 1)
    assert [one["result"] for one in told["messages"]] == ["hard", "left"]
    assert told["unreadable"] == [{"name": f"{folder}/new/folder", "why": "Is a directory"}]
    described = (CHECKOUT / "docs/reference/mailbox.md").read_text("utf-8")
    assert set(told) <= set(re.findall(r"^\| `(\w+)` \|", described, flags=re.MULTILINE))


def test_an_empty_mailbox(publication: Publication, letters: list[bytes], tmp_path: Path) -> None:
    assert publication.command("mailbox", "--maildir", str(maildir(tmp_path / "box", []))).stdout == "no mail\n"


def test_a_pipe_says_nothing_and_ends_with_0(publication: Publication, letters: list[bytes]) -> None:
    for letter in [letters[0], letters[0], letters[2]]:
        done = pipe(publication, letter)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    with mailroom(publication) as room:
        assert len(room.rows(schema.bounce)) == 1


def test_a_pipe_keeps_what_is_for_a_person(publication: Publication, letters: list[bytes]) -> None:
    for _ in range(2):
        assert pipe(publication, letters[1]).returncode == 0
    kept = list((publication.root / ".feeder/mailbox/new").iterdir())
    assert [file.read_bytes() for file in kept] == [letters[1]]


@pytest.mark.parametrize("by", ["option", "environment"])
def test_a_pipe_is_told_the_recipient(publication: Publication, letters: list[bytes], by: str) -> None:
    with mailroom(publication) as room:
        path = room.verp(1, room.person("nobody@example.com"))
    data = b"From: MAILER-DAEMON@x.example\nSubject: failure notice\n\n<nobody@example.com>:\n550 5.1.1 unknown user\n"
    done = pipe(
        publication,
        data,
        *(["--recipient", path] if by == "option" else []),
        "--json",
        env={"ORIGINAL_RECIPIENT": path} if by == "environment" else None,
    )
    assert json.loads(done.stdout)["hard"] == 1


@pytest.mark.parametrize("trouble", ["settings", "no lists", "database", "no publication"])
def test_whatever_is_wrong_here_a_mail_server_tries_again(
    publication: Publication, letters: list[bytes], trouble: str
) -> None:
    if trouble == "settings":
        publication.write("feeder.toml", "[site\n")
    elif trouble == "no lists":
        publication.configure()
    elif trouble == "database":
        publication.write(".feeder/mail.db", b"this is no database" * 100)
    else:
        (publication.root / "feeder.toml").unlink()
    done = pipe(publication, letters[0])
    assert (done.returncode, done.stdout) == (75, b"")
    assert done.stderr.startswith((b"feeder", b"feeder.toml"))


def test_mistakes_of_the_call(publication: Publication, letters: list[bytes], tmp_path: Path) -> None:
    both = publication.command("mailbox", "--imap", "--maildir", str(tmp_path))
    assert (both.returncode, "different mailboxes" in both.stderr) == (2, True)
    neither = publication.command("mailbox")
    assert (neither.returncode, "there is no IMAP server" in neither.stderr) == (2, True)
    publication.configure()
    assert publication.command("mailbox", "--maildir", str(tmp_path)).returncode == 2


@pytest.mark.server
def test_imap_with_the_password_from_a_file(publication: Publication, letters: list[bytes], tmp_path: Path) -> None:
    with dovecot() as server:
        server.deliver(*letters)
        (tmp_path / "password").write_text(PASSWORD + "\n", encoding="utf-8")
        publication.configure(
            LISTS.replace(
                "[[lists]]", f'[mail.imap]\nhost = "localhost"\nport = {server.tls_port}\nuser = "{USER}"\n[[lists]]'
            )
        )
        env = {"FEEDER_IMAP_PASSWORD_FILE": str(tmp_path / "password"), "SSL_CERT_FILE": str(server.certificate)}
        done = publication.command("mailbox", env=env)
        assert done.stdout.startswith("3 read: 1 no such user, 1 ignored, 1 left for you; 1 suppressed\n"), done.stderr
        assert server.flags() == ["S", "", "S"]
        refused = publication.command("mailbox", "--imap", env={**env, "FEEDER_IMAP_PASSWORD": "wrong"})
        assert (refused.returncode, "cannot log in" in refused.stderr) == (69, True)
        assert "Traceback" not in refused.stderr


def test_a_kill_at_any_instant_counts_nothing_twice_and_loses_nothing(publication: Publication, tmp_path: Path) -> None:
    rolls = random.Random(20261122)
    many = soak(30, 300)
    now = time.time_ns() // 1000
    messages = []
    with mailroom(publication) as room:
        for one in range(many):
            number = room.person(f"full{one}@example.com")
            room.deliver(number)
            case = fixture("exim-old-full")
            data = case.data.replace(b"full@example.com", b"full%d@example.com" % one)
            messages.append(room.fill(data, f"full{one}@example.com", number))
        with room.database.begin() as connection:
            connection.execute(schema.delivery.update().values(updated_at=now))
    folder = maildir(tmp_path / "box", messages)
    argv = [sys.executable, "-m", "feeder", "mailbox", "--maildir", str(folder)]
    for _ in range(soak(6, 60)):
        process = subprocess.Popen(argv, cwd=publication.root, env=publication.environment(), stdout=subprocess.DEVNULL)
        left = len(list((folder / "new").iterdir()))
        _wait_until_some_are_done(process, folder, left - rolls.randrange(1, 5))
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert publication.command("mailbox", "--maildir", str(folder)).returncode == 0
    with mailroom(publication) as room:
        _all_counted_once(room, many)
    assert len(list((folder / "cur").iterdir())) == many
    assert list((folder / "new").iterdir()) == []


def _wait_until_some_are_done(process: subprocess.Popen[bytes], folder: Path, most: int) -> None:
    while process.poll() is None and len(list((folder / "new").iterdir())) > most:
        time.sleep(0.001)


def _all_counted_once(room: Mailroom, many: int) -> None:
    assert sorted(row.subscriber for row in room.rows(schema.bounce)) == list(range(1, many + 1))
    assert {row.state for row in room.rows(schema.delivery)} == {"failed"}
    assert len(room.rows(schema.seen_mail)) == many


def test_instants_are_those_of_the_clock(publication: Publication, letters: list[bytes]) -> None:
    pipe(publication, letters[0])
    with mailroom(publication) as room:
        age = to_micros(datetime.now(UTC)) - room.rows(schema.seen_mail)[0].at
        assert 0 <= age < 600_000_000
