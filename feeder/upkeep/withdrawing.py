"""Taking a published entry back, without losing what its author wrote."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime

from feeder import dates, pipeline
from feeder import history as histories
from feeder.config import Settings
from feeder.errors import DataError, Problem
from feeder.pipeline import Options, Report
from feeder.reading import files, headings, read_text
from feeder.upkeep import editing

FOLDER = ".feeder/withdrawn"


def withdraw(settings: Settings, now: datetime, place: str, tell: Callable[[str], None] = lambda _: None) -> Report:
    """Withdraw the entry at ``entries/a.md`` or ``entries/page.md#item``, and publish.

    An entry file, and a page with one item, become drafts; else the item is cut out of its news page and kept in
    ``.feeder/withdrawn/``. ``tell`` is told which.
    Raises ``DataError`` where nothing public stands at that place.
    """
    root = str(settings.root)
    path, _, anchor = place.partition("#")
    _require_public(root, path, anchor)
    content = editing.read(root, path)
    if anchor and not _is_alone(settings, path, content):
        left, taken, level = _without_item(settings, path, content, anchor)
        left = _still_a_page(settings, path, left, level)
        kept = _keep(root, path, anchor, taken, now)
        editing.write(root, path, left)
        tell(f"its text was cut out of {path} and is kept in {kept}")
    else:
        editing.write(root, path, editing.with_keys(path, content, {"draft": True}))
        tell(f"{path} is a draft now")
    return pipeline.publish(settings, now, Options(mail=False))


def _require_public(root: str, path: str, anchor: str) -> None:
    with histories.open_history(root, writing=False) as history:
        there = [record for record in history.at_path(path) if record.public]
    if not any(record.anchor == anchor for record in there):
        items = ", ".join(f"{path}#{record.anchor}" for record in there if record.anchor)
        raise DataError(
            f"{path}{'#' + anchor if anchor else ''} is not a public entry",
            hint=f"its items are {items}" if items else "name it as `feeder status` and the problems do: entries/a.md",
        )


def _without_item(settings: Settings, path: str, content: str, anchor: str) -> tuple[str, str, int]:
    """The news page without one item, the item, and the level of its heading."""
    data = files.load(str(settings.root), path)
    if isinstance(data, Problem):
        raise DataError(str(data))
    lines = {entry.anchor: entry.line for entry in read_text(path, data, settings).entries}
    if anchor not in lines:
        raise DataError(f"{path}#{anchor} does not stand in the file as it was published", hint="publish first")
    start = lines[anchor] - 1
    found = headings.find(content)
    level = next((heading.level for heading in found if heading.line == start), 6)
    later = (heading.line for heading in found if heading.level <= level and heading.line > start)
    end = min(later, default=content.count("\n") + 1)
    rows = content.split("\n")
    return "\n".join(rows[:start] + rows[end:]), "\n".join(rows[start:end]), level


def _is_alone(settings: Settings, path: str, content: str) -> bool:
    return len(read_text(path, content.encode(), settings).entries) == 1


def _still_a_page(settings: Settings, path: str, content: str, level: int) -> str:
    """The page's text, told to be one where the items that are left would not show it any more."""
    if "" in read_text(path, content.encode(), settings).bad:
        return editing.with_keys(path, content, {"items": f"h{level}"})
    return content


def _keep(root: str, path: str, anchor: str, taken: str, now: datetime) -> str:
    folder = os.path.join(root, FOLDER)
    os.makedirs(folder, exist_ok=True)
    stem = path.replace("/", "-").rpartition(".")[0]
    name = f"{stem}-{anchor}-{dates.to_micros(now)}.md"
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.write(taken)
    return f"{FOLDER}/{name}"
