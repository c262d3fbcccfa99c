"""Maildir, eml and sendmail."""

from __future__ import annotations

import mailbox
from email import message_from_bytes
from pathlib import Path

import pytest

from feeder.config.settings import Settings
from feeder.errors import CannotCreate
from feeder.mail.sending import transports
from feeder.mail.sending.transports import TransportDown, file_name
from feeder.mail.sending.transports.dialogue import stuffed
from feeder.mail.sending.transports.eml import Eml
from feeder.mail.sending.transports.maildir import Maildir
from feeder.mail.sending.transports.sendmail import Sendmail
from feeder.mail.values import Message
from tests.mail.postroom import postroom, settings_of

MESSAGE = Message(
    sender="bounce@example.org", recipient="a@example.net", message_id="<1.2.abc@example.org>",
    data=b"Subject: x\r\nMessage-ID: <1.2.abc@example.org>\r\n\r\n.\r\nbody\r\n",
)  # fmt: skip


def rehearse(settings: Settings, count: int) -> None:
    with postroom(settings, count) as room:
        room.cut(transport=settings.mail.transport)
        assert room.send().sent == count
        room.raw.execute("UPDATE delivery SET state = 'sending'")
        assert room.send().sent == count


def test_maildir(tmp_path: Path) -> None:
    """Mail readers read it, and what is sent again takes the place of the first copy."""
    rehearse(settings_of(tmp_path, transport="maildir"), 5)
    box = mailbox.Maildir(tmp_path / "mail", create=False)
    assert len(box) == 5
    assert {message["To"] for message in box} == {f"u{number}@example.net" for number in range(1, 6)}
    assert list((tmp_path / "mail/tmp").iterdir()) == []


def test_eml(tmp_path: Path) -> None:
    rehearse(settings_of(tmp_path, transport="eml"), 5)
    files = sorted((tmp_path / "mail").iterdir())
    assert len(files) == 5
    assert all(file.suffix == ".eml" for file in files)
    assert message_from_bytes(files[0].read_bytes())["From"]


@pytest.mark.parametrize("name", ["<../../x@y>", "<a/b@y>", "<\n@y>", "<.@y>"])
def test_names_stay_in_their_folder(name: str) -> None:
    message = Message(sender="", recipient="", message_id=name, data=b"")
    assert "/" not in file_name(message)
    assert "\n" not in file_name(message)


@pytest.mark.parametrize("transport", [Maildir, Eml])
def test_where_nothing_can_be_written(tmp_path: Path, transport: type[Maildir | Eml]) -> None:
    (tmp_path / "mail").write_text("a file")
    with pytest.raises(CannotCreate, match="mail"):
        transport(tmp_path / "mail").send(MESSAGE)


def program(folder: Path, code: int, said: str = "") -> Sendmail:
    file = folder / "sendmail"
    file.write_text(
        f'#!/bin/sh\necho "$@" > "{folder}/arguments"\ncat > "{folder}/data"\necho "{said}" >&2\nexit {code}\n'
    )
    file.chmod(0o755)
    return Sendmail(str(file))


def test_sendmail_is_given_the_message(tmp_path: Path) -> None:
    assert program(tmp_path, 0).send(MESSAGE).state == "sent"
    assert (tmp_path / "arguments").read_text() == "-i -f bounce@example.org -- a@example.net\n"
    assert (tmp_path / "data").read_bytes() == MESSAGE.data.replace(b"\r\n", b"\n")


@pytest.mark.parametrize(
    ("code", "state", "status"),
    [(75, "deferred", "4.0.0"), (71, "deferred", "4.0.0"), (67, "failed", "5.1.1"), (68, "failed", "5.1.2"),
     (65, "failed", "5.6.0"), (1, "deferred", "4.0.0")],
)  # fmt: skip
def test_how_sendmail_ended(tmp_path: Path, code: int, state: str, status: str) -> None:
    outcome = program(tmp_path, code, "what happened").send(MESSAGE)
    assert (outcome.state, outcome.status) == (state, status)
    assert "what happened" in outcome.reply


@pytest.mark.parametrize("code", [77, 78, 127])
def test_sendmail_that_cannot_work_at_all(tmp_path: Path, code: int) -> None:
    with pytest.raises(TransportDown):
        program(tmp_path, code).send(MESSAGE)


def test_sendmail_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(TransportDown, match="cannot be run"):
        Sendmail(str(tmp_path / "nowhere")).send(MESSAGE)


def test_sendmail_that_was_killed(tmp_path: Path) -> None:
    file = tmp_path / "sendmail"
    file.write_text("#!/bin/sh\nkill -9 $$\n")
    file.chmod(0o755)
    assert Sendmail(str(file)).send(MESSAGE).state == "uncertain"


@pytest.mark.parametrize("name", ["maildir", "smtp", "eml", "sendmail"])
def test_the_table(tmp_path: Path, name: str) -> None:
    assert transports.make(settings_of(tmp_path, 25, transport=name), "hunter2")


def test_no_password_in_sight(tmp_path: Path) -> None:
    assert "hunter2" not in repr(transports.make(settings_of(tmp_path, 25, transport="smtp"), "hunter2"))


@pytest.mark.parametrize(
    ("given", "said"),
    [(b"a\r\n", b"a\r\n"), (b"a", b"a\r\n"), (b".", b"..\r\n"),
     (b"a\r\n.\r\nb\r\n..c\r\n", b"a\r\n..\r\nb\r\n...c\r\n"),
     (b"a\n.\r\nMAIL FROM:<x>\r\n", b"a\n..\r\nMAIL FROM:<x>\r\n")],
)  # fmt: skip
def test_dots(given: bytes, said: bytes) -> None:
    assert stuffed(given) == said
