"""Promises 1 and 2 for `feeder run`: killed at any moment of saving and sending, it ends as if it had not been."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import time
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

from mail import sink
from mail.newsdesk import Newsdesk
from support import Publication, soak

from tests.daemon.process import Daemon, daemon, eventually, feed, with_digest_due

KILLS = soak(5, 50)
READERS = soak(150, 2000)
CONNECTIONS = 4


def whole(pub: Publication) -> None:
    """Every public file can be read, feeds parse, and no feed names a page that is missing."""
    for file in pub.files():
        if file.relative_to(pub.out).parts[0].startswith("."):
            continue  # what is being made is not served
        data = file.read_bytes()
        assert data, f"{file} is empty"
        if file.suffix in {".atom", ".rss", ".xml", ".opml"}:
            ET.fromstring(data)
        if file.name == "feed.json":
            for item in json.loads(data)["items"]:
                page = item["url"].removeprefix("https://news.example.org/")
                assert (pub.out / page / "index.html").is_file(), page
        if file.suffix == ".html":
            assert data.rstrip().endswith(b"</html>"), file


def states(desk: Newsdesk) -> Counter[str]:
    connection = sqlite3.connect(desk.root / ".feeder/mail.db")
    try:
        return Counter(dict(connection.execute("SELECT state, count(*) FROM delivery GROUP BY state")))
    finally:
        connection.close()


def save(pub: Publication, number: int) -> None:
    pub.entry(f"n{number:03}", f"第 {number} 条的正文。\n", title=f"第 {number} 条", date="2026-11-21 08:00")


def test_killed_while_saving_and_sending(tmp_path: Path) -> None:
    chance = random.Random(4)
    with sink.running(tmp_path, sink.Manners(slow=0.05)) as server:
        desk = with_digest_due(tmp_path / "pub", server.port, READERS, "[feeds]\nsize = 100\n")
        for number in range(KILLS):
            running = Daemon(desk, "--no-web")
            try:
                time.sleep(chance.uniform(0.3, 1.6))
                save(desk, number)
                time.sleep(chance.uniform(0, 0.25))
            finally:
                running.kill()
            whole(desk)
        with daemon(desk) as last:
            eventually(lambda: len(feed(desk.root)) == KILLS + 1)
            eventually(lambda: set(states(desk)) <= {"sent", "held"})
            assert last.end(signal.SIGTERM) == 0
        whole(desk)
        accepted = server.accepted()
        copies = Counter(line.recipient for line in accepted)
        held = states(desk)["held"]
        assert sum(states(desk).values()) == READERS
        assert len(copies) >= READERS - held
        assert len(accepted) - len(copies) <= KILLS * CONNECTIONS
        assert max(copies.values()) <= 2
        assert len(set(accepted)) == len(copies), "a second copy is the same, byte for byte"
    # What is public now is what the entries alone would give, made in peace.
    ids = {item["title"]: item["id"] for item in json.loads(desk.read("feed.json"))["items"]}
    assert len(ids) == KILLS + 1
    before = desk.tree()
    desk.publish()
    (desk.root / ".feeder/index").unlink()  # makes everything anew
    assert desk.publish().returncode == 0
    assert desk.tree() == before


def test_the_same_bytes_as_without_any_kill(publication: Publication) -> None:
    chance = random.Random(9)
    for number in range(12):
        save(publication, number)
    undisturbed = Publication(publication.root.parent / "undisturbed")
    for path in ("feeder.toml", *(f"entries/n{number:03}.md" for number in range(12))):
        undisturbed.write(path, (publication.root / path).read_bytes())
    assert undisturbed.publish().returncode == 0
    for _ in range(soak(4, 50)):
        running = Daemon(publication, "--no-web")
        time.sleep(chance.uniform(0.2, 1.2))
        running.kill()
    with daemon(publication) as last:
        assert last.end() == 0
    names = set(undisturbed.tree()) ^ set(publication.tree())
    assert names == set()
    # Each release has its own instants; beside these, the bytes are the same.
    pages = [name for name in undisturbed.tree() if name.endswith("index.html")]
    assert pages
    assert {name: undisturbed.tree()[name] for name in pages} == {name: publication.tree()[name] for name in pages}
