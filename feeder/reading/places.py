"""What a file's name and the addresses in its front matter say: date, slug, language, permalink."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from unicodedata import normalize
from zoneinfo import ZoneInfo

from feeder import dates, links
from feeder.model import Moment
from feeder.reading import keys

_ENDING = re.compile(r"\.(?:md|markdown|txt)\Z", re.IGNORECASE)
_BUNDLES = frozenset({"index", "readme"})
_LANGUAGES = frozenset(re.findall("..", "arcsdadeelenesfafifrhehihuiditjakonbnlplptrorusvthtrukvizh"))
_IN_NAME = re.compile(r"\.(([a-z]{2})(?:[-_][A-Za-z]{2,4})?)\Z")
_TOKEN = re.compile(r":([a-z_]+)")
_STYLES = frozenset({"pretty", "date", "none", "ordinal", "weekdate"})
"""Jekyll's names for patterns of a whole site."""

LONGEST: Final = 500
"""Characters of an address in the front matter, each up to four bytes in a path of at most 4,096."""
DEEPEST: Final = 30


@dataclass(frozen=True, slots=True)
class Name:
    """What the name of an entry file says."""

    words: str
    """Without folder, date, language and ending."""
    date: Moment | None = None
    error: dates.DateError | None = None
    language: str = ""
    draft: bool = False
    """It lies in Jekyll's and Hexo's folder of drafts."""
    jekyll: bool = False

    @property
    def title(self) -> str:
        """The words as a title of last resort."""
        return " ".join(re.split(r"[-_\s]+", self.words)).strip()


def name(path: str, entries: str, zone: ZoneInfo) -> Name:
    """Read the name of a file; that of its folder where it is an ``index.md``."""
    folders = path.split("/")[:-1]
    words = _ENDING.sub("", path.rpartition("/")[2])
    language = ""
    match = _IN_NAME.search(words)
    if match and match[2] in _LANGUAGES:
        language, words = keys.language_tag(match[1]), words[: match.start()]
    if words.lower() in _BUNDLES:
        words = folders[-1] if folders and "/".join(folders) != entries.strip("/") else ""
    draft = "_drafts" in folders
    # Hexo keeps its posts in source/_posts; there a tag may hold blanks.
    jekyll = (draft or "_posts" in folders) and "source" not in folders
    try:
        found = dates.at_name(words, zone)
    except dates.DateError as error:
        return Name(words, None, error, language, draft, jekyll)
    if found:
        return Name(found[1], found[0], None, language, draft, jekyll)
    return Name(words, None, None, language, draft, jekyll)


def leaves(address: str) -> bool:
    """Whether an address climbs out of its site (``../``, also in disguise)."""
    plain = normalize("NFKC", links.decode(links.decode(address))).replace("\\", "/")
    return ".." in plain.split("/") or "\0" in plain


def too_long(address: str) -> bool:
    """Whether no file system holds a page at this address, or none should."""
    return len(address) > LONGEST or address.count("/") > DEEPEST


def permalink(address: str) -> str:
    """A path from the site's root, or an absolute address, as the author wrote it."""
    if address.startswith(("http://", "https://")):
        return address
    return "/" + address.lstrip("/")


def is_style(address: str) -> bool:
    """Whether this is Jekyll's name for a pattern and no address."""
    return address in _STYLES


def expand(address: str, day: str, slug: str) -> str | None:
    """Fill in Jekyll's and Hexo's ``:year/:month/:title``; None where one of them is unknown."""
    if not address.startswith(":") and "/:" not in address:
        return address
    year, month, date = day.split("-")
    known = {"year": year, "month": month, "day": date, "title": slug, "slug": slug, "name": slug, "post_title": slug}
    known |= {"i_month": month.lstrip("0"), "i_day": date.lstrip("0"), "short_year": year[2:], "categories": ""}
    unknown = [token for token in _TOKEN.findall(address) if token not in known]
    if unknown:
        return None
    return re.sub("/{2,}", "/", _TOKEN.sub(lambda match: known[match[1]], address))
