"""Which tables ``feeder.toml`` has, and which check stands for which key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from feeder.config import checks, mailchecks, webchecks
from feeder.config.checks import Wrong
from feeder.config.settings import (
    Dkim,
    Entries,
    Feeds,
    Follow,
    Imap,
    Limits,
    Mail,
    MailingList,
    Output,
    Site,
    Smtp,
    Web,
    Webhook,
    WebLimits,
)

TABLES: Mapping[str, type[Any]] = MappingProxyType(
    {
        "site": Site,
        "entries": Entries,
        "feeds": Feeds,
        "output": Output,
        "follow": Follow,
        "mail": Mail,
        "mail.smtp": Smtp,
        "mail.imap": Imap,
        "mail.dkim": Dkim,
        "mail.limits": Limits,
        "web": Web,
        "web.limits": WebLimits,
        "web.webhook": Webhook,
        "lists": MailingList,
    }
)
"""By name; one with a dot stands within another."""

REPEATED = ("follow", "lists")
"""Tables that may stand several times, in two brackets."""

PRIVATE = (("mail", "database"), ("mail", "broker"))
"""Keys whose values may hold a password: never shown."""


@dataclass(frozen=True, slots=True)
class Range:
    """What a number may be."""

    least: int
    most: int
    what: str
    """The sentence that says so."""
    example: int

    def check(self, value: int) -> int:
        """The number, or ``Wrong``."""
        if not self.least <= value <= self.most:
            raise Wrong(f"{self.what}, not {value}", f"write a number such as {self.example}")
        return value


_PORT = "a port is a number of 1 to 65535"

RANGES: Mapping[tuple[str, str], Range] = MappingProxyType(
    {
        ("feeds", "size"): Range(1, 1000, "a feed holds 1 to 1000 entries", 20),
        ("mail.smtp", "port"): Range(1, 65535, _PORT, 25),
        ("mail.smtp", "connections"): Range(1, 100, "mail takes 1 to 100 connections", 4),
        ("mail.smtp", "messages"): Range(1, 100_000, "a connection takes 1 to 100000 messages", 500),
        ("mail.smtp", "timeout"): Range(1, 3600, "an answer is waited for 1 to 3600 seconds", 60),
        ("mail.imap", "port"): Range(1, 65535, _PORT, 993),
        ("mail.limits", "per_second"): Range(0, 100_000, "a second is for 0 (no limit) to 100000 messages", 10),
        ("mail.limits", "provider_per_minute"): Range(
            0, 1_000_000, "a limit is 0 (none) to 1000000 messages a minute", 60
        ),
        ("mail.limits", "warm_up"): Range(0, 1_000_000, "a first day is for 0 (no limit) to 1000000 messages", 200),
        ("mail.limits", "breaker"): Range(0, 100, "hard failures are 0 (no limit) to 100 per cent", 2),
        ("web", "port"): Range(0, 65535, "a port is a number of 0 (serve nothing) to 65535", 8080),
        ("web.limits", "prefix_per_hour"): Range(0, 1_000_000, "a limit is 0 (none) to 1000000 an hour", 20),
        ("web.limits", "domain_per_hour"): Range(0, 1_000_000, "a limit is 0 (none) to 1000000 an hour", 60),
        ("web.limits", "per_hour"): Range(0, 1_000_000, "a limit is 0 (none) to 1000000 an hour", 600),
        ("lists", "hour"): Range(0, 23, "an hour of the day is 0 to 23", 8),
        ("lists", "day"): Range(1, 31, "a day of the month is 1 to 31", 1),
    }
)
"""Every number has one."""

CHECKS: Mapping[tuple[str, str], Callable[[str], str]] = MappingProxyType(
    {
        ("site", "title"): checks.title,
        ("site", "url"): checks.site_url,
        ("site", "language"): checks.language,
        ("site", "timezone"): checks.zone,
        ("site", "author"): checks.line,
        ("site", "email"): checks.email,
        ("site", "description"): checks.line,
        ("site", "icon"): checks.icon,
        ("site", "authority"): checks.authority,
        ("site", "icp"): checks.line,
        ("entries", "path"): checks.inside,
        ("entries", "permalink"): checks.permalink,
        ("feeds", "also"): checks.old_feed,
        ("feeds", "hub"): checks.optional_address,
        ("output", "path"): checks.output,
        ("output", "deploy_timeout"): mailchecks.wait,
        ("follow", "feed"): checks.address,
        ("follow", "name"): checks.line,
        ("mail", "from"): mailchecks.sender,
        ("mail", "reply_to"): mailchecks.sender,
        ("mail", "editor"): mailchecks.sender,
        ("mail", "bounce"): mailchecks.return_path,
        ("mail", "unsubscribe"): mailchecks.address,
        ("mail", "postal_address"): checks.line,
        ("mail", "path"): checks.inside,
        ("mail", "sendmail"): mailchecks.program,
        ("mail", "database"): mailchecks.database,
        ("mail", "broker"): mailchecks.broker,
        ("mail", "catch_up"): mailchecks.wait,
        ("mail.smtp", "host"): mailchecks.host,
        ("mail.smtp", "user"): checks.line,
        ("mail.imap", "host"): mailchecks.optional_host,
        ("mail.imap", "user"): checks.line,
        ("mail.imap", "folder"): mailchecks.folder_of_imap,
        ("mail.dkim", "domain"): mailchecks.optional_domain,
        ("mail.dkim", "selector"): mailchecks.selector,
        ("mail.dkim", "key_file"): mailchecks.key_file,
        ("mail.dkim", "ed25519_selector"): mailchecks.selector,
        ("mail.dkim", "ed25519_key_file"): mailchecks.key_file,
        ("web", "url"): mailchecks.web_url,
        ("web", "host"): webchecks.host,
        ("web", "proxies"): webchecks.network,
        ("web.webhook", "sns_certificate"): mailchecks.key_file,
        ("web.webhook", "sns_topics"): webchecks.topic,
        ("lists", "name"): mailchecks.list_name,
        ("lists", "title"): checks.line,
        ("lists", "description"): checks.line,
        ("lists", "timezone"): mailchecks.optional_zone,
        ("lists", "language"): mailchecks.optional_language,
        ("lists", "tags"): mailchecks.name_of_something,
        ("lists", "authors"): mailchecks.name_of_something,
        ("lists", "languages"): checks.language,
        ("lists", "from"): mailchecks.sender,
        ("lists", "reply_to"): mailchecks.sender,
        ("lists", "subject"): mailchecks.subject,
        ("lists", "template"): mailchecks.template,
        ("lists", "approve"): mailchecks.optional_wait,
    }
)
"""By table and key; lists are checked member by member. Text without an entry here is checked by ``text``."""


def shown(table: str) -> str:
    """A table as it stands in the file: ``[mail.smtp]``, ``[[lists]]``."""
    return f"[[{table}]]" if table in REPEATED else f"[{table}]"
