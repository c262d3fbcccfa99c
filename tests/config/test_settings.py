"""feeder.toml: what is read, and what is said of every mistake."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support import cases

from feeder import config
from feeder.cli.problems import told
from feeder.config import checks, json_schema, load, rules
from feeder.config.places import Places
from feeder.config.settings import toml_key
from feeder.errors import SettingsError

Golden = Callable[[str, str | bytes], None]
SITE = '[site]\ntitle = "A"\nurl = "https://a.example/"\n'


def load_text(root: Path, text: str) -> config.Settings:
    (root / "feeder.toml").write_bytes(text.encode())
    return load(root)


def problems_of(root: Path, text: str) -> str:
    try:
        load_text(root, text)
    except SettingsError as error:
        return "".join(line + "\n" for line in told(error.problems, whole=True))
    return ""


def test_only_title_and_url_are_needed(tmp_path: Path) -> None:
    found = load_text(tmp_path, SITE)
    assert found == config.Settings(root=tmp_path, site=config.Site(title="A", url="https://a.example/"))


def test_every_key_is_read(tmp_path: Path) -> None:
    text = """
        [site]
        title = "天数智芯新闻"
        url = "https://news.example.org/sub"
        language = "zh-hans-cn"
        timezone = "Europe/Berlin"
        author = "新闻编辑部"
        email = "news@news.example.org"
        description = "芯片"
        rights = "CC BY 4.0"
        icon = "static/icon.png"
        authority = "news.example.org,2026"
        icp = "京ICP备1号"
        [entries]
        path = "content/posts/"
        permalink = "/posts/{year}-{month}-{day}/{page}/{slug}/"
        page_title = false
        items = "anchors"
        [feeds]
        size = 50
        also = ["index.xml", "/feed/index.xml"]
        hub = "https://hub.example/"
        bump = "any"
        [output]
        path = "/srv/www/news"
        layout = "generations"
        deploy = "true"
        compress = ["gz", "br"]
        [[follow]]
        feed = "https://blog.example/feed.xml"
        name = "Blog"
        [[follow]]
        feed = "https://other.example/feed.xml"
    """
    found = load_text(tmp_path, text)
    assert found.site.url == "https://news.example.org/sub/"
    assert found.site.language == "zh-Hans-CN"
    assert found.entries.path == "content/posts"
    assert found.feeds.also == ("index.xml", "feed/index.xml")
    assert found.output == config.Output(
        path="/srv/www/news", layout="generations", deploy="true", compress=("gz", "br")
    )
    assert [one.name for one in found.follow] == ["Blog", ""]


def test_all_mistakes_at_once(tmp_path: Path, golden: Golden) -> None:
    text = (Path(__file__).parent.parent / "fixtures/config/wrong.toml").read_text("utf-8")
    golden("cli/settings.txt", problems_of(tmp_path, text))


@pytest.mark.parametrize(("title", "text", "expected"), cases("config/mistakes.md"))
def test_mistakes(tmp_path: Path, title: str, text: str, expected: str) -> None:
    assert problems_of(tmp_path, text) == expected, title


def test_no_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path)
    assert "feeder init" in caught.value.hint
    assert caught.value.exit_code == 78


@pytest.mark.parametrize("data", [b"\xff\xfe[site]", '[site]\ntitle = "中"'.encode("gbk"), b"x" * (1 << 20) + b"yy"])
def test_no_text_or_too_much(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "feeder.toml").write_bytes(data)
    with pytest.raises(SettingsError) as caught:
        load(tmp_path)
    assert caught.value.problems[0].place.startswith("feeder.toml")


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path: Path) -> None:
    (tmp_path / "feeder.toml").write_bytes(b"\xef\xbb\xbf" + SITE.replace("\n", "\r\n").encode())
    assert load(tmp_path).site.title == "A"


KEYS = [f"{table}.{toml_key(field.name)}" for table, kind in rules.TABLES.items() for field in dataclasses.fields(kind)]
VALUES = st.one_of(
    st.text().map(json.dumps).map(lambda text: text.replace("\x7f", "")),
    st.integers(-(2**63), 2**63 - 1).map(str),
    st.sampled_from(
        ["true", "1.5", "[]", '["a"]', "{}", "[[]]", "1979-05-27", "nan", '"""\na"""', "[1, 'a']", "'../x'"]
    ),
)
PAIRS = st.lists(st.tuples(st.sampled_from([*KEYS, "site", "feeds", "follow", "x", "mail.y"]), VALUES), max_size=6)
ALIKE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@ALIKE
@given(st.one_of(st.text(), PAIRS.map(lambda pairs: "\n".join(f"{key} = {value}" for key, value in pairs))))
@example("[site]\ntitle='a'\nurl='http://[::1'")
@example("[site]\ntitle='a'\nurl='http://a:99999/'")
@example("a = " + "[" * 2000 + "]" * 2000)
@example("a = " + "1" * 5000)
@example("site.timezone = '" + "a" * 400 + "'")
@example("[[site]]")
@example("[[follow]]\nfeed = 'http://" + "ü" * 80 + "/'")
def test_nothing_but_settings_errors(tmp_path: Path, text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    problems_of(tmp_path, text)


@ALIKE
@given(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=8))
def test_places_are_those_of_the_keys(pairs: dict[str, str]) -> None:
    text = "# a comment = 1\n" + "\n\n".join(f"{key} = {value} # x" for key, value in pairs.items())
    try:
        tomllib.loads(text)
    except ValueError:
        return
    places = Places(text)
    for key in pairs:
        place = places.keys[tuple(key.split("."))]
        assert places.source(place.line).startswith(f"{key} = ")


@given(st.text())
def test_checks_only_ever_raise_wrong(value: str) -> None:
    for check in rules.CHECKS.values():
        try:
            done = check(value)
        except checks.Wrong:
            continue
        assert check(done) == done


def test_the_schema_knows_every_key_and_says_what_it_means() -> None:
    schema: dict[str, Any] = json_schema()
    for kind in rules.TABLES.values():
        part = schema["$defs"][kind.__name__]
        assert part["description"]
        assert list(part["properties"]) == [toml_key(field.name) for field in dataclasses.fields(kind)]
        assert all(len(value["description"]) > 10 for value in part["properties"].values())
    assert schema["$defs"]["Site"]["required"] == ["title", "url"]
    json.dumps(schema)
