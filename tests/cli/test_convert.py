"""``feeder convert``."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import Publication

from feeder.cli import convert, main

SIMPLIFIED = "# 订单接近 2 亿元\n\n2024 年 4 月 2 日消息，天数智芯的新闻稿：我们的产品已经开始发货。\n"
TRADITIONAL = "# 訂單\n\n這是我們的新聞，產品已經開始出貨，會在今年完成。\n"
JAPANESE = "# お知らせ\n\nこれは新しいニュースです。カタカナも使います。\n"
KOREAN = "# 소식\n\n안녕하세요. 새로운 소식을 알려 드립니다.\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (SIMPLIFIED, "gbk"),
        (SIMPLIFIED, "gb18030"),
        (SIMPLIFIED, "utf-16"),
        (SIMPLIFIED, "utf-16-le"),
        (SIMPLIFIED, "utf-16-be"),
        (TRADITIONAL, "big5"),
        (JAPANESE, "shift_jis"),
        (KOREAN, "euc_kr"),
        ("plain text in ASCII\n", "utf-16"),
        ("plain text in ASCII\n", "utf-16-le"),
    ],
)
def test_the_bytes_tell_the_encoding(publication: Publication, text: str, encoding: str) -> None:
    file = publication.write("entries/deep/a.md", text.encode(encoding))
    file.chmod(0o640)
    assert main.main(["convert", "-C", str(publication.root), str(file)]) == 0
    assert file.read_text("utf-8") == text
    assert file.stat().st_mode & 0o777 == 0o640
    assert (publication.root / ".feeder/converted/entries/deep/a.md").read_bytes() == text.encode(encoding)
    assert [one.name for one in file.parent.iterdir()] == ["a.md"]


@pytest.mark.parametrize("data", [SIMPLIFIED.encode(), b"", b"ascii", SIMPLIFIED.encode("utf-8-sig")])
def test_utf8_is_left_alone(publication: Publication, data: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    file = publication.write("entries/a.md", data)
    assert main.main(["convert", "-C", str(publication.root), str(file)]) == 0
    assert file.read_bytes() == data
    assert "UTF-8 already" in capsys.readouterr().out
    assert not (publication.root / ".feeder/converted").exists()


def test_no_original_is_lost(publication: Publication) -> None:
    for text in ("一的是了", "二的是了"):
        file = publication.write("entries/a.md", text.encode("gbk"))
        assert main.main(["-C", str(publication.root), "convert", str(file)]) == 0
    kept = publication.root / ".feeder/converted/entries"
    assert (kept / "a.md").read_bytes() == "一的是了".encode("gbk")
    assert (kept / "a.md.2").read_bytes() == "二的是了".encode("gbk")


def test_one_may_name_the_encoding(publication: Publication, capsys: pytest.CaptureFixture[str]) -> None:
    file = publication.write("entries/a.md", "Grüße".encode("cp1252"))
    argv = ["convert", "-C", str(publication.root), "--from"]
    assert main.main([*argv, "klingon", str(file)]) == 2
    assert main.main([*argv, "rot13", str(file)]) == 2
    assert main.main([*argv, "utf-16", str(file)]) == 3
    assert "--from" in capsys.readouterr().err
    assert main.main([*argv, "cp1252", str(file)]) == 0
    assert file.read_text("utf-8") == "Grüße"
    assert main.main([*argv, "cp1252", str(file.parent / "none.md")]) == 1


def test_a_link_stays_a_link(publication: Publication) -> None:
    file = publication.write("entries/a.md", SIMPLIFIED.encode("gbk"))
    link = publication.root / "entries/b.md"
    link.symlink_to("a.md")
    assert main.main(["convert", "-C", str(publication.root), str(link)]) == 0
    assert link.is_symlink()
    assert file.read_text("utf-8") == SIMPLIFIED


@given(st.binary())
def test_any_bytes_are_guessed_to_something_that_decodes(data: bytes) -> None:
    found = convert.guess(data)
    if found:
        convert.decode(data, found).encode("utf-8")


@given(st.text(alphabet=convert._COMMON, min_size=4), st.sampled_from(["gbk", "utf-16", "gb18030"]))
def test_common_chinese_comes_back(text: str, encoding: str) -> None:
    data = text.encode(encoding)
    if convert.guess(data) != "utf-8":
        assert convert.decode(data, convert.guess(data)) == text


def test_outside_the_publication_the_name_is_kept(publication: Publication, tmp_path: Path) -> None:
    file = tmp_path / "elsewhere.md"
    file.write_bytes(SIMPLIFIED.encode("gbk"))
    assert main.main(["convert", "-C", str(publication.root), str(file)]) == 0
    assert (publication.root / ".feeder/converted/elsewhere.md").is_file()
