"""A publication's own templates: found, and their mistakes named."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from pages import page_samples
from support import CHECKOUT

from feeder.errors import SettingsError
from feeder.pages.site import Pages
from feeder.pages.templating import BadTemplateError, defaults


def own(root: Path, name: str, text: str) -> Pages:
    file = root / "templates" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    return Pages(page_samples.settings(root))


def test_a_file_of_the_same_name_takes_the_place_of_ours(tmp_path: Path) -> None:
    pages = own(tmp_path, "footer.html", "<footer>我的 {{ site.title }}</footer>\n")
    body = pages.entry(page_samples.entry()).body.decode()
    assert "<footer>我的 芯片观察</footer>" in body
    assert 'class="masthead"' in body


def test_a_stylesheet_of_ones_own_gets_an_address_of_its_own(tmp_path: Path) -> None:
    ours = Pages(page_samples.settings(tmp_path)).assets()[0]
    theirs = own(tmp_path, "style.css", "body { color: red }\n").assets()[0]
    assert theirs.body == b"body { color: red }\n"
    assert theirs.path != ours.path


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("<p>\n{{ nowhere }}\n</p>\n", 2, "'nowhere' is undefined"),
        ("<p>\n\n{{ site.titel }}", 3, "titel"),
        ("{% if %}", 1, "Expected an expression"),
        ("\n{{ 1 / 0 }}", 2, "division by zero"),
        ("\n\n{{ site.title.nothing() }}", 3, "nothing"),
        ("{% block main %}", 1, "endblock"),
    ],
)
def test_a_mistake_is_named_with_its_line(text: str, line: int, message: str, tmp_path: Path) -> None:
    pages = own(tmp_path, "404.html", text)
    with pytest.raises(BadTemplateError, match=re.escape(message)) as caught:
        pages.not_found()
    assert caught.value.problems[0].place == f"templates/404.html:{line}"
    assert caught.value.exit_code == 78
    assert isinstance(caught.value, SettingsError)


def test_a_template_that_asks_for_one_that_is_not_there(tmp_path: Path) -> None:
    pages = own(tmp_path, "404.html", '{% extends "mine.html" %}')
    with pytest.raises(BadTemplateError, match=r"mine\.html"):
        pages.not_found()


def test_the_fingerprint_tells_when_pages_may_differ(tmp_path: Path) -> None:
    before = Pages(page_samples.settings(tmp_path / "a")).fingerprint()
    (tmp_path / "b").mkdir()
    assert Pages(page_samples.settings(tmp_path / "b")).fingerprint() == before
    changed = own(tmp_path / "b", "macros.html", "{# mine #}").fingerprint()
    assert changed != before
    os.utime(tmp_path / "b/templates/macros.html", (1, 1))
    assert Pages(page_samples.settings(tmp_path / "b")).fingerprint() == changed
    (tmp_path / "b/templates/.macros.html.swp").write_text("x")
    assert Pages(page_samples.settings(tmp_path / "b")).fingerprint() == changed


def test_compiled_templates_are_kept_and_can_be_done_without(tmp_path: Path) -> None:
    first = Pages(page_samples.settings(tmp_path)).not_found()
    kept = sorted((tmp_path / ".feeder/templates").iterdir())
    assert kept
    for file in kept:
        file.write_bytes(b"damaged")
    assert Pages(page_samples.settings(tmp_path)).not_found() == first
    other = tmp_path / "other"
    other.mkdir()
    (other / ".feeder").write_text("a file where a folder should be")
    assert Pages(page_samples.settings(other)).not_found() == first


def test_every_template_is_described() -> None:
    described = (CHECKOUT / "docs/reference/templates.md").read_text("utf-8")
    assert [file.name for file in defaults().glob("*.*") if f"`{file.name}`" not in described] == []
