"""Mails in a browser: contrast and structure by axe-core, light and dark; nothing wider than the narrowest phone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from mail.editions import TEXT, URL, WEEKLY, composer, edition, entry, rich
from pages.browser import CHROMIUM, FLAGS

from feeder.mail.message import encoding
from feeder.mail.values import Rendered

AXE = os.environ.get("FEEDER_AXE", "")
WIDE = (
    f"<table><tr>{'<td>一二三四五六七八</td>' * 9}</tr></table><pre><code>{'x' * 300}</code></pre>"
    f"<p>{URL}{'y' * 300}</p>"
)

pytestmark = [pytest.mark.server, pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")]


def filled(made: Rendered) -> str:
    values = dict.fromkeys(encoding.holes_of(made.html), "https://subscribe.example.org/a.b")
    return encoding.fill(made.html, values)


@pytest.fixture
def mails(tmp_path: Path) -> dict[str, str]:
    compose = composer(tmp_path)
    full = edition(
        rich(), rich("en"), entry(3, html=WIDE), entry(4, html=TEXT["zh-CN"]), page_url=URL,
        corrections=(entry(9, correction="是 2 亿元。"),), preface="<p>早。<a href='https://a.example/'>链接</a></p>",
    )  # fmt: skip
    digest = compose.digest(WEEKLY, full)
    return {
        "digest": filled(digest),
        "english": filled(compose.digest(WEEKLY, edition(rich("en"), language="en"))),
        "proof": filled(compose.proof(digest, "zh-CN", when="10:00", count=1, command="feeder digest cancel")),
        "confirm": filled(compose.notice("confirm", WEEKLY, "zh-CN", url=f"https://subscribe.example.org/{'x' * 120}")),
    }


def test_nothing_is_hard_to_read_and_nothing_stands_out(mails: dict[str, str]) -> None:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    axe = Path(AXE).read_text("utf-8") if AXE else ""
    found, wide = [], []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for scheme, width in (("light", 320), ("light", 1000), ("dark", 390)):
            page = browser.new_page(viewport={"width": width, "height": 844}, color_scheme=scheme)
            page.route("**/*", lambda route: route.abort())
            for name, html in mails.items():
                page.set_content(html, wait_until="load")
                if page.evaluate("document.documentElement.scrollWidth") > width:
                    wide.append((name, width))
                if axe:
                    page.evaluate(axe)
                    result = page.evaluate(
                        "axe.run(document, {resultTypes: ['violations'], "
                        "runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']})"
                    )
                    found += [(name, scheme, width, v["id"], v["nodes"][0]["html"]) for v in result["violations"]]
            page.close()
        browser.close()
    assert wide == []
    assert found == [], "\n".join(map(str, found))
