"""What holds for every file: nothing raises, the same bytes read the same, ids have something to hold on to."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading.fixture_files import SETTINGS, cases

from feeder.model import Entry, Reading
from feeder.reading import read_text
from feeder.reading.text import FORBIDDEN, SIZE_LIMIT, guess

PAGE = next(case.given for case in cases("newspages.md") if case.title == "A company's page")
PIECES = [
    *(
        "---\n",
        "+++\n",
        "{",
        "}",
        "title: ",
        "date: ",
        "2024-04-02",
        "2026-02-30",
        "\n",
        "\n\n",
        "\t",
        "- ",
        "[",
        "]",
        "'",
    ),
    *(
        '"',
        "&a ",
        "*a",
        "# ",
        "## ",
        "### ",
        "```\n",
        "<!-- ",
        " -->",
        "<div>",
        "2024 年 4 月 2 日，",
        "items: h2\n",
        "draft: ",
    ),
    *(
        "true",
        "slug: ../",
        "tags: ",
        "a, b",
        "===\n",
        "\r",
        "\r\n",
        "\ufeff",
        "\0",
        "\x1b",
        "\ufffe",
        "[a](",
        "https://a.b/",
        ")",
    ),
    *("[a]: ", "![", "{{< x >}}", "{% y %}", ": ", "id: x\n", "<!--more-->", "via: ", "audio: ", "image: ", "|", "> "),
]


def read(text: str | bytes, path: str = "entries/a.md") -> Reading:
    return read_text(path, text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"), SETTINGS)


def entry(text: str, path: str = "entries/2024-04-02-a.md") -> Entry:
    (only,) = read(text, path).entries
    return only


def sound(reading: Reading) -> None:
    """No problem without a place and message; nothing that feeds may not carry; something is said of what is bad."""
    for problem in reading.problems:
        assert problem.path == reading.path
        assert problem.message
    assert not reading.bad or any(problem.rejects for problem in reading.problems)
    for each in reading.entries:
        text = f"{each.title}{each.summary}{each.html}{each.slug}{each.tags}{each.authors}{each.via}{each.correction}"
        assert not FORBIDDEN.search(text)
        assert each.title
        assert each.anchor not in reading.bad
    anchors = [each.anchor for each in reading.entries]
    assert len(anchors) == len(set(anchors))


@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    sound(read(data))


@given(st.text(st.characters(), max_size=300))
def test_any_text(text: str) -> None:
    sound(read(text, "entries/2024-04-02-a.md"))


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=40))
def test_any_mixture(pieces: list[str]) -> None:
    text = "".join(pieces)
    sound(read(text))
    sound(read(f"---\ndate: 2024-04-02\n{text}\n---\n{text}"))


@given(st.lists(st.sampled_from(PIECES), max_size=30))
def test_same_bytes_read_the_same(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert read(text) == read(text)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            "---\ntitle: 订单接近两亿元\n---\n我们今天发布了新的产品。".encode("gb18030"),
            "not UTF-8 at byte 11 (looks like GB18030)",
        ),
        (
            "---\ntitle: 訂單接近兩億元\n---\n我們今天發布了新的產品。".encode("big5"),
            "not UTF-8 at byte 11 (looks like Big5)",
        ),
        ("title: 订单".encode("utf-16"), "not UTF-8 at byte 0 (looks like UTF-16)"),
        ("title: order\n".encode("utf-16-le"), "not UTF-8 at byte 1 (looks like UTF-16)"),
        ("title: order\n".encode("utf-16-be"), "not UTF-8 at byte 0 (looks like UTF-16)"),
        ("café au lait, s'il vous plaît".encode("latin-1"), "not UTF-8 at byte 3 (looks like Windows-1252)"),
        ("订单".encode()[:-1], "not UTF-8 at byte 3"),
        (b"x" * (SIZE_LIMIT + 1), "too large: 1.0 MiB"),
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf", "the file is empty"),
    ],
)
def test_bytes_that_are_no_entry(data: bytes, message: str) -> None:
    reading = read(data)
    assert [problem.message for problem in reading.problems] == [message]
    assert reading.problems[0].rejects
    assert reading.bad == {""}


def test_guess_is_a_codec_that_reads_the_file() -> None:
    for codec, text in [
        ("gb18030", "今天发布新的产品"),
        ("big5", "今天發布新的產品"),
        ("utf-16", "今天"),
        ("utf-32", "今天"),
    ]:
        data = text.encode(codec)
        assert data.decode(guess(data)) == text


def test_lone_surrogates_are_left_out_and_named() -> None:
    reading = read(b"---\ndate: 2024-04-02\n---\na \xed\xa0\x80b \xed\xa0\xbd\xed\xb8\x80\n")
    assert "<p>a b 😀</p>" in reading.entries[0].html
    assert [str(problem) for problem in reading.problems] == [
        "entries/a.md:4: U+D800 (lone surrogate) is not allowed in feeds; it is left out (delete it)"
    ]


def test_bom_and_line_ends_change_nothing() -> None:
    plain = "---\ntitle: A\ndate: 2024-04-02\n---\nOne.\n\nTwo.\n"
    for other in (plain.replace("\n", "\r\n"), plain.replace("\n", "\r"), "\ufeff" + plain):
        assert read(other) == read(plain)


def test_hash_is_of_title_source_and_enclosures() -> None:
    first = entry("---\ntitle: A\n---\nText.\n")
    assert entry("---\ntitle: A\n---\nText.  \n\n\n").hash == first.hash
    assert entry("---\ntitle: A\ntags: x\nupdated: 2025-01-01\n---\nText.\n").hash == first.hash
    assert entry("---\ntitle: B\n---\nText.\n").hash != first.hash
    assert entry("---\ntitle: B\n---\nText.\n").body_hash == first.body_hash
    assert entry("---\ntitle: A\naudio: https://example.org/a.mp3\n---\nText.\n").hash != first.hash
    changed = entry("---\ntitle: A\n---\nText!\n")
    assert changed.hash != first.hash
    assert changed.body_hash != first.body_hash


def test_an_item_moved_to_a_file_of_its_own_keeps_its_body_hash() -> None:
    item = read(PAGE).entries[0]
    lines = PAGE.split("\n")
    start = lines.index("## 新一代推理卡")
    end = lines.index("## 完成新一轮融资")
    alone = entry("\n".join(["# 新一代推理卡", *lines[start + 1 : end]]))
    assert (alone.title, alone.body_hash) == (item.title, item.body_hash)


def test_items_keep_anchor_and_body_hash_when_one_is_added_or_two_are_swapped() -> None:
    intro, *items = PAGE.split("\n## ")
    before = {each.anchor: each.body_hash for each in read(PAGE).entries}
    swapped = read("\n## ".join([intro, items[1], items[0], *items[2:]]))
    assert {each.anchor: each.body_hash for each in swapped.entries} == before
    added = read("\n## ".join([intro, "新\n\n2026 年 4 月 1 日，新。\n", *items]))
    assert {each.anchor: each.body_hash for each in added.entries[1:]} == before
    renamed = read(PAGE.replace("## 首款芯片", "## 第一款芯片"))
    assert [each.body_hash for each in renamed.entries] == list(before.values())


def test_lines_of_items_are_those_of_the_file() -> None:
    text = f"---\ntags: x\n---\n{PAGE}"
    for each in read(text).entries:
        assert text.split("\n")[each.line - 1] == f"## {each.title}"


def test_problems_of_an_item_have_the_line_of_the_file() -> None:
    first = "## 一\n<!-- tags: y -->\n\n2024 年 4 月 2 日，一。\n\n![图](无.png)\n"
    text = f"---\ntags: x\n---\n# 公司\n\n{first}\n## 二\n\n2024 年 4 月 1 日，二。\n"
    reading = read(text)
    assert [problem.place for problem in reading.problems] == ["entries/a.md:11"]
    assert reading.entries[0].tags == ("公司", "x", "y")


def test_a_bad_day_in_a_comment_is_shown_where_it_stands() -> None:
    text = "## 一\n<!-- date: 2026-02-30 -->\n文。\n\n## 二\n\n2024 年 4 月 1 日，二。\n"
    (problem,) = read(text).problems
    assert (problem.place, problem.source, problem.column) == ("entries/a.md:2", "<!-- date: 2026-02-30 -->", 12)


def test_very_many_problems_are_counted() -> None:
    text = "---\nitems: h2\n---\n" + "## a\n\nb\n\n" * 100
    reading = read(text)
    assert len(reading.problems) == 31
    assert reading.problems[-1].message == "and 70 more problems in this file"
    assert len(reading.bad) == 100


def test_what_is_hostile_is_refused() -> None:
    bomb = "---\na: &a [x, x]\n" + "".join(f"b{n}: &b{n} [*a, *a]\n" for n in range(9)) + "---\n"
    for text in (
        bomb,
        "---\na: " + "[" * 30_000 + "\n---\n",
        "+++\na = " + "[" * 30_000 + "\n+++\n",
        "+++\n" + "a." * 20_000 + "b = 1\n+++\n",
        '{"a":' * 10_000,
        "---\na: " + "x" * 70_000 + "\n---\n",
        '{"a": ' + "1" * 60_000 + "}",
        "## 2024-04-02\n\n" * 20_000,
    ):
        reading = read(text)
        assert reading.bad == {""}
        assert len(reading.problems) == 1
        sound(reading)


def test_an_item_has_the_language_and_lists_of_its_page() -> None:
    reading = read(f"---\nlang: en\nlists: [weekly]\nexpires: 2034-01-01\n---\n{PAGE}")
    assert {(each.language, each.lists, each.expires is not None) for each in reading.entries} == {
        ("en", ("weekly",), True)
    }


def test_co_located_image_and_enclosure(tmp_path: Path) -> None:
    (tmp_path / "entries").mkdir()
    (tmp_path / "entries/a.mp3").write_bytes(b"ID3" + bytes(97))
    text = "---\ndate: 2024-04-02\naudio: {file: a.mp3, duration: 90, title: 第一集}\nimage: none.png\n---\nText.\n"
    reading = read_text("entries/a.md", text.encode(), replace(SETTINGS, root=tmp_path))
    (enclosure,) = reading.entries[0].enclosures
    assert (enclosure.media_type, enclosure.length, enclosure.seconds, enclosure.title) == (
        "audio/mpeg",
        100,
        90,
        "第一集",
    )
    assert [asset.source for asset in reading.entries[0].assets] == ["entries/a.mp3"]
    assert "entries/none.png" in reading.absent


def test_a_picture_whose_name_has_other_capitals_is_named(tmp_path: Path) -> None:
    (tmp_path / "entries").mkdir()
    (tmp_path / "static").mkdir()
    (tmp_path / "static/Card.PNG").write_bytes(b"")
    if (tmp_path / "static/card.png").exists():
        pytest.skip("this file system takes upper and lower case for the same")
    text = "---\ntitle: x\ndate: 2024-04-02\n---\n![a](card.png)\n"
    (told,) = read_text("entries/a.md", text.encode(), replace(SETTINGS, root=tmp_path)).problems
    assert told.message == "image not found: card.png"
    assert told.hint.startswith("there is static/Card.PNG: write upper and lower case as there")


def test_yaml_is_only_imported_for_yaml() -> None:
    code = """if True:
        import sys
        from reading.fixture_files import SETTINGS
        from feeder.reading import read_text
        json = b'{"date": "2024-04-02"}\\nText.'
        for text in (b'+++\\ndate = 2024-04-02\\n+++\\nText.', json, b'Date: 2024-04-02\\n\\nText.'):
            (entry,) = read_text("entries/a.md", text, SETTINGS).entries
            assert entry.date.day == "2024-04-02"
        print("yaml" in sys.modules, "PIL" in sys.modules)
    """
    here = Path(__file__).resolve().parent.parent
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": f"{here}:{here.parent}"},
        check=True,
    )
    assert found.stdout.strip() == "False False"


def test_problems_are_told_in_the_order_of_their_lines() -> None:
    text = '---\ntitel: x\ndate: 2024-04-02\n---\n\n{{< figure src="/a.png" >}}\n\n![b](/b.png)\n\n[c](/%zz)\n'
    places = [problem.place for problem in read_text("entries/a.md", text.encode(), SETTINGS).problems]
    assert places == ["entries/a.md:2", "entries/a.md:6", "entries/a.md:8"]


def test_a_full_width_blank_after_the_mark_of_a_heading_is_named() -> None:
    text = "# 某公司\n\n##\u3000甲\n\n2026 年 3 月 5 日，甲。\n\n## 乙\n\n2025 年 3 月 5 日，乙。\n"
    (problem,) = read_text("entries/p.md", text.encode(), SETTINGS).problems
    assert (problem.place, problem.hint) == ("entries/p.md:3", "write an ordinary blank after it")
