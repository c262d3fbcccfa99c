"""Messages are what a reader should get, whatever a digest holds; the bytes are the same whenever they are made."""

from __future__ import annotations

import email.message
import email.policy
from collections.abc import Callable
from dataclasses import replace
from html import escape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mail.letters import (
    KEYS,
    NAME,
    PREFERENCES,
    RENDERED,
    SUBJECT,
    UNSUBSCRIBE,
    WEEKLY,
    bodies,
    message,
    parsed,
    recipient,
    settings,
    stencil,
)
from support import NOW

from feeder.config.settings import Web
from feeder.mail.addresses import BadAddress
from feeder.mail.message import encoding, feedback_sender, notice
from feeder.mail.message.headers import clean
from feeder.mail.message.message_ids import digest_message_id, notice_message_id
from feeder.mail.tokens import Tokens
from feeder.mail.values import HOLE, Rendered

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff") | st.just("\n"))
HOLES = st.sampled_from([UNSUBSCRIBE, PREFERENCES, NAME, HOLE.format("address")])
CONTENTS = st.builds(
    "".join, st.lists(TEXTS | HOLES | st.sampled_from(["新闻" * 60, "a b " * 80, "=" * 90]), max_size=8)
)
NAMES = st.text(max_size=120)


def own_headers(data: bytes) -> str:
    return data.partition(b"\r\n\r\n")[0].decode("ascii")


def test_the_headers() -> None:
    made = message(settings(reply_to="编辑 <editor@example.org>"), name="李雷")
    token = Tokens(KEYS).make("unsubscribe", 123, "weekly")
    mark = digest_message_id(KEYS, 7, 123, "example.org")
    head, _, kind = own_headers(made.data).rpartition("\r\n")
    assert head.split("\r\n") == [
        "From: =?utf-8?B?5paw6Ze757yW6L6R6YOo?= <news@example.org>",
        "Reply-To: =?utf-8?B?57yW6L6R?= <editor@example.org>",
        "Subject: =?utf-8?B?5q+P5ZGo5paw6Ze7IMK3IDExIOaciCAyMyDml6XvvJrlpKnmlbA=?=",
        " =?utf-8?B?5pm66Iqv77ya6K6i5Y2V5o6l6L+RIDIg5Lq/5YWD?=",
        "Date: Sun, 22 Nov 2026 01:00:00 +0000",
        "To: =?utf-8?B?5p2O6Zu3?= <reader@example.net>",
        f"Message-ID: {mark}",
        f"List-Unsubscribe: <https://subscribe.example.org/unsubscribe/{token}>,",
        f" <mailto:unsubscribe@example.org?subject=unsubscribe%20{token}>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "List-Id: =?utf-8?B?5q+P5ZGo5paw6Ze7?= <weekly.news.example.org>",
        "List-Archive: <https://news.example.org/digests/weekly/>",
        "List-Help: <https://subscribe.example.org/subscribe/weekly>",
        "Feedback-ID: 7:weekly:digest:exampleorg",
        "Content-Language: zh-CN",
        "MIME-Version: 1.0",
    ]
    assert kind.startswith('Content-Type: multipart/alternative; boundary="=_')
    assert (made.recipient, made.message_id) == ("reader@example.net", mark)
    assert made.sender.startswith("bounce+7-123-")


def test_a_message_is_that_of_the_golden_file(golden: Callable[[str, str | bytes], None]) -> None:
    golden("mail/message.eml", message(name="李雷").data)


def test_both_bodies_come_back_with_their_holes_filled() -> None:
    who = recipient()
    text, html = bodies(message().data)
    assert text == RENDERED.text.replace(UNSUBSCRIBE, who.unsubscribe).replace(PREFERENCES, who.preferences)
    assert html == RENDERED.html.replace(UNSUBSCRIBE, escape(who.unsubscribe)).replace(PREFERENCES, who.preferences)


@given(text=CONTENTS, html=CONTENTS, name=NAMES)
@example(text="", html="", name="")
@example(text=f"{NAME}\n新闻\n", html=f"x{NAME}%s % {NAME}", name="<b>%s & 李雷</b>")
@example(text=".\nFrom me\n.", html=f"From me\n.{NAME}", name=".")
@example(text="", html="a" * 76 + NAME + "b" * 76, name="c" * 76)
@example(text=f"a {NAME} b  c", html="\t\n  \n" * 20, name=" x = " * 30)
def test_any_text_comes_back(text: str, html: str, name: str) -> None:
    made = message(rendered=Rendered(subject="s", html=html, text=text), name=name)
    body = made.data.partition(b"\r\n\r\n")[2]
    assert body.isascii()
    assert all(len(line) <= 76 for line in body.split(b"\r\n"))
    assert b"\r" not in made.data.replace(b"\r\n", b"")
    assert b"\n" not in made.data.replace(b"\r\n", b"")
    who = recipient(name=name)
    values = {
        "unsubscribe": who.unsubscribe,
        "preferences": who.preferences,
        "address": who.address,
        "name": clean(name),
    }
    safe = {hole: escape(value) for hole, value in values.items()}
    assert bodies(made.data) == (encoding.fill(text, values), encoding.fill(html, safe))


def test_a_text_of_ascii_is_readable_in_the_raw() -> None:
    made = message(rendered=Rendered(subject="News", html="<p>Hello = hello</p>\n", text="Hello\n"))
    assert made.data.count(b"Content-Transfer-Encoding: quoted-printable\r\n") == 2
    assert b"\r\n<p>Hello =3D hello</p>\r\n" in made.data
    assert message().data.count(b"Content-Transfer-Encoding: base64\r\n") == 2


def test_control_characters_and_half_characters_reach_nobody() -> None:
    text, html = bodies(
        message(rendered=Rendered(subject="a\x00b\ud800", html="a\x00\ud800\x1b", text="\x08b\r\n")).data
    )
    assert (text, html) == ("b\n", "a?")


def test_a_message_is_the_same_whenever_it_is_made() -> None:
    assert message().data == message().data
    other = stencil(digest_id=8).message(recipient())
    assert other.message_id != message().message_id
    assert parsed(other.data).get_boundary() != parsed(message().data).get_boundary()


def test_without_pages_a_mail_unsubscribes() -> None:
    by_mail = replace(settings(), web=Web())
    token = Tokens(KEYS).make("unsubscribe", 123, "weekly")
    address = f"mailto:unsubscribe@example.org?subject=unsubscribe%20{token}"
    for given_address in ("", address):
        made = message(by_mail, unsubscribe=given_address, preferences="")
        read = parsed(made.data)
        assert read["List-Unsubscribe"] == f"<{address}>"
        assert read["List-Unsubscribe-Post"] is None
        assert read["List-Help"] == "<https://news.example.org/digests/weekly/>"
        assert f'<a href="{address}">' in bodies(made.data)[1]


def test_without_pages_and_mailbox_there_is_no_way_out_and_none_is_pretended() -> None:
    read = parsed(message(replace(settings(unsubscribe=""), web=Web()), unsubscribe="").data)
    assert read["List-Unsubscribe"] is None
    assert read["List-Unsubscribe-Post"] is None


def test_without_a_mailbox_there_is_only_the_page() -> None:
    made = message(settings(unsubscribe=""))
    assert parsed(made.data)["List-Unsubscribe"] == f"<{recipient().unsubscribe}>"


def test_an_address_from_elsewhere_gets_a_token_of_its_own() -> None:
    read = parsed(message(unsubscribe="https://elsewhere.example/leave").data)
    token = Tokens(KEYS).make("unsubscribe", 123, "weekly")
    assert read["List-Unsubscribe"] == (
        f"<https://elsewhere.example/leave>, <mailto:unsubscribe@example.org?subject=unsubscribe%20{token}>"
    )


def test_without_a_bounce_mailbox_the_sender_is_the_return_path() -> None:
    assert message(settings(bounce="")).sender == "news@example.org"


def test_a_list_has_its_own_sender() -> None:
    of = replace(
        settings(), lists=(replace(WEEKLY, from_="Desk <desk@mail.example.org>", reply_to="answers@example.org"),)
    )
    read = parsed(message(of).data)
    assert read["From"] == "Desk <desk@mail.example.org>"
    assert read["Reply-To"] == "answers@example.org"
    assert read["Message-ID"].endswith("@mail.example.org>")


@pytest.mark.parametrize("address", ["", "no address", "a@b.cn\r\nBcc: c@d.cn", "a@b.cn>, <c@d.cn"])
def test_nothing_is_made_for_what_is_no_address(address: str) -> None:
    with pytest.raises(BadAddress):
        message(address=address)


@given(NAMES, NAMES)
def test_nothing_gets_into_the_head(name: str, subject: str) -> None:
    made = message(rendered=replace(RENDERED, subject=subject), name=name)
    plain = message()
    assert list(parsed(made.data).keys()) == list(parsed(plain.data).keys())
    assert parsed(made.data)["Subject"] == clean(subject)


def test_a_notice_says_that_a_machine_wrote_it() -> None:
    rendered = Rendered(subject="请确认订阅", html="<p>确认</p>", text="确认\n")
    mark = notice_message_id(KEYS, "confirm", "reader@example.net", 1, "example.org")
    data = notice(settings(), rendered, "reader@example.net", mark, NOW, language="zh-CN")
    read = parsed(data)
    assert read.keys() == [
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress",
        "Content-Language", "MIME-Version", "Content-Type",
    ]  # fmt: skip
    assert read["Auto-Submitted"] == "auto-generated"
    assert read["Message-ID"] == mark
    assert bodies(data) == ("确认\n", "<p>确认</p>")
    of_list = notice(
        settings(), rendered, "a@b.cn", mark, NOW, language="en", mailing_list=WEEKLY, list_host="news.example.org"
    )
    assert parsed(of_list)["List-Id"] == "每周新闻 <weekly.news.example.org>"


@pytest.mark.parametrize(("domain", "sender"), [
    ("example.org", "exampleorg"), ("a.cn", "acnfeeder"), ("very-long.newsletters.example.org", "verylongnewslet"),
])  # fmt: skip
def test_the_sender_in_feedback_id_has_5_to_15_characters(domain: str, sender: str) -> None:
    assert feedback_sender(domain) == sender


def test_message_ids_survive_a_new_key() -> None:
    assert digest_message_id([b"new", *KEYS], 7, 123, "example.org") == digest_message_id(KEYS, 7, 123, "example.org")


def test_the_standard_library_would_write_what_we_write_for_an_ascii_subject() -> None:
    theirs = email.message.EmailMessage(policy=email.policy.SMTP)
    theirs["Subject"] = "Weekly news: orders come near to 200 million, and many other things that happened this week"
    ours = parsed(message(rendered=replace(RENDERED, subject=theirs["Subject"])).data)
    assert ours["Subject"] == theirs["Subject"]
    assert parsed(message().data)["Subject"] == SUBJECT
