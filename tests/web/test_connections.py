"""Connections that only hold a place."""

from __future__ import annotations

import http.client
import os
import re
import resource
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from feeder.web import connections
from feeder.web import serving as serving_room
from feeder.web.serving import PortTaken, Serving


async def _hello(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("hello")(scope, receive, send)


@pytest.fixture
def serving(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serving]:
    monkeypatch.setattr(connections, "PATIENCE", 0.2)
    served = Serving(_hello, "127.0.0.1", 0)
    served.start()
    yield served
    served.stop()


_HALF = b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: "


@pytest.mark.parametrize("begun", [b"", _HALF], ids=["silent", "half a head"])
def test_a_request_that_does_not_come_is_not_waited_for(serving: Serving, begun: bytes) -> None:
    with socket.create_connection(("127.0.0.1", serving.port), timeout=20) as connection:
        connection.sendall(begun)
        assert connection.recv(1) == b""


def test_a_second_head_is_not_waited_for_either(serving: Serving) -> None:
    with socket.create_connection(("127.0.0.1", serving.port), timeout=20) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHos")
        answered = b""
        while more := connection.recv(1000):
            answered += more
    assert answered.count(b"hello") == 1


def test_requests_one_after_the_other_share_a_connection(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "PATIENCE", 20.0)  # with those that follow each other as fast as they can
    with closing(http.client.HTTPConnection("127.0.0.1", serving.port, timeout=20)) as connection:
        for _ in range(3):
            connection.request("GET", "/")
            assert connection.getresponse().read() == b"hello"


async def _large(scope: Scope, receive: Receive, send: Send) -> None:
    head = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % (64 << 20))]}
    await send(head)
    for number in range(64):
        await send({"type": "http.response.body", "body": bytes(1 << 20), "more_body": number < 63})


@pytest.fixture
def download(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A connection with a small window, on which a large answer was asked for."""
    monkeypatch.setattr(connections, "PATIENCE", 1.0)
    served = Serving(_large, "127.0.0.1", 0)
    served.start()
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(20)
        connection.connect(("127.0.0.1", served.port))
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        yield connection
    served.stop()


def test_whoever_takes_nothing_of_an_answer_holds_no_place(download: socket.socket) -> None:
    ended = select.poll()
    ended.register(download, select.POLLERR | select.POLLHUP)
    assert ended.poll(20_000), "it waits for a reader who does not read"


def test_whoever_takes_an_answer_slowly_gets_all_of_it(download: socket.socket) -> None:
    waiting, taken = threading.Event(), 0
    for _ in range(16):  # longer than whoever takes nothing may stay, though never as long without taking something
        waiting.wait(0.25)
        taken += len(download.recv(1 << 16))
    while taken < 64 << 20 and (more := download.recv(1 << 20)):
        taken += len(more)
    assert taken > 64 << 20


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_server_that_ended_by_itself_is_known_from_one_that_was_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    def ends(*_: object, **__: object) -> None:
        raise RuntimeError("a fault")

    stopped, ended = (Serving(_hello, "127.0.0.1", 0) for _ in range(2))
    assert not stopped.is_dead
    stopped.start()
    assert not stopped.is_dead
    stopped.stop()
    assert not stopped.is_dead
    monkeypatch.setattr("uvicorn.Server.run", ends)
    ended.start()
    assert ended.is_dead
    ended.stop()


def test_a_port_that_is_taken_is_told(serving: Serving) -> None:
    with pytest.raises(PortTaken, match=r"cannot listen at 127\.0\.0\.1") as refused:
        Serving(_hello, "127.0.0.1", serving.port)
    assert "choose another port" in refused.value.hint


def test_more_connections_than_there_is_room_for_take_no_file_from_the_rest(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    monkeypatch.setattr(serving_room, "_FILES", 0)  # asks for no more
    monkeypatch.setattr(serving_room, "_MOST", 40)
    served = Serving(_hello, "127.0.0.1", 0)
    served.start()
    open_before = len(os.listdir("/dev/fd"))
    try:
        held = [socket.create_connection(("127.0.0.1", served.port), timeout=20) for _ in range(200)]
        ended = sum(_is_hung_up(one) for one in held[:100])
        assert ended >= 90
        # Ours are in this process too: what is over is what the server keeps.
        assert len(os.listdir("/dev/fd")) - open_before - len(held) <= 60
        for one in held:
            one.close()
    finally:
        served.stop()
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (soft, hard)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("begun", [b"", _HALF, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf"])
def test_whoever_only_holds_places_keeps_nobody_out(monkeypatch: pytest.MonkeyPatch, begun: bytes) -> None:
    monkeypatch.setattr(serving_room, "_MOST", 40)
    served = Serving(_patient, "127.0.0.1", 0)
    served.start()
    held = []
    try:
        for _ in range(100):
            held.append(socket.create_connection(("127.0.0.1", served.port), timeout=20))
            held[-1].sendall(begun)
        with closing(http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)) as connection:
            connection.request("GET", "/")
            assert connection.getresponse().read() == b"hello"
    finally:
        for one in held:
            one.close()
        served.stop()


async def _patient(scope: Scope, receive: Receive, send: Send) -> None:
    await Request(scope, receive).body()
    await _hello(scope, receive, send)


def _is_hung_up(one: socket.socket) -> bool:
    try:
        return one.recv(1) == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False


_CHUNKED = b" / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
_GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.mark.parametrize(
    ("sent", "answers"),
    [
        (b"\x16\x03\x01 no http at all\r\n\r\n", [b"400"]),
        (b"GET" + _CHUNKED + b"-1\r\n", [b"400"]),
        (b"POST" + _CHUNKED + b"5\r\nhello\r\nzz\r\n", [b"400"]),
        (b"HEAD" + _CHUNKED + b"zz\r\n", [b"400"]),
        (_GET + b"\x16\x03\x01\r\n\r\n", [b"200", b"400"]),
    ],
    ids=["no HTTP", "bad chunk", "later chunk", "HEAD", "behind a good one"],
)
def test_what_scanners_send_is_in_no_log(
    serving: Serving, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture,
    sent: bytes, answers: list[bytes],
) -> None:  # fmt: skip
    assert _statuses(serving, sent) == answers
    assert capfd.readouterr().err == ""
    assert caplog.records == []


def test_a_body_that_breaks_off_after_the_answer_was_begun_is_in_no_log(
    serving: Serving, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_connection(("127.0.0.1", serving.port), timeout=20) as connection:
        connection.sendall(b"POST" + _CHUNKED)
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        connection.sendall(b"zz\r\n")
        while connection.recv(1000):
            pass
    assert caplog.records == []


def _statuses(serving: Serving, sent: bytes) -> list[bytes]:
    with socket.create_connection(("127.0.0.1", serving.port), timeout=20) as connection:
        connection.sendall(sent)
        answered = b""
        while more := connection.recv(1000):
            answered += more
    return re.findall(rb"HTTP/1.1 (\d{3})", answered)
