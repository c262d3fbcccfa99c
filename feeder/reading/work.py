"""One file while it is read, and the making of an entry from it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from feeder.config import Settings
from feeder.errors import Problem
from feeder.model import Enclosure, Entry, Moment, Reading
from feeder.reading import places, summary
from feeder.reading.assets import AssetStore
from feeder.reading.attachments import Attachments
from feeder.reading.fields import Fields
from feeder.reading.frontmatter import FrontMatter

if TYPE_CHECKING:
    from feeder.reading.markdown import Rendered

MOST_PROBLEMS = 30
"""Problems of one file that are told; the rest is counted."""

_TRAILING = re.compile(r"[ \t]+$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The text of one entry and its place in the file."""

    title: str
    body: str
    """Its Markdown, without the title."""
    line: int
    """The line of the file on which ``body`` begins."""
    date: Moment
    slug: str
    first_line: int = 1
    """The line with which the entry begins: its heading on a news page."""
    anchor: str = ""
    page_title: str = ""
    dated: str = ""
    """How its date stands in its text."""


@dataclass(slots=True)
class Work:
    """One file while it is read."""

    settings: Settings
    front: FrontMatter
    fields: Fields
    name: places.Name
    attached: Attachments
    zone: ZoneInfo
    store: AssetStore
    absent: dict[str, None] = field(default_factory=dict)
    bad: set[str] = field(default_factory=set)

    @property
    def is_draft(self) -> bool:
        """The whole file is held back by its author."""
        return self.fields.draft or self.name.draft

    def reading(self, entries: tuple[Entry, ...] = ()) -> Reading:
        """What the file gave."""
        path, problems = self.front.path, sorted(self.front.problems, key=_line)
        if len(problems) > MOST_PROBLEMS:
            rejects = any(problem.rejects for problem in problems[MOST_PROBLEMS:])
            more = Problem(path, f"and {len(problems) - MOST_PROBLEMS} more problems in this file", rejects=rejects)
            problems = [*problems[:MOST_PROBLEMS], more]
        return Reading(path, entries, tuple(problems), frozenset(self.bad), tuple(self.absent))

    def rejected(self) -> Reading:
        """Nothing of the file can be published."""
        self.bad.add("")
        return self.reading()

    def entry(self, part: Part, said: Fields) -> Entry:
        """Render the text and put everything together."""
        rendered = self._rendered(part)
        source = normalised(part.body)
        enclosures = () if part.anchor else self.attached.enclosures
        assets = {asset.path: asset for asset in rendered.assets} | self.attached.assets
        return Entry(
            path=self.front.path,
            anchor=part.anchor,
            line=part.first_line,
            title=part.title,
            page_title=part.page_title,
            id=said.id,
            date=part.date,
            updated=said.updated,
            expires=said.expires,
            draft=self.is_draft or said.draft,
            slug=part.slug,
            slug_fixed=bool(said.slug),
            permalink=self.permalink(part, said),
            aliases=said.aliases,
            tags=said.tags,
            authors=said.authors,
            language=said.language or self.name.language,
            summary=said.summary or summary.cut(rendered.more or rendered.lead),
            html=rendered.html,
            cover=self.attached.cover or rendered.cover,
            via=said.via,
            enclosures=enclosures,
            assets=tuple(assets.values()),
            refs=rendered.refs,
            lists=said.lists,
            mail=said.mail,
            correction=said.correction,
            extra=said.extra,
            hash=_digest(part.title, source, *map(_as_text, enclosures)),
            body_hash=_digest(source),
        )

    def _rendered(self, part: Part) -> Rendered:
        """The text as HTML; its problems, and the files it names in vain, become those of the file."""
        from feeder.reading import markdown

        rendered = markdown.render(
            part.body,
            path=self.front.path,
            line=part.line,
            root=str(self.settings.root),
            hashes=self.store,
            anchor=part.anchor,
            entries=self.settings.entries.path,
            dated=part.dated,
        )
        self.front.problems += rendered.problems
        self.absent.update({asset.source: None for asset in rendered.missing})
        return rendered

    def permalink(self, part: Part, said: Fields) -> str:
        """The author's address with its ``:year`` and the like filled in; empty for none."""
        if not said.address:
            return ""
        address = places.expand(said.address, part.date.day, part.slug)
        if address is None:
            hint = "write the address itself; meanwhile the pattern of the settings is used"
            message = f"an unknown :word in the permalink: {said.address}"
            self.front.tell("permalink", message, hint, mark=said.address)
            return ""
        return places.permalink(address)


def normalised(body: str) -> str:
    """The source of a body without what changes nothing: blanks at line ends, empty lines around it."""
    return (_TRAILING.sub("", body) if " \n" in body or "\t\n" in body else body).strip("\n").rstrip(" \t")


def _line(problem: Problem) -> int:
    """The line it is about; what is about the whole file comes first."""
    line = problem.place.rpartition(":")[2]
    return int(line) if line.isdecimal() else 0


def _as_text(enclosure: Enclosure) -> str:
    return f"{enclosure.url} {enclosure.media_type} {enclosure.length} {enclosure.title}"


def _digest(*parts: str) -> str:
    return blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=16).hexdigest()
