"""Tags of other site generators in a text: Hugo's ``{{< >}}``, Jekyll's and Hexo's ``{% %}``.

What has a meaning here becomes Markdown; of the rest the tag goes and the text it encloses stays. Code, in fences
and in spans, is never touched. Lines stay where they are, so that problems name the right ones.
"""

from __future__ import annotations

import re
from typing import Final, Protocol

from feeder.errors import Problem
from feeder.links import encode
from feeder.reading import tags
from feeder.reading.addresses import Addresses
from feeder.reading.comments import Comments
from feeder.reading.tags import Words


class Site(Protocol):
    """What a tag may ask and tell: the entry's ``writer.Writer``."""

    addresses: Addresses
    problems: list[Problem]

    def tell(self, mark: str, message: str, hint: str, span: tuple[int, int]) -> None:
        """Note a problem."""


_FENCE = re.compile(r" {0,3}(?:> ?)*(`{3,}|~{3,})(.*)")
_TAG = re.compile(
    r"(?P<code>(?<!`)(?P<ticks>`+)(?!`)[^\n]*?(?<!`)(?P=ticks)(?!`))"
    r"|(?P<hidden><!--[^\n]*?-->)"
    r"|\{\{(?P<kind>[<%])(?P<comment>/\*)?(?P<hugo>[^{}]*?)(?(comment)\*/)[>%]\}\}"
    r"|\{%-?(?P<liquid>[^{}]*?)-?%\}"
    r"|\{\{-?\s*(?P<output>(?:site|page|content|layout)\.[^{}]*?|(?:\"[^\"{}]*\"|'[^'{}]*')\s*\|[^{}]*?)\s*-?\}\}"
    r"|\{\{-?\s*(?P<named>[\w-]+)(?:[.\[|\s][^{}]*)?-?\}\}"
)
_NAMING = re.compile(
    r"\{%-?\s*(?:assign|capture|for|tablerow)\s+(?P<name>[\w-]+)"
    r"(?:\s*=\s*(?P<value>\"[^\"\n]*\"|'[^'\n]*')\s*(?:\|(?!\s*split)[^|]*?)?-?%\})?"
)
MOST_NAMED: Final = 100_000
"""Characters that Liquid's variables may add to a text: one of 1 MiB could name one of half of that 100,000 times."""
_TAB = re.compile(r"<!--[ \t]*tab[ \t]+([^@\n<>]*[^@\s<>-])[ \t]*(?:@[^\n<>]*?)?-->")
_FENCED = re.compile(r"^ {0,3}(`{3,}|~{3,}).*?^ {0,3}\1", re.MULTILINE | re.DOTALL)
_VERBATIM = {"raw", "verbatim", "highlight", "codeblock", "code", "code-toggle", "comment", "mermaid", "math", "katex"}
_SILENT = re.compile(
    r"(?:more|rawhtml|toc|math|katex|tabs|tab|center|div|columns|column|grid|gallery|steps|linkgroup)\Z"
)
"""Only their text matters."""
_SPOKEN = {"label", "span", "p", "u", "emp", "wavy", "del", "kbd", "psw", "mark", "checkbox", "radio", "hideinline"}
"""Their text stands within the tag."""


def expand(text: str, site: Site) -> str:
    """The text with its tags turned into Markdown."""
    text = _with_titles_of_tabs(text)
    expander = _Expander(site, text)
    out: list[str] = []
    outside: list[str] = []
    fence, start, depth = "", 0, 0
    comments = Comments()
    for row, line in enumerate(text.split("\n")):
        match = _FENCE.match(line)
        if not fence and not depth and comments.take(line):
            if outside:
                out.append(expander.expand("\n".join(outside), start))
                outside = []
            out.append(line)
            start = row + 1
        elif fence:
            out.append(line)
            if match and match[1].startswith(fence) and not match[2].strip():
                fence, start = "", row + 1
        elif match and not (match[1][0] == "`" and "`" in match[2]) and not depth:
            if outside:
                out.append(expander.expand("\n".join(outside), start))
                outside, depth = [], 0
            out.append(line)
            fence = match[1]
        else:
            outside.append(line)
            if "{" in line:
                depth = max(0, depth + _opened(line))
    if outside:
        out.append(expander.expand("\n".join(outside), start))
    expander.close()
    return "\n".join(out)


def _with_titles_of_tabs(text: str) -> str:
    """Hexo's tabs have their titles in comments."""
    return _TAB.sub(r"**\1**  ", text) if "{% tabs" in text or "{%tabs" in text else text


def _opened(line: str) -> int:
    """How many more verbatim blocks a line opens than it closes."""
    count = 0
    for match in _TAG.finditer(line):
        if match["liquid"] is not None or match["hugo"] is not None:
            name = _name(match)
            count += name in _VERBATIM
            count -= name.startswith(("end", "/")) and name.lstrip("/").removeprefix("end") in _VERBATIM
    return count


class _Expander:
    def __init__(self, site: Site, whole: str) -> None:
        self.site = site
        self.whole = whole
        self.endless: set[str] = set()
        self.boxes: dict[str, list[int]] = {}
        """By name: how many ends there are in the text, how many boxes were opened, and how many are open."""
        self.named: dict[str, str] = {}
        """What Liquid's variables stand for; empty for those of loops, and of captures, whose text stays."""
        self.spare = MOST_NAMED
        self.unknown: dict[str, int] = {}
        self.first = ("", 0)
        self.row = 0

    def expand(self, text: str, row: int) -> str:
        out: list[str] = []
        at = 0
        while match := _TAG.search(text, at):
            out.append(text[at : match.start()])
            self.row = row + text.count("\n", 0, match.start()) if match["code"] is None else row
            piece, at = self._one(match, text)
            source = text[match.start() : at]
            out.append(piece + "\n" * max(0, source.count("\n") - piece.count("\n")))
        out.append(text[at:])
        return "".join(out)

    def _one(self, match: re.Match[str], text: str) -> tuple[str, int]:
        """What stands for a tag, and where the text goes on."""
        if match["code"] is not None or match["hidden"] is not None:
            return match[0], match.end()
        if match["comment"]:
            return "{{" + match["kind"] + match["hugo"].rstrip("/") + (
                ">" if match["kind"] == "<" else "%"
            ) + "}}", match.end()
        if match["output"] is not None:
            return _output(match["output"]), match.end()
        if match["named"] is not None:
            return self._named(match["named"], match[0]), match.end()
        name = _name(match)
        if name in _VERBATIM and name not in self.endless:
            end = re.compile(rf"\{{(?:%-?\s*end{name}\s*-?%|\{{[<%]\s*/\s*{name}\s*[>%]\}})\}}").search(
                text, match.end()
            )
            if end is not None:
                piece = _verbatim(name, _words(match), text[match.end() : end.start()])
                if piece.startswith("```"):
                    before = text[text.rfind("\n", 0, match.start()) + 1 : match.start()].strip("> \t")
                    after = text[end.end() : text.find("\n", end.end()) % (len(text) + 1)].strip()
                    piece = ("\n" if before else "") + piece + ("\n" if after else "")
                return piece, end.end()
            self.endless.add(name)
        if tags.is_box(base := name.lstrip("/").removeprefix("end")):
            return self._box(name, base, match, text), match.end()
        return self._tag(name, _words(match), match[0]), match.end()

    def _box(self, name: str, base: str, match: re.Match[str], text: str) -> str:
        """A quotation or a fold, where its tags stand on lines of their own."""
        if base not in self.boxes:
            text_only = _FENCED.sub("", self.whole)
            ends = len(re.findall(rf"\{{%-?\s*end{base}\b|\{{\{{[<%]\s*/\s*{base}\b", text_only, re.IGNORECASE))
            self.boxes[base] = [ends, 0, 0]
        count = self.boxes[base]
        if name != base:
            count[2] -= 1
            return tags.box_end(base) if count[2] >= 0 else ""
        line = text[text.rfind("\n", 0, match.start()) + 1 : text.find("\n", match.end()) % (len(text) + 1)]
        if line.strip("> \t") != match[0] or count[1] >= count[0]:
            count[1] += 1
            count[2] = min(count[2], 0)
            return tags.title(_words(match))
        count[1] += 1
        count[2] = max(count[2], 0) + 1
        return tags.box(base, _words(match))

    def _named(self, name: str, tag: str) -> str:
        """What a variable stands for; where it is none, or that would be too much, the tag stays."""
        meant = self.named.get(name, tag)
        self.spare -= max(0, len(meant) - len(tag))
        return meant if self.spare >= 0 else tag

    def _tag(self, name: str, words: Words, tag: str) -> str:
        meaning = tags.MEANINGS[name](words, self.site.addresses) if name in tags.MEANINGS else None
        if meaning is not None:
            return meaning
        if naming := _NAMING.match(tag):
            self.named[naming["name"]] = (naming["value"] or "")[1:-1]
            if naming["value"] or name == "capture":
                return ""
        if name in tags.PLAYERS and (ident := words.get("id", at=0)):
            if name == "gist" and len(words.rest) > 1:
                ident = f"{words.rest[0]}/{words.rest[1]}"
            return f"<{tags.PLAYERS[name].format(encode(ident))}>"
        base = name.lstrip("/")
        base = base.removeprefix("end") if base.startswith("end") else base
        if name == "tab":
            return tags.title(words)
        if name in _SPOKEN and tag.startswith("{%"):
            return tags.spoken(name, words)
        if base == name and (url := next((word for word in words.all if "://" in word), "")):
            return tags.anywhere(url)
        if not _SILENT.match(base) and base == name:
            self.first = self.first if self.unknown else (tag, self.row)
            self.unknown[base] = self.unknown.get(base, 0) + 1
        return ""

    def close(self) -> None:
        """Name what was not understood, once for the file."""
        if not self.unknown:
            return
        names = ", ".join(name if count == 1 else f"{name} (× {count})" for name, count in self.unknown.items())
        tag, row = self.first
        mark = tag.partition("\n")[0]
        total = sum(self.unknown.values())
        message = f"{total} tag{'s' * (total > 1)} of another site generator left out: {names}"
        self.site.tell(mark, message, "the text inside stays; write Markdown instead", (row, row + 1))


def _content(match: re.Match[str]) -> str:
    return (match["hugo"] if match["hugo"] is not None else match["liquid"] or "").strip()


def _name(match: re.Match[str]) -> str:
    content = _content(match)
    slash = "/" if content.startswith("/") else ""
    words = content.lstrip("/").split(None, 1)
    return slash + words[0].rstrip("/").lower() if words else ""


def _words(match: re.Match[str]) -> Words:
    content = _content(match).strip("/ ")
    return Words(content.partition(" ")[2] if " " in content else content.partition("\n")[2])


def _output(expression: str) -> str:
    return expression[1 : expression.index(expression[0], 1)] if expression[0] in "\"'" else ""


def _verbatim(name: str, words: Words, inside: str) -> str:
    if name == "comment":
        return ""
    if name in ("raw", "verbatim"):
        return inside
    if name in ("math", "katex"):
        return inside if "$" in inside else f"$${inside}$$"
    if name == "mermaid":
        words.named["lang"] = name
    language = words.get("lang", "language", "type") or (words.get(at=0) if name != "codeblock" else "")
    ticks = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", inside)), default=0))
    body = inside if inside.startswith("\n") else "\n" + inside
    return f"{ticks}{language}{body.rstrip(' ')}{'' if body.rstrip(' ').endswith(chr(10)) else chr(10)}{ticks}"
