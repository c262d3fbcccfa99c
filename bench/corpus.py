"""Makes a corpus: N dated entries of about 2.5 KB, Chinese and English, and the pictures they show.

python bench/corpus.py 10000 /tmp/corpus

The same N gives the same bytes: nothing here asks a clock or the system's randomness. Entries are eight a day,
the newest on 2026-06-30, in ``YYYY/MM/YYYY-MM-DD-slug.md``, each with front matter, headings, a list, a table,
a code block, links of all kinds and one of fifty pictures in ``images/``.
"""

from __future__ import annotations

import random
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

PICTURES = 50
NEWEST = datetime(2026, 6, 30, 18, 0, tzinfo=timezone(timedelta(hours=8)))
NOUNS = "编译器 推理卡 训练集群 显存 带宽 算子库 服务器 数据中心 光模块 交换机 操作系统 浏览器 订阅 协议 标准 社区"
VERBS = "发布 开源 升级 适配 验证 部署 优化 修复 量产 交付 迁移 公开 测试 合并 签约 上线"
MODIFIERS = "首个 新一代 国产 开放 通用 低功耗 高性能 大规模 长期支持 实验性 跨平台 第三方"
WORDS = (
    "kernel compiler memory bandwidth feed archive scheduler tensor driver toolchain cluster latency cache network "
    "release branch benchmark dataset module router storage browser parser renderer queue index ledger"
).split()
NAMES = ("青岚科技", "北辰计算", "Foxglove Labs", "Meridian", "南屏研究院", "Kestrel", "石桥网络", "Tidewater")
TAGS = ("芯片", "编译器", "开放订阅", "安全", "网络", "storage", "release", "research", "hardware", "标准")
CODE = {
    "python": 'def {0}(size: int) -> list[int]:\n    """Even {1}s."""\n    return [n for n in range(9) if n & size]',
    "c": "static int {0}(const char *{1}, int n) {{\n    return n < 1 ? 0 : {1}[n - 1] == '\\0';\n}}",
    "sh": 'set -eu\nfor {0} in *.md; do\n    grep -c "{1}" "${0}" || true\ndone',
}


class Writer:
    """Sentences from a seeded source."""

    def __init__(self, number: int) -> None:
        self.random = random.Random(f"feeder corpus {number}")
        self.pick = self.random.choice
        self.nouns, self.verbs, self.modifiers = NOUNS.split(), VERBS.split(), MODIFIERS.split()

    def chinese(self) -> str:
        """One clause."""
        pick, verbs, nouns = self.pick, self.verbs, self.nouns
        return f"{pick(NAMES)}{pick(verbs)}{pick(self.modifiers)}{pick(nouns)}并{pick(verbs)}{pick(nouns)}"

    def english(self, count: int) -> str:
        return " ".join(self.pick(WORDS) for _ in range(count))

    def paragraph(self) -> str:
        """Three sentences with a link, emphasis and code in them."""
        parts = []
        for _ in range(3):
            chinese = self.random.random() < 0.7
            parts.append(f"{self.chinese()}，{self.chinese()}。" if chinese else f"{self.english(9).capitalize()}. ")
        number = self.random.randint(1, 9999)
        link = f"[{self.pick(self.nouns)}](https://www.example.com/{self.pick(WORDS)}/{number})"
        return "".join(parts) + f"另见 {link}，**{self.pick(self.modifiers)}**，以及 `{self.pick(WORDS)}`。"

    def table(self) -> list[str]:
        """Head and four rows of figures."""
        rows = ["| 项目 | 上期 | 本期 | 变化 |", "|:---|---:|---:|:---:|"]
        for _ in range(4):
            old, new = self.random.randint(1, 999), self.random.randint(1, 999)
            rows.append(f"| {self.pick(self.nouns)} | {old} | {new} | {100 * (new - old) // old} % |")
        return rows

    def code(self) -> list[str]:
        language = self.pick(sorted(CODE))
        return [f"```{language}", CODE[language].format(self.pick(WORDS), self.pick(WORDS)), "```"]


def entry(number: int, total: int) -> tuple[str, str]:
    """Path and text of entry ``number`` of ``total``; the last is the newest."""
    write = Writer(number)
    when = NEWEST - timedelta(hours=3 * (total - 1 - number), minutes=7 * number % 60)
    slug = f"{write.pick(WORDS)}-{number:06d}"
    tags = ", ".join(sorted(write.random.sample(TAGS, 3)))
    lines = ["---", f"title: '{write.chinese()} {write.english(2)} {number}'", f"date: {when:%Y-%m-%dT%H:%M:%S}+08:00"]
    lines += [f"tags: [{tags}]", f"slug: {slug}", f"id: 'tag:bench.example,2026:{number:06d}'", "---", ""]
    lines += [write.paragraph(), "", f"## {write.chinese()}", "", write.paragraph(), ""]
    lines += [f"- {write.chinese()}：<https://www.example.org/{write.pick(WORDS)}>" for _ in range(3)] + [""]
    lines += [f"![{write.pick(write.nouns)}](../../images/{number % PICTURES}.jpeg)", "", *write.table(), ""]
    lines += [f"### {write.english(3).capitalize()}", "", write.paragraph(), "", *write.code(), ""]
    lines += [f"1. *{write.english(2)}* {write.chinese()}", f"2. {write.chinese()}", "", f"> {write.paragraph()}", ""]
    lines += [f"来源：[{write.pick(NAMES)}](https://www.example.net/{number})", ""]
    return f"{when:%Y/%m/%Y-%m-%d}-{slug}.md", "\n".join(lines)


def pictures(folder: Path) -> None:
    """Fifty small photographs of nothing."""
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    for number in range(PICTURES):
        colour = (number * 5 % 256, number * 37 % 256, number * 91 % 256)
        picture = Image.linear_gradient("L").resize((320, 180))
        Image.merge("RGB", [picture.point(lambda v, c=c: (v + c) // 2) for c in colour]).save(
            folder / f"{number}.jpeg", quality=80
        )


def make(total: int, folder: Path) -> int:
    """Write the corpus into ``folder``; the bytes of its entries, in all."""
    written = 0
    for number in range(total):
        path, text = entry(number, total)
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        written += file.write_bytes(text.encode())
    pictures(folder / "images")
    return written


if __name__ == "__main__":
    count = int(sys.argv[1])
    size = make(count, Path(sys.argv[2]))
    print(f"{count} entries, {size / count:.0f} bytes each")
