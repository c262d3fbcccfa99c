"""Bare ``https://…`` addresses become links, by a rule of our own.

linkify-it costs half as much as the whole parser and takes the Chinese after an address for a part of it:
an address ends at white space, at CJK characters and punctuation, at an unbalanced bracket, and before
punctuation at its end. Nothing without ``http://`` or ``https://`` is ever guessed to be a link.
"""

from __future__ import annotations

import re

from markdown_it.common.utils import unescapeAll
from markdown_it.rules_inline import StateInline

_SCHEME = re.compile(r"(?<![0-9A-Za-z])https?\Z", re.IGNORECASE)
_NOT_IN_ADDRESS = (
    r"\s\x00-\x20\"<>\\`|{}\x7f-\xa0\xab\xbb"
    # General punctuation, CJK with its punctuation, Hangul, full-width forms, emoji, ideographs.
    r"\u1100-\u11ff\u2000-\u206f\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe00-\ufe0f\ufe30-\ufe4f"
    r"\uff00-\uffff\U0001f000-\U0003ffff"
)
_ADDRESS = re.compile(rf"://(?=[^\W_])[^{_NOT_IN_ADDRESS}]+")
_TRAILING = re.compile(r"(?:[?!.,:;*_~'^]|&[A-Za-z0-9]+;)+\Z")
_CLOSERS = {")": "(", "]": "["}


def address(state: StateInline, silent: bool) -> bool:
    """An inline rule of markdown-it, called at a colon."""
    if not state.src.startswith("://", state.pos) or state.linkLevel > 0:
        return False
    scheme = _SCHEME.search(state.src[max(0, state.pos - 6) : state.pos])
    match = _ADDRESS.match(state.src, state.pos, state.posMax)
    if scheme is None or match is None:
        return False
    rest = _trim(match[0])
    if len(rest) <= 3:
        return False
    if not silent:
        _push(state, scheme[0], rest)
    state.pos += len(rest)
    return True


def _trim(text: str) -> str:
    """Cut an address where a reader would."""
    text = text[: _balanced(text)].partition("**")[0].partition("~~")[0]
    if text[-1] in "?!.,:;*_~'^":
        text = _TRAILING.sub("", text)
    return text


def _balanced(text: str) -> int:
    open_: list[str] = []
    for at, char in enumerate(text):
        if char in "([":
            open_.append(char)
        elif char in _CLOSERS and (not open_ or open_.pop() != _CLOSERS[char]):
            return at
    return len(text)


def _push(state: StateInline, scheme: str, rest: str) -> None:
    pending = state.pending
    if not pending.endswith(scheme):
        state.append_pending(rest)
        return
    state.pending = pending[: -len(scheme)]
    text = unescapeAll(scheme + rest)
    token = state.push("link_open", "a", 1)
    token.attrs = {"href": text}
    token.markup, token.info = "linkify", "auto"
    state.push("text", "", 0).content = text
    token = state.push("link_close", "a", -1)
    token.markup, token.info = "linkify", "auto"
