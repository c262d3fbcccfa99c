"""Every signature is good in the eyes of dkimpy, and breaks when anything that is signed changes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as trying
from hypothesis import strategies as st
from mail.letters import NAME, RENDERED, message, recipient, settings, stencil
from mail.signing_keys import ed25519_pem, judge, records, rsa_pem, signing
from support import NOW, soak

from feeder.config.settings import Dkim, Settings, Smtp, Web
from feeder.errors import SettingsError
from feeder.mail.message import dkim, notice
from feeder.mail.values import Rendered


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return signing(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def signer(own: Settings) -> dkim.Signer:
    made = dkim.signer(own)
    assert made
    return made


@pytest.fixture(scope="module")
def verify(signer: dkim.Signer) -> Callable[[bytes], list[bool]]:
    return judge(signer)


def signed(of: Settings, signer: dkim.Signer, rendered: Rendered = RENDERED, **given_to: str) -> bytes:
    return stencil(of, rendered, signer).message(recipient(of, **given_to)).data


def test_the_field(own: Settings, signer: dkim.Signer) -> None:
    rsa, second = re.findall(rb"DKIM-Signature: (?:[^\r]|\r\n )*", signed(own, signer))
    assert re.sub(rb"b=[\w+/=\s]+\Z|(?<=bh=)[\w+/=]+", b"", rsa).decode() == (
        "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org;\r\n"
        " s=s1; t=1795309200;\r\n"
        " h=from:subject:date:list-id:list-archive:list-help:feedback-id:\r\n"
        " content-language:mime-version:content-type:to:message-id:\r\n"
        " list-unsubscribe:list-unsubscribe-post:from:subject:date;\r\n"
        " bh=;\r\n "
    )
    assert b"a=ed25519-sha256;" in second
    assert b"s=s2;" in second
    assert max(map(len, (rsa + b"\r\n" + second).split(b"\r\n"))) <= 78


def test_both_signatures_are_good(own: Settings, signer: dkim.Signer, verify: Callable[[bytes], list[bool]]) -> None:
    assert verify(signed(own, signer)) == [True, True]
    by_mail = replace(own, web=Web())
    assert verify(signed(by_mail, signer, unsubscribe="")) == [True, True]
    nothing = replace(by_mail, mail=replace(own.mail, unsubscribe=""))
    assert verify(signed(nothing, signer, unsubscribe="")) == [True, True]


PIECES = ["新闻", " ", "  \n", "\n\n", "\t", "a" * 90, "=", ".", "%"]
CONTENT = st.lists(st.sampled_from([*PIECES, NAME]) | st.text(max_size=9))


@trying(max_examples=soak(100, 2000), deadline=None)
@given(text=CONTENT, html=CONTENT, subject=st.text(), name=st.text())
def test_any_message_is_signed_well(
    own: Settings,
    signer: dkim.Signer,
    verify: Callable[[bytes], list[bool]],
    text: list[str],
    html: list[str],
    subject: str,
    name: str,
) -> None:
    rendered = Rendered(subject=subject, html="".join(html), text="".join(text))
    assert verify(signed(own, signer, rendered, name=name)) == [True, True]


@trying(max_examples=soak(50, 1000), deadline=None)
@given(lines=st.lists(st.sampled_from(PIECES)), subject=st.text())
def test_a_finished_message_is_signed_well(
    own: Settings, signer: dkim.Signer, verify: Callable[[bytes], list[bool]], lines: list[str], subject: str
) -> None:
    rendered = Rendered(subject=subject, html="", text="".join(lines))
    data = notice(own, rendered, "reader@example.net", "<1.2@example.org>", NOW, language="zh-CN")
    assert verify(signer.sign(data, NOW)) == [True, True]
    body = "".join([*lines, "\n"]).encode().replace(b"\n", b"\r\n")
    raw = b"From: a@example.org\r\nSubject:  x \r\n\ty\r\nReceived: z\r\n\r\n" + body
    assert verify(signer.sign(raw, NOW)) == [True, True]


@pytest.mark.parametrize(("old", "new"), [
    (b"From: ", b"From: x "), (b"Subject: ", b"Subject: x "), (b"To: ", b"To: x "), (b"=One-Click", b"=One-Clack"),
    (b"<https://subscribe", b"<https://evil"), (b"Feedback-ID: 7", b"Feedback-ID: 8"),
    (b"Date: ", b"Subject: second\r\nDate: "), (b"Date: ", b"From: evil@example.com\r\nDate: "), (b"=_", b"=x"),
    (b"--\r\n", b"--\r\nmore\r\n"),
])  # fmt: skip
def test_a_changed_message_is_refused(
    own: Settings, signer: dkim.Signer, verify: Callable[[bytes], list[bool]], old: bytes, new: bytes
) -> None:
    data = signed(own, signer)
    assert old in data
    assert verify(data.replace(old, new)) == [False, False]


def test_a_signature_is_the_same_whenever_it_is_made(own: Settings, signer: dkim.Signer) -> None:
    assert signed(own, signer) == signed(own, signer)


def test_one_key_makes_one_signature(tmp_path: Path) -> None:
    of = signing(tmp_path, second=False)
    made = dkim.signer(of)
    assert made
    assert judge(made)(signed(of, made)) == [True]
    assert list(records(made)) == ["s1._domainkey.example.org"]


def test_without_a_domain_and_behind_a_relay_that_rewrites_nothing_is_signed(own: Settings) -> None:
    assert dkim.signer(settings()) is None
    assert dkim.signer(replace(own, mail=replace(own.mail, smtp=Smtp(rewrites=True)))) is None
    assert b"DKIM-Signature" not in message().data


def rsa_of(path: str) -> Dkim:
    return Dkim(domain="example.org", selector="s", key_file=path)


def second_of(path: str) -> Dkim:
    return Dkim(domain="example.org", ed25519_selector="s", ed25519_key_file=path)


@pytest.mark.parametrize(("given_dkim", "message", "hint"), [
    (Dkim(domain="example.org"), "[mail.dkim] has a domain and no key_file", "private key"),
    (Dkim(domain="example.org", key_file="rsa.pem"), "[mail.dkim] has no selector for rsa.pem", 'selector = "s1"'),
    (rsa_of("none.pem"), "none.pem: No such file or directory", "private key"),
    (rsa_of("empty.pem"), "empty.pem: not a private key", "openssl genrsa"),
    (rsa_of("small.pem"), "small.pem: 1024 bits are too few", "2048"),
    (rsa_of("ed25519.pem"), "ed25519.pem: not an RSA key", "openssl genrsa"),
    (second_of("rsa.pem"), "rsa.pem: not an Ed25519 key", "ed25519"),
])  # fmt: skip
def test_a_key_that_is_none_is_named(tmp_path: Path, given_dkim: Dkim, message: str, hint: str) -> None:
    signing(tmp_path)
    (tmp_path / "empty.pem").touch()
    (tmp_path / "small.pem").write_bytes(rsa_pem(1024))
    with pytest.raises(SettingsError, match=re.escape(message)) as caught:
        dkim.signer(settings(tmp_path, dkim=given_dkim))
    assert hint in caught.value.hint


def test_a_key_that_everybody_can_read_is_told(tmp_path: Path) -> None:
    of = signing(tmp_path)
    assert dkim.exposed(of) == []
    (tmp_path / "rsa.pem").chmod(0o644)
    (problem,) = dkim.exposed(of)
    assert (problem.place, problem.hint) == ("rsa.pem", "chmod 600 rsa.pem")
    (tmp_path / "rsa.pem").unlink()
    assert dkim.exposed(of) == []
    assert dkim.exposed(settings()) == []


def test_keys_do_not_show(signer: dkim.Signer) -> None:
    shown = repr(signer) + repr(vars(signer))
    assert rsa_pem().decode() not in shown
    assert ed25519_pem().decode() not in shown
