"""markdown-it's block parser, with the rules looked up by the character a line begins with.

markdown-it tries each of its rules at each line, and again to learn whether a line ends a paragraph. Nearly all
lines of prose begin with a character that no rule knows: those are paragraphs at once. The tokens are the same,
which the tests check against markdown-it itself on the CommonMark specification and on random text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from markdown_it.common.utils import mdTrim
from markdown_it.parser_block import ParserBlock
from markdown_it.ruler import Ruler
from markdown_it.rules_block import StateBlock
from markdown_it.token import Token
from markdown_it.utils import EnvType

from feeder.reading.tokens import Tok

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

Rule = Callable[[StateBlock, int, int, bool], bool]

_STARTS = {
    "fence": "`~",
    "formula": "$",
    "blockquote": ">",
    "hr": "*-_",
    "list": "*-+0123456789",
    "footnote_def": "[",
    "reference": "[",
    "html_block": "<",
    "heading": "#",
    "deflist": ":~",
}
_SPECIAL = frozenset("`~>*-+_=0123456789[<#|:$")
"""No block begins, and no paragraph ends, with a line that begins with another character ..."""
_DELIMITER_ROW = frozenset("|-:")
"""... but the header of a table, which the line below tells."""


class Block(StateBlock):
    """Block state with a lean ``push``."""

    def push(self, ttype: str, tag: str, nesting: Literal[-1, 0, 1]) -> Token:
        """See markdown-it."""
        if nesting < 0:
            self.level -= 1
        token = Tok(ttype, tag, nesting, None, None, self.level, block=True)
        if nesting > 0:
            self.level += 1
        self.tokens.append(token)
        return token


class _Rules(Ruler[Rule]):
    """Joins the rules that may end a paragraph (list, quote …) into one."""

    _joined: dict[str, list[Rule]]

    def __compile__(self) -> None:
        super().__compile__()
        self._joined = {}

    def getRules(self, chainName: str = "") -> list[Rule]:
        """See markdown-it."""
        rules = super().getRules(chainName)
        if not chainName or not rules:
            return rules
        if chainName not in self._joined:
            self._joined[chainName] = [self._join(chainName)]
        return self._joined[chainName]

    def _join(self, chain: str) -> Rule:
        active = [rule for rule in self.__rules__ if rule.enabled and chain in rule.alt]
        table = next((rule.fn for rule in active if rule.name == "table"), None)
        starts: dict[str, list[Rule]] = {}
        for rule in active:
            for char in _STARTS.get(rule.name, ""):
                starts.setdefault(char, []).append(rule.fn)

        def ends(state: StateBlock, line: int, end: int, silent: bool) -> bool:
            pos = state.bMarks[line] + state.tShift[line]
            if pos < state.eMarks[line]:
                for rule in starts.get(state.src[pos], ()):
                    if rule(state, line, end, silent):
                        return True
            if table is None or line + 1 >= end:
                return False
            pos = state.bMarks[line + 1] + state.tShift[line + 1]
            if pos >= state.eMarks[line + 1] or state.src[pos] not in _DELIMITER_ROW:
                return False
            return table(state, line, end, silent)

        return ends


class Blocks(ParserBlock):
    """See the module's text; the public behaviour is that of ``ParserBlock``.

    Where containers nest deeper than ``maxNesting``, markdown-it drops the rest; here it stays as a paragraph,
    and ``env["nested"]`` holds its line.
    """

    def __init__(self) -> None:
        super().__init__()
        known = self.ruler
        self.ruler = _Rules()
        for rule in known.__rules__:
            self.ruler.push(rule.name, rule.fn, {"alt": rule.alt})
        self._table: dict[str, tuple[Rule, ...]] | None = None

    @property
    def rules(self) -> dict[str, tuple[Rule, ...]]:
        """First character -> the rules that one line can decide, in their order."""
        if self._table is None:
            table: dict[str, list[Rule]] = {}
            functions = self.ruler.getRules("")
            for name, function in zip(self.ruler.get_active_rules(), functions, strict=True):
                for char in _STARTS.get(name, "") if name != "deflist" else "":
                    table.setdefault(char, []).append(function)
            self._table = {char: tuple(rules) for char, rules in table.items()}
        return self._table

    def parse(self, src: str, md: MarkdownIt, env: EnvType, outTokens: list[Token]) -> list[Token] | None:
        """See markdown-it."""
        if not src:
            return None
        state = Block(src, md, env, outTokens)
        self.tokenize(state, state.line, state.lineMax)
        return state.tokens

    def tokenize(self, state: StateBlock, startLine: int, endLine: int) -> None:
        """See markdown-it: make the tokens of some lines."""
        line, empty = startLine, False
        limit = state.md.options.maxNesting
        while line < endLine:
            state.line = line = state.skipEmptyLines(line)
            if line >= endLine or state.sCount[line] < state.blkIndent:
                break
            if state.level >= limit:
                _flatten(state, line, endLine)
                break
            self._block(state, line, endLine)
            state.tight = not empty
            line = state.line
            if (line - 1) < endLine and state.isEmpty(line - 1):
                empty = True
            if line < endLine and state.isEmpty(line):
                empty = True
                line += 1
                state.line = line

    def _block(self, state: StateBlock, line: int, end: int) -> None:
        below = line + 1
        if state.sCount[line] - state.blkIndent < 4 and (below >= end or _first(state, below) not in _DELIMITER_ROW):
            for rule in self.rules.get(_first(state, line), ()):
                if rule(state, line, end, False):
                    return
            if _paragraph(state, line, end):
                return
        for rule in self.ruler.getRules(""):
            if rule(state, line, end, False):
                return


def _first(state: StateBlock, line: int) -> str:
    pos = state.bMarks[line] + state.tShift[line]
    return state.src[pos] if pos < state.eMarks[line] else ""


def _paragraph(state: StateBlock, line: int, end: int) -> bool:
    """Make a paragraph when no line of it can be anything else."""
    below, last = line + 1, state.lineMax
    while below < last and (char := _first(state, below)):
        if char in _SPECIAL:
            return False
        below += 1
    if below == line + 1 and below + 1 < end and _first(state, below + 1) in (":", "~"):
        return False  # it may be the term of a definition list
    _push_paragraph(state, line, below)
    return True


def _push_paragraph(state: StateBlock, line: int, below: int) -> None:
    if below == line + 1:
        content = mdTrim(state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]])
    else:
        content = mdTrim(state.getLines(line, below, state.blkIndent, False))
    level, add = state.level, state.tokens.append
    add(Tok("paragraph_open", "p", 1, None, [line, below], level, block=True))
    add(Tok("inline", "", 0, None, [line, below], level + 1, [], content, block=True))
    add(Tok("paragraph_close", "p", -1, None, None, level, block=True))
    state.line = below


def _flatten(state: StateBlock, line: int, end: int) -> None:
    below = line
    while below < end and (state.isEmpty(below) or state.sCount[below] >= state.blkIndent):
        below += 1
    state.env.setdefault("nested", line)
    _push_paragraph(state, line, below)
    state.line = end
