"""Values the tests of this area play with."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from feeder.feeds import atom, jsonfeed, rss
from feeder.model import Document, Enclosure, Feed, Image, PublicEntry, Via

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY = datetime(2026, 11, 20, 9, 0, tzinfo=SHANGHAI)
FORMATS = [atom, rss, jsonfeed]


def entry(number: int = 1, **changes: Any) -> PublicEntry:
    """A short entry; the higher its number the newer."""
    moment = DAY + timedelta(minutes=number)
    made = PublicEntry(
        id=f"tag:news.example.org,2026:2026-11-20/e{number}",
        url=f"https://news.example.org/2026/11/e{number}/",
        title=f"消息 {number}",
        published=moment,
        updated=moment,
        released=moment + timedelta(microseconds=123),
        language="zh-CN",
        summary="一句话。",
        html="<p>正文。</p>\n",
        path=f"entries/e{number}.md",
        hash=f"h{number}",
    )
    return replace(made, **changes)


def rich() -> PublicEntry:
    """An entry with everything an entry can have."""
    return entry(
        9,
        title="融资接近 2 亿元",
        language="en",
        tags=("芯片", "R&D"),
        authors=("张三", "Anna <anna@example.org>"),
        correction="峰值算力",
        updated=DAY + timedelta(hours=3),
        cover=Image("https://news.example.org/assets/card.3f2a91c0.png", "卡", "image/png", 1200, 630),
        via=(Via("https://zhidx.com/news/36736.html", "智东西"),),
        enclosures=(
            Enclosure("https://news.example.org/assets/a.1.pdf", "application/pdf", 1000),
            Enclosure("https://news.example.org/assets/a.2.mp3", "audio/mpeg", 123456, "第一期", 61),
        ),
        html='<p>Text&nbsp;with ]]&gt; and 😀 and \u202bעברית\u202c<a href="#fn1">1</a></p>',
    )


def withdrawn() -> PublicEntry:
    """An entry that is not public any more."""
    return entry(3, title="已撤回", html="", summary="", withdrawn=True, updated=DAY + timedelta(hours=5))


def feed(*entries: PublicEntry, **changes: Any) -> Feed:
    """The main feed with these entries."""
    made = Feed(
        id="tag:news.example.org,2026:feed",
        title="测试新闻",
        path="feed",
        page_url="https://news.example.org/",
        site_url="https://news.example.org/",
        subtitle="每日更新",
        language="zh-CN",
        author="新闻编辑部",
        rights="© 2026 新闻编辑部",
        icon="https://news.example.org/icon.png",
        hub="https://hub.example.org/",
        style_url="https://news.example.org/assets/feed.css",
        updated=max((e.updated for e in entries), default=DAY),
        entries=entries,
    )
    return replace(made, **changes)


def whole() -> Feed:
    """A feed with every kind of entry."""
    return feed(rich(), withdrawn(), entry(2), entry(1), previous="archive/12", email="news@news.example.org")


def only(module: Any, given: Feed) -> Document:
    """The one document a format gives."""
    (document,) = module.render(given)
    return document
