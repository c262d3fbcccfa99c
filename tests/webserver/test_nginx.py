"""deploy/nginx.conf, as it is but for address and root, in a real nginx."""

from __future__ import annotations

import gzip
import http.client
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator

import pytest
from support import CHECKOUT

from feeder.reading import media

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin")
pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(NGINX is None, reason="nginx is not installed; .ci/run installs it"),
]

FILES = {
    "index.html": "<!doctype html><title>新闻</title>",
    "404.html": "<!doctype html><title>没有这一页</title>",
    "2026/11/一/index.html": "<!doctype html><title>一</title>",
    "feed.atom": "<feed/>",
    "feed.rss": "<rss/>",
    "feed.json": "{}",
    "feeds.opml": "<opml/>",
    "archive/1.json": "{}",
    "index.xml": "<rss/>",
    "atom.xml": "<feed/>",
    "sitemap.xml": "<urlset/>",
    "assets/style.12345678.css": "body {}",
}
MAIN = """\
daemon off; master_process off; worker_processes 1; pid {0}/pid; error_log {0}/error.log;
events {{}}
http {{ access_log off; client_body_temp_path {0}/body; proxy_temp_path {0}/proxy; fastcgi_temp_path {0}/fastcgi;
uwsgi_temp_path {0}/uwsgi; scgi_temp_path {0}/scgi; include {0}/site.conf; }}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("nginx does not answer")


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("nginx")
    for name, text in FILES.items():
        file = folder / "out" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    (folder / "out/feed.atom.gz").write_bytes(gzip.compress(b"<feed/>", mtime=0))
    number = free_port()
    site = (CHECKOUT / "deploy/nginx.conf").read_text("utf-8")
    site = site.replace("listen 80;", f"listen 127.0.0.1:{number};").replace("/srv/news/out", str(folder / "out"))
    (folder / "site.conf").write_text(site, "utf-8")
    (folder / "main.conf").write_text(MAIN.format(folder), "utf-8")
    assert NGINX is not None
    child = subprocess.Popen(
        [NGINX, "-e", f"{folder}/error.log", "-c", f"{folder}/main.conf"], stdin=subprocess.DEVNULL
    )
    try:
        wait_for(number)
        yield number
    finally:
        child.terminate()
        child.wait(10)


def get(port: int, path: str, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers={key.replace("_", "-"): value for key, value in headers.items()})
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("path", "media_type", "caching"),
    [
        ("/", "text/html; charset=utf-8", "no-cache"),
        ("/2026/11/%E4%B8%80/", "text/html; charset=utf-8", "no-cache"),
        ("/feed.atom", "application/atom+xml; charset=utf-8", "max-age=900"),
        ("/feed.rss", "application/rss+xml; charset=utf-8", "max-age=900"),
        ("/feed.json", "application/feed+json; charset=utf-8", "max-age=900"),
        ("/archive/1.json", "application/feed+json; charset=utf-8", "max-age=900"),
        ("/feeds.opml", "text/x-opml; charset=utf-8", "max-age=900"),
        ("/index.xml", "application/rss+xml; charset=utf-8", "max-age=900"),
        ("/atom.xml", "application/atom+xml; charset=utf-8", "max-age=900"),
        ("/sitemap.xml", "application/xml; charset=utf-8", "no-cache"),
        ("/assets/style.12345678.css", "text/css; charset=utf-8", "public, max-age=31536000, immutable"),
    ],
)
def test_types_and_caching(port: int, path: str, media_type: str, caching: str) -> None:
    answer, body = get(port, path)
    assert (answer.status, answer.headers["Content-Type"], answer.headers["Cache-Control"]) == (
        200,
        media_type,
        caching,
    )
    assert body


def test_every_kind_of_file_that_can_be_in_the_output_has_its_type() -> None:
    types = re.findall(
        r"^ {8}(\S+) +([\w ]+);$", (CHECKOUT / "deploy/nginx.conf").read_text("utf-8"), flags=re.MULTILINE
    )
    told = {ending: media_type for media_type, endings in types for ending in endings.split()}
    assert media.TYPES.items() <= told.items()


def test_an_unchanged_feed_is_304(port: int) -> None:
    tag = get(port, "/feed.atom")[0].headers["ETag"]
    answer, body = get(port, "/feed.atom", If_None_Match=tag)
    assert (answer.status, body) == (304, b"")


def test_the_compressed_copy_is_sent_to_those_who_take_it(port: int) -> None:
    answer, body = get(port, "/feed.atom", Accept_Encoding="gzip")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(body) == b"<feed/>"


def test_what_is_not_there_shows_the_page_for_it(port: int) -> None:
    answer, body = get(port, "/nothing/")
    assert answer.status == 404
    assert "没有这一页" in body.decode()
