"""Settings, lists and entries to compose digests of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from support import FIXTURES

from feeder import dates
from feeder.config.settings import Mail, MailingList, Settings, Site, Web
from feeder.mail.compose import Composer
from feeder.mail.values import Edition
from feeder.model import Enclosure, Image, PublicEntry, Via

URL = "https://news.example.org/"
UNTIL = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
"""08:00 of a Monday in Shanghai."""
TEXT = {language: (FIXTURES / f"pages/entry.{language}.html").read_text("utf-8") for language in ("zh-CN", "en")}
WEEKLY = MailingList(name="weekly", title="每周新闻", description="每周一早上八点。")


def settings(
    root: Path, *, web: str = "https://subscribe.example.org/", sandbox: bool = False, **mail: str
) -> Settings:
    sender = {"from_": "新闻编辑部 <news@example.org>", "postal_address": "北京市海淀区中关村大街 1 号"}
    return Settings(
        root=root,
        site=Site(title="芯闻台", url=URL, author="新闻编辑部", sandbox=sandbox),
        mail=Mail(**sender | mail),  # type: ignore[arg-type]
        web=Web(url=web),
    )


def composer(root: Path, **more: str) -> Composer:
    return Composer(settings(root, **more))


def entry(number: int = 1, **more: object) -> PublicEntry:
    at = UNTIL - timedelta(days=number)
    values: dict[str, object] = {
        "id": f"tag:news.example.org,2026:{number}",
        "url": f"{URL}2026/11/entry-{number}/",
        "title": f"第 {number} 条消息",
        "published": at,
        "updated": at,
        "released": at,
        "language": "zh-CN",
        "summary": f"第 {number} 条的摘要。",
        "path": f"entries/{number}.md",
        "html": f'<p>第 {number} 条的正文，<a href="https://source.example/{number}">链接</a>。</p>',
        "authors": ("新闻编辑部",),
        "tags": ("芯片",),
    } | more
    return PublicEntry(**values)  # type: ignore[arg-type]


def rich(language: str = "zh-CN") -> PublicEntry:
    """An entry that has everything."""
    return entry(
        language=language,
        title="云雀二号发布：功耗降两成" if language == "zh-CN" else "Lark 2 draws a fifth less power",
        html=TEXT[language],
        correction="功耗是 180 W，不是 160 W。",
        cover=Image(f"{URL}assets/lark.1a2b.png", "发布会", "image/png", 1600, 800),
        via=(Via("https://wire.example.net/a", "通讯社"), Via("https://www.daily.example/b")),
        enclosures=(Enclosure(f"{URL}assets/talk.9f.mp3", "audio/mpeg", 1_240_000, "采访录音", 185),),
    )


def edition(*entries: PublicEntry, **more: object) -> Edition:
    values: dict[str, object] = {"entries": entries, "until": dates.to_micros(UNTIL), "language": "zh-CN"} | more
    return Edition(**values)  # type: ignore[arg-type]
