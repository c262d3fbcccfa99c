from __future__ import annotations

import json
import locale
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from html import unescape
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

import feedparser
import pytest
from feeds.feed_values import DAY, FORMATS, SHANGHAI, entry, feed, only, rich, whole, withdrawn
from lxml import etree

from feeder import feeds
from feeder.errors import DataError
from feeder.feeds import atom, jsonfeed, languages, lint, moments, opml, parts, rss
from feeder.model import Document, Enclosure, Image, Stage, Via

A = "{http://www.w3.org/2005/Atom}"
Golden = Callable[[str, str | bytes], None]


@pytest.mark.parametrize("module", FORMATS)
def test_golden(module: ModuleType, golden: Golden) -> None:
    document = only(module, whole())
    golden(f"feeds/feed.{module.SUFFIX}", document.body)


@pytest.mark.parametrize("module", FORMATS)
def test_golden_archive(module: ModuleType, golden: Golden) -> None:
    archive = feed(entry(2), entry(1), path="archive/2", current="feed", previous="archive/1")
    golden(f"feeds/archive.{module.SUFFIX}", only(module, archive).body)


def test_golden_opml(golden: Golden) -> None:
    tag = feed(entry(1), path="tags/芯片/feed", title="芯片", page_url="https://news.example.org/tags/%E8/")
    document = opml.render("测试新闻", [feed(entry(2)), tag])
    assert (document.path, document.media_type) == ("feeds.opml", "text/x-opml")
    assert "tags/%E8%8A%AF%E7%89%87/feed.atom" in document.body.decode()
    assert lint.lint(document) == []
    golden("feeds/feeds.opml", document.body)


def test_opml_titles_are_html() -> None:
    document = opml.render("R&D", [feed(title="R&D <新品>", subtitle="a & b")])
    assert lint.lint(document) == []
    assert 'text="R&amp;amp;D &amp;lt;新品&amp;gt;"' in document.body.decode()


@pytest.mark.parametrize("module", FORMATS)
@pytest.mark.parametrize(
    "given",
    [
        whole(),
        feed(),
        feed(withdrawn()),
        feed(entry(1), subtitle="", author="", rights="", icon="", hub="", style_url="", language=""),
        feed(entry(2), entry(1), path="archive/2", current="feed", previous="archive/1"),
        feed(entry(1, title="", summary="", html="")),
        feed(entry(1, title="a <b>x</b> & &amp; R&D &2", tags=("<b>x</b>", "a&amp;b"), authors=("<i>A</i> &amp; B",))),
        feed(entry(1), title="<b>新闻</b> &amp;", subtitle="<i>x</i>", rights="&copy; 2026"),
        feed(entry(1, id="old id 17"), entry(2, id="https://old.example.org/?p=17")),
        feed(entry(1, via=(Via("https://例子.com/路 径?a=b c", "<b>x</b>"),))),
        feed(entry(1, html='<audio src="https://a.example/a.mp3" controls=""></audio>')),
        feed(entry(1, enclosures=(Enclosure("https://a.example/音.mp3", "", 0),))),
    ],
)
def test_nothing_to_find_fault_with(module: ModuleType, given: feeds.Feed) -> None:
    document = only(module, given)
    lint.check(document)
    assert [str(problem) for problem in lint.lint(document)] == []
    if module is not jsonfeed:
        assert not feedparser.parse(document.body).bozo


def test_documents_of_a_feed() -> None:
    documents = list(feeds.render(feed(entry(1), also=("/index.xml", "atom.xml", "feed/index.xml", "old.json"))))
    assert {d.path for d in documents} == {
        "feed.atom", "feed.rss", "feed.json", "index.xml", "atom.xml", "feed/index.xml", "old.json",
    }  # fmt: skip
    by_path = {d.path: d for d in documents}
    assert by_path["atom.xml"].body.replace(b"/atom.xml", b"/feed.atom", 1) == by_path["feed.atom"].body
    assert by_path["index.xml"].body.replace(b"/index.xml", b"/feed/index.xml", 1) == by_path["feed/index.xml"].body
    assert by_path["old.json"].body.replace(b"/old.json", b"/feed.json", 1) == by_path["feed.json"].body
    assert by_path["index.xml"].media_type == "application/rss+xml"
    assert all(d.stage is Stage.FEED for d in documents)


@pytest.mark.parametrize("name", feeds.FORMATS)
def test_table(name: str) -> None:
    module = feeds.load(name)
    assert name == module.NAME
    assert f"feed.{module.SUFFIX}" in {document.path for document in module.render(feed())}


@pytest.mark.parametrize("module", [atom, rss])
def test_feedparser_reads_back(module: ModuleType) -> None:
    read = feedparser.parse(only(module, whole()).body)
    assert not read.bozo
    assert read.feed.title == "测试新闻"
    assert read.feed.language == "zh-CN"
    newest, gone, *_ = read.entries
    assert newest.id == rich().id
    assert newest.title == "融资接近 2 亿元"
    assert newest.link == rich().url
    assert [author.name for author in newest.authors if author.get("name")][:1] == ["张三"]
    assert [tag.term for tag in newest.tags] == ["芯片", "R&D"]
    assert newest.published_parsed[:6] == (2026, 11, 20, 1, 9, 0)
    assert newest.updated_parsed[:6] == (2026, 11, 20, 4, 0, 0)
    assert [link.href for link in newest.links if link.rel == "via"] == ["https://zhidx.com/news/36736.html"]
    assert "2026/11/e9/#fn1" in newest.content[0].value
    assert gone.title == "已撤回"
    assert "正文" not in gone.content[0].value


def test_atom_details() -> None:
    root = etree.fromstring(only(atom, whole()).body)
    first = root.find(A + "entry")
    assert first is not None
    assert first.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"
    others = [e.get("{http://www.w3.org/XML/1998/namespace}lang") for e in root.findall(A + "entry")[1:]]
    assert others == [None, None, None]
    enclosures = [dict(link.attrib) for link in first.findall(A + "link") if link.get("rel") == "enclosure"]
    assert [(e["type"], e["length"]) for e in enclosures] == [("application/pdf", "1000"), ("audio/mpeg", "123456")]
    assert (first.findtext(A + "content") or "").startswith("<p><strong>Correction: </strong>峰值算力</p>")
    assert first.findtext(A + "published") == "2026-11-20T09:09:00+08:00"


def test_unknown_length() -> None:
    given = feed(entry(1, enclosures=(Enclosure("https://a.example/a.mp3", "audio/mpeg", 0),)))
    assert b"length" not in only(atom, given).body
    assert b'length="0"' in only(rss, given).body
    (item,) = json.loads(only(jsonfeed, given).body)["items"]
    assert item["attachments"] == [{"url": "https://a.example/a.mp3", "mime_type": "audio/mpeg"}]


def test_podcast_tags_only_with_audio() -> None:
    plain, podcast = only(rss, feed(entry(1))).body.decode(), only(rss, whole()).body.decode()
    assert "itunes" not in plain
    assert "<itunes:duration>61</itunes:duration>" in podcast
    assert "<itunes:email>news@news.example.org</itunes:email>" in podcast


@pytest.mark.parametrize("changes", [{"email": ""}, {"email": "nobody"}, {"language": ""}])
def test_no_podcast_tags_that_validators_warn_of(changes: dict[str, str]) -> None:
    body = only(rss, replace(whole(), **changes)).body.decode()
    assert "itunes" not in body
    assert 'type="audio/mpeg"' in body


def test_guid_of_a_podcast_outlives_its_domain() -> None:
    moved = replace(whole(), site_url="https://new.example.org/")
    first, second = (json.loads(only(jsonfeed, given).body)["_feeder"]["podcast_guid"] for given in (whole(), moved))
    assert first == second
    assert len(first) == 36
    assert "podcast_guid" not in json.loads(only(jsonfeed, feed(entry(1))).body)["_feeder"]


def test_rss_enclosure_is_the_audio() -> None:
    root = etree.fromstring(only(rss, whole()).body)
    (enclosure,) = root.findall("channel/item/enclosure")
    assert enclosure.get("type") == "audio/mpeg"
    media = root.findall("channel/item/{http://search.yahoo.com/mrss/}content")
    assert [m.get("fileSize") or m.get("medium") for m in media] == ["1000", "image"]


@pytest.mark.parametrize("url", ["ftp://a.example/a.mp3", "https://me:pw@a.example/a.mp3", "https://a_b.example/a.mp3"])
def test_rss_enclosure_wants_http_and_a_plain_host(url: str) -> None:
    made = only(rss, feed(entry(1, enclosures=(Enclosure(url, "audio/mpeg", 1),)))).body.decode()
    assert "<enclosure" not in made
    assert f'<media:content url="{url}" type="audio/mpeg" fileSize="1"/>' in made


def test_a_broken_media_type_of_a_cover_is_left_out() -> None:
    made = only(rss, feed(entry(1, cover=Image("https://a.example/a.png", media_type="png")))).body.decode()
    assert '<media:content url="https://a.example/a.png" medium="image"/>' in made


@pytest.mark.parametrize(("title", "kept"), [("智东西", True), ("<br>", False), ("&#60;", False), ("</b>", False)])
def test_title_of_a_via_in_rss(title: str, kept: bool) -> None:
    made = only(rss, feed(entry(1, via=(Via("https://a.example/", title),)))).body.decode()
    assert ('rel="via" href="https://a.example/" title=' in made) is kept


def test_json_is_for_recover_too() -> None:
    read = json.loads(only(jsonfeed, whole()).body)
    assert read["version"] == "https://jsonfeed.org/version/1.1"
    assert read["next_url"] == "https://news.example.org/archive/12.json"
    assert read["hubs"] == [{"type": "WebSub", "url": "https://hub.example.org/"}]
    first, gone, *_ = read["items"]
    assert first["external_url"] == "https://zhidx.com/news/36736.html"
    assert first["language"] == "en"
    released = "2026-11-20T09:09:00.000123+08:00"
    assert first["_feeder"] == {"released": released, "hash": "h9", "path": "entries/e9.md"}
    assert gone["_feeder"]["withdrawn"] is True
    assert "summary" not in gone
    assert datetime.fromisoformat(released) == rich().released


def test_the_oldest_archive_document_is_no_incomplete_one() -> None:
    given = feed(entry(1), path="archive/1", current="feed")
    assert b"history/1.0" not in only(atom, given).body
    assert b'rel="current"' in only(atom, given).body
    assert b"<fh:archive/>" in only(rss, given).body


def test_old_addresses_name_themselves() -> None:
    given = feed(entry(1), id="https://news.example.org/feed.atom", also=("/atom.xml", "a b/index.xml", "old.json"))
    made = {document.path: document.body.decode() for document in feeds.render(given)}
    assert '<link rel="self" href="https://news.example.org/atom.xml"' in made["atom.xml"]
    assert "<id>https://news.example.org/feed.atom</id>" in made["atom.xml"]
    assert '<atom:link rel="self" href="https://news.example.org/a%20b/index.xml"' in made["a b/index.xml"]
    assert json.loads(made["old.json"])["feed_url"] == "https://news.example.org/old.json"
    assert made["feed.rss"].count("feed.rss") == 1
    assert made["a b/index.xml"].replace("a%20b/index.xml", "feed.rss") == made["feed.rss"]


def test_archive_links() -> None:
    given = feed(entry(1), path="archive/2", current="feed", previous="archive/1")
    for module in (atom, rss):
        body = only(module, given).body.decode()
        assert "<fh:archive/>" in body
        assert f'rel="current" href="https://news.example.org/feed.{module.SUFFIX}"' in body
        assert f'rel="prev-archive" href="https://news.example.org/archive/1.{module.SUFFIX}"' in body
        assert "next-archive" not in body
        assert "hub" not in body


def test_ids_that_are_no_iri() -> None:
    given = feed(entry(1, id="17 旧"))
    assert ">17 旧</guid>" in only(rss, given).body.decode()
    assert "<id>tag:news.example.org,2005:id/17%20%E6%97%A7</id>" in only(atom, given).body.decode()
    assert json.loads(only(jsonfeed, given).body)["items"][0]["id"] == "17 旧"


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        ("tag:news.example.org,2026:2024-04-02/%E8%AE%A2", True),
        ("urn:uuid:8d1e8f6e-0f0e-4f0e-9f0e-8f6e0f0e4f0e", True),
        ("https://a.example/?p=1", True),
        ("https://a.example/路", True),
        ("yt:video:abc", True),
        ("http:a", False),
        ("17", False),
        ("a b:c", False),
        ("https://a.example/a b", False),
        ("https://a.example/%zz", False),
        ("tag:News.example.org,2026:a", False),
        ("tag:a", False),
        ("", False),
    ],
)
def test_is_iri(value: str, answer: bool) -> None:
    assert parts.is_iri(value) is answer


@pytest.mark.parametrize(
    "title", ["<新品>", "<b>x</b>", "a < b", "AT&T", "R&amp;D", "&2", "&nbsp;", "<script>x</script>", "<br>", "]]>"]
)
def test_titles_that_look_like_markup(title: str) -> None:
    given = feed(entry(1, title=title), title=title)
    for module in (atom, rss):
        document = only(module, given)
        read = feedparser.parse(document.body)
        for detail in (read.entries[0].title_detail, read.feed.title_detail):
            shown = unescape(detail.value) if detail.type == "text/html" else detail.value
            assert shown == title
        assert lint.lint(document) == []
    assert json.loads(only(jsonfeed, given).body)["items"][0]["title"] == title


def test_rss_titles_use_character_references() -> None:
    body = only(rss, feed(entry(1, title="<新品> & more"))).body.decode()
    assert "<title>&#x3C;新品&gt; &#x26; more</title>" in body


def test_forbidden_characters_are_removed() -> None:
    given = feed(
        entry(
            1,
            title="a\x00b\ufffe",
            html="<p>x\x0by\x85\ufffd</p>",
            summary="\x1f一",
            tags=("\x07t",),
            authors=("\x7fA",),
        )
    )
    for module in FORMATS:
        document = only(module, given)
        assert lint.lint(document) == []
        text = document.body.decode()
        assert "ab" in text
        assert "xy" in text
        assert not set("\x00\x0b\x85\ufffd\ufffe\x1f\x07\x7f") & set(text)


def test_lone_surrogates_are_removed() -> None:
    for module in FORMATS:
        assert "ab" in only(module, feed(entry(1, title="a\ud800b", html="<p>\udfff</p>"))).body.decode()


def test_file_names_that_are_not_utf8() -> None:
    assert '"path": "entries/.md"' in only(jsonfeed, feed(entry(1, path="entries/\udcff.md"))).body.decode()


def test_empty_content_is_never_sent() -> None:
    assert parts.content(withdrawn()) == "<p>已撤回</p>"
    assert parts.content(entry(1, html="", title="a < b")) == "<p>a &lt; b</p>"


def test_players_get_a_link() -> None:
    html = '<p><video controls="" width="3"><source src="https://a.example/x.mp4" type="video/mp4"></video></p>'
    made = parts.content(entry(1, html=html))
    assert "controls" not in made
    assert made.endswith('</video><br><a href="https://a.example/x.mp4">x.mp4</a></p>')


def test_elements_that_validators_do_not_know() -> None:
    html = '<p><ruby><rb>漢</rb><rtc><rt>hàn</rt></rtc></ruby> <bdo dir="rtl">ab</bdo></p>'
    assert parts.content(entry(1, html=html)) == '<p><ruby>漢<rt>hàn</rt></ruby> <bdi dir="rtl">ab</bdi></p>'


def test_no_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    first = [document.body for document in feeds.render(whole())]
    assert [document.body for document in feeds.render(whole())] == first
    assert datetime.now(SHANGHAI).strftime("%Y-%m-%dT%H").encode() not in b"".join(first)


def test_language_tags() -> None:
    assert languages.tag("zh_CN") == "zh-CN"
    assert languages.tag("Chinese!") == ""
    given = feed(entry(1, language="zh_CN"), entry(2, language="klingon!"))
    assert b"<entry>" in only(atom, given).body


def test_dates_are_english(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> str:
        raise AssertionError("the locale is for the whole process")

    monkeypatch.setattr(locale, "setlocale", refuse)
    assert "<pubDate>Fri, 20 Nov 2026 09:01:00 +0800</pubDate>" in only(rss, feed(entry(1))).body.decode()


@pytest.mark.parametrize(
    ("moment", "rfc3339", "rfc822"),
    [
        (DAY, "2026-11-20T09:00:00+08:00", "Fri, 20 Nov 2026 09:00:00 +0800"),
        (DAY.replace(microsecond=5), "2026-11-20T09:00:00+08:00", "Fri, 20 Nov 2026 09:00:00 +0800"),
        (
            DAY.astimezone(ZoneInfo("Asia/Kathmandu")),
            "2026-11-20T06:45:00+05:45",
            "Fri, 20 Nov 2026 01:00:00 +0000",
        ),
        (
            DAY.astimezone(timezone(-timedelta(hours=3, minutes=30))),
            "2026-11-19T21:30:00-03:30",
            "Thu, 19 Nov 2026 21:30:00 -0330",
        ),
        (
            datetime(1900, 1, 1, tzinfo=SHANGHAI),
            "1899-12-31T15:54:17+00:00",
            "Mon, 08 Jan 1990 22:27:45 +0000",
        ),
    ],
)
def test_moments(moment: datetime, rfc3339: str, rfc822: str) -> None:
    assert moments.rfc3339(moment) == rfc3339
    assert moments.rfc822(moment) == rfc822


def test_check_names_the_document() -> None:
    good = only(atom, feed(entry(1)))
    broken = replace(good, body=good.body[:-20])
    with pytest.raises(DataError, match=r"feed\.atom: cannot be read back"):
        lint.check(broken)


@pytest.mark.parametrize("module", FORMATS)
@pytest.mark.parametrize(
    ("html", "message"),
    [('<a href="/x">x</a>', "not absolute"), ('<img src="feeder:/asset/x.png">', "feeder:/")],
)
def test_check_of_addresses(module: ModuleType, html: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        lint.check(only(module, feed(entry(1, html=html))))


@pytest.mark.parametrize("module", FORMATS)
def test_check_of_ids(module: ModuleType) -> None:
    with pytest.raises(DataError, match="two entries have the id"):
        lint.check(only(module, feed(entry(1), entry(1))))


def test_check_of_other_xml() -> None:
    with pytest.raises(DataError, match="is no feed"):
        lint.check(Document("a.atom", "application/atom+xml", b"<html/>", Stage.FEED))
    with pytest.raises(DataError, match="lacks 'items'"):
        lint.check(Document("a.json", "application/feed+json", b"{}", Stage.FEED))
