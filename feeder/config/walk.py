"""The parsed ``feeder.toml`` into ``Settings``: every mistake at once, each with its line and a way to mend it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from feeder.config import checks, together
from feeder.config.places import Key, Place, Places
from feeder.config.rules import CHECKS, PRIVATE, RANGES, REPEATED, TABLES, shown
from feeder.config.settings import Settings, toml_key
from feeder.errors import Problem

FILE = "feeder.toml"
_EXAMPLES = {"title": "天数智芯新闻", "name": "weekly"}
_SECRETS = frozenset({"password", "passwd", "pass", "secret", "token", "access_token", "api_key"})
"""Keys that people write and that must not stand in a file."""


class Walk:
    """One walk over the parsed file, gathering problems."""

    def __init__(self, table: dict[str, Any], places: Places) -> None:
        self.table = table
        self.places = places
        self.problems: list[Problem] = []
        self.notes: list[Problem] = []
        self.meant: set[str] = set()
        """Tables and keys that are there, but under a wrong name or in a wrong place."""

    def sorted(self) -> tuple[Problem, ...]:
        """The problems in the order of their lines."""
        return tuple(sorted(self.problems, key=lambda p: int(p.place.rpartition(":")[2])))

    def settings(self, root: Path) -> Settings | None:
        """The settings, or ``None`` where there are problems."""
        for name in self.table:
            if name not in TABLES:
                self.meant.add(self._unknown((name,), "", _tables_below("")) or name)
        made = {name: self._table(name) for name in _tables_below("")}
        if self.problems:
            return None
        found = Settings(root=root, **made)
        self._together(found)
        if self.problems:
            return None
        return Settings(root=root, problems=tuple(self.notes), **made)

    def _table(self, name: str) -> Any:  # noqa: ANN401  (one of the classes in TABLES, or a tuple of them)
        if name in REPEATED:
            return tuple(self._repeated(name))
        return self._section(name, (name,), self.table.get(name, {}))

    def _section(self, name: str, key: Key, value: object) -> Any:  # noqa: ANN401
        if not isinstance(value, dict):
            self._wrong(key, f"{key[-1]} is a table", f"write {shown(name)} on a line of its own")
            return None
        return self._fill(name, key, value)

    def _repeated(self, name: str) -> list[Any]:
        value = self.table.get(name, [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            self._wrong((name,), f"{name} is a list of tables", f"write {shown(name)}, with two brackets")
            return []
        return [self._fill(name, (name, number), one) for number, one in enumerate(value)]

    def _fill(self, name: str, key: Key, value: dict[str, Any]) -> Any:  # noqa: ANN401
        """An instance of the table's class, or ``None`` where something in it is wrong."""
        before = len(self.problems)
        kind, hints = TABLES[name], _hints(name)
        meant = self.meant | {
            self._unknown((*key, unknown), name, tuple(map(toml_key, hints))) for unknown in value
            if unknown not in map(toml_key, hints)
        }  # fmt: skip
        made = {
            field: self._value((*key, toml_key(field)), name, hints[field], value[toml_key(field)])
            for field in hints
            if toml_key(field) in value
        }
        for field in fields(kind):
            required = field.default is MISSING and field.default_factory is MISSING
            if required and field.name not in value and not meant & {field.name, name}:
                self._missing(key, name, field.name)
        return kind(**made) if len(self.problems) == before and not self.meant else None

    def _missing(self, key: Key, table: str, name: str) -> None:
        example = _EXAMPLES.get(name, "https://news.example.org/")
        hint = f'write {name} = "{example}"'
        self.problems.append(self._problem(self.places.key(key), f"{shown(table)} has no `{name}`", hint))

    def _value(self, key: Key, table: str, kind: Any, value: object) -> Any:  # noqa: ANN401
        """The value put in order; a problem and the value as it is where it is wrong."""
        name = str(key[-1])
        if f"{table}.{name}" in TABLES:
            return self._section(f"{table}.{name}", key, value)
        if get_origin(kind) is tuple:
            return self._list(key, table, get_args(kind)[0], value)
        if not _is(kind, value):
            hint = _example(table, name, kind, value)
            self._wrong(key, f"`{name}` in {shown(table)} is {_expected(kind)}, not {_found(value)}", hint)
            return value
        try:
            if isinstance(value, bool):
                return value
            if isinstance(value, int):
                return RANGES[table, name].check(value)
            return CHECKS.get((table, name), checks.text)(str(value))
        except checks.Wrong as wrong:
            self._wrong(key, wrong.message, wrong.hint)
            return value

    def _list(self, key: Key, table: str, kind: Any, value: object) -> tuple[Any, ...]:  # noqa: ANN401
        name = str(key[-1])
        if not isinstance(value, list):
            hint = f'write {name} = ["{value}"]' if isinstance(value, str) else f'write {name} = ["…"]'
            self._wrong(key, f"`{name}` in {shown(table)} is a list of text, not {_found(value)}", hint)
            return ()
        made: list[Any] = []
        for number, one in enumerate(value):
            place: Key = (*key, number)
            if not _is(kind, one):
                hint = 'write "…", in quotation marks' if kind is str else _example(table, name, kind, one)
                self._wrong(place, f"`{name}` in {shown(table)} holds {_expected(kind)}, not {_found(one)}", hint)
                continue
            try:
                done = CHECKS.get((table, name), checks.text)(str(one))
            except checks.Wrong as wrong:
                self._wrong(place, wrong.message, wrong.hint)
                continue
            if done in made:
                self._wrong(place, f"twice in `{name}`: {one}", "remove one")
            made.append(done)
        return tuple(made)

    def _together(self, settings: Settings) -> None:
        for mistake in together.mistakes(settings):
            key = next((key for key in mistake.keys if key in self.places.keys), mistake.keys[0])
            problem = self._problem(self.places.value(key), mistake.message, mistake.hint)
            (self.problems if mistake.stops else self.notes).append(problem)

    def _unknown(self, key: Key, table: str, known: tuple[str, ...]) -> str:
        """Tell of a key nobody knows; returns the one that was probably meant."""
        name = str(key[-1])
        if table.startswith("mail") and name.casefold() in _SECRETS:
            message = f"`{name}` must not stand in {shown(table)}"
            hint = f"give it as {_secret_of(table, name)}: secrets stand in no file of the publication"
            self.problems.append(self._problem(self.places.key(key), message, hint, excerpt=False))
            return ""
        if table and name in _tables_below(""):
            message = f"{shown(name)} does not stand in {shown(table)}"
            hint = f"write {shown(name)} on a line of its own, and its keys below"
            self.problems.append(self._problem(self.places.key(key), message, hint))
            return ""
        guess = checks.near(name, known)
        home = _home(name, table)
        what = f"unknown key `{_short(name)}`" if table else f"unknown table or key `{_short(name)}`"
        message = f"{what} in {shown(table)}" if table else what
        if guess and guess.casefold() != name.casefold() and home and not table:
            guess = ""
        if guess:
            message += f"; did you mean `{guess}`?"
        elif home:
            message += f"; it belongs in {home}"
        known_hint = "" if guess or home else "known are " + ", ".join(known)
        self.problems.append(self._problem(self.places.key(key), message, known_hint, excerpt=bool(known_hint)))
        return guess

    def _wrong(self, key: Key, message: str, hint: str) -> None:
        self.problems.append(self._problem(self.places.value(key), message, hint, excerpt=key not in PRIVATE))

    def _problem(self, place: Place | None, message: str, hint: str, *, excerpt: bool = True) -> Problem:
        if place is None:
            return Problem(f"{FILE}:1", message, hint)
        source = self.places.source(place.line) if excerpt else ""
        return Problem(f"{FILE}:{place.line}", message, hint, source=source, column=place.column, width=place.width)


def _tables_below(parent: str) -> tuple[str, ...]:
    return tuple(name for name in TABLES if name.rpartition(".")[0] == parent)


@cache
def _hints(table: str) -> Mapping[str, Any]:
    return get_type_hints(TABLES[table])


def _home(name: str, table: str) -> str:
    """Where a key stands that is not known in ``table``; empty where nowhere."""
    inner = next((whole for whole in TABLES if whole.endswith(f".{name}")), "")
    if inner:
        return f"[mail], as {shown(inner)}"
    return next((shown(other) for other in TABLES if other != table and name in map(toml_key, _hints(other))), "")


def _secret_of(table: str, name: str) -> str:
    if name.casefold() == "secret" and table == "mail":
        return "FEEDER_SECRET"
    return "FEEDER_IMAP_PASSWORD" if table == "mail.imap" else "FEEDER_SMTP_PASSWORD"


def _is(kind: object, value: object) -> bool:
    if get_origin(kind) is Literal:
        return isinstance(value, str) and value in get_args(kind)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kind) if isinstance(kind, type) else False


def _expected(kind: object) -> str:
    if get_origin(kind) is Literal:
        *most, last = [f'"{one}"' for one in get_args(kind)]
        return f"{', '.join(most)} or {last}"
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


def _example(table: str, name: str, kind: object, value: object) -> str:
    if get_origin(kind) is Literal:
        guess = checks.choice(str(value), get_args(kind))
        return f'write "{guess}"' if guess else "write one of these"
    if kind is bool:
        return f"write {name} = true, without quotation marks"
    if kind is int:
        return f"write {name} = {RANGES[table, name].example}, without quotation marks"
    default = next(field.default for field in fields(TABLES[table]) if toml_key(field.name) == name)
    example = default if isinstance(default, str) and default else "…"
    return f'write {name} = "{example}", in quotation marks'
