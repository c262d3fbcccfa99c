"""Connections that only hold a place."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from feeder.web import connections
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


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: "], ids=["silent", "half a head"])
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


def test_requests_one_after_the_other_share_a_connection(serving: Serving) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", serving.port, timeout=20)) as connection:
        for _ in range(3):
            connection.request("GET", "/")
            assert connection.getresponse().read() == b"hello"


def test_a_port_that_is_taken_is_told(serving: Serving) -> None:
    with pytest.raises(PortTaken, match=r"cannot listen at 127\.0\.0\.1") as refused:
        Serving(_hello, "127.0.0.1", serving.port)
    assert "choose another port" in refused.value.hint
