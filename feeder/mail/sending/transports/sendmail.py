"""sendmail(8): the program that Postfix, Exim, OpenSMTPD, msmtp and others bring; one process a message."""

from __future__ import annotations

import os
import subprocess

from feeder.config.settings import Settings
from feeder.mail.sending.transports import Desk, TransportDown, one_by_one
from feeder.mail.values import Message, Outcome

_SECONDS = 300
# sysexits.h
_USAGE, _DATA_ERROR, _NO_INPUT, _NO_USER, _NO_HOST = 64, 65, 66, 67, 68
_NO_PERMISSION, _CONFIG = 77, 78
_STATUS = {_NO_USER: "5.1.1", _NO_HOST: "5.1.2", _DATA_ERROR: "5.6.0", _USAGE: "5.5.4", _NO_INPUT: "5.5.4"}


class Sendmail:
    """A program that takes a message on its standard input.

    Its promise is weaker than a server's 250: when it ends well, the message is in its queue.
    """

    def __init__(self, program: str) -> None:
        self._program = program

    def carry(self, desk: Desk) -> None:
        """See ``Transport.carry``."""
        one_by_one(desk, self.send)

    def send(self, message: Message) -> Outcome:
        """Run it once.

        Raises:
            TransportDown: the program is missing, or may not or cannot send at all.
        """
        command = [self._program, "-i", "-f", message.sender, "--", message.recipient]
        try:
            # In a session of its own: a Ctrl-C at the terminal is for us, and we finish what is under way.
            ended = subprocess.run(  # noqa: S603  # the settings' program, no shell
                command, input=message.data.replace(b"\r\n", b"\n"), stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE, timeout=_SECONDS, check=False, start_new_session=True,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return Outcome(state="uncertain", reply=f"no end after {_SECONDS} seconds")
        except OSError as error:
            raise TransportDown(
                f"{self._program} cannot be run: {error.strerror}", hint="set [mail] sendmail, or another transport"
            ) from error
        return self._outcome(ended.returncode, " ".join(ended.stderr[-500:].decode("utf-8", "replace").split()))

    def _outcome(self, code: int, said: str) -> Outcome:
        if code == 0:
            return Outcome(state="sent", reply=said)
        if code < 0:
            return Outcome(state="uncertain", reply=f"ended by signal {-code} {said}".strip())
        if code in {_NO_PERMISSION, _CONFIG, 126, 127}:
            raise TransportDown(f"{self._program} ended with {code}: {said}", hint="look at its own log")
        if code in _STATUS:
            return Outcome(state="failed", reply=f"exit {code} {said}".strip(), status=_STATUS[code])
        return Outcome(state="deferred", reply=f"exit {code} {said}".strip(), status="4.0.0")


def make(settings: Settings, password: str = "") -> Sendmail:  # noqa: ARG001  # every transport is made alike
    """The transport that the settings describe."""
    return Sendmail(os.path.join(settings.root, settings.mail.sendmail))
