"""Promise 8: one bad entry never stops the others; every problem has file, line and hint."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from hostile import corpus
from hostile.corpus import Case
from hostile.inert import active
from hostile.whole import complaints
from support import Publication, refused_like_others

CASES = corpus.corpus()


@dataclass
class Outcome:
    """What publishing the hostile folder gave."""

    publication: Publication
    code: int
    stderr: str
    rejected: dict[str, list[dict[str, str]]]
    named: dict[str, list[dict[str, str]]]
    """Problems that reject nothing."""
    text: str
    """All pages that went out, one after another."""
    strangers: list[str]
    """Files that appeared outside the publication."""


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    around = tmp_path_factory.mktemp("hostile")
    publication = Publication(around / "publication")
    publication.configure()
    corpus.write(publication.root)
    before = {p for p in around.rglob("*") if not p.is_relative_to(publication.root)}
    done = publication.publish("--json")
    after = {p for p in around.rglob("*") if not p.is_relative_to(publication.root)}
    assert done.returncode == 3, (done.returncode, done.stdout[-2000:], done.stderr[-4000:])
    told = json.loads(done.stdout)
    rejected = by_path(told["entries"]["rejected"])
    named = by_path(told["problems"])
    text = "\n".join(p.read_text("utf-8") for p in sorted(publication.out.rglob("*.html")) if p.is_file())
    return Outcome(publication, done.returncode, done.stderr, rejected, named, text, sorted(map(str, after - before)))


def by_path(problems: list[dict[str, str]]) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for problem in problems:
        found.setdefault(re.sub(r":\d+$", "", problem["place"]), []).append(problem)
    return found


def shown(path: str) -> str:
    """A path as text: bytes that are no UTF-8 are written out."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


@pytest.mark.parametrize("case", CASES, ids=lambda case: ascii(case.path.removeprefix("entries/h/"))[1:-1])
def test_case(outcome: Outcome, case: Case) -> None:
    out = case.mark in outcome.text
    rejected = outcome.rejected.get(shown(case.path), [])
    named = outcome.named.get(shown(case.path), [])
    if case.expect in (corpus.OK, corpus.WARN):
        assert not rejected
        assert out or "MARK" not in _bytes(outcome, case)
    if case.expect == corpus.NO:
        assert not out
        assert rejected, named
    if case.expect == corpus.EITHER:
        assert out or rejected or named
    if case.expect == corpus.IGNORED:
        assert not out
        assert not rejected
    if case.expect == corpus.WARN:
        assert named
    for problem in rejected:
        assert problem["message"]
        assert problem["hint"], problem
        assert shown_on_terminal(problem["place"]) in outcome.stderr
    if case.expect in (corpus.NO, corpus.WARN):
        told = [*rejected, *named]
        assert any(case.says in f"{problem['message']} {problem['hint']}" for problem in told), told
        assert any(problem["place"].endswith(f":{case.line}" if case.line else "") for problem in told), told


def shown_on_terminal(place: str) -> str:
    """The part of a place that has nothing a terminal could act on."""
    return re.split("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]", place)[0]


def _bytes(outcome: Outcome, case: Case) -> str:
    path = outcome.publication.root / case.path
    return path.read_bytes()[: 1 << 20].decode("utf-8", "replace") if path.is_file() else ""


def test_every_plain_entry_is_published(outcome: Outcome) -> None:
    missing = [n for n in range(10) if corpus.mark(f"plain{n}") not in outcome.text]
    assert not missing


def test_feeds_are_whole(outcome: Outcome) -> None:
    assert complaints(outcome.publication.out) == []


def test_nothing_was_written_outside(outcome: Outcome) -> None:
    assert outcome.strangers == []
    assert not (outcome.publication.root / "pwned").exists()
    root = outcome.publication.root
    assert {p.name for p in root.iterdir()} == {"entries", "feeder.toml", "out", ".feeder"}
    assert not [p for p in outcome.publication.out.rglob("*") if p.is_symlink()]


def test_nothing_from_outside_was_published(outcome: Outcome) -> None:
    assert "outsidemark" not in outcome.text
    secret = Path("/etc/passwd").read_text("utf-8").splitlines()[0]
    everything = b"".join(p.read_bytes() for p in outcome.publication.files())
    assert secret.encode() not in everything


def test_pages_are_inert(outcome: Outcome) -> None:
    found = {
        str(p): active(p.read_text("utf-8"), page=True) for p in outcome.publication.out.rglob("*.html") if p.is_file()
    }
    assert {path: what for path, what in found.items() if what} == {}


def test_no_control_character_goes_out(outcome: Outcome) -> None:
    forbidden = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
    for path in outcome.publication.files():
        if path.suffix in (".html", ".atom", ".rss", ".json", ".opml", ".xml"):
            assert not forbidden.search(path.read_text("utf-8")), path


def test_stderr_is_safe_for_a_terminal(outcome: Outcome) -> None:
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", outcome.stderr)


def test_again_it_says_nothing_new_and_changes_nothing(outcome: Outcome) -> None:
    stamps = outcome.publication.stamps()
    done = outcome.publication.publish()
    assert (done.returncode, done.stdout, done.stderr) == (3, "", "")
    assert outcome.publication.stamps() == stamps


def test_unreadable(publication: Publication) -> None:
    publication.entry("good", title="good", date="2024-04-02")
    publication.entry("closed", title="closed", date="2024-04-02").chmod(0)
    done = subprocess.run(
        [*refused_like_others(), *publication.publish_argv()],
        cwd=publication.root, env=publication.environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    assert "entries/closed.md: cannot be read: permission denied" in done.stderr
    assert "good" in publication.read("feed.atom")
    assert "closed" not in publication.read("feed.atom")


def test_no_entries_at_all(publication: Publication) -> None:
    done = publication.publish()
    assert done.returncode == 0, done.stderr
    assert complaints(publication.out) == []


def test_only_bad_entries(publication: Publication) -> None:
    publication.write("entries/bad.md", "no date\n")
    done = publication.publish()
    assert done.returncode == 3
    assert complaints(publication.out) == []


def test_turned_bad_keeps_the_last_good_version(publication: Publication) -> None:
    publication.entry("a", "good text\n", title="A", date="2024-04-02")
    publication.run()
    before = publication.tree()
    publication.entry("a", "bad text\n", title="A", date="2024-02-30")
    report = publication.run()
    assert report.exit_code == 3
    assert publication.tree() == before
    publication.write("entries/a.md", b"\xff\xfe")
    assert publication.run().exit_code == 3
    assert publication.tree() == before
