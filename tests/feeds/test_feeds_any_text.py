"""Whatever is written, feeds are well-formed, without fault, and read back as what went in."""

from __future__ import annotations

import json
from html import unescape

import feedparser
from feeds.feed_values import FORMATS, entry, feed, only
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree
from support import soak

from feeder.feeds import atom, jsonfeed, lint, rss, text

PIECES = st.sampled_from(
    ["<b>", "</b>", "&amp;", "&", "<", ">", "]]>", "&#60;", "&nbsp", "\x00", "\ud800", "芯片", " ", "\n", "é"]
)
ANY = st.one_of(st.text(max_size=30), st.lists(PIECES, max_size=8).map("".join))
SOME = settings(max_examples=soak(60, 3000), deadline=None)


@SOME
@example(title="\xa0", summary="\xa0", html="\xa0", tag="\xa0", author="\xa0", note="\xa0")
@example(title="<A", summary="&0", html="]]>", tag="</b>", author="<A", note="&amp;")
@given(title=ANY, summary=ANY, html=ANY, tag=ANY, author=ANY, note=ANY)
def test_well_formed_and_without_fault(title: str, summary: str, html: str, tag: str, author: str, note: str) -> None:
    given = feed(
        entry(1, title=title, summary=summary, html=f"<p>{text.escape(html)}</p>", tags=(tag,), authors=(author,)),
        title=title, subtitle=note, rights=note, author=author,
    )  # fmt: skip
    for module in FORMATS:
        document = only(module, given)
        lint.check(document)
        assert [str(problem) for problem in lint.lint(document)] == []


@SOME
@given(title=ANY, html=ANY, tag=ANY, author=ANY)
def test_read_back(title: str, html: str, tag: str, author: str) -> None:
    made = entry(1, title=title, html=f"<p>x{text.escape(html)}</p>", tags=(tag,), authors=(author,))
    shown = text.one_line(title) or "2026-11-20"
    content = text.legible(made.html)
    root = etree.fromstring(only(atom, feed(made)).body)
    assert (root.findtext("{*}entry/{*}content") or "") == content.replace("\r", "\r")
    assert [c.get("term") for c in root.iterfind("{*}entry/{*}category")] == [t for t in [text.one_line(tag)] if t]
    assert root.findtext("{*}entry/{*}author/{*}name") == (text.name(author) or None)
    item = json.loads(only(jsonfeed, feed(made)).body)["items"][0]
    assert (item["title"], item["content_html"]) == (shown, content)
    for module in (atom, rss):
        read = feedparser.parse(only(module, feed(made)).body)
        assert not read.bozo
        detail = read.entries[0].title_detail
        seen = unescape(detail.value) if detail.type == "text/html" else detail.value
        assert seen.split() == shown.split()
