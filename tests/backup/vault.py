"""A publication with subscribers, whose databases are backed up, lost and put back."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mail.newsdesk import Newsdesk

from feeder.upkeep import backup, restoring

SATURDAY = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 0, 0, 20, tzinfo=UTC)  # 08:00:20 in Shanghai
DAY, WEEK = timedelta(days=1), timedelta(days=7)
HISTORY, MAIL = ".feeder/history.db", ".feeder/mail.db"


class Vault(Newsdesk):
    """Publishes, backs up and restores at given instants."""

    @classmethod
    def with_news(cls, root: Path, lines: str = "") -> Vault:
        """Two subscribers, and one digest that both were sent on Monday."""
        made = cls(root)
        made.begin(*([lines] if lines else []))
        made.entry("e1", "第一条。\n", title="第一条", date="2026-11-20")
        for address in ("a@example.org", "b@example.org"):
            made.subscribe(address, SATURDAY)
        made.mailed(SATURDAY)
        made.mailed(MONDAY)
        return made

    def backup(self, now: datetime, target: Path | None = None, **options: Any) -> Path:
        return Path(backup.backup(self.settings, now, target, **options).path)

    def restore(self, file: Path, now: datetime, **options: Any) -> restoring.Restored:
        return restoring.restore(self.settings, now, str(file), **options)

    def next_week(self, now: datetime = MONDAY) -> datetime:
        """An entry more, and the digest that has it; when that was."""
        number = 1 + sum(1 for _ in self.root.glob("entries/*.md"))
        day = now + 2 * DAY
        self.entry(f"e{number}", f"第 {number} 条。\n", title=f"第{number}条", date=f"{day:%Y-%m-%d}")
        self.mailed(day)
        self.mailed(now + WEEK)
        return now + WEEK

    def ask(self, name: str, query: str) -> list[Any]:
        """Rows of one of the databases."""
        connection = sqlite3.connect(self.root / name)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def lose(self, *names: str) -> None:
        """Delete databases, with what SQLite keeps beside them."""
        for name in names:
            for path in self.root.glob(f"{name}*"):
                path.unlink()

    def states(self) -> dict[str, str]:
        """Address -> state of the subscription."""
        query = "SELECT p.address, s.state FROM subscription s JOIN subscriber p ON p.id = s.subscriber"
        return dict(self.ask(MAIL, query))


def fold(path: Path) -> None:
    """Put what the write-ahead log holds into the file."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
