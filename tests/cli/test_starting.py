"""``feeder init`` and ``feeder new``."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from support import Publication

from feeder import config
from feeder.cli import guesses, main, new
from feeder.errors import SettingsError
from feeder.importers import sites


@pytest.fixture
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    monkeypatch.setenv("TZ", "Asia/Shanghai")


def run(*argv: str | Path) -> int:
    return main.main([str(word) for word in argv])


@pytest.mark.usefixtures("chinese")
def test_init_guesses_and_leaves_settings_that_load(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("init", tmp_path / "my-news") == 0
    told = capsys.readouterr()
    assert told.out.splitlines() == ["feeder.toml", "entries/第一条消息.md", ".gitignore"]
    assert "next: `publish -C" in told.err
    found = config.load(tmp_path / "my-news")
    assert (found.site.title, found.site.language, found.site.timezone) == ("My news", "zh-CN", "Asia/Shanghai")
    assert found.site.url == "http://localhost:8000/"
    text = (tmp_path / "my-news/feeder.toml").read_text("utf-8")
    assert text.startswith("#:schema .feeder/feeder.schema.json\n")
    assert (tmp_path / "my-news/.feeder/feeder.schema.json").is_file()
    assert (tmp_path / "my-news/entries/第一条消息.md").read_text("utf-8").startswith("---\ntitle: 第一条消息\n")


@pytest.mark.usefixtures("chinese")
def test_every_commented_setting_is_a_setting_with_its_default(tmp_path: Path) -> None:
    run("init", tmp_path)
    file = tmp_path / "feeder.toml"
    text = uncommented(file.read_text("utf-8"))
    file.write_text(text, "utf-8")
    with pytest.raises(SettingsError) as caught:
        config.load(tmp_path)
    assert [one.message for one in caught.value.problems] == [
        'transport "smtp" needs a postal address', 'transport "smtp" needs a way to unsubscribe',
    ]  # fmt: skip
    text = text.replace('postal_address = ""', 'postal_address = "x"')
    file.write_text(text.replace('[web]\nurl = ""', '[web]\nurl = "https://s.example/"'), "utf-8")
    found = config.load(tmp_path)
    assert found.problems == ()
    assert found.entries == config.Entries()
    assert (found.output.layout, found.output.compress) == ("files", ("gz",))
    assert found.lists == (config.MailingList(name="weekly"),)
    assert (found.mail.smtp.port, found.mail.smtp.security) == (587, "starttls")


def uncommented(text: str) -> str:
    """The file with its commented tables and keys in force."""
    return re.sub(r"^# (\[|\w+ = )", r"\1", text, flags=re.MULTILINE)


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize("author", ['a"b', "<b>", "<", "新闻 <x@y.example>", "甲, 乙"])
def test_the_sender_in_the_example_is_one(tmp_path: Path, author: str) -> None:
    run("init", tmp_path, "--author", author)
    text = uncommented((tmp_path / "feeder.toml").read_text("utf-8")).replace('"smtp"', '"maildir"')
    (tmp_path / "feeder.toml").write_text(text, "utf-8")
    assert "news@example.org" in config.load(tmp_path).mail.from_


@pytest.mark.parametrize("name", ['a "b" \\ c', "新闻", "-x", "a\x7fb", "é\u0301 {x} %s"])
def test_any_folder_name_makes_good_settings(tmp_path: Path, name: str) -> None:
    assert run("init", "--", tmp_path / name) == 0
    assert config.load(tmp_path / name).site.title


def test_init_takes_what_it_is_told(tmp_path: Path) -> None:
    assert run("init", tmp_path, "--title", "T", "--url", "https://t.example", "--language", "en-gb",
               "--timezone", "Europe/London", "--author", "A") == 0  # fmt: skip
    found = config.load(tmp_path).site
    assert (found.title, found.url, found.language, found.author) == ("T", "https://t.example/", "en-GB", "A")
    assert (tmp_path / "entries/first-news.md").is_file()


def test_init_overwrites_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ".gitignore").write_text("mine\n")
    (tmp_path / "entries").mkdir()
    (tmp_path / "entries/a.md").write_text("x")
    assert run("init", tmp_path) == 0
    assert (tmp_path / ".gitignore").read_text() == "mine\n"
    assert [file.name for file in (tmp_path / "entries").iterdir()] == ["a.md"]
    assert "to .gitignore" in capsys.readouterr().err
    before = (tmp_path / "feeder.toml").read_bytes()
    assert run("init", tmp_path, "--title", "other") == 2
    assert (tmp_path / "feeder.toml").read_bytes() == before


def test_init_refuses_what_the_settings_would(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("init", tmp_path, "--language", "zh_CN") == 2
    assert "did you mean `zh-CN`?" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


SITES = {
    "Hugo": (
        {"hugo.toml": "baseURL = 'https://h.example/'\nlanguageCode = 'zh-cn'\ntitle = '博客'\n[a]\ntitle = 'no'\n"},
        ["content/posts"],
    ),
    "Jekyll": ({"_config.yml": 'title: "博客"\nurl: "https://h.example"\nbaseurl: ""\nlang: zh-CN\n'}, ["_posts"]),
    "Hexo": ({"_config.yml": "title: 博客 # name\nurl: https://h.example\nlanguage: zh-CN\n"}, ["source/_posts"]),
    "Pelican": (
        {"pelicanconf.py": "SITENAME = '博客'\nSITEURL = 'https://h.example'\nDEFAULT_LANG = 'zh-CN'\n"},
        ["content"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("generator", list(SITES))
def test_other_generators_sites_are_recognised(tmp_path: Path, generator: str) -> None:
    texts, folders = SITES[generator]
    site = Publication(tmp_path)
    for path, text in texts.items():
        site.write(path, text)
    for folder in folders:
        site.write(f"{folder}/2024-01-02-a.md", "---\ntitle: a\n---\n")
    found = sites.recognise(str(tmp_path))
    assert found is not None
    assert (found.generator, found.entries, found.title) == (generator, folders[0], "博客")
    assert run("init", tmp_path) == 0
    made = config.load(tmp_path)
    assert made.entries.path == folders[0]
    assert (made.site.title, made.site.url, made.site.language) == ("博客", "https://h.example/", "zh-CN")
    assert len(list((tmp_path / folders[0]).iterdir())) == 1


def test_a_plain_folder_is_no_site(tmp_path: Path) -> None:
    (tmp_path / "_config.yml").write_bytes(b"\xff\x00")
    assert sites.recognise(str(tmp_path)) is None


def test_guesses_without_anything_to_go_by(tmp_path: Path) -> None:
    assert guesses.language({}) == "en"
    assert guesses.language({"LC_ALL": "C.UTF-8", "LANG": "de_AT@euro"}) == "de-AT"
    assert guesses.timezone({}, tmp_path) == "UTC"
    assert guesses.timezone({"TZ": ":Europe/Berlin"}, tmp_path) == "Europe/Berlin"
    assert guesses.timezone({"TZ": "CST-8"}, tmp_path) == "UTC"
    (tmp_path / "timezone").write_text("Asia/Tokyo\n")
    assert guesses.timezone({}, tmp_path) == "Asia/Tokyo"
    assert guesses.title(Path("/")) == "News"


def test_new_makes_a_draft_and_prints_its_path(publication: Publication, capsys: pytest.CaptureFixture[str]) -> None:
    for expected in ("entries/新品-发布.md", "entries/新品-发布-2.md"):
        assert run("new", "-C", publication.root, "新品：发布") == 0
        assert capsys.readouterr().out == f"{expected}\n"
    text = (publication.root / "entries/新品-发布.md").read_text("utf-8")
    assert text.startswith('---\ntitle: "新品：发布"\ndate: ')
    assert "\ndraft: true\n---\n" in text


def test_new_works_with_feeders_own_directory_option(publication: Publication) -> None:
    assert run("-C", publication.root, "new", "--no-draft", "--page", "Page one") == 0
    text = (publication.root / "entries/page-one.md").read_text("utf-8")
    assert text.startswith("---\nitems: h2\n---\n\n# Page one\n\n## 第一条\n\n")


def test_new_in_jekylls_folder_dates_the_file_name(publication: Publication) -> None:
    publication.configure('[entries]\npath = "_posts"\n')
    assert run("new", "-C", publication.root, "Hi") == 0
    (file,) = (publication.root / "_posts").iterdir()
    assert file.name.endswith("-hi.md")
    assert len(file.name) == len("2026-01-01-hi.md")


def test_a_new_page_in_english() -> None:
    moment = datetime(2026, 11, 2, 9, 0, tzinfo=ZoneInfo("UTC"))
    assert "## First item\n\n2 November 2026: \n" in new.page_text("T", moment, "en")


@pytest.mark.parametrize("title", ["", "  ", "\n"])
def test_an_entry_needs_a_title(publication: Publication, title: str) -> None:
    assert run("new", "-C", publication.root, title) == 2
