"""The domains that a publication's mail speaks for: those of From, of the return path, of the relay."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final

from feeder.mail import lists
from feeder.mail.addresses import normal

if TYPE_CHECKING:
    from feeder.config import Settings

RELAYS: Final = {
    "amazonaws.com": "amazonses.com",
    "sendgrid.net": "sendgrid.net",
    "mailgun.org": "mailgun.org",
    "postmarkapp.com": "spf.mtasv.net",
    "sparkpostmail.com": "sparkpostmail.com",
    "mailjet.com": "spf.mailjet.com",
    "brevo.com": "spf.brevo.com",
    "gmail.com": "_spf.google.com",
    "office365.com": "spf.protection.outlook.com",
    "exmail.qq.com": "spf.mail.qq.com",
    "dm.aliyun.com": "spf1.dm.aliyun.com",
    "mxhichina.com": "spf.mxhichina.com",
    "qiye.aliyun.com": "spf.qiye.aliyun.com",
    "ym.163.com": "spf.163.com",
    "qiye.163.com": "spf.qiye.163.com",
}
"""Ending of a relay's host -> what it asks its customers to include."""


def sender_domains(settings: Settings) -> list[str]:
    """Those of From: the publication's, and that of each list with a sender of its own."""
    senders = [lists.sender_of(settings, one)[1] for one in (None, *settings.lists)]
    return list(dict.fromkeys(domain_of(normal(sender)[0]) for sender in senders))


def return_domains(settings: Settings) -> list[str]:
    """Those of the return paths, which SPF is about."""
    return [domain_of(normal(settings.mail.bounce)[0])] if settings.mail.bounce else sender_domains(settings)


def domain_of(address: str) -> str:
    """What stands behind the @, in small letters."""
    return address.rpartition("@")[2].lower()


def relay_include(settings: Settings) -> str:
    """What SPF has to include for the relay; empty where the server of ``[mail.smtp]`` is no known relay."""
    host = settings.mail.smtp.host.lower()
    return next((include for ending, include in RELAYS.items() if f".{host}".endswith(f".{ending}")), "")


def is_address(host: str) -> bool:
    """Whether it is an IP address, not a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_local(host: str) -> bool:
    """Whether it is this machine."""
    return host == "localhost" or (is_address(host) and ipaddress.ip_address(host).is_loopback)
