"""Promise 13: mail scanners follow every link of a digest, by GET and HEAD, and nothing changes by it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from mail.newsdesk import MAIL, text_of
from web.visitors import House, house

MONDAY = datetime(2026, 11, 30, 0, 0, tzinfo=UTC)
"""08:00 in Shanghai, when the weekly list is due."""
LINK = re.compile(r'https://subscribe\.example\.org(/[^\s"<>&]*)')


def links_of(opened: House) -> set[str]:
    """The paths of all links to the pages in what was delivered: text, HTML and headers."""
    found: set[str] = set()
    for letter in opened.desk.letters():
        html = letter.get_body(("html",))
        assert html is not None
        told = [text_of(letter), html.get_content(), *(str(value) for value in letter.values())]
        found |= {path for text in told for path in LINK.findall(text.replace("\r\n ", ""))}
    return found


@pytest.mark.parametrize("prefix", ["", "/news"])
def test_following_every_link_changes_nothing(tmp_path: Path, prefix: str) -> None:
    lines = MAIL.replace("https://subscribe.example.org/", f"https://subscribe.example.org{prefix}/")
    with house(tmp_path, lines=lines, language="zh-CN") as opened:
        opened.prefix = prefix
        opened.join()
        opened.subscribe("bob@example.com")
        opened.desk.entry("a", title="新闻", date="2026-11-29")
        opened.desk.run(MONDAY - timedelta(hours=20))
        opened.desk.mailed(MONDAY)
        opened.office.time, opened.prefix = MONDAY + timedelta(minutes=5), ""
        paths = links_of(opened)
        kinds = {path.removeprefix(prefix).split("/")[1] for path in paths}
        assert kinds == {"unsubscribe", "preferences", "confirm", "subscribe"}
        before = opened.everything()
        for path in sorted(paths):
            assert path.startswith(f"{prefix}/")
            page = opened.get(path)
            assert page.status == 200
            assert "<button" in page.text
            head = opened.ask("HEAD", path)
            assert (head.status, head.body) == (200, b"")
            # Those on the page are followed by some, too.
            for link in re.findall(r'href="(/[^"]*)"', page.text):
                assert opened.get(link).status == 200
        assert opened.everything() == before
        assert (opened.state(), opened.state("bob@example.com")) == ("active", "pending")


def test_the_header_of_a_digest_unsubscribes_by_one_click(tmp_path: Path) -> None:
    with house(tmp_path) as opened:
        opened.join()
        opened.desk.entry("a", title="新闻", date="2026-11-29")
        opened.desk.run(MONDAY - timedelta(hours=20))
        opened.desk.mailed(MONDAY)
        (letter,) = opened.desk.letters()
        assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        address = re.search(r"<(https:[^>]+)>", str(letter["List-Unsubscribe"]))
        assert address is not None
        answer = opened.ask(
            "POST", urlsplit(address[1]).path, "List-Unsubscribe=One-Click",
            {"Content-Type": "application/x-www-form-urlencoded"},
        )  # fmt: skip
        assert answer.status == 200
        assert opened.state() == "ended"
