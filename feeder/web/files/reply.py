"""How an answer is sent: whole, without content, or as a part of a file."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from http import HTTPStatus

from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from feeder.web.files import shelf
from feeder.web.files.shelf import Opened, Version

Headers = dict[str, str]

_OF_CONTENT = ("Content-Encoding", "ETag", "Last-Modified")


class Reply:
    """Sends the answer to one request; to HEAD, its headers alone."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.head = scope["method"] == "HEAD"
        self.started = False
        self._receive, self._send = receive, send

    async def nothing(self, status: int, headers: Headers) -> None:
        """An answer without content, or with the words of its status."""
        silent = status in (204, 304)
        body = b"" if silent else f"{status} {HTTPStatus(status).phrase}\n".encode()
        kind = {} if silent else {"Content-Type": "text/plain; charset=utf-8"}
        left_out = ("Content-Encoding",) if silent else _OF_CONTENT
        kept = {name: value for name, value in headers.items() if name not in left_out}
        await self.whole(status, kept | kind, body)

    async def whole(self, status: int, headers: Headers, body: bytes) -> None:
        """An answer with these bytes."""
        if status not in (204, 304):
            headers = {"Cache-Control": "no-cache", **headers, "Content-Length": str(len(body))}
        await self._start(status, headers)
        await self._send({"type": "http.response.body", "body": b"" if self.head else body})

    async def file(self, headers: Headers, opened: Opened, version: Version, wanted: range | None) -> None:
        """A file, or the bytes ``wanted`` of it: from memory, or piece by piece until the reader has gone."""
        if wanted is None:
            await self._bytes(200, headers, opened, version, range(version.size))
        elif wanted:
            headers["Content-Range"] = f"bytes {wanted.start}-{wanted.stop - 1}/{version.size}"
            await self._bytes(206, headers, opened, version, wanted)
        else:
            await self.nothing(416, headers | {"Content-Range": f"bytes */{version.size}"})

    async def _bytes(self, status: int, headers: Headers, opened: Opened, version: Version, wanted: range) -> None:
        if version.body is not None:
            await self.whole(status, headers, version.body[wanted.start : wanted.stop])
            return
        await self._start(status, headers | {"Content-Length": str(len(wanted))})
        if not self.head:
            await self._stream(opened, wanted)
        await self._send({"type": "http.response.body", "body": b""})

    async def _stream(self, opened: Opened, wanted: range) -> None:
        gone = asyncio.ensure_future(self._gone())
        try:
            at = wanted.start
            while at < wanted.stop and not gone.done():
                size = min(shelf.PIECE, wanted.stop - at)
                piece = await run_in_threadpool(os.pread, opened.handle, size, at)
                if not piece:
                    return
                await self._send({"type": "http.response.body", "body": piece, "more_body": True})
                at += len(piece)
        finally:
            gone.cancel()
            with suppress(asyncio.CancelledError):
                await gone

    async def _gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _start(self, status: int, headers: Headers) -> None:
        self.started = True
        told = {"X-Content-Type-Options": "nosniff", **headers}
        raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in told.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": raw})
