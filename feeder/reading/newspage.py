"""News pages: a file without a date of its own whose sections each carry one.

Recognised by headings and the first line of each section alone. ``去年 3 月``, ``近期`` or ``11 月 22 日`` date
nothing; no date is ever completed or corrected.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice
from zoneinfo import ZoneInfo

from feeder import dates, links
from feeder.model import Moment, Via
from feeder.reading import datelines, keys
from feeder.reading.headings import Heading

LEVELS = (2, 3, 1, 4)
"""Heading levels whose sections may be items, in the order in which they are tried."""

MOST_ITEMS = 2000
"""Items of one news page."""

_MARKED = re.compile(r"[^\w\s，。：；！？、（）《》“”‘’—…·+/.,-]")
"""What may be Markdown in a heading."""
_ATTRIBUTES = re.compile(r"[ \t]*\{[:#.][^{}]*\}\Z")
"""``{#id}`` at the end of a heading."""
_INTRO = 10_000
"""Characters of an introduction in which a source is looked for."""
_KEY_LINE = re.compile(r"([A-Za-z][A-Za-z_-]*)[ \t]*:[ \t]*(.*)\Z")
_IMAGE_LINE = re.compile(r"(?:!\[[^\]]*\]\([^)]*\)\s*)+\Z")
_NOT_PROSE = re.compile(r"(?:[-*+]|\d{1,9}[.)])[ \t]|[>|#<]|```|~~~| {4}|\t")
_NO_ITEM = re.compile(
    r"[\W_]*(?:(?:unreleased|upcoming|next|(?:table of )?contents|toc|未发布|未發布|待发布|即将发布|目录|目錄)(?:\W.*)?"
    r"|(?:master|main|head)(?:[\W_]*|\W*(?:[(\[（].*|unreleased\b.*)))\Z",
    re.IGNORECASE,
)
"""Headings of sections that nobody means as an item, such as what Keep a Changelog collects until a release."""
_VERSION = re.compile(r"\W*(?:(?:version|release|ver\.?)\s*)?\[?v?\d+\.\d+", re.IGNORECASE)
"""How the heading of a release begins: ``1.2.3 (…)``, ``[v1.2.3](…)``, ``Version 1.2``."""
_FIRST_SIGNS = re.compile(r"\A[\W_]+")
_PARTIAL = re.compile(
    r"[\s*_]*(?:(\d{1,2}\s*月\s*\d{1,2}\s*[日号])|((?:[A-Z][a-z]{2,8})\.?\s+\d{1,2})(?!\d|,?\s+\d{4}))"
)
_DEFINITION = re.compile(r"^ {0,3}\[([^\]\n]{1,200})\]:[ \t]*\S.*$", re.MULTILINE)
_LABEL = re.compile(r"\[([^\[\]\n]{1,200})\]")
_LINK = re.compile(
    r"(?<!!)\[(?P<text>(?:[^\[\]\n]|!\[[^\]\n]*\]\([^)\n]*\))*)\](?:\(\s*<?(?P<url>https?://[^\s)>]+)[^)\n]*\)|\[(?P<ref>[^\]\n]*)\])"
    r"|<(?P<auto>https?://[^\s<>]+)>"
    r"|(?P<bare>https?://[A-Za-z0-9\-._~:/?#@!$&*+;=%]*[A-Za-z0-9/_~=&%-])"
)
_ATTRIBUTION = re.compile(
    r"转载|转自|轉載|轉自|来源|來源|出处|出處|摘自|摘编|原文|原载|编译自|引自|via\b|source|courtesy|reprinted|republished"
    r"|originally|adapted from|taken from|collected from",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[。！？\n]|[.!?](?=\s|\Z)")


@dataclass(slots=True, eq=False)
class Section:
    """A heading and what follows it; an item when the file is a news page."""

    heading: Heading
    text: str
    line: int
    """First line of ``text``, from 0 in the body."""
    date: Moment | None = None
    written: str = ""
    """The date as it stands there."""
    error: dates.DateError | None = None
    """It begins with a date that does not exist."""
    is_sure: bool = False
    """The date stands in the heading, or alone on a line: nothing else can be meant by it."""
    anchor: str = ""
    values: dict[str, str] = field(default_factory=dict)
    """Keys of its own, from a comment under the heading: ``<!-- id: tag:… -->``."""
    lead: str = ""
    """The line of prose with which it begins."""

    @property
    def title(self) -> str:
        """Its heading as plain text."""
        return title_of(self.heading)

    @property
    def is_item(self) -> bool:
        """Whether it is meant as one: no table of contents, nothing marked as a draft."""
        return self.dated or (keys.truth(self.values.get("draft")) is not True and not _NO_ITEM.match(self.title))

    @property
    def dated(self) -> bool:
        """Whether it carries a full date, real or not."""
        return self.date is not None or self.error is not None


def title_of(heading: Heading) -> str:
    """A heading as plain text."""
    from feeder.reading.markdown import plain

    return plain(_ATTRIBUTES.sub("", heading.text)) if _MARKED.search(heading.text) else heading.text


def sections(body: str, headings: list[Heading], level: int, zone: ZoneInfo, *, patient: bool = False) -> list[Section]:
    """The sections of one heading level, with the dates that their headings or leads carry.

    Unless ``patient``, it stops where it is sure that they make no news page.
    """
    return _sections(body, _spans(headings, level, len(body)), zone, patient=patient)


def releases(body: str, headings: list[Heading], zone: ZoneInfo) -> list[Section]:
    """The sections of a list of releases whose headings are of several levels; nothing where they are of one.

    Tools that write it from commits give a great release a greater heading: ``# 2.0.0 (2024-04-02)``,
    ``## 1.9.0 (2024-03-05)``, ``### 1.8.1 (2024-02-06)``.
    """
    named = [heading for heading in headings if _VERSION.match(heading.text)]
    levels = {heading.level for heading in named if heading.level <= max(LEVELS) and _is_dated(heading, zone)}
    if len(levels) < 2:
        return []
    begins = [heading for heading in named if heading.level in levels]
    ends = [heading.begin for heading in begins[1:]] + [len(body)]
    return _sections(body, list(zip(begins, ends, strict=True)), zone, patient=False)


def _is_dated(heading: Heading, zone: ZoneInfo) -> bool:
    """Whether a date follows the version; ``2024.04.02`` that begins a heading is no version."""
    try:
        found = dates.in_heading(heading.text, zone)
    except dates.DateError:
        return True
    return found is not None and not _FIRST_SIGNS.sub("", heading.text).startswith(found[1])


def _sections(body: str, spans: list[tuple[Heading, int]], zone: ZoneInfo, *, patient: bool) -> list[Section]:
    found: list[Section] = []
    undated = 0
    for heading, end in spans[: MOST_ITEMS + 1]:
        section = _section(heading, body[heading.end : end], zone)
        found.append(section)
        undated += not section.dated and section.is_item
        if undated > max(1, len(spans) // 4) and not patient:
            break
    return found


def _spans(headings: list[Heading], level: int, end: int) -> list[tuple[Heading, int]]:
    spans: list[tuple[Heading, int]] = []
    for heading in reversed(headings):
        if heading.level == level:
            spans.append((heading, end))
        if heading.level <= level:
            end = heading.begin
    spans.reverse()
    return spans


def is_page(found: list[Section]) -> bool:
    """Whether sections make a news page: at least two are dated, and at most one is not.

    Where most dates are sure, as in a list of releases, one in four may lack its own.
    """
    dated = sum(section.dated for section in found)
    sure = sum(section.is_sure for section in found)
    return dated >= 2 and sum(section.is_item for section in found) - dated <= max(1, sure // 3)


def name_anchors(found: list[Section]) -> None:
    """Give each section an anchor from its heading; equal ones are told apart by age, so that a newer one on top
    takes no anchor away.
    """
    taken: set[str] = set()
    counts: dict[str, int] = {}
    for section in sorted(found, key=lambda s: s.date.day if s.date else "9999"):
        name = anchor = links.slugify(section.title) or "item"
        while anchor in taken:
            counts[name] = counts.get(name, 1) + 1
            anchor = f"{name}-{counts[name]}"
        taken.add(anchor)
        section.anchor = anchor


def hint_for_undated(section: Section, found: list[Section]) -> str:
    """How to date a section: the full date to write, in the spelling of its neighbours."""
    near = min((s for s in found if s.date), key=lambda s: abs(s.line - section.line), default=None)
    example = near.written if near else "2024-04-02"
    year = near.date.day[:4] if near and near.date else "2024"
    partial = _PARTIAL.match(section.lead)
    if partial:
        example = f"{year} 年 {partial[1]}" if partial[1] else f"{partial[2]}, {year}"
    return f"begin it with its full date, as {example}"


def attribution(intro: str, body: str) -> tuple[Via, ...]:
    """Whom a page names as its source: the links of the sentence that says so, else its only link."""
    intro = intro[:_INTRO]
    found = list(islice(_LINK.finditer(intro), 50))
    if not found:
        return ()
    named = [match for match in found if _attributed(intro, match.start())]
    chosen = named or (found if len(found) == 1 else [])
    targets = definitions(body) if any(match["ref"] is not None for match in chosen) else {}
    made = [_via(match, targets) for match in chosen]
    return tuple({via.url: via for via in made if via}.values())


def definitions(body: str) -> dict[str, str]:
    """The link definitions of a page (``[1]: https://…``), by label."""
    if "]:" not in body:
        return {}
    return {match[1].lower(): match[0].strip() for match in _DEFINITION.finditer(body)}


def definitions_for(text: str, defined: dict[str, str]) -> str:
    """Of a page's link definitions those that a section uses but that stand elsewhere."""
    if not defined or "[" not in text:
        return ""
    own = definitions(text)
    used = dict.fromkeys(label.lower() for label in _LABEL.findall(text))
    return "\n".join(defined[label] for label in used if label in defined and label not in own)


def _section(heading: Heading, text: str, zone: ZoneInfo) -> Section:
    values, skipped = _own_keys(text)
    section = Section(heading, text[skipped:], heading.after + text.count("\n", 0, skipped), values=values)
    section.lead = _lead(section.text)
    try:
        headed = dates.in_heading(heading.text, zone)
        given = headed or datelines.find(section.text, section.lead, zone)
        own = next((value for key, value in values.items() if key.lower() == "date"), None)
        given = (dates.parse(own, zone), own) if own else given
    except dates.DateError as error:
        section.error = error
    else:
        if given:
            section.date, section.written = given
            section.is_sure = headed is not None or datelines.is_alone(section.lead, section.written)
    return section


def _own_keys(text: str) -> tuple[dict[str, str], int]:
    """Keys in a comment at the head of a section, and how long that is."""
    start = len(text) - len(text.lstrip())
    end = text.find("-->", start, start + 4096) if text.startswith("<!--", start) else -1
    if end < 0:
        return {}, 0
    values: dict[str, str] = {}
    for line in text[start + 4 : end].strip().split("\n"):
        pair = _KEY_LINE.match(line.strip())
        if not pair or not (keys.canonical(pair[1]) or keys.near_miss(pair[1])):
            return {}, 0
        values[pair[1]] = pair[2].strip().strip("\"'")
    return values, end + 3


def _lead(text: str) -> str:
    """The first line of prose; empty where a section begins with anything else but images and comments."""
    position = 0
    while position < len(text):
        end = text.find("\n", position)
        end = len(text) if end < 0 else end
        line = text[position:end]
        bare = line.strip()
        if bare.startswith("<!--"):
            closing = text.find("-->", position)
            if closing < 0:
                return ""
            position = closing + 3
            continue
        if bare and not _IMAGE_LINE.match(bare[:500]):
            return "" if _NOT_PROSE.match(line) else bare[:400]
        position = end + 1
    return ""


def _attributed(intro: str, position: int) -> bool:
    begin = 0
    for end in _SENTENCE_END.finditer(intro, 0, position):
        begin = end.end()
    return _ATTRIBUTION.search(intro, begin, position) is not None


def _via(match: re.Match[str], targets: dict[str, str]) -> Via | None:
    from feeder.reading.markdown import plain

    address = match["url"] or match["auto"] or match["bare"]
    if match["ref"] is not None:
        definition = targets.get((match["ref"] or match["text"]).lower(), "")
        address = definition.partition("]:")[2].split()[0].strip("<>") if definition else ""
    if not address or not address.startswith(("http://", "https://")):
        return None
    return Via(links.iri(address), plain(match["text"]) if match["text"] else "")
