"""Publications on machines that are always the same, for files that name paths and users."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from feeder.cli.units.values import House
from feeder.config import Mail, Output, Settings, Site
from feeder.config.settings import Imap

BIN = "/opt/feeder/bin"


def house(root: str = "/srv/news", *, programs: str = BIN, name: str = "feeder", **other: Any) -> House:
    """A publication in ``root``; ``other`` are tables of its settings."""
    site = other.pop("site", Site(title="天数智芯新闻", url="https://news.example.org/"))
    return House(
        Settings(root=Path(root), site=site, **other),
        name,
        (f"{programs}/feeder",),
        (f"{programs}/publish",),
        "/usr/bin/python3.13",
        "news",
        1003,
        1004,
        "0.1.0",
    )


PLAIN = house()
BUSY = house(
    '/srv/新闻 100% "$HOME" it\'s',
    programs="/home/li/my feeder/bin",
    name="feeder-news",
    site=Site(title="新闻 100%\n$x", url="https://news.example.org/", email="news@example.org"),
    output=Output(path="/var/www/新 闻", deploy="rsync -a out/ web:/srv/www/"),
    mail=Mail(imap=Imap(host="imap.example.org", user="bounce"), database="/var/lib/feeder/mail.db"),
)
POSTFIX = house(mail=Mail(transport="sendmail"))
