"""TOML front matter as plain values."""

from __future__ import annotations

import re
import tomllib

from feeder.reading.trouble import Trouble

_PLACE = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)\Z")
_BARE_DATE = re.compile(r"""[ \t]*[\w"'.-]+[ \t]*=[ \t]*(\d[^"'#\n]*?)[ \t]*(?:#.*)?\Z""")
_LONG_KEY = re.compile(r"""^[ \t]*\[{0,2}[ \t]*(?:[\w"'-]+[ \t]*\.[ \t]*){9}""", re.MULTILINE)
_RETRIES = 8


def read(block: str) -> dict[str, object] | Trouble:
    """Read a block; a date that is no TOML (``2016-2-3 9:00``) is taken as text."""
    # tomllib's time grows with the cube of a dotted key's length.
    if long := _LONG_KEY.search(block):
        return Trouble(block.count("\n", 0, long.end()), "a dotted key is nested too deep", "flatten it")
    for _ in range(_RETRIES):
        try:
            return tomllib.loads(block)
        except tomllib.TOMLDecodeError as error:
            trouble = _explain(block, str(error))
            mended = _with_date_quoted(block, trouble.line)
            if not mended:
                return trouble
            block = mended
        except (ValueError, RecursionError):
            return Trouble(0, "the TOML cannot be read: nested too deep, or a number without end", "flatten it")
    return trouble


def _with_date_quoted(block: str, line: int) -> str:
    lines = block.split("\n")
    date = _BARE_DATE.match(lines[line])
    if not date:
        return ""
    lines[line] = f'{lines[line][: date.start(1)]}"{date[1]}"'
    return "\n".join(lines)


def _explain(block: str, message: str) -> Trouble:
    place = _PLACE.search(message)
    lines = block.split("\n")
    if place:
        message = message[: place.start()]
    line = int(place[1]) - 1 if place and place[1] else len(lines) - 1
    line = min(line, len(lines) - 1)
    if line and not lines[line].strip():
        line -= 1
    hint = 'write `key = "text"`; text always in quotes'
    return Trouble(line, f"the TOML cannot be read here: {message[:1].lower()}{message[1:]}", hint)
