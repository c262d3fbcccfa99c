"""A folder of hostile entry files: what each holds, and what has to come of it.

``OK``: published, and nothing said that rejects it. ``WARN``: published, and named. ``NO``: not published, named
with a hint. ``EITHER``: published, or named with a hint. ``IGNORED``: no entry file; nothing of it goes out.
Every body holds ``mark(name)``, by which the test finds what went out.
"""

from __future__ import annotations

import os
import socket
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

OK, WARN, NO, EITHER, IGNORED = "ok", "warn", "no", "either", "ignored"
DATE = "date: 2024-04-02\n"


@dataclass(frozen=True)
class Case:
    """One hostile file; ``make`` writes it to a path."""

    path: str
    """From the publication's root."""
    expect: str
    says: str
    """What one of its problems has to say; empty for anything."""
    line: int
    """The line a problem has to name; 0 for any."""
    make: Callable[[Path], None]

    @property
    def mark(self) -> str:
        return mark(self.path.removeprefix("entries/h/").rpartition(".")[0])


def mark(name: str) -> str:
    """A word that stands in the body of the case ``name`` and nowhere else."""
    return f"mark{zlib.crc32(os.fsencode(name)):08x}kram"


def bytes_of(data: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_bytes(data)

    return write


def case(name: str, data: str | bytes, expect: str, says: str = "", line: int = 0, ending: str = "md") -> Case:
    """An entry file ``entries/h/NAME.md``; ``MARK`` in ``data`` becomes its mark."""
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    return Case(f"entries/h/{name}.{ending}", expect, says, line, bytes_of(raw.replace(b"MARK", mark(name).encode())))


def yaml(name: str, front: str, expect: str, says: str = "", line: int = 0, body: str = "MARK\n") -> Case:
    return case(name, f"---\n{front}---\n{body}", expect, says, line)


def dated(name: str, front: str, expect: str, says: str = "", line: int = 0, body: str = "MARK\n") -> Case:
    """Front matter with a title in line 2 and a date in line 3, so that ``front`` begins in line 4."""
    return yaml(name, f"title: {name}\n{DATE}{front}", expect, says, line, body)


def body(name: str, text: str, expect: str = OK, says: str = "", line: int = 0) -> Case:
    return dated(name, "", expect, says, line, body=f"MARK\n\n{text}\n")


def bad_dates() -> Iterator[Case]:
    values = (
        "2026-02-30", "2023-02-29", "2026-13-01", "2026-00-10", "2026-01-32", "0000-00-00", "99999-01-01", "yesterday",
        "今年 5 月", "去年 3 月 4 日", "2026", "2026-04", "''", "-1", "1e400", "true", "{a: 1}", ".inf",
        "2026-01-01 25:00", "2026-01-01T10:61:00", "2026-01-01T00:00:00+99:00", "二〇二六年十三月一日", "31 April 2026",
        "Smarch 4, 2026", "2026-01-01garbage", "!!timestamp x", "10000000000000000000000000",
    )  # fmt: skip
    for number, value in enumerate(values):
        yaml_line = f"title: bad date {number}\ndate: {value}\n"
        yield yaml(f"date-{number:02}", yaml_line, NO, line=0 if value in ("''", "true") else 3)
    yield yaml("date-none", "title: no date\n", NO)
    yield case("date-none-at-all", "MARK\n", NO)
    yield dated("date-updated-bad", "updated: 2026-02-30\n", EITHER, "2026-02-30", 4)
    yield dated("date-updated-before", "updated: 2001-01-01\n", EITHER)
    yield dated("date-expires-bad", "expires: never mind\n", EITHER, line=4)
    yield dated("date-expires-before", "expires: 2001-01-01\n", IGNORED)
    yield yaml("date-year-1", "title: old\ndate: 0001-01-01\n", EITHER)
    yield yaml("date-year-9999", "title: far\ndate: 9999-12-31\n", IGNORED)


def good_dates() -> Iterator[Case]:
    values = (
        "2016-2-3", "2016/02/03", "2024.04.02", "2024-04-02 09:00:00 +0800", "2024-04-02 9:00:00", "2024年4月2日",
        "2024 年 4 月 2 日", "二〇二四年四月二日", "April 2, 2024", "2 April 2024", "Tue, 02 Apr 2024 10:00:00 GMT",
        "2024-04-02T10:00:00Z", "2024-02-29",
    )  # fmt: skip
    for number, value in enumerate(values):
        yield yaml(f"good-date-{number:02}", f"title: good date {number}\ndate: {value}\n", OK)


def front_matter() -> Iterator[Case]:
    bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)
    )
    yield dated("yaml-alias-bomb", bomb, NO)
    yield dated("yaml-anchor", "x: &a 1\ny: *a\n", NO)
    yield dated("yaml-merge", "x: &a {b: 1}\n<<: *a\n", NO)
    yield dated("yaml-recursive", "x: &a [*a]\n", NO)
    yield dated("yaml-deep", "x: " + "[" * 100 + "]" * 100 + "\n", NO)
    yield dated("yaml-very-deep", "x: " + "[" * 20_000 + "]" * 20_000 + "\n", NO)
    yield dated("yaml-very-deep-open", "x: " + "{a: " * 15_000 + "\n", NO)
    yield dated("yaml-large", "x: " + "y" * 70_000 + "\n", NO)
    yield dated("yaml-python", "x: !!python/object/apply:os.system ['touch pwned']\n", EITHER)
    yield dated("yaml-unclosed-quote", 'x: "open\n', NO)
    yield dated("yaml-unclosed-bracket", "x: [a, b\n", NO)
    yield dated("yaml-colon", "x: a: b: c\n", NO, line=4)
    yield dated("yaml-tab-after-colon", "tags:\tGPU\n", OK)
    yield dated("yaml-tab-dash", "tags:\n\t- GPU\n\t- 芯片\n", OK)
    yield dated("yaml-duplicate-key", "title: again\n", EITHER)
    yield dated("yaml-percent", "x: %percent\n", NO)
    yield dated("yaml-at", "x: @at\n", NO)
    yield dated("yaml-backtick", "x: `tick\n", NO)
    yield dated("yaml-bad-escape", 'x: "\\q"\n', NO)
    yield dated("yaml-huge-number", "x: 1" + "0" * 5000 + "\n", EITHER)
    yield dated("yaml-hex", "x: 0x" + "f" * 5000 + "\n", EITHER)
    yield dated("yaml-sexagesimal", "x: 1:1:1:1:1:1:1:1:1\n", OK)
    yield dated("yaml-binary", "x: !!binary |\n  /w==\n", EITHER)
    yield dated("yaml-set", "x: !!set {a, b}\n", EITHER)
    yield dated("yaml-complex-key", "? [a, b]\n: c\n", EITHER)
    yield dated("yaml-null-key", "~: c\n1: d\n", EITHER)
    yield dated("yaml-control", "x: a\x01b\n", EITHER)
    yield dated("yaml-c1", "x: a\x81b\n", EITHER)
    yield dated("yaml-bell-escape", 'x: "\\a\\0\\x9f"\n', OK)
    yield dated("yaml-two-documents", "...\n--- \nx: 1\n", EITHER)
    yield yaml("yaml-list", "- a\n- b\n", NO)
    yield yaml("yaml-scalar", "just words\n", NO)
    yield yaml("yaml-empty", "", NO)
    yield case("yaml-unclosed-fence", "---\ntitle: open\ndate: 2024-04-02\n\nMARK\n", NO)
    yield case("yaml-only-fence", "---\n", NO)
    yield case("yaml-no-body", f"---\ntitle: no body\n{DATE}---", OK)
    yield case("toml-bad", f"+++\ntitle = open\n{DATE}+++\nMARK\n", NO, line=2)
    yield case("toml-bad-date", "+++\ntitle = 'x'\ndate = 2026-02-30\n+++\nMARK\n", NO, line=3)
    yield case("toml-unclosed", "+++\ntitle = 'x'\ndate = 2024-04-02\nMARK\n", NO)
    yield case("toml-twice", "+++\ntitle = 'x'\ntitle = 'y'\ndate = 2024-04-02\n+++\nMARK\n", NO, line=3)
    yield case("toml-deep", "+++\ndate = 2024-04-02\nx = " + "[" * 5000 + "]" * 5000 + "\n+++\nMARK\n", NO)
    yield case("toml-good", "+++\ntitle = '好'\ndate = 2024-04-02\n+++\nMARK\n", OK)
    yield case("json-good", '{"title": "好", "date": "2024-04-02"}\n\nMARK\n', OK)
    yield case("json-bad", '{"title": "x",\n"date": }\n\nMARK\n', NO)
    yield case("json-open", '{"title": "x"\n\nMARK\n', NO)
    yield case("json-deep", '{"a":' * 30_000 + "1" + "}" * 30_000 + "\nMARK\n", NO)
    yield case("json-surrogate", '{"title": "x\\ud800y", "date": "2024-04-02"}\n\nMARK\n', EITHER)
    yield case("json-nul", '{"title": "x\\u0000y", "date": "2024-04-02"}\n\nMARK\n', EITHER)
    yield case("json-nan", '{"title": "x", "date": "2024-04-02", "n": NaN}\n\nMARK\n', EITHER)
    yield case("hexo", f"title: hexo\n{DATE}---\nMARK\n", OK)
    yield case("pelican", "Title: pelican\nDate: 2024-04-02\n\nMARK\n", OK)
    yield case("bom-crlf", "\ufeff---\r\ntitle: crlf\r\ndate: 2024-04-02\r\n---\r\nMARK\r\n", OK)
    yield case("cr-only", "---\rtitle: cr\rdate: 2024-04-02\r---\rMARK\r", EITHER)
    yield case("blank-before", f"\n\n---\ntitle: blank\n{DATE}---\nMARK\n", OK)


def encodings() -> Iterator[Case]:
    text = f"---\ntitle: 天数智芯\n{DATE}---\n新品推理卡 MARK\n"
    for codec, says in (("gbk", "UTF-8"), ("gb18030", "UTF-8"), ("big5", "UTF-8"), ("shift_jis", "UTF-8")):
        yield case(f"bytes-{codec}", text.replace("数", "").replace("芯", "").encode(codec, "replace"), NO, says)
    for codec in ("utf-16", "utf-16-le", "utf-16-be", "utf-32"):
        # The mark is not among the bytes of these, which is the point.
        yield case(f"bytes-{codec}", text.encode(codec), NO)
    yield case("bytes-latin-1", f"---\ntitle: x\n{DATE}---\ncafé MARK\n".encode("latin-1"), NO, "UTF-8")
    yield case("bytes-cut", text.encode()[:-40] + b"\xe5\xa4", NO)
    yield case("bytes-overlong", f"---\ntitle: x\n{DATE}---\nMARK ".encode() + b"\xc0\xaf\n", NO, "UTF-8")
    yield case("bytes-surrogate", f"---\ntitle: x\n{DATE}---\nMARK \ud800\n", WARN, "U+D800", 5)
    yield case("bytes-random", bytes(range(256)) * 4, NO)
    yield case("bytes-nul", b"\0" * 4096, NO)
    yield case("bytes-zip", b"PK\x03\x04" + bytes(range(256)), NO)
    yield case("bytes-png", b"\x89PNG\r\n\x1a\n" + b"\0" * 64, NO)
    yield case("empty", "", NO)
    yield case("white", " \n\t\n\u3000\n", NO)
    yield case("bom-only", "\ufeff", NO)
    yield body("char-nul", "a\0b", WARN, line=7)
    yield body("char-c0", "a" + "".join(map(chr, range(1, 9))) + "b", WARN, line=7)
    yield body("char-escape", "a\x1b[31mred", WARN, line=7)
    yield body("char-c1", "a\x80\x9fb", WARN, line=7)
    yield body("char-fffe", "a\ufffe\uffffb", WARN, line=7)
    yield body("char-entities", "a&#0;&#1;&#xFFFE;&#xD800;&#x110000;b", EITHER)
    yield body("char-line-separators", "a\u2028b\u2029c\x0bd\x0ce", EITHER)
    yield body("char-bidi", "a\u202eb\u2066c", EITHER)
    yield body("char-plane-16", "a\U0010ffffb \U0001f468\u200d\U0001f469\u200d\U0001f467", EITHER)


def titles() -> Iterator[Case]:
    values = (
        "']]>'", "<新品>", "'</title><script>alert(1)</script>'", "'&amp; &lt;b&gt; &#65;'", "'a & b < c'",
        "'" + "长" * 5000 + "'",
        "12", "1.5", "true", "'{{ config }}'", "'{% raw %}'", "'%s %(x)s'", '"a\\nb"', '"a\\u0000b"', '"\\ud800"',
        '"\\x1b[31m"', "'\u202ereversed'", "'   '", "''", "null", "[a, b]", "{a: b}", "2024-04-02", "'<!--'",
        "'<![CDATA[ x ]]>'", "'" + "e" + "\u0301" * 2000 + "'", "'=cmd|calc'", "'\u3000'", "'*bold* `code` [x](y)'",
    )  # fmt: skip
    for number, value in enumerate(values):
        yield yaml(f"title-{number:02}", f"title: {value}\n{DATE}", EITHER)


def addresses() -> Iterator[Case]:
    slugs = (
        "../../../etc/passwd", "．．／．．／x", "/abs", "con", ".", "..", "''", "a/b/c", "%2e%2e%2fx", "'a\\..\\..\\b'",
        "x" * 5000, "index.html", "feed.atom", "'😀'", "~", "'trailing.'", "' . '", "'<script>'", "'\"quoted\"'",
        "'?q#f'", "'\"\\0\"'", "é", "'e\u0301'", "nul.txt", "-", "12", "[a]", "'..\u2215..\u2215x'", "'\u202e'",
    )  # fmt: skip
    for number, value in enumerate(slugs):
        yield dated(f"slug-{number:02}", f"slug: {value}\n", EITHER)
    permalinks = (
        "../x", "/../../x", "/feed.atom", "/", "//evil.example/x", "https://evil.example/x", "'javascript:alert(1)'",
        "/a/../../b", "/archive/1.atom", "/sitemap.xml", "/.feeder/x", "'?x'", "'#x'", "/a//b", "/\0",
        "/index.html", "12", "[x]",
        "'/．．／x/'", "/%2e%2e/%2e%2e/x", "/" + "y/" * 2000, "/" + "y" * 3000, "data:text/html,x", "file:///etc/passwd",
        "/404.html", "/robots.txt", "'/a\nb'", "/tags/", "/feed.json/x/",
    )  # fmt: skip
    for number, value in enumerate(permalinks):
        yield dated(f"permalink-{number:02}", f"permalink: {value}\n", EITHER)
    aliases = (
        "../x", "[/a, /b, 3, null]", "/", "/feed.atom", "'javascript:alert(1)'", "/../../etc/x", "{a: b}",
        "'//evil.example'",
        "/index.html", "[[a]]", "https://evil.example/x", "/" + "z/" * 3000,
    )  # fmt: skip
    for number, value in enumerate(aliases):
        yield dated(f"alias-{number:02}", f"aliases: {value}\n", EITHER)


def identities() -> Iterator[Case]:
    yield dated("id-twin-a", "id: tag:x.example,2024:twin\n", OK)
    yield dated("id-twin-b", "id: tag:x.example,2024:twin\n", NO, "id-twin-a")
    values = (
        "'javascript:alert(1)'", "'a b'", "'<x>'", "12", "[a]", "{a: b}", "''", "'" + "i" * 5000 + "'", "'\"\\0\"'",
        "'新'", "'&amp;'", "']]>'", '"a\\nb"', "../x", "https://news.example.org/?p=1", "urn:uuid:x",
    )  # fmt: skip
    for number, value in enumerate(values):
        yield dated(f"id-{number:02}", f"id: {value}\n", EITHER)
    yield dated("slug-twin-a", "slug: twin\n", OK)
    yield dated("slug-twin-b", "slug: twin\n", EITHER)
    yield dated("slug-twin-c", "slug: TWIN\n", EITHER)
    yield dated("permalink-twin-a", "permalink: /same/\n", OK)
    yield dated("permalink-twin-b", "permalink: /same/\n", EITHER)
    yield dated("permalink-twin-c", "permalink: /Same\n", EITHER)
    yield dated("permalink-under-a", "permalink: /under\n", EITHER)
    yield dated("permalink-under-b", "permalink: /under/index.html/deep/\n", EITHER)


def keys() -> Iterator[Case]:
    yield dated("draft-maybe", "draft: maybe\n", NO, line=4)
    yield dated("draft-list", "draft: [true]\n", NO, line=4)
    yield dated("draft-true", "draft: true\n", IGNORED)
    yield dated("published-false", "published: false\n", IGNORED)
    yield yaml("near-miss", f"titel: x\n{DATE}", WARN, "title", 2)
    yield dated("unknown-key", "weight: 3\nlayout: {a: [b]}\n", OK)
    hostile = (
        "../x", "a/b", "'<script>alert(1)</script>'", "''", "'" + "t" * 3000 + "'", "[GPU, gpu, Gpu]", "'.'", "'..'",
        "[" + ", ".join(f"t{n}" for n in range(120)) + "]", '"a\\0b"', "index", "page", "[[a, [b]]]",
        "{a: b}", "12", "null",
        "'．．／x'", "'a?b#c'", "'feed'", "'%2e%2e'", "'con'", "'\u202ex'", "' '", "[1, 2.5, true, null, 2024-01-01]",
    )  # fmt: skip
    for number, value in enumerate(hostile):
        yield dated(f"tags-{number:02}", f"tags: {value}\n", EITHER)
    for number, value in enumerate(hostile[:10]):
        yield dated(f"authors-{number:02}", f"authors: {value}\n", EITHER)
    for number, value in enumerate(
        ("zh_CN", "'<x>'", "../..", "12", "[zh, en]", "'x'", "''", "i-klingon", "'\"\\0\"'")
    ):
        yield dated(f"lang-{number:02}", f"lang: {value}\n", EITHER)
    for number, value in enumerate(("{a: b}", "[a]", "12", "']]>'", "'<script>x</script>'", "'" + "s" * 50_000 + "'")):
        yield dated(f"summary-{number:02}", f"summary: {value}\n", EITHER)
    links = (
        "'javascript:alert(1)'",
        "{url: 'javascript:x'}",
        "[1, 2]",
        "'//x'",
        "'not a link'",
        "'http://['",
        "'data:x'",
    )
    for number, value in enumerate(links):
        yield dated(f"via-{number:02}", f"via: {value}\n", EITHER)
    files = (
        "../../../etc/passwd", "/etc/passwd", "missing.mp3", "{url: x.mp3, length: -1}", "[1, {a: b}, null]",
        "'javascript:x'", "{url: 'https://x.example/a.mp3', length: many, type: '<x>'}", "file:///etc/passwd",
        "'.'", "..",
        "'http://['", "feeder.toml", "../feeder.toml", '"a\\0b"',
    )  # fmt: skip
    for number, value in enumerate(files):
        yield dated(f"enclosures-{number:02}", f"enclosures: {value}\n", EITHER)
        yield dated(f"image-{number:02}", f"image: {value}\n", EITHER)
    for key in ("correction", "lists", "mail", "items", "updated", "categories", "author"):
        yield dated(f"key-{key}-map", f"{key}: {{a: [b, {{c: d}}]}}\n", EITHER)
        yield dated(f"key-{key}-number", f"{key}: 3\n", EITHER)


def markdown() -> Iterator[Case]:
    many = 20_000
    yield body("md-quotes", ">" * many + "x", EITHER)
    yield body("md-brackets", "[" * many, OK)
    yield body("md-brackets-closed", "[" * many + "](" * 100 + "x" + ")" * many, EITHER)
    yield body("md-images", "![" * many, OK)
    yield body("md-links", "[a](" * 5_000, OK)
    yield body("md-stars", "*a **b " * 5_000, EITHER)
    yield body("md-star-run", "*" * many + "x" + "*" * many, EITHER)
    yield body("md-underscores", "_a__b" * 5_000, EITHER)
    yield body("md-ticks", "`" * many + "a" + "``" * 5_000, EITHER)
    yield body("md-tick-steps", " ".join("`" * n for n in range(1, 300)), EITHER)
    yield body("md-lists", "".join("  " * n + "- x\n" for n in range(300)), EITHER)
    yield body("md-list-run", "- " * 5_000 + "x", EITHER)
    yield body("md-html-open", "<div>" * many, EITHER)
    yield body("md-html-mix", "<a><b>" * 10_000 + "</a>" * 10_000, EITHER)
    yield body("md-tags-unclosed", "<b><i><p><table><td>x", EITHER)
    yield body("md-comment", "<!-- never closed", EITHER)
    yield body("md-comments", "<!--" * many, EITHER)
    yield body("md-cdata", "<![CDATA[ ]]> ]]> <![CDATA[", OK)
    yield body("md-declaration", '<!DOCTYPE x [<!ENTITY a "b">]> <?php echo 1 ?> <?xml version="1.0"?>', EITHER)
    yield body("md-table", "|" * 2_000 + "\n" + "|-" * 2_000 + "|\n" + "|x" * 2_000, EITHER)
    yield body("md-table-rows", "|a|b|\n|-|-|\n" + "|x\n" * many, EITHER)
    yield body("md-references", "".join(f"[r{n}]: https://x.example/{n}\n" for n in range(5_000)), EITHER)
    yield body("md-footnotes", "".join(f"x[^{n}]\n\n[^{n}]: y[^{n}]\n\n" for n in range(500)), EITHER)
    yield body("md-footnote-loop", "a[^1]\n\n[^1]: b[^2]\n\n[^2]: c[^1]\n", EITHER)
    yield body("md-entities", "&" * many + ";" * many + "&lt;" * many, OK)
    yield body("md-escapes", "\\" * many, OK)
    yield body("md-spaces", "a" + " " * 200_000 + "b", OK)
    yield body("md-blank-lines", "\n" * 200_000 + "x", OK)
    yield body("md-one-line", "x" * 900_000, OK)
    yield body("md-words", "天数智芯 " * 50_000, OK)
    yield body("md-links-bare", "https://x.example/ " * 3_000, OK)
    yield body("md-links-run", "http://" * 10_000, EITHER)
    yield body("md-mail", "a@b." * 10_000, EITHER)
    yield body("md-fence", "```" * 3_000, EITHER)
    yield body("md-fence-unclosed", "```python\nx = (", EITHER)
    yield body("md-fence-language", "```<script>../../x\ny\n```\n\n```\x01\nz\n```", EITHER)
    yield body("md-code-python", "```python\n" + "(" * 10_000 + "\n```", EITHER)
    yield body("md-headings", "#" * many + " x\n\n" + "# h\n\n" * 2_000, EITHER)
    yield body("md-heading-same", "## a\n\n" * 1_000, EITHER)
    yield body("md-definitions", "term\n: def\n\n" * 2_000, EITHER)
    yield body("md-tasks", "- [ ] a\n- [x] b\n" * 2_000, EITHER)
    yield body("md-more", "<!--more-->" * 1_000, EITHER)
    yield body("md-shortcodes", "{{< " * 5_000, EITHER)
    yield body("md-liquid", "{% raw %}{{ config.items() }}{% include '/etc/passwd' %}{% for x in y %}", EITHER)
    yield body("md-liquid-bomb", "{% assign a = '" + "x" * 400_000 + "' %}" + "{{a}}" * 100_000, EITHER)
    yield body("md-markdown-tags", "<div markdown=1>\n" * 25_000 + "</section>\n" * 45_000, EITHER)
    yield body("md-jinja", "{{ ''.__class__.__mro__ }} {{ request }} {# x #}", EITHER)
    yield body("md-cjk-emphasis", "**“强调”**文字" * 3_000, OK)
    yield body("md-base", '<base href="https://evil.example/"><p>x</p>', EITHER)
    yield body(
        "md-feeder-address",
        "[x](feeder:/site/../../etc/passwd) ![y](feeder:/asset/../x) [z](feeder:/entry/nope)",
        EITHER,
    )


def pictures() -> Iterator[Case]:
    targets = (
        "../../../../etc/passwd", "/etc/passwd", "file:///etc/passwd", "missing.png", "h/corrupt.png", "corrupt.png",
        "bomb.png", "zero.png", "text.png", "script.svg", "fake.heic", "fifo.png", "folder.png", "loop.png",
        "outside.png",
        "data:image/png;base64,AAAA", "javascript:alert(1)", "//x.example/y.png", "http://[", "%00.png", "..",
        ".", "?", "#",
        "a" * 3000 + ".png", "cut.png", "％2e％2e/x.png", "../h/../h/cut.png", "corrupt.gif", "cut.jpg",
    )  # fmt: skip
    for number, target in enumerate(targets):
        yield body(f"picture-{number:02}", f"![alt]({target})", EITHER)
    yield body(
        "picture-html",
        '<img src="bomb.png" onerror=x srcset="../../x.png 2x, cut.png 1x"><video poster=missing.png src=..>',
    )


def news_pages() -> Iterator[Case]:
    item = "## {}\n\n2024 年 {} 月 2 日，文字。\n\n"
    yield case(
        "page-undated",
        "# 页\n\n" + item.format("一", 3) + item.format("二", 2) + "## 三\n\n没有日期 MARK\n",
        NO,
        "",
        11,
    )
    yield case(
        "page-bad-date", "# 页\n\n" + item.format("一", 3) + item.format("二", 2) + item.format("三", 13) + "MARK\n", NO
    )
    yield case("page-twins", "# 页\n\n" + item.format("一", 3) * 3 + "MARK\n", EITHER)
    yield case(
        "page-many",
        "# 页\n\n" + "".join(f"## {n}\n\n2024-04-{n % 28 + 1:02} 文字\n\n" for n in range(300)) + "MARK\n",
        EITHER,
    )
    yield case(
        "page-markup", "# <script>\n\n" + item.format("<b>]]>", 3) + item.format("</title>", 2) + "MARK\n", EITHER
    )
    yield case("page-no-title", item.format("", 3) + item.format(" ", 2) + "MARK\n", EITHER)
    yield case("page-items-bad", "---\nitems: h9\n---\n# 页\n\n" + item.format("一", 3) + "MARK\n", NO, line=2)
    yield case("page-items-none", "---\nitems: h2\n---\n没有 MARK\n", NO)
    yield case("page-nested", "# 页\n\n> " + item.format("一", 3).replace("\n", "\n> ") + "\n\nMARK\n", NO)


def sizes() -> Iterator[Case]:
    head = f"---\ntitle: large\n{DATE}---\n".encode()
    yield case("size-5-mb", head + b"MARK\n" + b"x\n" * 2_500_000, NO)
    yield Case("entries/h/size-100-mb.md", NO, "", 0, lambda path: _sparse(path, 100 << 20))
    yield Case("entries/h/size-8-gb.md", NO, "", 0, lambda path: _sparse(path, 8 << 30))
    yield case("size-1-mib-and-1", head + b"MARK\n" + b"x" * ((1 << 20) - len(head) - 4), NO)


def special_files() -> Iterator[Case]:
    def at(name: str, expect: str, make: Callable[[Path], None], says: str = "") -> Case:
        return Case(f"entries/h/{name}", expect, says, 0, make)

    entry = f"---\ntitle: special\n{DATE}---\nMARK\n"

    def text(name: str) -> Callable[[Path], None]:
        return bytes_of(entry.replace("MARK", mark(name.rpartition(".")[0])).encode())

    yield at("link-out.md", NO, lambda p: p.symlink_to("/etc/hostname"))
    yield at("link-out-relative.md", NO, lambda p: p.symlink_to("../../../outside.md"))
    yield at("link-loop.md", NO, lambda p: p.symlink_to("link-loop.md"))
    yield at("link-dangling.md", NO, lambda p: p.symlink_to("nowhere.md"))
    yield at("link-dev-zero.md", NO, lambda p: p.symlink_to("/dev/zero"))
    yield at("folder-loop", IGNORED, lambda p: p.symlink_to(".."))
    yield at("folder-out", IGNORED, lambda p: p.symlink_to("/etc"))
    yield at("fifo.md", EITHER, os.mkfifo)
    yield at("socket.md", EITHER, _socket)
    yield at("folder.md", IGNORED, lambda p: p.mkdir())
    for name in (
        ".hidden.md",
        ".swap.md.swp",
        "backup.md~",
        "#auto.md#",
        ".#lock.md",
        "note.docx",
        "Makefile",
        "x.md.part",
    ):
        yield at(name, IGNORED, text(name))
    for name in (
        "空格 和 名字.md",
        'quote".md',
        "<b>.md",
        "a&b.md",
        "%41.md",
        "l" * 200 + ".md",
        "ünï.md",
        "'; drop.md",
        "-n.md",
    ):
        yield at(name, OK, text(name))
    yield at("upper.MD", EITHER, text("upper.MD"))
    yield at("new\nline.md", EITHER, text("new\nline.md"))
    yield at("esc\x1b[31m.md", EITHER, text("esc\x1b[31m.md"))
    yield at("\u202egpj.md", EITHER, text("\u202egpj.md"))
    yield at(os.fsdecode(b"latin-\xe9.md"), EITHER, text(os.fsdecode(b"latin-\xe9.md")))


def _sparse(path: Path, size: int) -> None:
    with path.open("wb") as file:
        file.truncate(size)


def _socket(path: Path) -> None:
    made = socket.socket(socket.AF_UNIX)
    made.bind(os.path.relpath(path))
    made.close()


def png(width: int, height: int, data: bytes) -> bytes:
    """A PNG that claims to be so large."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def write_pictures(folder: Path) -> None:
    good = png(2, 2, zlib.compress(b"\0\1\2\0\3\4"))
    (folder / "cut.png").write_bytes(good[:-20])
    (folder / "corrupt.png").write_bytes(good[:40] + b"garbage" * 9)
    (folder / "bomb.png").write_bytes(png(60_000, 60_000, zlib.compress(b"\0" * 1_000_000)))
    (folder / "zero.png").write_bytes(b"")
    (folder / "text.png").write_text("no picture")
    (folder / "fake.heic").write_bytes(b"\0\0\0\x18ftypheic" + b"\0" * 32)
    (folder / "corrupt.gif").write_bytes(b"GIF89a" + b"\xff" * 64)
    (folder / "cut.jpg").write_bytes(b"\xff\xd8\xff\xe0" + b"\0" * 32)
    (folder / "script.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'
    )
    os.mkfifo(folder / "fifo.png")
    (folder / "folder.png").mkdir()
    (folder / "loop.png").symlink_to("loop.png")
    (folder / "outside.png").symlink_to("/etc/hostname")


GROUPS = (
    bad_dates, good_dates, front_matter, encodings, titles, addresses, identities, keys, markdown, pictures, news_pages,
    sizes, special_files,
)  # fmt: skip


def corpus() -> list[Case]:
    """All cases; no two share a path."""
    cases = [case for group in GROUPS for case in group()]
    assert len({case.path for case in cases}) == len(cases)
    return cases


def write(root: Path) -> list[Case]:
    """Write the hostile folder below a publication's root, beside ten plain entries."""
    folder = root / "entries/h"
    folder.mkdir(parents=True)
    (root.parent / "outside.md").write_text(f"---\ntitle: outside\n{DATE}---\noutsidemark\n")
    here = Path.cwd()
    os.chdir(folder)  # A socket's path may hold 108 bytes.
    try:
        write_pictures(folder)
        for case in corpus():
            case.make(Path(case.path).relative_to("entries/h"))
    finally:
        os.chdir(here)
    for number in range(10):
        text = f"---\ntitle: plain {number}\ndate: 2024-05-{number + 1:02}\n---\n{mark(f'plain{number}')}\n"
        (root / f"entries/plain{number}.md").write_text(text)
    return corpus()
