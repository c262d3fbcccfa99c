"""Entries, records and settings for the tests of the core, with nothing in them but what a test is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

from support import NOW

from feeder import dates, identity
from feeder.config import Settings
from feeder.config.settings import Entries, Feeds, Site
from feeder.history import History, Record
from feeder.model import Entry, Moment
from feeder.plan import Arrived, Plan, make_plan

SITE = Site(title="测试新闻", url="https://news.example.org/", author="新闻编辑部", authority="news.example.org,2026")
AUTHORITY = "news.example.org,2026"
SECOND = 1_000_000


def settings(*, entries: Entries | None = None, feeds: Feeds | None = None, **site: Any) -> Settings:
    """Settings of a publication that is nowhere."""
    return Settings(
        root=Path("/nowhere"), site=replace(SITE, **site), entries=entries or Entries(), feeds=feeds or Feeds()
    )


def at(text: str) -> Moment:
    """A day (``2026-01-05``), or an instant in UTC (``2026-01-05 10:00``)."""
    if len(text) == 10:
        noon = datetime.fromisoformat(f"{text}T12:00:00+00:00")
        return Moment(noon, noon.replace(hour=0), text, date_only=True)
    instant = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return Moment(instant, instant, text[:10])


def entry(path: str, date: str = "2026-01-05", *, body: str = "", **more: Any) -> Entry:
    """An entry file, or an item where ``path`` has an anchor; its hashes are those of title and body."""
    file, _, anchor = path.partition("#")
    title = str(more.pop("title", path))
    text = body or f"正文 {title}"
    values: dict[str, Any] = {
        "path": file, "anchor": anchor, "title": title, "date": at(date), "slug": Path(anchor or file).stem,
        "html": f"<p>{text}</p>", "hash": _digest(title + text), "body_hash": _digest(text),
    }  # fmt: skip
    return Entry(**{**values, **more})


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=8).hexdigest()


def plan(history: History, *entries: Entry, now: datetime = NOW, gone: tuple[str, ...] = (), **more: Any) -> Plan:
    """The plan for these entries, whose files were looked at, and for files that are gone."""
    wanted = more.pop("settings", settings())
    looked = {*(one.path for one in entries), *gone}
    arrived = [Arrived(one, one.body_hash.encode()) for one in entries]
    texts = more.pop("texts", {})

    def text_of(one: Record | Arrived) -> str:
        if isinstance(one, Arrived):
            return identity.text(one.entry.title, one.entry.html)
        return str(texts.get(one.id, one.title))

    return make_plan(arrived, looked, history, now, wanted, authority=AUTHORITY, text_of=text_of, **more)


def applied(history: History, made: Plan) -> Plan:
    """The plan, written into the history."""
    history.put(step.after for step in made.steps)
    history.put_redirects((one, step.after.seq) for step in made.steps for one in step.redirects)
    history.drop_redirects(step.after.permalink for step in made.steps)
    history.set_meta("sealed", str(made.sealed))
    history.set_meta("timezone", "Asia/Shanghai")
    return made


def run(history: History, *entries: Entry, **more: Any) -> Plan:
    """Plan and apply."""
    return applied(history, plan(history, *entries, **more))


def only(made: Plan) -> Record:
    """What one step makes of its entry."""
    (step,) = made.steps
    return step.after


def kinds(made: Plan) -> list[tuple[str, str]]:
    """Kind and path of each change."""
    return [(change.kind, change.path) for change in made.changes]


def micros(text: str) -> int:
    """An instant in UTC."""
    return dates.to_micros(datetime.fromisoformat(text).replace(tzinfo=UTC))
