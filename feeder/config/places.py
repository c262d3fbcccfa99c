"""Where each key and value of a TOML text stands; ``tomllib`` does not say.

The scanner reads texts that ``tomllib`` has accepted, so it needs no error handling of its own: it
only has to find the same keys (TOML 1.0.0, toml.io/en/v1.0.0).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

Key = tuple[str | int, ...]
"""``("feeds", "also", 1)``: tables and keys by name, members of arrays by number."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}(?!")' + r"|'''.*?'{3,5}(?!')" + r'|"(?:\\.|[^"\\\n])*"' + r"|'[^'\n]*'", re.DOTALL
)
_PLAIN = re.compile(r"[^,\]}#\n]+")


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of one line."""

    line: int
    column: int
    """1-based."""
    width: int


class Places:
    """The places of the keys and of the values in one TOML text."""

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        self.keys: dict[Key, Place] = {}
        self.values: dict[Key, Place] = {}
        self._text = text
        self._at = 0
        self._line, self._line_start = 1, 0
        self._counts: dict[Key, int] = {}
        self._scan()

    def key(self, key: Key) -> Place | None:
        """Where the key or table is named, or the nearest one around it."""
        while key and key not in self.keys:
            key = key[:-1]
        return self.keys.get(key)

    def value(self, key: Key) -> Place | None:
        """Where the value begins, or the nearest place around it."""
        return self.values.get(key) or self.key(key)

    def source(self, line: int) -> str:
        """A line as it stands in the file, without its end."""
        return self.lines[line - 1].rstrip("\r") if 0 < line <= len(self.lines) else ""

    def _scan(self) -> None:
        table: Key = ()
        while self._skip(_BLANK) < len(self._text):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> Key:
        start = self._at
        array = self._text.startswith("[[", start)
        self._at += 2 if array else 1
        names = self._names(())
        self._skip(_SPACE)
        self._at += 2 if array else 1
        key = (*self._inside_last(names[:-1]), names[-1])
        if array:
            self._counts[key] = self._counts.get(key, -1) + 1
            self.keys.setdefault(key, self._place(start, self._at))
            key = (*key, self._counts[key])
        self.keys.setdefault(key, self._place(start, self._at))
        return key

    def _inside_last(self, names: tuple[str, ...]) -> Key:
        """``[a.b]`` after ``[[a]]`` means the ``b`` of the last ``a``."""
        key: Key = ()
        for name in names:
            key = (*key, name)
            if key in self._counts:
                key = (*key, self._counts[key])
        return key

    def _pair(self, table: Key) -> None:
        key: Key = table
        start = self._at
        for name in self._names(table):
            key = (*key, name)
        self._skip(_BLANK)
        self._at += 1
        self._skip(_BLANK)
        self.keys.setdefault(key, self._place(start, self._key_end))
        self._value(key)

    def _names(self, table: Key) -> tuple[str, ...]:
        names: list[str] = []
        key = table
        while True:
            start = self._skip(_SPACE)
            match = _STRING.match(self._text, start) or _BARE.match(self._text, start)
            if match is None:
                self._at = len(self._text)
                return tuple(names) or ("",)
            self._at = self._key_end = match.end()
            names.append(_unquoted(match[0]))
            key = (*key, names[-1])
            self.keys.setdefault(key, self._place(start, self._at))
            self._skip(_SPACE)
            if not self._text.startswith(".", self._at):
                return tuple(names)
            self._at += 1

    def _value(self, key: Key) -> None:
        start = self._at
        opening = self._text[start : start + 1]
        if opening == "[":
            self._array(key)
        elif opening == "{":
            self._inline(key)
        else:
            match = _STRING.match(self._text, start) or _PLAIN.match(self._text, start)
            self._at = match.end() if match else len(self._text)
        self.values.setdefault(key, self._place(start, self._at))

    def _array(self, key: Key) -> None:
        self._at += 1
        number = 0
        while self._skip(_BLANK) < len(self._text):
            here = self._text[self._at]
            if here == "]":
                break
            if here == ",":
                self._at += 1
                continue
            self._value((*key, number))
            number += 1
        self._at += 1

    def _inline(self, key: Key) -> None:
        self._at += 1
        while self._skip(_BLANK) < len(self._text):
            here = self._text[self._at]
            if here == "}":
                break
            if here == ",":
                self._at += 1
                continue
            self._pair(key)
        self._at += 1

    def _skip(self, pattern: re.Pattern[str]) -> int:
        match = pattern.match(self._text, self._at)
        if match is not None:
            self._at = match.end()
        return self._at

    def _place(self, start: int, end: int) -> Place:
        """Positions only ever grow, so lines are counted once."""
        if start < self._line_start:
            line_start = self._text.rfind("\n", 0, start) + 1
            line = self._text.count("\n", 0, start) + 1
        else:
            self._line += self._text.count("\n", self._line_start, start)
            self._line_start = line_start = self._text.rfind("\n", 0, start) + 1
            line = self._line
        line_end = self._text.find("\n", start)
        stop = min(end, line_end if line_end >= 0 else len(self._text))
        width = len(self._text[start:stop].rstrip())
        return Place(line, start - line_start + 1, max(1, width))


def _unquoted(token: str) -> str:
    if token[0] == '"':
        import tomllib

        return str(tomllib.loads(f"k = {token}")["k"])
    return token[1:-1] if token[0] == "'" else token
