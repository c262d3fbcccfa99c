"""The Markdown parser as feeder uses it: built once, since building takes longer than parsing an entry."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from types import ModuleType
from typing import Any

from markdown_it import MarkdownIt, helpers
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import PresetType
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin

from feeder.reading import bare, formulas
from feeder.reading.blocks import Blocks
from feeder.reading.inline import Inline

MAX_NESTING = 50
"""Levels of quotes and lists (a list has two); the parser calls itself for each."""

_BLANK = re.compile("[\x00-\x20\x7f-\x9f]+")
_REFUSED = re.compile(r"(?:vbscript|javascript|data|feeder):", re.IGNORECASE)
_PICTURE = re.compile(r"data:image/(?:gif|png|jpeg|webp|avif);", re.IGNORECASE)


# A destination without brackets, escapes or entities, and what may follow it.
_DESTINATION = re.compile(r"[^\x00-\x20\x7f()<>\\&]+(?=[) \n])")
# What can change where a link's label ends.
_LABEL_STOP = re.compile(r"[\\`\[\]!<&^:]")


class _Destination:
    __slots__ = ("ok", "pos", "str")

    def __init__(self, pos: int, text: str) -> None:
        self.ok = True
        self.pos = pos
        self.str = text


def _destination(string: str, pos: int, maximum: int) -> object:
    match = _DESTINATION.match(string, pos, maximum)
    if match is None or match.end() >= maximum:
        return helpers.parseLinkDestination(string, pos, maximum)
    return _Destination(match.end(), match[0])


def _label(state: StateInline, start: int, disableNested: bool = False) -> int:
    match = _LABEL_STOP.search(state.src, start + 1, state.posMax)
    if match is not None and match[0] == "]" and state.level < MAX_NESTING:
        return match.start()
    return helpers.parseLinkLabel(state, start, disableNested)


def _helpers() -> ModuleType:
    """markdown-it asks a module for these; rules read it from the parser."""
    module = ModuleType("helpers")
    vars(module).update(parseLinkDestination=_destination, parseLinkLabel=_label, parseLinkTitle=helpers.parseLinkTitle)
    return module


class Parser(MarkdownIt):
    """markdown-it with our inline and block parsers; addresses stay as the author wrote them."""

    def __init__(self) -> None:
        super().__init__("commonmark", {"maxNesting": MAX_NESTING})
        self.helpers = _helpers()
        self.enable(["table", "strikethrough"])
        self.use(footnote_plugin)
        self.use(deflist_plugin)
        self.inline.ruler.push("address", bare.address)
        self.inline.ruler.before("escape", "formula", formulas.inline)
        self.block.ruler.before("fence", "formula", formulas.block, {"alt": ["paragraph", "reference", "blockquote"]})
        self.core.ruler.disable("text_join")

    def configure(self, presets: str | PresetType, options_update: Mapping[str, object] | None = None) -> MarkdownIt:
        """See markdown-it; our parsers take the place of its own before the rules are chosen."""
        self.inline = Inline()
        self.block = Blocks()
        return super().configure(presets, options_update)

    def normalizeLink(self, url: str) -> str:
        """Nothing: ``addresses`` resolves them, and problems show them as written."""
        return url

    def validateLink(self, url: str) -> bool:
        """Whether there may be such a link; else its text stays as the author wrote it."""
        url = _BLANK.sub("", url)
        return _REFUSED.match(url) is None or _PICTURE.match(url) is not None


@cache
def parser() -> Parser:
    """The parser of this process."""
    return Parser()


def parse(text: str, env: dict[str, Any]) -> list[Token]:
    """Block tokens."""
    return parser().parse(text, env)
