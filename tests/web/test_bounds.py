"""Promise 15: however many ask, and from wherever, the mails that strangers set off are bounded."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from mail.newsdesk import MAIL
from support import soak
from web.visitors import House, at_once, house

from feeder.config.settings import WebLimits
from feeder.mail.database import open_mail
from feeder.mail.subscribers import Subscribers
from feeder.mail.subscribers.askings import Askings

LIMITS = "[web.limits]\nprefix_per_hour = {}\ndomain_per_hour = {}\nper_hour = {}\n"


def limited(root: Path, prefix: int, domain: int, total: int):
    lines = MAIL.replace("[[lists]]", LIMITS.format(prefix, domain, total) + "[[lists]]")
    return house(root, lines=lines)


def confirmations(opened: House) -> int:
    return len(opened.notices("confirm"))


def test_ten_thousand_from_one_network_send_no_more_than_its_bound(tmp_path: Path) -> None:
    many = soak(300, 10_000)
    with limited(tmp_path, 20, 0, 0) as opened:
        answers = at_once(lambda n: opened.subscribe(f"v{n}@d{n}.example", _origin=f"203.0.113.{n % 256}").status, many)
        assert confirmations(opened) == len(opened.office.rung) == 20, "refusals wake nobody"
    assert sorted(answers) == [200] * 20 + [429] * (many - 20)


def test_who_asked_too_often_is_told_when_to_come_again(tmp_path: Path) -> None:
    with limited(tmp_path, 1, 0, 0) as opened:
        assert opened.subscribe("a@example.com").status == 200
        opened.office.time += timedelta(minutes=20)
        first, second = opened.subscribe("b@example.com"), opened.subscribe("a@example.com")
        assert first.status == second.status == 429
        assert first.headers["Retry-After"] == "2400"
        assert "40分钟" in first.text
        assert first.body == second.body, "whether the address is known or not"
        opened.office.time += timedelta(minutes=40)
        assert opened.subscribe("b@example.com").status == 200


def test_networks_are_counted_by_prefix(tmp_path: Path) -> None:
    def asked(opened: House, origin: str) -> int:
        return opened.subscribe(
            f"{origin.translate({46: 'x', 58: 'y'})}@{len(opened.notices())}.example", _origin=origin
        ).status

    with limited(tmp_path, 1, 0, 0) as opened:
        assert asked(opened, "203.0.113.7") == 200
        for same in ("203.0.113.200", "::ffff:203.0.113.8", "::ffff:cb00:7109"):
            assert asked(opened, same) == 429
        assert asked(opened, "203.0.114.7") == 200
        assert asked(opened, "2001:db8:1:2::1") == 200
        assert asked(opened, "2001:db8:1:ffff::9") == 429
        assert asked(opened, "2001:db8:2::1") == 200
        # Where the proxy says nothing that could be an address, all are one.
        assert asked(opened, "unknown") == 200
        assert asked(opened, "_hidden") == 429


def test_only_the_web_server_before_us_is_believed(tmp_path: Path) -> None:
    lines = MAIL.replace("[[lists]]", LIMITS.format(1, 0, 0) + "[[lists]]")
    lines = lines.replace("[web]\n", '[web]\nproxies = ["192.0.2.1"]\n')
    with house(tmp_path, lines=lines) as opened:
        assert opened.subscribe("a@a.example", _origin="203.0.113.7").status == 200
        assert opened.subscribe("b@b.example", _origin="198.51.100.7").status == 429


def test_a_domain_is_bounded_and_a_large_provider_ten_times_as_wide(tmp_path: Path) -> None:
    with limited(tmp_path, 0, 2, 0) as opened:
        for n in range(2):
            assert opened.subscribe(f"v{n}@small.example").status == 200
        assert opened.subscribe("v3@small.example").status == 429
        assert opened.subscribe("v3@other.example").status == 200
        answers = [opened.subscribe(f"v{n}@{'qq.com' if n % 2 else 'foxmail.com'}").status for n in range(21)]
        assert answers == [200] * 20 + [429], "both are one house"


def test_all_together_are_bounded_and_the_editor_is_told_once_a_day(tmp_path: Path) -> None:
    with limited(tmp_path, 0, 0, 3) as opened:
        answers = [opened.subscribe(f"v{n}@d{n}.example").status for n in range(5)]
        assert answers == [200, 200, 200, 429, 429]
        (alarm,) = opened.notices("alarm")
        assert alarm.address == "news@example.org"
        opened.office.time += timedelta(hours=23)
        [opened.subscribe(f"w{n}@d{n}.example") for n in range(4)]
        assert len(opened.notices("alarm")) == 1
        opened.office.time += timedelta(hours=2)
        [opened.subscribe(f"x{n}@d{n}.example") for n in range(4)]
        assert len(opened.notices("alarm")) == 2


def test_one_confirmation_an_address_a_day_and_three_ever(tmp_path: Path) -> None:
    with limited(tmp_path, 0, 0, 0) as opened:
        for _ in range(6):
            for _ in range(3):
                assert opened.subscribe("ana@example.com").status == 200
            opened.office.time += timedelta(days=1, seconds=1)
        assert confirmations(opened) == 3


SPELLED = [
    ["ana@qq.com", "ana+1@qq.com", "ANA+2@qq.com", "ana+3@qq.com", "ana+4+5@qq.com"],
    ["ana@gmail.com", "a.na@gmail.com", "a.n.a@googlemail.com", "A.NA+x@gmail.com", "an.a@gmail.com"],
]


@pytest.mark.parametrize("spelled", SPELLED, ids=["tags", "dots"])
def test_a_mailbox_gets_three_a_day_however_it_is_spelled(tmp_path: Path, spelled: list[str]) -> None:
    with limited(tmp_path, 0, 0, 0) as opened:
        others = ["anna@gmail.com", "an@gmail.com", "an.a@qq.com", "anab@qq.com", "ana@foxmail.com"]
        answers = [opened.subscribe(one).status for one in (*spelled, *others)]
        assert answers == [200] * 10
        assert [one.address for one in opened.notices("confirm")] == [*spelled[:3], *others]
        opened.office.time += timedelta(days=1, seconds=1)
        opened.subscribe(spelled[4])
        assert opened.notices("confirm")[-1].address == spelled[4]


def test_what_was_counted_outlives_the_process(tmp_path: Path) -> None:
    with limited(tmp_path, 2, 0, 0) as opened:
        opened.subscribe("a@example.com")
        opened.subscribe("b@example.com")
    with limited(tmp_path, 2, 0, 0) as opened:
        assert opened.subscribe("c@example.com").status == 429


def test_no_network_is_written_down_and_nothing_is_kept_for_longer_than_an_hour(tmp_path: Path) -> None:
    with limited(tmp_path, 0, 0, 0) as opened:
        opened.subscribe("ana@private.example", _origin="203.0.113.7")
        dump = "\n".join(opened.everything())
        assert "203.0.113" not in dump
        (row,) = [line for line in dump.splitlines() if line.startswith('INSERT INTO "asking"')]
        assert "private" not in row
        opened.office.time += timedelta(hours=1)
        opened.subscribe("b@private.example", _origin="198.51.100.7")
        rows = [line for line in opened.everything() if line.startswith('INSERT INTO "asking"')]
        assert len(rows) == 1
        assert rows != [row]


def test_what_was_counted_is_dropped_though_nobody_asks_any_more(tmp_path: Path) -> None:
    with limited(tmp_path, 0, 0, 0) as opened:
        opened.subscribe("ana@private.example", _origin="203.0.113.7")
        with opened.database.begin() as connection:
            people = Subscribers(opened.settings, opened.database.secrets())
            people.tidy(connection, opened.office.time + timedelta(hours=1))
        assert not [line for line in opened.everything() if line.startswith('INSERT INTO "asking"')]


def test_whoever_guesses_networks_does_not_find_the_hash_without_the_key(tmp_path: Path) -> None:
    one, other = (Askings(WebLimits(), [key * 32])._hash("network", "203.0.113.0/24") for key in (b"a", b"b"))
    assert one != other


def test_a_clock_that_was_set_back_stops_nobody_for_ever(tmp_path: Path) -> None:
    with limited(tmp_path, 1, 0, 0) as opened:
        assert opened.subscribe("a@example.com").status == 200
        opened.office.time -= timedelta(days=3)
        assert opened.subscribe("b@example.com").status == 200


@pytest.mark.parametrize("limits", [WebLimits(prefix_per_hour=0, domain_per_hour=0, per_hour=0)])
def test_zero_is_without_limit(tmp_path: Path, limits: WebLimits) -> None:
    with limited(tmp_path, 0, 0, 0) as opened, open_mail(opened.settings, opened.office.time) as database:
        asked = Askings(limits, database.secrets())
        with database.begin() as connection:
            verdicts = [asked.ask(connection, "n", "a@example.com", opened.office.time) for _ in range(700)]
    assert not [one for one in verdicts if one.wait or one.full]
