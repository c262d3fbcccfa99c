"""deploy/nginx.conf and deploy/Caddyfile in the real servers, and our own: all three send the same."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import unquote

import pytest
from loopback import serve
from mail.servers import free_port
from readers.clients import Newsboat
from support import CHECKOUT, Publication
from webfiles.shop import ask
from webserver import servers

from feeder.web.files import answering, mediatypes

pytestmark = pytest.mark.server
SETTINGS = f"""
[feeds]
hub = "{servers.HUB}"
also = ["index.xml", "atom.xml", "feed/index.xml"]
[output]
compress = ["gz"]
"""


@pytest.fixture(scope="module")
def publication(tmp_path_factory: pytest.TempPathFactory) -> Publication:
    """Published once for all."""
    made = Publication(tmp_path_factory.mktemp("webserver") / "publication")
    made.configure(SETTINGS)
    for number in range(1, 5):
        made.entry(
            f"{number}", "天数智芯的正文。" * 80, title=f"第 {number} 条", date=f"2026-11-{10 + number}", tags="[推理]"
        )
    made.run()
    made.write("out/show.mp3", bytes(range(256)) * 1000)
    made.write("out/.hidden", "hidden")
    return made


@pytest.fixture(scope="module", params=list(servers.ALL))
def port(
    request: pytest.FixtureRequest, publication: Publication, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[int]:
    servers.require(request.param)
    with servers.ALL[request.param](publication, tmp_path_factory.mktemp(request.param), 9) as number:
        yield number


@pytest.mark.parametrize(
    ("path", "media_type", "caching"),
    [
        ("/", "text/html; charset=utf-8", "no-cache"),
        ("/tags/%E6%8E%A8%E7%90%86/", "text/html; charset=utf-8", "no-cache"),
        ("/feed.atom", "application/atom+xml; charset=utf-8", "max-age=900"),
        ("/feed.rss", "application/rss+xml; charset=utf-8", "max-age=900"),
        ("/feed.json", "application/feed+json; charset=utf-8", "max-age=900"),
        ("/tags/%E6%8E%A8%E7%90%86/feed.json", "application/feed+json; charset=utf-8", "max-age=900"),
        ("/feeds.opml", "text/x-opml; charset=utf-8", "max-age=900"),
        ("/index.xml", "application/rss+xml; charset=utf-8", "max-age=900"),
        ("/atom.xml", "application/atom+xml; charset=utf-8", "max-age=900"),
        ("/feed/", "application/rss+xml; charset=utf-8", "max-age=900"),
        ("/sitemap.xml", "application/xml; charset=utf-8", "no-cache"),
        ("/robots.txt", "text/plain; charset=utf-8", "no-cache"),
        ("/show.mp3", "audio/mpeg", "no-cache"),
    ],
)
def test_types_and_caching(port: int, path: str, media_type: str, caching: str) -> None:
    answer = ask(port, path)
    told = answer.headers
    assert (answer.status, told["Content-Type"], told["Cache-Control"]) == (200, media_type, caching)
    assert told["X-Content-Type-Options"] == "nosniff"
    assert told["Access-Control-Allow-Origin"] == ("*" if caching == "max-age=900" else None)
    assert answer.body


def test_hashed_files_are_kept_for_ever(port: int, publication: Publication) -> None:
    name = next(path.name for path in (publication.out / "assets").iterdir() if path.suffix == ".css")
    answer = ask(port, f"/assets/{name}")
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("path", ["/feed.atom", "/feed.rss", "/feed.json", "/tags/%E6%8E%A8%E7%90%86/feed.atom"])
def test_links_to_hub_and_self(port: int, path: str) -> None:
    told = ask(port, f"{path}?from=somebody").headers.get_all("Link")
    assert told == [f'<{servers.HUB}>; rel="hub", <{servers.SITE}{path}>; rel="self"']


def test_pages_and_lists_of_feeds_are_no_topics(port: int) -> None:
    assert [ask(port, path).headers["Link"] for path in ("/", "/feeds.opml", "/sitemap.xml")] == [None] * 3


@pytest.mark.parametrize("path", ["/feed.atom", "/", "/show.mp3", "/feed.json"])
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_what_is_unchanged_is_304(port: int, path: str, encoding: str) -> None:
    first = ask(port, path, Accept_Encoding=encoding)
    for header in ({"If_None_Match": first.headers["ETag"]}, {"If_Modified_Since": first.headers["Last-Modified"]},
                   {"If_None_Match": f'"other", {first.headers["ETag"]}'}):  # fmt: skip
        again = ask(port, path, Accept_Encoding=encoding, **header)
        assert (again.status, again.body) == (304, b"")
        assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
    assert ask(port, path, Accept_Encoding=encoding, If_None_Match='"other"').status == 200
    assert parsedate_to_datetime(first.headers["Last-Modified"])


@pytest.mark.parametrize("path", ["/feed.atom", "/feed.json", "/index.xml"])
def test_compressed(port: int, publication: Publication, path: str) -> None:
    answer = ask(port, path, Accept_Encoding="gzip")
    assert (answer.headers["Content-Encoding"], "Accept-Encoding" in answer.headers["Vary"]) == ("gzip", True)
    assert gzip.decompress(answer.body) == (publication.out / path[1:]).read_bytes()
    assert answer.headers["Content-Type"].endswith("; charset=utf-8")


def test_what_has_no_compressed_copy_is_compressed(port: int, publication: Publication) -> None:
    publication.write("out/plain.txt", "新闻 " * 2000)
    answer = ask(port, "/plain.txt", Accept_Encoding="gzip")
    assert gzip.decompress(answer.body).decode() == "新闻 " * 2000
    assert ask(port, "/show.mp3", Accept_Encoding="gzip").headers["Content-Encoding"] is None


def test_parts(port: int) -> None:
    body = bytes(range(256)) * 1000
    whole = ask(port, "/show.mp3")
    part = ask(port, "/show.mp3", Range="bytes=1000-1999")
    assert (part.status, part.body, part.headers["Content-Range"]) == (
        206,
        body[1000:2000],
        f"bytes 1000-1999/{len(body)}",
    )
    assert ask(port, "/show.mp3", Range="bytes=-10").body == body[-10:]
    assert ask(port, "/show.mp3", Range="bytes=1000-1999", If_Range=whole.headers["ETag"]).status == 206
    assert ask(port, "/show.mp3", Range="bytes=1000-1999", If_Range='"other"').status == 200
    assert ask(port, "/show.mp3", Range=f"bytes={len(body)}-").status == 416
    assert whole.headers["Accept-Ranges"] == "bytes"


def test_head(port: int) -> None:
    for path in ("/", "/feed.atom", "/show.mp3"):
        told = ask(port, path, "HEAD")
        assert (told.status, told.body, told.headers["Content-Length"]) == (200, b"", str(len(ask(port, path).body)))


@pytest.mark.parametrize(
    "path",
    [
        "/nothing/", "/nothing.atom", "/archive/99.json", "/.hidden", "/%2e%2e/feeder.toml", "/..%2ffeeder.toml",
        "/metrics", "/healthz", "/assets/", "/tags/nobody/",
    ],
)  # fmt: skip
def test_what_is_not_there_shows_the_page_for_it(port: int, path: str) -> None:
    answer = ask(port, path)
    assert answer.status in (400, 404)
    if answer.status == 404:
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "<html" in answer.body.decode()


def test_folders_are_redirected_to_their_slash(port: int) -> None:
    answer = ask(port, "/tags/%E6%8E%A8%E7%90%86")
    assert (answer.status in (301, 308), unquote(answer.headers["Location"])) == (True, "/tags/推理/")


@pytest.mark.parametrize(("path", "there"), [(f"/{old}{end}", f"/{new}") for old, new in answering.OLD_FEEDS.items()
                                             for end in ("", "/")])  # fmt: skip
def test_old_addresses_lead_to_the_feeds(port: int, publication: Publication, path: str, there: str) -> None:
    if path.endswith("/") and (publication.out / path.strip("/")).is_file():
        return  # that file counts, and it is no folder
    answer = ask(port, path)
    if answer.status in (301, 308) and answer.headers["Location"] == path + "/":
        answer = ask(port, path + "/")
    if answer.status == 200:  # one of `also`
        assert answer.headers["Content-Type"].startswith(("application/rss+xml", "application/atom+xml"))
    else:
        assert (answer.status, answer.headers["Location"]) == (301, there)


def test_nothing_is_written_by_strangers(port: int) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert ask(port, "/feed.atom", method, Content_Length="0").status == 405


@pytest.mark.parametrize("name", list(servers.ALL))
def test_generations_are_followed(name: str, tmp_path: Path) -> None:
    servers.require(name)
    made = Publication(tmp_path / "publication")
    made.configure('[output]\nlayout = "generations"\n')
    made.entry("a", title="一", date="2026-11-20")
    made.run()
    (tmp_path / "server").mkdir()
    with servers.ALL[name](made, tmp_path / "server", 9) as port:
        first = ask(port, "/feed.atom")
        made.entry("b", title="二", date="2026-11-21")
        made.run()
        second = ask(port, "/feed.atom", If_None_Match=first.headers["ETag"])
        assert ("二" in first.body.decode(), "二" in second.body.decode()) == (False, True)
        assert ask(port, "/generations/1/feed.atom").status == 404


READER = """
import json, sys
from reader import make_reader
reader = make_reader(sys.argv[1])
reader.add_feed(sys.argv[2], exist_ok=True)
reader.update_feed(sys.argv[2])
feed = reader.get_feed(sys.argv[2])
print(json.dumps([feed.last_exception and str(feed.last_exception), sorted(one.title for one in reader.get_entries())]))
reader.close()
"""


@pytest.mark.parametrize("feed", ["feed.atom", "feed.rss", "feed.json"])
def test_reader_gets_304_after_the_first_fetch(port: int, tmp_path: Path, feed: str) -> None:
    relay = servers.Relay(port)
    with serve(relay) as server:
        for _ in range(2):
            done = subprocess.run(
                [sys.executable, "-W", "ignore", "-c", READER, str(tmp_path / "reader.db"), server.url(feed)],
                capture_output=True, text=True, timeout=120,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            assert json.loads(done.stdout) == [None, [f"第 {number} 条" for number in range(1, 5)]]
    assert [status for path, status, _ in relay.answers if path == f"/{feed}"] == [200, 304]
    first = relay.answers[0][2]
    assert first["content-encoding"] == "gzip"
    assert 'rel="hub"' in first["link"]
    assert first["content-type"].endswith("charset=utf-8")


@pytest.mark.skipif(bool(Newsboat.missing()), reason="newsboat is not installed; .ci/run installs it")
def test_newsboat_gets_304_after_the_first_fetch(port: int, tmp_path: Path) -> None:
    relay = servers.Relay(port)
    with serve(relay) as server:
        client = Newsboat(tmp_path / "newsboat", server, server.url("feed.atom"))
        # It writes down tags only for feeds it has rows of, so at its second fetch.
        for _ in range(3):
            client.fetch()
            assert client.titles() == [f"第 {number} 条" for number in range(1, 5)]
    assert [status for path, status, _ in relay.answers if path == "/feed.atom"] == [200, 200, 304]
    assert relay.answers[0][2]["content-encoding"] == "gzip"


def test_nginx_knows_every_type(tmp_path: Path) -> None:
    types = re.findall(
        r"^ {8}([\w.+-]+/[\w.+-]+) +([\w ]+);$", (CHECKOUT / "deploy/nginx.conf").read_text("utf-8"), flags=re.MULTILINE
    )
    told = {ending: media_type for media_type, endings in types for ending in endings.split()}
    assert told == dict(mediatypes.TYPES)


def test_caddy_knows_every_type(tmp_path: Path) -> None:
    text = (CHECKOUT / "deploy/Caddyfile").read_text("utf-8")
    found = re.findall(r"^\t\t~\\\.\(?([\w|]+)\)?\$ +(?:\"([^\"]+)\"|(\S+))$", text, flags=re.MULTILINE)
    told = {ending: quoted or bare for endings, quoted, bare in found for ending in endings.split("|")}
    types = mediatypes.Types()
    assert told == {ending: types.of(f"x.{ending}") for ending in mediatypes.TYPES}


@pytest.mark.skipif(servers.NGINX is None, reason="nginx is not installed; .ci/run installs it")
def test_nginx_finds_nothing_wrong(publication: Publication, tmp_path: Path) -> None:
    assert servers.NGINX is not None
    file = servers.nginx_configuration(tmp_path, publication.out, free_port(), 9)
    done = subprocess.run([servers.NGINX, "-t", "-e", f"{tmp_path}/e", "-c", str(file)], capture_output=True, text=True)
    assert (done.returncode, "warn" in done.stderr) == (0, False), done.stderr


@pytest.mark.skipif(servers.CADDY is None, reason="caddy is not installed; .ci/run installs it")
def test_caddy_finds_nothing_wrong(tmp_path: Path) -> None:
    assert servers.CADDY is not None
    file = CHECKOUT / "deploy/Caddyfile"
    done = subprocess.run(
        [servers.CADDY, "validate", "--adapter", "caddyfile", "--config", str(file)],
        capture_output=True, text=True, env={"HOME": str(tmp_path), "PATH": servers.PATH},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    done = subprocess.run(
        [servers.CADDY, "fmt", str(file)], capture_output=True, text=True, env={"HOME": str(tmp_path)}
    )
    assert done.stdout == file.read_text("utf-8")
