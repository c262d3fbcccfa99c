"""Where the headings of a Markdown text stand, line by line and without a parser.

Only top-level headings count: those in fences, comments, HTML blocks, lists and quotations do not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))??(?:[ \t]+#+)?[ \t]*\Z")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*\Z")
_FENCE = re.compile(r"\s*(`{3,}(?=[^`]*\Z)|~{3,})")
_LIST = re.compile(r"\s*(?:[-*+]|\d{1,9}[.)])(?:[ \t]+|\Z)")
_RULE = re.compile(r" {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})\Z")
_RAW = re.compile(r"<(script|pre|style|textarea)(?=[\s>]|\Z)", re.IGNORECASE)
_BLOCK_TAG = re.compile(
    r"</?(?:address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details|dialog|dir|div|dl"
    r"|dt|fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|hr|html|iframe|legend|li|link|main"
    r"|menu|menuitem|nav|noframes|ol|optgroup|option|p|param|search|section|summary|table|tbody|td|tfoot|th|thead"
    r"|title|tr|track|ul)(?=[\s>]|/>|\Z)",
    re.IGNORECASE,
)
_ANY_TAG = re.compile(r"</?[A-Za-z][A-Za-z0-9-]*(?:\s[^<>]*)?/?>\s*\Z")
_BLANK = "\n"
"""Stands for: the HTML block ends at a blank line."""


class Heading(NamedTuple):
    """A heading and its place in the text."""

    level: int
    text: str
    """As Markdown."""
    begin: int
    """Offset of its first character."""
    end: int
    """Offset of the line after it."""
    line: int
    """Its first line, from 0."""
    after: int
    """The line after it, from 0."""


def find(text: str) -> list[Heading]:
    """All top-level headings of a text, ATX and setext, in order (CommonMark 0.31 sections 4.2 and 4.3)."""
    if "#" not in text and "\n=" not in text and "\n-" not in text:
        return []
    scanner = _Scanner()
    position = 0
    for number, line in enumerate(text.split("\n")):
        scanner.line(line, position, number, text)
        position += len(line) + 1
    return scanner.found


@dataclass(slots=True)
class _Scanner:
    """The little of CommonMark's block structure that decides whether a line is a heading."""

    found: list[Heading] = field(default_factory=list)
    fence: str = ""
    html_end: str = ""
    paragraph: tuple[int, int] | None = None
    """Offset and line where the open top-level paragraph began."""
    inside: bool = False
    """Inside a list item."""
    nested: bool = False
    """The open fence is."""
    lazy: bool = False
    """The next line without blank between may continue a paragraph in a list or quotation."""

    def line(self, line: str, begin: int, number: int, text: str) -> None:
        """Take the next line."""
        if self.fence and self.nested and line.strip() and not line.startswith(("  ", "\t")):
            self.fence = ""  # the list item ended, and its fence with it
        if self.fence or self.html_end:
            self.closes(line)
        elif not line or line.isspace():
            self.paragraph, self.lazy = None, False
        elif self.opens(line) or self.contained(line):
            pass
        elif heading := _ATX.match(line):
            end = min(begin + len(line) + 1, len(text))
            self.add(Heading(len(heading[1]), (heading[2] or "").strip(), begin, end, number, number + 1))
        elif self.paragraph and (under := _UNDERLINE.match(line)):
            start, first = self.paragraph
            level = 1 if under[1][0] == "=" else 2
            end = min(begin + len(line) + 1, len(text))
            content = " ".join(text[start : begin - 1].split())
            self.add(Heading(level, content, start, end, first, number + 1))
        elif _RULE.match(line):
            self.paragraph, self.inside = None, False
        elif not self.paragraph:
            self.paragraph = (begin, number)

    def add(self, heading: Heading) -> None:
        """Note a heading; it ends whatever was open."""
        self.found.append(heading)
        self.paragraph, self.inside, self.lazy = None, False, False

    def closes(self, line: str) -> None:
        """Whether the open fence or HTML block ends with this line."""
        if self.fence:
            bare = line.strip()
            if bare.startswith(self.fence) and not bare.strip(self.fence[0]):
                self.fence = ""
        elif self.html_end == _BLANK:
            if not line.strip():
                self.html_end = ""
        elif self.html_end in line.lower():
            self.html_end = ""

    def opens(self, line: str) -> bool:
        """Whether this line opens a fence or an HTML block."""
        indented = line.startswith(("    ", "\t")) and not self.inside
        if indented:
            return False
        mark = _LIST.match(line)
        fence = _FENCE.match(line, mark.end() if mark else 0)
        if fence:
            self.fence = fence[1]
            self.inside = self.nested = (self.inside and line[:1] in " \t") or mark is not None
        elif line.lstrip().startswith("<"):
            return self.opens_html(line.lstrip())
        else:
            return False
        self.paragraph, self.lazy = None, False
        return True

    def opens_html(self, line: str) -> bool:
        """CommonMark section 4.6, conditions 1 to 7."""
        raw = _RAW.match(line)
        if raw:
            end = f"</{raw[1].lower()}>"
        elif line.startswith(("<!--", "<?", "<![CDATA[")):
            end = "-->" if line.startswith("<!--") else "?>" if line.startswith("<?") else "]]>"
        elif _BLOCK_TAG.match(line) or (not self.paragraph and _ANY_TAG.match(line)):
            end = _BLANK
        else:
            return False
        self.html_end = "" if end in line[2:].lower() else end
        self.paragraph, self.lazy = None, False
        return True

    def contained(self, line: str) -> bool:
        """Whether this line belongs to a list, a quotation or indented code."""
        indent = len(line) - len(line.lstrip(" \t"))
        deep = indent >= 4 or line.startswith("\t")
        if self.inside and (indent >= 2 or line.startswith("\t")):
            return True
        if deep:
            return not self.paragraph
        if line[indent] == ">" or (_LIST.match(line) and not _RULE.match(line) and not self.underlines(line)):
            self.inside = line[indent] != ">"
            mark = _LIST.match(line)
            # An empty item has no paragraph that the next line could continue.
            self.lazy, self.paragraph = not mark or mark.end() < len(line), None
            return True
        if self.lazy and not _ATX.match(line) and not _RULE.match(line):
            return True
        self.inside = self.lazy = False
        return False

    def underlines(self, line: str) -> bool:
        """Whether this line makes the open paragraph a setext heading."""
        return self.paragraph is not None and _UNDERLINE.match(line) is not None
