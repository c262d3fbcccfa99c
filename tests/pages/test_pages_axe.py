"""axe-core finds no violation on any page: Chinese and English, light and dark, phone and desktop."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages import page_samples
from pages.browser import CHROMIUM, FLAGS, serving

from feeder.pages.site import Pages

AXE = os.environ.get("FEEDER_AXE", "")

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(not AXE, reason="FEEDER_AXE does not name axe-core's axe.min.js"),
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine"),
]


@pytest.fixture
def served(tmp_path: Path, language: str) -> Iterator[tuple[str, list[str]]]:
    out = tmp_path / "out"
    paths = []
    for document in page_samples.documents(
        Pages(page_samples.settings(tmp_path, language), digests="digests/"), language
    ):
        file = out / document.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(document.body)
        # A redirect leaves before axe could look at it.
        if document.path.endswith(".html") and not document.path.startswith("old/"):
            paths.append(document.path)
    with serving(out) as base:
        yield base, paths


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_no_violation(served: tuple[str, list[str]]) -> None:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    base, paths = served
    axe = Path(AXE).read_text("utf-8")
    found, wide = [], []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for scheme, width in (("light", 390), ("light", 1280), ("dark", 390), ("dark", 1280)):
            page = browser.new_page(
                viewport={"width": width, "height": 844}, color_scheme=scheme, reduced_motion="reduce"
            )
            # Nothing of the samples is fetched from elsewhere.
            page.route(lambda url: not url.startswith(base), lambda route: route.abort())
            for path in paths:
                page.goto(base + path)
                page.evaluate(axe)
                result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
                found += [(path, scheme, width, v["id"], v["nodes"][0]["html"]) for v in result["violations"]]
                if page.evaluate("document.documentElement.scrollWidth") > width:
                    wide.append((path, width))
            page.close()
        browser.close()
    assert found == []
    assert wide == [], "these pages scroll sideways"
