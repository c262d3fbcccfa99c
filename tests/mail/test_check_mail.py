"""``feeder check --mail``: what is wrong with mail before anybody gets it."""

from __future__ import annotations

import pytest
from support import NOW, Publication

from feeder.errors import UsageError
from feeder.mail import dnscheck
from feeder.upkeep.mailchecks import check_mail

LISTS = '[web]\nurl = "https://subscribe.example.org/"\n[[lists]]\nname = "weekly"\n'


def configure(publication: Publication, mail: str) -> None:
    publication.configure(f'[mail]\nfrom = "news@example.org"\npostal_address = "上海"\n{mail}\n{LISTS}')


def test_a_publication_that_is_well(publication: Publication) -> None:
    configure(publication, "")
    publication.entry("a", "正文，" * 30, title="天数智芯：订单接近 2 亿元", date="2026-11-20")
    publication.run()
    assert list(check_mail(publication.settings, NOW)) == []


def test_what_receivers_would_mind(publication: Publication) -> None:
    configure(publication, "")
    publication.entry("a", "正文，" * 30, title="BUY GREAT CHIPS TODAY, FRIENDS", date="2026-11-20")
    publication.run()
    (problem,) = check_mail(publication.settings, NOW)
    assert (problem.place, problem.hint) == ("mail of weekly", "rule subject")


def test_nothing_is_published_yet(publication: Publication) -> None:
    configure(publication, "")
    with pytest.raises(UsageError, match="nothing is published yet"):
        list(check_mail(publication.settings, NOW))


@pytest.mark.parametrize(("sender", "host", "told"), [
    ("news@qq.com", "127.0.0.1", True), ("news@qq.com", "smtp.qq.com", False), ("news@example.org", "127.0.0.1", False),
])  # fmt: skip
def test_a_sender_at_a_free_provider(publication: Publication, sender: str, host: str, told: bool) -> None:
    publication.configure(
        f'[mail]\nfrom = "{sender}"\npostal_address = "上海"\ntransport = "smtp"\n'
        f'[mail.smtp]\nhost = "{host}"\nsecurity = "tls"\n{LISTS}'
    )
    publication.entry("a", "正文，" * 30, title="天数智芯：订单接近 2 亿元", date="2026-11-20")
    publication.run()
    found = [one.message for one in check_mail(publication.settings, NOW)]
    assert found == (["mail from qq.com that another server sends fails DMARC, and is refused"] if told else [])


@pytest.mark.parametrize("server", ["example.org:53", "192.0.2.1:x", "192.0.2.1:", ":53"])
def test_what_is_no_name_server(server: str) -> None:
    with pytest.raises(UsageError, match="no name server"):
        dnscheck.Resolver(server)


def test_a_rehearsal_at_an_address_of_this_machine(publication: Publication) -> None:
    publication.configure(f'[mail]\npostal_address = "上海"\n{LISTS}', url="http://localhost:8000/")
    publication.entry("a", "正文，" * 30, title="天数智芯：订单接近 2 亿元", date="2026-11-20")
    publication.run()
    assert list(check_mail(publication.settings, NOW)) == []
