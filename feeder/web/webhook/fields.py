"""JSON of strangers: any shape may come, and nothing here fails but by ``Refused``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from feeder.web.webhook.values import Refused

Object = Mapping[str, Any]

LONGEST: Final = 4000
"""Characters of a text that are looked at."""
MOST: Final = 200
"""Members of a list that are looked at: a message of ours has one recipient."""

_NOT_TEXT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]+")


def loaded(text: bytes | str, status: int = 400) -> Object:
    """The object in ``text``; raises ``Refused`` with this status where there is none."""
    found = anything(text, status)
    if not isinstance(found, dict):
        raise Refused(status, "not a JSON object")
    return found


def anything(text: bytes | str, status: int = 400) -> Any:  # noqa: ANN401  (whatever JSON holds)
    """The value in ``text``; see ``loaded``."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Refused(status, "not JSON") from None


def part(data: Object, *names: str) -> Object:
    """An object within, by the names that lead there; an empty one where there is none."""
    for name in names:
        found = data.get(name)
        data = found if isinstance(found, dict) else {}
    return data


def words(data: Object, *names: str) -> str:
    """A text within, on one line and cut; a whole number as its digits; empty where there is none."""
    return clean(raw(data, *names)[:LONGEST])


def raw(data: Object, *names: str) -> str:
    """A text as it stands; a whole number as its digits."""
    found = part(data, *names[:-1]).get(names[-1])
    if isinstance(found, int) and not isinstance(found, bool) and abs(found) < 1 << 63:
        return str(found)
    return found if isinstance(found, str) else ""


def many(data: Object, *names: str) -> list[Object]:
    """The objects of a list within."""
    found = part(data, *names[:-1]).get(names[-1])
    return [one for one in found[:MOST] if isinstance(one, dict)] if isinstance(found, list) else []


def clean(text: str) -> str:
    """A text on one line, without what steers terminals or cannot be stored."""
    return " ".join(_NOT_TEXT.sub(" ", text).split())


def everything(data: Object) -> str:
    """All of an object as text, cut, for finding our own marks in it."""
    try:
        # Angle brackets and @ stand in JSON as they are.
        return clean(json.dumps(data, ensure_ascii=False)[: 5 * LONGEST])
    except (ValueError, RecursionError):
        return ""


def moment(text: str) -> datetime | None:
    """An instant as RFC 3339 writes it, or seconds since the epoch; None for anything else."""
    try:
        if re.fullmatch(r"\d{1,11}(\.\d{1,6})?", text):
            return datetime.fromtimestamp(float(text), UTC)
        found = datetime.fromisoformat(text[:40])
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
