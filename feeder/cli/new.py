"""``feeder new``: an entry file to write in."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from feeder.cli.options import HELP, in_directory, note, now, say, settings_in

if TYPE_CHECKING:
    from feeder.config import Settings

_ENTRY = """\
---
title: {title}
date: {date}
draft: true
---

"""
_PAGE = """\
---
items: h2
draft: true
---

# {title}

"""
_ITEM = "## {heading}\n\n{day}{comma}\n"


@click.command(context_settings=HELP)
@click.argument("title")
@click.option("--page", is_flag=True, help="A news page: several dated entries in one file.")
@click.option("--no-draft", is_flag=True, help="Leave out `draft: true`: the next publish puts it out as it is.")
@in_directory
def new(title: str, page: bool, no_draft: bool, directory: Path) -> int:
    """Make an entry file, dated now; print its path.

    It is a draft until its line `draft: true` is removed, so that cron does not publish it unwritten.
    """
    settings = settings_in(directory)
    title = " ".join(title.split())
    if not title:
        raise click.BadParameter("an entry needs a title", param_hint="TITLE")
    moment = now().astimezone(ZoneInfo(settings.site.timezone))
    text = page_text(title, moment, settings.site.language) if page else entry_text(title, moment)
    if no_draft:
        text = text.replace("draft: true\n", "", 1)
    path = write(settings, title, moment, text)
    say(path)
    if not no_draft:
        note("a draft: remove the line `draft: true` when it may go out")
    return 0


def entry_text(title: str, moment: datetime) -> str:
    """The front matter of an entry file."""
    return _ENTRY.format(title=json.dumps(title, ensure_ascii=False), date=moment.strftime("%Y-%m-%d %H:%M"))


def page_text(title: str, moment: datetime, language: str) -> str:
    """A news page with one item to write in."""
    chinese = language.startswith("zh")
    day = (
        f"{moment.year} 年 {moment.month} 月 {moment.day} 日"
        if chinese
        else f"{moment.day} {_month(moment)} {moment.year}"
    )
    item = _ITEM.format(heading="第一条" if chinese else "First item", day=day, comma="，" if chinese else ": ")
    return _PAGE.format(title=title.lstrip("# ")) + item


def write(settings: Settings, title: str, moment: datetime, text: str) -> str:
    """A new file for ``title``; its path from the publication's root. Never over one that is there."""
    from feeder.links import slugify

    slug = slugify(title) or moment.strftime("%Y-%m-%d")
    if settings.entries.path.rpartition("/")[2] == "_posts":
        slug = f"{moment:%Y-%m-%d}-{slug}"
    folder = settings.root / settings.entries.path
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, 10_000):
        name = slug if number == 1 else f"{slug}-{number}"
        try:
            with open(os.open(folder / f"{name}.md", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
                file.write(text.encode())
        except FileExistsError:
            continue
        return f"{settings.entries.path}/{name}.md"
    raise click.ClickException(f"{settings.entries.path}/{slug}.md and its numbered siblings are all taken")


def _month(moment: datetime) -> str:
    """In English whatever the locale."""
    names = "January February March April May June July August September October November December"
    return names.split()[moment.month - 1]
