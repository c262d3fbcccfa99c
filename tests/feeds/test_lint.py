"""Every rule catches the fault it is for: one seeded into a feed that is well."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from types import ModuleType
from typing import Any

import pytest
from feeds.feed_values import entry, feed, only, rich, whole

from feeder.feeds import atom, jsonfeed, lint, opml, rss
from feeder.model import Document, Feed

ARCHIVE = feed(rich(), path="archive/2", current="feed", previous="archive/1")
SMALL = feed(entry(2), entry(1))


def seeded(document: Document, old: str, new: str) -> list[str]:
    """What lint says after one replacement, which must find its place."""
    assert lint.lint(document) == []
    body = document.body.decode()
    assert old in body
    return [problem.message for problem in lint.lint(replace(document, body=body.replace(old, new, 1).encode()))]


ATOM = [
    (SMALL, "</feed>", "", "not well-formed XML"),
    (SMALL, 'xmlns="http://www.w3.org/2005/Atom"', "", "<feed> is no feed"),
    (SMALL, "<id>tag:news.example.org,2026:feed</id>", "", "no <id>"),
    (SMALL, "<title>测试新闻</title>", "", "no <title>"),
    (SMALL, "<updated>2026-11-20T09:02:00+08:00</updated>", "", "no <updated>"),
    (SMALL, "<title>消息 2</title>", "<title>消息 2</title><title>x</title>", "two <title>"),
    (SMALL, "<title>消息 2</title>", "<title> </title>", "title is empty"),
    (SMALL, "<title>消息 2</title>", "<title>&lt;b>x&lt;/b></title>", "title looks like markup: <b>x</b>"),
    (SMALL, "<title>消息 2</title>", "<title>a &amp;amp; b</title>", "title looks like markup: a &amp; b"),
    (SMALL, "<title>消息 2</title>", "<title>a\x85</title>", "title has a forbidden character U+0085"),
    (SMALL, "<subtitle>每日更新</subtitle>", "<subtitle>&amp;lt;</subtitle>", "subtitle looks like markup: &lt;"),
    (SMALL, "2026:2026-11-20/e2</id>", "2026:2026-11-20/e1</id>", "two entries have the same id"),
    (SMALL, "<id>tag:news.example.org,2026:2026-11-20/e2</id>", "<id>17</id>", "the id is no IRI: 17"),
    (SMALL, "<updated>2026-11-20T09:01:00", "<updated>2026-11-20T09:02:00", "two entries have the same updated"),
    (SMALL, "<updated>2026-11-20T09:01:00", "<updated>2026-11-20T08:01:00", "updated is before published"),
    (SMALL, "<updated>2026-11-20T09:01:00", "<updated>2026-11-20 09:01:00", "updated is no RFC 3339 date"),
    (SMALL, "<updated>2026-11-20T09:01:00", "<updated>2026-02-30T09:01:00", "updated is no RFC 3339 date"),
    (SMALL, "<published>2026-11-20T09:01:00", "<published>1980-11-20T09:01:00", "published is implausible"),
    (SMALL, "<updated>2026-11-20T09:02:00", "<updated>2026-11-20T08:02:00", "the feed is older than its newest entry"),
    (SMALL, 'xml:lang="zh-CN"', 'xml:lang="zh_CN"', "no language tag: zh_CN"),
    (SMALL, 'rel="self"', 'rel="related"', 'no link rel="self"'),
    (SMALL, 'feed.atom" type="application/atom+xml"', 'feed.atom" type="text/html"', "the self link is no feed"),
    (SMALL, 'rel="hub"', 'rel="self"', 'two links rel="self"'),
    (SMALL, 'href="https://hub.example.org/"', 'href="/hub"', 'link rel="hub" is not absolute: /hub'),
    (SMALL, 'href="https://hub.example.org/"', 'href="https://a.b/a b"', "characters that are not encoded"),
    (SMALL, 'href="https://hub.example.org/"', 'href="feeder:/site/"', "is private to feeder"),
    (SMALL, 'href="https://hub.example.org/"', "", 'link rel="hub" has no href'),
    (SMALL, 'type="text/html"', 'type="html"', "is no media type: html"),
    (SMALL, "</entry>", "</entry><icon>https://a.b/</icon>", "after an entry"),
    (SMALL, "<name>新闻编辑部</name>", "<name></name>", "the name of an author is empty"),
    (SMALL, "<name>新闻编辑部</name>", "<name>&lt;/b></name>", "the name of an author looks like markup"),
    (SMALL, '<content type="html">', '<content type="CDATA">', "content of type CDATA"),
    (SMALL, "&lt;p&gt;正文。&lt;/p&gt;\n", "", "content is empty"),
    (whole(), 'term="芯片"', 'term=""', "the term of a category is empty"),
    (whole(), 'title="智东西"', 'title=""', 'title of link rel="via" is empty'),
    (whole(), 'title="智东西"', 'title="&amp;amp;"', 'title of link rel="via" looks like markup'),
    (whole(), 'length="123456"', 'length="0"', "no length: 0"),
    (whole(), 'type="audio/mpeg"', "", "enclosure without a type"),
    (ARCHIVE, 'rel="prev-archive"', 'rel="related"', "fh:archive without prev-archive"),
    (SMALL, '/feed.atom" type', '/tags/feed.rss" type', "the self link is another document"),
    (SMALL, 'xml:lang="zh-CN"', 'xml:lang="yue"', "a language that validators do not know: yue"),
    (SMALL, "<title>消息 2</title>", "<title>Â©</title>", "title looks like UTF-8 read as Latin-1: Â©"),
    (ARCHIVE, 'rel="current"', 'rel="related"', "an archive document without a current link"),
    (ARCHIVE, "/feed.atom", "/archive/2.atom", "the current link of an archive document is itself"),
    (ARCHIVE, "<fh:archive/>", "", "a current link without fh:archive"),
    (ARCHIVE, "archive/1.atom", "archive/2.atom", "prev-archive links itself"),
    (ARCHIVE, 'rel="prev-archive"', 'rel="next-archive"', "next-archive would change full documents"),
]

RSS = [
    (SMALL, "</rss>", "", "not well-formed XML"),
    (SMALL, 'version="2.0"', 'version="0.92"', "RSS version 0.92"),
    (SMALL, "<title>测试新闻</title>", "", "no <title> in <channel>"),
    (SMALL, "<link>https://news.example.org/</link>", "", "no <link> in <channel>"),
    (SMALL, "<description>每日更新</description>", "", "no <description> in <channel>"),
    (SMALL, "<link>https://news.example.org/</link>", "<link>/</link>", "the link of the channel is not absolute: /"),
    (SMALL, 'rel="self"', 'rel="related"', 'no link rel="self"'),
    (SMALL, "<language>zh-CN</language>", "<language>Chinese</language>", "no language tag: Chinese"),
    (SMALL, "<lastBuildDate>Fri", "<lastBuildDate>Mon", "lastBuildDate is no Mon"),
    (SMALL, "<pubDate>Fri, 20", "<pubDate>20", "pubDate is no RFC 822 date"),
    (SMALL, "<pubDate>Fri, 20", "<pubDate>Fri, 31", "pubDate is no RFC 822 date"),
    (SMALL, "<pubDate>Fri, 20 Nov 2026", "<pubDate>Tue, 20 Nov 1979", "pubDate is implausible"),
    (SMALL, "<title>消息 2</title>", "<title>&#x3C;/b></title>", "title looks like markup: </b>"),
    (SMALL, "<title>消息 2</title>", "<title></title>", "title is empty"),
    (SMALL, "<title>消息 2</title>", "<title>&lt;b></title>", "title may be taken for markup: <b>"),
    (SMALL, "<title>消息 2</title>", "<title>R&amp;D</title>", "title may be taken for markup: R&D"),
    (SMALL, "<title>消息 2</title>", "<title>x</title><title>y</title>", "two <title>"),
    (SMALL, "<copyright>", "<copyright>\x9c", "copyright has a forbidden character U+009C"),
    (SMALL, "2026:2026-11-20/e2</guid>", "2026:2026-11-20/e1</guid>", "two entries have the same guid"),
    (SMALL, ' isPermaLink="false"', "", "guid without isPermaLink"),
    (SMALL, 'isPermaLink="false">', 'isPermaLink="true">/', "a guid that is a permalink is not absolute"),
    (SMALL, '<guid isPermaLink="false">tag:news.example.org,2026:2026-11-20/e2</guid>', "", "no guid"),
    (SMALL, "<description>一句话。</description>", "", "content:encoded before description"),
    (SMALL, "<link>https://news.example.org/2026", "<link>/2026", "the link of an item is not absolute"),
    (SMALL, "</item>", "</item><ttl>60</ttl>", "<ttl> after an item"),
    (
        SMALL,
        "<dc:creator>新闻编辑部</dc:creator>\n      <desc",
        "<author>张三</author>\n<desc",
        "without a mail address",
    ),
    (SMALL, "<item>", "<item><author>a@b.c (A)</author>", "author and dc:creator"),
    (SMALL, "<dc:creator>新闻编辑部</dc:creator>\n      <desc", "<dc:creator/><desc", "dc:creator is empty"),
    (SMALL, "<url>https://news", "<url>//news", "the url of the image is not absolute"),
    (
        SMALL,
        "<url>https://news.example.org/icon.png</url>\n      <title>",
        "<url>https://a.b/</url><title>x",
        "of the image",
    ),
    (SMALL, "<item>", '<item xml:lang="zh_TW">', "no language tag: zh_TW"),
    (whole(), 'enclosure url="https:', 'enclosure url="', "the url of an enclosure is not absolute"),
    (whole(), 'length="123456"', 'length="12k"', "enclosure without a length"),
    (whole(), 'type="audio/mpeg"', 'type="audio"', "the type of an enclosure is no media type: audio"),
    (whole(), "<enclosure", '<enclosure url="https://a.b/" length="1" type="a/b"/><enclosure', "two <enclosure>"),
    (whole(), "<itunes:email>news@news.example.org</itunes:email>", "", "itunes: without the owner's address"),
    (SMALL, "<rss ", '<rss xmlns:podcast="https://podcastindex.org/namespace/1.0" ', "that validators warn of"),
    (whole(), "<category>芯片", "<category>", "category is empty"),
    (whole(), "<atom:updated>2026-11-20T12", "<atom:updated>2026-11-20T02", "updated is before published"),
    (ARCHIVE, "<fh:archive/>", "", "a current link without fh:archive"),
    (ARCHIVE, 'rel="current"', 'rel="related"', "an archive document without a current link"),
]

CONTENT = [
    ("<p>", '<p><a href="/x">x</a>', "href of <a> is not absolute: /x"),
    ("<p>", '<p><a href="#x">x</a>', "href of <a> is not absolute: #x"),
    ("<p>", '<p><img src="a.png">', "src of <img> is not absolute: a.png"),
    ("<p>", '<p><img srcset="https://a.b/1.png 1x, b.png 2x">', "srcset of <img> is not absolute: b.png"),
    ("<p>", '<p><video poster="//a.b/c"></video>', "poster of <video> is not absolute: //a.b/c"),
    ("<p>", '<p><a href="feeder:/entry/a.md">x</a>', "href of <a> is private to feeder"),
    ("<p>", '<p><a href="javascript:x">x</a>', "href of <a> has a risky address"),
    ("<p>", "<p><iframe></iframe>", "<iframe> in the content"),
    ("<p>", "<p><bdo>x</bdo>", "<bdo> in the content"),
    ("<p>", "<p><svg></svg>", "<svg> in the content"),
    ("<p>", '<p onclick="x">', "onclick of <p> in the content"),
    ("<p>", '<p><audio controls=""></audio>', "controls of <audio> in the content"),
    ("<p>", '<p style="background:url(x)">', "style in the content"),
    ("<p>", "<p>\x85", "the content has a forbidden character U+0085"),
]


@pytest.mark.parametrize(("given", "old", "new", "message"), ATOM)
def test_atom(given: Feed, old: str, new: str, message: str) -> None:
    assert any(message in found for found in seeded(only(atom, given), old, new))


@pytest.mark.parametrize(("given", "old", "new", "message"), RSS)
def test_rss(given: Feed, old: str, new: str, message: str) -> None:
    assert any(message in found for found in seeded(only(rss, given), old, new))


@pytest.mark.parametrize("module", [atom, rss, jsonfeed])
@pytest.mark.parametrize(("old", "new", "message"), CONTENT)
def test_content(module: ModuleType, old: str, new: str, message: str) -> None:
    if module is jsonfeed:
        new = json.dumps(new)[1:-1]
    else:
        old, new = (part.replace("<", "&lt;").replace(">", "&gt;") for part in (old, new))
    assert any(message in found for found in seeded(only(module, SMALL), old, new))


def test_entry_without_author() -> None:
    document = only(atom, feed(entry(1)))
    author = "<author>\n    <name>新闻编辑部</name>\n  </author>"
    inner = author.replace("\n", "\n  ")
    body = document.body.decode().replace(inner, "").replace(author, "")
    assert "<author>" not in body
    found = lint.lint(replace(document, body=body.encode()))
    assert "no author" in [problem.message for problem in found]


def test_entry_without_anything_to_read() -> None:
    head, _, rest = only(atom, feed(entry(1, summary=""))).body.decode().partition('<content type="html">')
    body = head + rest.partition("</content>")[2]
    given = Document("feed.atom", atom.MEDIA_TYPE, body.encode(), only(atom, SMALL).stage)
    assert "neither content nor summary" in [problem.message for problem in lint.lint(given)]
    bare = body.replace('<link rel="alternate" href="https://news.example.org/2026/11/e1/" type="text/html"/>', "")
    messages = [problem.message for problem in lint.lint(replace(given, body=bare.encode()))]
    assert "neither content nor an alternate link" in messages


def test_two_alternate_links() -> None:
    link = '<link rel="alternate" href="https://news.example.org/2026/11/e2/" type="text/html"/>'
    assert "two alternate links of one type" in seeded(only(atom, SMALL), link, link * 2)


def test_item_without_title_and_description() -> None:
    document = only(rss, feed(entry(1)))
    body = document.body.decode()
    for part in ("<title>消息 1</title>", "<description>一句话。</description>"):
        assert part in body
        body = body.replace(part, "")
    messages = [problem.message for problem in lint.lint(replace(document, body=body.encode()))]
    assert "neither title nor description" in messages


def test_no_channel() -> None:
    given = Document("feed.rss", rss.MEDIA_TYPE, b'<rss version="2.0"/>', only(rss, SMALL).stage)
    assert [problem.message for problem in lint.lint(given)] == ["no <channel>"]


def test_problems_have_a_line_and_a_hint() -> None:
    document = only(atom, SMALL)
    body = document.body.replace(b"<title>\xe6\xb6\x88\xe6\x81\xaf 2", b"<title>&lt;/b>")
    (problem,) = lint.lint(replace(document, body=body))
    line = body.decode().splitlines().index("    <title>&lt;/b></title>") + 1
    assert problem.place == f"feed.atom:{line}"
    assert problem.hint == 'write it as type="html", escaped twice'


Edit = Callable[[dict[str, Any]], object]


def put(key: str, value: object) -> Edit:
    return partial(dict.update, **{key: value})  # type: ignore[arg-type]  # a partial of a method of dict


def item(edit: Edit) -> Edit:
    return lambda given: edit(given["items"][0])


JSON: list[tuple[Edit, str]] = [
    (put("version", "1"), "version 1"),
    (put("title", " "), "title is empty"),
    (put("items", None), "no items"),
    (put("items", [1]), "an item is no object"),
    (put("feed_url", "/feed.json"), "feed_url is not absolute"),
    (lambda given: given.pop("feed_url"), "no feed_url"),
    (put("next_url", "https://news.example.org/feed.json"), "next_url is the feed itself"),
    (put("language", "zh_CN"), "no language tag: zh_CN"),
    (put("hubs", [{"url": "https://a.b/"}]), "a hub without type or url"),
    (put("authors", [{}]), "an author without name, url and avatar"),
    (put("author", {"name": "x"}), "author is of JSON Feed 1.0"),
    (put("ttl", 60), "unknown key ttl"),
    (put("_own", 1), "the extension _own is no object"),
    (item(put("_a.b", {})), "the extension _a.b is no object"),
    (item(put("id", 17)), "an item without id"),
    (item(put("id", "tag:news.example.org,2026:2026-11-20/e1")), "two entries have the same id"),
    (item(put("url", "x")), "url is not absolute: x"),
    (item(put("external_url", "https://a.b/路")), "characters that are not encoded"),
    (item(lambda given: given.pop("content_html")), "no content in tag:"),
    (item(put("date_published", "yesterday")), "date_published is no RFC 3339 date"),
    (item(put("date_modified", "2026-11-20T08:00:00+08:00")), "updated is before published"),
    (item(put("tags", "a, b")), "are no strings"),
    (item(put("title", "\x00")), "title has a forbidden character U+0000"),
    (item(put("attachments", [1])), "an attachment is no object"),
    (item(put("attachments", [{"url": "https://a.b/"}])), "the mime_type of an attachment is no media type"),
    (item(put("attachments", [{"mime_type": "a/b"}])), "the url of an attachment is not absolute"),
    (
        item(put("attachments", [{"url": "https://a.b/", "mime_type": "a/b", "size_in_bytes": 0}])),
        "size_in_bytes is 0",
    ),
]


@pytest.mark.parametrize(("edit", "message"), JSON)
def test_json(edit: Edit, message: str) -> None:
    document = only(jsonfeed, SMALL)
    given = json.loads(document.body)
    edit(given)
    found = lint.lint(replace(document, body=json.dumps(given).encode()))
    assert any(message in problem.message for problem in found)


@pytest.mark.parametrize(("body", "message"), [(b"{", "no JSON: "), (b"[]", "no JSON object")])
def test_no_json_feed(body: bytes, message: str) -> None:
    (problem,) = lint.lint(replace(only(jsonfeed, SMALL), body=body))
    assert problem.message.startswith(message)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('version="2.0"', 'version="1.0"', "OPML version 1.0"),
        ("<title>新闻", "<title>", "the title is empty"),
        ('title="测试新闻"', 'title="R&amp;D"', "title of an outline is no HTML: R&D"),
        ('text="测试新闻"', "", "the text of an outline is empty"),
        ('xmlUrl="https:', 'xmlUrl="', "the xmlUrl of an outline is not absolute"),
        ('htmlUrl="https:', 'htmlUrl="', "the htmlUrl of an outline is not absolute"),
    ],
)
def test_opml(old: str, new: str, message: str) -> None:
    assert any(message in found for found in seeded(opml.render("新闻", [SMALL]), old, new))


def test_opml_without_feeds() -> None:
    assert [problem.message for problem in lint.lint(opml.render("新闻", []))] == ["no outline"]
