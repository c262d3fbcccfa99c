"""The documents: every link leads somewhere, every format is described, every promise names a test that is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import CHECKOUT

from feeder import feeds

DOCUMENTS = [*sorted(CHECKOUT.glob("*.md")), *sorted((CHECKOUT / "docs").rglob("*.md"))]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
PROMISES = CHECKOUT / "docs/explanation/promises.md"


def prose(document: Path) -> str:
    """The text without fenced code: what stands in there is an example."""
    return re.sub(r"^```.*?^```$", "", document.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchors(document: Path) -> set[str]:
    """Anchors of the headings, as forges make them."""
    headings = re.findall(r"^#+ (.+)$", prose(document), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(CHECKOUT).as_posix())
def test_links_lead_somewhere(document: Path) -> None:
    broken = []
    for target in LINK.findall(prose(document)):
        path, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        file = (document.parent / path).resolve() if path else document
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


def test_every_format_is_described() -> None:
    sections = anchors(CHECKOUT / "docs/reference/formats.md")
    assert {*feeds.FORMATS, "opml"} <= sections


def named_tests() -> Iterator[tuple[str, str]]:
    yield from TEST.findall(PROMISES.read_text("utf-8"))


def test_every_promise_names_tests() -> None:
    promises = re.split(r"^(?=\d+\. )", prose(PROMISES), flags=re.MULTILINE)[1:]
    assert len(promises) >= 10
    assert [promise for promise in promises if not TEST.search(promise)] == []


@pytest.mark.parametrize(("file", "name"), sorted(set(named_tests())))
def test_promised_tests_exist(file: str, name: str) -> None:
    text = (CHECKOUT / file).read_text("utf-8")
    assert not name or re.search(rf"^\s*def {name}\(", text, flags=re.MULTILINE)
