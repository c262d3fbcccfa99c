"""What a server's refusal means: no such user, not now, or not from us.

Enhanced status codes (RFC 3463) tell it where they are honest; ``phrases.toml`` holds the words that tell it
where they are not: QQ answers a bare 550 for an unknown user, too much mail and a failed DMARC check alike.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final, Literal

ReplyKind = Literal["hard", "soft", "policy"]

HARD: Final = frozenset({"5.1.1", "5.1.2", "5.1.10", "5.2.1"})
"""The only codes that mean "no such user"."""

_KINDS: Final[tuple[ReplyKind, ...]] = ("policy", "soft", "hard")
_LONGEST: Final = 2000
_STATUS = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![.\d])")
_CODE = re.compile(r"(?<![\d.])[245]\d\d(?=[ -])")
_AFTER_CODE = re.compile(r"(?<![\d.])[245]\d\d[ -]+[(#\[]*([245]\.\d{1,3}\.\d{1,3})(?![.\d])")
# The code that begins each line of a reply after the first, in the middle of a sentence.
_AGAIN = re.compile(r"(?<=\S )[45]\d\d(?:-| (?=[45]\.))(?:[45]\.\d{1,3}\.\d{1,3} )?")
# Names may hold any word: marble@ is no RBL, mx.nospam.example no refusal.
_NAMES = re.compile(r"\S*@\S*|\S*\[[\da-f.:]+\]\S*|\bhost \S+\.\S+")
# RFC 3463, beyond "no such user": by subject where no detail is better known.
_BY_STATUS: Final[dict[str, ReplyKind]] = {"5.1.7": "policy", "5.1.8": "policy", "5.3.4": "policy"}
_BY_SUBJECT: Final[dict[str, ReplyKind]] = {"6": "policy", "7": "policy"}


@dataclass(frozen=True, slots=True)
class Table:
    """The phrases of one provider, a pattern a kind, in the order in which they count."""

    patterns: tuple[tuple[ReplyKind, re.Pattern[str]], ...]

    def kind(self, text: str) -> ReplyKind | None:
        """What a phrase in ``text`` says, if there is one."""
        return next((kind for kind, pattern in self.patterns if pattern.search(text)), None)


def classify_reply(code: int, status: str, text: str, provider: str) -> ReplyKind:
    """What a refusal means for the address.

    ``code`` is the SMTP reply code (0: not known), ``status`` the enhanced one (empty: not known), ``text`` the
    server's words, ``provider`` as `providers.provider_of` names it. Words count before codes: Sendmail makes
    5.1.1 of any bare 550. A temporary refusal (4xx) is never hard. What nobody can tell is soft.
    """
    said = _words(text)
    temporary = (status or str(code)).startswith("4")
    kind = _by_phrase(said, provider)
    if kind is not None and not (temporary and kind == "hard"):
        return kind
    return "soft" if temporary else _by_status(own_status(text) or status)


def own_status(text: str) -> str:
    """The enhanced status code in the server's own words, right behind its reply code; empty where there is none."""
    found = _AFTER_CODE.search(text[:_LONGEST])
    return found[1] if found else ""


def own_code(text: str) -> int:
    """The SMTP reply code in the server's words; 0 where there is none."""
    found = _CODE.search(text[:_LONGEST])
    return int(found[0]) if found else 0


def first_status(text: str) -> str:
    """The first enhanced status code anywhere in ``text``; empty where there is none."""
    found = _STATUS.search(text[:_LONGEST])
    return found[0] if found else ""


def _by_phrase(said: str, provider: str) -> ReplyKind | None:
    tables = _tables()
    own = tables[provider].kind(said) if provider in tables and provider != "any" else None
    return own or tables["any"].kind(said)


def _by_status(status: str) -> ReplyKind:
    if status in HARD:
        return "hard"
    parts = status.split(".")
    return _BY_STATUS.get(status) or (_BY_SUBJECT.get(parts[1], "soft") if len(parts) == 3 else "soft")


def _words(text: str) -> str:
    line = " ".join(text[:_LONGEST].lower().split())
    return " ".join(_NAMES.sub(" ", _AGAIN.sub("", line)).split())


@cache
def _tables() -> dict[str, Table]:
    data = tomllib.loads(files("feeder.mail.bounces").joinpath("phrases.toml").read_text("utf-8"))
    return {provider: _table(kinds) for provider, kinds in data.items()}


def _table(kinds: dict[str, list[str]]) -> Table:
    return Table(tuple((kind, _pattern(kinds[kind])) for kind in _KINDS if kind in kinds))


def _pattern(phrases: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(_escaped(phrase.lower()) for phrase in phrases))


def _escaped(phrase: str) -> str:
    begins = r"(?<![a-z\d])" if phrase[0].isascii() and phrase[0].isalnum() else ""
    return begins + re.escape(phrase).replace(r"\*", ".{0,80}")
