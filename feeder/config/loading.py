"""``feeder.toml`` into ``Settings``: every mistake at once, each with its line and a way to mend it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from feeder.config import checks
from feeder.config.places import Key, Places
from feeder.config.settings import Entries, Feeds, Follow, Output, Settings, Site
from feeder.errors import Problem, SettingsError

FILE = "feeder.toml"
LIMIT = 1 << 20
"""Bytes; a larger file is a mistake."""

TABLES: Mapping[str, type[Any]] = MappingProxyType(
    {"site": Site, "entries": Entries, "feeds": Feeds, "output": Output, "follow": Follow}
)
LATER = ("mail", "lists", "web")
"""Tables of a version to come: they may be prepared, and a problem says that nothing reads them yet."""

_AT = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)")
_LISTS = ("follow", "lists")


def load(root: Path) -> Settings:
    """The settings of the publication in ``root``; raises ``SettingsError`` with all problems."""
    text = _read(root)
    try:
        table, places = _parse(text), Places(text)
    except RecursionError:
        raise SettingsError(
            problems=(Problem(FILE, "nested too deeply", "settings have tables and lists only"),)
        ) from None
    walk = _Walk(table, places)
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


class _Walk:
    """One walk over the parsed file, gathering problems."""

    def __init__(self, table: dict[str, Any], places: Places) -> None:
        self.table = table
        self.places = places
        self.problems: list[Problem] = []
        self.notes: list[Problem] = []
        self.meant: set[str] = set()
        """Tables and keys that are there, but under a wrong name or in a wrong place."""

    def sorted(self) -> tuple[Problem, ...]:
        return tuple(sorted(self.problems, key=lambda p: int(p.place.rpartition(":")[2])))

    def settings(self, root: Path) -> Settings | None:
        """The settings, or ``None`` where there are problems."""
        self._names()
        made = {name: self._section(name, kind) for name, kind in TABLES.items() if name not in _LISTS}
        follow = tuple(self._follow())
        if not self.problems:
            self._together(made["entries"], made["output"])
        if self.problems:
            return None
        return Settings(root=root, follow=follow, problems=tuple(self.notes), **made)

    def _names(self) -> None:
        for name in self.table:
            if name in TABLES:
                continue
            if name in LATER:
                place = self.places.key((name,))
                message = f"[{name}] is not in this version of feeder"
                self.notes.append(self._problem(place, message, "it can stand here; nothing reads it yet"))
                continue
            self.meant.add(self._unknown((name,), "", (*TABLES, *LATER)) or name)

    def _section(self, name: str, kind: type[Any]) -> Any:  # noqa: ANN401  (one of the classes in TABLES)
        value = self.table.get(name, {})
        if not isinstance(value, dict):
            self._wrong((name,), f"{name} is a table", f"write [{name}] on a line of its own")
            return None
        return self._fill(kind, name, (name,), value)

    def _follow(self) -> list[Follow]:
        value = self.table.get("follow", [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            self._wrong(("follow",), "follow is a list of tables", "write [[follow]], with two brackets")
            return []
        return [self._fill(Follow, "follow", ("follow", number), one) for number, one in enumerate(value)]

    def _fill(self, kind: type[Any], name: str, key: Key, value: dict[str, Any]) -> Any:  # noqa: ANN401
        """An instance of ``kind``, or ``None`` where something in it is wrong."""
        before = len(self.problems)
        hints = get_type_hints(kind)
        shown = f"[[{name}]]" if name in _LISTS else f"[{name}]"
        meant = self.meant | {
            self._unknown((*key, unknown), shown, tuple(hints)) for unknown in value if unknown not in hints
        }
        made = {
            field: self._value((*key, field), name, hints[field], value[field]) for field in hints if field in value
        }
        for field in fields(kind):
            required = field.default is MISSING and field.default_factory is MISSING
            if required and field.name not in value and not meant & {field.name, name}:
                place = self.places.key(key)
                hint = "https://news.example.org/" if field.name != "title" else "天数智芯新闻"
                self.problems.append(
                    self._problem(place, f"{shown} has no `{field.name}`", f'write {field.name} = "{hint}"')
                )
        return kind(**made) if len(self.problems) == before and not self.meant else None

    def _value(self, key: Key, table: str, kind: Any, value: object) -> Any:  # noqa: ANN401
        """The value put in order; a problem and the value as it is where it is wrong."""
        name = str(key[-1])
        if get_origin(kind) is tuple:
            return self._list(key, table, get_args(kind)[0], value)
        if not _is(kind, value):
            self._wrong(
                key, f"`{name}` in [{table}] is {_expected(kind)}, not {_found(value)}", _example(name, kind, value)
            )
            return value
        try:
            if isinstance(value, bool):
                return value
            if isinstance(value, int):
                return checks.size(value)
            return checks.CHECKS.get((table, name), checks.text)(str(value))
        except checks.Wrong as wrong:
            self._wrong(key, wrong.message, wrong.hint)
            return value

    def _list(self, key: Key, table: str, kind: Any, value: object) -> tuple[Any, ...]:  # noqa: ANN401
        name = str(key[-1])
        if not isinstance(value, list):
            hint = f'write {name} = ["{value}"]' if isinstance(value, str) else f'write {name} = ["…"]'
            self._wrong(key, f"`{name}` in [{table}] is a list of text, not {_found(value)}", hint)
            return ()
        made: list[Any] = []
        for number, one in enumerate(value):
            place: Key = (*key, number)
            if not _is(kind, one):
                hint = 'write "…", in quotation marks' if kind is str else _example(name, kind, one)
                self._wrong(place, f"`{name}` in [{table}] holds {_expected(kind)}, not {_found(one)}", hint)
                continue
            try:
                done = checks.CHECKS.get((table, name), checks.text)(str(one))
            except checks.Wrong as wrong:
                self._wrong(place, wrong.message, wrong.hint)
                continue
            if done in made:
                self._wrong(place, f"twice in `{name}`: {one}", "remove one")
            made.append(done)
        return tuple(made)

    def _together(self, entries: Entries, output: Output) -> None:
        """What no single key shows: one folder within the other would publish what was published."""
        one, other = entries.path + "/", output.path + "/"
        if one.startswith(other) or other.startswith(one):
            key: Key = ("output", "path") if self.places.keys.get(("output", "path")) else ("entries", "path")
            self._wrong(
                key, f"entries and output share a folder: {entries.path}, {output.path}", "name two folders apart"
            )

    def _unknown(self, key: Key, shown: str, known: tuple[str, ...]) -> str:
        """Tell of a key nobody knows; returns the one that was probably meant."""
        name = str(key[-1])
        guess = checks.near(name, known)
        home = next(
            (table for table, kind in TABLES.items() if name in get_type_hints(kind) and f"[{table}]" != shown), ""
        )
        what = f"unknown key `{_short(name)}`" if shown else f"unknown table or key `{_short(name)}`"
        message = f"{what} in {shown}" if shown else what
        if guess and guess.casefold() != name.casefold() and home and not shown:
            guess = ""
        if guess:
            message += f"; did you mean `{guess}`?"
        elif home:
            message += f"; it belongs in [{home}]"
        known_hint = "" if guess or home else "known are " + ", ".join(known)
        self.problems.append(self._problem(self.places.key(key), message, known_hint, excerpt=bool(known_hint)))
        return guess

    def _wrong(self, key: Key, message: str, hint: str) -> None:
        self.problems.append(self._problem(self.places.value(key), message, hint))

    def _problem(self, place: Any, message: str, hint: str, *, excerpt: bool = True) -> Problem:  # noqa: ANN401
        if place is None:
            return Problem(f"{FILE}:1", message, hint)
        source = self.places.source(place.line) if excerpt else ""
        return Problem(f"{FILE}:{place.line}", message, hint, source=source, column=place.column, width=place.width)


def _is(kind: object, value: object) -> bool:
    if get_origin(kind) is Literal:
        return isinstance(value, str) and value in get_args(kind)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kind) if isinstance(kind, type) else False


def _expected(kind: object) -> str:
    if get_origin(kind) is Literal:
        return " or ".join(f'"{one}"' for one in get_args(kind))
    return {int: "a whole number", bool: "true or false"}.get(kind, "text")  # type: ignore[call-overload, no-any-return]


def _found(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{_short(value)}"'
    if isinstance(value, dict):
        return "a table"
    return "a list" if isinstance(value, list) else _short(str(value))


def _short(value: str) -> str:
    value = value.encode("unicode_escape").decode() if not value.isprintable() else value
    return value if len(value) <= 60 else value[:59] + "…"


def _example(name: str, kind: object, value: object = "") -> str:
    if get_origin(kind) is Literal:
        known = get_args(kind)
        return f'write "{checks.near(str(value), known) or known[0]}"'
    if kind is bool:
        return f"write {name} = true, without quotation marks"
    return f"write {name} = 20, without quotation marks" if kind is int else f'write {name} = "…", in quotation marks'
