"""A small site in Chinese and one in English, with an entry that uses everything a text can hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from feeder.config.settings import Settings, Site
from feeder.model import Document, Enclosure, Feed, Headline, Image, PublicEntry, Via
from feeder.pages.site import Pages

URL = "https://news.example.org/"
DAY = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

TEXT_ZH = """\
<p>澄芯科技今天在苏州发布第二代推理加速卡“云雀二号”。公司称，整机功耗降到 180 W，同样的机柜可以多放三分之一的卡；首批样品已交给四家客户试用，量产时间定在明年第二季度<sup class="footnote-ref"><a href="#fn1" id="fnref1">[1]</a></sup>。</p>
<h3 id="规格">规格</h3>
<p>新卡采用 <strong>12 nm</strong> 工艺，片上缓存加倍，支持 <code>int8</code> 与 <code>bf16</code>。<em>以下数字由厂商提供</em>，尚未经第三方复核，完整测试见 <a href="https://lab.example.net/reports/2026/lark-2-inference-benchmark-full-results.html">https://lab.example.net/reports/2026/lark-2-inference-benchmark-full-results.html</a>。</p>
<table>
<thead><tr><th>型号</th><th style="text-align:right">峰值算力（TOPS）</th><th style="text-align:right">显存（GB）</th><th style="text-align:right">带宽（GB/s）</th><th style="text-align:right">功耗（W）</th><th>接口</th></tr></thead>
<tbody><tr><td>云雀一号</td><td style="text-align:right">128</td><td style="text-align:right">16</td><td style="text-align:right">320</td><td style="text-align:right">220</td><td>PCIe 4.0 ×16</td></tr>
<tr><td>云雀二号</td><td style="text-align:right">256</td><td style="text-align:right">32</td><td style="text-align:right">512</td><td style="text-align:right">180</td><td>PCIe 5.0 ×16</td></tr></tbody>
</table>
<blockquote><p>“我们不追求榜单上的第一，客户在意的是每一度电能回答多少个问题。”产品负责人在发布会后说。</p></blockquote>
<figure><img src="https://news.example.org/assets/board.1a2b3c4d.png" alt="展台上的加速卡" width="1200" height="640" loading="lazy"><figcaption>展台上的工程样卡，散热片已经拆下</figcaption></figure>
<h3 id="上手">上手</h3>
<p>驱动随同开源，装好后几行代码就能跑起来：</p>
<pre><code class="language-python"><span class="kn">from</span> <span class="nn">lark</span> <span class="kn">import</span> <span class="n">Device</span>

<span class="k">def</span> <span class="nf">answer</span><span class="p">(</span><span class="n">question</span><span class="p">:</span> <span class="nb">str</span><span class="p">)</span> <span class="o">-&gt;</span> <span class="nb">str</span><span class="p">:</span>
    <span class="c1"># 第一张卡；没有卡时退回 CPU</span>
    <span class="k">with</span> <span class="n">Device</span><span class="p">(</span><span class="n">index</span><span class="o">=</span><span class="mi">0</span><span class="p">,</span> <span class="n">precision</span><span class="o">=</span><span class="s2">&quot;int8&quot;</span><span class="p">,</span> <span class="n">fallback</span><span class="o">=</span><span class="s2">&quot;cpu&quot;</span><span class="p">,</span> <span class="n">cache</span><span class="o">=</span><span class="kc">True</span><span class="p">)</span> <span class="k">as</span> <span class="n">device</span><span class="p">:</span>
        <span class="k">return</span> <span class="n">device</span><span class="o">.</span><span class="n">run</span><span class="p">(</span><span class="n">question</span><span class="p">)</span>
</code></pre>
<h4 id="清单">上线前的清单</h4>
<ul class="contains-task-list">
<li class="task-list-item"><input class="task-list-item-checkbox" type="checkbox" checked disabled aria-label="固件"> 固件升级到 2.1</li>
<li class="task-list-item"><input class="task-list-item-checkbox" type="checkbox" disabled aria-label="机房"> 与机房核对供电</li>
</ul>
<dl><dt>推理</dt><dd>用训练好的模型回答问题。</dd><dt>首字延迟</dt><dd>从提问到看见第一个字的时间。</dd></dl>
<p>名称取自<ruby>云雀<rp>(</rp><rt>yúnquè</rt><rp>)</rp></ruby>，按 <kbd>F5</kbd> 刷新可见<mark>最新报价</mark>。</p>
<ol><li>先预订，后付款；</li><li>样卡三十天内可退。</li></ol>
<hr>
<section class="footnotes"><ol class="footnotes-list"><li id="fn1" class="footnote-item"><p>以公司公告为准。 <a href="#fnref1" class="footnote-backref">↩︎</a></p></li></ol></section>
"""

TEXT_EN = """\
<p>Northbank Semiconductor opened its packaging line in Porto on Friday, eleven months after the ground was broken. The plant will finish “chiplets” for inference cards and expects to employ 240 people by the spring.</p>
<h2 id="why-porto">Why Porto</h2>
<p>Power is cheap at night, and the university trains more test engineers than the region can hire. <a href="https://northbank.example.com/">The company</a> will share a clean room with two start-ups.</p>
<blockquote><p>We asked where people wanted to live, and then where the grid had room.</p></blockquote>
<table><thead><tr><th>Line</th><th>Units a month</th></tr></thead><tbody><tr><td>A</td><td>40,000</td></tr></tbody></table>
"""

_STORIES_ZH = (
    (
        "云雀二号发布：功耗降两成，首批样卡交付四家客户",
        "澄芯科技在苏州发布第二代推理加速卡，量产时间定在明年第二季度。公司没有公布售价，只说会低于上一代。",
    ),
    ("北岸半导体把封装线搬到波尔图", "首条产线预计明年三月满产，主要面向推理卡所用的小芯片。"),
    (
        "一季度芯片进口额同比下降，存储器价格回升",
        "海关数据显示，进口数量与金额同时回落；分析人士认为，库存已经接近正常水平。",
    ),
    ("《算力基础设施绿色评价》征求意见", "新标准把“每度电完成的推理次数”列为主要指标，意见反馈截至下月底。"),
    ("<新品> 与 R&D：名字里带尖括号的板卡", ""),
    ("开源驱动合入主线，旧卡也能用上新编译器", "维护者说，合并花了七个月，删掉的代码比加上的多。"),
)
_STORIES_EN = (
    (
        "Lark 2 draws a fifth less power, and ships to four customers",
        "Clear Core showed its second inference card in Suzhou. Volume follows in the second quarter of next year.",
    ),
    (
        "Northbank moves packaging to Porto",
        "The first line should be full by March; it finishes chiplets for inference cards.",
    ),
    (
        "Memory prices recover as inventories return to normal",
        "Customs figures fell in both number and value for the first quarter.",
    ),
    ("Draft standard counts answers per kilowatt-hour", "Comments are open until the end of next month."),
    ("<New> cards & R&D: names with angle brackets", ""),
    ("Open driver merged after seven months", "More lines were removed than added, its maintainer says."),
)


def settings(root: Path, language: str = "zh-CN", **more: str) -> Settings:
    zh = language.startswith("zh")
    values = {
        "title": "芯片观察" if zh else "Chip Watch",
        "url": URL,
        "author": "新闻编辑部" if zh else "The newsroom",
        "description": "每天一点算力与半导体的消息。" if zh else "A little news of chips, every day.",
        "rights": "© 2026 芯片观察" if zh else "© 2026 Chip Watch",
        "icp": "京ICP备00000000号-1" if zh else "",
    } | more
    return Settings(root=root, site=Site(language=language, timezone="Asia/Shanghai", **values))


def headlines(language: str = "zh-CN") -> list[Headline]:
    found = []
    for number, (title, summary) in enumerate(_STORIES_ZH if language.startswith("zh") else _STORIES_EN):
        at = DAY - timedelta(days=9 * number)
        cover = Image(f"{URL}assets/board.1a2b3c4d.png", "", "image/png", 1200, 640) if number in (0, 2) else None
        found.append(
            Headline(
                id=f"tag:news.example.org,2026:{number}", url=f"{URL}{at:%Y/%m}/story-{number}/", title=title,
                published=at, updated=at, language=language, summary=summary, cover=cover,
                correction="峰值算力" if number == 3 else "",
            )
        )  # fmt: skip
    found.append(
        Headline(
            id="tag:news.example.org,2026:x", url=f"{URL}2026/09/x/", published=DAY - timedelta(days=60),
            updated=DAY, language="en" if language.startswith("zh") else "zh-CN", summary="",
            title="A word from our readers abroad" if language.startswith("zh") else "来自中文读者的一封信",
        )
    )  # fmt: skip
    return found


def entry(language: str = "zh-CN", **more: object) -> PublicEntry:
    zh = language.startswith("zh")
    values: dict[str, object] = {
        "id": "tag:news.example.org,2026:2026-11-20/lark-2",
        "url": f"{URL}2026/11/%E4%BA%91%E9%9B%80%E4%BA%8C%E5%8F%B7/" if zh else f"{URL}2026/11/porto/",
        "title": (_STORIES_ZH if zh else _STORIES_EN)[0 if zh else 1][0],
        "published": DAY,
        "updated": DAY + timedelta(days=1, hours=2),
        "language": language,
        "summary": (_STORIES_ZH if zh else _STORIES_EN)[0 if zh else 1][1],
        "correction": "首批客户为四家，此前误写为五家。" if zh else "The plant will employ 240 people, not 420.",
        "tags": ("推理", "澄芯科技", "C++", "TCP/IP") if zh else ("packaging", "Europe"),
        "cover": Image(f"{URL}assets/cover.5e6f7a8b.jpg", "发布会现场" if zh else "The clean room", "image/jpeg", 1600, 900),
        "path": "entries/lark.md",
        "released": DAY,
        "html": TEXT_ZH if zh else TEXT_EN,
        "authors": ("林一", "周小满") if zh else ("Ada Reis",),
        "via": (Via("https://suzhou-daily.example.com/tech/1.html", "苏州科技报"), Via("https://www.wire.example.net/a")) if zh else (Via("https://wire.example.net/a", "The Wire"),),
        "enclosures": (Enclosure(f"{URL}assets/lark.9c8d7e6f.mp3", "audio/mpeg", 8_412_345, "本期音频" if zh else "Listen to this story", 525),),
    }  # fmt: skip
    return PublicEntry(**(values | more))  # type: ignore[arg-type]


def feeds(language: str = "zh-CN") -> list[Feed]:
    zh = language.startswith("zh")
    named = [("feed", "芯片观察" if zh else "Chip Watch", "")]
    named += [
        (f"tags/{name}/feed", name, f"tags/{name}/")
        for name in (("推理", "澄芯科技") if zh else ("packaging", "Europe"))
    ]
    named += [("authors/林一/feed", "林一", "authors/林一/"), ("languages/zh-CN/feed", "zh-CN", "languages/zh-CN/")]
    return [
        Feed(id=f"tag:{path}", title=title, path=path, page_url=URL + page, site_url=URL, updated=DAY)
        for path, title, page in named
    ]


def documents(pages: Pages, language: str = "zh-CN") -> Iterator[Document]:
    """One page of every kind, and all that is beside them."""
    lines = headlines(language)
    yield from pages.assets()
    yield pages.entry(entry(language))
    yield pages.entry(entry("en" if language.startswith("zh") else "zh-CN"))
    yield pages.withdrawn(entry(language, url=f"{URL}2026/10/gone/", html="", withdrawn=True))
    yield pages.index(lines, {2026: 214, 2025: 180, 2024: 1})
    yield pages.year(2026, {11: 2, 10: 4, 9: 1}, lines)
    yield pages.year(2025, {month: month * 3 for month in range(1, 13)})
    yield pages.month(2026, 11, lines[:3])
    yield pages.tags({"推理": 31, "C++": 2, "澄芯科技": 12, "TCP/IP": 1, "封装与测试": 8, "packaging": 3})
    yield pages.label("tag", "推理", lines, 0, 2)
    yield pages.label("tag", "推理", lines[:4], 2, 2)
    yield pages.label("tag", "推理", lines[:4], 1, 2)
    yield pages.label("author", "林一", lines[:2])
    yield pages.label("language", "zh-CN", lines[1:3])
    yield pages.feeds(feeds(language))
    yield pages.not_found()
    yield pages.redirect("/old/1.html", entry(language).url)
    yield from pages.sitemap([(line.url, line.updated) for line in reversed(lines)])
    yield pages.robots()
