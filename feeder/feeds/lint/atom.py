"""Rules on Atom 1.0 documents."""

from __future__ import annotations

from lxml import etree

from feeder.feeds.archive import NAMESPACE
from feeder.feeds.lint import content, links
from feeder.feeds.lint.findings import Findings
from feeder.feeds.lint.lines import line_of

_A = "{http://www.w3.org/2005/Atom}"
_ARCHIVE = f"{{{NAMESPACE}}}archive"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_ONCE = ("id", "title", "updated", "published", "content", "summary", "rights", "subtitle", "generator", "icon")


def lint(feed: etree._Element, findings: Findings) -> None:
    """A whole feed document."""
    _language(feed, findings)
    _required(feed, findings)
    if feed.find(_ARCHIVE) is not None and not feed.findall(f'{_A}link[@rel="prev-archive"]'):
        findings.add("fh:archive without prev-archive", "validators call it incomplete; leave it out of the oldest", 0)
    links.lint_feed_links(feed, feed.findall(_A + "link"), findings)
    for tag in ("title", "subtitle", "rights"):
        _text(feed.find(_A + tag), findings)
    _author(feed, findings)
    entries = feed.findall(_A + "entry")
    _misplaced(feed, findings)
    for entry in entries:
        _entry(feed, entry, findings)
    findings.unique(_values(entries, "id"), "id", "give each entry its own `id`")
    findings.unique(_values(entries, "updated"), "updated", "the later one gets the next free second")
    _newest(feed, entries, findings)


def _values(entries: list[etree._Element], tag: str) -> list[tuple[str, int]]:
    found = [entry.find(_A + tag) for entry in entries]
    return [(element.text or "", line_of(element)) for element in found if element is not None]


def _required(owner: etree._Element, findings: Findings) -> None:
    line = line_of(owner)
    tags = [str(child.tag).removeprefix(_A) for child in owner]
    for tag in ("id", "title", "updated"):
        if tag not in tags:
            findings.add(f"no <{tag}>", "RFC 4287 demands it", line)
    for tag in _ONCE:
        if tags.count(tag) > 1:
            findings.add(f"two <{tag}>", "keep one", line)
    if value := owner.findtext(_A + "id"):
        findings.iri(value, line)
        findings.characters(value, "the id", line)
    if updated := owner.findtext(_A + "updated"):
        findings.rfc3339(updated, "updated", line)


def _language(element: etree._Element, findings: Findings) -> None:
    if (tag := element.get(_LANG)) is not None:
        findings.language(tag, line_of(element))


def _text(element: etree._Element | None, findings: Findings) -> None:
    if element is None:
        return
    name, value, line = str(element.tag).removeprefix(_A), element.text or "", line_of(element)
    findings.filled(value, name, line)
    if element.get("type", "text") == "html":
        content.lint(value, findings, line)
    else:
        findings.plain(value, name, line)


def _author(owner: etree._Element, findings: Findings) -> None:
    for author in owner.findall(_A + "author"):
        name = author.find(_A + "name")
        value, line = ("", line_of(author)) if name is None else (name.text or "", line_of(name))
        findings.filled(value, "the name of an author", line)
        findings.untagged(value, "the name of an author", line)


def _misplaced(feed: etree._Element, findings: Findings) -> None:
    seen = False
    for child in feed:
        if child.tag == _A + "entry":
            seen = True
        elif seen and isinstance(child.tag, str):
            findings.add(f"<{child.tag}> after an entry", "entries come last", line_of(child))


def _entry(feed: etree._Element, entry: etree._Element, findings: Findings) -> None:
    line = line_of(entry)
    _language(entry, findings)
    _required(entry, findings)
    _text(entry.find(_A + "title"), findings)
    _text(entry.find(_A + "summary"), findings)
    _author(entry, findings)
    if entry.find(_A + "author") is None and feed.find(_A + "author") is None:
        findings.add("no author", "the entry has one, or the feed", line)
    _entry_links(entry, findings)
    _content(entry, findings)
    if published := entry.findtext(_A + "published"):
        moment = findings.rfc3339(published, "published", line)
        updated = Findings("").rfc3339(entry.findtext(_A + "updated") or "", "updated")
        findings.order(moment, updated, line)
    for category in entry.findall(_A + "category"):
        findings.filled(category.get("term", ""), "the term of a category", line)


def _entry_links(entry: etree._Element, findings: Findings) -> None:
    kinds: set[tuple[str, str]] = set()
    for link in entry.findall(_A + "link"):
        links.lint_link(link, findings)
        kind = (link.get("type", ""), link.get("hreflang", ""))
        if link.get("rel", "alternate") == "alternate":
            if kind in kinds:
                findings.add("two alternate links of one type", "keep the permalink", line_of(link))
            kinds.add(kind)
    if not kinds and entry.find(_A + "content") is None:
        findings.add("neither content nor an alternate link", "an entry has one of them", line_of(entry))


def _content(entry: etree._Element, findings: Findings) -> None:
    element = entry.find(_A + "content")
    if element is None:
        if entry.find(_A + "summary") is None:
            findings.add("neither content nor summary", "say what the entry is", line_of(entry))
        return
    _text(element, findings)
    if element.get("type", "text") not in ("text", "html", "xhtml"):
        findings.add(f"content of type {element.get('type')}", 'write type="html"', line_of(element))


def _newest(feed: etree._Element, entries: list[etree._Element], findings: Findings) -> None:
    quiet = Findings("")
    own = quiet.rfc3339(feed.findtext(_A + "updated") or "", "updated")
    moments = [quiet.rfc3339(entry.findtext(_A + "updated") or "", "updated") for entry in entries]
    if own and any(moment and moment > own for moment in moments):
        findings.add("the feed is older than its newest entry", "feed `updated` is that of its newest entry")
