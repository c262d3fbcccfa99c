"""What one message of a digest costs: `python -m bench.messages` measures it; `stencil` is for other benches.

A digest of twenty entries of Chinese text, about 54 KB, composed with the stock templates.
"""

from __future__ import annotations

import timeit
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from feeder import dates
from feeder.config.settings import Dkim, Mail, MailingList, Settings, Site, Web
from feeder.mail.compose import Composer
from feeder.mail.links import Links
from feeder.mail.message import Stencil, dkim
from feeder.mail.message.verp import Verp
from feeder.mail.tokens import Tokens
from feeder.mail.values import Edition, Message, Recipient
from feeder.model import PublicEntry

NOW = datetime(2026, 11, 23, tzinfo=UTC)
ENTRIES = 20
KEYS = [b"k" * 32]
WEEKLY = MailingList(name="weekly", title="每周新闻")
PARAGRAPH = (
    "<p>天数智芯今日宣布，其通用 GPU 产品的<b>订单接近 2 亿元</b>，已经量产出货，客户分布在互联网和教育等行业。</p>"
)


def settings(root: Path, *, signed: bool) -> Settings:
    """A publication with one list; with a new key in ``root`` where it signs."""
    if signed:
        key = rsa.generate_private_key(65537, 2048)
        (root / "dkim.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return Settings(
        root=root,
        site=Site(title="测试新闻", url="https://news.example.org/"),
        mail=Mail(
            from_="新闻编辑部 <news@example.org>",
            bounce="bounce@example.org",
            postal_address="上海市浦东新区世纪大道 1 号",
            dkim=Dkim(domain="example.org", selector="s1", key_file="dkim.pem") if signed else Dkim(),
        ),
        web=Web(url="https://subscribe.example.org/"),
        lists=(WEEKLY,),
    )


def entry(number: int) -> PublicEntry:
    """One of the digest's entries."""
    at = NOW - timedelta(hours=number)
    return PublicEntry(
        id=f"tag:news.example.org,2026:{number}",
        url=f"https://news.example.org/2026/11/{number}/",
        title=f"天数智芯：第 {number} 条消息",
        published=at,
        updated=at,
        released=at,
        language="zh-CN",
        summary="天数智芯今日宣布一条消息。",
        path=f"entries/{number}.md",
        html=PARAGRAPH * 6,
    )


def stencil(root: Path, *, signed: bool) -> Callable[[int], Message]:
    """What makes the message of a subscriber, by number."""
    of = settings(root, signed=signed)
    edition = Edition(
        entries=tuple(entry(n) for n in range(ENTRIES)), until=dates.to_micros(NOW), language="zh-CN", page_url="",
    )  # fmt: skip
    made = Stencil(
        of, WEEKLY, Composer(of).digest(WEEKLY, edition), digest_id=1, made_at=NOW, list_host="news.example.org",
        archive_url="https://news.example.org/digests/weekly/", signer=dkim.signer(of), verp=Verp(KEYS, of.mail.bounce),
    )  # fmt: skip
    links = Links(of, Tokens(KEYS))
    preferences = links.preferences(1, NOW, "weekly")
    unsubscribe = links.unsubscribe(1, "weekly")

    def message(number: int) -> Message:
        address = f"reader{number}@example.net"
        return made.message(
            Recipient(subscriber=number, address=address, unsubscribe=unsubscribe, preferences=preferences)
        )

    return message


def measure(message: Callable[[int], Message], count: int) -> float:
    """Seconds a message, the best of five rounds."""

    def some() -> None:
        for number in range(count):
            message(number)

    return min(timeit.repeat(some, number=1, repeat=5)) / count


def main() -> None:
    """Print milliseconds a message."""
    with TemporaryDirectory() as folder:
        for signed, count in ((False, 5_000), (True, 200)):
            message = stencil(Path(folder), signed=signed)
            kind, size = "signed" if signed else "unsigned", len(message(1).data)
            print(f"{kind}: {measure(message, count) * 1000:.4f} ms a message of {size:,} bytes")


if __name__ == "__main__":
    main()
