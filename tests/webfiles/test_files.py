"""``out/`` as ``feeder run`` serves it. What nginx and Caddy do alike is tried in tests/webserver."""

from __future__ import annotations

import errno
import gzip
import os
import threading
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path

import brotli
import pytest
from support import NOW, Publication
from webfiles.shop import ask, served

from feeder.output import precompress
from feeder.web.files import mediatypes, shelf
from feeder.web.files.shelf import Shelf, Version

HUB = '[feeds]\nhub = "https://hub.example.org/推"\nalso = ["feed/index.xml", "old/atom.xml", "old.json"]\n'
TEXT = "<feed>" + "新闻 " * 1000 + "</feed>"
AGES = 1_700_000_000


def old(path: Path, seconds: int = AGES) -> Path:
    """As a file that was published long ago: what is new is not kept in memory."""
    os.utime(path, (seconds, seconds))
    return path


@pytest.fixture
def port(publication: Publication) -> Iterator[int]:
    publication.configure(HUB)
    for name in ("index.html", "feed.atom", "feed.rss", "feed.json", "archive/1.atom", "feeds.opml", "404.html",
                 "feed/index.xml", "old/atom.xml", "old.json", "2026/11/云雀/index.html", "assets/a.1234.svg",
                 "tags/推理/feed.atom", "a b+c.txt"):  # fmt: skip
        old(publication.write(f"out/{name}", TEXT))
    with served(publication) as number:
        yield number


def test_an_edit_of_the_same_size_has_another_tag(publication: Publication, port: int) -> None:
    file = publication.out / "feed.atom"
    seen = set()
    for letter in "abcde":
        # As publish does, and as a person does who edits in place and puts the time back.
        fresh = publication.write("out/.new", TEXT.replace("feed", f"fee{letter}"))
        os.replace(old(fresh), file)
        first = ask(port, "/feed.atom")
        file.write_text(TEXT.replace("feed", f"FEE{letter}"))
        old(file)
        second = ask(port, "/feed.atom")
        assert f"fee{letter}" in first.body.decode()
        assert f"FEE{letter}" in second.body.decode()
        seen |= {first.headers["ETag"], second.headers["ETag"]}
    assert len(seen) == 10


def test_links_to_hub_and_self(port: int) -> None:
    hub = '<https://hub.example.org/%E6%8E%A8>; rel="hub"'
    for path in ("feed.atom", "feed.json", "tags/%E6%8E%A8%E7%90%86/feed.atom", "feed/index.xml", "old.json"):
        for method in ("GET", "HEAD"):
            answer = ask(port, f"/{path}", method)
            assert answer.headers["Link"] == f'{hub}, <https://news.example.org/{path}>; rel="self"'
    for path in ("", "archive/1.atom", "feeds.opml"):
        assert "Link" not in ask(port, f"/{path}").headers


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/feed/", "application/rss+xml; charset=utf-8"), ("/old/atom.xml", "application/atom+xml; charset=utf-8"),
        ("/old.json", "application/feed+json; charset=utf-8"), ("/assets/a.1234.svg", "image/svg+xml; charset=utf-8"),
        ("/a%20b+c.txt", "text/plain; charset=utf-8"),
    ],
)  # fmt: skip
def test_old_addresses_have_the_type_of_their_format(port: int, path: str, media_type: str) -> None:
    answer = ask(port, path)
    assert (answer.status, answer.headers["Content-Type"]) == (200, media_type)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_types_are_those_of_the_formats() -> None:
    from feeder import feeds

    assert dict(mediatypes.FEEDS) == {name: feeds.load(name).MEDIA_TYPE for name in feeds.FORMATS}


def test_compressed_copies(publication: Publication, port: int) -> None:
    plain = ask(port, "/feed.atom")
    assert (plain.body.decode(), plain.headers["Content-Encoding"]) == (TEXT, None)
    made = ask(port, "/feed.atom", Accept_Encoding="br, gzip")
    assert (made.headers["Content-Encoding"], gzip.decompress(made.body).decode()) == ("gzip", TEXT)
    for ending in ("br", "gz"):
        old(publication.write(f"out/feed.atom.{ending}", precompress.compress(TEXT.encode(), ending)))
    smaller = ask(port, "/feed.atom", Accept_Encoding="gzip, br")
    assert (smaller.headers["Content-Encoding"], brotli.decompress(smaller.body).decode()) == ("br", TEXT)
    assert ask(port, "/feed.atom", Accept_Encoding="gzip, br;q=0.1").headers["Content-Encoding"] == "gzip"
    assert len({answer.headers["ETag"] for answer in (plain, made, smaller)}) == 3
    assert {answer.headers["Vary"] for answer in (plain, made, smaller)} == {"Accept-Encoding"}
    assert {answer.headers["Content-Type"] for answer in (plain, made, smaller)} == {plain.headers["Content-Type"]}
    for answer in (plain, smaller):
        encoding = answer.headers["Content-Encoding"] or "identity"
        again = ask(port, "/feed.atom", Accept_Encoding=encoding, If_None_Match=answer.headers["ETag"])
        assert (again.status, again.headers["ETag"], again.body) == (304, answer.headers["ETag"], b"")
        assert again.headers["Vary"] == "Accept-Encoding"
    part = ask(port, "/feed.atom", Accept_Encoding="br", Range="bytes=0-5")
    assert (part.status, part.body, part.headers["Content-Encoding"]) == (206, b"<feed>", None)


def test_a_copy_of_another_version_is_not_sent(publication: Publication, port: int) -> None:
    """In the midst of a publish the feed is the new one, and its copy still the old one's."""
    old(publication.write("out/feed.atom.br", precompress.compress(b"<old/>" * 500, "br")), AGES - 1)
    answer = ask(port, "/feed.atom", Accept_Encoding="br")
    assert (answer.headers["Content-Encoding"], answer.body.decode()) == (None, TEXT)


def test_copies_may_be_asked_for_by_their_names(publication: Publication, port: int) -> None:
    old(publication.write("out/feed.atom.gz", gzip.compress(b"x" * 2000)))
    answer = ask(port, "/feed.atom.gz", Accept_Encoding="gzip")
    assert (answer.headers["Content-Type"], answer.headers["Content-Encoding"]) == ("application/gzip", None)


WAYS_OUT = [
    "/../feeder.toml", "/%2e%2e/feeder.toml", "/..%2ffeeder.toml", "/2026/../../feeder.toml", "/..\\feeder.toml",
    "/%2e%2e%2f%2e%2e%2fetc/passwd", "/..%5cfeeder.toml", "/%ef%bc%8e%ef%bc%8e/feeder.toml", "/．．/feeder.toml",
    "/%c0%ae%c0%ae/feeder.toml", "/%252e%252e/feeder.toml", "//feeder.toml", "/2026//11/", "/./feed.atom", "/.hidden",
    "/.feeder/history.db", "/%00", "/feed.atom%00.txt", "/feed.atom/", "/link.txt", "/linked/feeder.toml", "/loop/x",
    "/fifo", "/%D4%C6%C8%B8/", "/%ff%fe", "/" + "a/" * 500, "/" + "a" * 5000, "/%", "/%zz", "/feed.atom%20", "/…/..",
    "/feed.atom%0d%0aX-Injected:%201",
]  # fmt: skip


def raw(port: int, path: str) -> tuple[int, bytes]:
    """A request as it stands: http.client refuses some of them."""
    import socket

    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    return int(answer[9:12]), answer


@pytest.mark.parametrize("path", WAYS_OUT)
def test_nothing_leads_out_of_it(publication: Publication, port: int, path: str) -> None:
    (publication.out / ".hidden").write_text("hidden")
    (publication.out / "link.txt").symlink_to(publication.root / "feeder.toml")
    (publication.out / "linked").symlink_to(publication.root)
    (publication.out / "loop").symlink_to("loop")
    os.mkfifo(publication.out / "fifo")
    status, answer = raw(port, path)
    assert status in (400, 404)
    assert b"example.org/" not in answer.partition(b"\r\n\r\n")[2]
    assert b"X-Injected" not in answer


def test_only_what_reads_is_answered(port: int) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"):
        answer = ask(port, "/feed.atom", method)
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
    answer = ask(port, "/feed.atom", "OPTIONS", Origin="https://reader.example", Access_Control_Request_Method="GET")
    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (204, "*")


def test_readers_in_a_browser_may_fetch_feeds_and_no_pages(port: int) -> None:
    assert ask(port, "/feed.atom").headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Origin" not in ask(port, "/").headers


def test_head_tells_what_get_would(port: int) -> None:
    for path in ("/", "/feed.atom", "/nothing", "/2026/11/%E4%BA%91%E9%9B%80", "/rss"):
        told, sent = ask(port, path, "HEAD"), ask(port, path)
        assert (told.status, told.body) == (sent.status, b"")
        headers = [{key: value for key, value in one.headers.items() if key != "date"} for one in (told, sent)]
        assert headers[0] == headers[1]


def test_folders_are_redirected_to_their_slash(port: int) -> None:
    answer = ask(port, "/2026/11/%E4%BA%91%E9%9B%80?from=mail")
    assert (answer.status, answer.headers["Location"]) == (301, "/2026/11/%E4%BA%91%E9%9B%80/?from=mail")
    assert ask(port, "/feed").headers["Location"] == "/feed/"
    assert ask(port, "/2026/11").status == 404


def test_a_site_under_a_path(publication: Publication) -> None:
    publication.configure('[feeds]\nhub = "https://hub.example.org/"\n', url="https://example.org/新闻/")
    publication.write("out/feed.atom", TEXT)
    publication.write("out/index.html", "主页")
    publication.write("out/2026/index.html", "年")
    with served(publication) as port:
        base = "/%E6%96%B0%E9%97%BB/"
        assert ask(port, base).body.decode() == "主页"
        assert f"<https://example.org{base}feed.atom>" in ask(port, f"{base}feed.atom").headers["Link"]
        assert ask(port, base + "2026").headers["Location"] == base + "2026/"
        assert ask(port, base + "rss").headers["Location"] == base + "feed.rss"
        assert ask(port, base[:-1]).headers["Location"] == base
        assert ask(port, "/").headers["Location"] == base
        assert ask(port, "/feed.atom").status == 404
        assert ask(port, "/%E6%96%B0%E9%97%BBx/feed.atom").status == 404


def test_generations_are_followed_at_once(publication: Publication) -> None:
    publication.configure('[output]\nlayout = "generations"\n')
    publication.entry("a", title="一", date="2026-11-20")
    publication.run()
    with served(publication) as port:
        first = ask(port, "/feed.atom")
        publication.entry("b", title="二", date="2026-11-21")
        publication.run()
        second = ask(port, "/feed.atom")
        assert ("二" in first.body.decode(), "二" in second.body.decode()) == (False, True)
        assert ask(port, "/generations/1/feed.atom").status == 404
        from feeder.output import generations

        generations.rollback(publication.settings)
        assert ask(port, "/feed.atom").headers["ETag"] == first.headers["ETag"]


def test_what_is_not_published_yet_is_not_there(publication: Publication) -> None:
    publication.out.mkdir()
    with served(publication) as port:
        assert (ask(port, "/").status, ask(port, "/").body) == (404, b"404")
        publication.entry("a", title="一", date="2026-11-20")
        publication.run()
        assert ask(port, "/").status == 200
        assert "html" in ask(port, "/nothing").body.decode()


def test_a_disk_that_is_away_is_no_reason_to_give_up_a_feed(publication: Publication, port: int) -> None:
    publication.out.rename(publication.root / "away")
    answer = ask(port, "/feed.atom")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "60")
    (publication.root / "away").rename(publication.out)
    assert ask(port, "/feed.atom").status == 200


def test_too_many_open_files_are_no_reason_either(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as patched:
        patched.setattr(shelf.os, "open", refuse)
        assert ask(port, "/feed.atom").status == 503
        assert ask(port, "/nothing").status == 503
    assert ask(port, "/feed.atom").status == 200


def test_readers_during_a_publish_get_whole_files(publication: Publication) -> None:
    """Also of what is streamed: a file that was opened stays the version it is."""
    sizes = (2000, shelf.SMALL + 70_000)
    stop = threading.Event()

    def publishing() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            for size in sizes:
                fresh = publication.write(f"out/.new{size}", b"%08d" % number * (size // 8))
                os.replace(fresh, publication.out / f"{size}.txt")
            time.sleep(0.002)

    for size in sizes:
        publication.write(f"out/{size}.txt", b"00000000" * (size // 8))
    writer = threading.Thread(target=publishing)
    writer.start()
    tags: dict[str, bytes] = {}
    try:
        with served(publication) as port:
            for _ in range(60):
                for size in sizes:
                    answer = ask(port, f"/{size}.txt")
                    assert answer.body == answer.body[:8] * (size // 8)
                    assert tags.setdefault(answer.headers["ETag"], answer.body) == answer.body
    finally:
        stop.set()
        writer.join()


def test_large_files_are_streamed(publication: Publication) -> None:
    body = os.urandom(5 << 20)
    old(publication.write("out/show.mp3", body))
    with served(publication) as port:
        whole = ask(port, "/show.mp3", Accept_Encoding="gzip")
        assert (whole.body == body, whole.headers["Content-Type"]) == (True, "audio/mpeg")
        part = ask(port, "/show.mp3", Range="bytes=3000000-4999999", If_Range=whole.headers["ETag"])
        assert (part.status, part.body == body[3_000_000:5_000_000]) == (206, True)
        assert part.headers["Content-Range"] == f"bytes 3000000-4999999/{len(body)}"
        assert ask(port, "/show.mp3", Range="bytes=-100").body == body[-100:]
        assert ask(port, "/show.mp3", If_None_Match=whole.headers["ETag"]).status == 304


def test_whoever_hangs_up_leaves_nothing_open(publication: Publication) -> None:
    import socket

    publication.write("out/show.mp3", b"x" * (8 << 20))
    with served(publication) as port:
        ask(port, "/show.mp3")
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.sendall(b"GET /show.mp3 HTTP/1.1\r\nHost: x\r\n\r\n")
                connection.recv(1000)
        for _ in range(200):
            if len(os.listdir("/proc/self/fd")) <= before:
                break
            time.sleep(0.05)
        assert len(os.listdir("/proc/self/fd")) <= before
        assert ask(port, "/show.mp3", "HEAD").status == 200


def test_a_time_in_the_future_is_not_told(publication: Publication, port: int) -> None:
    old(publication.out / "feed.atom", int(time.time()) + 86_400)
    answer = ask(port, "/feed.atom")
    told, now = (parsedate_to_datetime(answer.headers[name]) for name in ("Last-Modified", "Date"))
    assert told <= now
    assert ask(port, "/feed.atom", If_Modified_Since=answer.headers["Date"]).status == 304


def test_the_shelf_is_bounded(tmp_path: Path) -> None:
    kept = Shelf(limit=10_000)
    for number in range(50):
        old(tmp_path / f"{number}.txt" if (tmp_path / f"{number}.txt").write_bytes(b"x" * 1000) else tmp_path)
    opened = [shelf.open_file(str(tmp_path), f"{number}.txt") for number in range(50)]
    time.sleep(1.1)  # what changed just now is not kept
    for one in opened:
        assert one is not None
        kept.keep(one, Version('"a"', 1000, b"x" * 1000))
    held = [one for one in opened if one is not None and kept.known(one)]
    assert 1 <= len(held) <= 10
    for one in opened:
        if one is not None:
            one.close()


def test_publishing_and_serving_agree(publication: Publication) -> None:
    """Everything that a publication writes is served, with a type."""
    publication.configure('[output]\ncompress = ["gz", "br"]\n')
    publication.entry("a", title="天数智芯", date="2026-11-20", tags="[推理, GPU]")
    publication.run(NOW)
    with served(publication) as port:
        for path, body in publication.tree().items():
            from feeder import links

            if path.startswith("."):
                continue
            answer = ask(port, "/" + links.encode(path))
            assert (answer.status, answer.body == body) == (200, True), path
            assert "octet-stream" not in answer.headers["Content-Type"] or path.endswith(".br"), path
        assert ask(port, "/feed.atom", Accept_Encoding="br").headers["Content-Encoding"] == "br"
