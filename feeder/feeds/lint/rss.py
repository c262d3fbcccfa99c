"""Rules on RSS 2.0 documents (the specification and the RSS Advisory Board's profile)."""

from __future__ import annotations

from lxml import etree

from feeder.feeds import text
from feeder.feeds.lint import content, links
from feeder.feeds.lint.findings import Findings
from feeder.feeds.lint.lines import line_of

_LINK = "{http://www.w3.org/2005/Atom}link"
_UPDATED = "{http://www.w3.org/2005/Atom}updated"
_CREATOR = "{http://purl.org/dc/elements/1.1/}creator"
_ENCODED = "{http://purl.org/rss/1.0/modules/content/}encoded"
_ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd"
_WARNED = frozenset({"https://podcastindex.org/namespace/1.0", "https://schema.org/", "http://schema.org/"})
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_ONCE = ("title", "link", "description", "guid", "pubDate", "enclosure", "author", _ENCODED, "language", "generator")


def lint(root: etree._Element, findings: Findings) -> None:
    """A whole feed document."""
    channel = root.find("channel")
    if channel is None:
        findings.add("no <channel>", "RSS 2.0 demands it")
        return
    if root.get("version") != "2.0":
        findings.add(f"RSS version {root.get('version')}", "write 2.0")
    _channel(channel, findings)
    _podcast(root, channel, findings)
    items = channel.findall("item")
    for item in items:
        _item(item, findings)
    guids = [guid for item in items if (guid := item.find("guid")) is not None]
    hint = "give each entry its own `id`"
    findings.unique([(guid.text or "", line_of(guid)) for guid in guids], "guid", hint)


def _podcast(root: etree._Element, channel: etree._Element, findings: Findings) -> None:
    used = {str(element.tag).partition("}")[0] for element in root.iter() if isinstance(element.tag, str)}
    if _ITUNES in used and channel.find(f"{_ITUNES}}}owner/{_ITUNES}}}email") is None:
        findings.add("itunes: without the owner's address", "set `site.email`", line_of(channel))
    for namespace in _WARNED.intersection(root.nsmap.values()):
        findings.add(f"a namespace that validators warn of: {namespace}", "leave it out", line_of(root))


def _string(element: etree._Element | None) -> str:
    """The text of an element, character references resolved."""
    return "" if element is None else str(element.xpath("string()"))


def _plain(owner: etree._Element, tag: str, findings: Findings) -> None:
    for element in owner.findall(tag):
        findings.filled(_string(element), tag, line_of(element))
        findings.untagged(_string(element), tag, line_of(element))


def _once(owner: etree._Element, findings: Findings) -> None:
    tags = [str(child.tag) for child in owner]
    for tag in _ONCE:
        if tags.count(tag) > 1:
            findings.add(f"two <{tag.rpartition('}')[2]}>", "keep one", line_of(owner))


def _channel(channel: etree._Element, findings: Findings) -> None:
    line = line_of(channel)
    _once(channel, findings)
    for tag in ("title", "link", "description"):
        if channel.find(tag) is None:
            findings.add(f"no <{tag}> in <channel>", "RSS 2.0 demands it", line)
    for tag in ("title", "description", "copyright", "category"):
        _plain(channel, tag, findings)
    findings.uri(_string(channel.find("link")), "the link of the channel", line)
    links.lint_feed_links(channel, channel.findall(_LINK), findings)
    if (language := channel.find("language")) is not None:
        findings.language(_string(language), line)
    for tag in ("pubDate", "lastBuildDate"):
        for date in channel.findall(tag):
            findings.rfc822(_string(date), tag, line_of(date))
    _image(channel, findings)
    _misplaced(channel, findings)


def _image(channel: etree._Element, findings: Findings) -> None:
    image = channel.find("image")
    if image is None:
        return
    line = line_of(image)
    findings.uri(_string(image.find("url")), "the url of the image", line)
    for tag in ("title", "link"):
        if _string(image.find(tag)) != _string(channel.find(tag)):
            findings.add(f"the {tag} of the image is not that of the channel", "write the same", line)


def _misplaced(channel: etree._Element, findings: Findings) -> None:
    seen = False
    for child in channel:
        if child.tag == "item":
            seen = True
        elif seen and isinstance(child.tag, str):
            findings.add(f"<{child.tag}> after an item", "items come last (RSS Profile)", line_of(child))


def _item(item: etree._Element, findings: Findings) -> None:
    line = line_of(item)
    _once(item, findings)
    if (tag := item.get(_LANG)) is not None:
        findings.language(tag, line)
    if item.find("title") is None and item.find("description") is None:
        findings.add("neither title nor description", "an item has one of them", line)
    for tag in ("title", "category"):
        _plain(item, tag, findings)
    if (link := item.find("link")) is not None:
        findings.uri(_string(link), "the link of an item", line)
    _guid(item, findings)
    _dates(item, findings)
    _html(item, findings)
    for atom_link in item.findall(_LINK):
        links.lint_link(atom_link, findings)
    for enclosure in item.findall("enclosure"):
        _enclosure(enclosure, findings)
    _people(item, findings)


def _guid(item: etree._Element, findings: Findings) -> None:
    guid = item.find("guid")
    line = line_of(item)
    if guid is None or not _string(guid).strip():
        findings.add("no guid", "write the id of the entry", line)
    elif guid.get("isPermaLink") not in ("true", "false"):
        findings.add("guid without isPermaLink", 'write isPermaLink="false"', line)
    elif guid.get("isPermaLink") == "true":
        findings.uri(_string(guid), "a guid that is a permalink", line)


def _dates(item: etree._Element, findings: Findings) -> None:
    line = line_of(item)
    date = item.find("pubDate")
    published = findings.rfc822(_string(date), "pubDate", line) if date is not None else None
    changed = item.find(_UPDATED)
    updated = findings.rfc3339(_string(changed), "atom:updated", line) if changed is not None else None
    findings.order(published, updated, line)


def _html(item: etree._Element, findings: Findings) -> None:
    tags = [str(child.tag) for child in item]
    if _ENCODED in tags and "description" not in tags[: tags.index(_ENCODED)]:
        findings.add("content:encoded before description", "description comes first", line_of(item))
    for tag in ("description", _ENCODED):
        if (element := item.find(tag)) is not None:
            content.lint(_string(element), findings, line_of(element))


def _enclosure(enclosure: etree._Element, findings: Findings) -> None:
    line = line_of(enclosure)
    findings.uri(enclosure.get("url", ""), "the url of an enclosure", line)
    findings.media_type(enclosure.get("type", ""), "the type of an enclosure", line)
    if not enclosure.get("length", "").isdigit():
        findings.add("enclosure without a length", "write the bytes; 0 where they are not known", line)


def _people(item: etree._Element, findings: Findings) -> None:
    line = line_of(item)
    for author in item.findall("author"):
        if "@" not in _string(author):
            findings.add(f"author without a mail address: {_string(author)}", "write dc:creator", line)
        if item.find(_CREATOR) is not None:
            findings.add("author and dc:creator", "keep dc:creator", line)
    for creator in item.findall(_CREATOR):
        findings.characters(_string(creator), "dc:creator", line)
        if text.name(_string(creator)) == "":
            findings.add("dc:creator is empty", "leave it out", line)
