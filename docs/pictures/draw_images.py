"""Draws the diagrams of entries/. Needs Pillow and the font Noto Sans CJK; run it after changing a figure.

python docs/pictures/draw_images.py
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).resolve().parents[2]
FONTS = (
    Path("/usr/share/fonts/opentype/noto/NotoSansCJK-{}.ttc"),
    Path("/usr/share/fonts/noto-cjk/NotoSansCJK-{}.ttc"),
    Path("/Library/Fonts/NotoSansCJK-{}.ttc"),
)
SIMPLIFIED = 2
PAPER, INK, QUIET, LINE = "#f7f5f0", "#1f2933", "#616e7c", "#cbd2d9"
RED, TEAL, GOLD = "#b8322a", "#19706a", "#c98a1b"
Point = tuple[float, float]


class Picture:
    """A sheet of paper, 1200 wide, drawn at twice the size and shrunk, so that edges are smooth."""

    def __init__(self, height: int, title: str, note: str) -> None:
        self.size = (1200, height)
        self.image = Image.new("RGB", (2400, 2 * height), PAPER)
        self.draw = ImageDraw.Draw(self.image)
        self.text((60, 48), title, 44, bold=True)
        self.text((60, height - 60), note, 22, QUIET)

    def font(self, size: int, *, bold: bool) -> ImageFont.FreeTypeFont:
        for pattern in FONTS:
            file = Path(str(pattern).format("Bold" if bold else "Regular"))
            if file.is_file():
                return ImageFont.truetype(str(file), 2 * size, index=SIMPLIFIED)
        sys.exit("Noto Sans CJK is not installed (Debian: fonts-noto-cjk)")

    def text(
        self, at: Point, text: str, size: int, colour: str = INK, *, bold: bool = False, anchor: str = "la"
    ) -> None:
        self.draw.text((2 * at[0], 2 * at[1]), text, colour, self.font(size, bold=bold), anchor=anchor)

    def box(self, x: float, y: float, width: float, height: float, colour: str, radius: float = 14) -> None:
        self.draw.rounded_rectangle((2 * x, 2 * y, 2 * (x + width), 2 * (y + height)), 2 * radius, colour)

    def frame(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        edge = (2 * x, 2 * y, 2 * (x + width), 2 * (y + height))
        self.draw.rounded_rectangle(edge, 28, "#ffffff", colour, 5)

    def line(self, start: Point, end: Point, colour: str = LINE, width: float = 3) -> None:
        self.draw.line((2 * start[0], 2 * start[1], 2 * end[0], 2 * end[1]), colour, round(2 * width))

    def arrow(self, start: Point, end: Point, colour: str = QUIET) -> None:
        """A straight arrow to the right or downwards."""
        self.line(start, end, colour, 4)
        (x, y), across = end, end[0] > start[0]
        head = [(x, y), (x - 16, y - 10), (x - 16, y + 10)] if across else [(x, y), (x - 10, y - 16), (x + 10, y - 16)]
        self.draw.polygon([(2 * a, 2 * b) for a, b in head], colour)

    def dot(self, at: Point, radius: float, colour: str) -> None:
        x, y = at
        self.draw.ellipse((2 * (x - radius), 2 * (y - radius), 2 * (x + radius), 2 * (y + radius)), colour)

    def save(self, path: str) -> None:
        small = self.image.resize(self.size, Image.Resampling.LANCZOS)
        small.quantize(64, dither=Image.Dither.NONE).save(ROOT / path, optimize=True)


def training() -> None:
    """Who did what in the CodeGen project."""
    picture = Picture(640, "CodeGen 项目：三方分工", "事实来源：智东西；制图：芯闻台")
    rows = (
        (TEAL, "智源研究院", ("算法设计", "训练框架开发", "模型训练与调优")),
        (RED, "天数智芯", ("天垓 100 加速卡", "搭建算力集群", "全程技术支持")),
        (GOLD, "爱特云翔", ("算存网基础硬件", "智能化运维", "")),
    )
    for column, (colour, name, duties) in enumerate(rows):
        x = 60 + 375 * column
        picture.frame(x, 140, 330, 250, colour)
        picture.text((x + 165, 182), name, 34, colour, bold=True, anchor="mm")
        for row, duty in enumerate(duties):
            picture.text((x + 165, 246 + 50 * row), duty, 27, anchor="mm")
        picture.arrow((x + 165, 400), (x + 165, 446))
    picture.box(60, 452, 1080, 96, INK)
    result = "AquilaCode · 70 亿参数 · 100B Tokens 编程语料 · 87K Tokens/s"
    picture.text((600, 500), result, 30, "#ffffff", bold=True, anchor="mm")
    picture.save("entries/images/codegen-roles.png")


def peaks() -> None:
    """Peak arithmetic of 智铠 100 by precision."""
    picture = Picture(560, "智铠 100 的峰值算力（按精度）", "事实来源：智东西；条形长度按数值比例；制图：芯闻台")
    bars = (("INT8", 384, "384 TOPS", RED), ("FP16", 96, "96 TFlops", TEAL), ("FP32", 24, "24 TFlops", GOLD))
    for row, (name, value, label, colour) in enumerate(bars):
        y = 150 + 112 * row
        picture.text((160, y + 36), name, 34, bold=True, anchor="rm")
        picture.box(190, y, 730 * value / 384, 72, colour, 10)
        picture.text((210 + 730 * value / 384, y + 36), label, 32, anchor="lm")
    picture.line((190, 138), (190, 460), INK)
    picture.save("entries/images/peak-performance.png")


def financing() -> None:
    """What the money of July 2022 is for."""
    picture = Picture(600, "C+ 与 C++ 轮：超 10 亿元，用到哪里", "事实来源：智东西；制图：芯闻台")
    picture.box(60, 220, 300, 200, RED)
    picture.text((210, 292), "10 亿元以上", 40, "#ffffff", bold=True, anchor="mm")
    picture.text((210, 356), "C+ 轮 + C++ 轮", 27, "#ffffff", anchor="mm")
    uses = (
        ("推理芯片", "智铠 100 量产"),
        ("训练芯片", "开发天垓 200 与天垓 300"),
        ("软件", "扩展平台，AI 与图形融合"),
    )
    picture.line((390, 185), (390, 455), QUIET, 4)
    picture.line((360, 320), (390, 320), QUIET, 4)
    for row, (head, text) in enumerate(uses):
        y = 185 + 135 * row
        picture.arrow((390, y), (450, y))
        picture.frame(462, y - 48, 678, 96, LINE)
        picture.text((490, y), head, 30, RED, bold=True, anchor="lm")
        picture.text((670, y), text, 30, anchor="lm")
    picture.save("entries/images/financing-uses.png")


def identity() -> None:
    """What changes and what stays in the life of an entry."""
    picture = Picture(620, "一条消息的一生：什么会变，什么不变", "制图：芯闻台")
    steps = (
        ("发布", "初稿标题", "/2026/11/draft/"),
        ("改标题", "更好的标题", "/2026/11/draft/"),
        ("换地址", "更好的标题", "/2026/11/better/"),
        ("换域名", "更好的标题", "new.example"),
    )
    for column, (what, title, address) in enumerate(steps):
        x = 60 + 280 * column
        picture.frame(x, 140, 240, 210, LINE)
        picture.text((x + 120, 184), what, 32, TEAL, bold=True, anchor="mm")
        picture.text((x + 120, 246), title, 26, anchor="mm")
        picture.text((x + 120, 302), address, 24, QUIET, anchor="mm")
        if column < len(steps) - 1:
            picture.arrow((x + 243, 245), (x + 277, 245))
        picture.line((x + 120, 350), (x + 120, 430), RED, 4)
        picture.dot((x + 120, 430), 12, RED)
    picture.line((180, 430), (1020, 430), RED, 8)
    picture.text(
        (600, 492), "id 从头到尾是同一个：tag:example.org,2026:2026-11-18/draft", 30, RED, bold=True, anchor="mm"
    )
    picture.save("entries/2026/permanent-ids/identity.png")


def archives() -> None:
    """The chain of archive documents."""
    picture = Picture(520, "RFC 5005: a feed, and the archives behind it", "Drawn by 芯闻台")
    boxes = (
        ("feed.atom", "entries 41–60", TEAL),
        ("archive/2.atom", "entries 21–40", INK),
        ("archive/1.atom", "entries 1–20", INK),
    )
    for column, (name, text, colour) in enumerate(boxes):
        x = 60 + 400 * column
        picture.frame(x, 160, 280, 170, colour)
        picture.text((x + 140, 218), name, 32, colour, bold=True, anchor="mm")
        picture.text((x + 140, 276), text, 28, anchor="mm")
        if column < 2:
            picture.arrow((x + 284, 245), (x + 394, 245))
            picture.text((x + 339, 212), "prev-archive", 18, QUIET, anchor="mm")
    picture.text((200, 372), "changes with every entry", 24, TEAL, anchor="mm")
    picture.text((800, 372), "full: no entry ever moves out of it", 24, QUIET, anchor="mm")
    picture.save("entries/images/rfc5005-chain.png")


if __name__ == "__main__":
    for draw in (training, peaks, financing, identity, archives):
        draw()
