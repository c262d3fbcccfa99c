"""Tags of other site generators in a text: Hugo's ``{{< >}}``, Jekyll's and Hexo's ``{% %}``.

What has a meaning here becomes Markdown; of the rest the tag goes and the text it encloses stays. Code, in fences
and in spans, is never touched. Lines stay where they are, so that problems name the right ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

from feeder.errors import Problem
from feeder.links import encode
from feeder.reading.addresses import Addresses
from feeder.reading.html import escape


class Site(Protocol):
    """What a tag may ask and tell: the entry's ``writer.Writer``."""

    addresses: Addresses
    problems: list[Problem]

    def tell(self, mark: str, message: str, hint: str, span: tuple[int, int]) -> None:
        """Note a problem."""


_FENCE = re.compile(r" {0,3}(?:> ?)*(`{3,}|~{3,})(.*)")
_TAG = re.compile(
    r"(?P<code>(?<!`)(?P<ticks>`+)(?!`)[^\n]*?(?<!`)(?P=ticks)(?!`))"
    r"|\{\{(?P<kind>[<%])(?P<comment>/\*)?(?P<hugo>[^{}]*?)(?(comment)\*/)[>%]\}\}"
    r"|\{%-?(?P<liquid>[^{}]*?)-?%\}"
    r"|\{\{-?\s*(?P<output>(?:site|page|content|layout)\.[^{}]*?|(?:\"[^\"{}]*\"|'[^'{}]*')\s*\|[^{}]*?)\s*-?\}\}"
)
_WORD = re.compile(r"""(?:([\w\-]+)\s*[=:]\s*)?("[^"]*"|'[^']*'|`[^`]*`|[^\s"'`]+)""")
_VERBATIM = {"raw", "verbatim", "highlight", "codeblock", "code", "comment"}
_SILENT = {
    "more",
    "note",
    "notice",
    "admonition",
    "quote",
    "blockquote",
    "cq",
    "centerquote",
    "details",
    "fold",
    "rawhtml",
}
_PLAYERS = {
    "youtube": "https://www.youtube.com/watch?v={}",
    "vimeo": "https://vimeo.com/{}",
    "bilibili": "https://www.bilibili.com/video/{}/",
    "instagram": "https://www.instagram.com/p/{}/",
    "gist": "https://gist.github.com/{}",
    "asciinema": "https://asciinema.org/a/{}",
}


class Words:
    """The words of a tag: named ones, and the others in their order."""

    def __init__(self, text: str) -> None:
        self.named: dict[str, str] = {}
        self.rest: list[str] = []
        for key, word in _WORD.findall(text):
            quoted = len(word) > 1 and word[0] in "\"'`" and word[-1] == word[0]
            value = word[1:-1] if quoted else word
            if key and not value.startswith("//"):
                self.named[key.lower()] = value
            else:
                self.rest.append(f"{key}:{value}" if key else value)

    def get(self, *keys: str, at: int = -1) -> str:
        """The first named word there is, else the one at a place; empty for none."""
        for key in keys:
            if key in self.named:
                return self.named[key]
        return self.rest[at] if 0 <= at < len(self.rest) else ""


def expand(text: str, site: Site) -> str:
    """The text with its tags turned into Markdown."""
    expander = _Expander(site)
    out: list[str] = []
    outside: list[str] = []
    fence, start, depth = "", 0, 0
    for row, line in enumerate(text.split("\n")):
        match = _FENCE.match(line)
        if fence:
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
    def __init__(self, site: Site) -> None:
        self.site = site
        self.endless: set[str] = set()
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
        if match["code"] is not None:
            return match[0], match.end()
        if match["comment"]:
            return "{{" + match["kind"] + match["hugo"].rstrip("/") + (
                ">" if match["kind"] == "<" else "%"
            ) + "}}", match.end()
        if match["output"] is not None:
            return _output(match["output"]), match.end()
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
        return self._tag(name, _words(match), match[0]), match.end()

    def _tag(self, name: str, words: Words, tag: str) -> str:
        if name in _MEANINGS:
            return _MEANINGS[name](words, self.site.addresses)
        if name in _PLAYERS and (ident := words.get("id", at=0)):
            if name == "gist" and len(words.rest) > 1:
                ident = f"{words.rest[0]}/{words.rest[1]}"
            return f"<{_PLAYERS[name].format(encode(ident))}>"
        base = name.lstrip("/")
        base = base.removeprefix("end") if base.startswith("end") else base
        if base not in _SILENT and base == name:
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
    language = words.get("lang", "language", "type") or (words.get(at=0) if name != "codeblock" else "")
    ticks = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", inside)), default=0))
    body = inside if inside.startswith("\n") else "\n" + inside
    return f"{ticks}{language}{body.rstrip(' ')}{'' if body.rstrip(' ').endswith(chr(10)) else chr(10)}{ticks}"


def _figure(words: Words, _: Addresses) -> str:
    source = words.get("src", "link", at=0)
    caption = words.get("caption", "title", at=1)
    alt = words.get("alt") or caption
    image = f'<img src="{escape(source)}" alt="{escape(alt)}">'
    if "link" in words.named and words.named.get("src"):
        image = f'<a href="{escape(words.named["link"])}">{image}</a>'
    return f"<figure>{image}{f'<figcaption>{escape(caption)}</figcaption>' if caption else ''}</figure>"


def _image(words: Words, _: Addresses) -> str:
    """``{% asset_img [class] name [width] [height] [title [alt]] %}``."""
    at = next((at for at, word in enumerate(words.rest) if "." in word or "/" in word), None)
    if at is None:
        return ""
    rest = [word for word in words.rest[at + 1 :] if not re.fullmatch(r"\d+%?|[\d.]+px", word)]
    title = (rest[0] if len(rest) == 1 else rest[-1]).strip("'\"") if rest else ""
    return f"![{_label(title)}](<{words.rest[at]}>)"


def _label(text: str) -> str:
    return re.sub(r"([\\\[\]])", r"\\\1", text)


def _address(name: str, addresses: Addresses) -> str:
    """Where an entry is, as a link below the entries' folder."""
    place, mark, fragment = name.partition("#")
    place = place.removeprefix("/").removeprefix(f"{addresses.entries}/")
    found = addresses.place(place) if place else addresses.path
    if found:
        place = found.removeprefix(f"{addresses.entries}/")
    elif "." not in place.rpartition("/")[2]:
        place += ".md"
    return f"/{encode(place)}{mark}{fragment}"


def _post_link(words: Words, addresses: Addresses) -> str:
    name = words.get(at=0)
    title = " ".join(word for word in words.rest[1:] if word not in ("true", "false")) or name
    return f"[{_label(title)}]({_address(name, addresses)})"


def _reference(words: Words, addresses: Addresses) -> str:
    return _address(words.get("path", at=0), addresses)


def _asset_link(words: Words, _: Addresses) -> str:
    name = words.get(at=0)
    return f"[{_label(' '.join(words.rest[1:]) or name)}](<{name}>)"


def _tweet(words: Words, _: Addresses) -> str:
    user, ident = words.get("user", at=0), words.get("id", at=1)
    return f"<https://x.com/{encode(user)}/status/{encode(ident)}>" if ident else ""


_MEANINGS: dict[str, Callable[[Words, Addresses], str]] = {
    "figure": _figure,
    "image": _image,
    "img": _image,
    "asset_img": _image,
    "asset_path": lambda words, _: words.get(at=0),
    "asset_link": _asset_link,
    "ref": _reference,
    "relref": _reference,
    "post_url": _reference,
    "post_path": _reference,
    "link": _reference,
    "post_link": _post_link,
    "tweet": _tweet,
    "twitter": _tweet,
    "x": _tweet,
}
