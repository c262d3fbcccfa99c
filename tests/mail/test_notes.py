"""``notes/LIST.md``: what opens the next digest."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import Publication

from feeder.cli import main
from feeder.config import MailingList, Settings, Site
from feeder.errors import Problem
from feeder.mail.notes import Note, problems, read_note

Write = Callable[[str, str | bytes], None]


@pytest.fixture
def site(tmp_path: Path) -> Settings:
    (tmp_path / "notes").mkdir()
    lists = (MailingList(name="weekly"), MailingList(name="daily", title="每日"))
    return Settings(root=tmp_path, site=Site(title="新闻", url="https://news.example.org/sub/"), lists=lists)


@pytest.fixture
def write(site: Settings) -> Write:
    def write(name: str, text: str | bytes) -> None:
        (site.root / "notes" / name).write_bytes(text.encode() if isinstance(text, str) else text)

    return write


def told(found: list[Problem]) -> list[str]:
    return [str(problem) for problem in found]


def read(site: Settings, name: str = "weekly") -> Note:
    note = read_note(site, name)
    assert note is not None
    return note


def test_subject_and_preface(site: Settings, write: Write) -> None:
    write("weekly.md", "---\nsubject:  本周要闻：天数智芯 \n---\n\n各位读者，**你们好**。\n")
    note = read(site)
    assert note.subject == "本周要闻：天数智芯"
    assert note.preface_html == "<p>各位读者，<strong>你们好</strong>。</p>"
    assert problems(site) == []


@pytest.mark.parametrize("text", ["", "\n \n", "---\nsubject:\n---\n", "<!-- nothing yet -->\n", "---\n---\n"])
def test_nothing_in_it_is_no_note(site: Settings, write: Write, text: str) -> None:
    write("weekly.md", text)
    assert read_note(site, "weekly") is None
    assert problems(site) == []


def test_no_file_and_no_folder(site: Settings) -> None:
    assert read_note(site, "weekly") is None
    (site.root / "notes").rmdir()
    assert read_note(site, "weekly") is None
    assert problems(site) == []


def test_a_text_or_a_subject_alone(site: Settings, write: Write) -> None:
    write("weekly.md", "正文。")
    write("daily.md", "+++\nsubject = '今日'\n+++\n")
    assert (read(site).subject, read(site).preface_html) == ("", "<p>正文。</p>")
    assert (read(site, "daily").subject, read(site, "daily").preface_html) == ("今日", "")


def test_the_hash_is_that_of_the_bytes(site: Settings, write: Write) -> None:
    write("weekly.md", "正文。")
    first = read(site).hash
    write("weekly.md", "正文。\n")
    second = read(site).hash
    write("weekly.md", "正文。")
    assert len(first) == 32
    assert read(site).hash == first != second


def test_addresses_are_those_of_the_site(site: Settings, write: Write) -> None:
    write(
        "weekly.md",
        "[页](2026/11/) [订](/subscribe/) [条](../entries/a.md#two) [b](/b.md) [外](http://x.example/é) "
        "[信](mailto:a@b.example)",
    )
    public = {"entries/a.md": "https://news.example.org/sub/2026/11/a/"}.get
    note = read_note(site, "weekly", public)
    assert note is not None
    assert note.preface_html == (
        '<p><a href="https://news.example.org/sub/2026/11/">页</a> '
        '<a href="https://news.example.org/sub/subscribe/">订</a> '
        '<a href="https://news.example.org/sub/2026/11/a/#two">条</a> <a>b</a> '
        '<a href="http://x.example/%C3%A9">外</a> <a href="mailto:a@b.example">信</a></p>'
    )
    assert problems(site) == []
    links = [line for line in told(problems(site, public)) if "not public" in line]
    assert len(links) == 1
    assert links[0].startswith("notes/weekly.md: a link to entries/b.md, which is not public")


def test_nothing_active_goes_out(site: Settings, write: Write) -> None:
    active = '<script>alert(1)</script><b onclick="x()">fett</b> <a href="javascript:alert(1)">x</a>'
    write("weekly.md", f"{active}\n\n\x02unsubscribe\x03")
    html = read(site).preface_html
    assert "script" not in html
    assert "onclick" not in html
    assert "\x02" not in html  # that is how a hole stands in a digest
    assert "\x03" not in html
    assert any("taken out" in line for line in told(problems(site)))


def test_files_of_a_note_are_told_and_their_words_stay(site: Settings, write: Write) -> None:
    from PIL import Image

    Image.new("RGB", (4, 4)).save(site.root / "notes/card.png")
    write("weekly.md", "![卡](card.png)\n\n[下载](card.png) ![远](https://x.example/y.png)\n\n![无](gone.png)\n")
    html = read(site).preface_html
    assert "feeder:" not in html
    assert "<p>卡</p>" in html
    assert "下载" in html
    assert 'src="https://x.example/y.png"' in html
    lines = told(problems(site))
    assert any("notes/card.png is left out" in line for line in lines)
    assert any("image not found: gone.png" in line for line in lines)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("weekyl.md", "notes/weekyl.md: no list of that name (did you mean `weekly`?)"),
        ("Weekly.md", "notes/Weekly.md: no list of that name (did you mean `weekly`?)"),
        ("每日.md", "notes/每日.md: no list of that name (did you mean `daily`?)"),
        ("zzz.md", "notes/zzz.md: no list of that name (known are weekly, daily)"),
        ("weekly.txt", "notes/weekly.txt: a note ends in .md (call it notes/weekly.md)"),
    ],
)
def test_a_note_of_no_list(site: Settings, write: Write, name: str, line: str) -> None:
    write(name, "x")
    found = problems(site)
    assert told(found) == [line]
    assert found[0].rejects


def test_a_note_without_lists(site: Settings, write: Write) -> None:
    from dataclasses import replace

    write("weekly.md", "x")
    assert told(problems(replace(site, lists=()))) == [
        "notes/weekly.md: no list of that name (write [[lists]] with a name into feeder.toml)"
    ]


@pytest.mark.parametrize("name", [".weekly.md.swp", "weekly.md~", "#weekly.md#", "README.md", "other.txt", "a.png"])
def test_files_of_editors_and_others_are_left_alone(site: Settings, write: Write, name: str) -> None:
    write(name, "x")
    assert problems(site) == []


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("---\nsubjct: x\n---\n", "2: unknown key `subjct` (did you mean `subject`?)"),
        ("---\ntitle: x\n---\n", "2: unknown key `title` (did you mean `subject`?)"),
        ("---\ntags: [x]\n---\ny", "2: unknown key `tags` (a note has only `subject`, and its text)"),
        ("---\nsubject: [x, y]\n---\n", "2: `subject` is text"),
        ("---\nsubject: true\n---\n", "2: `subject` is text"),
        ("subject: 本周\n\n正文", "1: this line is text"),
        ("主题：本周\n\n正文", "1: this line is text"),
        (f"---\nsubject: {'长' * 201}\n---\n", "2: the subject has 201 characters"),
        ("---\nsubject: x\n", "1: the front matter has no end"),
        ('---\nsubject: "x\n---\n', "2: "),
    ],
)
def test_mistakes_name_their_line(site: Settings, write: Write, text: str, part: str) -> None:
    write("weekly.md", text)
    lines = told(problems(site))
    assert len(lines) == 1
    assert lines[0].startswith(f"notes/weekly.md:{part}")
    note = read_note(site, "weekly")
    assert note is None or len(note.subject) <= 200


@pytest.mark.parametrize(
    ("data", "part"),
    [
        ("subject".encode("utf-16"), "not UTF-8"),
        ("正文正文正文正文，这是一条消息。".encode("gb18030"), "not UTF-8"),
        (b"a" * ((1 << 20) + 1), "too large"),
    ],
)
def test_a_note_that_cannot_be_read_is_no_note(site: Settings, write: Write, data: bytes, part: str) -> None:
    write("weekly.md", data)
    assert read_note(site, "weekly") is None
    (line,) = told(problems(site))
    assert part in line


def test_a_link_out_of_the_publication_and_a_folder_are_no_notes(
    site: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "x.md"
    elsewhere.write_text("secret")
    os.symlink(elsewhere, site.root / "notes/weekly.md")
    (site.root / "notes/daily.md").mkdir()
    assert read_note(site, "weekly") is None
    assert read_note(site, "daily") is None
    assert [problem.place for problem in problems(site)] == ["notes/daily.md", "notes/weekly.md"]


@given(st.one_of(st.text(), st.text().map(lambda text: f"---\nsubject: {text}\n---\n{text}"), st.binary()))
def test_whatever_stands_in_it(site: Settings, write: Write, text: str | bytes) -> None:
    write("weekly.md", text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)
    note = read_note(site, "weekly")
    problems(site)
    if note is not None:
        assert note.subject.splitlines() in ([], [note.subject])
        assert not {"\x00", "\x02", "\x03"} & set(note.subject + note.preface_html)
        assert "feeder:/" not in note.preface_html or "feeder:/" in str(text)


def test_check_tells_what_is_wrong_with_notes(publication: Publication, capsys: pytest.CaptureFixture[str]) -> None:
    publication.configure('[[lists]]\nname = "weekly"\n')
    publication.entry("a", date="2026-01-05", title="甲")
    publication.write("notes/weekly.md", "下周放假。")
    publication.write("notes/monthly.md", "x")
    assert main.main(["check", "-C", str(publication.root)]) == 3
    told = capsys.readouterr().err
    assert "notes/monthly.md: no list of that name" in told
    assert "notes/weekly.md" not in told
