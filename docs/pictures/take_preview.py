"""Takes the picture of the preview, of a small publication made for it, with Playwright and the machine's Chromium.

.venv/bin/python docs/pictures/take_preview.py
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from feeder import config, pipeline
from feeder.web.preview.app import application
from feeder.web.preview.studio import Studio
from feeder.web.serving import Serving

PICTURE = Path(__file__).with_name("preview.png")
FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
NOW = datetime(2026, 11, 24, 2, 30, tzinfo=UTC)
SETTINGS = """\
[site]
title = "芯片观察"
url = "https://chips.example.org/"
author = "编辑部"

[[lists]]
name = "weekly"
title = "每周一封"
"""
PUBLIC = {
    "2026-11-18-order": (
        "推理卡获首笔整机订单",
        "一家云服务商今天确认，第一批 **2,000 片** 推理卡将在明年一季度交付。",
    ),
    "2026-11-20-compiler": (
        "编译器开源第一周：三百个补丁",
        "项目公开七天，收到来自 41 人的补丁，其中三分之一已经合并。",
    ),
    "2026-11-21-storage": ("存储接口标准进入最后一轮征求意见", "意见在 12 月 15 日前提交。"),
}
WRITTEN = """\
---
title: 天数智芯：新一轮融资完成
date: 2026-11-24
tags: [融资, 芯片]
draft: true
---
天数智芯今天宣布完成新一轮融资，“由多家机构共同参与”，见[公告](https://example.com/news)。

| 轮次 | 日期 | 金额 |
|:--|:--|--:|
| A | 2021 年 3 月 | 2 亿元 |
| B | 2026 年 11 月 | 12 亿元 |

![现场照片](photo.png)

资金将用于下一代产品的研发与量产。
"""
LATER = ("2027-01-05-roadmap", "2027 年路线图", "新的一年，先说三件事。")


def write(root: Path, name: str, title: str, text: str) -> None:
    """One entry file."""
    (root / "entries" / f"{name}.md").write_text(f"---\ntitle: {title}\n---\n{text}\n", "utf-8")


def publication(root: Path) -> None:
    """What the picture shows."""
    (root / "entries").mkdir(parents=True)
    (root / config.FILE).write_text(SETTINGS, "utf-8")
    for name, (title, text) in PUBLIC.items():
        write(root, name, title, text)
    pipeline.publish(config.load(root), NOW, pipeline.Options(mail=False))
    write(root, *LATER)
    (root / "entries/funding.md").write_text(WRITTEN, "utf-8")


def shoot(url: str, target: Path) -> None:
    """The draft with its problem beside it."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1360, "height": 820}, color_scheme="light")
        page.goto(f"{url}page/2026/11/funding/")
        page.frame_locator("#stage iframe:not(.arriving)").get_by_text("量产").wait_for()
        with tempfile.TemporaryDirectory() as folder:
            raw = Path(folder, "raw.png")
            page.screenshot(path=raw)
            Image.open(raw).convert("RGB").quantize(128).save(target, optimize=True)
        browser.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "publication")
        publication(root)
        studio = Studio(config.load(root), lambda: NOW)
        studio.build()
        serving = Serving(application(studio), "127.0.0.1", 0)
        serving.start()
        try:
            shoot(serving.url, PICTURE)
        finally:
            studio.stop()
            serving.stop()


if __name__ == "__main__":
    main()
