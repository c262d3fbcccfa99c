"""Whatever comes in paths and fields: never a fault of ours, and never anything that a browser would run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import example, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from mail.newsdesk import MAIL
from support import soak
from web.visitors import FORM, NOW, Answer, House, house

TRIES = effort(max_examples=soak(60, 3000))
LEADING = {"href", "src", "action", "formaction", "data", "srcset"}
SECRET = "onerror"
NASTY = st.sampled_from(
    [f"<script>{SECRET}</script>", f'" {SECRET}="1', f"' {SECRET}='1", "</title><script>", "{{ 7*7 }}", "javascript:x",
     "\x00", "\r\nX-Evil: 1", "\u202e", "\ud7ff", "%", "&#60;", "<!--", "]]>", "\u2028"]
)  # fmt: skip
TEXT = st.lists(NASTY | st.text(max_size=20), max_size=4).map("".join)
FIELDS = st.dictionaries(
    st.sampled_from(
        ["email", "frequency", "zone", "token", "do", "list", "hour", "language", "tag", "scope", "subject"]
    )
    | TEXT,
    TEXT,
    max_size=6,
)
BYTES = st.binary(max_size=60) | TEXT.map(lambda text: text.encode("utf-8", "replace"))


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    lines = MAIL.replace("[[lists]]", "[web.limits]\nprefix_per_hour = 0\ndomain_per_hour = 0\nper_hour = 0\n[[lists]]")
    with house(tmp_path_factory.mktemp("any"), lines=lines) as made:
        made.join()
        yield made


class Active(HTMLParser):
    """Collects what a browser would run or load."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            leads = name in LEADING and (value or "").strip().lower().startswith(("javascript:", "data:"))
            if name.startswith("on") or name == "style" or leads:
                self.found.append(f"{tag} {name}")
        if tag in ("iframe", "object", "embed", "base", "style"):
            self.found.append(tag)
        if tag == "script" and not re.fullmatch(r"/_feeder/form\.[0-9a-f]{8}\.js", dict(attrs).get("src") or ""):
            self.found.append("script")


def require_harmless(answer: Answer) -> None:
    assert answer.status < 500
    assert answer.headers["X-Evil"] is None
    if answer.headers.get_content_type() == "text/html":
        seen = Active()
        seen.feed(answer.text)
        assert seen.found == []


@TRIES
@given(BYTES, st.sampled_from(["", "subscribe/", "confirm/", "unsubscribe/", "preferences/", "_feeder/"]),
       st.sampled_from(["GET", "POST", "HEAD"]), st.booleans())  # fmt: skip
@example(b"..", "subscribe/", "GET", False)
@example(b"x\x00.y", "confirm/", "POST", True)
def test_any_path(opened: House, path: bytes, folder: str, method: str, plain: bool) -> None:
    safe = "/" if plain else ""
    require_harmless(opened.ask(method, f"/{folder}{quote_from_bytes(path, safe=safe)}"))


@TRIES
@given(FIELDS, st.booleans())
def test_any_fields_of_the_form(opened: House, fields: dict[str, str], with_token: bool) -> None:
    given_ = {name.encode("utf-8", "replace"): value.encode("utf-8", "replace") for name, value in fields.items()}
    if with_token:
        given_[b"token"] = opened.form_token().encode()
    require_harmless(opened.ask("POST", "/subscribe/weekly", given_))


@TRIES
@given(FIELDS, st.sampled_from(["", "/erase-not", "?done=x"]))
def test_any_fields_of_the_preferences(opened: House, fields: dict[str, str], rest: str) -> None:
    token = opened.tokens.make("preferences", 1, "weekly", NOW)
    given_ = {name.encode("utf-8", "replace"): value.encode("utf-8", "replace") for name, value in fields.items()}
    given_.setdefault(b"list", b"weekly")
    require_harmless(opened.ask("POST", f"/preferences/{token}{rest}", given_))
    require_harmless(opened.get(f"/preferences/{token}"))


@TRIES
@given(BYTES, st.sampled_from(["/subscribe/weekly", "/unsubscribe/{}", "/preferences/{}"]))
def test_any_body(opened: House, body: bytes, path: str) -> None:
    purpose = path.split("/")[1]
    token = opened.tokens.make("unsubscribe" if purpose == "unsubscribe" else "preferences", 1, "weekly", NOW)
    require_harmless(opened.ask("POST", path.format(token), body, {"Content-Type": FORM}))
