"""Our parser against the CommonMark specification, and against markdown-it itself."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.common.normalize_url import normalizeLink
from markdown_it.token import Token
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin

from feeder.reading import html
from feeder.reading.parser import MAX_NESTING, Parser

EXAMPLES = json.loads((Path(__file__).parent.parent / "fixtures/markdown/commonmark.json").read_text("utf-8"))


class Plain:
    """Writes what markdown-it writes."""

    lines = (0, 1)

    def link(self, token: Token) -> str:
        token.attrs["href"] = normalizeLink(token.attrs["href"])
        return f"<a{html.attributes(token)}>"

    def image(self, token: Token, alt: str) -> str:
        token.attrs["src"] = normalizeLink(token.attrs["src"])
        token.attrs["alt"] = alt
        return f"<img{html.attributes(token)}>"

    def fence(self, token: Token) -> str:
        return MarkdownIt().renderer.render([token], MarkdownIt().options, {})

    def heading(self, inline: Token) -> str:
        return ""

    def raw(self, token: Token) -> str:
        return token.content

    def footnote(self, token: Token) -> str:
        return html.footnote(token)


def make(*, spec: bool) -> Parser:
    parser = Parser()
    off = ["address", "deflist", "footnote_def", "footnote_inline", "footnote_ref", "footnote_tail"]
    parser.disable([*off, "table", "strikethrough"] if spec else ["address"])
    return parser


SPEC, OURS = make(spec=True), make(spec=False)
THEIRS = (
    MarkdownIt("commonmark", {"maxNesting": MAX_NESTING, "xhtmlOut": False})
    .enable(["table", "strikethrough"])
    .use(footnote_plugin)
    .use(deflist_plugin)
)


def ours(parser: Parser, text: str) -> str:
    return html.to_html(parser.parse(text, {}), Plain())


@pytest.mark.parametrize("case", EXAMPLES, ids=lambda case: str(case["example"]))
def test_every_example_of_the_specification(case: dict[str, str]) -> None:
    wanted = case["html"].replace(" />", ">").replace("<blockquote>\n</blockquote>", "<blockquote></blockquote>")
    assert ours(SPEC, case["markdown"]).replace(" />", ">") == wanted


def theirs(text: str) -> str:
    """markdown-it's HTML; a colon in an id would have to be encoded in links to it, ours have a dash."""
    return re.sub(r"\[(\d+):\d+\]</a>", r"[\1]</a>", re.sub(r"(\"#?fnref\d+):(\d+\")", r"\1-\2", THEIRS.render(text)))


PIECES = st.sampled_from(
    [
        *"abc \n\n\n\t*_~`[]()!<>&\\#|:-+=.019^\"'",
        *(
            "\n- ",
            "\n  - ",
            "\n1. ",
            "\n> ",
            "\n\n    ",
            "\n```\n",
            "**",
            "[^1]",
            "\n[^1]: ",
            "\n: ",
            "\n|-|-|\n",
            "| a | b |\n",
        ),
        *(
            "<!-- x -->",
            "<div>\n",
            "</div>\n",
            "<b>",
            "&amp;",
            "&#x41;",
            "](",
            "[a]: /u 'title'\n",
            "http://a.b/c",
            "\n---\n",
        ),
        *(
            "\n===\n",
            "\n# ",
            "  \n",
            "é",
            "“",
            "\u00a0",
            "~~",
            "![",
            "<a@b.c>",
            "<http://x.y>",
            "\\\n",
            "0) ",
            "\n  \n",
            "^[",
            "\f",
        ),
    ]
)


@settings(max_examples=400, deadline=None)
@example("[^1][^1][^1]\n\n[^1]: ")
@given(st.lists(PIECES, max_size=40).map("".join))
def test_the_same_html_as_markdown_it(text: str) -> None:
    assert ours(OURS, text) == theirs(text)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from([case["markdown"] for case in EXAMPLES]), max_size=4).map("".join))
def test_the_same_html_for_examples_in_a_row(text: str) -> None:
    assert ours(OURS, text) == theirs(text)
