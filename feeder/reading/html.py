"""Tokens of markdown-it as HTML: what its own renderer gives, in a third of the time.

The parts that depend on the entry (addresses, pictures, code, headings) are asked of a ``Writer``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from markdown_it.token import Token

from feeder.links import encode


class Writer(Protocol):
    """Where ``to_html`` asks for the parts that depend on the entry."""

    lines: Sequence[int]
    """First and last line (from 0) of the text being written."""

    def link(self, token: Token) -> str:
        """``<a …>``, or empty for a link that may not be."""

    def image(self, token: Token, alt: str) -> str:
        """``<img …>``, or what stands for it."""

    def fence(self, token: Token) -> str:
        """A block of code, with ``<pre>``."""

    def heading(self, inline: Token) -> str:
        """The attributes of a heading with this text."""

    def raw(self, token: Token) -> str:
        """HTML that the author wrote."""

    def footnote(self, token: Token) -> str:
        """One of the footnote plugin's tokens; see ``footnote``."""


def escape(text: str) -> str:
    """Text as HTML; also fit for attributes."""
    if "&" in text:
        text = text.replace("&", "&amp;")
    if "<" in text:
        text = text.replace("<", "&lt;")
    if ">" in text:
        text = text.replace(">", "&gt;")
    if '"' in text:
        text = text.replace('"', "&quot;")
    return text


def attributes(token: Token) -> str:
    """The attributes of a token."""
    if not token.attrs:
        return ""
    return "".join([f' {escape(key)}="{escape(str(value))}"' for key, value in token.attrs.items()])


def text_of(tokens: Sequence[Token] | None) -> str:
    """The plain text of inline tokens, as markdown-it makes it for ``alt``."""
    out: list[str] = []
    for token in tokens or ():
        kind = token.type
        if kind in ("text", "code_inline", "html_inline"):
            out.append(token.content)
        elif kind == "image":
            out.append(text_of(token.children))
        elif kind in ("softbreak", "hardbreak"):
            out.append("\n")
    return "".join(out)


def to_html(tokens: Sequence[Token], writer: Writer) -> str:
    """HTML of block tokens."""
    out: list[str] = []
    add = out.append
    last = len(tokens) - 1
    for at, token in enumerate(tokens):
        kind = token.type
        if kind == "inline":
            if token.map is not None:
                writer.lines = token.map
            if token.children:
                _inline(token.children, add, writer)
        elif token.hidden:
            continue
        elif token.nesting == -1 and token.tag:
            add(f"</{token.tag}>\n")
        elif token.tag and (token.nesting or kind == "hr"):
            if kind == "heading_open":
                attrs = writer.heading(tokens[at + 1])
            else:
                attrs = attributes(token) if token.attrs else ""
            before = "\n" if at and tokens[at - 1].hidden else ""
            add(f"{before}<{token.tag}{attrs}>{_newline(tokens, at, last)}")
        else:
            _special(tokens, at, add, writer)
    return "".join(out)


def _newline(tokens: Sequence[Token], at: int, last: int) -> str:
    if at >= last or not tokens[at].nesting:
        return "\n"
    after = tokens[at + 1]
    same = after.nesting == -1 and after.tag == tokens[at].tag
    return "" if after.type == "inline" or after.hidden or same else "\n"


def _special(tokens: Sequence[Token], at: int, add: Callable[[str], object], writer: Writer) -> None:
    token = tokens[at]
    kind = token.type
    if token.map is not None:
        writer.lines = token.map
    if kind in ("fence", "code_block"):
        add(writer.fence(token))
    elif kind == "html_block":
        add(writer.raw(token))
    else:
        add(writer.footnote(token))


def footnote(token: Token, here: str = "#", prefix: str = "") -> str:
    """HTML of the footnote plugin's tokens; ``here`` comes before each fragment, ``prefix`` before each number."""
    kind, meta = token.type, token.meta
    if kind == "footnote_block_open":
        return '<hr class="footnotes-sep">\n<section class="footnotes">\n<ol class="footnotes-list">\n'
    if kind == "footnote_block_close":
        return "</ol>\n</section>\n"
    if kind == "footnote_close":
        return "</li>\n"
    if "id" not in meta:
        return ""
    number = meta["id"] + 1
    again = f"-{meta['subId']}" if meta.get("subId", 0) > 0 else ""
    if kind == "footnote_open":
        return f'<li id="fn{prefix}{number}" class="footnote-item">'
    if kind == "footnote_anchor":
        return f' <a href="{here}fnref{encode(prefix)}{number}{again}" class="footnote-backref">\u21a9\ufe0e</a>'
    name = f"{prefix}{number}"
    return f'<sup class="footnote-ref"><a href="{here}fn{encode(name)}" id="fnref{name}{again}">[{number}]</a></sup>'


def _inline(tokens: Sequence[Token], add: Callable[[str], object], writer: Writer) -> None:
    links: list[str] = []
    for token in tokens:
        kind = token.type
        if kind == "text":
            add(escape(token.content))
        elif kind == "link_open":
            tag = writer.link(token)
            links.append("</a>" if tag else "")
            add(tag)
        elif kind == "link_close":
            add(links.pop() if links else "")
        elif token.nesting == 1:
            add(f"<{token.tag}>")
        elif token.nesting == -1:
            add(f"</{token.tag}>")
        else:
            add(_leaf(token, writer))


def _leaf(token: Token, writer: Writer) -> str:
    """An inline element that holds no others."""
    kind = token.type
    if kind == "code_inline":
        return f"<code>{escape(token.content)}</code>"
    if kind == "softbreak":
        return "\n"
    if kind == "hardbreak":
        return "<br>\n"
    if kind == "image":
        return writer.image(token, text_of(token.children))
    if kind == "html_inline":
        return writer.raw(token)
    return writer.footnote(token)
