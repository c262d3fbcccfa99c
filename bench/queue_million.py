"""How long it takes, and how much memory, to cut one digest for a million subscribers: frozen and queued.

python bench/queue_million.py [SUBSCRIBERS]
"""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

DUE = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
SETTINGS = """\
[site]
title = "Bench"
url = "https://news.example.org/"
authority = "news.example.org,2026"
[[lists]]
name = "weekly"
"""


def queue(subscribers: int) -> dict[str, float]:
    """Seconds (wall and CPU), megabytes at the peak, and deliveries, measured in a process of its own."""
    root = tempfile.mkdtemp(prefix="feeder-bench-")
    try:
        _call("fill", root, str(subscribers))
        printed = _call("cut", root)
    finally:
        shutil.rmtree(root)
    wall, processor, memory, queued = (float(part) for part in printed.split())
    return {"seconds": wall, "cpu": processor, "megabytes": memory, "queued": queued}


def _call(*argv: str) -> str:
    command = [sys.executable, os.path.abspath(__file__), *argv]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def _fill(root: str, many: int) -> None:
    from feeder import config, dates
    from feeder.history import Record, open_history
    from feeder.mail.database import open_mail

    with open(os.path.join(root, "feeder.toml"), "w", encoding="utf-8") as file:
        file.write(SETTINGS)
    settings = config.load(Path(root))
    served, at = dates.to_micros(DUE - timedelta(days=7)), dates.to_micros(DUE - timedelta(days=3))
    with open_history(root) as history:
        history.put(
            Record(
                seq=n, id=f"tag:{n}", path=f"entries/{n}.md", anchor="", slug=str(n), permalink=f"/{n}/", hash="",
                body_hash=str(n), dated=at, day="2026-11-20", published=at, updated=at + n, released=at, document=1,
                touched=n, key=str(n).encode(), title=f"新闻 {n}", month="2026-11", summary="摘要。" * 20,
            )
            for n in range(1, 13)
        )  # fmt: skip
        history.commit()
    with open_mail(settings, DUE) as database:
        path = database.path
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN")
    people = ((n, f"person{n}@example{n % 5000}.org", _provider(n)) for n in range(1, many + 1))
    connection.executemany(
        "INSERT INTO subscriber (id, address, key, provider, created_at) VALUES (?1, ?2, ?2, ?3, 0)", people
    )
    connection.execute(
        "INSERT INTO subscription (id, subscriber, list, state, frequency, created_at, state_at, scheduled_at, consent)"
        " SELECT id, id, 'weekly', 'active', 'weekly', 0, 0, 0, '[{\"what\":\"confirmed\",\"how\":\"link\"}]'"
        " FROM subscriber"
    )
    connection.execute("INSERT INTO served SELECT 'maildir', id, ? FROM subscription", (served,))
    connection.execute("COMMIT")
    connection.close()


def _provider(number: int) -> str:
    return ("gmail", "qq", "microsoft", "netease")[number % 4] if number % 3 else f"example{number % 5000}.org"


def _cut(root: str) -> None:
    from feeder import config, dates
    from feeder.catalog import Catalog
    from feeder.history import Record, open_history
    from feeder.mail import cutting
    from feeder.mail.database import open_mail
    from feeder.model import Entry, Moment, Reading

    def load(record: Record) -> Reading:
        moment = Moment(dates.from_micros(record.dated), dates.from_micros(record.dated), record.day)
        html = "<p>" + "正文。" * 300 + "</p>"
        return Reading(record.path, (Entry(path=record.path, title=record.title, date=moment, html=html),))

    settings = config.load(Path(root))
    with open_history(root) as history, open_mail(settings, DUE) as database:
        begun, used = time.perf_counter(), time.process_time()
        cuts = cutting.cut(database, settings, Catalog(settings, history, load), DUE).cuts
        wall, processor = time.perf_counter() - begun, time.process_time() - used
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(wall, processor, memory, sum(one.queued for one in cuts))


if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    if sys.argv[1:2] == ["fill"]:
        _fill(sys.argv[2], int(sys.argv[3]))
    elif sys.argv[1:2] == ["cut"]:
        _cut(sys.argv[2])
    else:
        print(queue(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
