from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeder import links


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("订单接近 2 亿元", "订单接近-2-亿元"),
        ("天数智芯：融资消息", "天数智芯-融资消息"),
        ("Hello, World! It's", "hello-world-it-s"),
        ("CON", "con-entry"),
        ("Tags", "tags-entry"),
        ("．．／etc", "etc"),
        ("हिन्दी समाचार", "हिन्दी-समाचार"),
        ("ＡＢＣ①", "abc1"),
        ("e\u0301te\u0301", "été"),
        ("❤️ love", "love"),
        ("!!!", ""),
        ("a" * 80, "a" * 60),
    ],
)
def test_slugs(text: str, slug: str) -> None:
    assert links.slugify(text) == slug


@given(st.text())
def test_any_slug_is_safe_short_and_stable(text: str) -> None:
    slug = links.slugify(text)
    assert links.slugify(slug) == slug
    assert len(slug) <= 60
    assert "/" not in slug
    assert not slug.startswith((".", "-"))
    assert slug not in links.RESERVED
    assert len(slug.encode("utf-8", "replace")) <= 240


@pytest.mark.parametrize(
    ("permalink", "path"),
    [
        ("/2024/04/x/", "2024/04/x/index.html"),
        ("/2024/04/x", "2024/04/x/index.html"),
        ("/old.html", "old.html"),
        ("https://a.example/c/d?x#y", "c/d/index.html"),
        ("/v1.2/", "v1.2/index.html"),
        ("../../etc/passwd", "etc/passwd/index.html"),
        ("/．．/x", "x/index.html"),
        ("/a/%2e%2e/b", "a/b/index.html"),
        ("\\..\\x", "x/index.html"),
        ("", "index.html"),
        ("/中文/%E4%B8%AD/", "中文/中/index.html"),
        ("/.feeder/history.db", "feeder/history.db/index.html"),
        ("/.well-known/x.json", ".well-known/x.json"),
        ("/under/index.html/deep/", "under/index/deep/index.html"),
        ("/under/Index.html/", "under/index/index.html"),
        ("/under/index.html", "under/index.html"),
    ],
)
def test_out_path(permalink: str, path: str) -> None:
    assert links.out_path(permalink) == path


@given(st.text())
def test_no_permalink_leaves_the_output(permalink: str) -> None:
    parts = links.out_path(permalink).split("/")
    assert all(parts)
    assert not {".", ".."} & set(parts)


def test_addresses_are_encoded_once() -> None:
    assert links.iri("https://例え.jp/路 径?q=中[1]#a#b") == (
        "https://xn--r8jz45g.jp/%E8%B7%AF%20%E5%BE%84?q=%E4%B8%AD%5B1%5D#a%23b"
    )
    assert links.iri("https://a.b/%zz%20") == "https://a.b/%25zz%20"
    assert links.iri("http://[::1]/x") == "http://[::1]/x"
    assert links.url("https://a.b/s/", "2024/中/index.html") == "https://a.b/s/2024/%E4%B8%AD/"
    assert links.url("https://a.b", "tags/C++/feed.atom") == "https://a.b/tags/C%2B%2B/feed.atom"


@given(st.text())
def test_iri_is_ascii_and_stable(text: str) -> None:
    once = links.iri(text)
    assert links.iri(once) == once


def _public(source: str) -> str | None:
    return {"e/中.md": "https://n.example/中/?a&b", "e/p.md#一": "https://n.example/p/#一"}.get(source)


@pytest.mark.parametrize(
    ("given_", "wanted"),
    [
        ('<a href="feeder:/entry/e/%E4%B8%AD.md?fn1">x</a>', '<a href="https://n.example/中/?a&amp;b#fn1">x</a>'),
        ('<a href="feeder:/entry/e/p.md#%E4%B8%80">x</a>', '<a href="https://n.example/p/#一">x</a>'),
        ('<a href="feeder:/entry/e/p.md#%E4%B8%80?h">x</a>', '<a href="https://n.example/p/#h">x</a>'),
        ('<a href="feeder:/entry/e/p.md#x?%E4%B8%80">x</a>', '<a href="https://n.example/p/#一">x</a>'),
        ('<a href="feeder:/entry/e/%E4%B8%AD.md#h">x</a>', '<a href="https://n.example/中/?a&amp;b#h">x</a>'),
        ('<a href="feeder:/entry/gone.md" rel="x">y</a>', '<a rel="x">y</a>'),
        ('<img src="feeder:/asset/assets/a.png">', '<img src="https://n.example/s/assets/a.png">'),
        ("feeder:/site/release.html?a#b", "https://n.example/s/release.html?a#b"),
        ("feeder:/entry/e/p.md#%E4%B8%80", "https://n.example/p/#一"),
        ("feeder:/entry/gone.md", "https://n.example/s/"),
        ("<p>nothing</p>", "<p>nothing</p>"),
    ],
)
def test_private_addresses_become_public(given_: str, wanted: str) -> None:
    assert links.absolute(given_, "https://n.example/s", _public) == wanted
