"""What is wrong with the mail of a publication before anybody gets it: its messages, its keys, its records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from feeder import config
from feeder.catalog import has_real_url
from feeder.config import Settings
from feeder.errors import Problem

if TYPE_CHECKING:
    from feeder.mail.dnscheck import Told


def check_mail(settings: Settings, now: datetime) -> Iterator[Problem]:
    """Compose each list's next digest, as ``feeder digest preview`` does, and tell what receivers would mind.

    Raises:
        UsageError: nothing is published yet that a digest could show.
        SettingsError: a template or a key is wrong.
    """
    from feeder.mail import lint
    from feeder.mail.message import dkim
    from feeder.upkeep import digests

    settings = _as_if_public(settings)
    yield from dkim.exposed(settings)
    yield from _foreign_senders(settings)
    signed = dkim.signer(settings) is not None
    for mailing_list in settings.lists:
        shown = digests.preview(settings, now, mailing_list.name)
        place = f"mail of {mailing_list.name}"
        found = lint.lint(shown.message.data, now=now, postal_address=settings.mail.postal_address, signed=signed)
        for one in found:
            yield Problem(place, one.message, f"rule {one.rule}")


def _as_if_public(settings: Settings) -> Settings:
    """A rehearsal at an address that is only this machine's is looked at as it will be at a real one."""
    by_host = replace(settings, site=replace(settings.site, authority=""))
    if settings.mail.transport in {"smtp", "sendmail"} or has_real_url(by_host):
        return settings
    return replace(settings, site=replace(settings.site, url="https://example.org/"))


def _foreign_senders(settings: Settings) -> Iterator[Problem]:
    from feeder.mail import lists
    from feeder.mail.providers import provider_of

    for address in dict.fromkeys(lists.sender_of(settings, one)[1] for one in (None, *settings.lists)):
        domain = address.rpartition("@")[2].lower()
        own = f".{settings.mail.smtp.host.lower()}".endswith(f".{domain}")
        if settings.mail.transport in {"smtp", "sendmail"} and provider_of(address) != domain and not own:
            yield Problem(
                config.FILE,
                f"mail from {domain} that another server sends fails DMARC, and is refused",
                "send from a domain of your own, or by the server of that provider",
            )


def check_dns(settings: Settings, server: str = "") -> Told:
    """What the DNS says about the publication's sender; ``server`` is ``HOST:PORT``, or empty for this machine's.

    Raises:
        DnsUnreachable: no name server answers.
        SettingsError: a key is wrong.
    """
    from feeder.mail import dnscheck

    return dnscheck.check(settings, dnscheck.Resolver(server))
