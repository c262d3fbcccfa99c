"""Each trap of feedgen 1.0.0: what it does alone, and what our feeds do instead."""

from __future__ import annotations

import locale
from datetime import UTC, datetime
from typing import Any

import pytest
from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator
from feeds.feed_values import DAY, entry, feed, only, rich
from lxml import etree

from feeder.feeds import atom, rss
from feeder.model import Enclosure

A = "{http://www.w3.org/2005/Atom}"


def plain(count: int = 1, **fields: Any) -> FeedGenerator:
    """feedgen as its documentation shows it."""
    made = FeedGenerator()
    made.id("tag:a,2026:feed")
    made.title("t")
    made.link(href="https://news.example.org/", rel="alternate")
    made.description("d")
    for number in range(count):
        added = made.add_entry()
        added.id(f"tag:a,2026:{number}")
        added.title(fields.get("title", f"t{number}"))
        added.link(href=f"https://news.example.org/{number}/")
    return made


def first(made: FeedGenerator) -> FeedEntry:
    return made.entry()[0]


def test_links_of_entries() -> None:
    given = plain()
    first(given).enclosure("https://a.example/a.mp3", 10, "audio/mpeg")
    wrong = etree.fromstring(given.atom_str()).findall(f"{A}entry/{A}link")
    assert [dict(link.attrib) for link in wrong] == [
        {"href": "https://news.example.org/0/"},
        {"href": "https://a.example/a.mp3"},
    ]

    ours = etree.fromstring(
        only(atom, feed(entry(1, enclosures=(Enclosure("https://a.example/a.mp3", "audio/mpeg", 10),)))).body
    )
    (link,) = [dict(link.attrib) for link in ours.iterfind(f"{A}entry/{A}link") if link.get("rel") == "enclosure"]
    assert link == {"rel": "enclosure", "href": "https://a.example/a.mp3", "type": "audio/mpeg", "length": "10"}


def test_content_of_type_cdata() -> None:
    given = plain()
    first(given).content("<p>x</p>", type="CDATA")
    assert b'type="CDATA"' in given.atom_str()
    assert b'<content type="html">' in only(atom, feed(entry(1))).body


def test_nbsp_and_the_end_of_cdata() -> None:
    given = plain()
    first(given).content("<p>a&nbsp;b</p>", type="xhtml")
    with pytest.raises(etree.XMLSyntaxError):
        given.atom_str()
    html = "<p>a&nbsp;b ]]> c</p>"
    for module in (atom, rss):
        root = etree.fromstring(only(module, feed(entry(1, html=html))).body)
        assert html in ["".join(element.itertext()) for element in root.iter()]


def test_control_characters() -> None:
    with pytest.raises(ValueError, match="XML compatible"):
        plain(title="a\x08b").atom_str()
    assert b"<title>ab</title>" in only(atom, feed(entry(1, title="a\x08b"))).body


def test_link_of_the_channel() -> None:
    given = plain()
    given.link(href="https://news.example.org/feed.rss", rel="self")
    assert etree.fromstring(given.rss_str()).findtext("channel/link") == "https://news.example.org/feed.rss"
    assert etree.fromstring(only(rss, feed()).body).findtext("channel/link") == "https://news.example.org/"


def test_authors_without_mail_address() -> None:
    given = plain()
    first(given).author(name="张三")
    assert "张三" not in given.rss_str().decode()
    assert "<dc:creator>张三</dc:creator>" in only(rss, feed(rich())).body.decode()


def test_order_of_entries() -> None:
    assert [guid.text for guid in etree.fromstring(plain(2).rss_str()).iter("guid")] == ["tag:a,2026:1", "tag:a,2026:0"]
    ours = etree.fromstring(only(rss, feed(entry(2), entry(1))).body)
    assert [guid.text for guid in ours.iter("guid")] == [entry(2).id, entry(1).id]


def test_unset_dates() -> None:
    years = [datetime.now(UTC).year]
    assert b"<lastBuildDate>" in plain().rss_str()
    made = plain().atom_str()
    years.append(datetime.now(UTC).year)
    assert any(b"<updated>%d" % year in made for year in years)
    old = entry(1, published=DAY.replace(year=1999), updated=DAY.replace(year=1999), released=DAY.replace(year=1999))
    given = feed(old, updated=old.updated)
    for module in (atom, rss):
        dates = [e.text or "" for e in etree.fromstring(only(module, given).body).iter() if "pdated" in str(e.tag)]
        assert all(date.startswith("1999") for date in dates)
    assert b"<lastBuildDate>Sat, 20 Nov 1999 09:00:00 +0800</lastBuildDate>" in only(rss, given).body


def test_locale_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def watch(category: int, *_: Any) -> str:
        asked.append(category)
        return "C"

    monkeypatch.setattr(locale, "setlocale", watch)
    plain().rss_str()
    assert asked
    asked.clear()
    only(rss, feed(rich()))
    assert not asked


def test_stylesheet_archive_and_language() -> None:
    with_archive = feed(rich(), path="archive/2", current="feed", previous="archive/1")
    for module in (atom, rss):
        body = only(module, with_archive).body.decode()
        head, _, rest = body.partition("<feed" if module is atom else "<rss")
        assert '<?xml-stylesheet type="text/css" href="https://news.example.org/assets/feed.css"?>' in head
        assert "<fh:archive/>" in rest
        assert 'xml:lang="en"' in rest
    assert not hasattr(FeedEntry(), "language")


def test_stylesheet_address_is_escaped() -> None:
    body = only(atom, feed(style_url='https://a.example/?a=1&b="2')).body.decode()
    assert 'href="https://a.example/?a=1&amp;b=&quot;2"?>' in body
