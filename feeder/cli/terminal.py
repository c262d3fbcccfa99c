"""Lines for people: how wide they are, in which colour, and who is reading."""

from __future__ import annotations

import os
import sys
import unicodedata
from typing import TextIO

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34"}


def is_terminal(stream: TextIO) -> bool:
    """Whether a person is looking at ``stream``."""
    return not stream.closed and stream.isatty()


def coloured(stream: TextIO) -> bool:
    """Colour is for terminals, and only where NO_COLOR (no-color.org) is unset or empty."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


class Paint:
    """Puts colour around text, or leaves it as it is."""

    def __init__(self, *, on: bool) -> None:
        self.on = on

    def __call__(self, style: str, text: str) -> str:
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self.on and text else text


def width(text: str) -> int:
    """Columns that ``text`` takes on a terminal (UAX #11: wide and fullwidth characters take two)."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def pad(text: str, columns: int) -> str:
    """``text`` with blanks behind it, up to ``columns``."""
    return text + " " * max(0, columns - width(text))


def clean(text: str) -> str:
    """One line without characters that a terminal would obey: file names and titles are not ours."""
    if text.isprintable():
        return text
    return "".join(character if _harmless(character) else _escaped(character) for character in text)


def say(text: str, stream: TextIO) -> None:
    """Print one line; a reader who went away (``publish | head``) is no error."""
    try:
        stream.write(text + "\n")
        stream.flush()
    except BrokenPipeError:
        hush(stream)


def hush(stream: TextIO) -> None:
    """Let whatever is still written to ``stream`` go nowhere, also at the interpreter's end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, stream.fileno())
    finally:
        os.close(nowhere)


def lenient() -> None:
    """Never fail to print: file names may hold bytes, and cron's locale may know ASCII only."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _harmless(character: str) -> bool:
    return character.isprintable() or unicodedata.category(character) == "Zs"


def _escaped(character: str) -> str:
    return character if "\ud800" <= character <= "\udfff" else character.encode("unicode_escape").decode()
