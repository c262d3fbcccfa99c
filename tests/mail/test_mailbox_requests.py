"""What people write to a list, case by case in tests/fixtures/requests.txt; add one there."""

from __future__ import annotations

import pytest
from support import FIXTURES

from feeder.mail.mailbox.parsing import parse
from feeder.mail.mailbox.requests import asked


def cases() -> list[tuple[str, str, str]]:
    """``(title, mail, expected)``; a line with a dot ends each of the three."""
    parts = (FIXTURES / "requests.txt").read_text("utf-8").split("\n.\n")
    titles, mails, wanted = parts[0::3], parts[1::3], parts[2::3]
    return list(zip(titles, mails, wanted, strict=False))


@pytest.mark.parametrize(("title", "mail", "wanted"), cases(), ids=[title[:40] for title, _, _ in cases()])
def test_a_request(title: str, mail: str, wanted: str) -> None:
    found = asked(parse(mail.encode()))
    told = f"{found.verb} {found.name or '-'} {found.token or '-'} {found.sender}" if found else "nothing"
    assert told == wanted.strip()
