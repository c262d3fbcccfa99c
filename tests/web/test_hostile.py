"""Requests that no browser makes: every one is refused with a plain status, and nothing changes."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from mail.newsdesk import MAIL
from web.visitors import ENGLISH, FORM, NOW, House, house

from feeder.web import requests
from feeder.web.requests import LARGEST

PATHS = [
    "/subscribe/", "/subscribe/weekly", "/confirm/{confirm}", "/unsubscribe/{unsubscribe}",
    "/preferences/{preferences}", "/preferences/{data}/data.json", "/preferences/{data}/erase",
    "/preferences/{data}/data", "/healthz", "/metrics",
]  # fmt: skip
POSTED = PATHS[1:5] + PATHS[6:7]
CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    lines = MAIL.replace("[[lists]]", "[web.limits]\nprefix_per_hour = 0\ndomain_per_hour = 0\nper_hour = 0\n[[lists]]")
    with house(tmp_path_factory.mktemp("hostile"), ENGLISH, lines) as made:
        made.join()
        yield made


def filled(opened: House, path: str) -> str:
    purposes = ("confirm", "unsubscribe", "preferences", "data")
    return path.format(**{one: opened.tokens.make(one, 1, "weekly", NOW) for one in purposes})  # type: ignore[arg-type]


def status(data: bytes) -> int:
    found = re.match(rb"HTTP/1\.1 (\d{3}) ", data)
    return int(found[1]) if found else 0


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "get", "XYZZY"])
def test_other_methods_are_refused_with_those_that_there_are(opened: House, path: str, method: str) -> None:
    before = opened.everything()
    answer = opened.ask(method, filled(opened, path), {"do": "end-all", "scope": "all"})
    assert answer.status == 405
    assert answer.headers["Allow"] == ("GET, HEAD, POST" if path in POSTED else "GET, HEAD")
    assert opened.everything() == before


@pytest.mark.parametrize("path", [path for path in PATHS if path not in POSTED])
def test_a_post_where_there_is_no_button_is_refused(opened: House, path: str) -> None:
    assert opened.post(filled(opened, path)).status == 405


@pytest.mark.parametrize("path", POSTED)
def test_a_body_that_is_too_large_is_refused_before_it_is_read(opened: House, path: str) -> None:
    before = opened.everything()
    head = f"POST {filled(opened, path)} HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\n"
    announced = opened.raw(f"{head}Content-Length: {LARGEST + 1}\r\n\r\n".encode())
    assert status(announced) == 413
    chunk = b"%x\r\n%s\r\n" % (8192, b"a" * 8192)
    chunked = opened.raw(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + 3 * chunk)
    assert status(chunked) == 413
    assert b"connection: close" in chunked.lower()
    assert opened.everything() == before


def test_a_body_of_just_that_size_is_read(opened: House) -> None:
    fields = "email=x&token=" + "a" * (LARGEST - len("email=x&token="))
    assert opened.ask("POST", "/subscribe/weekly", fields, {"Content-Type": FORM}).status == 422


@pytest.mark.parametrize("path", POSTED)
def test_a_body_that_does_not_come_is_not_waited_for(opened: House, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "SLOWEST", 0.2)
    before = opened.everything()
    head = f"POST {filled(opened, path)} HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\n"
    for rest in ("Content-Length: 50\r\n\r\nemail=", "Transfer-Encoding: chunked\r\n\r\n5\r\nemail\r\n"):
        assert status(opened.raw((head + rest).encode())) == 408
    assert opened.everything() == before


def test_who_hangs_up_in_the_middle_has_done_nothing(opened: House) -> None:
    before = opened.everything()
    head = f"POST {filled(opened, PATHS[3])} HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\nscope=all"
    assert opened.raw(head.encode(), wait=0.2) == b""
    assert opened.get("/healthz").status == 200
    assert opened.everything() == before


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/json", "multipart/form-data; boundary=x", "text/html", "x" * 500, "form"]
)
def test_a_form_of_another_type_is_refused(opened: House, kind: str) -> None:
    before = opened.everything()
    for path in (PATHS[1], PATHS[4], PATHS[6]):
        answer = opened.ask("POST", filled(opened, path), b"do=end-all&email=a@b.example", {"Content-Type": kind})
        assert answer.status == 415
    assert opened.everything() == before


def test_too_many_fields_are_refused(opened: House) -> None:
    body = "&".join(f"a{n}=1" for n in range(1000))
    assert opened.ask("POST", "/subscribe/weekly", body, {"Content-Type": FORM}).status == 400


def test_of_fields_given_twice_the_first_counts(opened: House) -> None:
    body = f"email=one%40two.example&email=other%40two.example&token={opened.form_token()}&token=x"
    assert opened.ask("POST", "/subscribe/weekly", body, {"Content-Type": FORM}).status == 200
    assert opened.state("one@two.example") == "pending"
    assert opened.person("other@two.example") is None


@pytest.mark.parametrize(
    "field",
    ["%", "%zz", "%00", "a%00@b.example", "%ff%fe", "a@b.example%0d%0aBcc:x@y.example", "a%0a@b.example",
     "%ED%A0%80", "\xff", "a@b.example,c@d.example", "a@[127.0.0.1]", "%22a b%22@c.example", "a@b..example"],
)  # fmt: skip
def test_broken_bytes_in_a_field_are_no_address(opened: House, field: str) -> None:
    before = opened.everything()
    body = f"token={opened.form_token()}&email=".encode() + field.encode("latin-1")
    answer = opened.ask("POST", "/subscribe/weekly", body, {"Content-Type": FORM})
    assert answer.status == 422
    assert opened.everything() == before


@pytest.mark.parametrize(
    "target",
    ["/confirm/..%2f..%2fetc%2fpasswd", "/confirm/%00", "/confirm/%ff", "/confirm/%", "/confirm/", "/confirm/a/b",
     "/subscribe/..", "/subscribe/%2e%2e/confirm", "/subscribe/weekly/", "//evil.example/subscribe/weekly",
     "/subscribe//weekly", "/subscribe/WEEKLY", "/subscribe/weekly%00", "/subscribe/weekly%0d%0aX: y",
     "/_feeder/../feeder.toml", "/_feeder/", "/preferences/x/data.json", "/unsubscribe/" + "x" * 8000,
     "http://evil.example/subscribe/weekly", "/%E8%AE%A2%E9%98%85", "/healthz/", "/.feeder/mail.db", "*"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_tricks_in_the_path_lead_nowhere(opened: House, target: str, method: str) -> None:
    before = opened.everything()
    head = f"{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    data = opened.raw(head.encode("latin-1"))
    assert status(data) in (400, 404, 405)
    assert b"evil" not in data
    assert b"\nX:" not in data
    assert opened.everything() == before


def test_the_host_that_a_visitor_names_is_repeated_nowhere(opened: House) -> None:
    given = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "javascript", "Forwarded": "host=evil.example"}
    for path in (*PATHS[:6], "/subscribe", "/nothing", "/preferences/x/"):
        for method, body in (("GET", None), ("POST", {"email": "a@b.example"})):
            answer = opened.ask(method, filled(opened, path), body, {"Host": "evil.example", **given})
            assert "evil" not in str(answer.headers) + answer.text
    served = opened.ask("POST", filled(opened, PATHS[4]), {"do": "pause", "list": "weekly"}, {"Host": "evil.example"})
    assert served.headers["Location"].startswith("/preferences/")


POST = b"POST /subscribe/weekly HTTP/1.1\r\nHost: x\r\n"
NO_HTTP = {
    "version": b"GET / HTTP/9.9\r\n\r\n",
    "no version": b"GET /\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00",
    "byte in target": b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
    "NUL in target": b"GET /subscribe/\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
    "both lengths": POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "negative length": POST + b"Content-Length: -5\r\n\r\n",
    "two lengths": POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    "long header": b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
    "long target": b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "many headers": b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 20_000 + b"\r\n",
}


@pytest.mark.parametrize("data", NO_HTTP.values(), ids=NO_HTTP)
def test_what_is_no_http_ends_the_connection(opened: House, data: bytes) -> None:
    before = opened.everything()
    try:
        answer = opened.raw(data, wait=1)
    except ConnectionError:
        answer = b""
    assert status(answer) in (0, 400, 404, 408, 413, 415, 422, 431, 505)
    assert opened.everything() == before
    assert opened.get("/healthz").status == 200


@pytest.mark.parametrize("path", [*PATHS[:7], "/confirm/x"])
def test_every_answer_is_fenced(opened: House, path: str) -> None:
    answers = [opened.get(filled(opened, path)), opened.ask("PUT", filled(opened, path))]
    if path in POSTED[:2]:
        answers.append(opened.post(filled(opened, path), email="x"))
    for answer in answers:
        headers = answer.headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Robots-Tag"] == "noindex, nofollow"
        assert headers["Set-Cookie"] is None
        assert not CONTROL.search(answer.body)


def test_the_files_of_the_pages_are_kept_for_ever(opened: House) -> None:
    page = opened.get("/subscribe/weekly").text
    found = re.findall(r'(?:href|src)="(/_feeder/[^"]+)"', page)
    assert len(set(found)) == 3
    for path in found:
        answer = opened.get(path)
        assert answer.status == 200
        assert "immutable" in answer.headers["Cache-Control"]


def test_many_at_once_are_all_answered(opened: House) -> None:
    seen: list[int] = []

    def ask() -> None:
        seen.extend(opened.get("/subscribe/weekly").status for _ in range(5))

    threads = [threading.Thread(target=ask) for _ in range(20)]
    [one.start() for one in threads]
    [one.join() for one in threads]
    assert seen == [200] * 100


def test_a_fault_of_ours_says_so_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with house(tmp_path) as made:
        monkeypatch.setattr(requests.Form, "get", lambda *_: 1 / 0)
        answer = made.subscribe("a@b.example")
    assert answer.status == 500
    assert "ZeroDivision" not in answer.text
