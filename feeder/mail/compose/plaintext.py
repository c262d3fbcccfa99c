"""An entry's HTML as plain text, as a person would type it: 76 columns, lists and quotes marked, links as notes.

A Chinese character is as wide as two of the others (UAX 11), and no line begins with a full stop.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from html.parser import HTMLParser
from typing import Final

from feeder.feeds.text import clean
from feeder.mail.compose.content import web_or_mail
from feeder.mail.compose.wording import MailWords
from feeder.reading.plaintext import join_lines
from feeder.reading.sanitise import DROPPED

COLUMNS: Final = 76
LONGEST: Final = 300
"""Characters of a word or a line of code; more are cut, so that no line has more than 998 octets (RFC 5322 2.1.1)."""

_CJK = "\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff01-\uff60\uffe0-\uffe6"
_WIDE = _CJK + "\U0001f000-\U0001faff\U00020000-\U0003fffd"
_OPENING = "([{（［｛《〈「『【〔“‘"
_CLOSING = ")\\]}）］｝》〉」』】〕”’，。、；：？！…—·,.;:?!%％"
_UNIT = re.compile(
    f"[{re.escape(_OPENING)}]*(?:[{_WIDE}]|[^\\s{_WIDE}{re.escape(_OPENING)}]+)?[{_CLOSING}]*|\\s+",
)
_SPACES = re.compile(r"[ \t\r\f\v\u00a0]+")
_NAMES = (
    "address article aside blockquote center dd details div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header "
    "li main nav ol p pre section summary table ul"
)
_BLOCKS = frozenset(_NAMES.split())
_TIGHT = frozenset({"li", "dt", "dd", "summary", "figcaption"})
_SILENT = DROPPED | {"audio", "video", "rp"}
_SMALL = {
    "sup": str.maketrans("0123456789+-()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿ"),
    "sub": str.maketrans("0123456789+-()", "₀₁₂₃₄₅₆₇₈₉₊₋₍₎"),
}
"""What stands higher or lower has characters of its own: 10⁶ must not be read as 106."""
_VOID = frozenset({"br", "hr", "img", "wbr", "source", "col", "embed", "input", "link", "meta", "track"})


@lru_cache(maxsize=16_384)  # the words of a digest are mostly single characters, and many come again
def width(text: str) -> int:
    """Columns of a text on one line."""
    if text.isascii():
        return len(text)
    return sum(_width(char) for char in text)


def _width(char: str) -> int:
    if unicodedata.east_asian_width(char) in "WF":
        return 2
    return 0 if unicodedata.category(char) in ("Mn", "Me", "Cf") else 1


def wrap(text: str, first: str = "", rest: str = "", columns: int = COLUMNS) -> str:
    """A text in lines of at most so many columns; ``first`` opens the first, ``rest`` each other.

    A word that is longer, as an address is, stays whole on a line of its own.
    """
    return "\n".join(_lines(text, first, rest, columns))


def _lines(text: str, first: str, rest: str, columns: int) -> list[str]:
    made: list[str] = []
    for paragraph in text.split("\n"):
        prefix = first if not made else rest
        line, used, blank = prefix, width(prefix), ""
        start = True
        for unit in _units(paragraph):
            if unit.isspace():
                blank = "" if start else " "
                continue
            wide = width(unit)
            if not start and used + len(blank) + wide > columns:
                made.append(line.rstrip())
                line, used, blank = rest, width(rest), ""
            line += blank + unit
            used += len(blank) + wide
            blank, start = "", False
        made.append(line.rstrip())
    return made


def _units(text: str) -> list[str]:
    units = _UNIT.findall(text)
    if max(map(len, units), default=0) <= LONGEST:
        return [unit for unit in units if unit]
    return [unit[at : at + LONGEST] for unit in units for at in range(0, len(unit), LONGEST)]


def of_html(html: str, t: MailWords) -> str:
    """The text of an entry's HTML, with its links in a list at the end, numbered on from its footnotes."""
    writer = _Writer(t, html.count('class="footnote-item"'))
    writer.feed(clean(html))
    writer.close()
    return writer.finish()


class _Writer(HTMLParser):
    def __init__(self, t: MailWords, footnotes: int) -> None:
        super().__init__(convert_charrefs=True)
        self.t = t
        self._footnotes = footnotes
        """How many there are: a link and a footnote must not have the same number."""
        self._blocks: list[str] = []
        self._text: list[str] = []
        self._prefixes: list[tuple[str, str]] = []
        """Of each quote and item that is open: what opens its next line, and all further ones."""
        self._lists: list[int | None] = []
        self._rows: list[list[str]] | None = None
        self._links: list[str] = []
        self._anchors: list[tuple[str, int]] = []
        self._small_at = 0
        """Where the text of the last ``sup`` or ``sub`` begins."""
        self._silent: list[str] = []
        self._pre = False
        self._later_item = False
        self._gap: str | None = None
        """What stands on the line that sets the next block off; None where none does."""
        self._fresh = False
        """Nothing stands yet in the item or quote that was opened last."""

    def finish(self) -> str:
        """All that was read."""
        self._end_table()
        self._flush()
        first = self._footnotes + 1
        notes = [wrap(url, f"[{number}] ", "    ") for number, url in enumerate(self._links, first)]
        body = "\n".join(self._blocks).strip("\n")
        return body + ("\n\n" if body and notes else "") + "\n".join(notes)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in reversed(attrs)}
        if self._silent or tag in _SILENT or "footnote-backref" in given.get("class", ""):
            if tag not in _VOID:
                self._silent.append(tag)
            return
        if tag in _BLOCKS and self._rows is None:
            self._block(tag, given)
        elif self._rows is not None and tag in ("tr", "td", "th"):
            self._take_cell()
            if tag == "tr" or not self._rows:
                self._rows.append([])
            if tag != "tr":
                self._rows[-1].append("")
        else:
            self._inline(tag, given)

    def _inline(self, tag: str, given: dict[str, str]) -> None:
        if tag == "br":
            self._text.append("\x00" if self._rows is None else " ")
        elif tag == "hr" and "footnotes-sep" not in given.get("class", ""):
            self._paragraph()
            self._emit(["* * *"])
            self._set_off()
        elif tag == "img" and given.get("alt"):
            self._text.append(f"[{self.t.picture}{self.t.colon}{given['alt']}]")
        elif tag == "a":
            self._anchors.append((web_or_mail(given.get("href", "")), len(self._text)))
        elif tag == "rt":
            self._text.append("(")
        elif tag in _SMALL:
            self._small_at = len(self._text)

    def handle_endtag(self, tag: str) -> None:
        if self._silent:
            if tag in self._silent:
                while self._silent.pop() != tag:
                    pass
        elif tag == "table":
            self._end_table()
        elif tag == "a" and self._anchors:
            self._note(*self._anchors.pop())
        elif tag == "rt":
            self._text.append(")")
        elif tag in _SMALL:
            self._make_small(_SMALL[tag])
        elif tag == "pre":
            self._flush()
            self._pre = False
        elif tag in _BLOCKS and self._rows is None:
            self._end(tag)

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._text.append(data)

    def _block(self, tag: str, given: dict[str, str]) -> None:
        self._flush()
        if tag not in _TIGHT and not self._fresh:
            self._set_off()
        if tag == "blockquote":
            self._open("> ", "> ")
        elif tag == "dd":
            self._open("    ", "    ")
        elif tag == "pre":
            self._pre = True
        elif tag in ("ol", "ul"):
            self._later_item = bool(self._lists)
            start = given.get("start", "")
            begin = int(start) if start.isdecimal() and len(start) < 6 else 1
            self._lists.append(begin - 1 if tag == "ol" else None)
        elif tag == "li":
            self._item(footnote="footnote-item" in given.get("class", ""))
        elif tag == "table":
            self._rows = []

    def _item(self, *, footnote: bool) -> None:
        if self._later_item:
            self._gap = None
        self._later_item = True
        number = self._lists[-1] if self._lists else None
        if number is None:
            self._open("- ", "  ")
            return
        self._lists[-1] = number + 1
        marker = f"[{number + 1}] " if footnote else f"{number + 1}. "
        self._open(marker, " " * len(marker))

    def _open(self, first: str, rest: str) -> None:
        self._prefixes.append((first, rest))
        self._fresh = True

    def _set_off(self) -> None:
        self._gap = "".join(rest for _, rest in self._prefixes).rstrip()

    def _end(self, tag: str) -> None:
        self._flush()
        if tag in ("blockquote", "dd", "li") and self._prefixes:
            self._prefixes.pop()
        elif tag in ("ol", "ul") and self._lists:
            self._lists.pop()
        if tag not in _TIGHT:
            self._set_off()

    def _paragraph(self) -> None:
        self._flush()
        self._set_off()

    def _make_small(self, table: dict[int, int]) -> None:
        words = "".join(self._text[self._small_at :])
        if all(ord(char) in table for char in words):
            self._text[self._small_at :] = [words.translate(table)]

    def _note(self, url: str, start: int) -> None:
        words = "".join(self._text[start:]).strip()
        if not url or "#fn" in url or not words or words in (url, url.partition(":")[2].lstrip("/").rstrip("/")):
            return
        if url not in self._links:
            self._links.append(url)
        self._text.append(f"[{self._footnotes + self._links.index(url) + 1}]")

    def _flush(self) -> None:
        text = "".join(self._text)
        self._text.clear()
        # An anchor that a block cut through has lost its words.
        self._anchors = [(url, 0) for url, _ in self._anchors]
        if self._pre:
            self._code(text)
            return
        text = join_lines(_SPACES.sub(" ", text).strip(" \n")).replace("\x00 ", "\n").replace("\x00", "\n").strip("\n")
        if not text.strip():
            return
        first, rest = self._marks()
        self._emit(wrap(text, first, rest).split("\n"))

    def _code(self, text: str) -> None:
        if not text.strip():
            return
        first, rest = self._marks()
        lines = [
            line[at : at + LONGEST]
            for line in text.strip("\n").expandtabs(4).replace("\x00", "\n").split("\n")
            for at in range(0, len(line) or 1, LONGEST)
        ]
        self._emit([f"{first if not number else rest}    {line}".rstrip() for number, line in enumerate(lines)])

    def _marks(self) -> tuple[str, str]:
        first = "".join(one for one, _ in self._prefixes)
        rest = "".join(more for _, more in self._prefixes)
        self._prefixes = [(more, more) for _, more in self._prefixes]
        return first, rest

    def _emit(self, lines: list[str]) -> None:
        if self._gap is not None and self._blocks:
            self._blocks.append(self._gap)
        self._blocks += lines
        self._gap = None
        self._fresh = False

    def _take_cell(self) -> None:
        text = join_lines(_SPACES.sub(" ", "".join(self._text)).strip()).replace("\x00", " ")
        self._text.clear()
        self._anchors = [(url, 0) for url, _ in self._anchors]
        if not text or self._rows is None:
            return
        if self._rows and self._rows[-1]:
            self._rows[-1][-1] = text
        else:
            self._rows.append([text])

    def _end_table(self) -> None:
        if self._rows is None:
            return
        self._take_cell()
        rows, self._rows = [row for row in self._rows if any(row)], None
        if not rows:
            return
        first, rest = self._marks()
        lines = _aligned(rows, COLUMNS - width(rest))
        if lines is None:
            lines = [line for row in rows for line in _lines(" | ".join(row), "", "  ", COLUMNS - width(rest))]
        self._emit([f"{first if not number else rest}{line}".rstrip() for number, line in enumerate(lines)])
        self._set_off()


def _aligned(rows: list[list[str]], columns: int) -> list[str] | None:
    """The rows of a table with their cells one below the other; None where that is too wide."""
    count = max(len(row) for row in rows)
    widths = [max((width(row[at]) for row in rows if at < len(row)), default=0) for at in range(count)]
    if sum(widths) + 3 * (count - 1) > columns:
        return None
    return [" | ".join(cell + " " * (widths[at] - width(cell)) for at, cell in enumerate(row)).rstrip() for row in rows]
