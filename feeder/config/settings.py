"""The settings, typed; ``feeder.toml`` is read into them.

Every field's docstring is the comment a person reads in the JSON Schema and in docs/reference/settings.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from feeder.errors import Problem


def toml_key(name: str) -> str:
    """A field's name as ``feeder.toml`` has it: ``from_`` is ``from``, which Python keeps for itself."""
    return name.rstrip("_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """``[site]``: who publishes, where, in which language and zone."""

    title: str
    """Name of the publication; the title of its feeds and pages."""
    url: str
    """Absolute address under which out/ is served; it ends with a slash, which is added where missing."""
    language: str = "zh-CN"
    """Language of the entries that name none, as BCP 47 writes it: zh-CN, en, de-AT."""
    timezone: str = "Asia/Shanghai"
    """IANA name of the zone that dates without one are in, and that pages and feeds show."""
    author: str = ""
    """Author of the entries that name none."""
    email: str = ""
    """Address of whoever is responsible for a podcast, public in its feed; without it there are no tags of Apple's."""
    description: str = ""
    """One sentence about the publication; the subtitle of its feeds."""
    rights: str = ""
    """Copyright or licence notice, shown in feeds and in the footer."""
    icon: str = ""
    """A square image, as a path in the publication or an absolute address."""
    authority: str = ""
    """Authority of newly minted ids (RFC 4151), as "news.example.org,2026"; empty: the host and year of the first \
publish with a real url, then kept in the history."""
    icp: str = ""
    """备案号 (ICP filing number), shown in the footer."""
    sandbox: bool = False
    """The templates of this publication are a stranger's: they reach nothing but what they are given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """``[entries]``: where they are and how they are addressed."""

    path: str = "entries"
    """Folder of the entry files, from the publication's root; also content/posts, _posts, source/_posts …"""
    permalink: str = "/{year}/{month}/{slug}/"
    """Pattern of new entries' addresses; tokens {year}, {month}, {day}, {slug} and {page} (the file's name). \
Addresses already public stay."""
    page_title: bool = True
    """Put the title of a news page before that of its items where they stand alone: 天数智芯：融资消息."""
    items: Literal["pages", "anchors"] = "pages"
    """Give each item of a news page a page of its own ("pages"), or a place on one page ("anchors")."""
    watch: Literal["auto", "polling"] = "auto"
    """How `feeder run` notices changes: told by the system where that can be ("auto"), or by looking ("polling")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feeds:
    """``[feeds]``: what subscribers get."""

    size: int = 20
    """Entries in a feed and in an archive document, 1 to 1000; entries of the last seven days come on top."""
    also: tuple[str, ...] = ()
    """Old addresses in out/ at which the main feed is written as well: index.xml, atom.xml, feed/index.xml …"""
    hub: str = ""
    """Absolute address of a WebSub hub, named in the feeds and told when they change; empty for none."""
    bump: Literal["notable", "any"] = "notable"
    """Which edits give an entry a new "updated": those the author marks ("notable"), or every one ("any")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """``[output]``: where the files go."""

    path: str = "out"
    """Folder that is served, from the publication's root, or an absolute path."""
    layout: Literal["files", "generations"] = "files"
    """Change files in place ("files"), or make a folder a run and flip out/current to it ("generations")."""
    deploy: str = ""
    """Command run after a change, before any mail; FEEDER_CHANGED names a file with the changed paths in order."""
    deploy_timeout: str = "10m"
    """How long that command may take before it is ended and counts as failed."""
    compress: tuple[Literal["gz", "br"], ...] = ()
    """Compressed copies to keep beside files of text: "gz", "br"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """``[[follow]]``: the publication's own feed elsewhere, as a source."""

    feed: str
    """Absolute address of the feed."""
    name: str = ""
    """What to call it in messages and folder names; empty: its host."""


Frequency = Literal["instant", "daily", "weekly", "monthly"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
TransportName = Literal["maildir", "smtp", "eml", "sendmail"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Smtp:
    """``[mail.smtp]``: the server that takes the mail."""

    host: str = "127.0.0.1"
    """Name or address of the server, or of the relay."""
    port: int = 25
    """TCP port: 25, 587 for STARTTLS, 465 for TLS."""
    security: Literal["none", "starttls", "tls"] = "none"
    """Encrypt from the start ("tls"), after a greeting in the clear ("starttls"), or never ("none")."""
    user: str = ""
    """Account for AUTH; empty: none. The password is a secret, see docs/reference/settings.md."""
    auth: Literal["password", "xoauth2"] = "password"
    """How to prove it: PLAIN or LOGIN with a password, or XOAUTH2 with an access token as the secret."""
    connections: int = 4
    """Connections kept open at once, 1 to 100."""
    messages: int = 500
    """Messages over one connection before it is made anew, 1 to 100000."""
    timeout: int = 60
    """Seconds to wait for an answer of the server."""
    relay: bool = True
    """The server passes mail on to others: its refusals with 421 pause everything, not one provider."""
    rewrites: bool = False
    """The relay writes Date and Message-ID anew and signs itself (Amazon SES): no signature of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imap:
    """``[mail.imap]``: the mailbox of bounces and requests, where ``feeder mailbox`` reads it over IMAP."""

    host: str = ""
    """Name or address of the server; empty: the mailbox is a pipe or a Maildir."""
    port: int = 993
    """TCP port: 993 for TLS, 143 for STARTTLS."""
    security: Literal["none", "starttls", "tls"] = "tls"
    """Encrypt from the start ("tls"), after a greeting in the clear ("starttls"), or never ("none")."""
    user: str = ""
    """Account of the mailbox. The password is a secret, see docs/reference/settings.md."""
    folder: str = "INBOX"
    """Folder whose messages are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dkim:
    """``[mail.dkim]``: signing (RFC 6376, RFC 8463)."""

    domain: str = ""
    """The signing domain, d=; it must be that of `from`, or one above it. Empty: no signature."""
    selector: str = ""
    """Selector of the RSA key, s=."""
    key_file: str = ""
    """Private RSA key in PEM, as a path from the publication's root."""
    ed25519_selector: str = ""
    """Selector of a second signature with Ed25519; empty: none."""
    ed25519_key_file: str = ""
    """Private Ed25519 key in PEM."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """``[mail.limits]``: how fast mail may leave; 0 means without limit."""

    per_second: int = 0
    """Messages a second, all together."""
    provider_per_minute: int = 0
    """Messages a minute to one provider (Gmail, QQ, or the domain)."""
    warm_up: int = 0
    """Messages to one provider on the first day of a new sender; each day that mail was sent doubles it."""
    breaker: int = 2
    """Per cent of hard failures among a provider's last 500 messages at which its mail waits and the editor is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """``[mail]``: who sends, and how it leaves."""

    from_: str = ""
    """Sender of the digests, as: 新闻编辑部 <news@example.org>; empty: the site's title and email."""
    reply_to: str = ""
    """Where answers go; empty: to the sender."""
    editor: str = ""
    """Who gets proofs and is told of trouble; empty: the sender."""
    bounce: str = ""
    """Base of the return path: bounce@example.org becomes bounce+TOKEN@example.org for every message (VERP)."""
    unsubscribe: str = ""
    """Mailbox for unsubscribing by mail, only while `feeder mailbox` reads it daily; empty: by web only."""
    postal_address: str = ""
    """Postal address in every footer; the law of many countries asks for it, and smtp is refused without it."""
    transport: TransportName = "maildir"
    """The way out: files in a Maildir ("maildir"), single .eml files ("eml"), a server ("smtp"), sendmail(8)."""
    path: str = "mail"
    """Folder of the transports maildir and eml, from the publication's root."""
    sendmail: str = "/usr/sbin/sendmail"
    """Program of the transport sendmail."""
    database: str = ""
    """File of the subscribers and the ledger, from the publication's root or absolute; empty: .feeder/mail.db."""
    broker: str = ""
    """Empty: workers on other machines are not in this version."""
    on_uncertain: Literal["resend", "hold"] = "resend"
    """What becomes of a message of which a crash hid whether it was taken: sent again under the same Message-ID \
(held when that happens twice), or held for you to decide."""
    catch_up: str = "24h"
    """How late a digest may still be sent that was missed; later, its entries are carried into the next one."""
    smtp: Smtp = field(default_factory=Smtp)
    """The server that takes the mail."""
    imap: Imap = field(default_factory=Imap)
    """The mailbox of bounces and requests."""
    dkim: Dkim = field(default_factory=Dkim)
    """Signing of every message."""
    limits: Limits = field(default_factory=Limits)
    """How fast mail may leave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebLimits:
    """``[web.limits]``: how many confirmations strangers can set off; 0 means without limit."""

    prefix_per_hour: int = 20
    """Confirmations an hour asked for from one network (IPv4 /24, IPv6 /48)."""
    domain_per_hour: int = 60
    """Confirmations an hour to addresses of one domain; large mail providers get ten times as many."""
    per_hour: int = 600
    """Confirmations an hour, all together; the editor is told when there were as many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """``[web.webhook]``: bounces and complaints that a mail provider reports by HTTP, under /webhook/."""

    sns_certificate: str = ""
    """Amazon SNS' signing certificate in PEM, as a path from the publication's root; empty: SES is not answered."""
    sns_topics: tuple[str, ...] = ()
    """ARNs of the SNS topics that are believed; none: nobody is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """``[web]``: where the subscription pages answer, and how `feeder run` serves them."""

    url: str = ""
    """Absolute address of the subscription pages; the links to confirm and unsubscribe are made with it."""
    host: str = "127.0.0.1"
    """Address that `feeder run` listens at; "0.0.0.0" and "::" are all of this machine's."""
    port: int = 8080
    """TCP port that `feeder run` listens at; 0: it serves nothing."""
    serve: bool = True
    """`feeder run` serves out/ as well; turn it off where another web server does."""
    proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    """Addresses and networks of the web servers before this one, whose X-Forwarded-For is believed."""
    limits: WebLimits = field(default_factory=WebLimits)
    """How many confirmations strangers can set off."""
    webhook: Webhook = field(default_factory=Webhook)
    """Bounces and complaints that a mail provider reports by HTTP."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailingList:
    """``[[lists]]``: a list people can subscribe to."""

    name: str
    """Its permanent name, in small letters, digits and hyphens; part of the List-Id."""
    title: str = ""
    """What people call it; empty: the site's title."""
    description: str = ""
    """One sentence: what comes, and how often."""
    frequency: Frequency = "weekly"
    """How often, for those who have not chosen: instant, daily, weekly, monthly."""
    allowed: tuple[Frequency, ...] = ()
    """Frequencies that subscribers may choose; the list's own always is."""
    hour: int = 8
    """Hour of the day at which digests leave, 0 to 23."""
    weekday: Weekday = "monday"
    """Day of the weekly digest."""
    day: int = 1
    """Day of the monthly digest, 1 to 31; in shorter months the last."""
    timezone: str = ""
    """IANA zone of hour and day, for those who have not chosen; empty: the site's."""
    language: str = ""
    """Language of the texts around the entries, for those who have not chosen; empty: the site's."""
    tags: tuple[str, ...] = ()
    """Only entries with one of these tags; none: all."""
    authors: tuple[str, ...] = ()
    """Only entries by one of these authors; none: all."""
    languages: tuple[str, ...] = ()
    """Only entries in one of these languages; none: all."""
    from_: str = ""
    """Sender of this list; empty: that of [mail]."""
    reply_to: str = ""
    """Where answers go; empty: that of [mail]."""
    subject: str = ""
    """Subject as a template, with {list}, {date}, {title} (of the first entry) and {count}; empty: a good one."""
    template: str = "digest"
    """Name of the templates: digest means templates/mail/digest.html and .txt."""
    approve: str = ""
    """Time for a look, as "2h": the editor gets a proof, and the digest leaves so much later; empty: at once."""
    ad: bool = False
    """This list is advertising: subjects begin with 广告 or AD, as Chinese law asks."""
    welcome: bool = False
    """Send the latest digest at once to those who have just confirmed."""
    archive: bool = True
    """Keep a public page of each regular digest, and a feed of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All of ``feeder.toml``, and the folder it stands in."""

    root: Path
    site: Site
    """Who publishes, where, in which language and zone."""
    entries: Entries = field(default_factory=Entries)
    """Where the entries are and how they are addressed."""
    feeds: Feeds = field(default_factory=Feeds)
    """What subscribers get."""
    output: Output = field(default_factory=Output)
    """Where the files go."""
    follow: tuple[Follow, ...] = ()
    """Feeds of this publication elsewhere, whose entries become entry files here."""
    mail: Mail = field(default_factory=Mail)
    """Who sends, and how it leaves."""
    web: Web = field(default_factory=Web)
    """Where the subscription pages answer."""
    lists: tuple[MailingList, ...] = ()
    """Lists people can subscribe to; without any, no mail is ever made."""
    problems: tuple[Problem, ...] = field(default=(), compare=False, repr=False)
    """What is worth saying about the file though it is no mistake; rejects nothing."""
