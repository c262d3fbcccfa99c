"""What subscribers choose for themselves (how often, when, which tags, in which language), checked against the list."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import get_args

from feeder.config import checks
from feeder.config.settings import Frequency, MailingList
from feeder.errors import FeederError
from feeder.links import segment
from feeder.mail import lists

MOST_TAGS = 50
LONGEST_NAME = 100

_SPOKEN = {
    "即时": "instant",
    "实时": "instant",
    "immediate": "instant",
    "每天": "daily",
    "每日": "daily",
    "day": "daily",
    "每周": "weekly",
    "每星期": "weekly",
    "week": "weekly",
    "每月": "monthly",
    "month": "monthly",
}
_MEANT_BLANK = {"\t", "\n", "\r", "\v", "\f", "\x85", "\u2028", "\u2029"}


class BadChoice(FeederError):
    """Not something a subscriber of this list can choose."""

    exit_code = 65


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What one subscription differs in from its list; empty fields are the list's."""

    frequency: str = ""
    hour: int | None = None
    timezone: str = ""
    tags: tuple[str, ...] = ()
    """Slugs, as in the addresses of tags, sorted; none: all entries."""
    language: str = ""


def choice(
    mailing_list: MailingList,
    *,
    frequency: str = "",
    hour: str | int | None = None,
    timezone: str = "",
    tags: str | Iterable[str] = (),
    language: str = "",
) -> Choice:
    """What a person typed, as a choice of that list's.

    Raises:
        BadChoice: the list does not offer it, or there is no such zone or language.
    """
    return Choice(
        frequency=frequency_of(mailing_list, frequency) if frequency else "",
        hour=hour_of(hour),
        timezone=zone_of(timezone.strip()),
        tags=tags_of(tags),
        language=language_of(language.strip()),
    )


def frequency_of(mailing_list: MailingList, typed: str) -> Frequency:
    """A frequency that the list offers."""
    word = typed.strip().lower()
    word = _SPOKEN.get(word, word)
    offered = lists.allowed(mailing_list)
    for one in offered:
        if one == word:
            return one
    known = word in get_args(Frequency)
    message = f"{mailing_list.name} does not come {word}" if known else f"not a frequency: {shown(typed)}"
    raise BadChoice(message, hint=f"it comes {' or '.join(offered)}; `allowed` in feeder.toml offers more")


def hour_of(typed: str | int | None) -> int | None:
    """An hour of the day; nothing for the list's."""
    if typed is None or typed == "":
        return None
    text = str(typed).strip()
    if text.isascii() and text.isdigit() and len(text) < 3 and int(text) < 24:
        return int(text)
    raise BadChoice(f"not an hour: {shown(text)}", hint="write it as 0 to 23")


@lru_cache(maxsize=1024)
def zone_of(typed: str) -> str:
    """The IANA name of a zone that this machine knows; empty for the list's."""
    if not typed:
        return ""
    try:
        return checks.zone(typed)
    except checks.Wrong as wrong:
        raise BadChoice(shown(wrong.message), hint=wrong.hint) from None


@lru_cache(maxsize=1024)
def language_of(typed: str) -> str:
    """A language tag (BCP 47); empty for the list's."""
    if not typed:
        return ""
    try:
        return checks.language(typed)
    except checks.Wrong as wrong:
        raise BadChoice(shown(wrong.message), hint=wrong.hint) from None


def tags_of(typed: str | Iterable[str]) -> tuple[str, ...]:
    """Tags by name, or names with commas between them, as sorted slugs."""
    if not typed:
        return ()
    if isinstance(typed, str):
        typed = _split(typed)
    found = tuple(sorted({segment(name) for name in (one.strip() for one in typed) if name}))
    if len(found) > MOST_TAGS:
        raise BadChoice(f"{len(found)} tags", hint=f"choose {MOST_TAGS} at most; none means all entries")
    return found


@lru_cache(maxsize=1024)
def tags_written(tags: tuple[str, ...]) -> str:
    """Tags as the database keeps them."""
    return json.dumps(tags, ensure_ascii=False) if tags else ""


def tags_read(kept: str) -> tuple[str, ...]:
    """What `tags_written` wrote."""
    return tuple(json.loads(kept)) if kept else ()


def columns_of(one: Choice) -> dict[str, str | int | None]:
    """A choice as the columns of its subscription hold it."""
    return {
        "frequency": one.frequency,
        "hour": one.hour,
        "timezone": one.timezone,
        "tags": tags_written(one.tags),
        "language": one.language,
    }


def name_of(typed: str) -> str:
    """A person's name on one line, without what a header, a terminal or a reader's eye could be misled with."""
    if typed.isprintable() and len(typed) <= LONGEST_NAME and unicodedata.is_normalized("NFC", typed):
        return " ".join(typed.split())
    kept = (_plain(character) for character in unicodedata.normalize("NFC", typed[: 8 * LONGEST_NAME]))
    return " ".join("".join(kept).split())[:LONGEST_NAME].rstrip()


def shown(text: str) -> str:
    """What somebody typed, short and harmless, for a message about it."""
    plain = name_of(text)
    return plain if len(plain) <= 60 else plain[:59] + "…"


def _plain(character: str) -> str:
    if character in _MEANT_BLANK:
        return " "
    # Joiners are part of names in Persian and in emoji; every other character of form is a trick or an accident.
    if character in "\u200c\u200d":
        return character
    return "" if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn"} else character


@lru_cache(maxsize=4096)
def _split(typed: str) -> tuple[str, ...]:
    for mark in ";，；、|\n":
        typed = typed.replace(mark, ",")
    return tuple(typed.split(","))
