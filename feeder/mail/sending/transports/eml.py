"""One ``.eml`` file a message, as mail programs open them."""

from __future__ import annotations

import os
from pathlib import Path

from feeder.config.settings import Settings
from feeder.mail.sending.transports import Desk, file_name, one_by_one
from feeder.mail.sending.transports.files import put
from feeder.mail.values import Message, Outcome


class Eml:
    """Files ``FOLDER/DIGEST.SUBSCRIBER.….eml``; the same message again replaces its file."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)

    def carry(self, desk: Desk) -> None:
        """See ``Transport.carry``."""
        one_by_one(desk, self.send)

    def send(self, message: Message) -> Outcome:
        """Write the file, and be sure that it is on the disk."""
        name = f"{file_name(message)}.eml"
        put(os.path.join(self._folder, f".{name}.tmp"), os.path.join(self._folder, name), message.data)
        return Outcome(state="sent", reply=name)


def make(settings: Settings, password: str = "") -> Eml:  # noqa: ARG001  # every transport is made alike
    """The transport that the settings describe."""
    return Eml(settings.root / settings.mail.path)
