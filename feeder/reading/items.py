"""The items of a news page as entries."""

from __future__ import annotations

from dataclasses import dataclass, replace

from feeder import links
from feeder.model import Entry, Reading, Via
from feeder.reading import dating, fields, frontmatter, newspage
from feeder.reading.fields import Fields
from feeder.reading.headings import Heading
from feeder.reading.work import Part, Work

_OF_ONE = ("id", "slug", "permalink", "aliases", "updated", "correction", "enclosures")
"""Keys that mean one entry and so cannot stand at the head of a news page."""


@dataclass(frozen=True, slots=True)
class _Page:
    """What the items of a page share."""

    title: str
    via: tuple[Via, ...]
    sections: list[newspage.Section]
    definitions: dict[str, str]


def read(work: Work, body: str, heads: list[Heading], level: int, found: list[newspage.Section]) -> Reading:
    """Every section of a news page as an entry, in the order in which they stand there."""
    if not found or len(found) > newspage.MOST_ITEMS:
        return _refuse(work, level, len(found))
    _tell_misplaced(work)
    newspage.name_anchors(found)
    first = found[0].heading.begin
    top = next((h for h in heads if h.level == 1 and h.begin < first), None) if level > 1 else None
    title = work.fields.title or (newspage.title_of(top) if top else "")
    via = work.fields.via or newspage.attribution(body[top.end if top else 0 : first], body)
    page = _Page(title, via, found, newspage.definitions(body))
    entries: list[Entry] = []
    for section in found:
        entry = _item(work, page, section)
        if entry:
            entries.append(entry)
        elif section.is_item:
            work.bad.add(section.anchor)
    return work.reading(tuple(entries))


def _refuse(work: Work, level: int, count: int) -> Reading:
    if count:
        message, hint = f"a news page of more than {newspage.MOST_ITEMS} items", "split it"
    else:
        message, hint = f"there is no section of level {level}, as `items` wants", "write one, or remove `items`"
    work.front.tell("items", message, hint, mark=work.fields.items, rejects=True)
    return work.rejected()


def _tell_misplaced(work: Work) -> None:
    for group in _OF_ONE:
        key = next((k for k in work.front.values if fields.is_of(k, group)), "")
        if key:
            written = work.front.written[key]
            hint = f"write it under the item's heading: <!-- {written}: … -->"
            work.front.tell(key, f"`{written}` cannot be that of every item of a news page", hint, mark=written)


def _item(work: Work, page: _Page, section: newspage.Section) -> Entry | None:
    if not section.is_item:
        return None
    if section.date is None:
        work.front.problems.append(dating.undated_item(work.front, section, page.sections))
        return None
    said = _fields(work, page, section)
    if said is None:
        return None
    body = section.text
    if definitions := newspage.definitions_for(body, page.definitions):
        body = f"{body.rstrip()}\n\n{definitions}\n"
    title = said.title or section.title or section.anchor
    part = Part(
        title=title,
        body=body,
        line=work.front.body_line + section.line,
        date=section.date,
        slug=said.slug or links.slugify(title) or section.anchor,
        first_line=work.front.body_line + section.heading.line,
        anchor=section.anchor,
        page_title=page.title,
        dated=section.written,
    )
    return work.entry(part, said)


def _fields(work: Work, page: _Page, section: newspage.Section) -> Fields | None:
    """What page and item say together; None when something keeps the item back."""
    tags = (page.title, *work.fields.tags) if page.title else work.fields.tags
    shared = replace(
        work.fields,
        title="",
        id="",
        slug="",
        address="",
        aliases=(),
        updated=None,
        correction="",
        summary="",
        via=page.via,
        tags=tuple(dict.fromkeys(tags)),
    )
    if not section.values:
        return shared
    front = frontmatter.of_item(work.front, section.values, section.heading)
    own = fields.read(front, work.zone)
    work.front.problems += front.problems
    return None if own.rejected else fields.merge(shared, own)
