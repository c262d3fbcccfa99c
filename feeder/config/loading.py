"""``feeder.toml`` from the disk: what is no text, or no TOML, is said with its line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from feeder.config.places import Places
from feeder.config.settings import Settings
from feeder.config.walk import FILE, Walk
from feeder.errors import Problem, SettingsError

LIMIT = 1 << 20
"""Bytes; a larger file is a mistake."""

_AT = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)")


def load(root: Path) -> Settings:
    """The settings of the publication in ``root``; raises ``SettingsError`` with all problems."""
    text = _read(root)
    try:
        table, places = _parse(text), Places(text)
    except RecursionError:
        raise SettingsError(
            problems=(Problem(FILE, "nested too deeply", "settings have tables and lists only"),)
        ) from None
    walk = Walk(table, places)
    found = walk.settings(root)
    if found is None:
        raise SettingsError(problems=walk.sorted())
    return found


def _read(root: Path) -> str:
    path = root / FILE
    try:
        with path.open("rb") as file:
            data = file.read(LIMIT + 1)
    except FileNotFoundError:
        raise SettingsError(
            f"no {FILE} in {root}", hint="`feeder init` writes one; `-C DIR` names another folder"
        ) from None
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}", hint="mend its permissions") from None
    if len(data) > LIMIT:
        raise SettingsError(problems=(Problem(FILE, "larger than 1 MiB", "these cannot be settings"),))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        problem = Problem(
            f"{FILE}:{number}", f"not UTF-8 at byte {error.start}", f"`feeder convert {FILE}` rewrites it"
        )
        raise SettingsError(problems=(problem,)) from None


def _parse(text: str) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except ValueError as error:
        raise SettingsError(problems=(_syntax(text, str(error)),)) from None


def _syntax(text: str, message: str) -> Problem:
    lines = text.split("\n")
    at = _AT.search(message)
    line, column = (int(at[1]), int(at[2])) if at and at[1] else (len(lines), 0)
    if not at:
        return Problem(FILE, f"not TOML: {message.partition(':')[0]}", "toml.io shows the form")
    source = lines[line - 1].rstrip("\r")
    what = _AT.sub("", message)
    return Problem(
        f"{FILE}:{line}", f"not TOML: {what[:1].lower()}{what[1:]}", _syntax_hint(source), source=source, column=column
    )


def _syntax_hint(source: str) -> str:
    for mark, name in (('"', "quotation mark"), ("'", "apostrophe")):
        if source.count(mark) % 2:
            return f"close the text with another {name}"
    match = re.match(r"\s*([\w-]+)\s*[=:：]\s*([^\"'\[{\d].*)", source)
    if match:
        return f'text stands in quotation marks: {match[1]} = "{match[2].strip()}"'
    return "toml.io shows the form"
