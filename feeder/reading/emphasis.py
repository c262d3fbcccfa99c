"""Where emphasis opens and closes in text without spaces between words.

CommonMark (section 6.2) decides by the characters on both sides of ``**`` and leaves ``**“强调”**文字`` and
``**注意：**后面`` as they are, since it expects a space after punctuation. Here CJK punctuation counts as a
letter, and a CJK character beside the marks counts as a space would; text without CJK is not concerned.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from markdown_it.common.utils import isMdAsciiPunct, isPunctChar, isWhiteSpace
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Scanned
from markdown_it.token import Token

from feeder.reading.tokens import Tok

WORD, SPACE, PUNCTUATION, CJK, CJK_PUNCTUATION = range(5)
_MARKS = (PUNCTUATION, CJK_PUNCTUATION)

_CJK_RANGES = (
    (0x1100, 0x11FF),  # Hangul Jamo
    (0x2E80, 0xA4CF),  # radicals, CJK punctuation, kana, bopomofo, ideographs, Yi
    (0xA960, 0xA97F),
    (0xAC00, 0xD7FF),  # Hangul
    (0xF900, 0xFAFF),
    (0xFE30, 0xFE4F),  # CJK compatibility forms
    (0xFF01, 0xFFEE),  # half-width and full-width forms
    (0x1AFF0, 0x1B16F),
    (0x1F200, 0x1F2FF),
    (0x20000, 0x3FFFF),
)


def is_cjk(char: str) -> bool:
    """Whether a character belongs to Chinese, Japanese or Korean writing, punctuation included."""
    code = ord(char)
    return code >= 0x1100 and any(low <= code <= high for low, high in _CJK_RANGES)


class _Kinds(dict[str, int]):
    """Each character's kind, computed once."""

    def __missing__(self, char: str) -> int:
        if isWhiteSpace(ord(char)):
            kind = SPACE
        elif isMdAsciiPunct(ord(char)) or isPunctChar(char):
            kind = CJK_PUNCTUATION if is_cjk(char) else PUNCTUATION
        elif is_cjk(char):
            kind = CJK
        else:
            kind = WORD
        if len(self) < 20_000:
            self[char] = kind
        return kind


_KINDS = _Kinds()


class State(StateInline):
    """Inline state with the CJK rule, and a lean ``push``: this is where the parser spends its time."""

    stop: re.Pattern[str]
    """Finds the characters that end plain text."""

    def pushPending(self) -> Token:
        """See markdown-it."""
        buffer = self._pending_buffer
        content = buffer[0] if len(buffer) == 1 and not self._pending else self.pending
        token = Tok("text", "", 0, None, None, self.pendingLevel, None, content)
        self.tokens.append(token)
        self.tokens_meta.append(None)
        self._pending = ""
        self._pending_buffer = []
        return token

    def push(self, ttype: str, tag: str, nesting: Literal[-1, 0, 1]) -> Token:
        """See markdown-it."""
        if self._pending_buffer or self._pending:
            self.pushPending()
        meta = None
        if nesting < 0:
            self.level -= 1
            self.delimiters = self._prev_delimiters.pop()
        token = Tok(ttype, tag, nesting, None, None, self.level)
        if nesting > 0:
            self.level += 1
            self._prev_delimiters.append(self.delimiters)
            self.delimiters = []
            meta = {"delimiters": self.delimiters}
        self.pendingLevel = self.level
        self.tokens.append(token)
        self.tokens_meta.append(meta)
        return token

    def scanDelims(self, start: int, canSplitWord: bool) -> Scanned:
        """See CommonMark 6.2, "left-flanking" and "right-flanking", and this module's text."""
        source, pos, end = self.src, start + 1, self.posMax
        marker = source[start]
        while pos < end and source[pos] == marker:
            pos += 1
        before = _KINDS[self._before(start)] if start > 0 else SPACE
        after = _KINDS[source[pos]] if pos < end else SPACE
        left = after != SPACE and (after != PUNCTUATION or before != WORD)
        right = before != SPACE and (before != PUNCTUATION or after != WORD)
        if canSplitWord:
            return Scanned(left, right, pos - start)
        return Scanned(
            left and (not right or before in _MARKS),
            right and (not left or after in _MARKS),
            pos - start,
        )

    def _before(self, start: int) -> str:
        char = self.src[start - 1]
        # A variation selector (U+FE00 …) belongs to the character before it.
        if "︀" <= char <= "️" and start > 1 and unicodedata.category(char) == "Mn":
            return self.src[start - 2]
        return char
