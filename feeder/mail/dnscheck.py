"""What the DNS says about the sender, and what it should say: SPF, DKIM, DMARC, the mailbox of bounces, PTR.

Only questions to the DNS are asked, and only about names in the settings (and what their SPF records include).
"""

from __future__ import annotations

import ipaddress
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from feeder.errors import FeederError, Problem, UsageError
from feeder.mail import lists
from feeder.mail.addresses import normal
from feeder.mail.message import dkim

if TYPE_CHECKING:
    from feeder.config import Settings

LOOK_UPS: Final = 10
"""So many questions may an SPF record cost a receiver (RFC 7208 section 4.6.4)."""
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

_TERM = re.compile(r"[+\-~?]?(include|a|mx|ptr|exists|redirect)(?:[:=]([^/\s]+))?(?:/\S*)?", re.IGNORECASE)
_SECONDS = 5.0


class DnsUnreachable(FeederError):
    """No name server answers."""

    exit_code = 69


@dataclass(frozen=True, slots=True)
class Wanted:
    """A record as it should be."""

    name: str
    kind: str
    value: str
    present: bool


@dataclass(frozen=True, slots=True)
class Told:
    """What was found."""

    problems: tuple[Problem, ...]
    wanted: tuple[Wanted, ...]


class Resolver:
    """Asks the DNS.

    Args:
        server: ``ADDRESS:PORT`` of the name server; empty: that of this machine.

    Raises:
        UsageError: it is none.
    """

    def __init__(self, server: str = "") -> None:
        import dns.resolver

        try:
            self._resolver = dns.resolver.Resolver(configure=not server)
        except dns.resolver.NoResolverConfiguration as error:
            raise DnsUnreachable("this machine names no name server", hint="name one: --dns-server") from error
        if server:
            host, _, port = server.rpartition(":") if server.count(":") == 1 else (server, "", "53")
            if not _is_address(host) or not port.isdecimal():
                raise UsageError(f"no name server: {server}", hint="write it as 192.0.2.53:53")
            self._resolver.nameservers = [host]
            self._resolver.port = int(port)
        self._resolver.lifetime = _SECONDS

    def texts(self, name: str) -> list[str]:
        """The TXT records of a name, each in one piece."""
        return [b"".join(record.strings).decode("utf-8", "replace") for record in self._ask(name, "TXT")]

    def servers(self, name: str) -> list[str]:
        """The hosts that take mail for a domain, by its MX records."""
        return [str(record.exchange).rstrip(".") for record in self._ask(name, "MX")]

    def addresses(self, name: str) -> list[str]:
        """The addresses of a host."""
        return [str(record.address) for kind in ("A", "AAAA") for record in self._ask(name, kind)]

    def names(self, address: str) -> list[str]:
        """The names that an address says it has (PTR)."""
        import dns.reversename

        return [
            str(record.target).rstrip(".") for record in self._ask(str(dns.reversename.from_address(address)), "PTR")
        ]

    def _ask(self, name: str, kind: str) -> list[Any]:
        import dns.exception
        import dns.name
        import dns.resolver

        try:
            return list(self._resolver.resolve(name, kind, search=False))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.name.LabelTooLong, dns.name.EmptyLabel):
            return []
        except (dns.exception.Timeout, dns.resolver.NoNameservers, OSError) as error:
            raise DnsUnreachable(f"no answer about {name}: {type(error).__name__}", hint="try again later") from error


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


def spf(settings: Settings, resolver: Resolver) -> Iterator[Problem | Wanted]:
    """One SPF record for each domain of a return path; it costs few questions and names the relay (RFC 7208)."""
    include = _relay_include(settings)
    term = f"include:{include}" if include else "mx"
    for domain in _return_domains(settings):
        found = [text for text in resolver.texts(domain) if re.match(r"v=spf1(?:\s|\Z)", text, re.IGNORECASE)]
        if not found:
            yield Problem(domain, "no SPF record", f'set TXT "v=spf1 {term} -all"')
        if len(found) > 1:
            yield Problem(domain, f"{len(found)} SPF records: receivers take that for an error", "make one of them")
        for text in found[:1]:
            yield from _judge_spf(domain, text, include, resolver)
        yield Wanted(domain, "TXT", found[0] if found else f"v=spf1 {term} -all", present=len(found) == 1)


def keys(settings: Settings, resolver: Resolver) -> Iterator[Problem | Wanted]:
    """The public key of each signature (RFC 6376 section 3.6.1)."""
    signer = dkim.signer(settings)
    if signer is None and not settings.mail.smtp.rewrites:
        yield Problem("feeder.toml", "[mail.dkim] is not set: messages are not signed", "large receivers ask for it")
    for algorithm, name, public in signer.public() if signer else []:
        kind = "ed25519" if algorithm.startswith("ed25519") else "rsa"
        texts = [text for text in resolver.texts(name) if "p=" in text]
        good = len(texts) == 1 and _key_of(texts[0]) == public
        if not texts:
            yield Problem(name, "no DKIM key", "set the record below")
        elif len(texts) > 1:
            yield Problem(name, f"{len(texts)} DKIM keys under one name", "keep one")
        elif not _key_of(texts[0]):
            yield Problem(name, "the DKIM key is revoked (p= is empty) or cannot be read", "set the record below")
        elif not good:
            yield Problem(
                name, "the DKIM key is not that of the key file", "set the record below, or use another selector"
            )
        elif re.search(r"\bt=[^;]*\by\b", texts[0]):
            yield Problem(name, "the DKIM key says that it is only tried out (t=y)", "take t=y out")
        yield Wanted(name, "TXT", f"v=DKIM1; k={kind}; p={b64encode(public).decode('ascii')}", present=good)


def dmarc(settings: Settings, resolver: Resolver) -> Iterator[Problem | Wanted]:
    """One DMARC record for each domain of From, and one of DKIM and SPF in line with it (RFC 7489)."""
    for domain in _sender_domains(settings):
        place, found = _policy(domain, resolver)
        tags = _tags(found[0]) if found else {}
        if not found:
            yield Problem(f"_dmarc.{domain}", "no DMARC record", "begin with p=none, and read the reports")
        elif len(found) > 1:
            yield Problem(place, f"{len(found)} DMARC records: receivers take that for none", "keep one")
        elif tags.get("p") not in {"none", "quarantine", "reject"}:
            yield Problem(place, f"the DMARC record has no policy: {found[0]}", "p=none, quarantine or reject")
        signing = settings.mail.dkim.domain.lower() if not settings.mail.smtp.rewrites else ""
        by_key = bool(signing) and _aligned(domain, signing, strict=tags.get("adkim") == "s")
        by_path = any(_aligned(domain, one, strict=tags.get("aspf") == "s") for one in _return_domains(settings))
        if signing and not by_key:
            yield Problem(
                f"_dmarc.{domain}", f"signatures of {signing} do not count for From of {domain}", "[mail.dkim] domain"
            )
        if not by_key and not by_path:
            yield Problem(f"_dmarc.{domain}", "neither signature nor return path is of From's domain: DMARC fails")
        value = found[0] if found else f"v=DMARC1; p=none; rua=mailto:{lists.sender_of(settings)[1]}"
        yield Wanted(place, "TXT", value, present=len(found) == 1 and "p" in tags)


def bounces(settings: Settings, resolver: Resolver) -> Iterator[Problem | Wanted]:
    """Somebody takes mail for bounces, unsubscriptions and answers; a sender without MX is refused by some."""
    domains = dict.fromkeys(_domain(one) for one in (settings.mail.bounce, settings.mail.unsubscribe) if one)
    for domain in dict.fromkeys([*domains, *_sender_domains(settings)]):
        servers = resolver.servers(domain)
        if servers == [""]:
            yield Problem(domain, "its MX says that it takes no mail (RFC 7505)", "bounces and answers are lost")
        elif not servers and not resolver.addresses(domain):
            yield Problem(domain, "no MX record and no address: mail to it is lost", f"set MX 10 mail.{domain}")
        for server in filter(None, servers):
            if not resolver.addresses(server):
                yield Problem(domain, f"its MX {server} has no address", "mail to it is lost")
        shown = servers[0] if servers and servers[0] else f"mail.{domain}"
        yield Wanted(domain, "MX", f"10 {shown}", present=bool(servers and servers[0]))


def reverse(settings: Settings, resolver: Resolver) -> Iterator[Problem | Wanted]:
    """An own server's address has a name that leads back to it; a relay's is the relay's business."""
    host = settings.mail.smtp.host
    if settings.mail.transport != "smtp" or _relay_include(settings) or _is_local(host):
        return
    addresses = [host] if _is_address(host) else resolver.addresses(host)
    if not addresses:
        yield Problem(host, "the host of [mail.smtp] has no address")
    for address in addresses:
        names = resolver.names(address)
        good = [name for name in names if address in resolver.addresses(name)]
        if not names:
            yield Problem(
                address, "no PTR record: many receivers refuse its mail", "whoever rents out the address sets it"
            )
        elif not good:
            yield Problem(
                address, f"its name {names[0]} does not lead back to it", f"set an address record of {names[0]}"
            )
        yield Wanted(address, "PTR", (good or names or [host])[0], present=bool(good))


def _judge_spf(domain: str, text: str, include: str, resolver: Resolver) -> Iterator[Problem]:
    cost = _cost(text, resolver, set())
    if cost > LOOK_UPS:
        yield Problem(domain, f"the SPF record costs {cost} look-ups; more than {LOOK_UPS} break it", "leave out some")
    if not re.search(r"[-~]all\b|redirect=", text, re.IGNORECASE):
        yield Problem(domain, "the SPF record refuses nobody", "end it with -all or ~all")
    if include and include not in _included(text, resolver, set()):
        yield Problem(domain, f"the SPF record does not name the relay {include}", f"put include:{include} into it")


def _cost(text: str, resolver: Resolver, seen: set[str]) -> int:
    cost = 0
    for kind, target in _terms(text):
        cost += 1
        if kind in {"include", "redirect"} and target not in seen and len(seen) <= LOOK_UPS:
            seen.add(target)
            cost += sum(_cost(one, resolver, seen) for one in _records(target, resolver))
    return cost


def _included(text: str, resolver: Resolver, seen: set[str]) -> set[str]:
    for kind, target in _terms(text):
        if kind in {"include", "redirect"} and target not in seen and len(seen) <= LOOK_UPS:
            seen.add(target)
            for one in _records(target, resolver):
                _included(one, resolver, seen)
    return seen


def _records(name: str, resolver: Resolver) -> list[str]:
    return [one for one in resolver.texts(name) if one.lower().startswith("v=spf1")] if "%" not in name else []


def _terms(text: str) -> Iterator[tuple[str, str]]:
    for word in text.split()[1:]:
        if match := _TERM.fullmatch(word):
            yield match[1].lower(), (match[2] or "").lower()


def _policy(domain: str, resolver: Resolver) -> tuple[str, list[str]]:
    """Where the policy of a domain stands: with it, or with one above it."""
    labels = domain.split(".")
    for start in range(max(len(labels) - 1, 1)):
        name = "_dmarc." + ".".join(labels[start:])
        found = [text for text in resolver.texts(name) if text.startswith("v=DMARC1")]
        if found:
            return name, found
    return f"_dmarc.{domain}", []


def _tags(text: str) -> dict[str, str]:
    parts = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): value.strip().lower() for name, _, value in parts if name.strip()}


def _key_of(text: str) -> bytes:
    found = re.search(r"\bp=([A-Za-z0-9+/=\s]*)", text)
    try:
        return b64decode(re.sub(r"\s", "", found[1])) if found else b""
    except ValueError:
        return b""


def _aligned(domain: str, other: str, *, strict: bool) -> bool:
    if strict:
        return domain == other
    return f".{domain}".endswith(f".{other}") or f".{other}".endswith(f".{domain}") or _above(domain) == _above(other)


def _above(domain: str) -> str:
    """The last labels, near enough to the organisational domain: two, or three below such as com.cn."""
    labels = domain.split(".")
    short = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in {"com", "net", "org", "gov", "edu", "ac", "co"}
    return ".".join(labels[-3:] if short else labels[-2:])


def _senders(settings: Settings) -> Sequence[str]:
    return [normal(lists.sender_of(settings, one)[1])[0] for one in (None, *settings.lists)]


def _sender_domains(settings: Settings) -> list[str]:
    return list(dict.fromkeys(_domain(one) for one in _senders(settings)))


def _return_domains(settings: Settings) -> list[str]:
    return [_domain(normal(settings.mail.bounce)[0])] if settings.mail.bounce else _sender_domains(settings)


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


def _relay_include(settings: Settings) -> str:
    host = settings.mail.smtp.host.lower()
    return next((include for ending, include in RELAYS.items() if f".{host}".endswith(f".{ending}")), "")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_local(host: str) -> bool:
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)
