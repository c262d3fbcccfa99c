"""Our quick walk through Pygments' lexers gives Pygments' own tokens."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeder.reading import lexing
from feeder.reading.highlight import highlight

NAMES = ["python", "js", "ts", "html", "css", "bash", "c", "cpp", "go", "rust", "java", "json", "yaml", "toml", "sql"]
NAMES += ["xml", "diff", "ini", "make", "perl", "php", "ruby", "kotlin", "swift", "lua", "r", "inform7"]
CODE = Path(lexing.__file__).read_text("utf-8")[:3000]
ODD = 'a < b && "x\\n" // c\n#!/bin/sh\n<a href="x">\n$x = {1: [2]};\n\'\'\'\n/* é 中 */ `\n'


def check(name: str, code: str) -> None:
    lexer = lexing.lexer(name)
    assert lexer is not None
    assert list(lexing.tokens(lexer, code)) == [(kind, text) for _, kind, text in lexer.get_tokens_unprocessed(code)]


@pytest.mark.parametrize("name", NAMES)
def test_the_same_tokens(name: str) -> None:
    check(name, CODE)
    check(name, ODD)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(NAMES[:-1]), st.lists(st.sampled_from([*ODD, "def ", "\n  ", "<b>", "/*", "{{", "${"])).map("".join)
)
def test_the_same_tokens_for_anything(name: str, code: str) -> None:
    check(name, code)


def test_unknown_languages_and_faulty_lexers(monkeypatch: pytest.MonkeyPatch) -> None:
    assert highlight("a < b", "no-such") == "a &lt; b"
    monkeypatch.setattr(lexing, "tokens", lambda *_: 1 / "x")  # type: ignore[operator]
    assert highlight("a < b", "python") == "a &lt; b"
