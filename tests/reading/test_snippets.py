"""Code that was coloured once is not coloured again, and comes out the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeder.reading import assets, markdown, snippets

CODE = 'def f(x: int) -> int:\n    return x * 2 if x < 10 & 3 else "<b>"\n'


def _html(text: str, store: assets.AssetStore) -> str:
    return markdown.render(text, path="entries/a.md", root=store.root, hashes=store).html


def test_the_same_code_is_found_again(tmp_path: pytest.TempPathFactory) -> None:
    store = assets.AssetStore(str(tmp_path))
    html = _html(f"甲\n\n```python\n{CODE}```\n", store)
    assert list(snippets.of([html])) == [("python", CODE)]


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=60))
def test_taking_it_over_gives_the_same_bytes(code: str) -> None:
    plain = assets.AssetStore("/nowhere", keep=False)
    text = f"```python\n{code}\nx = 1 < 2 & 3\n```\n"
    html = _html(text, plain)
    taught = assets.AssetStore("/nowhere", keep=False)
    taught.code = snippets.of([html])
    assert _html(text, taught) == html
