"""Markdown as plain text, for titles, summaries and headings."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markdown_it.token import Token

from feeder.reading.emphasis import is_cjk
from feeder.reading.sanitise import is_element

_BREAK = re.compile(r"[ \t]*\n\s*")
_MARKUP = re.compile(r"[\\`*_~\[\]!<&\n:^]")
_TAG = re.compile(r"</?([a-z][a-z0-9]*)\b[^>]*>", re.IGNORECASE)


def of_tokens(tokens: Sequence[Token] | None) -> str:
    """Plain text of inline tokens; pictures and notes have none."""
    return join_lines("".join(_pieces(tokens or ()))).strip()


def _pieces(tokens: Sequence[Token]) -> list[str]:
    out: list[str] = []
    for token in tokens:
        kind = token.type
        if kind in ("text", "code_inline"):
            out.append(token.content)
        elif kind == "softbreak":
            out.append("\n")
        elif kind == "hardbreak":
            out.append(" ")  # a line of its own: its words do not run into the next one's
        elif kind == "html_inline":
            tag = _TAG.match(token.content)
            if tag and not is_element(tag[1]):
                # `<iostream>` in a title is a word, not markup.
                out.append(token.content)
    return out


def join_lines(text: str) -> str:
    """Lines as one: a space between words, nothing between CJK characters."""
    if "\n" not in text:
        return text

    def joint(match: re.Match[str]) -> str:
        before = text[match.start() - 1 : match.start()]
        after = text[match.end() : match.end() + 1]
        return "" if before and after and is_cjk(before) and is_cjk(after) else " "

    return _BREAK.sub(joint, text)


def plain(text: str) -> str:
    """Inline Markdown as plain text: ``**天数**智芯 <新品>`` gives ``天数智芯 <新品>``."""
    if _MARKUP.search(text) is None:
        return text.strip()
    from feeder.reading.parser import parser

    return of_tokens(parser().parseInline(text, {})[0].children)
