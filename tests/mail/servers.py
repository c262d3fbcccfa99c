"""Real servers of the mail world on loopback, each with its own folder and port, started and ended by a test."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

HOST = "127.0.0.1"
Made = TypeVar("Made")
_PATH = "/usr/local/sbin:/usr/sbin:/sbin:" + os.environ.get("PATH", "")


def program(name: str) -> str:
    """Where a program is; the test is skipped where it is not installed."""
    found = shutil.which(name, path=_PATH)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def free_port() -> int:
    """A port of 127.0.0.1 that nobody has, neither for TCP nor for UDP.

    It is none of those that systems give to whoever asks for any port, so that nobody is given it in the meantime.
    """
    for port in random.sample(range(20_000, 32_000), 1000):
        with socket.socket() as stream, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
            try:
                stream.bind((HOST, port))
                datagrams.bind((HOST, port))
            except OSError:
                continue
            return port
    raise AssertionError("no port of 127.0.0.1 is free")


def wait_for(ready: Callable[[], bool], what: str, seconds: float = 120) -> None:
    """Wait until it is so; the test fails when it never is."""
    until = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < until, f"{what}: not within {seconds:g} s"
        time.sleep(0.05)


class NotStartedError(AssertionError):
    """A program that is installed ended at once, or never answered; what it said stands in the message."""


def wait_until_it_answers(process: subprocess.Popen[bytes], log: Path, *ports: int, seconds: float = 120) -> None:
    """Wait for a server that was just started; ``NotStartedError`` when it ends, or does not answer at all ports."""
    until = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < until:
        # Whether it lives is asked once more: where it could not have the port, somebody else answers there.
        if all(answers(port) for port in ports) and process.poll() is None:
            return
        time.sleep(0.05)
    how = "never answered" if process.returncode is None else f"ended with {process.returncode}"
    raise NotStartedError(f"{process.args!r} {how}:\n{log.read_text('utf-8', 'replace')[-4000:]}")


@contextmanager
def on_a_free_port(start: Callable[[int], AbstractContextManager[Made]]) -> Iterator[Made]:
    """What ``start`` makes with a port: a server that runs as long as the block. One that does not start is started
    again on other ports; ``NotStartedError`` when it starts on none."""
    with ExitStack() as stack:
        for attempt in range(3):
            try:
                made = stack.enter_context(start(free_port()))
                break
            except NotStartedError:
                if attempt == 2:
                    raise
        yield made


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


def dns(folder: Path, *records: str) -> AbstractContextManager[int]:
    """dnsmasq with these records (lines of its configuration) and no others; gives its port."""
    return on_a_free_port(lambda port: _dns(folder, records, port))


@contextmanager
def _dns(folder: Path, records: Sequence[str], port: int) -> Iterator[int]:
    lines = [
        "no-resolv", "no-hosts", "bind-interfaces", "user=", "local=/./", "log-facility=-", *records,
        f"listen-address={HOST}", f"port={port}", f"pid-file={folder}/dnsmasq.pid",
    ]  # fmt: skip
    (folder / "dnsmasq.conf").write_text("\n".join(lines) + "\n")
    argv, log = (
        [program("dnsmasq"), "--keep-in-foreground", f"--conf-file={folder}/dnsmasq.conf"],
        folder / "dnsmasq.log",
    )
    with running(argv, log) as process:
        wait_until_it_answers(process, log, port)
        yield port
