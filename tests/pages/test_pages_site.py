"""What each page says, and where it leads."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urljoin

import pytest
from lxml import etree, html
from pages import page_samples

from feeder.errors import SettingsError
from feeder.model import Document, Enclosure, Headline, Image, Stage, Via
from feeder.pages.site import Pages


@pytest.fixture
def pages(tmp_path: Path) -> Pages:
    return Pages(page_samples.settings(tmp_path))


def text(document: Document) -> str:
    return document.body.decode()


def tree(document: Document) -> html.HtmlElement:
    return html.document_fromstring(document.body.decode())


def article(document: Document) -> dict[str, object]:
    found = json.loads(tree(document).findtext(".//script[@type='application/ld+json']"))
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("base", ["https://news.example.org/", "https://example.org/news/", "https://example.org/news"])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_link_between_pages_leads_to_a_page(base: str, language: str, tmp_path: Path) -> None:
    base = base.rstrip("/") + "/"
    pages = Pages(page_samples.settings(tmp_path, language, url=base))
    documents = {d.path: d for d in page_samples.documents(pages, language)}
    made_elsewhere = re.compile(
        r"2026/\d\d/(story-\d|x)/index\.html|feeds\.opml|.*feed\.(atom|rss|json)|assets/.*|archive/.*|(tags|authors|languages|digests)/.*"
    )
    own = re.compile(re.escape(base))
    for path, document in documents.items():
        if not path.endswith(".html") or path.startswith("old/"):
            continue
        where = base + path
        for element, _, link, _ in tree(document).iterlinks():
            target = urljoin(where, link).partition("#")[0]
            if (element.tag == "link" and element.get("rel") == "canonical") or not own.match(target):
                continue
            local = unquote(target.removeprefix(base))
            local = local + "index.html" if local == "" or local.endswith("/") else local
            assert local in documents or made_elsewhere.fullmatch(local), (path, link)
            assert not link.startswith(page_samples.URL) or base == page_samples.URL


def test_one_atom_address_first_then_the_others(pages: Pages) -> None:
    for document in page_samples.documents(pages):
        if not document.path.endswith(".html") or document.path.startswith("old/"):
            continue
        types = [link.get("type") for link in tree(document).xpath("//link[@rel='alternate']")]
        assert types == ["application/atom+xml", "application/rss+xml", "application/feed+json"], document.path


def test_a_labels_page_names_the_labels_feeds(pages: Pages) -> None:
    first = tree(pages.label("tag", "推理", [])).xpath("//link[@rel='alternate']/@href")[0]
    assert first == "https://news.example.org/tags/%E6%8E%A8%E7%90%86/feed.atom"


def test_an_entry_says_who_when_and_whence(pages: Pages) -> None:
    document = pages.entry(page_samples.entry())
    assert document.path == "2026/11/云雀二号/index.html"
    assert document.stage is Stage.PAGE
    page = tree(document)
    assert page.xpath("//main//time/@datetime") == ["2026-11-20T20:00:00+08:00", "2026-11-21T22:00:00+08:00"]
    assert page.xpath("//main//time/text()") == ["2026年11月20日", "2026年11月21日"]
    assert "来源：" in text(document)
    assert page.xpath("//a[@rel='external']/text()") == ["苏州科技报", "wire.example.net"]
    assert page.xpath("//a[@rel='author']/@href")[0] == "../../../authors/%E6%9E%97%E4%B8%80/"
    assert page.xpath("//link[@rel='canonical']/@href") == [page_samples.entry().url]
    assert "首批客户为四家" in page.xpath("string(//aside[@class='correction'])")


def test_an_entry_for_machines(pages: Pages) -> None:
    document = pages.entry(page_samples.entry())
    assert article(document) == {
        "@context": "https://schema.org", "@type": "NewsArticle",
        "headline": "云雀二号发布：功耗降两成，首批样卡交付四家客户",
        "url": page_samples.entry().url, "mainEntityOfPage": page_samples.entry().url,
        "datePublished": "2026-11-20T20:00:00+08:00", "dateModified": "2026-11-21T22:00:00+08:00",
        "inLanguage": "zh-CN",
        "publisher": {
            "@type": "Organization", "name": "新闻编辑部",
            "logo": {"@type": "ImageObject", "url": pages.icon_url},
        },
        "author": [{"@type": "Person", "name": "林一"}, {"@type": "Person", "name": "周小满"}],
        "description": page_samples.entry().summary, "image": f"{page_samples.URL}assets/cover.5e6f7a8b.jpg",
        "keywords": ["推理", "澄芯科技", "C++", "TCP/IP"],
        "isBasedOn": ["https://suzhou-daily.example.com/tech/1.html", "https://www.wire.example.net/a"],
        "correction": "首批客户为四家，此前误写为五家。",
    }  # fmt: skip
    meta = {m.get("property"): m.get("content") for m in tree(document).xpath("//meta[@property]")}
    assert meta["og:type"] == "article"
    assert meta["og:image"] == f"{page_samples.URL}assets/cover.5e6f7a8b.jpg"
    assert meta["article:published_time"] == "2026-11-20T20:00:00+08:00"
    assert meta["og:locale"] == "zh_CN"


def test_an_entry_of_little_says_little(pages: Pages) -> None:
    bare = page_samples.entry(
        summary="",
        tags=(),
        authors=(),
        via=(),
        enclosures=(),
        cover=None,
        correction="",
        html="",
        updated=page_samples.DAY,
    )
    document = pages.entry(bare)
    for word in (
        "更新于",
        "作者 ",
        "来源：",
        "更正",
        "og:description",
        'name="description"',
        "<aside",
        "<audio",
        "<figure",
        'class="tags"',
    ):
        assert word not in text(document)
    assert article(document)["author"] == article(document)["publisher"]


def test_updated_on_the_same_day_shows_the_hour(pages: Pages) -> None:
    entry = page_samples.entry(updated=page_samples.DAY + timedelta(hours=1, minutes=5))
    assert "2026年11月20日 21:05" in text(pages.entry(entry))


def test_the_days_are_those_of_the_sites_zone(tmp_path: Path) -> None:
    late = page_samples.entry(published=datetime(2026, 12, 31, 17, 0, tzinfo=UTC))
    assert "2027年1月1日" in text(Pages(page_samples.settings(tmp_path)).entry(late))


def test_a_cover_that_the_text_shows_is_not_shown_twice(pages: Pages) -> None:
    cover = Image(f"{page_samples.URL}assets/board.1a2b3c4d.png", "板卡")
    document = pages.entry(page_samples.entry(cover=cover))
    assert 'class="cover"' not in text(document)
    assert f'property="og:image" content="{cover.url}"' in text(document)


def test_another_language_is_marked(pages: Pages) -> None:
    page = tree(pages.entry(page_samples.entry("en")))
    assert page.get("lang") == "zh-CN"
    assert page.xpath("//h1/@lang") == ["en"]
    assert page.xpath("//div[@class='content']/@lang") == ["en"]
    arabic = tree(pages.entry(page_samples.entry(language="ar")))
    assert arabic.xpath("//h1/@dir") == ["rtl"]


def test_nothing_a_browser_would_run_becomes_a_link(pages: Pages) -> None:
    bad = "javascript:alert(1)"
    entry = page_samples.entry(
        via=(Via(bad, "x"), Via("JavaScript:alert(1)")), enclosures=(Enclosure(bad, "audio/mpeg", 1),), cover=Image(bad)
    )
    page = tree(pages.entry(entry))
    assert not [link for _, _, link, _ in page.iterlinks() if link.lower().startswith("javascript")]


def test_a_withdrawn_entry_says_so_and_nothing_else(pages: Pages) -> None:
    entry = page_samples.entry(title="绝密", html="<p>绝密</p>", summary="绝密", tags=("绝密",))
    document = pages.withdrawn(entry)
    assert document.path == "2026/11/云雀二号/index.html"
    assert "绝密" not in text(document)
    assert "已撤回" in text(document)
    assert tree(document).xpath("//meta[@name='robots']/@content") == ["noindex"]


def test_old_addresses_lead_on(pages: Pages) -> None:
    target = 'https://elsewhere.example.com/a?b=1&c="2"'
    document = pages.redirect("/old/名字/", target)
    assert document.path == "old/名字/index.html"
    page = tree(document)
    assert page.xpath("//meta[@http-equiv='refresh']/@content") == [f"0; url={target}"]
    assert page.xpath("//link[@rel='canonical']/@href") == [target]
    assert page.xpath("//a/@href") == [target]
    assert page.xpath("//meta[@name='robots']/@content") == ["noindex"]
    assert pages.redirect("old/1.html", target).path == "old/1.html"


def test_404_works_at_any_depth(tmp_path: Path) -> None:
    pages = Pages(page_samples.settings(tmp_path, url="https://example.org/news/"))
    for _, _, link, _ in tree(pages.not_found()).iterlinks():
        assert link.startswith(("/news/", "https://", "#")), link


def test_older_pages_of_a_label_stay_as_they_are(pages: Pages) -> None:
    lines = page_samples.headlines()
    assert pages.label("tag", "推理", lines, 1, 3) == pages.label("tag", "推理", lines, 1, 4)
    assert pages.label("tag", "推理", lines, 2, 3) == pages.label("tag", "推理", lines, 2, 9)
    front = tree(pages.label("tag", "推理", lines, 0, 3))
    assert front.xpath("//nav[@class='turn']/a/@href") == ["../../tags/%E6%8E%A8%E7%90%86/page/3/"]
    last = pages.label("tag", "推理", lines, 3, 3)
    assert last.path == "tags/推理/page/3/index.html"
    assert tree(last).xpath("//a[@rel='prev']/@href") == ["../../../../tags/%E6%8E%A8%E7%90%86/"]
    assert tree(pages.label("tag", "推理", lines, 1, 3)).xpath("//a[@rel='next']") == []


def test_names_that_are_no_folders_get_one_of_their_own(pages: Pages) -> None:
    names = [
        "芯片",
        "C++",
        "C#",
        "C",
        "TCP/IP",
        "TCP-IP",
        "..",
        ".",
        "",
        " ",
        "index.html",
        "a\\b",
        "a:b",
        "x" * 200,
        "x" * 201,
        "\x00",
        "Node.js",
    ]
    found = [pages.label("tag", name, []).path for name in names]
    assert len(set(found)) == len(names)
    for path in found:
        assert re.fullmatch(r"tags/[^/]{1,100}/index\.html", path)
        assert ".." not in path
    assert found[:4] == [f"tags/{name.lower()}/index.html" for name in names[:4]]
    assert found[-1] == "tags/node.js/index.html"


def test_a_year_of_little_lists_its_entries_else_its_months(pages: Pages) -> None:
    few = tree(pages.year(2026, {11: 2, 10: 4, 9: 1}, page_samples.headlines()))
    assert [h.text_content() for h in few.xpath("//main//h2")] == ["11月", "10月", "9月"]
    many = tree(pages.year(2025, dict.fromkeys(range(1, 13), 200)))
    assert many.xpath("//main//li/a/@href")[0] == "../../archive/2025/12/"
    assert "2400 条" in many.text_content()


def test_a_month_of_two_thousand(pages: Pages) -> None:
    line = page_samples.headlines()[0]
    page = tree(pages.month(2026, 11, [line] * 2000))
    assert len(page.xpath("//main//ol/li")) == 2000


def test_tags_the_most_used_first(pages: Pages) -> None:
    page = tree(pages.tags({"b": 1, "a": 1, "c": 3}))
    assert page.xpath("//ul[@class='tiles']//a/text()") == ["c", "a", "b"]


def test_an_empty_site(pages: Pages) -> None:
    assert "还没有新闻。" in text(pages.index([], {}))
    assert "还没有新闻。" in text(pages.tags({}))
    assert pages.sitemap([])[0].path == "sitemap.xml"
    assert pages.feeds([]).path == "subscribe/index.html"


def test_english_counts(tmp_path: Path) -> None:
    page = text(Pages(page_samples.settings(tmp_path, "en")).index([], {2026: 2, 2025: 1}))
    assert "2 entries" in page
    assert "1 entry<" in page


@pytest.mark.parametrize("language", ["zh-TW", "zh", "fr", "en-GB", "ar"])
def test_every_site_language_has_words(language: str, tmp_path: Path) -> None:
    page = text(Pages(page_samples.settings(tmp_path, language)).not_found())
    assert ("页面不存在" if language.startswith("zh") else "Page not found") in page
    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in page


def test_the_sitemap_is_split_at_fifty_thousand(pages: Pages) -> None:
    items = [
        (f"https://news.example.org/{n}/?a=1&b='", page_samples.DAY + timedelta(seconds=n)) for n in range(100_001)
    ]
    *parts, index = pages.sitemap(items)
    assert [part.path for part in parts] == ["sitemap-1.xml", "sitemap-2.xml", "sitemap-3.xml"]
    assert index.path == "sitemap.xml"
    assert [len(etree.fromstring(part.body)) for part in parts] == [50_000, 50_000, 1]
    rows = etree.fromstring(index.body)
    assert rows[2][0].text == "https://news.example.org/sitemap-3.xml"
    assert rows[0][1].text == "2026-11-21T01:53:19Z"
    assert [d.path for d in pages.sitemap(items[:50_000])] == ["sitemap.xml"]
    # One more entry leaves all parts but the last as they were.
    assert pages.sitemap(items[:-1])[0] == parts[0]


def test_robots_names_the_sitemap(pages: Pages) -> None:
    assert text(pages.robots()).endswith("\nSitemap: https://news.example.org/sitemap.xml\n")


def test_assets_are_named_by_what_is_in_them(pages: Pages) -> None:
    documents = {document.media_type: document for document in pages.assets()}
    assert set(documents) == {"text/css", "image/png"}
    assert all(document.stage is Stage.ASSET for document in pages.assets())
    assert re.fullmatch(r"https://news\.example\.org/assets/feed\.[0-9a-f]{8}\.css", pages.style_url)
    assert re.fullmatch(r"https://news\.example\.org/assets/icon\.[0-9a-f]{8}\.png", pages.icon_url)


def test_the_feeds_stylesheet_speaks_the_sites_language(tmp_path: Path) -> None:
    zh, en = (
        Pages(page_samples.settings(tmp_path, language)).assets()[1].body.decode() for language in ("zh-CN", "en")
    )
    assert "订阅源" in zh
    assert "This is a feed" in en
    assert "&" not in zh + en


def test_an_icon_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "logo.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    pages = Pages(page_samples.settings(tmp_path, icon="logo.svg"))
    assert re.search(r"assets/icon\.[0-9a-f]{8}\.svg$", pages.icon_url)
    assert pages.assets()[-1].media_type == "image/svg+xml"
    remote = Pages(page_samples.settings(tmp_path, icon="https://cdn.example.com/i.png"))
    assert remote.icon_url == "https://cdn.example.com/i.png"
    assert len(remote.assets()) == 2
    assert 'href="https://cdn.example.com/i.png"' in text(remote.robots()) + text(remote.not_found())


@pytest.mark.parametrize("icon", ["nowhere.png", "icon.exe"])
def test_an_icon_that_is_not_there(icon: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=re.escape(icon)):
        Pages(page_samples.settings(tmp_path, icon=icon)).assets()


def test_sizes_and_times_of_enclosures(pages: Pages) -> None:
    files = (
        Enclosure("https://a.example/%E5%A3%B0.mp3?x=1", "audio/mpeg", 0, "", 3725),
        Enclosure("https://a.example/b.pdf", "application/pdf", 640_200),
        Enclosure("https://a.example/c.mp4", "video/mp4", 12, "片子"),
    )
    page = tree(pages.entry(page_samples.entry(enclosures=files)))
    found = [" ".join(div.text_content().split()) for div in page.xpath("//div[@class='enclosure']")]
    assert found == ["下载：声.mp3 1:02:05", "下载：b.pdf 640 kB", "下载：片子 1 kB"]
    assert len(page.xpath("//audio")) == len(page.xpath("//video")) == 1


def test_a_headline_of_another_site_keeps_its_address(pages: Pages) -> None:
    line = Headline(
        id="x",
        url="https://other.example/a/",
        title="x",
        published=page_samples.DAY,
        updated=page_samples.DAY,
        language="zh-CN",
    )
    assert 'href="https://other.example/a/"' in text(pages.index([line], {}))


def test_authors_without_pages_are_not_linked(tmp_path: Path) -> None:
    document = Pages(page_samples.settings(tmp_path), author_pages=False).entry(page_samples.entry())
    assert tree(document).xpath("//a[@rel='author']") == []
    assert "作者 林一、周小满" in text(document)


def test_on_the_subscribe_page_names_are_short(pages: Pages) -> None:
    main, tag, *_ = page_samples.feeds()
    page = tree(pages.feeds([main, replace(tag, title="芯片观察 · 推理"), replace(tag, current="feed", title="旧")]))
    assert page.xpath("//ul[@class='offers']/li/a/text()") == ["推理"]
