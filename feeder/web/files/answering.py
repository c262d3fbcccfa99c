"""``out/`` over HTTP, for sites that need no other web server: an ASGI application (RFC 9110, RFC 9111).

It sends what deploy/nginx.conf and deploy/Caddyfile send; the tests hold all three to the same.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from feeder import links
from feeder.config.settings import Settings
from feeder.output.generations import CURRENT
from feeder.web.files import conditions, shelf
from feeder.web.files.conditions import Asked
from feeder.web.files.mediatypes import Types
from feeder.web.files.reply import Headers, Reply
from feeder.web.files.shelf import Opened, Shelf, Version

METHODS: Final = "GET, HEAD, OPTIONS"

OLD_FEEDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("feed", "feed/rss", "feed/rss2", "rss", "rss2", "rss.xml", "feed.xml", "index.xml"), "feed.rss"),
    **dict.fromkeys(("feed/atom", "atom", "atom.xml", "feeds/posts/default"), "feed.atom"),
    **dict.fromkeys(("feed/json", "index.json"), "feed.json"),
}
"""Where other programs keep their feeds -> ours. A file that is there counts before it (``[feeds] also``)."""


class Files:
    """Serves the public files of one publication.

    Args:
        settings: the publication's.
        base: path under which they are, with slashes at both ends; not given: that of ``[site] url``.
    """

    def __init__(self, settings: Settings, *, base: str = "") -> None:
        self._site, self._hub = settings.site.url, links.iri(settings.feeds.hub) if settings.feeds.hub else ""
        given = base or unquote(urlsplit(settings.site.url).path)
        self._base = given if given.endswith("/") else f"{given}/"
        out = os.path.join(settings.root, settings.output.path)
        self._top = os.path.join(out, CURRENT) if settings.output.layout == "generations" else out
        self._types, self._shelf = Types(settings.feeds.also), Shelf()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; anything but HTTP is none of ours."""
        if scope["type"] != "http":
            return
        reply = Reply(scope, receive, send)
        path = shelf.plain_path(_raw_path(scope), self._base)
        try:
            await self._answer(reply, scope, path)
        except OSError as error:
            if reply.started:
                raise
            if error.errno == errno.ENOENT and not self._types.is_feed(path or ""):
                await reply.nothing(404, {})  # nothing was published yet
            else:
                # A reader that is told 404 may give up the feed, and a disk comes back.
                await reply.nothing(503, {"Retry-After": "60"})

    async def _answer(self, reply: Reply, scope: Scope, path: str | None) -> None:
        if scope["method"] == "OPTIONS":
            await reply.nothing(204, self._options(path or ""))
        elif scope["method"] not in ("GET", "HEAD"):
            await reply.nothing(405, {"Allow": METHODS})
        elif (opened := self._open(path)) is not None:
            try:
                await self._file(reply, opened, Asked.of(scope["headers"]))
            finally:
                opened.close()
        elif target := self._elsewhere(path, scope):
            await reply.nothing(301, {"Location": target, "Cache-Control": "max-age=900"})
        else:
            await self._missing(reply)

    def _open(self, path: str | None) -> Opened | None:
        if path is None:
            return None
        names = self._types.index_of(path) if path == "" or path.endswith("/") else (path,)
        return next((found for name in names if (found := shelf.open_file(self._top, name))), None)

    def _elsewhere(self, path: str | None, scope: Scope) -> str:
        """Where what was asked for is instead: the folder of that name, or our feed for an old one; else empty."""
        if path is None:
            at_its_door = scope["path"] == "/" or f"{scope['path']}/" == self._base
            return links.encode(self._base) if at_its_door else ""
        query = scope["query_string"].decode("latin-1")
        found = self._open(f"{path}/") if path and not path.endswith("/") else None
        if found is not None:
            found.close()
            return self._address(f"{path}/") + (f"?{query}" if query else "")
        return self._address(OLD_FEEDS[path.rstrip("/")]) if path.rstrip("/") in OLD_FEEDS else ""

    def _address(self, path: str) -> str:
        return links.encode(self._base + path)

    async def _file(self, reply: Reply, opened: Opened, asked: Asked) -> None:
        version, encoding, copy = await self._representation(opened, asked)
        try:
            modified = min(int(opened.stat.st_mtime), int(time.time()))
            headers = self._headers(opened.path, version, modified, encoding)
            if conditions.failed(asked, version.tag, modified):
                await reply.nothing(412, headers)
            elif conditions.unchanged(asked, version.tag, modified):
                await reply.nothing(304, headers)
            else:
                headers["Content-Type"] = self._types.of(opened.path)
                wanted = None if reply.head else conditions.part(asked, version.tag, modified, version.size)
                await reply.file(headers, copy or opened, version, wanted)
        finally:
            if copy is not None:
                copy.close()

    async def _representation(self, opened: Opened, asked: Asked) -> tuple[Version, str, Opened | None]:
        """What is sent, its encoding, and the compressed copy it is read from; a part is always of the file itself."""
        taken = () if asked.range else conditions.encodings(asked.accept_encoding, tuple(shelf.ENDINGS))
        for name in taken:
            copy = opened.copy(shelf.ENDINGS[name])
            if copy is not None:
                return await self._version(copy), name, copy
        plain = await self._version(opened)
        if "gzip" in taken and plain.body is not None and shelf.is_worth_it(opened.path, plain.size):
            made = self._shelf.known(opened, "gzip")
            if made is None:
                made = await run_in_threadpool(shelf.compressed, plain.body)
                self._shelf.keep(opened, made, "gzip")
            return made, "gzip", None
        return plain, "", None

    async def _version(self, opened: Opened) -> Version:
        known = self._shelf.known(opened)
        if known is None:
            known = await run_in_threadpool(shelf.read, opened)
            self._shelf.keep(opened, known)
        return known

    def _headers(self, path: str, version: Version, modified: int, encoding: str) -> Headers:
        headers = {
            "ETag": version.tag,
            "Last-Modified": conditions.http_date(modified),
            "Cache-Control": self._types.caching(path),
            "Vary": "Accept-Encoding",
            "Accept-Ranges": "bytes",
        }
        if encoding:
            headers["Content-Encoding"] = encoding
        if self._types.is_feed(path):
            headers |= {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "ETag, Link"}
        if self._hub and self._types.is_topic(path):
            headers["Link"] = f'<{self._hub}>; rel="hub", <{links.url(self._site, path)}>; rel="self"'
        return headers

    def _options(self, path: str) -> Headers:
        """What may be asked; readers that run in a browser ask before they send a condition."""
        allowed = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"}
        return {"Allow": METHODS} | (allowed if self._types.is_feed(path) else {})

    async def _missing(self, reply: Reply) -> None:
        opened = shelf.open_file(self._top, "404.html")
        version = Version("", 0, b"")
        if opened is not None:
            try:
                version = await self._version(opened)
            finally:
                opened.close()
        await reply.whole(404, {"Content-Type": "text/html; charset=utf-8"}, version.body or b"404")


def _raw_path(scope: Scope) -> bytes:
    raw = scope.get("raw_path")
    return raw if isinstance(raw, bytes) else links.encode(scope["path"]).encode()
