"""``feeder stats``: people counted from access logs."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeder.cli import main, readers
from feeder.cli.readers import Count

AT = "[22/Nov/2026:09:00:00 +0800]"
FEEDLY = "Feedly/1.0 (+http://www.feedly.com/fetcher.html; {} subscribers; like FeedFetcher-Google)"
INOREADER = "Mozilla/5.0 (compatible; inoreader.com; {} subscribers)"
NEWSBLUR = "NewsBlur Feed Fetcher - {} subscribers - https://www.newsblur.com/site/42/news (Mozilla/5.0 (Macintosh))"
OLD_READER = "Mozilla/5.0 (compatible; theoldreader.com; {} subscribers; feed-id=5f1a{})"
FEEDBIN = "Feedbin feed-id:1373711 - {} subscribers"
BAZQUX = "Mozilla/5.0 (compatible; BazQux/2.4; +https://bazqux.com/fetcher; {} subscribers)"
MINIFLUX = "Mozilla/5.0 (compatible; Miniflux/2.2.3; +https://miniflux.app)"
NEWSBOAT = "Newsboat/2.32 (Linux x86_64; https://newsboat.org/)"
NETNEWSWIRE = "NetNewsWire (RSS Reader; https://netnewswire.com/)"
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


def line(
    agent: str, *, host: str = "203.0.113.7", path: str = "/feed.atom", status: int = 200, verb: str = "GET"
) -> str:
    return f'{host} - - {AT} "{verb} {path} HTTP/1.1" {status} 5120 "-" "{agent}"\n'


def counted(*lines: str) -> list[Count]:
    return readers.count(readers.requests(lines))


@pytest.mark.parametrize(
    ("agent", "reader", "people"),
    [
        (FEEDLY.format(42), "Feedly", 42),
        (INOREADER.format(7), "Inoreader", 7),
        (NEWSBLUR.format(19), "NewsBlur", 19),
        (OLD_READER.format(3, 1), "The Old Reader", 3),
        (FEEDBIN.format(5), "Feedbin", 5),
        (BAZQUX.format(2), "BazQux", 2),
        (FEEDLY.format(1).replace("subscribers", "subscriber"), "Feedly", 1),
    ],
)
def test_hosted_readers_say_for_how_many_they_ask(agent: str, reader: str, people: int) -> None:
    assert counted(line(agent)) == [Count("/feed.atom", reader, people, True)]


def test_the_last_number_counts_not_the_sum() -> None:
    fetches = [line(FEEDLY.format(number), host=f"198.51.100.{number}") for number in (40, 41, 42)]
    assert counted(*fetches) == [Count("/feed.atom", "Feedly", 42, True)]


def test_two_feed_ids_of_one_service_are_two_groups() -> None:
    lines = [line(OLD_READER.format(3, "a")), line(OLD_READER.format(4, "b")), line(OLD_READER.format(5, "b"))]
    assert counted(*lines) == [Count("/feed.atom", "The Old Reader", 8, True)]


def test_programs_are_counted_by_address() -> None:
    lines = [
        line(NEWSBOAT),
        line(NEWSBOAT, status=304),
        line(NEWSBOAT, host="203.0.113.8"),
        line(MINIFLUX),
        line(NETNEWSWIRE),
    ]
    assert counted(*lines) == [
        Count("/feed.atom", "Newsboat", 2, False),
        Count("/feed.atom", "Miniflux", 1, False),
        Count("/feed.atom", "NetNewsWire", 1, False),
    ]


@pytest.mark.parametrize(
    "line_",
    [
        line(GOOGLEBOT),
        line(CHROME, path="/2026/11/a/"),
        line(FEEDLY.format(9), status=404),
        line(FEEDLY.format(9), status=301),
        line(FEEDLY.format(9), verb="POST"),
        line("curl/8.5.0"),
        "not a log line\n",
        "\n",
    ],
)
def test_what_is_no_reader_is_not_counted(line_: str) -> None:
    assert counted(line_) == []


def test_paths_are_told_apart_and_decoded() -> None:
    lines = [
        line(FEEDLY.format(2), path="/feed.rss"),
        line(FEEDLY.format(3), path="/tags/%E8%8A%AF%E7%89%87/feed.atom?x=1"),
        line(FEEDLY.format(4), path="/index.xml"),
        line(FEEDLY.format(5), path="/feed/"),
        line(FEEDLY.format(6), path="/feed.json"),
    ]
    assert [one.path for one in counted(*lines)] == [
        "/feed.json", "/feed.rss", "/feed/", "/index.xml", "/tags/芯片/feed.atom",
    ]  # fmt: skip


def test_a_virtual_host_and_a_quoted_agent() -> None:
    assert counted("news.example.org:443 " + line(FEEDLY.format(2)))[0].subscribers == 2
    assert counted(line('My \\"Reader\\"/1.0'))[0].reader == "My"


def test_the_command_reads_several_logs_and_gz(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "access.log").write_text(line(FEEDLY.format(1200)) + line(NEWSBOAT), "utf-8")
    with gzip.open(tmp_path / "access.log.1.gz", "wt") as file:
        file.write(line(INOREADER.format(30)) + line(FEEDLY.format(5), path="/feed.json"))
    argv = ["stats", "--log", str(tmp_path / "access.log"), "--log", str(tmp_path / "access.log.1.gz")]
    assert main.main(argv) == 0
    assert capsys.readouterr().out == (
        "/feed.atom: 1,231 subscribers\n"
        "  Feedly       1,200\n"
        "  Inoreader       30\n"
        "  Newsboat         1  (by address)\n"
        "/feed.json: 5 subscribers\n"
        "  Feedly           5\n"
    )
    assert main.main([*argv, "--json", "--feed", "feed.json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "version": 1,
        "subscribers": 5,
        "readers": [{"feed": "/feed.json", "reader": "Feedly", "subscribers": 5, "said": True}],
    }


def test_a_log_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.gz").write_bytes(b"no gzip")
    for name in ("none.log", "bad.gz", "."):
        assert main.main(["stats", "--log", str(tmp_path / name)]) == 2
        assert capsys.readouterr().err.startswith(f"feeder: {tmp_path / name}")
    (tmp_path / "empty.log").write_bytes(b"\xff\xfe\n")
    assert main.main(["stats", "--log", str(tmp_path / "empty.log")]) == 0


@given(st.lists(st.text()))
def test_any_lines(lines: list[str]) -> None:
    counted(*lines)
    counted(*(line(text) for text in lines))


def test_a_long_hostile_line_is_soon_done_with() -> None:
    assert counted(f'1 - - {AT} "GET /feed.atom HTTP/1.1" 200 1 "-" "' + '\\"' * 50_000) == []
    assert counted("1 - " + "[" * 50_000) == []
