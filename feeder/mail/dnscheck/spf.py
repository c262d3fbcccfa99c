"""SPF: which machines may send for a domain (RFC 7208)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from feeder.errors import Problem
from feeder.mail.dnscheck.domains import relay_include, return_domains
from feeder.mail.dnscheck.resolver import Resolver
from feeder.mail.dnscheck.values import Wanted

if TYPE_CHECKING:
    from feeder.config import Settings

LOOK_UPS: Final = 10
"""So many questions may an SPF record cost a receiver (RFC 7208 section 4.6.4)."""

_TERM = re.compile(r"[+\-~?]?(include|a|mx|ptr|exists|redirect)(?:[:=]([^/\s]+))?(?:/\S*)?", re.IGNORECASE)


def spf(settings: Settings, resolver: Resolver) -> Iterator[Problem | Wanted]:
    """One SPF record for each domain of a return path; it costs few questions and names the relay (RFC 7208)."""
    include = relay_include(settings)
    term = f"include:{include}" if include else "mx"
    for domain in return_domains(settings):
        found = [text for text in resolver.texts(domain) if re.match(r"v=spf1(?:\s|\Z)", text, re.IGNORECASE)]
        if not found:
            yield Problem(domain, "no SPF record", f'set TXT "v=spf1 {term} -all"')
        if len(found) > 1:
            yield Problem(domain, f"{len(found)} SPF records: receivers take that for an error", "make one of them")
        for text in found[:1]:
            yield from _judge_spf(domain, text, include, resolver)
        yield Wanted(domain, "TXT", found[0] if found else f"v=spf1 {term} -all", present=len(found) == 1)


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
