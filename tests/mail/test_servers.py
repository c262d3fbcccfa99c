"""The servers of the tests: one whose port was taken gets another; one that does not start fails the test, with why."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from mail.servers import HOST, NotStartedError, free_port, on_a_free_port, running, wait_until_it_answers


@contextmanager
def web(log: Path, port: int) -> Iterator[int]:
    argv = [sys.executable, "-m", "http.server", "--bind", HOST, "-d", str(log.parent), str(port)]
    with running(argv, log) as process:
        wait_until_it_answers(process, log, port)
        yield port


def test_a_port_that_somebody_has_is_left_to_them(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind((HOST, taken := free_port()))
        ports = [taken]

        with on_a_free_port(lambda port: web(tmp_path / "log", ports.pop() if ports else port)) as port:
            assert port != taken
    assert "Address already in use" in (tmp_path / "log").read_text()


def test_what_does_not_start_fails_and_says_why(tmp_path: Path) -> None:
    @contextmanager
    def start(port: int) -> Iterator[None]:
        argv = [sys.executable, "-c", "raise SystemExit('no such setting')"]
        with running(argv, tmp_path / "log") as process:
            wait_until_it_answers(process, tmp_path / "log", port)
            yield

    with pytest.raises(NotStartedError, match=r"ended with 1:\n.*no such setting"), on_a_free_port(start):
        pass
    assert (tmp_path / "log").read_text().count("no such setting") == 3


def test_a_free_port_is_free_for_both_kinds() -> None:
    port = free_port()
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(type=kind) as one:
            one.bind((HOST, port))
