"""The pages of ``feeder run`` behind nginx and Caddy: what gets through, as what, and that no token is in a log."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from mail.mailroom import LISTS, Mailroom, mailroom
from mail.servers import free_port
from support import Publication
from webfiles.shop import Answer, ask
from webhook.hook import Office
from webserver import servers

from feeder.mail.tokens import Tokens
from feeder.web.app import app
from feeder.web.serving import Serving

pytestmark = pytest.mark.server
SETTINGS = LISTS + '[web]\nurl = "https://news.example.org/"\n'
PASSED = [
    "/subscribe/weekly", "/confirm/TOKEN-1", "/unsubscribe/TOKEN-2", "/preferences/TOKEN-3",
    "/preferences/TOKEN-3/data", "/preferences/TOKEN-3/data.json", "/preferences/TOKEN-3/erase", "/webhook/ses",
    "/webhook/", "/_feeder/style.12345678.css",
]  # fmt: skip
ONE_CLICK = b"List-Unsubscribe=One-Click"


@pytest.fixture(params=list(servers.FRONTS))
def front(request: pytest.FixtureRequest) -> str:
    servers.require(request.param)
    return str(request.param)


@contextmanager
def echo() -> Iterator[int]:
    """A server that tells what it was sent."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            size = int(self.headers.get("Content-Length", 0))
            told = {"path": self.path, "size": len(self.rfile.read(size)), "headers": {
                name.lower(): value for name, value in self.headers.items()}}  # fmt: skip
            body = json.dumps(told).encode()
            self.send_response(200)
            for name, value in (("Content-Type", "application/json"), ("Cache-Control", "no-store"),
                                ("Content-Length", str(len(body)))):  # fmt: skip
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST  # noqa: N815  # the name that http.server looks for

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def post(port: int, path: str, body: bytes, **headers: str) -> Answer:
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


def test_what_gets_through(front: str, publication: Publication, tmp_path: Path) -> None:
    publication.write("out/subscribe/index.html", "the static page")
    with echo() as upstream, servers.FRONTS[front](publication, tmp_path, upstream) as port:
        for path in PASSED:
            answer = post(port, f"{path}?a=b", b"x", X_Forwarded_For="203.0.113.7", X_Forwarded_Proto="https")
            told = json.loads(answer.body)
            assert (answer.status, told["path"]) == (200, f"{path}?a=b")
            # What a stranger says of his address is not passed on.
            assert told["headers"]["x-forwarded-for"] == "127.0.0.1"
            assert told["headers"]["x-forwarded-proto"] == "http"
            assert told["headers"]["host"] == f"127.0.0.1:{port}" or front == "nginx"
            assert answer.headers.get_all("Cache-Control") == ["no-store"]
        for path in ("/metrics", "/healthz", "/debug/confirm/x"):
            assert ask(port, path).status == 404
        assert ask(port, "/subscribe/").body == b"the static page"
        assert post(port, "/webhook/ses", b"x" * 250_000).status == 200
        assert post(port, "/webhook/ses", b"x" * 300_000).status in (413, 502)


def test_no_token_is_in_a_log(front: str, publication: Publication, tmp_path: Path) -> None:
    port_of_nobody = free_port()
    with servers.FRONTS[front](publication, tmp_path, port_of_nobody) as port:
        assert ask(port, "/unsubscribe/SECRET-TOKEN").status == 502
        ask(port, "/seen-in-the-log")
    logs = "".join(path.read_text("utf-8", "replace") for path in tmp_path.glob("*.log"))
    assert "SECRET-TOKEN" not in logs


@pytest.fixture
def room(publication: Publication) -> Iterator[Mailroom]:
    with mailroom(publication, SETTINGS) as opened:
        yield opened


def test_one_click_through_it(front: str, room: Mailroom, publication: Publication, tmp_path: Path) -> None:
    """RFC 8058: 200, no cookie, no redirect, also twice; and GET does nothing."""
    number = room.person("reader@example.com")
    path = "/unsubscribe/" + Tokens(room.keys).make("unsubscribe", number, "weekly")
    application = app(publication.settings, Office())
    serving = Serving(application, "127.0.0.1", 0, ["127.0.0.1"])
    serving.start()
    try:
        with servers.FRONTS[front](publication, tmp_path, serving.port) as port:
            page = ask(port, path)
            assert (page.status, room.state_of("reader@example.com")) == (200, "active")
            for _ in range(2):
                answer = post(port, path, ONE_CLICK, Content_Type="application/x-www-form-urlencoded")
                assert (answer.status, answer.headers["Set-Cookie"], answer.headers["Location"]) == (200, None, None)
                assert room.state_of("reader@example.com") == "ended"
            assert post(port, "/webhook/ses", b"{}").status == 403
            assert ask(port, "/webhook/ses").status == 405
            assert ask(port, "/metrics").status == 404
    finally:
        serving.stop()
        application.close()
