"""Pygments' lexers, quicker: all expressions of a state tried in one go.

A Pygments lexer tries up to fifty expressions one after another at each word. One expression that holds them all
as alternatives tries them in the same order, in C. Where that cannot be said (back references, named groups),
the lexer's own way is taken. The tokens are the same, which the tests check.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pygments.lexer import Lexer, RegexLexer

Match = Callable[[str, int], re.Match[str] | None]
Rule = tuple[Match, Any, Any]
Rules = list[Rule]

_NONE: Rule = (lambda *_: None, None, None)
_UNFIT = re.compile(r"\\[1-9]|\(\?(?:P|\(|[aiLmsux]+\))")
_FLAGS = re.compile(r"\(\?([imsx]+)\)")


@cache
def _modules() -> dict[str, tuple[str, str]]:
    """Name of a language -> module and class; without the plugins that happen to be installed on a machine."""
    from pygments.lexers._mapping import LEXERS

    names: dict[str, tuple[str, str]] = {}
    for kind, (module, _, aliases, _, _) in LEXERS.items():
        for alias in aliases:
            names.setdefault(alias.lower(), (module, kind))
    return names


@cache
def lexer(name: str) -> Lexer | None:
    """The lexer of a language; None for one that Pygments does not know."""
    module, kind = _modules().get(name, ("", ""))
    if not module:
        return None
    made: Lexer = getattr(import_module(module), kind)(stripnl=False, ensurenl=False)
    return made


def tokens(found: Lexer, code: str) -> Iterator[tuple[Any, str]]:
    """Kinds and texts, in order; together they are the code."""
    from pygments.lexer import RegexLexer

    kind: Any = type(found)
    plain = kind.get_tokens_unprocessed is RegexLexer.get_tokens_unprocessed
    # A few lexers make their rules for each instance.
    if isinstance(found, RegexLexer) and plain and vars(found).get("_tokens") is None:
        yield from _walk(found, code)
    else:
        for _, token, value in found.get_tokens_unprocessed(code):
            yield token, value


@cache
def _joined(kind: object, state: str) -> tuple[Match, dict[int, int]] | None:
    """One expression for a state, and which of its groups is which rule; None where that cannot be."""
    parts, numbers, group = [], {}, 1
    lexer_class: Any = kind
    flags = lexer_class.flags
    for number, (match, _, _) in enumerate(lexer_class._tokens[state]):
        pattern = getattr(match, "__self__", None)
        text = _fit(pattern, flags) if isinstance(pattern, re.Pattern) else ""
        if not text or not isinstance(pattern, re.Pattern):
            return None
        parts.append(f"({text})")
        numbers[group] = number
        group += 1 + pattern.groups
    try:
        return re.compile("|".join(parts), flags).match, numbers
    except (re.error, OverflowError):
        return None


def _fit(pattern: re.Pattern[str], flags: int) -> str:
    """An expression as a part of another; empty where it cannot be."""
    text, own = pattern.pattern, flags
    if head := _FLAGS.match(text):
        own |= re.compile(head[0]).flags
        text = f"(?{head[1]}:{text[head.end() :]})"
    if _UNFIT.search(text) or (pattern.flags ^ own) & ~re.UNICODE:
        return ""
    return text


def _walk(found: RegexLexer, code: str) -> Iterator[tuple[Any, str]]:
    """What ``RegexLexer.get_tokens_unprocessed`` does."""
    from pygments.token import Error, Whitespace, _TokenType

    kind: Any = type(found)
    states: dict[str, Rules] = kind._tokens
    stack = ["root"]
    at, end = 0, len(code)
    while True:
        rule, match = _next(kind, states, stack[-1], code, at)
        if match is None:
            if at >= end:
                return
            if code[at] == "\n":
                stack = ["root"]
            yield (Whitespace if code[at] == "\n" else Error), code[at]
            at += 1
            continue
        _, action, then = rule
        if type(action) is _TokenType:
            yield action, match.group()
        elif action is not None:
            for _, token, value in action(found, match):
                yield token, value
        at = match.end()
        if then is not None:
            _move(stack, then)


def _next(kind: object, states: dict[str, Rules], state: str, code: str, at: int) -> tuple[Rule, re.Match[str] | None]:
    joined = _joined(kind, state)
    rules = states[state]
    if joined is None or not rules:
        for rule in rules:
            if match := rule[0](code, at):
                return rule, match
        return _NONE, None
    match = joined[0](code, at)
    if match is None or match.lastindex is None:
        return _NONE, None
    rule = rules[joined[1][match.lastindex]]
    return rule, rule[0](code, at) if callable(rule[1]) and not isinstance(rule[1], tuple) else match


def _move(stack: list[str], then: tuple[str, ...] | int | str) -> None:
    if isinstance(then, tuple):
        for state in then:
            if state == "#pop":
                if len(stack) > 1:
                    stack.pop()
            else:
                stack.append(stack[-1] if state == "#push" else state)
    elif isinstance(then, int):
        if abs(then) >= len(stack):
            del stack[1:]
        else:
            del stack[then:]
    else:
        stack.append(stack[-1])
