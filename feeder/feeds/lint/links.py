"""Rules on Atom's links, which RSS borrows, and on archives (RFC 5005)."""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree

from feeder.feeds.archive import NAMESPACE
from feeder.feeds.lint.findings import Findings
from feeder.feeds.lint.lines import line_of
from feeder.links import decode

_FEED_TYPES = ("application/atom+xml", "application/rss+xml", "")


def lint_link(link: etree._Element, findings: Findings) -> None:
    """One link: absolute ``href``, a media type, and a true length."""
    line = line_of(link)
    rel = link.get("rel", "alternate")
    if not link.get("href"):
        findings.add(f'link rel="{rel}" has no href', "write its address", line)
    else:
        findings.uri(link.get("href", ""), f'link rel="{rel}"', line)
    if "type" in link.attrib:
        findings.media_type(link.get("type", ""), f'type of link rel="{rel}"', line)
    if rel == "enclosure" and "type" not in link.attrib:
        findings.add("enclosure without a type", "write its media type", line)
    if "length" in link.attrib and not (link.get("length", "").isdigit() and int(link.get("length", "")) > 0):
        findings.add(f"no length: {link.get('length')}", "write the bytes, or leave length out", line)
    if "title" in link.attrib:
        findings.filled(link.get("title", ""), f'title of link rel="{rel}"', line)
        findings.plain(link.get("title", ""), f'title of link rel="{rel}"', line)


def lint_feed_links(owner: etree._Element, links: Iterable[etree._Element], findings: Findings) -> None:
    """The links of a feed: one ``self``, none twice, and those of RFC 5005."""
    by_rel: dict[str, str] = {}
    line = line_of(owner)
    for link in links:
        lint_link(link, findings)
        rel = link.get("rel", "alternate")
        if rel in by_rel:
            findings.add(f'two links rel="{rel}"', "keep one", line_of(link))
        by_rel[rel] = link.get("href", "")
        if rel == "self" and link.get("type", "") not in _FEED_TYPES:
            findings.add("the self link is no feed", "its type is application/atom+xml or application/rss+xml", line)
    if "self" not in by_rel:
        findings.add('no link rel="self"', "write the address of the feed itself", line)
    elif by_rel["self"] and not decode(by_rel["self"]).endswith(f"/{findings.path}"):
        findings.add(f"the self link is another document: {by_rel['self']}", "write the address of this one", line)
    _lint_archive(by_rel, owner.find(f"{{{NAMESPACE}}}archive") is not None, findings, line)


def _lint_archive(by_rel: dict[str, str], archive: bool, findings: Findings, line: int) -> None:
    own = by_rel.get("self")
    if archive and "current" not in by_rel:
        findings.add("an archive document without a current link", "link the feed it belongs to (RFC 5005)", line)
    if archive and own and by_rel.get("current") == own:
        findings.add("the current link of an archive document is itself", "link the feed it belongs to", line)
    if not archive and "prev-archive" in by_rel and "current" in by_rel and by_rel["current"] != own:
        findings.add("a current link without fh:archive", "mark archive documents (RFC 5005 section 4)", line)
    if own and by_rel.get("prev-archive") == own:
        findings.add("prev-archive links itself", "link the next older document, or nothing", line)
    if "next-archive" in by_rel:
        findings.add("next-archive would change full documents", "leave it out", line)
