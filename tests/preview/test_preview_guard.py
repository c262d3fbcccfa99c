"""Whom the preview answers: nobody but this machine's own pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from preview.room import Room, preview, stocked
from support import Publication


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with preview(stocked(Publication(tmp_path_factory.mktemp("publication")))) as made:
        yield made


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "", "localhost.", "[::"]
)
def test_a_name_that_is_not_this_machine_is_refused(room: Room, host: str) -> None:
    for path in ("/page/", "/site/auto/", "/events", "/own/preview.js"):
        assert room.get(path, Host=host).status == 421


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000", "LOCALHOST"])
def test_this_machine_is_answered_by_each_of_its_names(room: Room, host: str) -> None:
    assert room.get("/problems", Host=host).status == 200


@pytest.mark.parametrize(
    "path", ["/page/", "/board", "/list?q=a", "/clip/2026/11/chips/", "/events", "/feed/feed.atom"]
)
def test_the_page_of_another_site_reads_nothing(room: Room, path: str) -> None:
    assert room.get(path, Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors").status == 403
    assert room.get(path, Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate", Sec_Fetch_Dest="iframe").status == 403
    assert room.get(path, Origin="https://evil.example").status == 403
    assert room.get(path, Origin="null").status == 403


def test_a_link_from_elsewhere_may_lead_here(room: Room) -> None:
    headers = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}
    assert room.get("/problems", **headers).status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_can_be_changed(room: Room, method: str) -> None:
    assert room.get("/page/", method, Origin="https://evil.example").status == 403
    assert room.get("/page/", method, Origin=room.url).status == 405


@pytest.mark.parametrize(
    "path",
    [
        "../../../feeder.toml",
        "..%2f..%2f.feeder/history.db",
        "%2e%2e/%2e%2e/feeder.toml",
        ".feeder/index",
        "a\\..\\b",
        "%00",
    ],
)
def test_no_path_leads_out_of_the_output(room: Room, path: str) -> None:
    for place in ("/site/auto/", "/feed/", "/reader/auto/", "/page/", "/own/"):
        answer = room.get(place + path)
        assert answer.status in (404, 307)
        assert "authority" not in answer.body


def test_frames_are_sandboxes_and_our_page_is_in_no_frame(room: Room) -> None:
    page = room.get("/page/").headers
    assert "frame-ancestors 'none'" in page["content-security-policy"]
    assert "default-src 'none'" in page["content-security-policy"]
    for path in ("/site/auto/", "/mail/auto/weekly", "/reader/auto/feed.atom", "/paste/light/2026/11/chips/"):
        policy = room.get(path).headers["content-security-policy"]
        assert policy.startswith("sandbox ")
        assert "allow-same-origin" not in policy
    for path in ("/page/", "/site/auto/", "/own/preview.js"):
        headers = room.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "set-cookie" not in headers


def test_a_page_in_a_tab_of_its_own_comes_into_the_preview(room: Room) -> None:
    answer = room.get("/site/dark/2026/11/chips/", Sec_Fetch_Dest="document")
    assert answer.headers["location"] == "/page/2026/11/chips/"
