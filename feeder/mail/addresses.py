"""Mail addresses as people give them, as mail servers take them, and as they are compared.

A superset of what forms and address books hold is mended (full-width letters, blanks around, ``<…>``, ``mailto:``);
whatever a header or an SMTP command could be broken with is refused.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from feeder.errors import FeederError

LONGEST: Final = 254
"""Characters of an address: RFC 5321 section 4.5.3.1.3 less the angle brackets."""
LONGEST_LOCAL: Final = 64
LONGEST_DOMAIN: Final = 253

_PLAIN = re.compile(
    r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_DOTS = str.maketrans("。．｡", "...")
_AROUND = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f\u202a\u202c\u2066\u2069"
"""Unseen characters that copying from pages and chats leaves at the ends."""
_DEVIATIONS = frozenset("ßς\u200c\u200d")
"""What the two versions of IDNA send to different domains (UTS #46 section 7)."""
_SHOWN = 60


class BadAddress(FeederError):
    """Not a mail address."""

    exit_code = 65


def normal(address: str) -> tuple[str, str]:
    """The address as mail is sent to it, and the key by which two spellings are told to be one.

    The local part stays as it was written, and the domain is in ASCII (IDNA) and small letters. The key is that in
    small letters altogether: RFC 5321 section 2.4 lets servers tell ``A`` from ``a``, and none does. Dots and ``+tags``
    are kept, since only some providers ignore them.

    Raises:
        BadAddress: it is none, or none that ordinary mail servers take (RFC 5321; no quotes, no literals, no EAI).
    """
    if len(address) <= LONGEST and _PLAIN.fullmatch(address):
        local, _, domain = address.partition("@")
        if len(local) <= LONGEST_LOCAL and "xn--" not in domain:
            domain = domain.lower()
            return f"{local}@{domain}", f"{local.lower()}@{domain}"
    return _mended(address)


def _mended(address: str) -> tuple[str, str]:
    if len(address) > 4 * LONGEST:
        raise _bad(address, "it is longer than any address may be")
    text = unicodedata.normalize("NFC", address).translate(_FULL_WIDTH).strip().strip(_AROUND).strip()
    if text[:7].lower() == "mailto:":
        text = text[7:].strip()
    if text.startswith("<") and text.endswith(">"):
        text = text[1:-1].strip()
    if not text:
        raise BadAddress("no address", hint="write it as name@example.org")
    _require_plain_characters(address, text)
    local, at, domain = text.rpartition("@")
    if not at or not local or not domain:
        raise _bad(address, "it needs one @ with something on both sides")
    _require_local(address, local)
    domain = _ascii_domain(address, domain.translate(_DOTS).lower())
    if len(local) + 1 + len(domain) > LONGEST:
        raise _bad(address, f"it is longer than {LONGEST} characters")
    return f"{local}@{domain}", f"{local.lower()}@{domain}"


def _require_plain_characters(address: str, text: str) -> None:
    if "<" in text or ">" in text or '"' in text:
        raise _bad(address, "the name has no place in it", "write the bare address, as name@example.org")
    for character in text:
        if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}:
            raise _bad(address, f"it holds the character U+{ord(character):04X}, which nobody sees")
        if character.isspace():
            raise _bad(address, "it holds a blank", "one address, without blanks")
        if character in ",;":
            raise _bad(address, f"it holds a {character}", "one address at a time")


def _require_local(address: str, local: str) -> None:
    if not local.isascii():
        raise _bad(
            address,
            "most mail servers take only ASCII before the @",
            "ask for another address of that person's",
        )
    if len(local) > LONGEST_LOCAL:
        raise _bad(address, f"more than {LONGEST_LOCAL} characters stand before the @")
    if "@" in local or not _LOCAL.fullmatch(local):
        raise _bad(address, "what stands before the @ is no name of a mailbox")


def _ascii_domain(address: str, domain: str) -> str:
    if not domain.isascii():
        domain = _idna(address, domain)
    labels = domain.split(".")
    if domain == "localhost":
        return domain
    if len(domain) > LONGEST_DOMAIN or len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        raise _bad(address, "what stands behind the @ is no domain")
    if labels[-1].isdigit():
        raise _bad(address, "a number stands where the domain should", "write the domain's name")
    return domain


def _idna(address: str, domain: str) -> str:
    hint = "write the domain in its ASCII form, which begins with xn--"
    if _DEVIATIONS & set(domain):
        raise _bad(address, "its domain has two readings in ASCII", hint)
    try:
        return domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise _bad(address, "its domain cannot be written in ASCII", hint) from None


def _bad(address: str, why: str, hint: str = "write it as name@example.org") -> BadAddress:
    shown = address if len(address) <= _SHOWN else address[: _SHOWN - 1] + "…"
    return BadAddress(f"not a mail address: {_visible(shown)}: {why}", hint=hint)


def _visible(text: str) -> str:
    return text if text.isprintable() else "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
