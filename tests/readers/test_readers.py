"""Real feed readers over HTTP through an entry's whole life: never a second copy, nothing missed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from loopback import Folder, Server, serve
from readers.clients import Client, Liferea, Newsboat, Rss2email
from support import Publication

pytestmark = pytest.mark.server


@dataclass
class Stand:
    """A publication of four entries, served under its own address."""

    publication: Publication
    server: Server
    folder: Folder

    def publish(self) -> None:
        # Readers ask by Last-Modified too, which counts in seconds; nobody edits twice within one.
        time.sleep(1.05 - time.time() % 1)
        done = self.publication.publish("-q")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    def move(self) -> None:
        new = self.server.url(host="localhost")
        done = self.publication.command("move", new)
        assert done.returncode == 0, done.stderr
        assert f'"{new}"' in (self.publication.root / "feeder.toml").read_text("utf-8")
        self.publish()
        self.folder.moved = {f"127.0.0.1:{self.server.port}": new.rstrip("/")}


@pytest.fixture
def stand(publication: Publication) -> Iterator[Stand]:
    folder = Folder(publication.out)
    with serve(folder) as server:
        publication.configure(url=server.url())
        for number in range(1, 5):
            publication.entry(
                f"e{number}", f"第 {number} 条的正文。\n", title=f"标题{number}", date=f"2024-04-0{number}"
            )
        stand = Stand(publication, server, folder)
        stand.publish()
        yield stand


def edit(stand: Stand) -> None:
    stand.publication.entry("e1", "改过的正文。\n", title="标题1", date="2024-04-01", updated="2024-05-01")
    stand.publish()


def rename_retitle_redate(stand: Stand) -> None:
    (stand.publication.root / "entries/e2.md").unlink()
    stand.publication.entry("新名字", "第 2 条的正文。\n", title="新标题", date="2024-03-07", updated="2024-05-02")
    stand.publish()


def withdraw(stand: Stand) -> None:
    (stand.publication.root / "entries/e3.md").unlink()
    stand.publish()


def burst(stand: Stand) -> None:
    for number in range(60):
        stand.publication.entry(f"b{number}", f"快讯 {number}。\n", title=f"快讯{number:02}", date="2024-06-01")
    stand.publish()


BURST = [f"快讯{number:02}" for number in range(60)]
LATER = sorted(["标题1", "新标题", "已撤回", "标题4"])


@pytest.mark.parametrize("feed", ["feed.atom", "feed.rss"])
@pytest.mark.parametrize("kind", [Newsboat, Rss2email, Liferea], ids=lambda kind: kind.__name__.lower())
def test_one_copy_through_the_life_of_an_entry(stand: Stand, tmp_path: Path, kind: type[Client], feed: str) -> None:
    if missing := kind.missing():
        pytest.skip(f"not installed: {missing}")
    client = kind(tmp_path / "home", stand.server, stand.server.url(feed))
    client.fetch()
    first = ["标题1", "标题2", "标题3", "标题4"]
    assert client.titles() == first
    client.fetch()
    assert client.titles() == first

    edit(stand)
    client.fetch()
    assert client.titles() == first
    rename_retitle_redate(stand)
    client.fetch()
    assert len(client.titles()) == 4
    withdraw(stand)
    client.fetch()
    later = LATER if client.edits else first
    assert client.titles() == later
    stand.move()
    client.fetch()
    assert client.titles() == later
    burst(stand)
    client.fetch()
    assert client.titles() == sorted(later + BURST)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("feed", ["feed.atom", "feed.rss", "feed.json"])
def test_reader_counts(stand: Stand, feed: str) -> None:
    make_reader = pytest.importorskip("reader").make_reader
    reader = make_reader(":memory:")
    url = stand.server.url(feed)
    reader.add_feed(url)

    def update() -> tuple[int, int] | None:
        result = reader.update_feed(url)
        return result and (result.new, result.modified)

    stand.server.take()
    assert update() == (4, 0)
    ids = {entry.id for entry in reader.get_entries()}
    assert update() is None
    assert [status for path, status in stand.server.take() if path == f"/{feed}"] == [200, 304]
    edit(stand)
    assert update() == (0, 1)
    rename_retitle_redate(stand)
    assert update() == (0, 1)
    withdraw(stand)
    assert update() == (0, 1)
    stand.move()
    new, _ = update() or (0, 0)
    assert new == 0
    assert {entry.id for entry in reader.get_entries()} == ids
    burst(stand)
    assert update() == (60, 0)
    assert len(list(reader.get_entries())) == 64
