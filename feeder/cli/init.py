"""``feeder init``: a publication that publishes at once."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from feeder.cli import guesses, starter
from feeder.cli.options import HELP, note, now, say
from feeder.errors import UsageError

if TYPE_CHECKING:
    from feeder.importers.sites import Site

LOCAL = "http://localhost:8000/"
"""The address until there is a real one: where ``python3 -m http.server`` shows the output."""


@click.command(context_settings=HELP)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path(), metavar="[DIR]")
@click.option("--title", help="Name of the publication; the folder's name if not given.")
@click.option("--url", help="Address under which the output will be served.")
@click.option("--language", help="Language of the entries, as zh-CN; that of the locale if not given.")
@click.option("--timezone", help="Zone of dates without one, as Asia/Shanghai; the system's if not given.")
@click.option("--author", help="Author of entries that name none; git's user.name if not given.")
def init(folder: Path, **given: str | None) -> int:
    """Make a publication in DIR, or here.

    Asks nothing and overwrites nothing. A Hugo, Jekyll, Hexo or Pelican site that is there keeps its entries where
    they are.
    """
    from feeder.importers import sites

    root = folder.absolute()
    if (root / "feeder.toml").exists():
        raise UsageError(
            f"{root / 'feeder.toml'} is there already", hint="`publish` publishes; edit the file to change it"
        )
    site = sites.recognise(str(root))
    values = guessed(root, site) | _checked({key: value for key, value in given.items() if value})
    moment = now().astimezone(ZoneInfo(values["timezone"]))
    for path in _write(root, files(root, values, moment)):
        say(path)
    for line in advice(folder, values, site):
        note(line)
    return 0


def guessed(root: Path, site: Site | None) -> dict[str, str]:
    """Settings by their names, from the site that is there, else from the machine."""
    from feeder.config import checks

    values = {
        "title": guesses.title(Path(os.path.realpath(root))),
        "url": LOCAL,
        "language": guesses.language(os.environ),
        "timezone": guesses.timezone(os.environ),
        "author": guesses.author(root),
        "entries": "entries",
        "permalink": "",
        "output": "out",
    }
    if site is None:
        return values
    values |= {"entries": site.entries, "permalink": site.permalink}
    for name in ("title", "url", "language", "timezone", "author"):
        known = getattr(site, name)
        if name == "language":
            known = checks.guess_language(known)
        try:
            values |= _checked({name: known}) if known else {}
        except UsageError:
            continue
    return values


def _checked(given: dict[str, str]) -> dict[str, str]:
    from feeder.config import checks, rules

    made = {}
    for name, value in given.items():
        try:
            made[name] = rules.CHECKS["site", name](value)
        except checks.Wrong as wrong:
            raise UsageError(f"--{name}: {wrong.message}", hint=wrong.hint) from None
    return made


def files(root: Path, values: dict[str, str], moment: datetime) -> dict[str, str]:
    """What is to be written: path -> text. Only what is not there yet."""
    from feeder.config import json_schema

    schema = json.dumps(json_schema(), ensure_ascii=False, indent=1) + "\n"
    made = {"feeder.toml": starter.settings(values), starter.SCHEMA: schema}
    if not (root / values["entries"]).exists():
        name = f"{values['entries']}/{'第一条消息' if values['language'].startswith('zh') else 'first-news'}.md"
        made[name] = starter.first_entry(values["language"], values["title"], moment.strftime("%Y-%m-%d %H:%M"))
    if not (root / ".gitignore").exists():
        made[".gitignore"] = starter.ignore(values["output"])
    return made


def _write(root: Path, texts: dict[str, str]) -> list[str]:
    """Write the files, none over another; the paths. ``feeder.toml`` comes last: with it, the work is whole."""
    root.mkdir(parents=True, exist_ok=True)
    for path in sorted(texts, key=lambda path: path == "feeder.toml"):
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if path == starter.SCHEMA:
            file.unlink(missing_ok=True)
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as handle:
            handle.write(texts[path].encode("utf-8", "replace"))
    return [path for path in texts if not path.startswith(".feeder/")]


def advice(folder: Path, values: dict[str, str], site: Site | None) -> list[str]:
    """What to do next."""
    where = "" if folder == Path() else f" -C {quote(str(folder))}"
    out = values["output"] if not where else quote(f"{folder}/{values['output']}")
    found = f"found a {site.generator} site; its entries in {values['entries']}/ are read as they are" if site else ""
    lines = [found] if found else []
    lines.append(f"next: `publish{where}`, then `python3 -m http.server -d {out} 8000` shows it at {LOCAL}")
    if not _ignored(folder):
        lines.append(f"add /.feeder/ and /{values['output']}/ to .gitignore")
    if values["url"] == LOCAL:
        lines.append("before others read it: set `url` in feeder.toml to its real address")
    return lines


def _ignored(folder: Path) -> bool:
    """Whether git is told of ``.feeder/``; a ``.gitignore`` that was there is not ours to change."""
    try:
        return "/.feeder/" in "/" + (folder / ".gitignore").read_text("utf-8", "replace")
    except OSError:
        return True
