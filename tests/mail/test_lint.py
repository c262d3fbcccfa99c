"""Every rule catches the fault it is for: one seeded into a message that is well."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mail.letters import ADDRESS, HTML, RENDERED, TEXT, UNSUBSCRIBE, message, settings
from support import NOW

from feeder.mail.lint import RULES, Finding, lint
from feeder.mail.message import notice
from feeder.mail.values import Rendered

GOOD = message().data
NOTICE = notice(
    settings(),
    Rendered(
        subject="请确认订阅",
        html=re.sub(r"<a href=.\x02.*?</a>|</?h2>", "", HTML),
        text="请点下面的地址，确认您要订阅每周新闻，谢谢。\n",
    ),
    "reader@example.net",
    "<confirm.1.2@example.org>",
    NOW,
    language="zh-CN",
)


def judged(data: bytes, **given: object) -> list[Finding]:
    return lint(data, now=NOW, postal_address=ADDRESS, **given)  # type: ignore[arg-type]


def test_a_digest_is_well() -> None:
    assert judged(GOOD) == []


def test_a_notice_is_well() -> None:
    assert lint(NOTICE, now=NOW) == []


def header(old: str, new: str) -> bytes:
    """The good message with another header; what is replaced must be there."""
    head, _, body = GOOD.partition(b"\r\n\r\n")
    changed = re.sub(old.encode(), new.encode("utf-8"), head, count=1)
    assert changed != head
    return changed + b"\r\n\r\n" + body


def html(old: str, new: str) -> bytes:
    """The good message with other HTML."""
    assert old in HTML
    return message(rendered=replace(RENDERED, html=HTML.replace(old, new, 1))).data


def text(old: str, new: str) -> bytes:
    """The good message with another text."""
    assert old in TEXT
    return message(rendered=replace(RENDERED, text=TEXT.replace(old, new, 1))).data


def raw(old: bytes, new: bytes) -> bytes:
    """The good message with other bytes."""
    assert old in GOOD
    return GOOD.replace(old, new, 1)


SUBJECT = r"Subject: .*\r\n .*"
LONG_WORD = "=?utf-8?B?" + b64encode("长".encode() * 21).decode() + "?="
HALF_WORD = "=?utf-8?B?" + b64encode("长".encode()[:2]).decode() + "?="
ASCII = Rendered(subject="News", html="<p>Some news</p>", text="Some news of this week\n")
UNFILLED = message(rendered=ASCII).data.replace(b"Some news of", b"=02name=03 news of")
SEEDED = [
    ("required-headers", header(r"To: .*\r\n", ""), "no To"),
    ("required-headers", header(r"MIME-Version: .*\r\n", ""), "no MIME-Version"),
    ("required-headers", header(r"List-Id: .*\r\n", ""), "no List-Id"),
    ("headers-once", header("Date: ", "Subject: x\r\nDate: "), "2 Subject, and only one is allowed"),
    ("header-characters", header("To: ", "To: 李 "), "a header has bytes of eight bits"),
    ("header-characters", header("To: ", "To: \x00"), "a header has a control character"),
    ("line-ends", GOOD + b"\n", "a line ends with CR or LF alone"),
    ("line-ends", header("To: ", "X: a\rTo: "), "a line ends with CR or LF alone"),
    ("line-lengths", header("To: ", f"X: {'a' * 1000}\r\nTo: "), "a line has 1003 characters, more than 998"),
    ("line-lengths", header("Subject: ", f"Subject: {'a ' * 10}"),
     "a header line with an encoded-word has 93 characters, more than 76"),
    ("encoded-words", header(SUBJECT, f"Subject: {LONG_WORD}"),
     "an encoded-word of Subject has 96 characters, more than 75"),
    ("encoded-words", header(SUBJECT, f"Subject: {HALF_WORD}"), "an encoded-word of Subject cannot be read alone"),
    ("encoded-words", header("List-Help: <", "List-Help: =?utf-8?Q?a?= <"),
     "List-Help has an encoded-word, so no client finds its address"),
    ("one-recipient", header("To: ", "To: b@example.net, "), "To has 2 addresses"),
    ("one-recipient", header("To: ", "Bcc: b@example.net\r\nTo: "), "there is a Bcc"),
    ("sender", header("From: ", "From: b@example.org, "), "From is not one address"),
    ("sender", header("news@example.org", "news@localhost"),
     "From has no domain that receivers can look up: localhost"),
    ("date", header("Date: .*", "Date: yesterday"), "Date cannot be read: yesterday"),
    ("date", header(r"Date: .*\d+:", "Date: Tue, 24 Nov 2026 02:00:"),
     "Date is in the future: Tue, 24 Nov 2026 02:00:00 +0000"),
    ("date", header("2026", "1970"), "Date is long ago: Sun, 22 Nov 1970 01:00:00 +0000"),
    ("message-id", header("Message-ID: <", "Message-ID: "), "Message-ID is none: *"),
    ("message-id", header("(Message-ID: .*)@example.org", r"\1@example.net"),
     "Message-ID is of example.net and From of example.org"),
    ("subject", header(SUBJECT, "Subject: "), "Subject is empty"),
    ("subject", header(SUBJECT, f"Subject: {'a ' * 101}b"), "Subject has 203 characters; readers show 30 to 60"),
    ("subject", header(SUBJECT, "Subject: Buy now!!!"), "Subject cries, as advertising does: Buy now!!!"),
    ("subject", header(SUBJECT, "Subject: FREE NEWS TODAY"), "Subject cries, as advertising does: FREE NEWS TODAY"),
    ("list-id", header("<weekly.news.example.org>", "<https://news.example.org/weekly>"), "List-Id is none: *"),
    ("list-id", header("<weekly.news.example.org>", "weekly.news.example.org"), "List-Id is none: *"),
    ("list-urls", header("List-Archive: <(.*)>", r"List-Archive: \1"),
     "List-Archive is no list of addresses in angle brackets"),
    ("list-urls", header("List-Unsubscribe: <https://sub", "List-Unsubscribe: <https://\r\n sub"),
     "List-Unsubscribe is no list of addresses in angle brackets"),
    ("list-urls", header("List-Help: <https:", "List-Help: <http:"),
     "List-Help has an address that is neither https nor mailto: http://subscribe.example.org/subscribe/weekly"),
    ("one-click", header(r"List-Unsubscribe: <https.*\r\n ", "List-Unsubscribe: "),
     "List-Unsubscribe-Post without an https address in List-Unsubscribe"),
    ("one-click", header(r"List-Unsubscribe-Post: .*\r\n", ""), "List-Unsubscribe has an https address, *"),
    ("one-click", header("=One-Click", "=one-click"), "List-Unsubscribe has an https address, *"),
    ("feedback-id", header(":exampleorg", ":news"), "Feedback-ID is none: 7:weekly:digest:news"),
    ("feedback-id", header(":weekly", ""), "Feedback-ID is none: 7:digest:exampleorg"),
    ("content-language", header("zh-CN", "Chinese, I think"), "Content-Language is none: Chinese, I think"),
    ("no-bulk-marks", header("To: ", "Precedence: bulk\r\nTo: "), "there is a header Precedence"),
    ("auto-submitted", header("To: ", "Auto-Submitted: yes\r\nTo: "), "Auto-Submitted is not auto-generated: yes"),
    ("auto-submitted", header("To: ", "Auto-Submitted: auto-generated\r\nTo: "), "a system mail with List-Unsubscribe"),
    ("structure", header("multipart/alternative", "multipart/mixed"),
     "not multipart/alternative of text/plain and text/html: *"),
    ("structure", raw(b"text/html; charset=utf-8", b"text/html; charset=gbk"), "text/html is not in UTF-8"),
    ("structure", header('boundary="=_', 'boundary="=x'), "the parts are not well-formed"),
    ("transfer-encoding", raw(b"Encoding: base64", b"Encoding: 8bit"), "text/plain is encoded as 8bit"),
    ("transfer-encoding", raw(b"base64\r\n\r\n", b"base64\r\n\r\n" + b"A" * 80 + b"\r\n"),
     "text/plain has an encoded line of more than 76 characters"),
    ("transfer-encoding", raw(b"base64\r\n\r\n5", b"base64\r\n\r\n!"), "text/plain is no base64"),
    ("text-part", message(rendered=replace(RENDERED, text="新闻\n")).data, "the text says nothing"),
    ("text-part", message(rendered=replace(RENDERED, text=HTML)).data, "the text has HTML in it"),
    ("same-story", html("</h2>", "</h2><h2>另一条新闻</h2>"), "the text does not tell of: 另一条新闻"),
    ("clipping", html("<p>", f"<p>{'新闻 ' * 13_000}</p><p>"), "the HTML has 91,*"),
    ("clipping", html("<p>", f"<p>{'新闻 ' * 13_000}</p><p>"), "text/html has 12*"),
    ("left-over", html("<p>", "<p>{{ name }}"), "the HTML has a mark of a template: {{"),
    ("left-over", UNFILLED, "the text has a hole that was not filled"),
    ("body-characters", html("<p>", "<p>&#1;\x80"), "the HTML has a control character"),
    ("body-characters", text("每周新闻", "每周\ufffd"), "the text has a replacement character (U+FFFD)"),
    ("postal-address", text(ADDRESS, ""), "the text does not give the postal address"),
    ("postal-address", html(ADDRESS, ""), "the HTML does not give the postal address"),
    ("way-out", text(UNSUBSCRIBE, ""), "the text has no address to unsubscribe"),
    ("way-out", html(UNSUBSCRIBE, "https://news.example.org/"), "the HTML has no link to unsubscribe"),
    ("way-out", html(">退订<", "><"), "the HTML has no link to unsubscribe"),
    ("way-out", html("退订</a>", f"退订</a><a style='display: none' href='{UNSUBSCRIBE}'>退订</a>"),
     "the link to unsubscribe is hidden"),
    ("way-out", html("</p></body>", f"</p><p>{'新闻 ' * 4_000}</p></body>"),
     "the link to unsubscribe is not at the end"),
    ("document", message(rendered=replace(RENDERED, html="")).data, "there is no HTML"),
    ("document", html(' lang="zh-CN"', ""), "<html> has no lang"),
    ("document", html("<title>", "<title></title><i>"), "no <title>"),
    ("document", html('name="viewport"', 'name="x"'), 'no <meta name="viewport">'),
    ("document", html('name="color-scheme"', 'name="x"'), 'no <meta name="color-scheme">'),
    ("active-content", html("<p>", "<script>1</script><p>"), "there is a <script>"),
    ("active-content", html("<p>", "<form></form><p>"), "there is a <form>"),
    ("active-content", html("<p>", "<p onclick='x'>"), "<p> has onclick"),
    ("active-content", html("<p>", "<a href='javascript:x'>x</a><p>"), "<a> has an address that acts: javascript:x"),
    ("styles", html("</head>", f"<style>{'a{} ' * 5_000}</style></head>"), "<style> has 20,000 characters; *"),
    ("styles", html("</head>", "<style>@import 'x'</style></head>"), "a style fetches something"),
    ("styles", html("<p>", "<p style='background: URL(x)'>"), "a style fetches something"),
    ("images", html("<p>", "<img src='https://news.example.org/a.png'><p>"),
     "an image has no alt: https://news.example.org/a.png"),
    ("images", html("<p>", "<img alt='' src='/a.png'><p>"), "an image's address is not https: /a.png"),
    ("image-share", html("<p>", "<img alt='' src='https://news.example.org/a.png'>" * 9 + "<p>"), "9 images beside *"),
    ("links", html("<p>", "<a href='/about/'>x</a><p>"), "a link is not absolute: /about/"),
    ("links", html("<p>", "<a href='https://192.0.2.1/a'>x</a><p>"),
     "a link goes to a number instead of a name: https://192.0.2.1/a"),
    ("links", html("<p>", "<a href='https://t.cn/a'>x</a><p>"), "a link hides where it goes: https://t.cn/a"),
    ("honest-links", html("<p>", "<a href='https://evil.example.com/'>bank.example.net</a><p>"),
     "a link shows bank.example.net and goes to evil.example.com"),
    ("hidden-text", html("<p>", "<p style='font-size: 0'>"), "there is text of font-size 0"),
    ("hidden-text", html("<p>", "<i style='display:none'>a</i><i style='display: none'>b</i><p>"),
     "2 elements are hidden"),
    ("layout-tables", html("<p>", "<table><tr><td>x</td></tr></table><p>"),
     "a table of the layout has no role=presentation"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "data", "expected"), SEEDED, ids=[f"{rule}: {told[:40]}" for rule, _, told in SEEDED])
def test_a_fault_is_found(rule: str, data: bytes, expected: str) -> None:
    told = [one.message for one in judged(data) if one.rule == rule]
    if expected.endswith("*"):
        assert any(one.startswith(expected[:-1]) for one in told), told
    else:
        assert expected in told


WELL: list[tuple[str, Callable[[], bytes]]] = [
    ("images", lambda: html("<p>", "<img alt='' src='https://news.example.org/a.png'><p>")),
    (
        "links",
        lambda: html("<p>", "<a href='#a'>x</a><a href='mailto:a@b.cn'>y</a><a href='http://zhidx.com/'>z</a><p>"),
    ),
    ("honest-links", lambda: html("<p>", "<a href='https://www.example.com/a'>example.com/a</a><p>")),
    ("honest-links", lambda: html("<p>", "<a href='https://m.example.com/a'>https://www.example.com</a><p>")),
    ("hidden-text", lambda: html("<p>", "<i style='display:none'>a</i><p style='font-size:0.9em'>")),
    ("layout-tables", lambda: html("<p>", "<table><tr><th>年</th></tr></table><table role='presentation'></table><p>")),
    ("left-over", lambda: html("<p>", "<pre>{{ name }}</pre><p>")),
    ("one-click", lambda: message(settings(unsubscribe="")).data),
    ("subject", lambda: header(SUBJECT, "Subject: RSS and XSLT: what now?")),
]


@pytest.mark.parametrize(("rule", "made"), WELL)
def test_what_is_well_is_not_told(rule: str, made: Callable[[], bytes]) -> None:
    assert [one for one in judged(made()) if one.rule == rule] == []


def test_every_rule_has_a_message_that_breaks_it() -> None:
    assert {rule for rule, _, _ in SEEDED} | {"signature"} == set(RULES)


SIGNATURE = (
    "DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=s1; h=from:to:subject:date:message-id:list-unsubscribe:\r\n"
    " list-unsubscribe-post:from; bh=x; b=y\r\n"
)


@pytest.mark.parametrize(("old", "new", "expected"), [
    ("", "", []),
    ("example.org", "org", []),
    ("d=example.org", "d=example.net", ["signed by example.net, and From is of example.org: DMARC fails"]),
    ("d=example.org", "d=ample.org", ["signed by ample.org, and From is of example.org: DMARC fails"]),
    ("to:", "", ["To is not signed"]),
    (":from;", ";", ["From is not signed twice over: another one could be put before it"]),
    ("bh=", "l=10; bh=", ["the signature covers only the beginning of the body (l=)"]),
])  # fmt: skip
def test_signatures(old: str, new: str, expected: list[str]) -> None:
    data = SIGNATURE.replace(old, new).encode() + GOOD
    assert [one.message for one in judged(data, signed=True)] == expected


def test_a_signature_that_is_missing() -> None:
    assert judged(GOOD, signed=True) == [Finding("signature", "no DKIM-Signature")]


def test_without_a_time_no_date_is_to_come() -> None:
    later = NOW - timedelta(days=9)
    assert [one.rule for one in lint(GOOD, now=later)] == ["date"]
    assert lint(GOOD) == []


@pytest.mark.parametrize(
    "data", [b"", b"\r\n", b"x", b"\xff\xfe\r\n\r\n\xff", GOOD[:500], GOOD[:-900], b"From: =?x?y?z?=\r\n\r\n"]
)
def test_what_is_no_message_is_told_and_nothing_breaks(data: bytes) -> None:
    assert judged(data)


@given(st.binary(max_size=300), st.integers(0, len(GOOD)), st.integers(0, 40))
@example(b"Date: Mon, 99 Nov 99999999999 99:99:99 +9999\r\n", 0, 0)
@example(b"Subject: =?utf-8?B?a?= =?x?q?=ff?=\r\n", 0, 0)
@example(b"From: <<@>,;:\r\nTo: (((\r\n", 0, 0)
def test_nothing_breaks_the_lint(noise: bytes, at: int, gone: int) -> None:
    for one in judged(GOOD[:at] + noise + GOOD[at + gone :]):
        assert one.rule in RULES
        str(one.message)
