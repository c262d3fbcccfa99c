"""Whatever is posted, signed or not: it is refused or taken, and never a fault of ours."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import FIXTURES, Publication, soak
from webhook.hook import Hook, hook

from feeder.web.webhook import PROVIDERS

BODIES = [json.loads(path.read_text("utf-8"))["body"] for path in sorted((FIXTURES / "webhook").glob("*.json"))]
PROVIDERS_BY_NAME = ("ses", "postmark", "mailgun", "plain")

_texts = st.text() | st.sampled_from(
    ["\ud800", "\x00", "5.1.1", "reader@example.com", "<1.1.abcdefabcdef@example.org>", "opt-out", "9" * 5000, "a@b;c"]
)
_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hook]:
    root: Path = tmp_path_factory.mktemp("webhook") / "publication"
    with hook(Publication(root)) as opened:
        opened.reader()
        yield opened


def _spoilt(data: st.DataObject, body: Any) -> Any:
    """A real report in which something is anything."""
    body = copy.deepcopy(body)
    place = body
    while isinstance(place, dict | list) and place:
        key: Any = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        inner = place[key]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.booleans()):
            place[key] = data.draw(_values)
            break
        place = inner
    return body


@settings(max_examples=soak(150, 5000))
@given(data=st.data())
def test_any_signed_report(made: Hook, data: st.DataObject) -> None:
    provider = data.draw(st.sampled_from(PROVIDERS_BY_NAME))
    body = _spoilt(data, data.draw(st.sampled_from(BODIES))) if data.draw(st.booleans()) else data.draw(_values)
    if provider == "mailgun" and not isinstance(body, dict):
        body = {"event-data": body}
    assert made.send(provider, json.dumps(body))[0] in (200, 400)


@settings(max_examples=soak(100, 3000))
@given(
    path=st.sampled_from(sorted(PROVIDERS)),
    body=st.binary(max_size=300) | _values.map(lambda value: json.dumps(value).encode()),
    header=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60),
)
def test_any_bytes_of_strangers(made: Hook, path: str, body: bytes, header: str) -> None:
    name = {"": "X-Feeder-Signature", "postmark": "Authorization"}.get(path, "X-Amz-Sns-Message-Type")
    assert made.post(path, body, {name: header.strip().encode("latin-1").decode("latin-1")})[0] in (401, 403)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"1" * 6000,
        b"\xff\xfe[1]",
        b'{"kind":"hard","address":"' + b"a" * 200_000 + b'"}',
        b'{"kind":"bounce","verp":"' + b"a+1-1-" * 30_000 + b'"}',
        b'{"kind":"bounce","address":"' + b"@" * 200_000 + b'"}',
    ],
)
def test_bombs(made: Hook, body: bytes) -> None:
    for provider in ("postmark", "plain"):
        data, headers = getattr(made, f"_{provider}")(body.decode("latin-1"))
        assert made.post("" if provider == "plain" else provider, data, headers)[0] in (200, 400)
    for path in ("ses", "mailgun"):
        assert made.post(path, body)[0] == 403
