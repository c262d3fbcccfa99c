"""Walking back through the archive finds every entry once; adding one changes no full archive document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

import pytest
from lxml import etree
from support import Publication, soak

ATOM = "{http://www.w3.org/2005/Atom}"
COUNT = soak(200, 1000)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Publication:
    publication = Publication(tmp_path_factory.mktemp("walk"))
    publication.configure()
    for n in range(COUNT):
        date = f"20{n // 336 + 10}-{n // 28 % 12 + 1:02}-{n % 28 + 1:02}"
        publication.entry(f"{n // 100}/e{n}", f"第 {n} 条。\n", title=f"标题 {n}", date=date)
    done = publication.publish()
    assert done.returncode == 0, done.stderr
    return publication


def at(publication: Publication, url: str) -> bytes:
    return (publication.out / unquote(urlsplit(url).path).lstrip("/")).read_bytes()


def atom_pages(publication: Publication) -> Iterator[etree._Element]:
    url = "/feed.atom"
    while url:
        root = etree.fromstring(at(publication, url))
        yield root
        url = next((e.get("href", "") for e in root.iter(f"{ATOM}link") if e.get("rel") == "prev-archive"), "")


def json_ids(publication: Publication) -> Iterator[str]:
    url = "/feed.json"
    while url:
        feed = json.loads(at(publication, url))
        yield from (item["id"] for item in feed["items"])
        url = feed.get("next_url", "")


def rss_ids(publication: Publication) -> Iterator[str]:
    url = "/feed.rss"
    while url:
        root = etree.fromstring(at(publication, url))
        yield from (e.text or "" for e in root.iter("guid"))
        url = next((e.get("href", "") for e in root.iter(f"{ATOM}link") if e.get("rel") == "prev-archive"), "")


def archives(publication: Publication) -> dict[str, bytes]:
    found = publication.tree().items()
    return {path: body for path, body in found if path.startswith("archive/") and not path.endswith(".html")}


def test_atom(large: Publication) -> None:
    pages = list(atom_pages(large))
    ids = [e.findtext(f"{ATOM}id") for page in pages for e in page.iter(f"{ATOM}entry")]
    assert len(set(ids)) == COUNT
    # Only the feed itself repeats what its archive documents hold, and no archive repeats another.
    archived = [e.findtext(f"{ATOM}id") for page in pages[1:] for e in page.iter(f"{ATOM}entry")]
    assert len(archived) == len(set(archived))
    for page in pages[1:]:
        # The validator calls the oldest one incomplete if it is marked.
        marked = page.find("{http://purl.org/syndication/history/1.0}archive") is not None
        assert marked is (page is not pages[-1])
        assert any(e.get("rel") == "current" for e in page.iter(f"{ATOM}link"))
        assert not [e for e in page.iter(f"{ATOM}link") if e.get("rel") == "next-archive"]


def test_json(large: Publication) -> None:
    assert len(set(json_ids(large))) == COUNT


def test_rss(large: Publication) -> None:
    assert len(set(rss_ids(large))) == COUNT


def test_every_format_has_the_same_ids(large: Publication) -> None:
    ids = {e.findtext(f"{ATOM}id") for page in atom_pages(large) for e in page.iter(f"{ATOM}entry")}
    assert ids == set(json_ids(large)) == set(rss_ids(large))


def test_adding_changes_no_full_archive_document(large: Publication) -> None:
    before = archives(large)
    assert before
    for number in range(25):
        large.entry(f"more{number}", "又一条。\n", title=f"又一条 {number}", date="2024-01-01")
        if number % 8 == 0:
            assert large.publish().returncode == 0
            after = archives(large)
            assert {path: after.get(path) for path in before} == before
            before = after
    assert large.publish().returncode == 0
    assert len(set(json_ids(large))) == COUNT + 25
