"""What other Markdown dialects write and CommonMark would show as it stands.

kramdown's attribute lists (``{: .class}``) and marks for a table of contents go; admonitions (``!!! note``,
``::: tip``, ``> [!NOTE]``) become quotations that begin with their title. Code is never touched, and every line
stays where it is, so that problems name the right ones.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from feeder.reading.comments import Comments

GONE = "<!---->"
"""What stands for a line that goes: unlike an empty one, it neither ends a list nor loosens it."""

MOST_BOXES = 16
"""How deep admonitions nest; what is deeper stays as it is."""

_SIGNS = (
    *("{:", "){", "\n{", ":::", "[!", "!!! ", "??? ", "???+ ", '=== "', "[toc", "[TOC", "[Toc", "_TOC_", "_toc_"),
    *(" markdown=", " markdown>"),
)
_FENCE = re.compile(r"[ \t]*(?:> ?)*(`{3,}|~{3,})(.*)")
_ATTRIBUTE = r"""(?:[.#][\w:-]+|[\w:-]+=(?:"[^"\n]*"|'[^'\n]*'|[^\s"'{}]+))"""
_LIST = rf"\{{:\s*(?:{_ATTRIBUTE}|[\w-]+)(?:\s+(?:{_ATTRIBUTE}|[\w-]+))*\s*\}}"
_BARE_LIST = rf"\{{\s*{_ATTRIBUTE}(?:\s+{_ATTRIBUTE})*\s*\}}"
_ATTRIBUTES_ALONE = re.compile(rf"[ \t]*(?:> ?)*(?:{_LIST}|{_BARE_LIST}|\{{::[^{{}}]*\}})[ \t]*\Z")
_CODE = r"(?P<code>(?<!`)(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`))"
_ATTRIBUTES = re.compile(
    rf"{_CODE}|(?<=[)\]*_`>~]){_LIST}"
    rf"|(?P<link>\]\([^()\s]*(?:[ \t]+\"[^\"]*\")?\)){_BARE_LIST}"
)
_FILE = r"[^()<>\"'\n]*?\.(?:png|jpe?g|gif|webp|svg|avif)"
_SPACED = re.compile(
    rf"{_CODE}|(?P<label>!\[[^\]\n]*\]\()[ \t]*(?P<file>{_FILE})[ \t]*(?P<size>=\d*[x*]?\d*%?[ \t]*)?\)", re.IGNORECASE
)
_AFTER_HEADING = re.compile(rf"(?<=\S)[ \t]+{_LIST}[ \t]*\Z")
_OPEN_TAG = re.compile(
    r"(?P<indent> {0,3})<(?P<tag>div|section|article|aside|main|figure|details|blockquote|center|td|th|li|dd)\b"
    r"(?=[^<>]*\smarkdown(?:=[\"']?(?:1|block|span)[\"']?)?[\s>])",
    re.IGNORECASE,
)
_END_TAG = re.compile(r"(?P<indent>[ \t]*)</(?P<tag>[a-z]+)>[ \t]*\Z", re.IGNORECASE)
_CONTENTS = re.compile(r"[ \t]*(?:@?\[toc\](?:\([^)]*\))?|\[\[_?toc_?\]\])[ \t]*\Z", re.IGNORECASE)
_CONTENTS_LIST = re.compile(r"[ \t]*(?:[-*+]|\d+\.)[ \t].*\Z")
_CONTENTS_HERE = re.compile(r"[ \t]*\{:[ \t]*toc\b[^{}]*\}[ \t]*\Z")
_ALERT = re.compile(r"([ \t]*(?:>[ \t]?)+)\[!([A-Za-z][\w-]*)\][+-]?[ \t]*(.*)\Z")
_CONTAINER = re.compile(
    r"([ \t]*)(:{3,})[ \t]*([A-Za-z][\w-]*)?(?:[ \t]*\{[^{}]*\})?(?:\[([^\]]*)\]|[ \t]*([^:].*?))?[ \t]*\Z"
)
_ADMONITION = re.compile(r"([ \t]*)(?:!!!|\?\?\?\+?)[ \t]+([A-Za-z][\w-]*)(?:[ \t]+[\w-]+)*(?:[ \t]+\"(.*)\")?[ \t]*\Z")
_TAB = re.compile(r"([ \t]*)===[!+]?[ \t]+\"(.*)\"[ \t]*\Z")
_KIND = re.compile(
    r"(?:note|notes|tip|info|warning|danger|caution|important|hint|success|error|question|example|abstract|quote|bug"
    r"|attention|failure|todo|seealso|summary|details|spoiler|faq|help|warn|primary|secondary|default)\Z"
)


def translate(text: str) -> str:
    """The text in CommonMark; the same number of lines."""
    if not any(sign in text for sign in _SIGNS) and ("![" not in text or not _SPACED.search(text)):
        return text
    translator = _Translator()
    for line in text.split("\n"):
        translator.take(line)
    return "\n".join(translator.out)


@dataclass(frozen=True, slots=True)
class _Box:
    """An open admonition."""

    indent: int
    """How far its content is indented; what it is cut by."""
    mark: str
    """What its content gets instead: ``> `` or nothing."""
    colons: int = 0
    """The length of its fence; 0 where the indentation ends it."""


@dataclass(slots=True)
class _Translator:
    out: list[str] = field(default_factory=list)
    boxes: list[_Box] = field(default_factory=list)
    fence: str = ""
    comments: Comments = field(default_factory=Comments)
    tags: Counter[str] = field(default_factory=Counter)
    """How many HTML elements of each name are open whose text is Markdown."""

    def take(self, line: str) -> None:
        """Translate the next line."""
        line = self.unwrapped(line)
        match = _FENCE.match(line)
        if not self.fence and self.comments.take(line):
            pass
        elif self.fence:
            if match and match[1].startswith(self.fence) and not match[2].strip():
                self.fence = ""
        elif match and not (match[1][0] == "`" and "`" in match[2]):
            self.fence = match[1]
        elif self.opens(line) or self.closes(line):
            return
        else:
            line = self.plain(line)
        self.put(line)

    def put(self, line: str) -> None:
        """Write a line of the innermost box."""
        for box in reversed(self.boxes):
            line = " " * (box.indent - (0 if box.colons else 4)) + box.mark + line
        self.out.append(line)

    def unwrapped(self, line: str) -> str:
        """The line without the indentation of the boxes that it is in; those that it is not in end."""
        for at, box in enumerate(self.boxes):
            bare = line.lstrip(" \t")
            indent = len(line[: len(line) - len(bare)].expandtabs(4))
            if bare and not box.colons and indent < box.indent:
                self.end(at)
                break
            line = " " * max(0, indent - box.indent) + bare
        return line

    def end(self, at: int) -> None:
        """Leave a box; the empty lines before are no longer in it."""
        del self.boxes[at:]
        self.fence = ""
        row = len(self.out) - 1
        while row >= 0 and not self.out[row].strip(" >"):
            self.out[row] = ""
            row -= 1

    def opens(self, line: str) -> bool:
        """Whether the line opens a box."""
        if len(self.boxes) >= MOST_BOXES:
            return False
        if match := _ADMONITION.match(line):
            title = match[3] if match[3] is not None else match[2].capitalize()
            return self.open(_Box(len(match[1].expandtabs(4)) + 4, "> "), title)
        if match := _TAB.match(line):
            return self.open(_Box(len(match[1].expandtabs(4)) + 4, ""), match[2])
        match = _CONTAINER.match(line) if ":::" in line else None
        if not match or not (match[3] or match[4] or match[5] or "{" in line):
            return False
        kind = (match[3] or "").lower()
        known = _KIND.match(kind) is not None
        title = match[4] or match[5] or (kind.capitalize() if known else "")
        return self.open(_Box(len(match[1].expandtabs(4)), "> " if known else "", len(match[2])), title)

    def open(self, box: _Box, title: str) -> bool:
        """Open a box with its title as the first line."""
        self.boxes.append(box)
        # Two blanks: the title and the first line of the text are lines of one paragraph.
        self.put(f"**{title.strip()}**  " if title.strip() else "" if box.mark else GONE)
        return True

    def closes(self, line: str) -> bool:
        """Whether the line is the end of a box with a fence."""
        bare = line.strip()
        if len(bare) < 3 or bare.strip(":"):
            return False
        at = next((at for at in range(len(self.boxes) - 1, -1, -1) if 0 < self.boxes[at].colons <= len(bare)), -1)
        if at < 0:
            return False
        del self.boxes[at:]
        self.put("")
        return True

    def plain(self, line: str) -> str:
        """One line of text without the marks of other dialects."""
        if "<" in line and (opened := self.html(line)):
            return opened
        if "![" in line and " " in line:
            line = _SPACED.sub(_picture, line)
        if "{" in line:
            if _ATTRIBUTES_ALONE.match(line):
                if _CONTENTS_HERE.match(line) and self.out and _CONTENTS_LIST.match(self.out[-1]):
                    self.out[-1] = _gone(self.out[-1])
                return _gone(line)
            line = _ATTRIBUTES.sub(lambda match: match["code"] or match["link"] or "", line)
            if line.lstrip().startswith("#"):
                line = _AFTER_HEADING.sub("", line)
        elif "[" in line:
            if _CONTENTS.match(line):
                return _gone(line)
            if alert := _ALERT.match(line):
                return f"{alert[1]}**{alert[3].strip() or alert[2].capitalize()}**  "
        return line

    def html(self, line: str) -> str:
        """The line of a tag that says ``markdown="1"`` (kramdown, Python-Markdown), or of its end; empty for others.

        HTML that begins with a comment ends with its line: what follows is Markdown again.
        """
        if (match := _OPEN_TAG.match(line)) and f"</{match['tag']}" not in line:
            self.tags[match["tag"].lower()] += 1
        elif self.tags and (match := _END_TAG.match(line)) and self.tags[match["tag"].lower()] > 0:
            self.tags[match["tag"].lower()] -= 1
        else:
            return ""
        return match["indent"] + GONE + line[match.end("indent") :]


def _picture(match: re.Match[str]) -> str:
    """A picture whose file has blanks in its name, or a size after it."""
    if match["code"] or (" " not in match["file"] and not match["size"]):
        return match[0]
    return f"{match['label']}<{match['file']}>)"


def _gone(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t>"))] + GONE
