"""What servers' words mean: codes where they are honest, phrases where they are not."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeder.mail.bounces.replies import classify_reply, first_status, own_code, own_status
from feeder.mail.providers import PROVIDERS

REPLIES = [
    ("hard", 550, "5.1.1", "550 5.1.1 <a@example.com>: Recipient address rejected: User unknown", "example.com"),
    ("hard", 550, "5.1.1", "550-5.1.1 The email account that you tried to reach does not 550-5.1.1 exist.", "gmail"),
    ("hard", 550, "5.1.2", "", "example.com"),
    ("hard", 550, "5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound", "example.com"),
    ("hard", 550, "5.2.1", "550 5.2.1 The email account that you tried to reach is disabled.", "gmail"),
    ("soft", 550, "5.2.1", "550-5.2.1 The user you are trying to contact is receiving mail at a rate that", "gmail"),
    ("soft", 552, "5.2.2", "552-5.2.2 The email account that you tried to reach is over quota.", "gmail"),
    ("hard", 550, "", "550 Mailbox not found. http://service.mail.qq.com/cgi-bin/help?no=1000728", "qq"),
    ("policy", 550, "", "550 Mailbox unavailable or access denied", "qq"),
    ("policy", 550, "", "550 Domain frequency limited. http://service.mail.qq.com/cgi-bin/help?no=1000725", "qq"),
    ("policy", 550, "", "550 Mail content denied. http://service.mail.qq.com/cgi-bin/help?no=1000726", "qq"),
    ("policy", 550, "", "550 DMARC check failed http://service.mail.qq.com/cgi-bin/help?no=1001508", "qq"),
    ("policy", 550, "5.1.1", "550 Ip frequency limited", "qq"),  # Sendmail's own 5.1.1
    ("policy", 550, "", "550 Ip frequency limited", "example.cn"),  # a domain whose mail is at Exmail
    ("policy", 550, "5.7.515", "550 5.7.515 Access denied, sending domain does not meet it", "microsoft"),
    ("policy", 550, "5.7.1", "550 5.7.1 part of their network is on our block list (S3150).", "microsoft"),
    ("hard", 550, "5.5.0", "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).", "microsoft"),
    ("soft", 550, "", "550 Requested action not taken: mailbox unavailable", "gmx.de"),
    ("hard", 550, "5.4.1", "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", "example.com"),
    ("policy", 554, "", "554 DT:SPM 163 smtp10,PcCowAC3 http://mail.163.com/help/help_spam_16.htm", "netease"),
    ("hard", 550, "", "550 User not found: nobody@163.com", "netease"),
    ("soft", 550, "", "550 User suspended: somebody@126.com", "netease"),
    ("policy", 554, "", "554 Reject by behaviour spam at Rcpt State ANTISPAM_BAT[0120]: bad sending", "aliyun"),
    ("hard", 554, "", "554 delivery error: dd This user doesn't have a yahoo.com account (nobody@yahoo.com)", "yahoo"),
    ("policy", 553, "5.7.1", "553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.1", "yahoo"),
    ("policy", 554, "5.7.1", "554 5.7.1 [CS01] Message rejected due to local policy.", "icloud"),
    ("policy", 554, "5.7.1", "554 5.7.1 <a@b.example>: Relay access denied", "b.example"),
    ("hard", 550, "", "550 <marble@spam.example>: No such user here", "spam.example"),
    ("hard", 550, "", "host mx.nospam.example[192.0.2.7] said: 550 unknown user", "nospam.example"),
    ("hard", 550, "", "host mx.antispam.example [192.0.2.7]: 550 unknown user", "antispam.example"),
    ("policy", 550, "", "550 Sender domain does not exist", "example.com"),
    ("policy", 450, "", "450 4.7.25 Client host rejected: cannot find your hostname", "example.com"),
    ("policy", 550, "", "550 Helo command rejected: Host not found", "example.com"),
    ("soft", 450, "4.1.1", "450 4.1.1 <a@example.com>: Recipient address rejected: User unknown", "example.com"),
    ("soft", 451, "4.7.1", "451 4.7.1 Greylisting in action, please come back later", "example.com"),
    ("policy", 550, "5.6.0", "", "example.com"),
    ("policy", 553, "5.1.8", "", "example.com"),
    ("soft", 550, "", "550 Administrator says no", "example.com"),
    ("soft", 0, "", "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "code", "status", "text", "provider"), REPLIES)
def test_a_reply_is_told(kind: str, code: int, status: str, text: str, provider: str) -> None:
    assert classify_reply(code, status, text, provider) == kind


def test_codes_are_found_in_the_words() -> None:
    text = "host mx.example.com[192.0.2.1] said: 550 #5.1.0 Address rejected, see 5.7.1 (in reply to RCPT TO command)"
    assert (own_code(text), own_status(text), first_status(text)) == (550, "5.1.0", "5.1.0")
    assert (own_code("smtp; no"), own_status("552 1.2.3.4 said 5.2.2"), first_status("from 5.1.1.1")) == (0, "", "")


@settings(deadline=None)
@given(st.integers(0, 999), st.text(max_size=20), st.text(max_size=3000), st.text(max_size=20))
def test_any_words_get_an_answer(code: int, status: str, text: str, provider: str) -> None:
    assert classify_reply(code, status, text, provider) in {"hard", "soft", "policy"}


def test_every_phrase_counts_for_something() -> None:
    data = tomllib.loads(files("feeder.mail.bounces").joinpath("phrases.toml").read_text("utf-8"))
    known = {*PROVIDERS.values(), "any"}
    for provider, kinds in data.items():
        assert provider in known
        for kind, phrases in kinds.items():
            assert kind in {"hard", "soft", "policy"}
            assert len(phrases) == len(set(phrases))
            for phrase in phrases:
                words = phrase.replace("*", "its")
                assert phrase == phrase.lower().strip()
                assert classify_reply(550, "", f"550 {words}", provider) == kind, phrase
