"""A header is valid whatever goes in, and gives back what went in."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.headerregistry import Address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mail.letters import parsed

from feeder.mail.addresses import BadAddress
from feeder.mail.message import headers

ANY = st.text(st.characters(), max_size=300)
"""Everything a Python string can hold, lone surrogates too."""
HOSTILE = st.sampled_from([
    "a\r\nBcc: x@example.net", "a\n\n<script>", "a\x00b", "\u2028Bcc: x", "\ud800", "=?utf-8?q?x?=", "a" * 2000,
    "新" * 400, "𝄞🎉" * 60, "\u202egnp.exe", "Übung " * 30, 'a "quoted\\" name', "<a@b.cn>", "a, b@c.d", "(c)", "",
    "  two  blanks\t", "ae\u0301" * 70, "=?", "?=", "x" * 74 + " " + "y" * 74, "\x85", "a\x1eb",
])  # fmt: skip
VALUES = HOSTILE | ANY | st.builds("".join, st.lists(HOSTILE | ANY, max_size=3))
ENCODED = re.compile(r"=\?utf-8\?[BQ]\?[^?\s]+\?=")


def lines(field: str) -> list[str]:
    """The lines of a field, which must be legal: ASCII, CRLF, and folded with a blank."""
    assert field.endswith("\r\n")
    assert field.isascii()
    found = field[:-2].split("\r\n")
    assert all(line.isprintable() and line.strip() == line.lstrip() for line in found)
    assert all(line.startswith(" ") and not line.startswith("  ") for line in found[1:])
    assert all(len(word) <= 75 for word in ENCODED.findall(field))
    return found


@given(VALUES)
@example("a" * 66 + " b")
@example("新" * 100)
@example("= = " * 40)
@example("a \x00 b")
def test_any_subject_comes_back(value: str) -> None:
    field = headers.text_field("Subject", value)
    assert all(len(line) <= 76 for line in lines(field))
    read = parsed(field.encode() + b"\r\n")
    assert list(read.keys()) == ["Subject"]
    assert read["Subject"] == headers.clean(value)


@given(VALUES)
@example("Doe, Jane")
@example("新闻编辑部" * 20)
def test_any_name_comes_back(value: str) -> None:
    field = headers.mailbox_field("From", value, "news@example.org")
    assert all(len(line) <= 76 for line in lines(field))
    read = parsed(field.encode() + b"\r\n")
    assert list(read.keys()) == ["From"]
    (address,) = read["From"].addresses
    assert address.addr_spec == "news@example.org"
    assert _squeezed(address.display_name) == _squeezed(headers.clean(value))
    assert not read["From"].defects


def _squeezed(name: str) -> str:
    # The parser leaves the blank between two encoded-words of a name, which RFC 2047 section 6.2 takes out.
    return name.replace(" ", "")


@given(VALUES)
@example("a \x00 b")
def test_a_cleaned_text_stays_as_it_is(value: str) -> None:
    once = headers.clean(value)
    assert headers.clean(once) == once
    once.encode()


@pytest.mark.parametrize(("given_name", "field"), [
    ("News Desk", "From: News Desk <news@example.org>\r\n"),
    ("Desk, News", 'From: "Desk, News" <news@example.org>\r\n'),
    ('The "Desk"', 'From: "The \\"Desk\\"" <news@example.org>\r\n'),
    ("", "From: news@example.org\r\n"),
    ("新闻编辑部", "From: =?utf-8?B?5paw6Ze757yW6L6R6YOo?= <news@example.org>\r\n"),
    ("Redaktion Österreich", "From: =?utf-8?Q?Redaktion_=C3=96sterreich?= <news@example.org>\r\n"),
])  # fmt: skip
def test_a_name_is_written_as_plainly_as_it_can_be(given_name: str, field: str) -> None:
    assert headers.mailbox_field("From", given_name, "news@example.org") == field


def test_an_international_domain_is_written_as_the_dns_has_it() -> None:
    assert headers.mailbox_field("To", "", "li@例子.中国") == "To: li@xn--fsqu00a.xn--fiqs8s\r\n"


@pytest.mark.parametrize(
    "address", ["", "a", "a@b@c", "a@b.cn\r\nBcc: x@y.cn", "<a@b.cn>x", "a b@c.cn", "a@b.cn, c@d.cn"]
)
def test_what_is_no_address_stands_in_no_header(address: str) -> None:
    with pytest.raises(BadAddress):
        headers.mailbox_field("To", "x", address)


@given(st.lists(st.builds("https://example.org/{}".format, VALUES), min_size=1, max_size=3))
def test_addresses_are_folded_only_behind_a_comma(urls: list[str]) -> None:
    field = headers.url_field("List-Unsubscribe", *urls)
    found = lines(field)
    assert len(found) == len(urls)
    assert all(re.fullmatch(r"(?:List-Unsubscribe:)? <[!-~]+>,?", line) for line in found)
    assert list(parsed(field.encode() + b"\r\n").keys()) == ["List-Unsubscribe"]


def test_dates_are_english_and_in_utc() -> None:
    at = datetime(2026, 11, 23, 8, 0, 0, 999, tzinfo=timezone(timedelta(hours=8)))
    assert headers.date_field(at) == "Date: Mon, 23 Nov 2026 00:00:00 +0000\r\n"
    assert parsed(headers.date_field(at).encode() + b"\r\n")["Date"].datetime == at.astimezone(UTC).replace(
        microsecond=0
    )


def test_relaxed_form() -> None:
    assert headers.unfold("SubJect:  a \t b\r\n c \r\n") == (b"subject", b"a b c")


def test_the_parser_and_we_agree_on_an_address() -> None:
    read = parsed(headers.mailbox_field("To", "李雷", "li@example.net").encode() + b"\r\n")["To"].addresses
    assert read == (Address("李雷", "li", "example.net"),)
