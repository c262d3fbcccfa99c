"""Giving out addresses, each once: no two entries share one, and none needs a file where another needs a folder."""

from __future__ import annotations

from collections.abc import Iterator

from feeder import identity, links
from feeder.config import Settings
from feeder.errors import Problem
from feeder.history import History, Record
from feeder.model import Entry

_ALWAYS_FREE = "/{year}/{month}/{slug}/"
"""The pattern under which no page, feed or file of the site itself stands; it is the last resort."""


class Addresses:
    """The addresses of one plan. What it refuses, it says in ``problems``."""

    def __init__(self, history: History, settings: Settings) -> None:
        self.problems: list[Problem] = []
        self._history = history
        self._pattern = settings.entries.permalink
        self._on_one_page = settings.entries.items == "anchors"
        self._pages: dict[str, str] = {}
        """Address of the page on which the items of a news page stand, by its file."""
        self._also = {f"/{path.lstrip('/')}".casefold() for path in settings.feeds.also}
        self._claimed: set[str] = set()
        self._folders: set[str] = set()

    def of_new(self, entry: Entry, slug: str) -> str:
        """The permalink of an entry that is released now."""
        if entry.permalink:
            wanted = identity.address(entry.permalink)
            if self._is_ours(wanted):
                self._tell(entry, wanted, "a page or feed of the site itself")
            else:
                given = identity.unique(wanted, lambda one: self._taken(one, 0))
                if given != wanted:
                    self._tell(entry, wanted, "another entry's", given)
                return self._claim(given)
        if entry.anchor and self._on_one_page:
            place = f"{self._page_of(entry)}#{entry.anchor}"
            return self._claim(identity.unique(place, lambda one: self._taken(one, 0)))
        return self._claim(self._by_pattern(entry, slug, entry.date.day, 0))

    def _page_of(self, entry: Entry) -> str:
        """The page on which the items of a news page stand: as it was, else a new one."""
        if entry.path not in self._pages:
            known = (record.permalink for record in self._history.at_path(entry.path))
            page = next((permalink.partition("#")[0] for permalink in known if "#" in permalink), "")
            slug = links.slugify(entry.path.rpartition("/")[2].rpartition(".")[0]) or "page"
            self._pages[entry.path] = page or self._claim(self._by_pattern(entry, slug, entry.date.day, 0))
        return self._pages[entry.path]

    def of_known(self, entry: Entry, record: Record) -> str:
        """The permalink of an entry that has one: another only where its author now writes another."""
        if entry.permalink:
            wanted = identity.address(entry.permalink)
            if wanted == record.permalink:
                return wanted
            if not self._is_ours(wanted) and not self._taken(wanted, record.seq):
                return self._claim(wanted)
            self._tell(entry, wanted, "taken", record.permalink)
        elif entry.slug_fixed and entry.slug and entry.slug != record.slug and "#" not in record.permalink:
            return self._claim(self._by_pattern(entry, entry.slug, record.day, record.seq))
        return record.permalink

    def of_shown(self, entry: Entry, record: Record) -> str:
        """The permalink of an entry that only a preview has shown: it still follows title and date."""
        if entry.permalink or "#" in record.permalink:
            return self.of_known(entry, record)
        return self._claim(self._by_pattern(entry, entry.slug or "entry", entry.date.day, record.seq))

    def redirects(self, entry: Entry, seq: int, known: tuple[str, ...]) -> tuple[str, ...]:
        """Those of its aliases that do not lead to it yet (``known`` do) and are free."""
        fresh: list[str] = []
        for alias in dict.fromkeys(map(identity.address, entry.aliases)):
            if alias in known:
                continue
            if self._is_ours(alias) or self._taken(alias, seq) or self._is_old(alias, seq):
                self._tell(entry, alias, "taken", what="alias")
            else:
                fresh.append(self._claim(alias))
        return tuple(fresh)

    def _by_pattern(self, entry: Entry, slug: str, day: str, seq: int) -> str:
        year, month, of_month = day.split("-")
        page = links.slugify(entry.path.rpartition("/")[2].rpartition(".")[0]) or "page"
        wanted = ""
        for pattern in (self._pattern, _ALWAYS_FREE):
            text = pattern.format(year=year, month=month, day=of_month, slug=slug, page=page)
            wanted = identity.address(text)
            if not self._is_ours(f"{wanted.rstrip('/')}-2/"):
                break
        return identity.unique(
            wanted, lambda one: links.is_reserved(one) or self._taken(one, seq) or self._is_old(one, seq)
        )

    def _is_ours(self, address: str) -> bool:
        """Whether it is, or is below, an address of the site itself, or below a file: no number behind it helps."""
        return (
            links.is_reserved(address)
            or address.casefold() in self._also
            or any(self._is_file(above) for above in _files_above(address))
        )

    def _is_file(self, address: str) -> bool:
        folded = address.casefold()
        ours = links.is_reserved(address) or folded in self._also
        return ours or folded in self._claimed or self._history.stands_at(address)

    def _taken(self, address: str, seq: int) -> bool:
        folded = address.casefold()
        below = not address.endswith("/") and (folded in self._folders or self._history.stands_below(address))
        return folded in self._claimed or below or self._history.has_permalink(address, seq)

    def _is_old(self, address: str, seq: int) -> bool:
        return self._history.redirect(address) not in {None, seq}

    def _claim(self, address: str) -> str:
        folded = address.casefold()
        self._claimed.add(folded)
        if "." in folded:
            parts = folded.strip("/").split("/")
            folders = range(1, len(parts) + folded.endswith("/"))
            self._folders.update("/" + "/".join(parts[:end]) for end in folders)
        return address

    def _tell(self, entry: Entry, wanted: str, whose: str, given: str = "", *, what: str = "permalink") -> None:
        stays = f"the entry stands at {given}" if given else "it was left out"
        message = f"the {what} {wanted} is {whose if whose != 'taken' else 'taken already'}"
        self.problems.append(Problem(f"{entry.path}:{entry.line}", message, f"write another; {stays}"))


def _files_above(address: str) -> Iterator[str]:
    """The folders an address needs whose names look like files."""
    parts = address.strip("/").split("/") if "." in address else []
    for end in range(1, len(parts) + address.endswith("/")):
        above = "/".join(parts[:end])
        if links.out_path(above) == above:
            yield "/" + above
