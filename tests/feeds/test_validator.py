"""What the W3C Feed Validator warns of is written another way, and says the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from unicodedata import normalize

import pytest
from feeds.feed_values import entry, feed, only
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from feeder.feeds import atom, languages, lint, moments, parts, rss, text
from feeder.feeds.html import body_of

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ("zh_CN", "zh-CN"),
        ("EN-us", "EN-us"),
        ("gsw", "gsw"),
        ("yue-HK", "zh-yue-HK"),
        ("ckb", ""),
        ("Chinese", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_languages(written: str, known: str) -> None:
    assert languages.known(written) == known


@given(st.datetimes(datetime(1, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC)), st.timezones())
def test_dates_are_plausible_and_stay_in_order(moment: datetime, zone: tzinfo) -> None:
    local, later = moment.astimezone(zone), (moment + SECOND).astimezone(zone)
    first, second = datetime.fromisoformat(moments.atom(local)), datetime.fromisoformat(moments.atom(later))
    assert first.year >= 1990
    assert moments.rfc822(local).split()[3] >= "1990"
    if (local.year < 1990) == (later.year < 1990):
        assert first < second


def test_old_dates_in_feeds() -> None:
    old = datetime(1985, 5, 1, 8, 30, tzinfo=UTC)
    document = only(atom, feed(entry(1, published=old, updated=old), updated=old))
    assert lint.lint(document) == []
    (shown,) = {e.text or "" for e in etree.fromstring(document.body).iter("{*}updated", "{*}published")}
    assert shown.startswith("1990-01-09T")
    assert b"<pubDate>Tue, 09 Jan 1990" in only(rss, feed(entry(1, published=old, updated=old), updated=old)).body


@pytest.mark.parametrize("word", ["Â©", "SÃ£o", "prÃ©fixe"])
def test_what_looks_misread_is_written_as_unicode_holds_for_the_same(word: str) -> None:
    assert text.legible(word) != word
    assert normalize("NFC", text.legible(word)) == word
    assert text.verbatim(word) == word


@pytest.mark.parametrize(
    ("value", "is_iri"),
    [
        ("urn:uuid:60a76c80-d399-11d9-b93C-0003939e0af6", True),
        ("urn:uuid:60a76c80", False),
        ("urn:x", False),
        ("urn:isbn:0-486-27557-4", True),
        ("https://a.example/[1]", False),
        ("https://a.example/#a#b", False),
        ("news:", False),
        ("http://Old.example.org:80/?p=1", True),
        ("https://a.example/é", True),
    ],
)
def test_ids(value: str, is_iri: bool) -> None:
    assert parts.is_iri(value) is is_iri


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://[", "http://%5B"),
        ("https://a.example/[1]?x=[2]", "https://a.example/%5B1%5D?x=%5B2%5D"),
        ("http://[2001:db8::1]:8080/a", "http://[2001:db8::1]:8080/a"),
    ],
)
def test_brackets_in_addresses(url: str, expected: str) -> None:
    assert parts.web(url) == expected


def test_an_id_made_for_atom_is_in_normal_form() -> None:
    assert parts.atom_id(feed(), entry(1, id="e\u0301 1")) == "tag:news.example.org,2005:id/%C3%A9%201"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>x</p>", "<p>x</p>"),
        ('<bdo dir="rtl">x</bdo>', '<bdi dir="rtl">x</bdi>'),
        ("<ruby><rb>漢</rb><rp>(</rp><rt>kan</rt><rp>)</rp></ruby>", "<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>"),
        ("<ruby>漢<rtc><rt>kan</rt></rtc></ruby>", "<ruby>漢<rt>kan</rt></ruby>"),
        ("<rb>x</rb>", "<span>x</span>"),
        ("<ruby><b><rt>x</rt></b></ruby>", "<ruby><b><span>x</span></b></ruby>"),
        ("<dl><dt>a</dt><dd>b<dl><dt>c</dt></dl></dd></dl>", "<dl><dt>a</dt><dd>b<dl><dt>c</dt></dl></dd></dl>"),
        ("<dt>a<figure><dt>b</dt></figure></dt>", "<dt>a<figure><div>b</div></figure></dt>"),
        ('<a href="u"><audio controls="" src="s"></audio></a>', '<a href="u"><audio src="s"></audio></a>'),
        ('<audio controls src="a/s.mp3"></audio>', '<audio src="a/s.mp3"></audio><br><a href="a/s.mp3">s.mp3</a>'),
        (
            '<video src="v"><audio controls="" src="a"></audio></video>',
            '<video src="v"><audio src="a"></audio></video><br><a href="v">v</a>',
        ),
    ],
)
def test_html(html: str, expected: str) -> None:
    assert body_of(html) == expected


@pytest.mark.parametrize("character", ["\ufdd0", "\ufdef", "\ufffe", "\U0001ffff", "\U0010fffe", "\ufffd", "\x85"])
def test_no_characters_of_unicode_go_out(character: str) -> None:
    assert text.clean(f"a{character}\u3000b") == "a\u3000b"
