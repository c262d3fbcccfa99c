"""Real servers of the mail world on loopback, each with its own folder and port, started and ended by a test."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

HOST = "127.0.0.1"
_PATH = "/usr/local/sbin:/usr/sbin:/sbin:" + os.environ.get("PATH", "")


def program(name: str) -> str:
    """Where a program is; the test is skipped where it is not installed."""
    found = shutil.which(name, path=_PATH)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port of 127.0.0.1 that nobody has."""
    with socket.socket(socket.AF_INET, kind) as one:
        one.bind((HOST, 0))
        return int(one.getsockname()[1])


def wait_for(ready: Callable[[], bool], what: str, seconds: float = 30) -> None:
    """Wait until it is ready; the test is skipped when it never is."""
    until = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > until:
            pytest.skip(f"{what} did not start on this machine")
        time.sleep(0.05)


def answers(port: int) -> bool:
    """Whether somebody listens on a TCP port of 127.0.0.1."""
    with socket.socket() as one:
        one.settimeout(1)
        return one.connect_ex((HOST, port)) == 0


@contextmanager
def running(
    argv: Sequence[str], log: Path, environment: Mapping[str, str] | None = None, patience: float = 10
) -> Iterator[subprocess.Popen[bytes]]:
    """A server and all its children, for as long as the block lasts; what it says goes into ``log``.

    It has ``patience`` seconds to end by itself.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            env={**os.environ, "PATH": _PATH, **(environment or {})},
        )  # fmt: skip
    try:
        yield process
    finally:
        for sign in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, sign)
                process.wait(patience)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue
        process.wait()


def dns_text(name: str, text: str) -> str:
    """A TXT record as dnsmasq wants it: in strings of at most 255 characters."""
    return f"txt-record={name}," + ",".join([f'"{text[at : at + 250]}"' for at in range(0, len(text), 250)])


@contextmanager
def dns(folder: Path, *records: str) -> Iterator[int]:
    """dnsmasq with these records (lines of its configuration) and no others; gives its port."""
    port = free_port(socket.SOCK_DGRAM)
    lines = [
        "no-resolv", "no-hosts", "bind-interfaces", "user=", "local=/./", "log-facility=-", *records,
        f"listen-address={HOST}", f"port={port}", f"pid-file={folder}/dnsmasq.pid",
    ]  # fmt: skip
    (folder / "dnsmasq.conf").write_text("\n".join(lines) + "\n")
    argv = [program("dnsmasq"), "--keep-in-foreground", f"--conf-file={folder}/dnsmasq.conf"]
    with running(argv, folder / "dnsmasq.log"):
        wait_for(lambda: answers(port), "dnsmasq")
        yield port
