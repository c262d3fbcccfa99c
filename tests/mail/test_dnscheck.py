"""What the DNS says about a sender, asked of a real name server."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from mail.letters import settings
from mail.servers import HOST, dns, dns_text, free_port
from mail.signing_keys import records, signing
from support import Publication

from feeder.config.settings import Dkim, Settings, Smtp
from feeder.mail.dnscheck import DnsUnreachable, Resolver, check
from feeder.mail.message import dkim

pytestmark = pytest.mark.server

GOOD = (
    "txt-record=example.org,v=spf1 mx include:_spf.example.net -all",
    "txt-record=example.org,some-site-verification=abc",
    "txt-record=_spf.example.net,v=spf1 ip4:192.0.2.0/24 -all",
    "txt-record=_dmarc.example.org,v=DMARC1; p=reject; rua=mailto:dmarc@example.org",
    "mx-host=example.org,mx.example.org,10",
    "host-record=mx.example.org,192.0.2.1",
    "ptr-record=1.2.0.192.in-addr.arpa,mx.example.org",
)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return signing(tmp_path_factory.mktemp("keys"))


def key_records(of: Settings) -> list[str]:
    signer = dkim.signer(of)
    assert signer
    return [dns_text(name, text) for name, text in records(signer).items()]


def told(of: Settings, tmp_path: Path, *lines: str) -> list[str]:
    with dns(tmp_path, *lines) as port:
        return [f"{one.place}: {one.message}" for one in check(of, Resolver(f"{HOST}:{port}")).problems]


def test_all_is_well(own: Settings, tmp_path: Path) -> None:
    with dns(tmp_path, *GOOD, *key_records(own)) as port:
        found = check(own, Resolver(f"{HOST}:{port}"))
    assert found.problems == ()
    assert all(one.present for one in found.wanted)
    assert [(one.name, one.kind) for one in found.wanted] == [
        ("example.org", "TXT"), ("s1._domainkey.example.org", "TXT"), ("s2._domainkey.example.org", "TXT"),
        ("_dmarc.example.org", "TXT"), ("example.org", "MX"),
    ]  # fmt: skip


def test_nothing_is_set(own: Settings, tmp_path: Path) -> None:
    with dns(tmp_path) as port:
        found = check(own, Resolver(f"{HOST}:{port}"))
    assert [f"{one.place}: {one.message}" for one in found.problems] == [
        "example.org: no SPF record",
        "s1._domainkey.example.org: no DKIM key",
        "s2._domainkey.example.org: no DKIM key",
        "_dmarc.example.org: no DMARC record",
        "example.org: no MX record and no address: mail to it is lost",
    ]
    assert not any(one.present for one in found.wanted)
    values = {one.name: one.value for one in found.wanted if one.kind == "TXT"}
    assert values["example.org"] == "v=spf1 mx -all"
    assert values["_dmarc.example.org"] == "v=DMARC1; p=none; rua=mailto:news@example.org"
    signer = dkim.signer(own)
    assert signer
    assert values["s1._domainkey.example.org"] == records(signer)["s1._domainkey.example.org"]


def without(*starts: str) -> list[str]:
    return [line for line in GOOD if not line.startswith(starts)]


SPF = "txt-record=example.org,v=spf1"
DMARC = "txt-record=_dmarc"
MANY = [f"txt-record=n{n}.example.net,v=spf1 include:n{n + 1}.example.net -all" for n in range(12)]


@pytest.mark.parametrize(("lines", "problem"), [
    ([*GOOD, "txt-record=example.org,v=spf1 -all"], "example.org: 2 SPF records: receivers take that for an error"),
    ([*without(SPF), "txt-record=example.org,v=spf1 mx"], "example.org: the SPF record refuses nobody"),
    ([*without(SPF), *MANY, "txt-record=example.org,v=spf1 include:n0.example.net -all"],
     "example.org: the SPF record costs * look-ups; more than 10 break it"),
    ([*without(SPF), "txt-record=a.example.net,v=spf1 include:a.example.net include:b.example.net -all",
      "txt-record=example.org,v=spf1 include:a.example.net -all"], None),
    (without(DMARC), "_dmarc.example.org: no DMARC record"),
    ([*GOOD, "txt-record=_dmarc.example.org,v=DMARC1; p=none"],
     "_dmarc.example.org: 2 DMARC records: receivers take that for none"),
    ([*without(DMARC), "txt-record=_dmarc.example.org,v=DMARC1; rua=mailto:a@b.cn"],
     "_dmarc.example.org: the DMARC record has no policy: *"),
    ([*without("mx-host"), "mx-host=example.org,.,0"], "example.org: its MX says that it takes no mail (RFC 7505)"),
    ([*without("host-record")], "example.org: its MX mx.example.org has no address"),
])  # fmt: skip
def test_a_record_that_is_wrong(own: Settings, tmp_path: Path, lines: list[str], problem: str | None) -> None:
    found = told(own, tmp_path, *lines, *key_records(own))
    if problem is None:
        assert found == []
    elif "*" in problem:
        start, _, end = problem.partition("*")
        assert any(one.startswith(start) and one.endswith(end) for one in found), found
    else:
        assert problem in found


@pytest.mark.parametrize(("text", "problem"), [
    ("v=DKIM1; k=rsa; p=", "the DKIM key is revoked (p= is empty) or cannot be read"),
    ("v=DKIM1; k=rsa; p=" + b64encode(b"another").decode(), "the DKIM key is not that of the key file"),
    ("KEY; t=y", "the DKIM key says that it is only tried out (t=y)"),
])  # fmt: skip
def test_a_key_that_is_wrong(tmp_path: Path, text: str, problem: str) -> None:
    of = signing(tmp_path, second=False)
    (known,) = records(signer_of(of)).values()
    line = dns_text("s1._domainkey.example.org", text.replace("KEY", known))
    assert told(of, tmp_path, *GOOD, line) == [f"s1._domainkey.example.org: {problem}"]


def test_two_keys_under_one_name(tmp_path: Path) -> None:
    of = signing(tmp_path, second=False)
    other = dns_text("s1._domainkey.example.org", "v=DKIM1; k=rsa; p=YWJj")
    assert told(of, tmp_path, *GOOD, *key_records(of), other) == [
        "s1._domainkey.example.org: 2 DKIM keys under one name"
    ]


def signer_of(of: Settings) -> dkim.Signer:
    made = dkim.signer(of)
    assert made
    return made


def test_a_domain_without_a_policy_has_that_of_the_one_above(own: Settings, tmp_path: Path) -> None:
    below = replace(own, mail=replace(own.mail, from_="News <news@mail.example.org>"))
    lines = ["mx-host=mail.example.org,mx.example.org,10"]
    assert told(below, tmp_path, *GOOD, *lines, *key_records(own)) == []
    strict = [*without(DMARC), "txt-record=_dmarc.example.org,v=DMARC1; p=reject; adkim=s; aspf=s"]
    assert told(below, tmp_path, *strict, *lines, *key_records(own)) == [
        "_dmarc.mail.example.org: signatures of example.org do not count for From of mail.example.org",
        "_dmarc.mail.example.org: neither signature nor return path is of From's domain: DMARC fails",
    ]


def test_a_foreign_key_is_out_of_line(tmp_path: Path) -> None:
    signing(tmp_path)
    of = settings(tmp_path, dkim=Dkim(domain="example.net", selector="s1", key_file="rsa.pem"))
    found = told(of, tmp_path, *GOOD, *key_records(of))
    assert found == ["_dmarc.example.org: signatures of example.net do not count for From of example.org"]


def test_without_keys_it_is_said(tmp_path: Path) -> None:
    assert told(settings(), tmp_path, *GOOD) == ["feeder.toml: [mail.dkim] is not set: messages are not signed"]


def by_smtp(own: Settings, host: str) -> Settings:
    return replace(own, mail=replace(own.mail, transport="smtp", smtp=Smtp(host=host)))


@pytest.mark.parametrize(("host", "lines", "problems"), [
    ("127.0.0.1", [], []),
    ("mx.example.org", [], []),
    ("192.0.2.1", [], []),
    ("nowhere.example.org", [], ["nowhere.example.org: the host of [mail.smtp] has no address"]),
    ("192.0.2.9", [], ["192.0.2.9: no PTR record: many receivers refuse its mail"]),
    ("192.0.2.7", ["ptr-record=7.2.0.192.in-addr.arpa,mx.example.org"],
     ["192.0.2.7: its name mx.example.org does not lead back to it"]),
    ("email-smtp.eu-west-1.amazonaws.com", [], ["example.org: the SPF record does not name the relay amazonses.com"]),
])  # fmt: skip
def test_the_server_that_sends(own: Settings, tmp_path: Path, host: str, lines: list[str], problems: list[str]) -> None:
    assert told(by_smtp(own, host), tmp_path, *GOOD, *lines, *key_records(own)) == problems


def test_nobody_answers(own: Settings) -> None:
    resolver = Resolver(f"{HOST}:{free_port()}")
    resolver._resolver.lifetime = 0.5
    with pytest.raises(DnsUnreachable, match=r"no answer about example\.org"):
        check(own, resolver)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[int]:
    with dns(tmp_path, *GOOD) as port:
        yield port


def test_the_command(publication: Publication, server: int) -> None:
    publication.configure('[mail]\nfrom = "news@example.org"\npostal_address = "x"\n[[lists]]\nname = "weekly"\n')
    publication.entry("a", title="消息", date="2026-11-20")
    assert publication.publish().returncode == 0
    done = publication.command("check", "--mail", "--dns", "--dns-server", f"{HOST}:{server}")
    assert done.stdout.splitlines()[:3] == [
        'ok   example.org  TXT  "v=spf1 mx include:_spf.example.net -all"',
        'ok   _dmarc.example.org  TXT  "v=DMARC1; p=reject; rua=mailto:dmarc@example.org"',
        "ok   example.org  MX  10 mx.example.org",
    ]
    assert "feeder.toml: [mail.dkim] is not set: messages are not signed" in done.stderr
    assert "mail of weekly: no List-Unsubscribe" in done.stderr
    assert done.returncode == 3
