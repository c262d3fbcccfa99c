"""What the DNS says about the sender, and what it should say: SPF, DKIM, DMARC, the mailbox of bounces, PTR.

Only questions to the DNS are asked, and only about names in the settings (and what their SPF records include).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeder.errors import Problem
from feeder.mail.dnscheck.records import bounces, dmarc, keys, reverse
from feeder.mail.dnscheck.resolver import DnsUnreachable, Resolver
from feeder.mail.dnscheck.spf import spf
from feeder.mail.dnscheck.values import Told, Wanted

if TYPE_CHECKING:
    from feeder.config import Settings

__all__ = ("DnsUnreachable", "Resolver", "Told", "Wanted", "check")


def check(settings: Settings, resolver: Resolver) -> Told:
    """Everything about the publication's sender; each list that has a sender of its own counts too.

    Raises:
        DnsUnreachable: nobody answers.
        SettingsError: a signing key cannot be read.
    """
    problems: list[Problem] = []
    wanted: list[Wanted] = []
    for one in (spf, keys, dmarc, bounces, reverse):
        for found in one(settings, resolver):
            if isinstance(found, Problem):
                problems.append(found)
            else:
                wanted.append(found)
    return Told(tuple(dict.fromkeys(problems)), tuple(dict.fromkeys(wanted)))
