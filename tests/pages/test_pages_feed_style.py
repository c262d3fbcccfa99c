"""A feed opened in a browser looks like a page, and says what it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pages import page_samples
from pages.browser import CHROMIUM, FLAGS, serving

from feeder import feeds
from feeder.pages.site import Pages

pytestmark = [pytest.mark.server, pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")]

SHOWN = """
[...document.querySelectorAll("*")]
  .filter(e => getComputedStyle(e).display !== "none" && e.getClientRects().length)
  .map(e => e.localName)
"""


def write(folder: Path, base: str) -> None:
    pages = Pages(page_samples.settings(folder, url=base))
    feed = replace(page_samples.feeds()[0], style_url=pages.style_url, entries=(page_samples.entry(),), site_url=base)
    for document in [*pages.assets(), *feeds.render(feed)]:
        file = folder / document.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(document.body)


@pytest.mark.parametrize(("name", "date"), [("feed.atom", "published"), ("feed.rss", "pubDate")])
def test_chromium_shows_it(name: str, date: str, tmp_path: Path) -> None:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with serving(tmp_path) as base, sync_api.sync_playwright() as playwright:
        write(tmp_path, base)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 390, "height": 844})
        page.goto(base + name)
        shown = set(page.evaluate(SHOWN))
        hint = page.evaluate("getComputedStyle(document.documentElement, '::before').content")
        browser.close()
    assert {"title", "link", date} <= shown
    assert not {"content", "encoded", "id", "guid", "updated", "author"} & shown
    assert "订阅源" in hint
