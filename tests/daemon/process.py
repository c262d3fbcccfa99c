"""`feeder run` as a process of its own, and waiting for what it does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mail.newsdesk import MAIL, Newsdesk
from support import Publication

from feeder.mail.database import open_mail
from feeder.mail.subscribers import Subscribers

PATIENCE = 60.0
"""Seconds after which something will not happen any more."""


def eventually(true: Callable[[], Any], what: str = "") -> Any:
    """Wait until it is so, and give what it gave."""
    end = time.monotonic() + PATIENCE
    while not (found := true()):
        assert time.monotonic() < end, f"it never came: {what or true}"
        time.sleep(0.01)
    return found


class Daemon:
    """A running `feeder run`."""

    def __init__(self, publication: Publication, *argv: str, env: Mapping[str, str] | None = None) -> None:
        self.root = publication.root
        self.log = self.root.parent / f"{self.root.name}.log"
        self.errors = self.root.parent / f"{self.root.name}.errors"
        if env and "LOG" in env:
            self.log = self.errors = Path(env["LOG"])
        arguments = argv or ("--no-web",)
        with self.log.open("ab") as out, self.errors.open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "feeder", "run", *arguments], cwd=self.root,
                env=publication.environment(env), stdin=subprocess.DEVNULL, stdout=out, stderr=errors,
                start_new_session=True,
            )  # fmt: skip

    def up(self) -> Daemon:
        """Its threads are at work."""
        eventually(lambda: self.state().get("pid") == self.process.pid and self.state().get("watching"), self.told())
        return self

    def state(self) -> dict[str, Any]:
        """What it leaves for `feeder status`."""
        try:
            found: dict[str, Any] = json.loads((self.root / ".feeder/daemon.json").read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return found

    def troubles(self) -> set[str]:
        return {one["where"] for one in self.state().get("troubles", ())}

    def said(self) -> str:
        return self.log.read_text("utf-8")

    def warned(self) -> list[str]:
        return self.errors.read_text("utf-8").splitlines()

    def told(self) -> str:
        return self.said() + self.errors.read_text("utf-8")

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Signal it, and wait."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        """It and its children, whatever they do."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(PATIENCE)


@contextmanager
def daemon(publication: Publication, *argv: str, env: Mapping[str, str] | None = None) -> Iterator[Daemon]:
    """One that is at work, for as long as the block lasts."""
    made = Daemon(publication, *argv, env=env)
    try:
        yield made.up()
    finally:
        made.kill()


def feed(root: Path) -> list[str]:
    """The titles in the feed, the newest first."""
    try:
        return [item["title"] for item in json.loads((root / "out/feed.json").read_text("utf-8"))["items"]]
    except OSError:
        return []


def with_digest_due(root: Path, port: int, many: int, extra: str = "") -> Newsdesk:
    """A publication with so many readers of a daily list whose digest is due; it goes to a server on loopback."""
    desk = Newsdesk(root)
    smtp = f'[mail.smtp]\nhost = "127.0.0.1"\nport = {port}\nconnections = 4\n'
    lines = MAIL.replace('transport = "maildir"', 'transport = "smtp"').replace('"weekly"\nallowed', '"daily"\nallowed')
    desk.begin(lines=lines.replace("[web]\n", smtp + "[web]\n") + extra)
    before = datetime.now(UTC) - timedelta(days=2)
    desk.entry("a", title="A", date=f"{before - timedelta(days=2):%Y-%m-%d}")
    settings = desk.settings
    with open_mail(settings, before) as database, database.begin() as connection:
        register = Subscribers(settings, database.secrets())
        for number in range(1, many + 1):
            register.add(connection, settings.lists[0], f"u{number}@example.net", before, kept="a test")
    desk.run_cut_only(before)
    return desk
