"""markdown-it's inline parser, with the rules looked up by the character they begin with.

markdown-it tries each of its rules at each special character. A rule begins with one known character, so most
of those calls can be spared; text without any special character needs no parser state at all. The tokens are
the same, which the tests check against markdown-it itself on the CommonMark specification and on random text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from markdown_it.parser_inline import ParserInline
from markdown_it.rules_core.text_join import _join_text_tokens
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType

from feeder.reading.emphasis import State
from feeder.reading.tokens import Tok

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

Rule = Callable[[StateInline, bool], bool]

_STARTS = {
    "newline": "\n",
    "escape": "\\",
    "backticks": "`",
    "strikethrough": "~",
    "emphasis": "*_",
    "link": "[",
    "image": "!",
    "autolink": "<",
    "html_inline": "<",
    "entity": "&",
    "footnote_inline": "^",
    "footnote_ref": "[",
    "address": ":",
    "formula": "$",
}
_STOP = re.compile(r"[\n\\`~*_\[\]!<&^:]")
_STOP_NO_ADDRESS = re.compile(r"[\n\\`~*_\[\]!<&^]")
_STOP_FORMULA = re.compile(r"[\n\\`~*_\[\]!<&^:$]")
_DELIMITERS = re.compile(r"[*_~]")


def _stop(state: StateInline) -> re.Pattern[str]:
    assert isinstance(state, State)
    return state.stop


class Inline(ParserInline):
    """See the module's text; the public behaviour is that of ``ParserInline``."""

    def __init__(self) -> None:
        super().__init__()
        self._table: dict[str, tuple[Rule, ...]] | None = None

    @property
    def rules(self) -> dict[str, tuple[Rule, ...]]:
        """First character -> rules, in their order."""
        if self._table is None:
            table: dict[str, list[Rule]] = {}
            functions = self.ruler.getRules("")
            for name, function in zip(self.ruler.get_active_rules(), functions, strict=True):
                for char in _STARTS.get(name, ""):
                    table.setdefault(char, []).append(function)
            self._table = {char: tuple(rules) for char, rules in table.items()}
        return self._table

    def skipToken(self, state: StateInline) -> None:
        """See markdown-it: move past one token without making it."""
        pos = state.pos
        cache = state.cache
        if (known := cache.get(pos)) is not None:
            state.pos = known
            return
        if state.level >= state.md.options["maxNesting"]:
            cache[pos] = state.pos = state.posMax + 1
            return
        cache[pos] = state.pos = self._skip(state, pos)

    def _skip(self, state: StateInline, pos: int) -> int:
        source = state.src
        rules = self.rules.get(source[pos])
        if rules is None:
            match = _stop(state).search(source, pos)
            end: int = match.start() if match else state.posMax
            return max(end, pos + 1)
        for rule in rules:
            state.level += 1
            done = rule(state, True)
            state.level -= 1
            if done:
                return state.pos
        return pos + 1

    def tokenize(self, state: StateInline) -> None:
        """See markdown-it: make the tokens from ``state.pos`` to ``state.posMax``."""
        source, end = state.src, state.posMax
        search = _stop(state).search
        table = self.rules if state.level < state.md.options["maxNesting"] else {}
        pos = state.pos
        while pos < end:
            rules = table.get(source[pos])
            if rules is not None:
                for rule in rules:
                    if rule(state, False):
                        pos = state.pos
                        break
                else:
                    state.append_pending(source[pos])
                    state.pos = pos = pos + 1
                continue
            match = search(source, pos + 1)
            stop = match.start() if match else end
            if stop > end:
                stop = end
            state.append_pending(source[pos:stop])
            state.pos = pos = stop
        if state._pending_buffer or state._pending:
            state.pushPending()

    def parse(self, src: str, md: MarkdownIt, env: EnvType, tokens: list[Token]) -> list[Token]:
        """See markdown-it: the tokens of a paragraph's, a heading's or a cell's text."""
        stop = _STOP_FORMULA if "$" in src else _STOP if "://" in src else _STOP_NO_ADDRESS
        if stop.search(src) is None:
            if src:
                tokens.append(Tok("text", "", 0, None, None, 0, None, src))
            return tokens
        state = State(src, md, env, tokens)
        state.stop = stop
        self.tokenize(state)
        if _DELIMITERS.search(src):
            for rule in self.ruler2.getRules(""):
                rule(state)
        if "\\" in src or "&" in src:
            tokens[:] = _join_text_tokens(tokens)
        return tokens
