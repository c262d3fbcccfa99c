"""Rules on OPML 2.0 documents."""

from __future__ import annotations

import re

from lxml import etree

from feeder.feeds.lint.findings import Findings
from feeder.feeds.lint.lines import line_of

_LOOSE = re.compile(r"&(?!#?\w+;)|<(?![/a-zA-Z])")


def _html(value: str, name: str, line: int, findings: Findings) -> None:
    findings.characters(value, name, line)
    if _LOOSE.search(value):
        findings.add(f"{name} is no HTML: {value}", "OPML takes it for HTML: write &amp;amp; for &", line)


def lint(root: etree._Element, findings: Findings) -> None:
    """A list of feeds."""
    if root.get("version") != "2.0":
        findings.add(f"OPML version {root.get('version')}", "write 2.0")
    findings.filled(root.findtext("head/title") or "", "the title")
    if date := root.findtext("head/dateModified"):
        findings.rfc822(date, "dateModified")
    outlines = list(root.iterfind("body//outline"))
    if not outlines:
        findings.add("no outline", "OPML demands one")
    for outline in outlines:
        line = line_of(outline)
        findings.filled(outline.get("text", ""), "the text of an outline", line)
        for name in ("text", "title", "description"):
            _html(outline.get(name, ""), f"{name} of an outline", line, findings)
        findings.uri(outline.get("xmlUrl", ""), "the xmlUrl of an outline", line)
        findings.uri(outline.get("htmlUrl", ""), "the htmlUrl of an outline", line)
