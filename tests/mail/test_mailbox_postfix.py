"""A real Postfix hands on our messages, is refused in the words of real servers, and what it returns is understood."""

from __future__ import annotations

import os
import pwd
import shutil
import smtplib
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from mail import sink
from mail.mailroom import Mailroom, mailroom
from mail.servers import HOST, on_a_free_port, program, running, wait_for, wait_until_it_answers
from support import Publication

from feeder.mail import schema
from feeder.mail.mailbox.running import Tally, run
from feeder.mail.mailbox.sources import Maildir

MASTER = """\
{port} inet n - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
smtp unix - - n - - smtp
virtual unix - n n - - virtual
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
"""


class Refused(NamedTuple):
    """How the server of an address refuses it, and what that means."""

    address: str
    reply: str
    result: str
    suppressed: bool = False


REFUSALS = [
    Refused(
        "nobody@example.com", "550 5.1.1 <nobody@example.com>: Recipient address rejected: User unknown", "hard", True
    ),
    Refused("nobody@qq.com", "550 Mailbox not found. http://service.mail.qq.com/cgi-bin/help?no=1000728", "hard"),
    Refused(
        "reader@qq.com", "550 Domain frequency limited. http://service.mail.qq.com/cgi-bin/help?no=1000725", "policy"
    ),
    Refused("reader@163.com", "554 DT:SPM 163 mx1 http://mail.163.com/help/help_spam_16.htm?ip=192.0.2.10", "policy"),
    Refused(
        "reader@hotmail.com", "550 5.7.515 Access denied, sending domain does not meet the required level", "policy"
    ),
    Refused("full@gmail.com", "552 5.2.2 The recipient's inbox is out of storage space", "soft"),
    Refused("chinese@corp.example.cn", "550 用户不存在", "hard"),
]


def postfix(relay: int) -> AbstractContextManager[tuple[int, Path]]:
    """A Postfix of its own that hands everything to a server, and what comes back into a Maildir; port and Maildir."""
    return on_a_free_port(lambda port: _postfix(relay, port))


@contextmanager
def _postfix(relay: int, port: int) -> Iterator[tuple[int, Path]]:
    start = program("postfix")
    if os.geteuid() != 0:
        pytest.skip("Postfix is started by root only")
    try:
        owner, nobody = pwd.getpwnam("postfix"), pwd.getpwnam("nobody")
    except KeyError:
        pytest.skip("Postfix has no user on this machine")
    folder = Path(tempfile.mkdtemp(prefix="feeder-postfix-"))
    try:
        folder.chmod(0o755)
        for name in ("etc", "queue", "data", "mail"):
            (folder / name).mkdir()
        os.chown(folder / "data", owner.pw_uid, owner.pw_gid)
        os.chown(folder / "mail", nobody.pw_uid, nobody.pw_gid)
        folder.joinpath("etc/master.cf").write_text(MASTER.format(port=f"{HOST}:{port}"))
        folder.joinpath("etc/main.cf").write_text("\n".join([
            "compatibility_level = 3.6", f"queue_directory = {folder}/queue", f"data_directory = {folder}/data",
            "myhostname = mail.example.org", "mydestination =", "inet_interfaces = loopback-only",
            "inet_protocols = ipv4", "mynetworks = 127.0.0.0/8", f"maillog_file = {folder}/log",
            f"maillog_file_prefixes = {folder}", "virtual_mailbox_domains = example.org", "recipient_delimiter = +",
            f"virtual_mailbox_base = {folder}/mail", "virtual_mailbox_maps = static:returned/",
            f"virtual_uid_maps = static:{nobody.pw_uid}", f"virtual_gid_maps = static:{nobody.pw_gid}",
            "smtpd_recipient_restrictions = permit_mynetworks, reject", "smtp_dns_support_level = disabled",
            f"relayhost = [{HOST}]:{relay}", "smtp_tls_security_level = none",
        ]) + "\n")  # fmt: skip
        with running([start, "-c", f"{folder}/etc", "start-fg"], folder / "start.log") as process:
            try:
                wait_until_it_answers(process, folder / "start.log", port)
                yield port, folder / "mail/returned"
            finally:
                subprocess.run([start, "-c", f"{folder}/etc", "stop"], capture_output=True, check=False, timeout=60)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def hand_over(room: Mailroom, port: int, address: str) -> None:
    """A digest to a new subscriber, taken by Postfix."""
    number = room.person(address)
    room.deliver(number, at=datetime.now(UTC))
    message = (
        f"From: news@example.org\r\nTo: {address}\r\nSubject: weekly\r\nMessage-ID: {room.message_id(1, number)}\r\n"
        "List-Id: <weekly.news.example.org>\r\n\r\nspam, quota exceeded, user unknown\r\n"
    )
    with smtplib.SMTP(HOST, port, timeout=60) as client:
        client.sendmail(room.verp(1, number), [address], message)


@pytest.mark.server
def test_what_a_server_returns_is_understood(publication: Publication, tmp_path: Path) -> None:
    manners = sink.Manners(at_rcpt={f"{one.address}": one.reply for one in REFUSALS})
    with (
        sink.running(tmp_path, manners) as relay,
        postfix(relay.port) as (port, returned),
        mailroom(publication) as room,
    ):
        for one in REFUSALS:
            hand_over(room, port, one.address)
        hand_over(room, port, "reader@example.com")
        new = returned / "new"
        wait_for(lambda: new.is_dir() and len(list(new.iterdir())) == len(REFUSALS), "delivery of what was returned")
        tally = Tally()
        run(Maildir(str(returned)), room.handling, lambda: datetime.now(UTC), tally)
        results = {row.subscriber: row.kind for row in room.rows(schema.bounce)}
        assert results == {number: one.result for number, one in enumerate(REFUSALS, 1)}
        assert {one.address for one in REFUSALS if room.suppressed(one.address)} == {
            one.address for one in REFUSALS if one.suppressed
        }
        states = {row.subscriber: row.state for row in room.rows(schema.delivery)}
        assert states == dict.fromkeys(results, "failed") | {len(REFUSALS) + 1: "sent"}
        assert list(new.iterdir()) == []
