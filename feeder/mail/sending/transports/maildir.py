"""A Maildir, which mutt, Thunderbird, Dovecot and others read: mail that reaches nobody but you."""

from __future__ import annotations

import os
from pathlib import Path

from feeder.config.settings import Settings
from feeder.mail.sending.transports import Desk, file_name, one_by_one
from feeder.mail.sending.transports.files import make_folders, put
from feeder.mail.values import Message, Outcome


class Maildir:
    """A Maildir; the same message again replaces its file as long as nobody has looked at it."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)
        self._made = False

    def carry(self, desk: Desk) -> None:
        """See ``Transport.carry``."""
        one_by_one(desk, self.send)

    def send(self, message: Message) -> Outcome:
        """Write into ``tmp``, then rename into ``new``; lines end as the system's do, which is what readers expect."""
        if not self._made:
            make_folders(*(os.path.join(self._folder, name) for name in ("tmp", "new", "cur")))
            self._made = True
        name = f"{file_name(message)}.feeder"
        data = message.data.replace(b"\r\n", b"\n")
        put(os.path.join(self._folder, "tmp", name), os.path.join(self._folder, "new", name), data)
        return Outcome(state="sent", reply=f"new/{name}")


def make(settings: Settings, password: str = "") -> Maildir:  # noqa: ARG001  # every transport is made alike
    """The transport that the settings describe."""
    return Maildir(settings.root / settings.mail.path)
