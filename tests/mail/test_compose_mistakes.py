"""A mistake in a publication's template of mail is named with its file and line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from mail.editions import WEEKLY, composer, edition, entry

from feeder.pages.templating import BadTemplateError


@pytest.mark.parametrize(
    ("name", "text", "line", "message"),
    [
        ("entry.html", "\n{{ nowhere }}", 2, "'nowhere' is undefined"),
        ("entry.txt", "\n\n{{ entry.titel }}", 3, "titel"),
        ("footer.html", "{% if %}", 1, "Expected an expression"),
        ("digest.html", '{% extends "mail/frame.html" %}\n{% block main %}', 2, "endblock"),
        ("style.css", "\n{{ 1 / 0 }}", 2, "division by zero"),
    ],
)
def test_a_mistake_is_named_with_its_line(name: str, text: str, line: int, message: str, tmp_path: Path) -> None:
    folder = tmp_path / "templates/mail"
    folder.mkdir(parents=True)
    (folder / name).write_text(text)
    with pytest.raises(BadTemplateError, match=re.escape(message)) as caught:
        composer(tmp_path).digest(WEEKLY, edition(entry()))
    assert caught.value.problems[0].place == f"templates/mail/{name}:{line}"
    assert caught.value.exit_code == 78
