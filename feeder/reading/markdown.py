"""Markdown to the HTML that goes out: safe, and with absolute or private addresses only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markdown_it.token import Token

from feeder.errors import Problem
from feeder.model import Asset, Image
from feeder.reading import datelines, dialects, plaintext, rawhtml, shortcodes
from feeder.reading.addresses import Addresses
from feeder.reading.assets import AssetStore
from feeder.reading.html import to_html
from feeder.reading.parser import MAX_NESTING, parse
from feeder.reading.plaintext import plain
from feeder.reading.sanitise import sanitise
from feeder.reading.writer import Lines, Writer, align, is_more

__all__ = ["Rendered", "plain", "render"]

FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 section 2.2 forbids, and C1 and DEL, which it discourages."""

_TASK = re.compile(r"\[([ xX])\][ \t]")


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a text gave."""

    html: str
    """Safe, well-formed; its addresses are absolute or private (see ``links``)."""
    lead: str = ""
    """Plain text of the first paragraph, or of whatever else comes first where there is none."""
    more: str = ""
    """Plain text before ``<!--more-->``; empty without that mark."""
    assets: tuple[Asset, ...] = ()
    refs: tuple[str, ...] = ()
    """Entry files that it links to: ``entries/b.md``, ``entries/b.md#item``."""
    problems: tuple[Problem, ...] = ()
    missing: tuple[Asset, ...] = ()
    """Files that were looked for in vain (stamp of zeros) or cannot be published: when one of these changes, the
    text reads differently. They have no path in ``out/``."""
    cover: Image | None = None
    """The first local picture in the text."""


def render(
    text: str,
    *,
    path: str,
    line: int = 1,
    root: str,
    hashes: AssetStore | None = None,
    anchor: str = "",
    entries: str = "entries",
    dated: str = "",
) -> Rendered:
    """Render the text of the entry in file ``path`` (from ``root``), whose first line is ``line`` of that file.

    ``anchor`` tells which item of a news page it is and ``dated`` how its date is written, ``entries`` is the
    folder of the settings. Never raises for anything an author can write.
    """
    addresses = Addresses(path, anchor, entries, hashes if hashes is not None else AssetStore(root))
    lines = Lines(path, text, line)
    writer = Writer(addresses, lines)
    source = _clean(text, writer)
    if "{{" in source or "{%" in source:
        source = shortcodes.expand(source, writer)
    source = dialects.translate(source)
    env: dict[str, Any] = {}
    tokens = parse(source, env)
    lead, more = _survey(tokens, to_the_end="<!--" in source, dated=dated)
    if "[ ]" in source or "[x]" in source or "[X]" in source:
        _tasks(tokens)
    if "|" in source:
        align(tokens)
    html = to_html(tokens, writer)
    html = sanitise(html, coloured=writer.coloured, raw=writer.has_html)
    html = _finish(html, writer)
    if "nested" in env:
        hint = "take some levels out; what is deeper is shown as plain text"
        writer.tell("", f"quotes and lists nest deeper than {MAX_NESTING} levels", hint, (env["nested"],))
    writer.close()
    return _rendered(html, lead, more, writer)


def _clean(text: str, writer: Writer) -> str:
    match = FORBIDDEN.search(text)
    if match is None:
        return text
    row = text.count("\n", 0, match.start())
    count = len(FORBIDDEN.findall(text))
    message = f"a character that no feed may carry: U+{ord(match[0]):04X}" + (
        f", and {count - 1} more" if count > 1 else ""
    )
    writer.tell(match[0], message, "it is left out; remove it from the file", (row, row + 1))
    return FORBIDDEN.sub("", text)


def _finish(html: str, writer: Writer) -> str:
    if FORBIDDEN.search(html):
        html = FORBIDDEN.sub("", html)  # raw HTML can spell them: &#1;
    if writer.is_raw:
        html = rawhtml.resolve(html, writer)
        if "feeder:/" in html:
            html = rawhtml.defuse(html, writer)
    elif html.count("feeder:/") != writer.private:
        html = rawhtml.defuse(html, writer)
    return html


def _survey(tokens: Sequence[Token], *, to_the_end: bool, dated: str) -> tuple[str, str]:
    """The lead, and the text before ``<!--more-->``; a line that is only the date of an item is neither."""
    lead = other = ""
    texts: list[str] = []
    for at, token in enumerate(tokens):
        if token.type == "inline":
            if to_the_end and any(child.type == "html_inline" and is_more(child) for child in token.children or ()):
                return lead or other, plaintext.join_lines("\n".join([*texts, _before_more(token)]).strip())
            if at and tokens[at - 1].type != "heading_open" and (text := plaintext.of_tokens(token.children)):
                if dated and not texts and datelines.is_alone(text, dated):
                    continue
                texts.append(text)
                other = other or text
                if not lead and tokens[at - 1].type == "paragraph_open" and not tokens[at - 1].level:
                    lead = text
                    if not to_the_end:
                        break
        elif token.type == "html_block" and is_more(token):
            return lead or other, plaintext.join_lines("\n".join(texts))
    return lead or other, ""


def _before_more(token: Token) -> str:
    children = token.children or []
    at = next(at for at, child in enumerate(children) if child.type == "html_inline" and is_more(child))
    return plaintext.of_tokens(children[:at])


def _tasks(tokens: Sequence[Token]) -> None:
    """``- [x] done``: a box that is text shows in every reader; a form's box does not."""
    lists: list[Token] = []
    for at, token in enumerate(tokens):
        if token.tag in ("ul", "ol"):
            if token.nesting == 1:
                lists.append(token)
            else:
                lists.pop()
        elif token.type == "inline" and at > 1 and tokens[at - 2].type == "list_item_open" and token.children:
            first = token.children[0]
            match = _TASK.match(first.content) if first.type == "text" else None
            if match is not None:
                first.content = ("☐ " if match[1] == " " else "☑ ") + first.content[match.end() :]
                tokens[at - 2].attrs["class"] = "task-list-item"
                lists[-1].attrs["class"] = "contains-task-list"


def _rendered(html: str, lead: str, more: str, writer: Writer) -> Rendered:
    addresses = writer.addresses
    prepared = addresses.assets.values()
    good = tuple(one.asset for one in prepared if not one.message)
    bad = [Asset(one.asset.source, "", one.asset.stamp) for one in prepared if one.message]
    absent = [Asset(place, "") for place in addresses.missing]
    return Rendered(
        html,
        lead,
        more,
        good,
        tuple(addresses.refs),
        tuple(writer.problems),
        (*bad, *absent),
        writer.cover,
    )
