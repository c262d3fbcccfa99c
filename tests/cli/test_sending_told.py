"""What `feeder status` says of digests that are being sent, and of those that are not."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from mail.newsdesk import Newsdesk

from feeder.dates import to_micros
from feeder.output import publishing
from feeder.upkeep import running

MONDAY = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)


@pytest.fixture
def desk(tmp_path: Path) -> Newsdesk:
    """A digest to two people of which one has left, at 38 a second, up to this moment."""
    made = Newsdesk(tmp_path / "pub")
    made.begin()
    for name in ("a", "b"):
        made.subscribe(f"{name}@example.org", MONDAY - timedelta(days=2))
    made.entry("e1", "正文。\n", title="一", date="2026-11-20")
    made.run_cut_only(MONDAY - timedelta(days=1))
    made.entry("e2", "正文。\n", title="二", date="2026-11-22")
    made.run_cut_only(MONDAY)
    now = to_micros(datetime.now(UTC) + timedelta(hours=1))  # a speed of ten seconds ago counts no more
    with closing(sqlite3.connect(made.root / ".feeder/mail.db")) as database, database:
        database.execute("UPDATE delivery SET state = 'sent' WHERE subscriber = (SELECT min(subscriber) FROM delivery)")
        database.execute("INSERT INTO meta VALUES ('pace maildir', ?)", (f"{now - 1_000_000} {now} 38",))
    database.close()
    return made


def told(desk: Newsdesk) -> str:
    (line,) = (line for line in desk.command("status").stdout.splitlines() if line.startswith("digest "))
    return line.partition(": 1 sent, ")[2]


def test_speed_is_told_while_somebody_sends(desk: Newsdesk) -> None:
    assert told(desk) == "1 queued, goes on with the next `publish`"
    with publishing(desk.root, MONDAY, name="send"):
        assert told(desk) == "1 queued, 38/s, 0 s left"


def test_the_daemon_goes_on_by_itself(desk: Newsdesk) -> None:
    running.save(desk.root, running.Running(pid=1, since=MONDAY, watching="inotify"))
    with publishing(desk.root, MONDAY, name=running.LOCK):
        assert told(desk) == "1 queued, `feeder run` goes on with it"


def test_what_may_not_leave_yet_says_when(desk: Newsdesk) -> None:
    with closing(sqlite3.connect(desk.root / ".feeder/mail.db")) as database, database:
        database.execute("UPDATE digest SET send_at = ?", (to_micros(datetime(2100, 1, 1, tzinfo=UTC)),))
    database.close()
    assert told(desk) == "1 queued, not before 2100-01-01 08:00"
