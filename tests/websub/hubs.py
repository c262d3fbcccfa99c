"""Hubs on loopback: one that writes down what it is told and answers as it is bidden, and flask-websub's with a
subscriber of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from flask import Flask
from flask_websub.hub import Hub as FlaskHub
from flask_websub.hub import SQLite3HubStorage
from flask_websub.subscriber import SQLite3SubscriberStorage, SQLite3TempSubscriberStorage, Subscriber
from werkzeug.serving import make_server


@dataclass
class Recorder:
    """A hub that tells what it was asked; ``answers`` are given in turn, the last one for ever."""

    port: int = 0
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=lambda: [(204, {})])
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    """The form of each request."""
    heads: list[dict[str, str]] = field(default_factory=list)
    peers: list[int] = field(default_factory=list)
    """The port each request came from: the same one, the same connection."""
    lines: list[str] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    """Cleared: requests hang until it is set."""
    came: threading.Event = field(default_factory=threading.Event)
    body: bytes = b""
    keeps: bool = True
    """Keep connections open; if not, close them without saying so."""
    then: Callable[[], None] = lambda: None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def topics(self) -> list[str]:
        """What it was told of, in order."""
        return [form["hub.topic"][0] for form in self.asked]

    def answer(self, status: int, **headers: str) -> None:
        self.answers = [(status, {name.replace("_", "-"): value for name, value in headers.items()})]

    def take(self) -> list[str]:
        """The topics since the last call."""
        taken = self.topics
        self.asked.clear()
        return taken


@contextmanager
def recorder(port: int = 0, wrap: Callable[[Any], Any] = lambda socket: socket) -> Iterator[Recorder]:
    """A recording hub for as long as the block lasts."""
    hub = Recorder()
    hub.gate.set()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode("ascii"))
            hub.lines.append(self.requestline)
            hub.heads.append({name.lower(): value for name, value in self.headers.items()})
            hub.peers.append(self.client_address[1])
            hub.asked.append(form)
            hub.then()
            hub.came.set()
            hub.gate.wait(60)
            status, headers = hub.answers.pop(0) if len(hub.answers) > 1 else hub.answers[0]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", str(len(hub.body)))
            self.end_headers()
            if status != 204:
                self.wfile.write(hub.body)
            self.close_connection = not hub.keeps

        def do_CONNECT(self) -> None:
            hub.lines.append(self.requestline)
            hub.heads.append({name.lower(): value for name, value in self.headers.items()})
            self.send_error(502)

        def log_message(self, *_: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that hangs up is no news."""

    server = Quiet(("127.0.0.1", port), Handler)
    server.socket = wrap(server.socket)
    hub.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.gate.set()
        server.shutdown()
        server.server_close()
        thread.join()


class Tasks:
    """What flask-websub asks of Celery: tasks that run later, here in one thread."""

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(1)
        self.done: list[Future[Any]] = []

    def task(self, *, bind: bool = False, **_: object) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        def wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
            def call(*args: Any) -> Any:
                return function(self, *args) if bind else function(*args)

            call.delay = lambda *args: self.done.append(self.pool.submit(call, *args))  # type: ignore[attr-defined]
            return call

        return wrapped

    def retry(self, **_: object) -> None:
        raise AssertionError("the subscriber could not be reached")


@dataclass
class Reader:
    """A hub of flask-websub's, and a subscriber at it."""

    url: str
    """Of the hub."""
    app: Flask
    subscriber: Subscriber
    tasks: Tasks
    received: list[tuple[str, bytes]] = field(default_factory=list)
    """Topic, body."""
    confirmed: threading.Event = field(default_factory=threading.Event)
    news: threading.Event = field(default_factory=threading.Event)

    def subscribe(self, **found: str) -> None:
        """Subscribe to what ``discover`` found, and wait until the hub has verified the intent."""
        self.confirmed.clear()
        with self.app.test_request_context(base_url=self.url.removesuffix("/hub")):
            self.subscriber.subscribe(**found)
        assert self.confirmed.wait(20)
        for task in list(self.tasks.done):
            task.result(20)


@contextmanager
def reader(folder: Path) -> Iterator[Reader]:
    """Both, in one Flask application on a port of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    app, tasks = Flask("hub"), Tasks()
    app.config["PUBLISH_SUPPORTED"] = True
    hub = FlaskHub(SQLite3HubStorage(str(folder / "hub.db")), tasks)
    app.register_blueprint(hub.build_blueprint(url_prefix="/hub"))
    subscriber = Subscriber(
        SQLite3SubscriberStorage(str(folder / "reader.db")), SQLite3TempSubscriberStorage(str(folder / "asked.db"))
    )
    app.register_blueprint(subscriber.build_blueprint(url_prefix="/callback"))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    made = Reader(f"http://127.0.0.1:{server.server_port}/hub", app, subscriber, tasks)
    subscriber.add_success_handler(lambda *_: made.confirmed.set())

    @subscriber.add_listener
    def heard(topic: str, _callback: str, body: bytes) -> None:
        made.received.append((topic, body))
        made.news.set()

    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        tasks.pool.shutdown()
        server.shutdown()
        server.server_close()
        thread.join()
