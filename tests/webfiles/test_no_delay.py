"""Headers and body leave in two pieces: the second must not wait for the reader's acknowledgement of the first."""

from __future__ import annotations

import asyncio
import socket

from starlette.types import Receive, Scope, Send
from webfiles.shop import ask

from feeder.web.serving import Serving


def test_answers_do_not_wait_for_acknowledgements() -> None:
    delays: list[int] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        # The server's side of the connection that asks: it is the one with this peer.
        transports = asyncio.get_running_loop()._transports.values()  # type: ignore[attr-defined]
        for transport in transports:
            connection = transport.get_extra_info("socket")
            if connection is not None and transport.get_extra_info("peername") == tuple(scope["client"]):
                delays.append(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    serving = Serving(application, "127.0.0.1", 0)
    serving.start()
    try:
        assert ask(serving.port, "/").status == 204
    finally:
        serving.stop()
    assert delays == [1]
