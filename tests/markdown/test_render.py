"""What holds for any text, and what the fixture files cannot say."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeder import links
from feeder.reading.markdown import FORBIDDEN, Rendered, plain, render
from feeder.reading.sanitise import TAGS, sanitise

ADDRESS = re.compile(
    r"(?:https?|mailto|tel|sms|ftp|geo|xmpp|ircs?|magnet|matrix|webcal):\S*\Z|data:image/|feeder:/(?:asset|entry|site)/"
)
VOID = frozenset({"br", "col", "hr", "img", "source", "wbr"})


class Judge(HTMLParser):
    """Reads HTML strictly: every element closed, nothing active, every address absolute."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS
        for key, value in attrs:
            assert not key.startswith("on")
            assert key not in {"style", "action", "formaction", "background", "cite", "name", "xlink:href"}
            if key in {"href", "src", "poster"}:
                assert ADDRESS.match(value or ""), value
            if key == "srcset":
                assert all(ADDRESS.match(part.split()[0]) for part in (value or "").split(", "))
        if tag == "img":
            assert dict(attrs).get("src")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


def made(text: str, root: Path | str = "/nowhere", **more: str) -> Rendered:
    return render(text, path="entries/2024/x.md", line=1, root=str(root), **more)


PIECES = st.sampled_from(
    [
        *(
            "<script>",
            "</script>",
            "<img src=",
            '"',
            "'",
            ">",
            "<a href=",
            "javascript:alert(1)",
            " onerror=x ",
            "<svg>",
            "<math>",
        ),
        *(
            "<iframe src='https://e.org/'>",
            "</iframe>",
            "<style>",
            "<!--",
            "-->",
            "<![CDATA[",
            "]]>",
            "<?",
            "<div>",
            "</div>\n\n",
        ),
        *(
            "![",
            "](",
            ")",
            "[",
            "]",
            "a.png",
            "../b.md",
            "#c",
            "feeder:/asset/x",
            "feeder&#58;/entry/",
            "//e.org",
            "data:text/html,",
            "`",
        ),
        *(
            "{{< figure src=",
            " >}}",
            "{% raw %}",
            "{% endraw %}",
            "{% highlight x %}",
            "{{ ",
            "}}",
            "```\n",
            "\n\n",
            "\n- ",
            "> ",
            "|-|\n",
        ),
        *(
            "\x00",
            "\x0b",
            "\ufffe",
            "\ud800",
            "&#1;",
            "&#xfffe;",
            "&#x85;",
            "&lt;",
            "强调",
            "**",
            "“",
            "：",
            "https://e.org/a,",
            "[^1]",
            "\n[^1]: ",
        ),
        *(
            "<picture>",
            "<source srcset=",
            "<video poster=",
            "<base href=//e.org>",
            "<form action=x>",
            "<table>",
            "<td>",
            "<select>",
            "<noscript>",
        ),
        *(
            "<template>",
            "<p class=x style=y>",
            "<img srcset='a 1x, b 2x'>",
            "<a name=x>",
            "<title>",
            "<textarea>",
            "<plaintext>",
            "<frameset>",
        ),
    ]
)


def judge(text: str) -> None:
    rendered = made(text)
    assert FORBIDDEN.search(rendered.html + rendered.lead + rendered.more) is None
    Judge(rendered.html)
    public = links.absolute(rendered.html, "https://n.example/", lambda _: "https://n.example/e/")
    assert "feeder:/" not in public
    Judge(public)


@settings(max_examples=500, deadline=None)
@given(st.lists(PIECES, max_size=30).map("".join))
def test_any_markup_gives_harmless_whole_html(text: str) -> None:
    judge(text)


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(), max_size=200))
def test_any_text_gives_harmless_whole_html(text: str) -> None:
    judge(text)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=10).map("".join)))
def test_any_title_gives_one_line_of_plain_text(text: str) -> None:
    assert "\n" not in plain(text.replace("\n", " "))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("**天数**智芯 <新品>", "天数智芯 <新品>"),
        ("<b>x</b> & `y<z>` [l](u)", "x & y<z> l"),
        ("关于 <iostream>", "关于 <iostream>"),
        ("一行\n二行", "一行二行"),
        ("one\ntwo", "one two"),
        ("![图](x.png) 文", "文"),
        ("a\\*b &amp; c", "a*b & c"),
    ],
)
def test_plain_text(text: str, wanted: str) -> None:
    assert plain(text) == wanted


def test_lead_and_more() -> None:
    rendered = made(
        "![图](https://e.org/x.png)\n\n## 标题\n\n> 引\n\n"
        "2024 年 4 月 2 日，**天数**\n智芯。\n\n第二段\n\n<!-- more -->\n\n其余"
    )
    assert rendered.lead == "2024 年 4 月 2 日，天数智芯。"
    assert rendered.more == "引 2024 年 4 月 2 日，天数智芯。第二段"
    assert made("一段。<!--more-->其余").more == "一段。"
    assert made("一段。").more == ""


def test_problems_name_the_lines_of_the_file() -> None:
    rendered = render(
        "段\n\n> - ![a](no.png)\n\n![b](no.png) 和 ![c](no.png)\n", path="entries/a.md", line=10, root="/nowhere"
    )
    assert [(p.place, p.column, p.width) for p in rendered.problems] == [
        ("entries/a.md:12", 10, 6),
        ("entries/a.md:14", 6, 6),
        ("entries/a.md:14", 21, 6),
    ]
    assert rendered.problems[0].source == "> - ![a](no.png)"
    assert "looked in entries/, static/, source/, public/" in rendered.problems[0].hint
    assert ("no.png", (0, 0, 0)) in {(asset.source, asset.stamp) for asset in rendered.missing}


def test_what_nests_too_deep_is_told_and_stays() -> None:
    rendered = made("段\n\n" + "> " * 80 + "深")
    assert "深" in rendered.html
    assert [p.place for p in rendered.problems] == ["entries/2024/x.md:3"]
    assert "nest deeper" in rendered.problems[0].message


def test_an_item_of_a_news_page_has_its_own_fragments() -> None:
    rendered = made("[头](#头) 注[^1]\n\n[^1]: 释", anchor="订单")
    assert 'href="feeder:/entry/entries/2024/x.md#%E8%AE%A2%E5%8D%95?%E5%A4%B4"' in rendered.html
    assert 'id="fn-订单-1"' in rendered.html
    assert 'href="feeder:/entry/entries/2024/x.md#%E8%AE%A2%E5%8D%95?fn-%E8%AE%A2%E5%8D%95-1"' in rendered.html
    Judge(links.absolute(rendered.html, "https://n.example", lambda _: "https://n.example/p/"))


def test_footnotes_lead_to_their_ids() -> None:
    rendered = made("注[^1]再[^1]\n\n[^1]: 释")
    html = links.absolute(rendered.html, "https://n.example", lambda _: "https://n.example/p/")
    ids = set(re.findall(r' id="([^"]+)"', html))
    assert set(re.findall(r'href="https://n.example/p/#([^"]+)"', html)) <= ids


def test_references_to_entries() -> None:
    assert made("[a](b.md) [b](../c.md#d) [e](https://e.org/x.md)").refs == ("entries/2024/b.md", "entries/c.md#d")


HARD = {
    "brackets": "[" * 32768,
    "stars": "*" * 32768,
    "quotes": ">" * 32768,
    "ticks": "`" * 32768,
    "pictures": "![" * 8000,
    "nested lists": "".join("  " * depth + "- a\n" for depth in range(250)),
    "nested pictures": "![" * 500 + "a" + "](b)" * 500,
    "same headings": "# a\n" * 8000,
    "missing pictures": "![a](x.png)\n" * 2000,
    "players": "<iframe src=//a>" * 4000,
    "open tags": "{% raw %}" * 7000,
    "tags and fences": "{% highlight x %}\n```\n" * 3000,
    "tables": "|a" * 200 + "\n" + "|-" * 200 + "\n" + "|\n" * 2000,
    "elements": "<div>" * 13000,
    "notes": "^[a" * 500 + "]" * 500,
}


@pytest.mark.parametrize("name", HARD)
def test_nothing_explodes(name: str) -> None:
    # What grew with the square of the text would take minutes here.
    rendered = made(HARD[name])
    assert len(rendered.html) < 5_000_000


@pytest.mark.parametrize(
    "html",
    ["<h2><input><h3>x</h3></h2>", "<h2><foo><h3>x</h3></foo></h2>", "<h5><ins><blockquote><h4>x</h4></ins></h5>"],
)
def test_a_parser_reads_raw_html_back_as_it_went_out(html: str) -> None:
    made = render(f"{html}\n", path="entries/a.md", line=1, root="/nowhere", hashes=None).html
    assert sanitise(made, coloured=False, raw=False) == made
