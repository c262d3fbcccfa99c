"""A publication whose digest is cut, and waits to be sent."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from feeder.config.settings import Limits, Mail, MailingList, Settings, Site, Smtp, Web
from feeder.dates import to_micros
from feeder.mail.database import MailDatabase, open_mail
from feeder.mail.providers import provider_of
from feeder.mail.sending import send
from feeder.mail.sending.ledger import Tally
from feeder.mail.values import HOLE

NOW = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
LIST = MailingList(name="weekly", title="每周新闻")
HTML = f'<p>你好</p><p><a href="{HOLE.format("unsubscribe")}">退订</a></p>'
TEXT = f"你好\n.点\n退订 {HOLE.format('unsubscribe')}\n"


class FakeClock:
    """Time that passes when somebody sleeps, and a little whenever somebody looks."""

    def __init__(self, now: datetime = NOW, tick: float = 0.0) -> None:
        self.start, self.passed, self.tick = now, 0.0, tick

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.passed)

    def seconds(self) -> float:
        self.passed += self.tick
        return self.passed

    def sleep(self, seconds: float) -> None:
        self.passed += seconds


class RealClock:
    """The system's, so that what runs in parallel is not spun upon."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def seconds(self) -> float:
        import time

        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        import time

        time.sleep(seconds)


def settings_of(
    root: Path, port: int = 0, *, limits: Limits | None = None, on_uncertain: str = "resend", transport: str = "smtp",
    **smtp: Any,
) -> Settings:  # fmt: skip
    """Settings of a publication that sends to a server on loopback."""
    server = Smtp(**{"host": "127.0.0.1", "port": port, "connections": 2, "timeout": 20, **smtp})
    mail = Mail(
        from_="新闻编辑部 <news@example.org>", bounce="bounce@example.org", postal_address="x", smtp=server,
        transport=transport, limits=limits or Limits(), on_uncertain=on_uncertain,
    )  # fmt: skip
    return Settings(
        root=root, site=Site(title="测试", url="https://news.example.org/"), mail=mail, lists=(LIST,),
        web=Web(url="https://subscribe.example.org/"),
    )  # fmt: skip


class Postroom:
    """The mail database of a publication, and what to do with it."""

    def __init__(self, settings: Settings, database: MailDatabase) -> None:
        self.settings, self.database = settings, database
        self.raw = database.raw()

    def subscribe(self, addresses: Sequence[str]) -> None:
        """Active subscribers, numbered from 1 on in order."""
        at = to_micros(NOW)
        self.raw.execute("BEGIN")
        self.raw.executemany(
            "INSERT INTO subscriber (address, key, provider, created_at) VALUES (?, ?, ?, ?)",
            [(address, address, provider_of(address), at) for address in addresses],
        )
        self.raw.execute(
            """INSERT INTO subscription (subscriber, list, state, frequency, created_at, state_at, scheduled_at)
            SELECT id, 'weekly', 'active', 'weekly', ?1, ?1, ?1 FROM subscriber WHERE true
            ON CONFLICT DO NOTHING""", (at,),
        )  # fmt: skip
        self.raw.execute("COMMIT")

    def cut(self, *, until: datetime = NOW, transport: str = "smtp", state: str = "ready", html: str = HTML) -> int:
        """A digest with a delivery to each subscriber; its number."""
        at = to_micros(until)
        self.raw.execute("BEGIN")
        number = self.raw.execute(
            """INSERT INTO digest (list, until, entries_hash, language, frequency, state, send_at, made_at, revision)
            VALUES ('weekly', ?1, hex(randomblob(4)), 'zh-CN', 'weekly', ?2, ?1, ?1, 1)""", (at, state),
        ).lastrowid  # fmt: skip
        assert number
        self.raw.execute("INSERT INTO snapshot VALUES (?, 1, '每周新闻', ?, ?, ?)", (number, html, TEXT, at))
        self.raw.execute(
            """INSERT INTO delivery (digest, transport, subscriber, subscription, provider, state, due_at, updated_at)
            SELECT ?1, ?2, p.id, s.id, p.provider, 'queued', ?3, ?3
            FROM subscription s JOIN subscriber p ON p.id = s.subscriber WHERE s.state = 'active'""",
            (number, transport, at),
        )
        self.raw.execute("COMMIT")
        return number

    def send(self, clock: Any = None, **more: Any) -> Tally:
        """One run."""
        given = {"list_host": "news.example.org", **more}
        return send(self.database, self.settings, clock or RealClock(), **given)

    def states(self, digest: int | None = None) -> dict[str, int]:
        """State -> how many deliveries are in it."""
        query = "SELECT state, count(*) FROM delivery WHERE digest = coalesce(?, digest) GROUP BY state"
        return dict(self.raw.execute(query, (digest,)).fetchall())

    def rows(self, columns: str) -> list[tuple[Any, ...]]:
        """Columns of all deliveries, by subscriber."""
        return self.raw.execute(f"SELECT {columns} FROM delivery ORDER BY digest, subscriber").fetchall()

    def make_due(self) -> None:
        """Let the time pass that deferred ones wait."""
        self.raw.execute("UPDATE delivery SET due_at = updated_at WHERE state = 'deferred'")
        self.raw.execute("DELETE FROM pause")


@cache
def empty_database() -> bytes:
    """An empty mail database; made once, since migrating takes longer than most tests."""
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_of(Path(folder))
        with open_mail(settings, NOW) as database:
            raw = database.raw()
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            raw.close()
        return Path(database.path).read_bytes()


@contextmanager
def postroom(settings: Settings, addresses: Sequence[str] | int = 0) -> Iterator[Postroom]:
    """A mail database with these subscribers; a number: so many at example.net."""
    file = settings.root / ".feeder" / "mail.db"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(empty_database())
    with open_mail(settings, NOW) as database:
        room = Postroom(settings, database)
        if addresses == 0:
            addresses = []
        if isinstance(addresses, int):
            addresses = [f"u{number}@example.net" for number in range(1, addresses + 1)]
        room.subscribe(addresses)
        try:
            yield room
        finally:
            room.raw.close()


def main() -> None:
    """``python postroom.py ROOT PORT CONNECTIONS ON_UNCERTAIN``: one run, that may be killed."""
    import signal

    root, port, connections, on_uncertain = sys.argv[1:]
    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(1))
    settings = settings_of(Path(root), int(port), connections=int(connections), on_uncertain=on_uncertain)
    with open_mail(settings, datetime.now(UTC)) as database:
        sys.stdout.write("started\n")
        sys.stdout.flush()
        tally = send(
            database, settings, RealClock(), list_host="news.example.org", stop=lambda: bool(stopped)
        )  # fmt: skip
    sys.stdout.write(f"{tally}\n")


__all__ = ["FakeClock", "Postroom", "RealClock", "postroom", "settings_of"]

if __name__ == "__main__":
    main()
