"""TeX between dollar signs stays as it is written, for the reader's or the page's own means to set it.

Markdown would take its ``_``, ``*``, ``\\\\`` and ``\\{`` for marks of its own. As pandoc has it, a ``$`` opens before
no blank and closes after none, and never before a letter or digit: ``$5 and $10`` is no formula.
"""

from __future__ import annotations

import re

from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

_FORMULA = re.compile(
    r"\$\$(?=[^$])(?:[^$\\]|\\.|\$(?!\$)){1,5000}?\$\$"
    r"|\$(?![\s$])(?:[^$`\\\n]|\\[^`]|\n){1,1000}?(?<![\s\\])\$(?![0-9A-Za-z$])",
    re.DOTALL,
)


def inline(state: StateInline, silent: bool) -> bool:
    """An inline rule of markdown-it, called at a ``$``."""
    match = _FORMULA.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    if not silent:
        state.append_pending(match[0])
    state.pos = match.end()
    return True


def block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A block rule of markdown-it: lines from ``$$`` to ``$$``, whatever they begin with, as one paragraph."""
    if state.is_code_block(start) or not _line(state, start).startswith("$$"):
        return False
    last = _end(state, start, end)
    if last < 0:
        return False
    if silent:
        return True
    state.line = last + 1
    token = state.push("paragraph_open", "p", 1)
    token.map = [start, state.line]
    token = state.push("inline", "", 0)
    token.content = state.getLines(start, state.line, state.blkIndent, False).strip()
    token.map, token.children = [start, state.line], []
    state.push("paragraph_close", "p", -1)
    return True


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]


def _end(state: StateBlock, start: int, end: int) -> int:
    """The line with the closing ``$$``; -1 where a blank line or the end of the text comes first."""
    if "$$" in _line(state, start)[2:]:
        return -1  # one line: the inline rule sees to it
    for line in range(start + 1, end):
        content = _line(state, line).rstrip()
        if not content or state.sCount[line] < state.blkIndent:
            return -1
        if content.endswith("$$"):
            return line
    return -1
