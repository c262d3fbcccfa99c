"""Is a feed what readers and validators expect? ``check`` is fast and runs before going live, ``lint`` is thorough.

The rules are those of the W3C Feed Validator (its errors and warnings), of JSON Feed 1.1 and of RFC 5005, and feeder's
own promises: every address absolute, no ``updated`` before its ``published``, ids that stay.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

from feeder.errors import DataError, Problem
from feeder.feeds.lint import known
from feeder.feeds.lint.findings import NOT_ABSOLUTE, PRIVATE, Findings
from feeder.model import Document

# They begin with a literal: searching for that costs a tenth of trying an alternation at every byte.
_NO_SCHEME = rb"(?![A-Za-z][A-Za-z0-9+.-]*:)[^\">]{0,80}"
_RELATIVE = re.compile(rb'="(?:(?<=\shref=")|(?<=\ssrc=")|(?<=\sposter="))' + _NO_SCHEME)
_RELATIVE_IN_JSON = re.compile(rb'=\\"(?:(?<=\shref=\\")|(?<=\ssrc=\\")|(?<=\sposter=\\"))' + _NO_SCHEME)
_PRIVATE = b"feeder:/"
_ATOM_FEED = "{http://www.w3.org/2005/Atom}feed"


def check(document: Document) -> None:
    """Parse a feed back, and look for what would break it for every reader.

    Raises ``DataError`` that names the document and what is wrong.
    """
    ids = _ids(document, _refuse_relative)
    if len(ids) != len(set(ids)):
        double = next(value for value in ids if ids.count(value) > 1)
        raise DataError(f"{document.path}: two entries have the id {double}", hint="give each entry its own `id`")


def _refuse_relative(document: Document, part: bytes) -> None:
    """Look through a part of a document for addresses that lead nowhere outside of the site."""
    relative = _RELATIVE_IN_JSON if document.media_type.endswith("json") else _RELATIVE
    if _PRIVATE not in part and not relative.search(part):
        return
    # A text about feeds may say `href="feed.css"` or feeder:/, too: only what a parser finds in a tag counts.
    for problem in lint(document):
        if NOT_ABSOLUTE in problem.message or PRIVATE in problem.message:
            raise DataError(f"{document.path}: {problem.message}", hint="this is a fault of feeder")


def lint(document: Document) -> list[Problem]:
    """Everything that a validator would find fault with, as problems; empty for a feed that is well."""
    findings = Findings(document.path)
    if document.media_type.endswith("json"):
        from feeder.feeds.lint import jsonfeed

        jsonfeed.lint(document.body, findings)
        return findings.problems
    _lint_xml(document.body, findings)
    return findings.problems


def unknown(document: Document, is_known: Callable[[str], bool]) -> list[Problem]:
    """Ids in a public JSON feed that the next build would not give, since the history does not know them.

    Readers show an entry again whose id changed. The JSON feed alone has every id as it is in the history.
    """
    if not document.media_type.endswith("json"):
        return []
    hint = "readers would show the entry again; restore the history, or move it away and run `feeder recover`"
    lost = (value for value in _ids(document) if not is_known(value))
    return [Problem(document.path, f"the id {value} is not in the history", hint) for value in lost]


def _ids(document: Document, look: Callable[[Document, bytes], None] | None = None) -> Sequence[str]:
    """The ids of all entries, in order; ``look`` gets what is parsed, which for XML is what was not parsed before."""
    read = _json_ids if document.media_type.endswith("json") else _xml_ids

    def parse(part: bytes) -> Sequence[str]:
        if look:
            look(document, part)
        return read(part)

    try:
        return parse(document.body) if read is _json_ids else known.ids(document.body, parse)
    except ValueError as error:
        raise DataError(f"{document.path}: cannot be read back: {error}", hint="this is a fault of feeder") from error


def _json_ids(body: bytes) -> list[str]:
    try:
        return [item["id"] for item in json.loads(body)["items"]]
    except (KeyError, TypeError) as error:
        raise ValueError(f"it lacks {error}") from error


def _xml_ids(body: bytes) -> list[str]:
    from lxml import etree

    try:
        root = etree.fromstring(body)
    except etree.XMLSyntaxError as error:
        raise ValueError(error.msg) from error
    if root.tag == _ATOM_FEED:
        return [found.text or "" for found in root.iterfind("{*}entry/{*}id")]
    if root.tag != "rss":
        raise ValueError(f"<{root.tag}> is no feed")
    return [found.text or "" for found in root.iterfind("channel/item/guid")]


def _lint_xml(body: bytes, findings: Findings) -> None:
    from lxml import etree

    from feeder.feeds.lint import atom, opml, rss

    try:
        root = etree.fromstring(body)
    except etree.XMLSyntaxError as error:
        findings.add(f"not well-formed XML: {error.msg}", "escape `<` and `&`", error.lineno or 0)
        return
    findings.lines = body.split(b"\n")
    rules = {_ATOM_FEED: atom.lint, "rss": rss.lint, "opml": opml.lint}
    if rule := rules.get(str(root.tag)):
        rule(root, findings)
    else:
        findings.add(f"<{root.tag}> is no feed", "the root is <feed> of Atom, <rss> or <opml>")
