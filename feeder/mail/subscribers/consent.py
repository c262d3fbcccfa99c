"""What a subscription knows about its consent: a JSON list of what happened, oldest first.

Each member has ``what`` (asked, confirmed, on record, paused, resumed, changed, ended), ``at`` (RFC 3339, UTC) and,
where there is something to say, ``text`` (what the person was told), ``page`` (where), ``kept`` (where the proof is
kept) and ``how`` (by link, by mail, by the editor, bounce …).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, Literal

What = Literal["asked", "confirmed", "on record", "paused", "resumed", "changed", "ended"]

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MOST: Final = 24
"""Events kept: the first ones, which say why there was mail at all, and the newest."""
_FIRST: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What was said when somebody agreed."""

    text: str = ""
    """The words next to the button, or the editor's about how it was given."""
    page: str = ""
    """Address of the page, or name of the file."""
    kept: str = ""
    """Where the proof is kept, in the editor's words."""


def event(what: What, now: datetime, consent: Consent | None = None, *, how: str = "") -> dict[str, str]:
    """One thing that happened."""
    said = consent or Consent()
    given = {"text": said.text, "page": said.page, "kept": said.kept, "how": how}
    return {"what": what, "at": _stamp(now)} | {key: value for key, value in given.items() if value}


def single(what: What, now: datetime, consent: Consent, *, how: str = "") -> str:
    """`written` of one event, for the millions of an import that differ in their instants only."""
    before, behind = _around(what, consent, how)
    return before + _stamp(now) + behind


def read(kept: str) -> list[dict[str, str]]:
    """The events of a subscription, oldest first."""
    return list(json.loads(kept)) if kept else []


def with_event(kept: str, happened: dict[str, str]) -> str:
    """The consent with one event more; asking again replaces the asking before, so that nobody can fill it up."""
    events = read(kept)
    if events and events[-1]["what"] == happened["what"] in ("asked", "changed"):
        events.pop()
    events.append(happened)
    if len(events) > _MOST:
        events = events[:_FIRST] + events[-(_MOST - _FIRST) :]
    return written(events)


def _stamp(now: datetime) -> str:
    return now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@lru_cache(maxsize=64)
def _around(what: What, consent: Consent, how: str) -> tuple[str, str]:
    text = written([event(what, _EPOCH, consent, how=how)])
    before, _, behind = text.partition(_stamp(_EPOCH))
    return before, behind


def written(events: list[dict[str, str]]) -> str:
    """Events as the database keeps them."""
    return _encode(events)
