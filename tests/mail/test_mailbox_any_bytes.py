"""Any bytes at all: nothing raises, nothing takes long, nothing suppresses anybody without our mark."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mail.mailroom import BOUNCES, fixture, mailroom
from support import NOW, Publication, soak

from feeder.mail import schema
from feeder.mail.mailbox.classify import classify
from feeder.mail.mailbox.marks import Marks, notices
from feeder.mail.mailbox.parsing import LARGEST, Letter, in_charset, parse
from feeder.mail.message.verp import Verp

KEYS = [b"k" * 64]
MARKS = Marks(KEYS, Verp(KEYS, "bounce@example.org"))
NAMES = sorted(path.stem for path in BOUNCES.glob("*.eml"))

HEADERS = [
    "From", "To", "Subject", "Content-Type", "Content-Transfer-Encoding", "Return-Path", "Auto-Submitted",
    "X-Failed-Recipients", "Message-ID", "MIME-Version", "Precedence", "List-Id", "Content-Disposition",
]  # fmt: skip
VALUES = [
    "MAILER-DAEMON@example.com", "<>", "multipart/report; boundary=b", "multipart/mixed; boundary=b", "message/rfc822",
    "message/delivery-status", "message/feedback-report", "text/html; charset=gbk", 'text/plain; charset="utf-16\0"',
    "base64", "quoted-printable", "8bit", "uuencode", "=?utf-8?B?////?=", "=?gb18030?Q?=81?=", "unsubscribe", "退订",
    "\udcff", "failure notice", "confirm 1.2", 'a" <b@c.example', "message/partial; id=1; number=1",
    "multipart/report; boundary*=x''%ff", "text/plain; charset*0=a; charset*1=b", "multipart/report; boundary=",
    "message/external-body; access-type=local-file",
]  # fmt: skip
BODIES = [
    b"--b\n", b"--b--\n", b"\n", b"Action: failed\n", b"Status: 5.1.1\n", b"Final-Recipient: rfc822; a@b.example\n",
    b"Feedback-Type: abuse\n", b"550 5.1.1 User unknown\n", b"Content-Type: message/delivery-status\n", b"=", b"\0",
    b"Content-Type: message/rfc822\n", b"Content-Type: multipart/mixed; boundary=b\n", b"begin 644 x\n", b"=?utf-8?B?",
    b"Content-Transfer-Encoding: base64\n", b"> mailto:x?subject=confirm%20a.b\n", "退订\n".encode(),
    b"\xc4\xe3\xba\xc3",
]  # fmt: skip


def look(data: bytes) -> Letter:
    """All that is done with a message before the database is asked."""
    letter = parse(data)
    mark = MARKS.addressed(letter, "")
    classify(letter, returned=mark is not None)
    classify(letter, returned=True)
    assert MARKS.within(letter) is None
    assert not MARKS.own(letter)
    notices(letter)
    return letter


@given(st.binary(max_size=2000))
@settings(deadline=None)
def test_any_bytes(data: bytes) -> None:
    look(data)


@given(st.lists(st.tuples(st.sampled_from(HEADERS), st.sampled_from(VALUES) | st.text(max_size=80)), max_size=12),
       st.lists(st.sampled_from(BODIES) | st.binary(max_size=60), max_size=30))  # fmt: skip
@settings(max_examples=soak(150, 5_000), deadline=None)
def test_any_structure(headers: list[tuple[str, str]], body: list[bytes]) -> None:
    head = "".join(f"{name}: {value}\n" for name, value in headers).encode("utf-8", "surrogatepass")
    look(head + b"\n" + b"".join(body))


@given(st.data())
@settings(max_examples=soak(150, 5_000), deadline=None)
def test_any_damage_to_a_real_message(data: st.DataObject) -> None:
    message = bytearray(fixture(data.draw(st.sampled_from(NAMES))).data)
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(message)))
        kind = data.draw(st.sampled_from(["cut", "byte", "insert", "repeat"]))
        if kind == "cut":
            del message[at : at + data.draw(st.integers(1, 200))]
        elif kind == "byte":
            message[at : at + 1] = bytes([data.draw(st.integers(0, 255))])
        elif kind == "insert":
            message[at:at] = data.draw(st.sampled_from(BODIES))
        else:
            message[at:at] = message[at : at + 100] * 20
    look(bytes(message))


_MIXED = b"Content-Type: multipart/mixed; boundary=b\n\n"
_STATUS = b"Content-Type: message/delivery-status\n\n"
_FAILURE = b"From: mailer-daemon@x\nSubject: failure notice\n\n"
BOMBS = {
    "nested parts": b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(20_000)),
    "nested messages": b"Content-Type: message/rfc822\n\n" * 40_000,
    "one boundary": _MIXED + b"--b\nContent-Type: multipart/x; boundary=b\n\n" * 30_000,
    "many parts": _MIXED + b"--b\n\nx\n" * 150_000,
    "blank lines in a report": _STATUS + b"\n" * LARGEST,
    "fields in a report": _STATUS + b"Action: failed\n\n" * 60_000,
    "encoded report": _STATUS.replace(b"\n\n", b"\nContent-Transfer-Encoding: base64\n\n") + b"QUJD" * (LARGEST // 4),
    "a long header": b"From: " + b"a@" * LARGEST,
    "many headers": b"X: y\n" * 200_000,
    "parameters": b"Content-Type: multipart/mixed; " + b'a*0*="x"; ' * 60_000,
    "a long line": _FAILURE + b"a" * LARGEST,
    "a long line of addresses": _FAILURE + b"a@b " * (LARGEST // 4),
    "many lines": _FAILURE + b"550 a@b.example\n" * 60_000,
    "marks": _FAILURE + b"bounce+1-1-0123456789@example.org 1.1.0123456789ab@x " * 20_000,
    "encoded words": b"Subject: " + b"=?utf-8?B?5L2g?= " * 60_000,
    "a comment": b"From: " + b"(" * LARGEST,
    "tags": b"Content-Type: text/html\n\n" + b"<" * LARGEST,
    "open tags": b"Content-Type: text/html\n\n" + b"<style" * (LARGEST // 6),
    "returned words": b"From: mailer-daemon@x\nSubject: " + b"could not be delivere " * 40_000,
    "quotes": b"Subject: re\n\n" + b"on on on on on " * 60_000,
    "zeros": b"\0" * (4 * LARGEST),
}  # fmt: skip


@pytest.mark.parametrize("name", list(BOMBS))
def test_a_bomb_is_no_more_than_a_message(name: str) -> None:
    look(BOMBS[name])


def test_random_bytes_never_do_anything(publication: Publication) -> None:
    rolls = random.Random(20261122)
    with mailroom(publication) as room:
        number = room.person("reader@example.com")
        room.deliver(number)
        before = room.rows(schema.subscription)
        for _ in range(soak(60, 3_000)):
            base = bytearray(fixture(rolls.choice(NAMES)).data.replace(b"{address}", b"reader@example.com"))
            for _ in range(rolls.randrange(1, 20)):
                base[rolls.randrange(len(base))] = rolls.randrange(256)
            if b"From: reader@" not in base and b"From: Reader <reader@" not in base:
                room.handle(bytes(base), NOW + timedelta(hours=1))
        assert room.rows(schema.subscription)[:1] == before
        assert room.rows(schema.bounce) == []
        assert room.rows(schema.suppression) == []


def test_texts_in_the_charsets_people_use() -> None:
    text = "您的邮件被退回：用户不存在"
    for charset in ("gb2312", "gbk", "GB18030", "utf-8", "big5hkscs", ""):
        codec = charset if charset not in ("", "gb2312") else "gb18030"
        assert in_charset(text.encode(codec, "ignore"), charset) in (text, text.encode(codec, "ignore").decode(codec))
    assert in_charset(text.encode("gbk"), "utf-8") == text
    assert in_charset(text.encode(), "no such charset") == text
    assert in_charset(b"\xff\xfe\xfd", "ascii") == "ÿþý"


def test_headers_are_decoded() -> None:
    raw = "系统退信".encode("gbk")
    letter = parse(
        b"Subject: " + raw + b"\nFrom: =?gbk?B?19S2rw==?=\n =?gbk?B?u9i4tA==?= <a@b.example>\nX: =?utf-8?B?5L\n\n"
    )
    assert letter.first("subject") == "系统退信"
    assert letter.first("from") == "自动回复 <a@b.example>"
    assert letter.first("x") == "=?utf-8?B?5L"
