"""Promise 10: nothing active reaches a feed or a page, whatever an entry holds, and a browser agrees."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hostile.inert import active
from lxml import etree
from support import Publication

RUN = "document.documentElement.setAttribute(`pwned`,1)"
HTML = (
    "<script>{run}</script>", "<SCRIPT SRC=//evil.example/x.js></SCRIPT>", "<scr<script>ipt>{run}</script>",
    "<img src=x onerror={run}>", "<img src=x onerror\x0c={run}>", "<img/src='x'/onerror={run}>", "<svg onload={run}>",
    "<svg><script>{run}</script></svg>", "<svg><animate onbegin={run} attributeName=x>",
    "<svg><a xlink:href='javascript:{run}'><text>x",
    "<math><mtext><table><mglyph><style><img src=x onerror={run}>", "<math href='javascript:{run}'>x</math>",
    "<form><button formaction='javascript:{run}'>x",
    "<form action='javascript:{run}'><input type=submit autofocus onfocus={run}>",
    "<iframe src='javascript:{run}'>", "<iframe srcdoc='<script>{run}</script>'>",
    "<object data='data:text/html,<script>{run}</script>'>",
    "<embed src='javascript:{run}'>", "<base href='javascript:{run}//'>",
    "<meta http-equiv=refresh content='0;url=javascript:{run}'>",
    "<link rel=stylesheet href='javascript:{run}'>",
    "<style>@import 'javascript:{run}';*{{x:expression({run})}}</style>",
    "<a href='javascript:{run}'>x</a>", "<a href='JaVaScRiPt:{run}'>x</a>", "<a href='java&#x09;script:{run}'>x</a>",
    "<a href='&#1;javascript:{run}'>x</a>", "<a href='java\nscript:{run}'>x</a>", "<a href='vbscript:x'>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD4='>x</a>", "<a href='javascript&colon;{run}'>x</a>",
    "<a href='//evil.example'>x</a>",
    "<div style='background:url(javascript:{run})'>x</div>", "<div style='position:fixed;inset:0'>overlay</div>",
    "<table background='javascript:{run}'><td>x", "<video><source onerror={run} src=x></video>",
    "<video src=x onerror={run}>",
    "<audio src=x onloadstart={run}>", "<video poster='javascript:{run}'>",
    "<details open ontoggle={run}>x</details>",
    "<marquee onstart={run}>x</marquee>", "<body onload={run}>", "<html onmouseover={run}>",
    "<x onclick={run} tabindex=1 id=x>",
    "<noscript><p title='</noscript><img src=x onerror={run}>'>",
    "<textarea><img title='</textarea><img src onerror={run}>'>",
    "<title><img title='</title><img src onerror={run}>'>", "<!--<img src='--><img src=x onerror={run}>'>",
    "<![CDATA[<img src=x onerror={run}>]]>",
    "<?xml version='1.0'?><script>{run}</script>", "<template><script>{run}</script></template>",
    "<isindex type=image src=1 onerror={run}>",
    "<picture><source srcset='x' onerror={run}><img src=x onerror={run}></picture>",
    "<img srcset='javascript:{run} 1x'>",
    "<a href='x' ping='javascript:{run}' target='x' onfocus={run} autofocus>x</a>",
    "<p id='x' class='y' is='z' onclick='{run}'>x</p>",
    "<input onfocus={run} autofocus>", "<select onfocus={run} autofocus>",
    "<keygen onfocus={run} autofocus>", "<dialog open onclose={run}>",
    "<img src='data:image/svg+xml,<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"{run}\"/>'>",
    "</script><script>{run}</script>",
    "<ruby onclick={run}>x<rt>y</rt></ruby>", "<img alt='`><script>{run}</script>'>",
    "<p title='\"><script>{run}</script>'>x</p>",
    "<xmp><p title='</xmp><script>{run}</script>'>", "<plaintext><script>{run}</script>",
    "<portal src='javascript:{run}'>",
)  # fmt: skip
MARKDOWN = (
    "[x](javascript:{run})", "[x](JAVASCRIPT:{run})", "[x](java&#x73;cript:{run})",
    "[x](data:text/html,<script>{run}</script>)",
    "![x](javascript:{run})", '![x" onerror="{run}](https://x.example/a.png)',
    '![x](https://x.example/"onerror="{run})',
    "[x](<javascript:{run}>)", "<javascript:{run}>", "[x]: javascript:{run}\n\n[x]",
    "[a](https://x.example \"' onclick='{run}\")",
    "`<script>{run}</script>`", "```html\n<script>{run}</script>\n```", '```" onclick="{run}\nx\n```',
    "# <img src=x onerror={run}>",
    "| <img src=x onerror={run}> |\n|-|\n| <script>{run}</script> |",
    "x[^<img src=x onerror={run}>]\n\n[^<img src=x onerror={run}>]: y",
    'https://x.example/"onmouseover={run}', "https://x.example/'><script>{run}</script>",
    "**<b onclick={run}>x</b>**",
    "- [ ] <input onfocus={run} autofocus>", "term\n: <script>{run}</script>",
    "{{{{< x onclick={run} >}}}}", "{{% raw %}}<script>{run}</script>{{% endraw %}}",
    "[x](feeder:/site/javascript:{run})", "## x {{#id onclick={run}}}",
    '<a href="feeder:/entry/x" onclick={run}>y</a>',
)  # fmt: skip
TEXT = (
    "<script>{run}</script>", "<img src=x onerror={run}>", '"><script>{run}</script>', "'><img src=x onerror={run}>",
    "</title><script>{run}</script>", "]]><script>{run}</script>", "&lt;script&gt;{run}&lt;/script&gt;",
    "</script><script>{run}</script>",
    "javascript:{run}", "{{{{ {run} }}}}", "--><script>{run}</script>",
)  # fmt: skip
KEYS = (
    "title",
    "tags",
    "categories",
    "authors",
    "summary",
    "correction",
    "via",
    "lang",
    "slug",
    "permalink",
    "aliases",
    "id",
    "image",
    "series",
)
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" onload="{run}"><script>{run}</script>'
    '<a href="javascript:{run}"><text>x</text></a></svg>'
)


def fill(text: str) -> str:
    return text.format(run=RUN)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Publication:
    publication = Publication(tmp_path_factory.mktemp("xss") / "p")
    publication.configure("[feeds]\nsize = 1000\n", title="<script>x</script>", author="<img src=x onerror=x()>")
    for number, text in enumerate([*HTML, *MARKDOWN]):
        publication.entry(f"body{number}", f"{fill(text)}\n\n后面。\n", title=f"body {number}", date="2024-04-02")
    for key in KEYS:
        for number, text in enumerate(TEXT):
            front = {"title": f"{key} {number}", "date": "2024-04-03", key: json.dumps(fill(text))}
            publication.entry(f"{key}{number}", "文字。\n", **front)
    publication.entry(
        "all", "\n\n".join(map(fill, [*HTML, *MARKDOWN])), title=json.dumps(fill(TEXT[0])), date="2024-04-04"
    )
    publication.write("entries/evil.svg", fill(SVG))
    publication.write("entries/evil.html", f"<script>{RUN}</script>")
    publication.entry(
        "files", "![x](evil.svg) [y](evil.svg) [z](evil.html)\n", title="files", date="2024-04-05", image="evil.svg"
    )
    publication.write(
        "entries/page.md",
        "# {0}\n\n[{0}](javascript:x)\n\n## {0}\n\n2024 年 4 月 2 日 {0}\n\n## {1}\n\n2024 年 4 月 1 日 {1}\n".format(
            *map(fill, HTML[:2])
        ),
    )
    done = publication.publish()
    assert done.returncode in (0, 3), done.stderr
    return publication


def contents(publication: Publication) -> Iterator[tuple[str, str]]:
    """Every piece of HTML that any feed hands to a reader, with the feed and the entry's title."""
    for path in publication.files():
        name = path.relative_to(publication.out).as_posix()
        if path.suffix == ".json":
            for item in json.loads(path.read_text("utf-8"))["items"]:
                yield f"{name} {item['title']}", item.get("content_html", "")
        if path.suffix in (".atom", ".rss"):
            root = etree.parse(path).getroot()
            for element in root.iter("{*}content", "{*}summary", "{*}encoded", "description", "{*}title", "title"):
                if element.get("type") == "html" or element.tag.endswith("encoded") or element.tag == "description":
                    yield name, element.text or ""


def test_the_judge_sees_what_is_active() -> None:
    blind = [text for text in HTML if not active(fill(text))]
    assert len(blind) < len(HTML) / 5, blind


def test_pages_are_inert(published: Publication) -> None:
    pages = [path for path in published.files() if path.suffix in (".html", ".htm", ".xhtml")]
    assert len(pages) > 100
    assert {str(path): found for path in pages if (found := active(path.read_text("utf-8"), page=True))} == {}


def test_feed_contents_are_inert(published: Publication) -> None:
    assert [(where, found) for where, text in contents(published) if (found := active(text))] == []


def test_addresses_in_feeds_are_http(published: Publication) -> None:
    for path in published.files():
        if path.suffix in (".atom", ".rss", ".opml"):
            for element in etree.parse(path).getroot().iter("*"):
                held = [element.get(key, "") for key in ("href", "src", "url", "uri", "xmlUrl", "htmlUrl")]
                held += [element.text or ""] if element.tag in ("link", "comments", "url") else []
                assert not [a for a in held if a.strip() and not a.startswith(("http://", "https://"))], (path, held)
        if path.suffix == ".json":
            text = path.read_text("utf-8")
            for key in ("url", "external_url", "image", "banner_image", "avatar", "home_page_url", "feed_url"):
                for address in re.findall(rf'"{key}": "((?:[^"\\]|\\.)*)"', text):
                    assert address.startswith(("http://", "https://")), (path, key, address)


def test_nothing_else_that_a_browser_would_run_goes_out(published: Publication) -> None:
    endings = {path.suffix for path in published.files()}
    assert endings <= {
        ".html",
        ".atom",
        ".rss",
        ".json",
        ".opml",
        ".xml",
        ".txt",
        ".css",
        ".png",
        ".jpg",
        ".svg",
        ".ico",
        ".webp",
    }
    for path in published.files():
        if path.suffix == ".svg":
            assert active(path.read_text("utf-8").replace("<svg", "<p", 1)) == [], path
    assert RUN not in "".join(path.read_text("utf-8") for path in published.files() if path.suffix == ".css")


@pytest.mark.server
def test_a_browser_runs_nothing(published: Publication, tmp_path: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("not installed: chromium")
    pages = [p for p in published.out.rglob("*.html") if p.parent.name in ("all", "files") or p.parent == published.out]
    pages += sorted(published.out.rglob("tags/*/index.html"))[:5]
    parts = "".join(
        f"<section>{text}</section>" for where, text in contents(published) if where.startswith("feed.json")
    )
    together = tmp_path / "feed.html"
    together.write_text(f"<!DOCTYPE html><meta charset=utf-8><title>reader</title>{parts}", "utf-8")
    control = tmp_path / "control.html"
    control.write_text(f"<!DOCTYPE html><script>{RUN}</script>", "utf-8")
    assert "pwned" in root_of(chromium, control, tmp_path)
    for page in [*pages, together]:
        assert "pwned" not in root_of(chromium, page, tmp_path), page


def root_of(chromium: str, page: Path, profile: Path) -> str:
    """The start tag of the document after the page had its way."""
    done = subprocess.run(
        [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
         "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={profile}/chromium", "--virtual-time-budget=1500",
         "--dump-dom", page.as_uri()],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    found = re.search(r"<html[^>]*>", done.stdout)
    assert found, done.stderr[-1000:]
    return html.unescape(found[0])
