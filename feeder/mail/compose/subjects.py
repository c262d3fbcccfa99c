"""Subject lines: one line, readable in a list of mails, and never a way to put a header into a mail."""

from __future__ import annotations

import re
from typing import Final

from feeder.feeds.text import one_line
from feeder.mail.compose.wording import MailWords
from feeder.model import PublicEntry

LONGEST: Final = 200
"""Characters of a subject."""
LONGEST_TITLE: Final = 80
"""Characters that an entry's title may have in one."""

# Line separators, and marks that turn the direction of all that follows (UAX 9).
_UNSEEN = re.compile("[\u0085\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
_TOKEN = re.compile(r"\{(list|date|title|count)\}")


def line(text: str) -> str:
    """A text on one line, without what could break it or turn it round."""
    return " ".join(one_line(_UNSEEN.sub(" ", text)).split())


def shortened(text: str, longest: int) -> str:
    """The text, or its beginning with an ellipsis."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def subject_of(
    t: MailWords,
    *,
    pattern: str,
    note: str,
    ad: bool,
    list_title: str,
    date: str,
    entries: tuple[PublicEntry, ...],
    corrections: tuple[PublicEntry, ...],
) -> str:
    """The subject of a digest: the note's, else the list's pattern, else a good one.

    A pattern is for entries; a digest of corrections alone says so whatever the pattern.
    """
    made = line(note)
    if not made and entries:
        count = len(entries)
        told = {"list": list_title, "date": date, "title": _title(entries[0]), "count": str(count)}
        made = _filled(pattern, told) if pattern else _good(t, told, count)
    elif not made:
        count = len(corrections)
        told = {"title": _title(corrections[0]), "count": str(count), "more": str(count - 1)}
        made = _format(t.subject_correction if count == 1 else t.subject_corrections, told)
    made = line(made) or line(list_title)
    if ad and not made.startswith(t.ad):
        made = f"{t.ad}{t.ad_joint}{made}"
    return shortened(made, LONGEST)


def _title(entry: PublicEntry) -> str:
    return shortened(line(entry.title), LONGEST_TITLE)


def _good(t: MailWords, told: dict[str, str], count: int) -> str:
    form = t.subject_one if count == 1 else t.subject_many
    news = _format(form, told | {"more": str(count - 1)})
    return f"{told['list']} · {told['date']}{t.subject_joint}{news}"


def _format(form: str, told: dict[str, str]) -> str:
    return form.format_map(told)


def _filled(pattern: str, told: dict[str, str]) -> str:
    return _TOKEN.sub(lambda match: told[match[1]], pattern)
