"""Rebuilding a lost history from what is public: the JSON documents name every id with its release and its file."""

from __future__ import annotations

import html
import json
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from feeder import dates, identity, index, links, pipeline
from feeder import history as histories
from feeder.catalog import FOLDERS
from feeder.config import Settings
from feeder.errors import DataError, FeederError
from feeder.history import Record
from feeder.output import publishing, served
from feeder.pipeline import Options, Report
from feeder.plan import Named

_UPDATED = re.compile(rb"<updated>([^<]+)</updated>")
_REFRESH = re.compile(rb'http-equiv="refresh" content="0; ?url=([^"]+)"')
_HEAD = 4096
"""Bytes of a file in which its first ``<updated>`` or its redirect stands."""


def recover(settings: Settings, now: datetime, tell: Callable[[str], None] = lambda _: None) -> Report:
    """Make the history anew from ``out/`` and publish; ids, permalinks, dates and releases are as they were.

    ``tell`` is told what was found.
    Raises ``DataError`` where a history with entries exists, or no JSON feed is in ``out/``.
    """
    root = str(settings.root)
    with publishing(settings.root, now), histories.open_history(root) as history:
        if history.last_seq():
            raise DataError(
                f"{histories.FILE} holds {history.public_count()} entries and was left as it is",
                hint="to rebuild it all the same, move it away first",
            )
        out = str(served(settings))
        documents = list(_documents(out))
        records = _records(documents, settings)
        if not records:
            raise DataError("no JSON feed with entries was found in the output", hint="restore out/ or the history")
        history.put(records)
        _settle(history, records, documents, settings)
        redirects = _redirects(out, records, settings)
        history.put_redirects(redirects)
        for seq, labels in _labels_of_withdrawn(out, records):
            history.set_labels(seq, labels)
        for path, updated in _feeds(out):
            history.set_feed_updated(path, updated)
        _take_digests(history, settings, now, tell)
        history.commit()
        index.drop(root)
    gone = sum(1 for record in records if not record.public)
    tell(
        f"found {len(records)} entries ({gone} withdrawn) in {len(documents)} JSON documents, "
        f"and {len(redirects)} redirects; their ids, addresses and dates are kept"
    )
    return pipeline.publish(settings, now, Options(mail=False, force=True))


def _take_digests(history: histories.History, settings: Settings, now: datetime, tell: Callable[[str], None]) -> None:
    """Digests are no part of the JSON documents; the mail database has them all."""
    if not settings.lists:
        return
    from feeder.mail import database as mail

    if not mail.exists(settings):
        return
    from feeder.mail import cutting

    try:
        with mail.open_mail(settings, now) as database:
            history.put_digests(cutting.public(database, 0))
            cutting.keep(database, history)
    except FeederError as error:
        tell(f"the pages of digests come back when the mail database can be read: {error}")


def _documents(out: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Number (0: the feed itself) and content of each JSON document, the oldest first."""
    archive = os.path.join(out, "archive")
    names = [name for name in (os.listdir(archive) if os.path.isdir(archive) else ()) if name.endswith(".json")]
    numbered = sorted((int(name[:-5]), os.path.join(archive, name)) for name in names if name[:-5].isdigit())
    for number, path in (*numbered, (0, os.path.join(out, "feed.json"))):
        try:
            with open(path, encoding="utf-8") as file:
                content = json.load(file)
        except FileNotFoundError:
            continue
        except ValueError as error:
            raise DataError(f"{path} is damaged: {error}", hint="restore out/ or the history from a backup") from error
        yield number, content


def _redirects(out: str, records: list[Record], settings: Settings) -> list[tuple[str, int]]:
    """The pages at old addresses, and the entry each leads to."""
    known = {links.url(settings.site.url, record.permalink): record.seq for record in records}
    found: list[tuple[str, int]] = []
    for path in _files(out, ".html"):
        with open(os.path.join(out, path), "rb") as file:
            target = _REFRESH.search(file.read(_HEAD))
        if target and (seq := known.get(html.unescape(target[1].decode("utf-8", "replace")))):
            found.append((identity.address("/" + path), seq))
    return found


def _feeds(out: str) -> Iterator[tuple[str, int]]:
    """Path and ``updated`` of each feed."""
    for path in _files(out, ".atom"):
        with open(os.path.join(out, path), "rb") as file:
            updated = _UPDATED.search(file.read(_HEAD))
        if updated:
            yield path.removesuffix(".atom"), _instant(updated[1].decode())


def _labels_of_withdrawn(out: str, records: list[Record]) -> Iterator[tuple[int, list[Named]]]:
    """In whose feeds the withdrawn entries are still shown; nothing else says so any more."""
    withdrawn = {record.id: record.seq for record in records if not record.public}
    kinds = {name: kind for kind, name in FOLDERS.items()}
    found: defaultdict[int, list[Named]] = defaultdict(list)
    for path in _files(out, "feed.json") if withdrawn else ():
        folder, _, rest = path.partition("/")
        if folder not in kinds or rest.count("/") != 1:
            continue
        with open(os.path.join(out, path), encoding="utf-8") as file:
            content = json.load(file)
        name = str(content.get("title", "")).rpartition(" · ")[2]
        for item in content.get("items", ()):
            if item["id"] in withdrawn:
                found[withdrawn[item["id"]]].append((kinds[folder], rest.partition("/")[0], name))
    yield from found.items()


def _files(out: str, ending: str) -> Iterator[str]:
    for folder, _, names in os.walk(out):
        for name in names:
            if name.endswith(ending):
                yield os.path.relpath(os.path.join(folder, name), out)


def _records(documents: list[tuple[int, dict[str, Any]]], settings: Settings) -> list[Record]:
    last = max((number for number, _ in documents), default=0)
    found: dict[str, tuple[int, dict[str, Any]]] = {}
    for number, content in documents:
        for item in content.get("items", ()):
            known = found.get(item["id"])
            found[item["id"]] = (known[0] if known else number or last + 1, item)
    ordered = sorted(found.values(), key=_release)
    numbers = [int(item["_feeder"].get("number", 0)) for _, item in ordered]
    if sorted(set(numbers)) != numbers or 0 in numbers:
        numbers = list(range(1, len(ordered) + 1))
    records = [_record(seq, *one, settings) for seq, one in zip(numbers, ordered, strict=True)]
    # Every event that brings an entry into the feed again left its instant as `updated`.
    events = sorted(records, key=lambda record: (max(record.released, record.updated), record.seq))
    touched = {record.seq: number for number, record in enumerate(events, 1)}
    return [replace(record, touched=touched[record.seq]) for record in records]


def _release(one: tuple[int, dict[str, Any]]) -> tuple[int, ...]:
    document, item = one
    ours = item["_feeder"]
    return document, int(ours.get("number", 0)), _instant(ours["released"]), _published(item)


def _record(seq: int, document: int, item: dict[str, Any], settings: Settings) -> Record:
    ours = item["_feeder"]
    path, _, anchor = str(ours.get("path", "")).partition("#")
    address, mark, place = str(item["url"]).removeprefix(settings.site.url).partition("#")
    permalink = identity.address("/" + address) + (mark and f"#{links.decode(place)}")
    published = _published(item)
    updated = _instant(item.get("date_modified", item["date_published"]))
    withdrawn = updated if ours.get("withdrawn") else None
    day = datetime.fromisoformat(item["date_published"]).astimezone(ZoneInfo(settings.site.timezone)).date().isoformat()
    return Record(
        seq=seq,
        id=str(item["id"]),
        path=path,
        anchor=anchor,
        slug=links.decode(place) or permalink.strip("/").rpartition("/")[2],
        permalink=permalink,
        hash=str(ours["hash"]),
        body_hash="",
        dated=0,
        day=day,
        published=published,
        updated=updated,
        released=_instant(ours["released"]),
        corrected=_instant(ours["corrected"]) if "corrected" in ours else 0,
        document=document,
        touched=seq,
        withdrawn=withdrawn,
        tombstone=withdrawn + histories.TOMBSTONE_US if withdrawn else None,
        key=b"",
        title=str(item.get("title", "")),
        language=str(item.get("language", "")),
        month=day[:7],
    )


def _settle(
    history: histories.History,
    records: list[Record],
    documents: list[tuple[int, dict[str, Any]]],
    settings: Settings,
) -> None:
    """What else a run must find: that this is not the first one, and which archive documents are full."""
    history.set_meta("first_run", str(min(record.released for record in records)))
    history.set_meta("sealed", str(max((number for number, _ in documents), default=0)))
    authority = _authority(documents, records)
    if authority and not settings.site.authority:
        history.set_meta("authority", authority)
        history.set_meta("authority_real", "1")


def _authority(documents: list[tuple[int, dict[str, Any]]], records: list[Record]) -> str:
    """Under what ids are minted: the feed's own id says so; entries may be older than the site's real address."""
    feeds = [str(content.get("_feeder", {}).get("id", "")) for number, content in documents if number == 0]
    return next((id_.split(":")[1] for id_ in (*feeds, *(r.id for r in records)) if id_.startswith("tag:")), "")


def _published(item: dict[str, Any]) -> int:
    return _instant(item["date_published"])


def _instant(text: str) -> int:
    return dates.to_micros(datetime.fromisoformat(text).astimezone(UTC))
