"""YAML front matter as plain values.

Built from the parser's events, so that nothing is resolved: dates, numbers and ``no`` stay text, tags such as
``!!python/object`` mean nothing, and anchors and aliases, which make small files huge, are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, NamedTuple

import yaml

from feeder.reading import keys
from feeder.reading.trouble import Trouble

_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INVISIBLE = {0x7F: None, 0xFEFF: None}
_CLOSING = {"[": "]", "{": "}"}
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_PAIR = re.compile(r"\s*(?:-\s+)?([^\s:#'\"\[{&*!|>%@`][^:\n]*?)\s*:[ \t]+(\S.*?)\s*\Z")
_CLOSED_EARLY = re.compile(r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|\[[^\]]*\]|\{[^}]*\})\s*[^\s#,]""")


_TIGHT = re.compile(r"([A-Za-z][\w-]*):([^\s:/].*?)\s*\Z")
_TIGHT_DASH = re.compile(r"\s*-([^\s-].*?)\s*\Z")
_PLACEHOLDER = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|<%.*?%>")


class Block(NamedTuple):
    """What a block says; ``values`` is None where it is text and no mapping."""

    values: dict[str, object] | None
    twice: tuple[str, ...] = ()


class _RefusedError(Exception):
    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.message)
        self.trouble = trouble


@dataclass(slots=True)
class _Builder:
    parser: Any
    depth: int
    twice: tuple[str, ...] = ()

    def value(self, event: yaml.Event, level: int) -> object:
        self.refuse_anchor(event)
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event)
        if level > self.depth:
            raise _refused(event, f"the front matter is nested more than {self.depth} deep", "flatten it")
        return self.sequence(level) if isinstance(event, yaml.SequenceStartEvent) else self.mapping(level)

    def refuse_anchor(self, event: yaml.Event) -> None:
        if getattr(event, "anchor", None) is not None:
            raise _refused(event, "anchors and aliases are not read", "put a value that begins with & or * in quotes")

    def sequence(self, level: int) -> list[object]:
        items: list[object] = []
        while type(event := self.parser.get_event()) is not yaml.SequenceEndEvent:
            items.append(self.value(event, level + 1))
        return items

    def mapping(self, level: int) -> dict[str, object]:
        values: dict[str, object] = {}
        while type(event := self.parser.get_event()) is not yaml.MappingEndEvent:
            self.refuse_anchor(event)
            if not isinstance(event, yaml.ScalarEvent):
                raise _refused(event, "a key must be a word, not a list or table", "put it in quotes")
            if event.value in values and level == 1:
                self.twice += (event.value,)
            values[event.value] = self.value(self.parser.get_event(), level + 1)
        return values


def _refused(event: yaml.Event, message: str, hint: str) -> _RefusedError:
    mark = event.start_mark
    return _RefusedError(Trouble(mark.line if mark else 0, message, hint))


def read(block: str, depth: int) -> Block | Trouble:
    """Read a block; TABs that YAML forbids are taken as spaces."""
    if "\x7f" in block or "\ufeff" in block:
        block = block.translate(_INVISIBLE)
    try:
        return _parse(block, depth)
    except yaml.YAMLError as error:
        if "\t" in block:
            try:
                return _parse(block.expandtabs(4), depth)
            except (yaml.YAMLError, _RefusedError):
                pass
        return _explain(block, error)
    except _RefusedError as refused:
        lines = block.split("\n")
        line = min(refused.trouble.line, len(lines) - 1)
        return _placeholder(line, _PLACEHOLDER.search(lines[line])) or refused.trouble


def _placeholder(line: int, found: re.Match[str] | None) -> Trouble | None:
    if found is None:
        return None
    return Trouble(line, f"a placeholder that no template filled in: {found[0]}", "write the value itself", found[0])


def _parse(block: str, depth: int) -> Block:
    parser = _PARSER(block)
    try:
        event = parser.get_event()
        while type(event) in (yaml.StreamStartEvent, yaml.DocumentStartEvent):
            event = parser.get_event()
        if type(event) is yaml.StreamEndEvent:
            return Block({})
        builder = _Builder(parser, depth)
        value = builder.value(event, 1)
        while parser.check_event() and type(parser.get_event()) is not yaml.StreamEndEvent:
            pass  # the rest must be sound too
    finally:
        parser.dispose()
    if value is None:
        return Block({})
    return Block(value if isinstance(value, dict) else None, builder.twice)


def _scalar(event: yaml.ScalarEvent) -> object:
    text: str = event.value
    plain = not event.style and len(text) < 6
    return _WORDS.get(text, text) if plain else text


def _explain(block: str, error: yaml.YAMLError) -> Trouble:
    mark = getattr(error, "problem_mark", None)
    context = getattr(error, "context_mark", None)
    lines = block.split("\n")
    line = min(mark.line, len(lines) - 1) if mark else 0
    problem = getattr(error, "problem", "") or getattr(error, "reason", "") or "it is no YAML"
    if context and "quoted scalar" in (getattr(error, "context", "") or "") and "end" in problem:
        hint = "close it, or quote the whole value"
        return Trouble(min(context.line, len(lines) - 1), "a quote is opened and never closed", hint)
    if trouble := _placeholder(line, _PLACEHOLDER.search(lines[line])) or unspaced(block):
        return trouble
    before = next((n for n in range(line - 1, -1, -1) if lines[n].strip()), line)
    for number in dict.fromkeys((line, before, context.line if context else line)):
        if number < len(lines) and (trouble := _suspect(number, lines[number])):
            return trouble
    return Trouble(line, f"the YAML cannot be read here: {problem}", "check quotes, colons and indentation", "")


def unspaced(block: str) -> Trouble | None:
    """The first ``title:text``, which YAML takes for one word."""
    for number, line in enumerate(block.split("\n")):
        tight = _TIGHT.match(line)
        if tight and keys.canonical(tight[1]):
            hint = f"write {tight[1]}: {_quoted(tight[2])}" if ": " in tight[2] else f"write {tight[1]}: {tight[2]}"
            return Trouble(number, f"a blank is missing after `{tight[1]}:`", hint, tight[0].strip())
    return None


def _suspect(number: int, line: str) -> Trouble | None:
    if dash := _TIGHT_DASH.match(line):
        return Trouble(number, "a blank is missing after the dash of a list", f"write - {dash[1]}", dash[0].strip())
    pair = _PAIR.match(line)
    if not pair:
        return None
    key, value = pair.groups()
    if value[0] in "@`%*&!":
        message = f"a value that begins with {value[0]} must be quoted"
    elif _CLOSED_EARLY.match(value):
        message = f"text after the closing {_CLOSING.get(value[0], value[0])}: the value must be quoted as a whole"
    elif value[0] not in "\"'[{|>" and (": " in value or value.endswith(":")):
        message = "a value with a colon in it must be quoted"
    elif value[0] in "[{" and value.rstrip()[-1] not in "]}":
        message = f"{value[0]} is opened and never closed"
    else:
        return None
    return Trouble(number, message, f"write {key}: {_quoted(value)}", value)


_CLOSING = {"[": "]", "{": "}"}


def _quoted(value: str) -> str:
    value = value if len(value) <= 80 else value[:79] + "…"
    if '"' not in value and "\\" not in value:
        return f'"{value}"'
    return "'" + value.replace("'", "''") + "'"
