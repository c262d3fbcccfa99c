"""Colours for code in fences: Pygments' lexers, and spans with its short class names.

Pygments' own formatter does more than is needed here and takes longer than the lexing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from html import escape
from typing import TYPE_CHECKING

from feeder.reading import lexing

if TYPE_CHECKING:
    from pygments.token import _TokenType

MAX_LENGTH = 50_000
"""Longer code goes out without colours: some lexers are slow."""
PLAIN = frozenset({"", "text", "txt", "plain", "plaintext", "none", "output", "log", "mermaid", "math"})

# A lexer is other people's code for odd languages: a fault in it costs the colours, not the entry.
_FAULTS = (RecursionError, ValueError, LookupError, TypeError, AttributeError, AssertionError)
_NAME = re.compile(r"[A-Za-z0-9_+#.\-]{1,40}")


def language(info: str) -> str:
    """The language a fence's info string names: ```` ```python {hl_lines=[1]} ````; empty for none."""
    info = info.strip()
    match = _NAME.match(info.removeprefix("{").removeprefix("."))
    if match is None or (info[0] == "{" and info.removeprefix("{").startswith("=", match.end())):
        return ""  # `{title="a.js"}` names none
    return match[0].lower()


@cache
def _class(kind: _TokenType) -> str:
    from pygments.token import STANDARD_TYPES

    known: _TokenType | None = kind
    while known is not None and known not in STANDARD_TYPES:
        known = known.parent
    return STANDARD_TYPES[known] if known is not None else ""


def classes() -> frozenset[str]:
    """All class names that ``highlight`` may give; asked for only where code is coloured."""
    from pygments.token import STANDARD_TYPES

    return frozenset(name for name in STANDARD_TYPES.values() if name)


def highlight(code: str, name: str) -> str:
    """HTML for code, without ``<pre>``; only escaped when the language is unknown."""
    if name in PLAIN or len(code) > MAX_LENGTH:
        return escape(code, quote=False)
    found = lexing.lexer(name)
    if found is None:
        return escape(code, quote=False)
    try:
        return _spans(lexing.tokens(found, code))
    except _FAULTS:
        return escape(code, quote=False)


def _spans(tokens: Iterable[tuple[_TokenType, str]]) -> str:
    out: list[str] = []
    last, run = "", ""
    for kind, value in tokens:
        name = _class(kind)
        if name == last or name == "w" or value.isspace():
            run += value
            continue
        _add(out, last, run)
        last, run = name, value
    _add(out, last, run)
    return "".join(out)


def _add(out: list[str], name: str, run: str) -> None:
    if not run:
        return
    text = escape(run, quote=False)
    # A span does not reach over a line's end, so that lines can be shown one by one.
    out.append(
        "\n".join([f'<span class="{name}">{line}</span>' if line else "" for line in text.split("\n")])
        if name
        else text
    )
