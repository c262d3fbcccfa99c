"""The servers that may stand before readers: nginx and Caddy with the files of deploy/, and ``feeder run``'s own."""

from __future__ import annotations

import http.client
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from loopback import Answer
from mail import servers
from support import CHECKOUT, Publication
from webfiles.shop import served

PATH = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin"
NGINX, CADDY = (shutil.which(name, path=PATH) for name in ("nginx", "caddy"))
HUB = "https://hub.example.org/"
SITE = "https://news.example.org"

MAIN = """\
daemon off; master_process off; worker_processes 1; pid {0}/pid; error_log {0}/error.log;
events {{}}
http {{ access_log {0}/access.log; client_body_temp_path {0}/body; proxy_temp_path {0}/proxy;
fastcgi_temp_path {0}/fastcgi; uwsgi_temp_path {0}/uwsgi; scgi_temp_path {0}/scgi; include {0}/site.conf; }}
"""


def replaced(text: str, *pairs: tuple[str, str]) -> str:
    """Each is there, once at least."""
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


@contextmanager
def running(argv: Sequence[str], port: int, folder: Path) -> Iterator[int]:
    """A program that answers at the port for as long as the block lasts; gives that port."""
    log = folder / "program.log"
    with servers.running(argv, log, {"HOME": str(folder)}) as process:
        servers.wait_until_it_answers(process, log, port)
        yield port


def nginx_configuration(folder: Path, root: Path, port: int, upstream: int) -> Path:
    """deploy/nginx.conf with this root and these ports, and a main file around it."""
    site = replaced(
        (CHECKOUT / "deploy/nginx.conf").read_text("utf-8"),
        ("listen 80;", f"listen 127.0.0.1:{port};"),
        ("root /srv/news/out;", f"root {root};"),
        ('set $feeder_hub "";', f'set $feeder_hub "{HUB}";'),
        ("127.0.0.1:8080", f"127.0.0.1:{upstream}"),
    )
    (folder / "site.conf").write_text(site, "utf-8")
    (folder / "main.conf").write_text(MAIN.format(folder), "utf-8")
    return folder / "main.conf"


def served_folder(publication: Publication) -> Path:
    """What the files of deploy/ tell to be the root."""
    generations = publication.settings.output.layout == "generations"
    return publication.out / "current" if generations else publication.out


def nginx(publication: Publication, folder: Path, upstream: int = 9) -> AbstractContextManager[int]:
    """Its port."""
    assert NGINX is not None
    argv = [NGINX, "-e", f"{folder}/error.log", "-c", f"{folder}/main.conf"]

    def start(port: int) -> AbstractContextManager[int]:
        nginx_configuration(folder, served_folder(publication), port, upstream)
        return running(argv, port, folder)

    return servers.on_a_free_port(start)


def caddy_configuration(folder: Path, root: Path, port: int, upstream: int) -> Path:
    """deploy/Caddyfile with this root and these ports, without TLS and the admin's port."""
    site = replaced(
        (CHECKOUT / "deploy/Caddyfile").read_text("utf-8"),
        ("{\n\t# The addresses", "{\n\tadmin off\n\tauto_https off\n\t# The addresses"),
        ("news.example.org {", f"http://127.0.0.1:{port}, http://localhost:{port} {{"),
        ("root * /srv/news/out", f"root * {root}"),
        ("# header @topics", "header @topics"),
        ("127.0.0.1:8080", f"127.0.0.1:{upstream}"),
    )
    (folder / "Caddyfile").write_text(site, "utf-8")
    return folder / "Caddyfile"


def caddy(publication: Publication, folder: Path, upstream: int = 9) -> AbstractContextManager[int]:
    """Its port."""
    assert CADDY is not None
    argv = [CADDY, "run", "--adapter", "caddyfile", "--config", f"{folder}/Caddyfile"]

    def start(port: int) -> AbstractContextManager[int]:
        caddy_configuration(folder, served_folder(publication), port, upstream)
        return running(argv, port, folder)

    return servers.on_a_free_port(start)


@contextmanager
def feeder(publication: Publication, folder: Path, upstream: int = 9) -> Iterator[int]:
    """The port of our own; it needs nobody behind it."""
    with served(publication) as port:
        yield port


Start = Callable[[Publication, Path, int], AbstractContextManager[int]]
FRONTS: dict[str, Start] = {"nginx": nginx, "caddy": caddy}
ALL: dict[str, Start] = {**FRONTS, "feeder": feeder}


def require(name: str) -> None:
    """Skip where the program is missing."""
    if {"nginx": NGINX, "caddy": CADDY}.get(name, "") is None:
        pytest.skip(f"{name} is not installed; .ci/run installs it")


_HOP_BY_HOP = ("connection", "keep-alive", "content-length", "transfer-encoding", "date", "server")


class Relay:
    """Stands before a server and passes everything on; who stands before it sees what was answered."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.answers: list[tuple[str, int, dict[str, str]]] = []
        """Path, status and headers in small letters."""

    def __call__(self, host: str, path: str, headers: dict[str, str]) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            kept = {name: value for name, value in headers.items() if name not in (*_HOP_BY_HOP, "host")}
            kept.setdefault("accept-encoding", "identity")
            connection.request("GET", path, headers=kept)
            answer = connection.getresponse()
            told = dict(answer.headers.items())
            self.answers.append((path, answer.status, {name.lower(): value for name, value in told.items()}))
            passed = {name: value for name, value in told.items() if name.lower() not in _HOP_BY_HOP}
            return Answer(answer.status, answer.read(), passed)
        finally:
            connection.close()
