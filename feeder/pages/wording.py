"""The interface texts in Chinese and English, and how each language writes a date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language's texts; templates see them as ``t``."""

    skip: str
    menu: str
    home: str
    archive: str
    tags: str
    subscribe: str
    latest: str
    empty: str
    published: str
    updated: str
    author: str
    via: str
    via_space: str
    correction: str
    listen: str
    watch: str
    colon: str
    download: str
    withdrawn: str
    withdrawn_text: str
    withdrawn_on: str
    tag: str
    by: str
    in_language: str
    languages: str
    authors: str
    older: str
    newer: str
    digests: str
    mailed: str
    contents: str
    corrections: str
    older_digest: str
    newer_digest: str
    all_digests: str
    nothing_left: str
    by_mail: str
    by_mail_text: str
    by_mail_how: str
    also_as_feed: str
    frequencies: tuple[str, str, str, str]
    weekdays: tuple[str, ...]
    or_else: str
    pages: str
    page_number: str
    feed_what: str
    feed_why: str
    feed_how: str
    feed_copy: str
    feed_all: str
    feed_any: str
    feed_list: str
    feed_list_text: str
    feed_hint: str
    lost: str
    lost_text: str
    moved: str
    moved_text: str
    table: str
    code: str
    one: str
    many: str
    date: str
    day: str
    month: str
    year: str
    months: tuple[str, ...]

    def entries(self, count: int) -> str:
        """How many entries: ``3 条``, ``1 entry``, ``3 entries``."""
        return (self.one if count == 1 else self.many).format(count)

    def frequency(self, names: Sequence[str], weekday: int) -> str:
        """How often a list comes: ``每周一，也可以选每天``, ``every Monday, or daily``; 0 is Monday."""
        said = [self._often(name).format(weekday=self.weekdays[weekday]) for name in names]
        return said[0] + "".join(self.or_else.format(one) for one in said[1:]) if said else ""

    def _often(self, name: str) -> str:
        return self.frequencies[("instant", "daily", "weekly", "monthly").index(name)]

    def full_date(self, at: datetime) -> str:
        """``2024年4月2日``, ``2 April 2024``; of an instant in the site's zone."""
        return self.date.format(y=at.year, m=at.month, d=at.day, month=self.months[at.month - 1])

    def short_date(self, at: datetime) -> str:
        """``4月2日``, ``2 April``; of an instant in the site's zone."""
        return self.day.format(m=at.month, d=at.day, month=self.months[at.month - 1])

    def month_of(self, year: int, month: int) -> str:
        """``2024年4月``, ``April 2024``."""
        return self.month.format(y=year, m=month, month=self.months[month - 1])

    def year_of(self, year: int) -> str:
        """``2024年``, ``2024``."""
        return self.year.format(y=year)


ZH = Words(
    skip="跳到正文",
    menu="导航",
    home="首页",
    archive="归档",
    tags="标签",
    subscribe="订阅",
    latest="最新",
    empty="还没有新闻。",
    published="发布于",
    updated="更新于",
    author="作者",
    via="来源：",
    via_space="、",
    correction="更正",
    listen="收听",
    watch="观看",
    colon="：",
    download="下载",
    withdrawn="已撤回",
    withdrawn_text="这条新闻已经撤回，内容不再提供。",
    withdrawn_on="撤回于",
    tag="标签",
    by="作者",
    in_language="语言",
    languages="语言",
    authors="作者",
    older="较早的新闻",
    newer="较新的新闻",
    digests="往期邮件",
    mailed="发送于",
    contents="本期内容",
    corrections="更正",
    older_digest="较早一期",
    newer_digest="较新一期",
    all_digests="全部往期",
    nothing_left="这一期里的新闻都已撤回。",
    by_mail="用邮件订阅",
    by_mail_text="留下邮箱，新闻会按您选的频率寄到。每封邮件里都有退订链接。",
    by_mail_how="往期邮件都可以在这里阅读。",
    also_as_feed="往期邮件的订阅源",
    frequencies=("有新闻就发", "每天", "每{weekday}", "每月"),
    weekdays=("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    or_else="，也可以选{}",
    pages="翻页",
    page_number="第 {} 页",
    feed_what="订阅源是什么？",
    feed_why="订阅源是一个会随新闻更新的地址。把它交给阅读器，新的内容就会自己送到您面前：不用注册，没有算法，随时可以退订。",
    feed_how="复制下面任意一个地址，粘贴到您的阅读器里，例如 Feedly、Inoreader、NetNewsWire、Reeder 或 FreshRSS。",
    feed_copy="点一下地址即可全选，然后复制。",
    feed_all="全部新闻",
    feed_any="三种格式的内容相同，选哪一种都可以；拿不准就用 Atom。",
    feed_list="一次带走全部",
    feed_list_text="OPML 文件列出了本站所有的订阅源，大多数阅读器都能导入：",
    feed_hint="这是给阅读器使用的订阅源。复制地址栏里的网址，粘贴到您的阅读器，即可订阅。",
    lost="页面不存在",
    lost_text="这个地址上没有内容。它可能写错了，也可能已经移走。",
    moved="页面已移动",
    moved_text="这个页面现在的地址是：",
    table="表格",
    code="代码",
    one="{} 条",
    many="{} 条",
    date="{y}年{m}月{d}日",
    day="{m}月{d}日",
    month="{y}年{m}月",
    year="{y}年",
    months=tuple(f"{m}月" for m in range(1, 13)),
)

EN = Words(
    skip="Skip to content",
    menu="Main",
    home="Home",
    archive="Archive",
    tags="Tags",
    subscribe="Subscribe",
    latest="Latest",
    empty="No news yet.",
    published="Published",
    updated="Updated",
    author="By",
    via="Source: ",
    via_space=", ",
    correction="Correction",
    listen="Listen",
    watch="Watch",
    colon=": ",
    download="Download",
    withdrawn="Withdrawn",
    withdrawn_text="This entry has been withdrawn and is no longer available.",
    withdrawn_on="Withdrawn",
    tag="Tag",
    by="Author",
    in_language="Language",
    languages="Languages",
    authors="Authors",
    older="Older",
    newer="Newer",
    digests="Digests",
    mailed="Sent",
    contents="In this digest",
    corrections="Corrections",
    older_digest="Previous digest",
    newer_digest="Next digest",
    all_digests="All digests",
    nothing_left="All entries of this digest have been withdrawn.",
    by_mail="By mail",
    by_mail_text="Leave an address, and the news comes as often as you choose. Every mail has a link to unsubscribe.",
    by_mail_how="Past digests can be read here.",
    also_as_feed="Digests as a feed",
    frequencies=("as it happens", "daily", "every {weekday}", "monthly"),
    weekdays=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    or_else=", or {}",
    pages="Pages",
    page_number="page {}",
    feed_what="What is a feed?",
    feed_why=(
        "A feed is an address that changes as news comes in. Give it to a feed reader, and whatever is new comes "
        "to you: no account, no algorithm, and you can leave whenever you like."
    ),
    feed_how=(
        "Copy any of the addresses below and paste it into your reader, such as Feedly, Inoreader, NetNewsWire, "
        "Reeder or FreshRSS."
    ),
    feed_copy="One click selects a whole address.",
    feed_all="All news",
    feed_any="The three formats say the same, and any will do; if in doubt, take Atom.",
    feed_list="All of them at once",
    feed_list_text="This OPML file lists every feed of this site; most readers can import it:",
    feed_hint="This is a feed, made for feed readers. Copy the address from the address bar into your reader.",
    lost="Page not found",
    lost_text="There is nothing at this address. It may be misspelt, or the page has moved away.",
    moved="This page has moved",
    moved_text="It is now here:",
    table="Table",
    code="Code",
    one="{} entry",
    many="{} entries",
    date="{d} {month} {y}",
    day="{d} {month}",
    month="{month} {y}",
    year="{y}",
    months=(
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
)


def words(language: str) -> Words:
    """The texts for a site's language (BCP 47): Chinese for ``zh`` and ``zh-…``, else English."""
    return ZH if language.lower().replace("_", "-").split("-")[0] == "zh" else EN


_LANGUAGES = {
    "ar": "العربية",
    "de": "Deutsch",
    "en": "English",
    "es": "Español",
    "fr": "Français",
    "it": "Italiano",
    "ja": "日本語",
    "ko": "한국어",
    "pt": "Português",
    "ru": "Русский",
    "zh": "中文",
    "zh-cn": "简体中文",
    "zh-hans": "简体中文",
    "zh-hant": "繁體中文",
    "zh-hk": "繁體中文（香港）",
    "zh-tw": "繁體中文（台灣）",
}


def language_name(tag: str) -> str:
    """A language in its own words: ``简体中文`` for ``zh-CN``; the tag itself where none is known."""
    lower = tag.lower()
    return _LANGUAGES.get(lower) or _LANGUAGES.get(lower.partition("-")[0], tag)
