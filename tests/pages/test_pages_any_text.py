"""Whatever people write as titles, tags and names shows as they wrote it, and nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import html
from pages import page_samples
from support import lasting_folder, soak

from feeder.model import Digest, DigestLine, DigestList, Document, Feed, Headline, Image, PublicEntry, Via
from feeder.pages.site import Pages

# What the model promises: no C0, C1, surrogates or U+FFFE/F reach what goes out.
TEXT = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cn"), exclude_characters="\u2028\u2029"), min_size=1, max_size=200
)
HARD = (
    "<新品>",
    "</script><script>alert(1)</script>",
    "\"'&amp;<b>",
    "{{ 7*7 }}",
    "<!--",
    "长" * 200,
    "]]>",
    "a\u00a0b",
)


@cache
def site() -> Pages:
    return Pages(page_samples.settings(lasting_folder()))


def entry(word: str) -> PublicEntry:
    return page_samples.entry(
        title=word,
        summary=word,
        tags=(word, *(f"标签{n}" for n in range(29))),
        authors=(word,),
        correction=word,
        via=(Via("https://a.example/", word),),
        cover=Image("https://a.example/x.png", word),
        html="",
    )


def headline(word: str) -> Headline:
    return page_samples.headlines()[0].__class__(
        id="x", url=page_samples.URL + "x/", title=word, published=page_samples.DAY, updated=page_samples.DAY,
        language="zh-CN", summary=word, correction=word, cover=Image("https://a.example/x.png", word),
    )  # fmt: skip


def all_pages(word: str) -> list[Document]:
    pages, lines = site(), [headline(word)]
    feed = Feed(
        id="x", title=word, path="tags/x/feed", page_url="https://a.example/", site_url=page_samples.URL,
        updated=page_samples.DAY,
    )  # fmt: skip
    return [
        pages.entry(entry(word)),
        pages.index(lines, {2026: 1}),
        pages.year(2026, {11: 1}, lines),
        pages.month(2026, 11, lines),
        pages.tags({word: 1}),
        *(pages.label(kind, word, lines, 0, 1) for kind in ("tag", "author", "language")),
        pages.feeds([feed], [about(word)]),
        pages.digest(digest(word)),
        pages.digests(about(word), [line(word)]),
        pages.archives([(about(word), [line(word)])] * 2),
    ]


def about(word: str) -> DigestList:
    return replace(page_samples.lists()[0], title=word, description=word)


def line(word: str) -> DigestLine:
    return replace(page_samples.line("zh-CN", 16), title=word)


def digest(word: str) -> Digest:
    """Its entries in another language, so that what says so is there."""
    given = replace(entry(word), language="en", html="<p>x</p>")
    return replace(
        page_samples.digest(), title=word, list=about(word), preface="", entries=(given, given), corrections=(given,),
        older=line(word), newer=line(word),
    )  # fmt: skip


def shape(document: Document) -> list[tuple[str, list[str]]]:
    tree = html.document_fromstring(document.body.decode())
    return [(element.tag, sorted(element.keys())) for element in tree.iter()]


@cache
def plain_shapes() -> list[list[tuple[str, list[str]]]]:
    return [shape(document) for document in all_pages("x")]


def hard(test: object) -> object:
    for word in HARD:
        test = example(word)(test)  # type: ignore[type-var]
    return test


@hard
@settings(max_examples=soak(25, 1000), deadline=None)
@given(TEXT)
def test_text_adds_no_element_and_no_attribute(word: str) -> None:
    assert [shape(document) for document in all_pages(word)] == plain_shapes()


@hard
@settings(max_examples=soak(50, 2000), deadline=None)
@given(TEXT)
def test_text_reads_back(word: str) -> None:
    tree = html.document_fromstring(site().entry(entry(word)).body.decode())
    assert tree.findtext(".//h1") == word
    assert tree.xpath("//meta[@property='og:title']/@content") == [word]
    assert tree.xpath("//aside//span/text()") == [word]
    assert tree.xpath("//ul[@class='tags']//a/text()")[0] == word
    data = json.loads(tree.findtext(".//script[@type='application/ld+json']"))
    assert data["headline"] == data["description"] == data["keywords"][0] == word
    listing = html.document_fromstring(site().index([headline(word)], {}).body.decode())
    assert listing.findtext(".//li//h2/a") == word


def test_a_lone_surrogate_does_not_stop_a_page() -> None:
    assert site().entry(entry("a\ud800b")).body
