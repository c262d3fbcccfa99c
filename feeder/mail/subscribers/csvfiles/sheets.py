"""CSV as spreadsheets, databases and newsletter services write it, one record at a time.

Commas, semicolons or TABs; quoted or not; with or without a byte order mark; any line ends. A quotation mark that is
never closed costs its own line and not the rest of the file.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final, TextIO

from feeder.errors import DataError, Problem
from feeder.reading.text import guess

MOST_LINES: Final = 20
"""Lines that one record may span: a quoted note has a few, an unclosed quotation mark has all that follow."""
LONGEST: Final = 1 << 17
"""Characters of a line; more is no line of a table."""

_CHUNK: Final = 1 << 20
_SAMPLE: Final = 1 << 16
_LABELS = {
    "gb18030": "GB18030",
    "big5": "Big5",
    "cp1252": "Windows-1252",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-32": "UTF-32",
}
_NOT_NAME = re.compile(r"[^\w]+")

Tell = Callable[[Problem], None]


class NotATable(DataError):
    """Not a CSV file that can be read."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """An open CSV file."""

    header: tuple[str, ...]
    """The names of the columns, in small letters, with ``_`` for whatever is no letter or digit."""
    records: Iterator[tuple[int, list[str]]]
    """The number of each record's first line, and its fields; blank lines are left out."""


def require_utf8(path: str, name: str) -> None:
    """Read the file through once.

    Raises:
        NotATable: it is not UTF-8; where, and what it looks like instead.
        OSError: it cannot be read.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    done = 0
    with open(path, "rb") as file:
        sample = file.read(_SAMPLE)
        # A NUL is sound UTF-8, and what every other byte of UTF-16 is.
        wide = b"\0" in sample or sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        if wide and (looks_like := guess(sample)).startswith("utf"):
            raise _not_utf8(name, 0, looks_like)
        file.seek(0)
        while chunk := file.read(_CHUNK):
            pending = len(decoder.getstate()[0])
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                at = done - pending + error.start
                file.seek(max(0, at - 64))
                raise _not_utf8(name, at, guess(file.read(_SAMPLE)) or guess(sample)) from None
            done += len(chunk)
        if decoder.getstate()[0]:
            raise _not_utf8(name, done - len(decoder.getstate()[0]), "")


def opened(path: str) -> TextIO:
    """The file as text, for `sheet`; the caller closes it."""
    return open(path, encoding="utf-8-sig", newline="")


def sheet(file: TextIO, name: str, tell: Tell) -> Sheet:
    """The table in a file.

    Args:
        file: as `opened` gives it.
        name: what to call it in problems.
        tell: gets the problem of each record that cannot be read.

    Raises:
        NotATable: there is no line with the names of the columns.
    """
    lines = _lines(file, name, tell)
    first = next((one for one in lines if one[1].strip(' \t\r\n,;"')), None)
    if first is None:
        raise NotATable(f"{name} is empty", hint="the first line names the columns, as: email,name,confirmed_at")
    mark = max(",;\t", key=first[1].count)
    records = _records(_logical(chain([first], lines), mark, name, tell), mark, name, tell)
    _, names = next(records, (0, []))
    header = tuple(normal_name(one) for one in names)
    return Sheet(header, _without_header(records, header))


def normal_name(column: str) -> str:
    """``Email Address`` -> ``email_address``, ``E-Mail`` -> ``e_mail``."""
    return _NOT_NAME.sub("_", column.strip().lower()).strip("_")


def _not_utf8(name: str, at: int, looks_like: str) -> NotATable:
    label = _LABELS.get(looks_like, "")
    if label:
        return NotATable(
            f"{name}: not UTF-8 at byte {at} (looks like {label})", hint=f"`feeder convert {name}` rewrites it"
        )
    return NotATable(f"{name}: not UTF-8 at byte {at}", hint="save it as CSV UTF-8")


def _lines(file: TextIO, name: str, tell: Tell) -> Iterator[tuple[int, str]]:
    number = 0
    while text := file.readline(LONGEST):
        number += 1
        if len(text) < LONGEST:
            yield number, text
            continue
        tell(Problem(f"{name}:{number}", f"a line of more than {LONGEST:,} characters", "this is no line of a table"))
        while text and text[-1] not in "\r\n":
            text = file.readline(LONGEST)


def _logical(lines: Iterator[tuple[int, str]], mark: str, name: str, tell: Tell) -> Iterator[tuple[int, str]]:
    """Whole records: physical lines joined while a quotation mark is open, no further than `MOST_LINES`."""
    a_field = rf'(?: *"(?:[^"]|"")*" *|[^"{mark}]*)'
    strict = re.compile(f"{a_field}(?:{mark}{a_field})*")
    ahead: deque[tuple[int, str]] = deque()
    while (first := ahead.popleft() if ahead else next(lines, None)) is not None:
        number, text = first
        if '"' not in text or strict.fullmatch(text.rstrip("\r\n")) or not _is_open(text, mark):
            yield first
            continue
        whole, taken = _closed(text, strict, lines, ahead)
        if not taken:
            tell(Problem(f"{name}:{number}", "a quotation mark is not closed", 'close it, or write it twice: ""'))
            continue
        for _ in range(taken):
            ahead.popleft()
        yield number, whole


def _closed(
    text: str, strict: re.Pattern[str], lines: Iterator[tuple[int, str]], ahead: deque[tuple[int, str]]
) -> tuple[str, int]:
    """The record that ``text`` begins, and how many of the lines ``ahead`` it took; 0 where it does not end."""
    for taken in range(1, MOST_LINES):
        if taken > len(ahead):
            following = next(lines, None)
            if following is None:
                break
            ahead.append(following)
        text += ahead[taken - 1][1]
        # Only a mark at the end of its field closes it: another one belongs to a field of a later record.
        if strict.fullmatch(text.rstrip("\r\n")):
            return text, taken
    return text, 0


def _is_open(text: str, mark: str) -> bool:
    """Whether ``text`` ends within a quoted field. A quotation mark in the middle of a field quotes nothing."""
    at = 0
    while True:
        while text[at : at + 1] == " ":
            at += 1
        if text[at : at + 1] == '"':
            at = text.find('"', at + 1)
            while at >= 0 and text[at + 1 : at + 2] == '"':
                at = text.find('"', at + 2)
            if at < 0:
                return True
        at = text.find(mark, at)
        if at < 0:
            return False
        at += 1


def _records(lines: Iterator[tuple[int, str]], mark: str, name: str, tell: Tell) -> Iterator[tuple[int, list[str]]]:
    for number, text in lines:
        try:
            fields = next(csv.reader((text,), delimiter=mark, skipinitialspace=True))
        except csv.Error as error:
            tell(Problem(f"{name}:{number}", f"not a line of a table: {error}", "write it anew"))
            continue
        if any(fields) and any(field.strip() for field in fields):
            yield number, fields


def _without_header(
    records: Iterator[tuple[int, list[str]]], header: tuple[str, ...]
) -> Iterator[tuple[int, list[str]]]:
    """The records without the header where it comes again, as it does in files that were joined."""
    first = header[0] if header else ""
    for number, fields in records:
        if normal_name(fields[0]) != first or tuple(map(normal_name, fields)) != header:
            yield number, fields
