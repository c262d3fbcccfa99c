"""Takes the pictures of the README from out/, with Playwright and the machine's Chromium.

make publish && .venv/bin/python docs/pictures/take_screenshots.py
"""

from __future__ import annotations

import mimetypes
import shutil
import sys
import tempfile
import tomllib
from pathlib import Path
from urllib.parse import unquote, urlsplit

from PIL import Image
from playwright.sync_api import Page, Route, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "out"
URL = tomllib.loads((ROOT / "feeder.toml").read_text("utf-8"))["site"]["url"]
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--force-color-profile=srgb",
)


def answer(route: Route) -> None:
    """Every address is absolute; those of the publication come from out/, all others from nowhere."""
    if not route.request.url.startswith(URL):
        route.abort()
        return
    file = OUT / unquote(urlsplit(route.request.url).path).lstrip("/")
    file = file / "index.html" if file.is_dir() else file
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    route.fulfill(path=file, content_type=f"{kind}; charset=utf-8" if kind.startswith("text/") else kind)


def shoot(page: Page, path: str, target: str) -> None:
    """The first screen of a page, with few enough colours to be small."""
    page.route("**/*", answer)
    page.goto(URL + path, wait_until="networkidle")
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder, "raw.png")
        page.screenshot(path=raw)
        Image.open(raw).convert("RGB").quantize(128).save(ROOT / "docs/pictures" / target, optimize=True)


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("Chromium is not installed")
    entry = next(path for path in sorted(OUT.glob("2023/*/*/index.html")))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        desktop = browser.new_page(viewport={"width": 1000, "height": 1100}, color_scheme="light")
        shoot(desktop, "", "page.png")
        phone = browser.new_page(viewport={"width": 420, "height": 900}, device_scale_factor=2, color_scheme="dark")
        shoot(phone, entry.parent.relative_to(OUT).as_posix() + "/", "entry-dark.png")
        browser.close()


if __name__ == "__main__":
    main()
