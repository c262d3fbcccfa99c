"""Tokens: what was made is read; whatever else comes is refused, and all of it alike."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mail.deskbook import settings
from support import NOW

from feeder.config.settings import Mail, Settings, Site, Web
from feeder.mail.links import Links
from feeder.mail.tokens import LONGEST, MAX_AGE, Purpose, Tokens

KEY, OTHER = b"k" * 64, b"o" * 64
TOKENS = Tokens([KEY])
PURPOSES = list(MAX_AGE)
LISTS = st.from_regex(r"[a-z0-9][a-z0-9-]{0,39}", fullmatch=True) | st.just("")
NUMBERS = st.integers(1, 2**62)


@given(st.sampled_from(PURPOSES), NUMBERS, LISTS)
def test_what_was_made_is_read(purpose: Purpose, number: int, name: str) -> None:
    token = TOKENS.make(purpose, number, name, NOW)
    read = TOKENS.read(purpose, token, NOW)
    assert read is not None
    assert (read.purpose, read.subscriber, read.list, read.made_at) == (purpose, number, name, NOW)
    assert token.isascii()
    assert unquote(token) == token
    assert len(token) <= LONGEST
    assert TOKENS.make(purpose, number, name, NOW) == token


@given(st.sampled_from(PURPOSES), st.sampled_from(PURPOSES), NUMBERS, LISTS)
def test_of_another_purpose_is_refused(purpose: Purpose, other: Purpose, number: int, name: str) -> None:
    read = TOKENS.read(other, TOKENS.make(purpose, number, name, NOW), NOW)
    assert (read is not None) == (purpose == other)


@given(st.sampled_from(PURPOSES), NUMBERS, LISTS, st.data())
def test_tampered_is_refused(purpose: Purpose, number: int, name: str, data: st.DataObject) -> None:
    token = TOKENS.make(purpose, number, name, NOW)
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.characters())
    changed = token[:place] + letter + token[place + 1 :]
    assert (TOKENS.read(purpose, changed, NOW) is None) == (changed != token)
    cut = data.draw(st.integers(0, len(token) - 1))
    assert TOKENS.read(purpose, token[:cut], NOW) is None
    assert TOKENS.read(purpose, token + letter, NOW) is None


@given(st.sampled_from(PURPOSES), st.text() | st.from_regex(r"[0-9a-zA-Z._=-]*"))
@example("confirm", "")
@example("confirm", ".")
@example("confirm", "1-0-weekly.")
@example("confirm", "1-0-weekly." + "A" * 43)
@example("confirm", "\ud800")
@example("confirm", "x" * 5_000_000)
@example("confirm", "." * 199)
@example("confirm", "1-99999999999999999999-weekly.AAAA")
def test_garbage_is_refused(purpose: Purpose, text: str) -> None:
    assert TOKENS.read(purpose, text, NOW) is None


def test_another_list_or_person_is_in_the_signature() -> None:
    token = TOKENS.make("unsubscribe", 1, "weekly")
    payload, _, signature = token.rpartition(".")
    for changed in (payload.replace("weekly", "daily"), payload.replace("1-", "2-", 1), payload.removesuffix("weekly")):
        assert TOKENS.read("unsubscribe", f"{changed}.{signature}", NOW) is None


@pytest.mark.parametrize("purpose", PURPOSES)
def test_ages(purpose: Purpose) -> None:
    token, allowed = TOKENS.make(purpose, 1, "weekly", NOW), MAX_AGE[purpose]
    if allowed is None:
        assert TOKENS.read(purpose, token, NOW + timedelta(days=20_000)) is not None
        return
    assert TOKENS.read(purpose, token, NOW + allowed) is not None
    assert TOKENS.read(purpose, token, NOW + allowed + timedelta(seconds=1)) is None
    assert TOKENS.read(purpose, token, NOW + timedelta(hours=2), timedelta(hours=1)) is None
    assert TOKENS.read(purpose, token, NOW - timedelta(days=2)) is None


def test_how_long_they_are_good() -> None:
    assert MAX_AGE["unsubscribe"] is None
    assert MAX_AGE["confirm"] == timedelta(days=7)


def test_one_that_expires_is_not_made_without_the_time() -> None:
    with pytest.raises(ValueError, match="needs the time"):
        TOKENS.make("confirm", 1, "weekly")


@pytest.mark.parametrize("name", ["Weekly", "a.b", "a/b", "周刊", "a" * 65, "a b"])
def test_no_names_that_would_not_fit_a_link(name: str) -> None:
    with pytest.raises(ValueError, match="no name of a list"):
        TOKENS.make("unsubscribe", 1, name)


def test_keys_rotate() -> None:
    old, both = TOKENS.make("unsubscribe", 1, "weekly"), Tokens([OTHER, KEY])
    assert both.read("unsubscribe", old, NOW) is not None
    new = both.make("unsubscribe", 1, "weekly")
    assert new == Tokens([OTHER]).make("unsubscribe", 1, "weekly")
    assert TOKENS.read("unsubscribe", new, NOW) is None
    assert Tokens([OTHER]).read("unsubscribe", old, NOW) is None


def test_links(tmp_path) -> None:
    links = Links(settings(tmp_path), TOKENS)
    for purpose, link in [
        ("unsubscribe", links.unsubscribe(1, "weekly")),
        ("preferences", links.preferences(1, NOW, "weekly")),
        ("confirm", links.confirm(1, "weekly", NOW)),
    ]:
        parts = urlsplit(link)
        assert parts.netloc == "subscribe.example.org"
        assert parts.path.startswith(f"/{purpose}/")
        read = TOKENS.read(purpose, parts.path.split("/")[2], NOW)
        assert read is not None
        assert read.list == "weekly"
    assert links.subscribe("weekly") == "https://subscribe.example.org/subscribe/weekly"


def test_links_without_pages(tmp_path) -> None:
    site = Site(title="x", url="https://x.example/")
    none = Links(Settings(root=tmp_path, site=site), TOKENS)
    assert (none.unsubscribe(1, "w"), none.preferences(1, NOW), none.confirm(1, "w", NOW), none.subscribe("w")) == (
        "",
    ) * 4
    mail = Links(Settings(root=tmp_path, site=site, mail=Mail(unsubscribe="leave@example.org")), TOKENS)
    address, _, subject = mail.unsubscribe(1, "w").partition("?subject=")
    assert address == "mailto:leave@example.org"
    verb, token = unquote(subject).split()
    assert verb == "unsubscribe"
    assert TOKENS.read("unsubscribe", token, NOW) is not None


def test_an_address_of_the_pages_may_lack_its_slash(tmp_path) -> None:
    site = Site(title="x", url="https://x.example/")
    links = Links(Settings(root=tmp_path, site=site, web=Web(url="https://s.example/a")), TOKENS)
    assert links.subscribe("w") == "https://s.example/a/subscribe/w"
