"""Writes an entry's HTML: addresses, pictures, code, headings; notes what is wrong with the line it stands in."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markdown_it.common.utils import unescapeAll
from markdown_it.token import Token

from feeder.errors import Problem
from feeder.links import slugify
from feeder.model import Image
from feeder.reading import html, plaintext
from feeder.reading.addresses import Addresses, RefusedError
from feeder.reading.assets import Prepared, in_other_case
from feeder.reading.highlight import PLAIN, highlight, language
from feeder.reading.sanitise import active, frames_to_links, is_comment, words_to_text

LOOKED = "looked in {folder}/, static/, source/, public/ and the publication; "
MEND = "put the file in one of them, or remove the line; the alt text is shown meanwhile"
IDS_OF_PAGES = frozenset({"content", "footer", "header", "main", "menu", "nav", "search", "title", "top"})

_MORE = re.compile(r"<!--\s*more\b[^>]*-->", re.IGNORECASE)
_OWN_ID = re.compile(
    r"(?<![ \t])[ \t]*\{[ \t]*(?:(?:#(?P<id>[^\s{}]+)|\.[\w-]+|[\w-]+=\"[^\"{}]*\")(?:[ \t]+|(?=\})))+\}[ \t]*\Z"
)
_ALIGN = re.compile(r"text-align:(left|right|center)")


class Lines:
    """The entry's text as it stands in the file, to say where something is."""

    def __init__(self, path: str, text: str, first: int) -> None:
        self.path = path
        self.text = text
        self.first = first
        self._lines: list[str] | None = None
        self._told: dict[str, tuple[int, int]] = {}

    def problem(self, span: Sequence[int], mark: str, message: str, hint: str) -> Problem:
        """A problem in lines ``span`` (from 0), at ``mark`` when it is found there."""
        if self._lines is None:
            self._lines = self.text.split("\n")
        start = span[0] if span else 0
        end = max(span[1], start + 1) if len(span) > 1 else len(self._lines)
        at, column = self._find(mark, start, end)
        source = self._lines[at] if at < len(self._lines) else ""
        return Problem(f"{self.path}:{self.first + at}", message, hint, False, source, column, max(1, len(mark)))

    def forget(self) -> None:
        """Look from the top again: what is told next is not in the order of the text."""
        self._told.clear()

    def _find(self, mark: str, start: int, end: int) -> tuple[int, int]:
        assert self._lines is not None
        told = self._told.get(mark, (-1, 0))
        for at in range(max(start, told[0]), min(end, len(self._lines))):
            column = self._lines[at].find(mark, told[1] if at == told[0] else 0) + 1 if mark else 0
            if column:
                self._told[mark] = (at, column)
                return at, column
        return start, 0


class Writer:
    """See ``html.Writer``; one for each entry."""

    def __init__(self, addresses: Addresses, lines: Lines) -> None:
        self.addresses = addresses
        self.source = lines
        self.lines: Sequence[int] = (0, 1)
        self.problems: list[Problem] = []
        self.known: set[str] = set()
        """Addresses that are ours; ``feeder:`` ones in an author's text are not."""
        self.private = 0
        """How often a private address was written."""
        self.has_html = False
        """The author wrote tags, and not Markdown alone."""
        self.is_raw = False
        self.coloured = False
        self.cover: Image | None = None
        self._active: dict[str, Problem] = {}
        self._ids: dict[str, int] = {}
        self.here = addresses.own + "?"
        self.prefix = f"-{slugify(addresses.anchor)}-" if addresses.anchor else ""

    def tell(self, mark: str, message: str, hint: str, span: Sequence[int] | None = None) -> None:
        """Note a problem in the lines being written."""
        self.problems.append(self.source.problem(self.lines if span is None else span, mark, message, hint))

    def own(self, url: str) -> str:
        """Note that an address is ours; gives it as an attribute's value."""
        self.known.add(url)
        if url.startswith("feeder:/"):
            self.private += 1
        return html.escape(url)

    def address(self, reference: str) -> str:
        """The address of a link; empty, with a problem, when there may be none."""
        try:
            return self.addresses.link(reference)
        except RefusedError:
            self.tell(reference, f"not a public address: {reference[:80]}", "link to https://…; the text stays")
            return ""

    def link(self, token: Token) -> str:
        """``<a …>``."""
        url = self.address(str(token.attrs["href"]))
        if not url:
            return ""
        title = token.attrs.get("title")
        return f'<a href="{self.own(url)}"' + (f' title="{html.escape(str(title))}">' if title else ">")

    def file(self, reference: str) -> Prepared | str | None:
        """The file or address of a picture, a sound or a film; None, with a problem, when there is none."""
        try:
            found = self.addresses.file(reference)
        except RefusedError:
            self.tell(
                reference, f"not a public address: {reference[:80]}", "use https://… or a file of the publication"
            )
            return None
        if found is None:
            self.tell(reference, f"image not found: {reference}", self._how_to_find(reference))
            return None
        if isinstance(found, Prepared) and found.message:
            self.tell(reference, f"{reference}: {found.message}", found.hint + "; the alt text is shown meanwhile")
            return None
        return found

    def _how_to_find(self, reference: str) -> str:
        at = self.addresses
        if like := in_other_case(at.store.root, at.path, reference):
            return f"there is {like}: write upper and lower case as there; the alt text is shown meanwhile"
        return LOOKED.format(folder=at.path.rpartition("/")[0] or ".") + MEND

    def image(self, token: Token, alt: str) -> str:
        """``<img …>``, a player for sounds and films, or the alt text."""
        found = self.file(str(token.attrs["src"]))
        if found is None:
            return html.escape(alt)
        title = str(token.attrs.get("title") or "")
        return self.picture(found, alt, f' title="{html.escape(title)}"' if title else "")

    def picture(self, found: Prepared | str, alt: str, more: str = "") -> str:
        """The element that shows a file."""
        if isinstance(found, str):
            remote = "" if found.startswith("data:") else ' referrerpolicy="no-referrer"'
            return f'<img src="{self.own(found)}" alt="{html.escape(alt)}"{more} loading="lazy"{remote}>'
        kind = found.media_type.partition("/")[0]
        url = self.own(found.url)
        if kind in ("audio", "video"):
            self.private += found.url.startswith("feeder:/")
            return f'<{kind} src="{url}" controls preload="none"{more}><a href="{url}">{html.escape(alt)}</a></{kind}>'
        if kind != "image":
            return f'<a href="{url}"{more}>{html.escape(alt)}</a>'
        if self.cover is None and found.width > 1:
            self.cover = Image(found.url, alt, found.media_type, found.width, found.height)
        size = f' width="{found.width}" height="{found.height}"' if found.width and found.height else ""
        return f'<img src="{url}" alt="{html.escape(alt)}"{more}{size} loading="lazy">'

    def fence(self, token: Token) -> str:
        """``<pre><code>`` with coloured words where the language is known."""
        name = language(unescapeAll(token.info)) if token.info else ""
        if not name:
            return f"<pre><code>{html.escape(token.content)}</code></pre>\n"
        body = self.addresses.store.code.get((name, token.content)) or highlight(token.content, name)
        coloured = name not in PLAIN and "<span" in body
        self.coloured = self.coloured or coloured
        shade = ' class="highlight"' if coloured else ""
        return f'<pre{shade}><code class="language-{html.escape(name)}">{body}</code></pre>\n'

    def heading(self, inline: Token) -> str:
        """An id that is the heading's words, or the author's own (``{#id}``), once in an entry."""
        base = _own_id(inline) or slugify(plaintext.of_tokens(inline.children)) or "section"
        number = self._ids.get(base, 1 if base in IDS_OF_PAGES else 0)
        name = f"{base}-{number}" if number else base
        while name in self._ids:
            number += 1
            name = f"{base}-{number}"
        self._ids[base] = number + 1
        self._ids.setdefault(name, 1)
        return f' id="{html.escape(name)}"'

    def footnote(self, token: Token) -> str:
        """See ``html.footnote``."""
        text = html.footnote(token, html.escape(self.here), self.prefix)
        self.private += text.count('href="')
        return text

    def raw(self, token: Token) -> str:
        """The author's own HTML; players become links."""
        content = token.content
        if is_comment(content):
            return ""
        self.has_html = True
        if "=" in content:
            self.is_raw = True
        if found := active(content):
            for name in found:
                if name not in self._active:
                    mark = name.rstrip(">=")
                    self._active[name] = self.source.problem(self.lines, mark, "", "")
            content = frames_to_links(content)
        return words_to_text(content)

    def close(self) -> None:
        """Note what was found in all of the entry's raw HTML, as one problem."""
        if self._active:
            first = next(iter(self._active.values()))
            names = ", ".join(self._active)
            hint = "feeds and pages carry no active content; write Markdown, or link to it"
            self.problems.append(
                Problem(first.place, f"taken out: {names}", hint, False, first.source, first.column, first.width)
            )


def _own_id(inline: Token) -> str:
    """The id that a heading gives itself, which leaves its text; empty for none."""
    last = inline.children[-1] if inline.children else None
    match = _OWN_ID.search(last.content) if last is not None and last.type == "text" else None
    if last is None or match is None:
        return ""
    last.content = last.content[: match.start()]
    return slugify(match["id"] or "")


def align(tokens: Sequence[Token]) -> None:
    """Cells carry ``align``: feeds and mail have no styles."""
    for token in tokens:
        if token.attrs and token.tag in ("td", "th") and (match := _ALIGN.match(str(token.attrs.get("style", "")))):
            token.attrs = {"align": match[1]}


def is_more(token: Token) -> bool:
    """Whether raw HTML is the mark ``<!--more-->``."""
    return _MORE.search(token.content) is not None
