"""The words of ``phrases.toml``, ready to look for."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final, Literal

Verb = Literal["unsubscribe", "subscribe", "confirm"]

_VERBS: Final[tuple[Verb, ...]] = ("unsubscribe", "subscribe", "confirm")
_ANSWERED: Final = r"(?:(?:re|aw|fw|fwd|回复|答复|回覆|转发)\s{0,3}[:：]\s{0,3}){0,9}"


@dataclass(frozen=True, slots=True)
class Words:
    """Patterns, all to be searched for in one line or a text."""

    returned: re.Pattern[str]
    late: re.Pattern[str]
    answer: re.Pattern[str]
    """Only at the beginning of a subject."""
    challenge: re.Pattern[str]
    request: re.Pattern[str]
    """A whole line: ``verb``, and behind it ``what``, a list's name or a token."""
    verbs: dict[str, Verb]
    """The word as it was written, in small letters -> what it asks for."""
    yes: frozenset[str]


@cache
def words() -> Words:
    """All of them, read once."""
    data = tomllib.loads(files("feeder.mail.mailbox").joinpath("phrases.toml").read_text("utf-8"))
    verbs = {word.lower(): verb for verb in _VERBS for word in data["request"][verb]}
    verb = "|".join(sorted(map(re.escape, verbs), key=len, reverse=True))
    return Words(
        returned=_any(data["returned"]),
        late=_any(data["late"]),
        answer=re.compile(f"^{_ANSWERED}(?:{_any(data['answer']).pattern})", re.IGNORECASE),
        challenge=_any(data["challenge"]),
        request=re.compile(
            rf"{_ANSWERED}(?P<verb>{verb})(?:[\s:：]{{1,9}}(?P<what>[\w.-]{{1,200}}))?\s{{0,9}}[.!。！]?", re.IGNORECASE
        ),
        verbs=verbs,
        yes=frozenset({"", *map(str.lower, data["yes"])}),
    )


def _any(phrases: list[str]) -> re.Pattern[str]:
    each = (re.escape(phrase).replace(r"\ ", r"\s{1,9}").replace(r"\*", ".{0,80}") for phrase in phrases)
    return re.compile("|".join(each), re.IGNORECASE)
