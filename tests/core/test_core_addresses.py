"""Permalinks, redirects and aliases: each address once, and an address that was public stays."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from core.core_values import entry, kinds, only, plan, run, settings
from hypothesis import given
from hypothesis import strategies as st
from support import Publication

from feeder import identity, links
from feeder.config.settings import Entries, Feeds
from feeder.history import History, empty_history


@pytest.fixture
def history() -> Iterator[History]:
    with empty_history() as made:
        yield made


def addresses(history: History) -> dict[str, str]:
    return {record.path: record.permalink for record in history.everything()}


@given(st.text(max_size=40) | st.from_regex(r"/?([a-z.]{0,4}/){0,3}(my)?index\.html", fullmatch=True))
def test_the_address_of_an_address_is_itself(text: str) -> None:
    address = identity.address(text)
    assert identity.address(address) == address
    assert links.out_path(address) == links.out_path(text)


def test_a_file_whose_name_ends_like_an_index_is_no_index() -> None:
    assert identity.address("/myindex.html") == "/myindex.html"
    assert identity.address("/a/index.html") == "/a/"


@pytest.mark.parametrize(
    ("wanted", "other"), [("/x/", "/x-2/"), ("/x.html", "/x-2.html"), ("tag:a:b", "tag:a:b-2"), ("/p/#a", "/p/#a-2")]
)
def test_a_number_stands_before_slash_and_ending(wanted: str, other: str) -> None:
    assert identity.unique(wanted, lambda one: one == wanted) == other


def test_two_entries_with_one_slug_get_two_addresses_and_keep_them(history: History) -> None:
    both = [entry("a/x.md"), entry("b/x.md"), entry("c/x.md", permalink="/q/"), entry("d/x.md", permalink="/q/")]
    run(history, *both)
    known = addresses(history)
    assert sorted(known.values()) == ["/2026/01/x-2/", "/2026/01/x/", "/q-2/", "/q/"]
    for _ in range(2):
        assert run(history, *both).steps == ()
    assert addresses(history) == known


@pytest.mark.parametrize(
    "permalink",
    ["/tags/甲/", "/2026/", "/", "/feed.atom", "/feed.atom/x/", "/robots.txt/", "/alt.xml", "/ALT.xml", "/a.html/b/"],
)
def test_a_permalink_that_can_not_be_is_told_and_the_pattern_is_used(history: History, permalink: str) -> None:
    run(history, entry("a.md", permalink="/a.html"))
    also = settings(feeds=Feeds(also=("alt.xml",)))
    made = run(history, entry("b.md", permalink=permalink), settings=also)
    assert only(made).permalink == "/2026/01/b/"
    assert "a page or feed of the site itself" in made.problems[0].message


def test_addresses_that_differ_in_case_or_need_file_and_folder_of_one_name_are_told_apart(history: History) -> None:
    run(history, entry("a.md", permalink="/a.html/b/"), entry("b.md", permalink="/X.html"))
    run(history, entry("c.md", permalink="/a.html"), entry("d.md", permalink="/x.html"))
    assert addresses(history) == {
        "a.md": "/a.html/b/", "b.md": "/X.html", "c.md": "/a-2.html", "d.md": "/x-2.html",
    }  # fmt: skip


def test_a_pattern_under_a_page_of_the_site_does_not_loop(history: History) -> None:
    run(history, entry("a.md"), settings=settings(entries=Entries(permalink="/tags/{slug}/")))
    assert addresses(history) == {"a.md": "/2026/01/a/"}


def test_another_pattern_leaves_public_addresses_alone(history: History) -> None:
    run(history, entry("a.md"))
    made = run(history, entry("a.md"), entry("b.md"), settings=settings(entries=Entries(permalink="/{slug}.html")))
    assert kinds(made) == [("new", "b.md")]
    assert addresses(history) == {"a.md": "/2026/01/a/", "b.md": "/b.html"}


def test_a_changed_slug_or_permalink_leaves_a_redirect_and_may_change_back(history: History) -> None:
    run(history, entry("a.md"))
    moved = run(history, entry("a.md", slug="neu", slug_fixed=True))
    assert (kinds(moved), moved.steps[0].redirects) == ([("moved", "a.md")], ("/2026/01/a/",))
    again = run(history, entry("a.md", permalink="/b/"))
    assert history.redirects() == [("/2026/01/a/", 1), ("/2026/01/neu/", 1)]
    assert only(again).permalink == "/b/"
    run(history, entry("a.md", permalink="/2026/01/a/"))
    assert history.redirects() == [("/2026/01/neu/", 1), ("/b/", 1)]
    assert run(history, entry("a.md", permalink="/2026/01/a/")).steps == ()


def test_a_permalink_another_entry_has_is_told_and_the_old_one_stays(history: History) -> None:
    run(history, entry("a.md"), entry("b.md"))
    made = run(history, entry("a.md", permalink="/2026/01/b/"))
    assert made.steps == ()
    assert str(made.problems[0]) == (
        "a.md:1: the permalink /2026/01/b/ is taken already (write another; the entry stands at /2026/01/a/)"
    )


def test_an_alias_becomes_a_redirect_once(history: History) -> None:
    made = run(history, entry("a.md", aliases=("/old/", "/old", "/2026/01/a/")))
    assert made.steps[0].redirects == ("/old/",)
    assert run(history, entry("a.md", aliases=("/old/",))).steps == ()
    late = run(history, entry("a.md", aliases=("/old/", "/older.html")))
    assert (kinds(late), late.steps[0].redirects) == ([("moved", "a.md")], ("/older.html",))
    assert run(history, entry("a.md")).steps == ()
    assert history.redirect("/old/") == 1


@pytest.mark.parametrize("alias", ["/2026/01/b/", "/theirs/", "/index.xml", "/feed.rss", "/tags/x/"])
def test_an_alias_that_is_taken_is_left_out_and_told(history: History, alias: str) -> None:
    also = settings(feeds=Feeds(also=("index.xml",)))
    run(history, entry("b.md", aliases=("/theirs/",)), settings=also)
    for _ in range(2):
        made = run(history, entry("a.md", aliases=(alias,)), settings=also)
        assert [step.redirects for step in made.steps] in ([()], [])
        assert made.problems[0].message.startswith(f"the alias {alias} is taken already")
    assert history.redirects() == [("/theirs/", 1)]


def test_an_old_address_is_not_given_away_by_a_pattern_but_by_an_author(history: History) -> None:
    run(history, entry("x.md"))
    run(history, entry("x.md", slug="y", slug_fixed=True))
    run(history, entry("new/x.md"))
    assert addresses(history)["new/x.md"] == "/2026/01/x-2/"
    run(history, entry("c.md", permalink="/2026/01/x/"))
    assert addresses(history)["c.md"] == "/2026/01/x/"
    assert history.redirects() == []


def test_an_address_off_the_site_keeps_its_path(history: History) -> None:
    """``url: https://old.example/2019/a.html``: what moved here keeps its path; whom news came from is ``via``."""
    made = plan(history, entry("a.md", permalink="https://old.example/2019/a.html"))
    assert only(made).permalink == "/2019/a.html"


def test_an_old_address_that_becomes_another_entrys_is_made_anew(publication: Publication) -> None:
    publication.entry("a", date="2026-01-05", permalink="/a/")
    publication.run()
    publication.entry("a", date="2026-01-05", permalink="/b/")
    publication.run()
    assert 'http-equiv="refresh"' in publication.read("a/index.html")
    publication.entry("c", date="2026-01-06", permalink="/A/")
    publication.run()
    (publication.root / ".feeder/index").unlink()
    assert publication.run().deleted == ()
