"""Addresses: what is mended, what is refused, which spellings are one, and who takes their mail."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeder.mail.addresses import LONGEST, BadAddress, normal
from feeder.mail.providers import provider_of

MENDED = [
    ("ana@example.org", "ana@example.org"),
    ("Ana.Li+News@Example.ORG", "Ana.Li+News@example.org"),
    ("  ana@example.org\t", "ana@example.org"),
    ("\u3000ana@example.org\u3000", "ana@example.org"),
    ("\ufeffana@example.org\u200b", "ana@example.org"),
    ("<ana@example.org>", "ana@example.org"),
    ("mailto:ana@example.org", "ana@example.org"),
    ("MAILTO: <ana@example.org>", "ana@example.org"),
    ("ana＠example．org", "ana@example.org"),
    ("ａｎａ@example。org", "ana@example.org"),
    ("ana@例子.中国", "ana@xn--fsqu00a.xn--fiqs8s"),
    ("ana@EXAMPLE.中国", "ana@example.xn--fiqs8s"),
    ("ana@bu\u0308cher.example", "ana@xn--bcher-kva.example"),
    ("ana@xn--bcher-kva.example", "ana@xn--bcher-kva.example"),
    ("o'neil@example.org", "o'neil@example.org"),
    ("!#$%&*+/=?^_`{|}~-@example.org", "!#$%&*+/=?^_`{|}~-@example.org"),
    ("root@localhost", "root@localhost"),
    ("a" * 64 + "@example.org", "a" * 64 + "@example.org"),
]


@pytest.mark.parametrize(("typed", "wanted"), MENDED)
def test_what_is_mended(typed: str, wanted: str) -> None:
    assert normal(typed) == (wanted, wanted.lower())


REFUSED = [
    "", " ", "ana", "@", "ana@", "@example.org", "ana@@example.org", "ana@b@example.org", "ana@example",
    "ana@.example.org", "ana@example..org", "ana@example.org.", "ana@-example.org", "ana@example-.org",
    "ana@exam_ple.org", "ana@1.2.3.4", "ana@[1.2.3.4]", "ana@example.123", ".ana@example.org", "ana.@example.org",
    "a..b@example.org", '"a b"@example.org', "Ana <ana@example.org>", "ana@example.org, bob@example.org",
    "ana@example.org;bob@example.org", "ana b@example.org", "a(comment)@example.org", "a\\b@example.org",
    "a" * 65 + "@example.org", "ana@" + "a" * 64 + ".org", "ana@" + "a." * 130 + "org", "a" * 300 + "@example.org",
    "ana@example.org\r\nBcc: bob@example.org", "ana\n@example.org", "ana@exa\rmple.org", "ana\0@example.org",
    "ana@example.org\0", "a\x1bna@example.org", "a\u202ena@example.org", "ana@exa\u200bmple.org", "a\ud800@example.org",
    "用户@example.org", "аna@example.org", "ana@straße.de", "ana@example.org>\r\nRCPT TO:<bob@example.org",
    "'; DROP TABLE subscriber; --@example.org", "ana@example.org' OR '1'='1", "ana@\U0010ffff.org",
]  # fmt: skip


@pytest.mark.parametrize("typed", REFUSED)
def test_what_is_refused(typed: str) -> None:
    with pytest.raises(BadAddress) as refused:
        normal(typed)
    assert refused.value.hint
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 500


def test_a_homograph_of_a_domain_is_another_address() -> None:
    assert normal("ana@раураl.example")[1] != normal("ana@paypal.example")[1]


def test_spellings_that_are_one() -> None:
    keys = {
        normal(typed)[1] for typed in ("Ana@Example.org", "ana@example.org", " ANA＠EXAMPLE.ORG ", "<aNa@example.org>")
    }
    assert keys == {"ana@example.org"}


def test_dots_and_tags_tell_apart() -> None:
    assert len({normal(typed)[1] for typed in ("anali@gmail.com", "ana.li@gmail.com", "anali+x@gmail.com")}) == 3


@given(st.text(max_size=400))
def test_any_text_is_refused_or_is_one_harmless_line(typed: str) -> None:
    try:
        address, key = normal(typed)
    except BadAddress:
        return
    assert re.fullmatch(r"[!-~]+@[a-z0-9.-]+", address)
    assert len(address) <= LONGEST
    assert not set(address) & set(' <>()[]\\,;:"\r\n\0')
    assert normal(address) == (address, key)
    assert normal(key) == (key, key)


@given(st.from_regex(r"[A-Za-z0-9._+-]{1,70}@[A-Za-z0-9.-]{1,60}", fullmatch=True))
def test_the_short_way_and_the_long_one_agree(typed: str) -> None:
    def told(text: str) -> tuple[str, str] | None:
        try:
            return normal(text)
        except BadAddress:
            return None

    # A blank in front takes the long way.
    assert told(typed) == told(f" {typed}")


@pytest.mark.parametrize(
    ("address", "provider"),
    [
        ("a@gmail.com", "gmail"), ("a@GoogleMail.com", "gmail"), ("a@qq.com", "qq"), ("a@vip.qq.com", "qq"),
        ("a@foxmail.com", "qq"), ("a@163.com", "netease"), ("a@126.com", "netease"), ("a@yeah.net", "netease"),
        ("a@vip.163.com", "netease"), ("a@188.com", "netease"), ("a@outlook.com", "microsoft"),
        ("a@hotmail.com", "microsoft"), ("a@live.com", "microsoft"), ("a@msn.com", "microsoft"),
        ("a@yahoo.com", "yahoo"),
        ("a@icloud.com", "apple"), ("a@me.com", "apple"), ("a@mac.com", "apple"), ("a@sina.com", "sina"),
        ("a@vip.sina.com", "sina"), ("a@sohu.com", "sohu"), ("a@aliyun.com", "aliyun"),
        ("a@139.com", "china mobile"),
        ("a@Firma.example", "firma.example"), ("a@notgmail.com", "notgmail.com"),
        ("a@gmail.com.example", "gmail.com.example"),
    ],
)  # fmt: skip
def test_who_takes_the_mail(address: str, provider: str) -> None:
    assert provider_of(address) == provider
