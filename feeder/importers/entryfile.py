"""An item of a feed elsewhere -> a Markdown entry file: safe HTML under plain front matter."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit
from zoneinfo import ZoneInfo

from feeder import dates, links
from feeder.importers.syndication import Item

# What XML and YAML cannot carry: C0 but TAB and line ends, DEL and C1, lone surrogates, non-characters.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_BLANK_LINE = re.compile(r"\n([ \t]*)(?=\n)")
_FRONT_ID = re.compile(r'^id: (".*")$', re.MULTILINE)
_SCHEMES = {"http", "https", "mailto", "tel"}
_ADDRESSES = frozenset(("href", "src", "poster", "cite"))
_SUMMARY_LIMIT = 1_000


@dataclass(frozen=True, slots=True)
class EntryFile:
    """A file to be: its name without folder, and its text."""

    name: str
    text: str
    dated: bool
    """The remote dated it."""


def entry_file(item: Item, zone: ZoneInfo, language: str, now: datetime) -> EntryFile:
    """The entry file of ``item``; an undated one is dated ``now``. ``language`` is the site's."""
    item = _fit(item)
    dated = _instant(item.published, zone)
    published = dated or now
    updated = _instant(item.updated, zone)
    text, summary = _safe(item.content or item.summary, item.base), _plain(item.summary)
    title = _plain(item.title) if item.title_is_html else item.title
    title = title or _words(_plain(text)) or dates.rfc3339(published, zone)[:10]
    front: dict[str, object] = {"title": title, "date": dates.rfc3339(published, zone)}
    if updated and updated > published:
        front["updated"] = dates.rfc3339(updated, zone)
    front["id"] = item.id
    front["slug"] = links.slugify(_last_part(item.url)) or links.slugify(title)
    front["via"] = item.url if urlsplit(item.url).scheme in ("http", "https") else ""
    front["tags"] = list(item.tags)
    front["authors"] = list(item.authors)
    front["lang"] = item.language if item.language.lower() != language.lower() else ""
    front["summary"] = (summary or _plain(text))[:_SUMMARY_LIMIT]
    front["enclosures"] = [
        {"url": file.url, "type": file.media_type, "length": file.length} for file in item.files if _fetchable(file.url)
    ]
    return EntryFile(f"{front['slug'] or 'entry'}.md", _front_matter(front) + _body(text), dated is not None)


def front_id(text: str) -> str:
    """The id in the front matter of a file that ``entry_file`` wrote; empty where there is none."""
    head = text[4:].partition("\n---\n")[0] if text.startswith("---\n") else ""
    match = _FRONT_ID.search(head)
    try:
        return str(json.loads(match[1])) if match else ""
    except ValueError:
        return ""


def _instant(text: str, zone: ZoneInfo) -> datetime | None:
    try:
        return dates.parse(text, zone).instant if text else None
    except dates.DateError:
        return None


def _front_matter(front: dict[str, object]) -> str:
    # A JSON scalar is a YAML flow scalar (YAML 1.2), so nothing in a value can end or open anything.
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in front.items() if value]
    return "---\n" + "\n".join(lines) + "\n---\n"


def _body(text: str) -> str:
    # One HTML block: it ends at the first blank line (CommonMark 4.6, kind 6), so it holds none;
    # and what looks like a template tag or shortcode is text here.
    whole = _BLANK_LINE.sub(r"&#10;\1", text.replace("\r\n", "\n").replace("\r", "\n").strip())
    whole = whole.replace("{{", "{&#123;").replace("{%", "{&#37;")
    return f"<div>\n{whole}\n</div>\n" if whole else ""


def _safe(markup: str, base: str) -> str:
    import nh3

    def absolute(_tag: str, attribute: str, value: str) -> str | None:
        if attribute not in _ADDRESSES:
            return value
        try:
            address = urljoin(base, value.strip())
            return address if urlsplit(address).scheme in _SCHEMES else None
        except ValueError:
            return None

    tags = nh3.ALLOWED_TAGS | {"figure", "figcaption", "picture", "audio", "video", "source", "details", "summary"}
    attributes = {tag: set(names) for tag, names in nh3.ALLOWED_ATTRIBUTES.items()}
    attributes |= {
        "audio": {"src", "controls"},
        "video": {"src", "controls", "poster", "width", "height"},
        "source": {"src", "type"},
    }
    return nh3.clean(
        markup, tags=tags, attributes=attributes, attribute_filter=absolute, url_schemes=_SCHEMES, link_rel=None
    )


def _plain(markup: str) -> str:
    import nh3

    spaced = re.sub(r"(?i)<(?:br|/p|/div|/li|/h\d)\b", r" \g<0>", markup)
    return " ".join(html.unescape(nh3.clean(spaced, tags=set())).split())


def _fit(item: Item) -> Item:
    """``item`` without the characters that nothing can carry."""
    values: dict[str, Any] = {name: _fit_value(getattr(item, name)) for name in Item.__slots__}
    return Item(**values)


def _fit_value(value: object) -> object:
    if isinstance(value, str):
        return _UNFIT.sub("", value)
    return tuple(map(_fit_value, value)) if isinstance(value, tuple) else value


def _words(text: str, limit: int = 60) -> str:
    return text if len(text) <= limit else text[:limit].rsplit(" ", 1)[0] + "…"


def _last_part(url: str) -> str:
    parts = [part for part in unquote(urlsplit(url).path).split("/") if part]
    return re.sub(r"\.\w{1,5}$", "", parts[-1]) if parts else ""


def _fetchable(url: str) -> bool:
    return urlsplit(url).scheme in ("http", "https")
