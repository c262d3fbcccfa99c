"""What there is to choose from: zones, languages, tags."""

from __future__ import annotations

import os
import sqlite3
import time
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import available_timezones

from feeder import history as histories
from feeder.config.settings import MailingList, Settings
from feeder.mail import lists
from feeder.pages.wording import language_name

_REGIONS: Final = (
    "Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific",
)  # fmt: skip
_SPOKEN: Final = ("zh-CN", "en")
"""Languages in which the texts of mails are."""
MOST_TAGS: Final = 40
_KEPT: Final = 60.0
"""Seconds for which the tags of the site are good."""


class Tag(NamedTuple):
    """A tag that can be chosen."""

    slug: str
    name: str


@lru_cache(maxsize=1)
def zones() -> list[tuple[str, list[str]]]:
    """The zones that people live in, by region."""
    found: dict[str, list[str]] = {region: [] for region in _REGIONS}
    for name in sorted(available_timezones()):
        region = name.partition("/")[0]
        if region in found:
            found[region].append(name)
    return [(region, names) for region, names in found.items() if names]


def languages(settings: Settings, one: MailingList, chosen: str) -> list[tuple[str, str]]:
    """Tag and name of the languages that a subscriber of the list can have its mails in."""
    known = dict.fromkeys((*_SPOKEN, lists.language_of(settings, one), *([chosen] if chosen else [])))
    return [(tag, language_name(tag)) for tag in known]


class Tags:
    """The tags of the site's entries, the most used first."""

    def __init__(self, settings: Settings) -> None:
        self._root = str(settings.root)
        self._known: list[Tag] = []
        self._until = 0.0

    def of(self, one: MailingList, chosen: tuple[str, ...]) -> list[Tag]:
        """Tags to choose from on a list: those used most, and whatever was chosen before."""
        if time.monotonic() >= self._until:
            self._known, self._until = self._read(), time.monotonic() + _KEPT
        names = dict(self._known)
        # The one tag that the whole list is about is no choice.
        first = [tag for tag in self._known if one.tags != (tag.name,)][:MOST_TAGS]
        there = {tag.slug for tag in first}
        return [*first, *(Tag(slug, names.get(slug, slug)) for slug in chosen if slug not in there)]

    def _read(self) -> list[Tag]:
        if not os.path.exists(os.path.join(self._root, histories.FILE)):
            return []
        try:
            with histories.read_history(self._root) as history:
                found = [label for label in history.labels("tag") if label.count]
        except sqlite3.DatabaseError:
            return []
        return [Tag(label.slug, label.name) for label in sorted(found, key=lambda label: (-label.count, label.slug))]
