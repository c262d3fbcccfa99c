"""A preview at work: a publication, its studio and its server, in this process."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from support import Publication

from feeder.daemon.watching import Watcher
from feeder.web.preview.app import application
from feeder.web.preview.studio import Studio
from feeder.web.serving import Serving

MAIL = """
[mail]
from = "新闻编辑部 <news@news.example.org>"

[[lists]]
name = "weekly"
title = "每周新闻"
"""


_COMPANIONS = (".lock", "-wal", "-shm")
"""Of a lock, and of SQLite, which makes them for whoever reads."""


@dataclass
class Answer:
    """One answer."""

    status: int
    headers: dict[str, str]
    body: str


class Room:
    """A running preview."""

    def __init__(self, publication: Publication, studio: Studio, serving: Serving) -> None:
        self.publication = publication
        self.studio = studio
        self.serving = serving
        self.url = serving.url.rstrip("/")

    def get(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """What is answered; ``sec_fetch_site`` is ``Sec-Fetch-Site``."""
        connection = http.client.HTTPConnection("127.0.0.1", self.serving.port, timeout=20)
        try:
            given = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, quote(path, safe="/?&=%#:,"), headers=given)
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, names, response.read().decode("utf-8", "replace"))
        finally:
            connection.close()

    def json(self, path: str) -> dict[str, str]:
        """Likewise, of JSON."""
        return json.loads(self.get(path).body)


@contextmanager
def preview(
    publication: Publication, *, watch: bool = False, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Iterator[Room]:
    """The preview of a publication, built once; with ``watch`` it follows what is saved."""
    studio = Studio(publication.settings, now)
    studio.build()
    serving = Serving(application(studio), "127.0.0.1", 0)
    watcher = Watcher(publication.settings, studio.changed, lambda _: None) if watch else None
    serving.start()
    studio.start()
    if watcher:
        watcher.start()
    try:
        yield Room(publication, studio, serving)
    finally:
        if watcher:
            watcher.stop()
        studio.stop()
        serving.stop()


def stocked(publication: Publication) -> Publication:
    """Two public entries, a draft, one of the future, one that is wrong, and a list."""
    publication.configure(MAIL)
    publication.entry(
        "chips",
        "正文，见[公告](https://example.com/a)。\n\n![图](card.png)\n",
        title="天数智芯：融资",
        date="2026-11-18",
        tags="[芯片]",
    )
    publication.entry("order", "订单。\n", title="订单消息", date="2026-11-19")
    publication.write("entries/card.png", picture())
    publication.run()
    publication.entry("draft", "还没写完。\n\n![图](card.png)\n", title="还在写", draft="true")
    publication.entry("later", "明年。\n", title="明年的消息", date="2099-03-04")
    publication.entry("wrong", "什么？\n", titel="打错了", date="2026-13-40")
    return publication


def picture(colour: str = "#a3241b") -> bytes:
    """A small PNG."""
    from io import BytesIO

    from PIL import Image

    made = BytesIO()
    Image.new("RGB", (300, 200), colour).save(made, "PNG")
    return made.getvalue()


def state(root: Path) -> dict[str, bytes]:
    """Every file of a publication that a preview must leave alone, with its bytes."""
    preview_folder = root / ".feeder/preview"
    files = (path for path in root.rglob("*") if path.is_file() and preview_folder not in path.parents)
    return {
        path.relative_to(root).as_posix(): path.read_bytes() for path in files if not path.name.endswith(_COMPANIONS)
    }
