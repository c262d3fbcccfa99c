"""A publication with lists and subscribers, whose runs cut and send: mail lands in its Maildir."""

from __future__ import annotations

import email
import email.policy
import shutil
import subprocess
import sys
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

from mail.postroom import FakeClock
from support import Publication

from feeder import pipeline
from feeder.config.secrets import Secrets
from feeder.mail import lists
from feeder.mail.database import open_mail
from feeder.mail.subscribers import Subscribers
from feeder.pipeline import Options, Post, Report

MAIL = """\
[mail]
from = "新闻编辑部 <news@example.org>"
postal_address = "某市某路 1 号"
transport = "maildir"
[web]
url = "https://subscribe.example.org/"
[[lists]]
name = "weekly"
title = "每周新闻"
frequency = "weekly"
allowed = ["daily", "instant"]
hour = 8
weekday = "monday"
"""


class Newsdesk(Publication):
    """Publishes at given instants, with mail."""

    def begin(self, extra: str = "", lines: str = MAIL) -> None:
        self.configure(lines + extra)

    def subscribe(self, address: str, now: datetime, name: str = "weekly") -> None:
        settings = self.settings
        with open_mail(settings, now, afresh=True) as database, database.begin() as connection:
            made = Subscribers(settings, database.secrets())
            made.add(connection, lists.find(settings, name), address, now, kept="a test")

    def mailed(self, now: datetime, *, at_once: str = "", mail: bool = True) -> Report:
        """``publish`` at an instant, sending what is due."""
        post = Post(FakeClock(now), Secrets({}))
        return pipeline.publish(self.settings, now, Options(mail=mail, post=post, at_once=at_once))

    def run_cut_only(self, now: datetime) -> Report:
        """``publish`` killed before it sent anything, as it were."""
        return pipeline.publish(self.settings, now, Options(mail=True, post=None))

    def command_of(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """A Python of its own, as ``Publication.command``."""
        return subprocess.run(
            [sys.executable, *argv], cwd=self.root, env=self.environment(), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, encoding="utf-8", timeout=300,
        )  # fmt: skip

    def letters(self) -> list[EmailMessage]:
        """What was delivered, by the order of addresses and dates."""
        found = [read(path) for path in sorted((self.root / "mail").rglob("*")) if path.is_file()]
        return sorted(found, key=lambda one: (str(one["To"]), str(one["Date"]), str(one["Message-ID"])))

    def received(self) -> dict[str, list[str]]:
        """Address -> subjects, oldest first."""
        found: dict[str, list[str]] = {}
        for letter in self.letters():
            found.setdefault(str(letter["To"]), []).append(str(letter["Subject"]))
        return found

    def copy(self, root: Path) -> Newsdesk:
        shutil.copytree(self.root, root, symlinks=True)
        return Newsdesk(root)


def read(path: Path) -> EmailMessage:
    with path.open("rb") as file:
        return email.message_from_binary_file(file, policy=email.policy.default)  # type: ignore[arg-type]


def text_of(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content())
