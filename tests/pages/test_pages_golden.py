"""Every kind of page, byte for byte; ``pytest --golden`` rewrites them after a change that was meant."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from pages import page_samples

from feeder.pages.site import Pages

HASHED = re.compile(r"(assets/(?:style|feed|icon))\.[0-9a-f]{8}\.")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_page_is_as_it_was(language: str, tmp_path: Path, golden: Callable[[str, str], None]) -> None:
    pages = Pages(page_samples.settings(tmp_path, language), digests="digests/")
    for document in page_samples.documents(pages, language):
        if document.path.endswith((".html", ".xml", ".txt")):
            golden(f"pages/{language}/{document.path}", HASHED.sub(r"\1.HASH.", document.body.decode()))


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_same_again_from_another_folder(language: str, tmp_path: Path) -> None:
    once, again = (
        [
            (d.path, d.body)
            for d in page_samples.documents(
                Pages(page_samples.settings(tmp_path / name, language), digests="digests/"), language
            )
        ]
        for name in ("a", "b")
    )
    assert once == again
