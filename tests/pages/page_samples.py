"""A small site in Chinese and one in English, with an entry that uses everything a text can hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from support import FIXTURES

from feeder.config.settings import Settings, Site
from feeder.model import (
    Digest,
    DigestLine,
    DigestList,
    Document,
    Enclosure,
    Feed,
    Headline,
    Image,
    PublicEntry,
    Via,
)
from feeder.pages.site import Pages

URL = "https://news.example.org/"
DAY = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

TEXT_ZH = (FIXTURES / "pages/entry.zh-CN.html").read_text("utf-8")

TEXT_EN = (FIXTURES / "pages/entry.en.html").read_text("utf-8")

_STORIES_ZH = (
    (
        "云雀二号发布：功耗降两成，首批样卡交付四家客户",
        "澄芯科技在苏州发布第二代推理加速卡，量产时间定在明年第二季度。公司没有公布售价，只说会低于上一代。",
    ),
    ("北岸半导体把封装线搬到波尔图", "首条产线预计明年三月满产，主要面向推理卡所用的小芯片。"),
    (
        "一季度芯片进口额同比下降，存储器价格回升",
        "海关数据显示，进口数量与金额同时回落；分析人士认为，库存已经接近正常水平。",
    ),
    ("《算力基础设施绿色评价》征求意见", "新标准把“每度电完成的推理次数”列为主要指标，意见反馈截至下月底。"),
    ("<新品> 与 R&D：名字里带尖括号的板卡", ""),
    ("开源驱动合入主线，旧卡也能用上新编译器", "维护者说，合并花了七个月，删掉的代码比加上的多。"),
)
_STORIES_EN = (
    (
        "Lark 2 draws a fifth less power, and ships to four customers",
        "Clear Core showed its second inference card in Suzhou. Volume follows in the second quarter of next year.",
    ),
    (
        "Northbank moves packaging to Porto",
        "The first line should be full by March; it finishes chiplets for inference cards.",
    ),
    (
        "Memory prices recover as inventories return to normal",
        "Customs figures fell in both number and value for the first quarter.",
    ),
    ("Draft standard counts answers per kilowatt-hour", "Comments are open until the end of next month."),
    ("<New> cards & R&D: names with angle brackets", ""),
    ("Open driver merged after seven months", "More lines were removed than added, its maintainer says."),
)


_VIA_ZH = (
    Via("https://suzhou-daily.example.com/tech/1.html", "苏州科技报"),
    Via("https://www.wire.example.net/a"),
)


def settings(root: Path, language: str = "zh-CN", **more: str) -> Settings:
    zh = language.startswith("zh")
    values = {
        "title": "芯片观察" if zh else "Chip Watch",
        "url": URL,
        "author": "新闻编辑部" if zh else "The newsroom",
        "description": "每天一点算力与半导体的消息。" if zh else "A little news of chips, every day.",
        "rights": "© 2026 芯片观察" if zh else "© 2026 Chip Watch",
        "icp": "京ICP备00000000号-1" if zh else "",
    } | more
    return Settings(root=root, site=Site(language=language, timezone="Asia/Shanghai", **values))


def headlines(language: str = "zh-CN") -> list[Headline]:
    found = []
    for number, (title, summary) in enumerate(_STORIES_ZH if language.startswith("zh") else _STORIES_EN):
        at = DAY - timedelta(days=9 * number)
        cover = Image(f"{URL}assets/board.1a2b3c4d.png", "", "image/png", 1200, 640) if number in (0, 2) else None
        found.append(
            Headline(
                id=f"tag:news.example.org,2026:{number}", url=f"{URL}{at:%Y/%m}/story-{number}/", title=title,
                published=at, updated=at, language=language, summary=summary, cover=cover,
                correction="峰值算力" if number == 3 else "",
            )
        )  # fmt: skip
    found.append(
        Headline(
            id="tag:news.example.org,2026:x", url=f"{URL}2026/09/x/", published=DAY - timedelta(days=60),
            updated=DAY, language="en" if language.startswith("zh") else "zh-CN", summary="",
            title="A word from our readers abroad" if language.startswith("zh") else "来自中文读者的一封信",
        )
    )  # fmt: skip
    return found


def entry(language: str = "zh-CN", **more: object) -> PublicEntry:
    zh = language.startswith("zh")
    values: dict[str, object] = {
        "id": "tag:news.example.org,2026:2026-11-20/lark-2",
        "url": f"{URL}2026/11/%E4%BA%91%E9%9B%80%E4%BA%8C%E5%8F%B7/" if zh else f"{URL}2026/11/porto/",
        "title": (_STORIES_ZH if zh else _STORIES_EN)[0 if zh else 1][0],
        "published": DAY,
        "updated": DAY + timedelta(days=1, hours=2),
        "language": language,
        "summary": (_STORIES_ZH if zh else _STORIES_EN)[0 if zh else 1][1],
        "correction": "首批客户为四家，此前误写为五家。" if zh else "The plant will employ 240 people, not 420.",
        "tags": ("推理", "澄芯科技", "C++", "TCP/IP") if zh else ("packaging", "Europe"),
        "cover": Image(f"{URL}assets/cover.5e6f7a8b.jpg", "发布会" if zh else "Clean room", "image/jpeg", 1600, 900),
        "path": "entries/lark.md",
        "released": DAY,
        "html": TEXT_ZH if zh else TEXT_EN,
        "authors": ("林一", "周小满") if zh else ("Ada Reis",),
        "via": _VIA_ZH if zh else (Via("https://wire.example.net/a", "The Wire"),),
        "enclosures": (
            Enclosure(f"{URL}assets/lark.9c8d7e6f.mp3", "audio/mpeg", 8_412_345, "音频" if zh else "Story", 525),
        ),
    }  # fmt: skip
    return PublicEntry(**(values | more))  # type: ignore[arg-type]


def feeds(language: str = "zh-CN") -> list[Feed]:
    zh = language.startswith("zh")
    named = [("feed", "芯片观察" if zh else "Chip Watch", "")]
    named += [
        (f"tags/{name}/feed", name, f"tags/{name}/")
        for name in (("推理", "澄芯科技") if zh else ("packaging", "Europe"))
    ]
    named += [("authors/林一/feed", "林一", "authors/林一/"), ("languages/zh-CN/feed", "zh-CN", "languages/zh-CN/")]
    return [
        Feed(id=f"tag:{path}", title=title, path=path, page_url=URL + page, site_url=URL, updated=DAY)
        for path, title, page in named
    ]


def lists(language: str = "zh-CN") -> list[DigestList]:
    zh = language.startswith("zh")
    return [
        DigestList(
            name="weekly", title="每周新闻" if zh else "Weekly news", language=language,
            description="每周一早上，一周的新闻一次寄到。" if zh else "Every Monday, the news of a week in one mail.",
            page_url=f"{URL}digests/weekly/", feed="digests/weekly/feed", weekday=0,
            subscribe_url="https://subscribe.example.org/subscribe/weekly", frequencies=("weekly", "daily"),
        ),
        DigestList(
            name="abroad", title="News abroad" if zh else "海外新闻", language="en" if zh else "zh-CN",
            page_url=f"{URL}digests/abroad/", feed="digests/abroad/feed", frequencies=("monthly",),
        ),
    ]  # fmt: skip


def line(language: str, day: int) -> DigestLine:
    at = datetime(2026, 11, day, 8, tzinfo=timezone(timedelta(hours=8)))
    title = headlines(language)[day % 4].title
    return DigestLine(url=f"{URL}digests/weekly/{at:%Y-%m-%d}/", title=title, at=at, language=language)


def digest(language: str = "zh-CN") -> Digest:
    zh = language.startswith("zh")
    about = next(one for one in (*lists("zh-CN"), *lists("en")) if one.language == language)
    own = line(language, 23)
    return Digest(
        url=f"{URL}digests/{about.name}/{language}/", title=own.title, at=own.at, language=language, list=about,
        preface='<p>编辑的话：这一周最要紧的是<a href="https://example.com/">一款新卡</a>。</p>' if zh else "",
        entries=(
            entry(language),
            entry("en" if zh else "zh-CN", correction=""),
            entry(language, url=f"{URL}2026/10/gone/", html="", withdrawn=True),
        ),
        corrections=(entry(language, title="<新品> 与 R&D" if zh else "<New> cards & R&D"),),
        older=line(language, 16),
        newer=line("en", 30) if zh else None,
    )  # fmt: skip


def documents(pages: Pages, language: str = "zh-CN") -> Iterator[Document]:
    """One page of every kind, and all that is beside them."""
    lines = headlines(language)
    yield from pages.assets()
    yield pages.entry(entry(language))
    yield pages.entry(entry("en" if language.startswith("zh") else "zh-CN"))
    yield pages.withdrawn(entry(language, url=f"{URL}2026/10/gone/", html="", withdrawn=True))
    yield pages.index(lines, {2026: 214, 2025: 180, 2024: 1})
    yield pages.year(2026, {11: 2, 10: 4, 9: 1}, lines)
    yield pages.year(2025, {month: month * 3 for month in range(1, 13)})
    yield pages.month(2026, 11, lines[:3])
    yield pages.tags({"推理": 31, "C++": 2, "澄芯科技": 12, "TCP/IP": 1, "封装与测试": 8, "packaging": 3})
    yield pages.label("tag", "推理", lines, 0, 2)
    yield pages.label("tag", "推理", lines[:4], 2, 2)
    yield pages.label("tag", "推理", lines[:4], 1, 2)
    yield pages.label("author", "林一", lines[:2])
    yield pages.label("language", "zh-CN", lines[1:3])
    yield pages.feeds(feeds(language), lists(language))
    yield pages.digest(digest(language))
    yield pages.digest(digest("en" if language.startswith("zh") else "zh-CN"))
    yield pages.digests(lists(language)[0], [line(language, day) for day in (23, 16, 9, 2)])
    yield pages.archives([(one, [line(language, 23)]) for one in lists(language)])
    yield pages.not_found()
    yield pages.redirect("/old/1.html", entry(language).url)
    yield from pages.sitemap([(line.url, line.updated) for line in reversed(lines)])
    yield pages.robots()
