"""A web server on loopback for a publication's ``out/``, as a static host would serve it."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

TYPES = {
    ".atom": "application/atom+xml", ".rss": "application/rss+xml", ".json": "application/feed+json",
    ".xml": "application/xml", ".opml": "text/x-opml", ".html": "text/html; charset=utf-8", ".css": "text/css",
    ".png": "image/png", ".jpg": "image/jpeg", ".svg": "image/svg+xml", ".mp3": "audio/mpeg", ".txt": "text/plain",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back for one request."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


Responder = Callable[[str, str, dict[str, str]], Answer]
"""``(host, path, request headers in lower case) -> Answer``."""


@dataclass
class Server:
    """A running server; ``hits`` lists what was asked, as ``(path, status)``."""

    port: int
    hits: list[tuple[str, int]] = field(default_factory=list)

    def url(self, path: str = "", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}/{path}"

    def take(self) -> list[tuple[str, int]]:
        """The hits since the last call."""
        taken, self.hits[:] = list(self.hits), []
        return taken


@contextmanager
def serve(respond: Responder) -> Iterator[Server]:
    """A threaded server on a free port of 127.0.0.1 for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            headers = {key.lower(): value for key, value in self.headers.items()}
            answer = respond(headers.get("host", ""), self.path, headers)
            server.hits.append((unquote(urlsplit(self.path).path), answer.status))
            self.send_response(answer.status)
            for key, value in answer.headers.items():
                self.send_header(key, value)
            if answer.status != 304:
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            if self.command != "HEAD" and answer.status != 304:
                self.wfile.write(answer.body)

        do_HEAD = do_GET  # noqa: N815  # the name that http.server looks for

        def log_message(self, *_: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that hangs up is no news."""

    httpd = Quiet(("127.0.0.1", 0), Handler)
    server = Server(httpd.server_address[1])
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()


def _unchanged(headers: dict[str, str], etag: str, mtime: float) -> bool:
    # RFC 9110 section 13.2.2: a date counts only where no tag was sent.
    if "if-none-match" in headers:
        return headers["if-none-match"] == etag
    since = parsedate_to_datetime(headers["if-modified-since"]) if "if-modified-since" in headers else None
    return since is not None and since.timestamp() >= int(mtime)


class Folder:
    """Serves a folder with ETag, Last-Modified and 304; a host that moved away sends 301 to the new one."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.moved: dict[str, str] = {}
        """Host and port that moved -> address without path that it moved to."""

    def __call__(self, host: str, path: str, headers: dict[str, str]) -> Answer:
        if host in self.moved:
            return Answer(301, headers={"Location": self.moved[host] + path})
        file = self._file(unquote(urlsplit(path).path))
        try:
            body, stat = file.read_bytes(), file.stat()
        except OSError:
            return Answer(404, b"not found")
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        sent = {
            "ETag": etag,
            "Last-Modified": formatdate(stat.st_mtime, usegmt=True),
            "Content-Type": TYPES.get(file.suffix, "application/octet-stream"),
        }
        if _unchanged(headers, etag, stat.st_mtime):
            return Answer(304, headers=sent)
        return Answer(200, body, sent)

    def _file(self, path: str) -> Path:
        file = self.root / path.lstrip("/")
        assert os.path.commonpath([file.resolve(), self.root.resolve()]) == str(self.root.resolve())
        return file / "index.html" if file.is_dir() else file
