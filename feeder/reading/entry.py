"""One file as entries: one, or those of a news page."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from feeder import links
from feeder.config import Settings
from feeder.errors import Problem
from feeder.model import Entry, Moment, Reading
from feeder.reading import attachments, dating, fields, frontmatter, headings, items, newspage, places, summary, text
from feeder.reading.assets import AssetStore
from feeder.reading.work import Part, Work


def read(
    path: str, data: bytes, settings: Settings, store: AssetStore | None = None, undated: datetime | None = None
) -> Reading:
    """See `feeder.reading.read_text`."""
    whole, problems = text.decode(path, data)
    if not whole.strip():
        if not any(problem.rejects for problem in problems):
            problems.append(Problem(path, "the file is empty", "write a date and some text, or delete it", True))
        return Reading(path, (), tuple(problems), frozenset({""}))
    front = frontmatter.read(path, whole)
    front.problems[:0] = problems
    if front.broken:
        return Reading(path, (), tuple(front.problems), frozenset({""}))
    zone = ZoneInfo(settings.site.timezone)
    name = places.name(path, settings.entries.path, zone)
    said = fields.read(front, zone, jekyll=name.jekyll)
    store = store or AssetStore(str(settings.root))
    work = Work(settings, front, said, name, attachments.read(front, store), zone, store)
    work.absent.update(dict.fromkeys(work.attached.absent))
    return work.rejected() if said.rejected else _decide(work, whole[front.body :], undated)


def _decide(work: Work, body: str, undated: datetime | None) -> Reading:
    date = dating.own_date(work.front, work.fields, work.name, work.zone)
    if isinstance(date, Problem):
        work.front.problems.append(date)
        return work.rejected()
    forced = work.fields.items
    if forced in {"h2", "h3"} or (date is None and not forced):
        heads = headings.find(body)
        level, found = dating.sections(body, heads, work.zone, int(forced[1]) if forced else 0)
        if forced or newspage.is_page(found):
            return items.read(work, body, heads, level, found)
    else:
        found = []
    if date:
        return work.reading((_single(work, body, date),))
    if work.is_draft:  # it may wait for its date
        return work.reading((_single(work, body, dating.moment(undated, work.zone)),) if undated else ())
    work.front.problems.append(dating.undated(work.front, found))
    return work.rejected()


def _single(work: Work, body: str, date: Moment) -> Entry:
    title, body, line = _title(work, body)
    slug = work.fields.slug or links.slugify(work.name.words) or links.slugify(title)
    return work.entry(Part(title=title, body=body, line=line, date=date, slug=slug), work.fields)


def _title(work: Work, body: str) -> tuple[str, str, int]:
    """Title, body without it, and the line of the file on which that begins."""
    line, given = work.front.body_line, work.fields.title
    if given and not body.lstrip("\n").startswith("# "):
        return given, body, line
    heading = next((h for h in headings.find(body) if h.level == 1 and h.text), None)
    if heading is None:
        return given or work.name.title or _first_words(body), body, line
    title = newspage.title_of(heading)
    opens = not body[: heading.begin].strip()
    if opens and (not given or title == given):
        return title, body[heading.end :], line + heading.after
    return given or title, body, line


def _first_words(body: str) -> str:
    from feeder.reading.markdown import plain

    lead = next((line.strip() for line in body.split("\n") if line.strip()), "")
    return summary.cut(plain(lead[:500]), 60)
