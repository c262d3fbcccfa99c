"""Return paths say which message came back, and nobody else can make them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeder.mail.message.verp import Verp

VERP = Verp([b"new", b"old"], "Bounce@example.org")
NUMBERS = st.integers(0, 10**18 - 1)


@given(NUMBERS, NUMBERS)
def test_what_was_made_is_read(digest: int, subscriber: int) -> None:
    address = VERP.address(digest, subscriber)
    assert VERP.read(address) == (digest, subscriber)
    assert VERP.read(f" <{address.upper()}>") == (digest, subscriber)


def test_an_address_is_short_and_the_same_each_time() -> None:
    assert VERP.address(7, 123) == VERP.address(7, 123) == f"Bounce+7-123-{VERP.address(7, 123)[13:23]}@example.org"
    assert len(VERP.address(10**6, 10**7).partition("@")[0]) <= 64


def test_an_old_key_is_good_for_reading_and_a_foreign_one_is_not() -> None:
    assert VERP.read(Verp([b"old"], "bounce@example.org").address(7, 123)) == (7, 123)
    assert VERP.read(Verp([b"foreign"], "bounce@example.org").address(7, 123)) is None


def test_an_empty_base_makes_none() -> None:
    assert Verp([b"k"], "").address(7, 123) == ""
    assert Verp([b"k"], "").read("+7-123-0123456789@") is None


@pytest.mark.parametrize("change", [
    lambda a: a.replace("7-", "8-"), lambda a: a.replace("-123-", "-124-"), lambda a: a.replace("@example", "@evil"),
    lambda a: a.replace("Bounce", "bounces"), lambda a: a[:-13] + "x" + a[-12:], lambda a: a.replace("+", "-"),
    lambda a: a.replace("7-", "07-"), lambda a: a.replace("7-", "７-"), lambda a: "", lambda a: "@", lambda a: a + "\n",
    lambda a: a.replace("-123-", "-123"), lambda a: a * 2,
])  # fmt: skip
def test_a_changed_one_is_refused(change) -> None:
    address = VERP.address(7, 123)
    assert change(address) != address
    assert VERP.read(change(address)) is None


@given(st.text())
def test_any_other_text_is_refused(text: str) -> None:
    assert VERP.read(text) is None
    assert VERP.read(f"bounce+{text}@example.org") is None
