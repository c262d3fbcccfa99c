"""Reports to print, without publishing anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from feeder.config import Settings, Site
from feeder.errors import Problem
from feeder.mail.cutting import Cut, Outlook
from feeder.mail.sending.ledger import Tally
from feeder.pipeline import Mailing
from feeder.websub import Notified

AT = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
SETTINGS = Settings(root=Path("/publication"), site=Site(title="天数智芯新闻", url="https://news.example.org/"))

MISSING_IMAGE = Problem(
    "entries/iluvatar.md:37",
    "image not found: ../images/illu02.png",
    "put the file in entries/, static/, source/, public/ or the publication; the alt text is shown meanwhile",
    source="![新产品](../images/illu02.png)",
    column=8,
    width=20,
)
BAD_DATE = Problem(
    "entries/a.md:3",
    "30 February does not exist: 2026-02-30",
    "write a real day, as 2026-02-28",
    rejects=True,
    source="date: 2026-02-30",
    column=7,
    width=10,
)
NOT_UTF8 = Problem(
    "entries/gbk.md",
    "not UTF-8 at byte 12 (looks like GB18030)",
    "`feeder convert entries/gbk.md` rewrites it",
    rejects=True,
)


@dataclass(frozen=True)
class Due:
    at: datetime
    why: str


@dataclass(frozen=True)
class Change:
    kind: str
    id: str
    path: str
    title: str
    url: str = ""


@dataclass(frozen=True)
class Report:
    """As ``pipeline.Report``."""

    at: datetime = AT
    exit_code: int = 0
    title: str = "天数智芯新闻"
    public: int = 12
    changes: tuple[Change, ...] = ()
    problems: tuple[Problem, ...] = ()
    fresh: tuple[Problem, ...] = ()
    written: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    unchanged: int = 214
    deployed: bool | None = None
    next: Due | None = field(default=Due(datetime(2026, 12, 1, 1, 0, tzinfo=UTC), "entry"))
    mailing: Mailing = field(default_factory=Mailing)
    hub: Notified | None = None
    seconds: float = 0.42


CHANGES = (
    Change("new", "tag:news.example.org,2026:2026-11-02/a", "2026/11/订单", "订单接近 2 亿元"),
    Change("new", "tag:news.example.org,2026:2026-11-03/b", "2026/11/融资", "天数智芯：融资消息"),
    Change("corrected", "tag:news.example.org,2026:2026-10-03/c", "2026/10/发布", "更正：峰值算力"),
    Change("withdrawn", "tag:news.example.org,2026:2026-10-01/d", "2026/10/误发", "已撤回"),
)
MONDAY = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
MAILED = Mailing(
    cuts=(
        Cut(
            digest=41,
            list="daily",
            until=AT,
            language="zh-CN",
            frequency="daily",
            entries=2,
            corrections=1,
            queued=128,
            page="digests/daily/2026-11-22",
            send_at=AT,
        ),
    ),
    outlook=(
        Outlook(
            list="weekly",
            title="每周新闻",
            frequency="weekly",
            at=MONDAY,
            zone="Asia/Shanghai",
            entries=3,
            subscribers=128,
        ),
    ),
    tally=Tally(sent=126, deferred=1, failed=1, alarms=["mail to qq is paused until 10:00: 550 frequency limited"]),
)
HUB = Notified(
    "https://hub.example.net/",
    topics=("https://news.example.org/feed.atom", "https://news.example.org/feed.rss"),
    refused=("https://news.example.org/feed.json: 404 Not Found",),
    owed=3,
    error="answered 503 Service Unavailable",
    next=datetime(2026, 11, 22, 1, 1, tzinfo=UTC),
)
BUSY = Report(
    exit_code=3,
    changes=CHANGES,
    problems=(MISSING_IMAGE, BAD_DATE, NOT_UTF8),
    fresh=(BAD_DATE,),
    written=("2026/11/订单/index.html", "feed.atom"),
    deleted=("2026/10/误发/index.html",),
    mailing=MAILED,
    hub=HUB,
)
QUIET = Report(exit_code=3, problems=(BAD_DATE,))
