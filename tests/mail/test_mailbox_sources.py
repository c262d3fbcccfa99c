"""Pipe, Maildir and a real IMAP server: what is dealt with does not come again, what is not stays where it is."""

from __future__ import annotations

import dataclasses
import io
import os
import ssl
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from mail.dovecot import PASSWORD, USER, Dovecot, dovecot
from mail.mailroom import Mailroom, fixture, mailroom
from support import NOW, Publication

from feeder.config.secrets import Secret
from feeder.config.settings import Imap
from feeder.errors import MailboxUnreachable, UsageError
from feeder.mail import schema
from feeder.mail.mailbox import sources
from feeder.mail.mailbox.parsing import LARGEST
from feeder.mail.mailbox.running import Tally, run
from feeder.mail.mailbox.sources import Received

SECRET = Secret(PASSWORD)


@pytest.fixture
def room(publication: Publication) -> Iterator[Mailroom]:
    with mailroom(publication) as opened:
        yield opened


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with dovecot() as running:
        yield running


def go(source: sources.Source, room: Mailroom, *, dry_run: bool = False) -> Tally:
    tally = Tally()
    run(source, room.handling, lambda: NOW + timedelta(hours=1), tally, dry_run=dry_run)
    return tally


def mail_of(room: Mailroom) -> list[bytes]:
    """A bounce, a question for a person, an automatic answer."""
    number = room.person("nobody@example.com")
    room.deliver(number)
    names = ("postfix-user-unknown", "person-question", "vacation-chinese")
    return [room.fill(fixture(name).data, "nobody@example.com", number) for name in names]


def maildir(folder: Path, *messages: bytes) -> Path:
    for name in ("new", "cur", "tmp"):
        (folder / name).mkdir(parents=True)
    for number, message in enumerate(messages):
        (folder / "new" / f"17000000{number:02d}.M1.host").write_bytes(message)
    return folder


def test_a_maildir(room: Mailroom, tmp_path: Path) -> None:
    folder = maildir(tmp_path / "Maildir", *mail_of(room))
    tally = go(sources.Maildir(str(folder)), room)
    assert dict(tally.counts) == {"hard": 1, "left": 1, "ignored": 1}
    assert sorted(file.name for file in (folder / "cur").iterdir()) == [
        "1700000000.M1.host:2,S",
        "1700000002.M1.host:2,S",
    ]
    assert [file.name for file in (folder / "new").iterdir()] == ["1700000001.M1.host"]
    assert dict(go(sources.Maildir(str(folder)), room).counts) == {"left": 1}


def test_a_dry_run_moves_nothing(room: Mailroom, tmp_path: Path) -> None:
    folder = maildir(tmp_path / "Maildir", *mail_of(room))
    assert go(sources.Maildir(str(folder)), room, dry_run=True).counts["hard"] == 1
    assert len(list((folder / "new").iterdir())) == 3
    assert room.rows(schema.bounce) == []


def test_what_cannot_be_read_stays_and_is_named(room: Mailroom, tmp_path: Path) -> None:
    folder = maildir(tmp_path / "Maildir", mail_of(room)[0])
    (folder / "new" / "a-folder").mkdir()
    os.mkfifo(folder / "new" / "a-pipe")
    (folder / "new" / "a-link").symlink_to("/etc/hostname")
    (folder / "new" / "no-name\udcff").write_bytes(b"From: a@example.com\n\n")
    tally = go(sources.Maildir(str(folder)), room)
    assert sorted(os.path.basename(one.name) for one in tally.unreadable) == ["a-folder", "a-link", "a-pipe"]
    assert dict(tally.counts) == {"hard": 1, "left": 1}
    assert stat.S_ISFIFO((folder / "new" / "a-pipe").lstat().st_mode)


def test_two_runs_at_once_find_what_the_other_has_taken(room: Mailroom, tmp_path: Path) -> None:
    folder = maildir(tmp_path / "Maildir", *mail_of(room))
    one = sources.Maildir(str(folder))
    message = next(iter(one.messages()))
    assert isinstance(message, Received)
    go(sources.Maildir(str(folder)), room)
    assert room.handle(message.data).result == "again"
    one.finish(message)


def test_no_maildir(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no Maildir"):
        sources.Maildir(str(tmp_path))


def test_a_pipe_is_read_to_its_end() -> None:
    stream = io.BytesIO(b"x" * (LARGEST + 5_000_000))
    assert len(sources.read_pipe(stream)) == LARGEST
    assert stream.read() == b""


def test_what_is_for_a_person_is_kept_once(tmp_path: Path) -> None:
    kept = {sources.keep(str(tmp_path / "box"), b"From: a@example.com\n\nhello\n") for _ in range(3)}
    assert [Path(path).read_bytes() for path in kept] == [b"From: a@example.com\n\nhello\n"]
    assert [one.data for one in sources.Maildir(str(tmp_path / "box")).messages() if isinstance(one, Received)] == [
        b"From: a@example.com\n\nhello\n"
    ]


@pytest.mark.server
@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
def test_imap(security: str, room: Mailroom, server: Dovecot) -> None:
    folder = f"Box-{security}"
    server.deliver(*mail_of(room), folder=folder)
    settings = Imap(
        host="localhost", port=server.tls_port if security == "tls" else server.port, security=security,  # type: ignore[arg-type]
        user=USER, folder=folder,
    )  # fmt: skip
    with sources.imap(settings, SECRET, server.context) as source:
        assert dict(go(source, room, dry_run=True).counts) == {"hard": 1, "left": 1, "ignored": 1}
    assert server.flags(folder) == ["", "", ""]
    with sources.imap(settings, SECRET, server.context) as source:
        assert dict(go(source, room).counts) == {"hard": 1, "left": 1, "ignored": 1}
    assert server.flags(folder) == ["S", "", "S"]  # what is for a person stays unseen
    with sources.imap(settings, SECRET, server.context) as source:
        assert dict(go(source, room).counts) == {"left": 1}


@pytest.mark.server
def test_a_folder_with_a_chinese_name_and_a_large_message(room: Mailroom, server: Dovecot) -> None:
    large = mail_of(room)[0] + b"x" * 76 * 40_000
    server.deliver(large, folder='&kABP4Q- &- "x"')
    settings = Imap(host="localhost", port=server.port, security="none", user=USER, folder='退信 & "x"')
    with sources.imap(settings, SECRET, server.context) as source:
        assert dict(go(source, room).counts) == {"hard": 1}


@pytest.mark.server
@pytest.mark.parametrize(
    ("change", "password", "said"),
    [
        ({"folder": "nothing"}, SECRET, "cannot open the folder nothing"),
        ({}, Secret("wrong"), "cannot log in"),
        ({}, None, "cannot log in"),
        ({"port": 1}, SECRET, "cannot connect"),
    ],
)
def test_what_is_wrong_with_the_server_is_told(
    change: dict[str, object], password: Secret | None, said: str, server: Dovecot
) -> None:
    usual = Imap(host="localhost", port=server.port, security="none", user=USER)
    settings = dataclasses.replace(usual, **change)  # type: ignore[arg-type]
    with pytest.raises(MailboxUnreachable, match=said) as caught, sources.imap(settings, password):
        pass
    assert PASSWORD not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.server
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_stranger_certificate_is_refused(security: str, server: Dovecot) -> None:
    port = server.tls_port if security == "tls" else server.port
    settings = Imap(host="localhost", port=port, security=security, user=USER)  # type: ignore[arg-type]
    with (
        pytest.raises(MailboxUnreachable, match="certificate"),
        sources.imap(settings, SECRET, ssl.create_default_context()),
    ):
        pass


def test_imap_without_a_server_is_a_mistake_of_the_call() -> None:
    with pytest.raises(UsageError, match="no IMAP server"), sources.imap(Imap(), None):
        pass
