"""What systemd is told, by the protocol of sd_notify(3): one datagram, NAME=VALUE a line."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress


class Notifier:
    """Tells the service manager how things stand; where there is none, nobody."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """``environ``: NOTIFY_SOCKET (an ``@`` at its beginning: an abstract name), WATCHDOG_USEC, WATCHDOG_PID."""
        name = environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + name[1:] if name.startswith("@") else name if name.startswith("/") else ""
        self.every = _interval(environ) if self._address else None
        """Seconds between two signs of life; None: nobody waits for one."""

    def ready(self) -> None:
        """It has started, or read its settings anew."""
        self._send("READY=1")

    def reloading(self) -> None:
        """It reads its settings anew; ``ready`` ends that."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """It finishes what is under way."""
        self._send("STOPPING=1", "STATUS=finishing what is under way")

    def status(self, words: str) -> None:
        """One line for ``systemctl status``."""
        self._send(f"STATUS={' '.join(words.split())}")

    def alive(self) -> None:
        """A sign of life."""
        self._send("WATCHDOG=1")

    def patience(self, seconds: float) -> None:
        """Starting or stopping takes so much longer."""
        self._send(f"EXTEND_TIMEOUT_USEC={int(seconds * 1_000_000)}")

    def _send(self, *lines: str) -> None:
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
            out.setblocking(False)
            out.sendto("\n".join(lines).encode(errors="replace"), self._address)


def _interval(environ: Mapping[str, str]) -> float | None:
    """Half of what systemd allows, as sd_watchdog_enabled(3) advises; None where another process is meant."""
    usec, pid = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
    if not usec.isdigit() or int(usec) == 0 or (pid and pid != str(os.getpid())):
        return None
    return int(usec) / 2_000_000
