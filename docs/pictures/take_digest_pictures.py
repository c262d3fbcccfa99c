"""Takes the pictures of the digest, from the newest mail in mail/new/, with Playwright and the machine's Chromium.

make publish && .venv/bin/python docs/pictures/take_digest_pictures.py
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from email import message_from_bytes, policy
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Route, sync_playwright
from take_screenshots import FLAGS, ROOT, answer

MAIL = "https://mail.invalid/"


def newest() -> str:
    """The HTML of the mail that was written last."""
    mails = sorted((ROOT / "mail/new").glob("*"), key=lambda path: path.stat().st_mtime_ns)
    if not mails:
        sys.exit("no mail in mail/new/; run `make publish` first")
    part = message_from_bytes(mails[-1].read_bytes(), policy=policy.default).get_body(("html",))
    assert part is not None
    return str(part.get_content())


def shoot(
    browser: Browser, html: str, target: str, *, width: int, height: int, scale: int, dark: bool, entry: int = 0
) -> None:
    """One screen of a mail as a program shows it that fetches pictures; from its top, or from an entry on."""

    def shown(route: Route) -> None:
        if route.request.url == MAIL:
            route.fulfill(body=html, content_type="text/html; charset=utf-8")
        else:
            answer(route)

    page = browser.new_page(
        viewport={"width": width, "height": height},
        device_scale_factor=scale,
        color_scheme="dark" if dark else "light",
    )
    page.route("**/*", shown)
    page.goto(MAIL, wait_until="networkidle")
    if entry:
        page.locator("h2").nth(entry - 1).evaluate("title => scrollTo(0, title.getBoundingClientRect().top - 24)")
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder, "raw.png")
        page.screenshot(path=raw)
        Image.open(raw).convert("RGB").quantize(128).save(ROOT / "docs/pictures" / target, optimize=True)
    page.close()


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("Chromium is not installed")
    html = newest()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=[*FLAGS, "--hide-scrollbars"])
        shoot(browser, html, "digest.png", width=1000, height=1100, scale=1, dark=False)
        shoot(browser, html, "digest-phone.png", width=390, height=844, scale=2, dark=False)
        shoot(browser, html, "digest-dark.png", width=390, height=844, scale=2, dark=True, entry=8)
        browser.close()


if __name__ == "__main__":
    main()
