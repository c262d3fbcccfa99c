"""Messages for the tests of mail: settings, a digest's text with holes, a stencil, and how a reader takes one apart."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from support import NOW

from feeder.config.settings import Mail, MailingList, Settings, Site, Web
from feeder.mail.links import Links
from feeder.mail.message import Stencil
from feeder.mail.message.dkim import Signer
from feeder.mail.message.verp import Verp
from feeder.mail.tokens import Tokens
from feeder.mail.values import HOLE, Message, Recipient, Rendered

KEYS = [b"k" * 32]
WEEKLY = MailingList(name="weekly", title="每周新闻")
UNSUBSCRIBE, PREFERENCES, NAME = (HOLE.format(name) for name in ("unsubscribe", "preferences", "name"))
ADDRESS = "上海市浦东新区世纪大道 1 号"
SUBJECT = "每周新闻 · 11 月 23 日：天数智芯：订单接近 2 亿元"
HTML = f"""\
<!DOCTYPE html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>{SUBJECT}</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"></head>
<body><h1>每周新闻</h1>
<h2><a href="https://news.example.org/2026/11/a/">天数智芯：订单接近 2 亿元</a></h2>
<p>11 月 20 日消息，天数智芯今日宣布，其通用 GPU 产品的订单接近 2 亿元，已经量产出货，客户在互联网等行业。</p>
<p>{ADDRESS}</p>
<p><a href="{UNSUBSCRIBE}">退订</a> <a href="{PREFERENCES}">选择频率和标签</a></p></body></html>
"""
TEXT = f"""\
每周新闻

天数智芯：订单接近 2 亿元
https://news.example.org/2026/11/a/

2026 年 11 月 20 日消息，天数智芯今日宣布，其通用 GPU 产品的订单接近 2 亿元，已经量产出货，客户在互联网等行业。

{ADDRESS}
退订：{UNSUBSCRIBE}
选择频率和标签：{PREFERENCES}
"""
RENDERED = Rendered(subject=SUBJECT, html=HTML, text=TEXT)


def settings(root: Path = Path("/nowhere"), **mail: Any) -> Settings:
    """A publication with one list and pages to unsubscribe; ``mail`` goes into ``[mail]``."""
    given = {
        "from_": "新闻编辑部 <news@example.org>",
        "bounce": "bounce@example.org",
        "unsubscribe": "unsubscribe@example.org",
        "postal_address": ADDRESS,
    }
    return Settings(
        root=root,
        site=Site(title="测试新闻", url="https://news.example.org/"),
        mail=Mail(**(given | mail)),
        web=Web(url="https://subscribe.example.org/"),
        lists=(WEEKLY,),
    )


def recipient(of: Settings | None = None, **given: Any) -> Recipient:
    """A subscriber with the addresses that belong to these settings."""
    links = Links(of or settings(), Tokens(KEYS))
    made = Recipient(
        subscriber=123,
        address="reader@example.net",
        unsubscribe=links.unsubscribe(123, "weekly"),
        preferences=links.preferences(123, NOW, "weekly"),
    )
    return replace(made, **given)


def stencil(
    of: Settings | None = None, rendered: Rendered = RENDERED, signer: Signer | None = None, **given: Any
) -> Stencil:
    """The stencil of digest 7."""
    of = of or settings()
    arguments: dict[str, Any] = {
        "digest_id": 7,
        "made_at": NOW,
        "list_host": "news.example.org",
        "archive_url": "https://news.example.org/digests/weekly/",
        "signer": signer,
        "verp": Verp(KEYS, of.mail.bounce),
    }
    return Stencil(of, of.lists[0], rendered, **(arguments | given))


def message(of: Settings | None = None, rendered: Rendered = RENDERED, **given: Any) -> Message:
    """The message of digest 7 to the reader; ``given`` goes to the recipient."""
    of = of or settings()
    return stencil(of, rendered).message(recipient(of, **given))


def parsed(data: bytes) -> EmailMessage:
    """What the standard library reads in a message."""
    read = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(read, EmailMessage)
    return read


def bodies(data: bytes) -> tuple[str, str]:
    """Text and HTML of a message, lines ended by LF."""
    text, html = parsed(data).iter_parts()
    assert isinstance(text, EmailMessage)
    assert isinstance(html, EmailMessage)
    return text.get_content().replace("\r\n", "\n"), html.get_content().replace("\r\n", "\n")
