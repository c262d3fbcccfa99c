"""The records beside SPF: keys of signatures, DMARC, who takes the mail that comes back, and the server's own name."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from typing import TYPE_CHECKING

from feeder.errors import Problem
from feeder.mail import lists
from feeder.mail.dnscheck.domains import (
    domain_of,
    is_address,
    is_local,
    relay_include,
    return_domains,
    sender_domains,
)
from feeder.mail.dnscheck.resolver import Resolver
from feeder.mail.dnscheck.values import Wanted
from feeder.mail.message import dkim

if TYPE_CHECKING:
    from feeder.config import Settings


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
    for domain in sender_domains(settings):
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
        by_path = any(_aligned(domain, one, strict=tags.get("aspf") == "s") for one in return_domains(settings))
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
    domains = dict.fromkeys(domain_of(one) for one in (settings.mail.bounce, settings.mail.unsubscribe) if one)
    for domain in dict.fromkeys([*domains, *sender_domains(settings)]):
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
    if settings.mail.transport != "smtp" or relay_include(settings) or is_local(host):
        return
    addresses = [host] if is_address(host) else resolver.addresses(host)
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
