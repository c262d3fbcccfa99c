"""Following a feed, against a server on loopback."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from loopback import Answer, Server, serve
from support import NOW, Publication

from feeder.config import Follow, Settings
from feeder.importers import entryfile, feed, fetch, syndication

ATOM = """<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom"><id>tag:blog.example.org,2024:f</id><title>Blog</title>
<updated>2024-04-02T00:00:00Z</updated>{}</feed>"""
ENTRY = """<entry><id>{id}</id><title>{title}</title><link href="{link}"/><published>{date}</published>
<updated>{date}</updated><content type="html">{body}</content></entry>"""


def entry(n: int, title: str = "", body: str = "&lt;p&gt;Text&lt;/p&gt;", date: str = "2024-04-02T10:00:00Z") -> str:
    link = f"https://blog.example.org/2024/post-{n}/"
    return ENTRY.format(
        id=f"tag:blog.example.org,2024:{n}", title=title or f"Post {n}", link=link, date=date, body=body
    )


@dataclass
class Remote:
    """A feed elsewhere that can be changed, moved and broken."""

    server: Server
    body: bytes = b""
    etag: str = '"1"'
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)

    def __call__(self, host: str, path: str, headers: dict[str, str]) -> Answer:
        self.asked.append(headers)
        if headers.get("if-none-match") == self.etag:
            return Answer(304)
        return Answer(self.status, self.body, {"ETag": self.etag, **self.headers})

    def set(self, *entries: str) -> None:
        self.body = ATOM.format("".join(entries)).encode()
        self.etag = f'"{hash(self.body)}"'


@pytest.fixture
def remote() -> Iterator[Remote]:
    remote = Remote(Server(0))
    with serve(remote) as server:
        remote.server = server
        yield remote


@pytest.fixture
def settings(publication: Publication, remote: Remote) -> Settings:
    return replace(publication.settings, follow=(Follow(feed=remote.server.url("feed.xml"), name="博客"),))


def files(publication: Publication) -> dict[str, str]:
    folder = publication.root / "entries/followed"
    return {p.relative_to(folder).as_posix(): p.read_text("utf-8") for p in sorted(folder.rglob("*")) if p.is_file()}


def later(minutes: int) -> timedelta:
    return timedelta(minutes=minutes)


def test_new_entries_become_files(publication: Publication, settings: Settings, remote: Remote) -> None:
    remote.set(entry(2), entry(1, "天数智芯：&lt;b&gt;融资&lt;/b&gt; &amp;amp; 订单"))
    assert feed.poll(settings, NOW) == []
    found = files(publication)
    assert list(found) == ["博客/post-1.md", "博客/post-2.md"]
    text = found["博客/post-2.md"]
    assert 'title: "Post 2"\ndate: "2024-04-02T18:00:00+08:00"\nid: "tag:blog.example.org,2024:2"\n' in text
    assert 'via: "https://blog.example.org/2024/post-2/"' in text
    assert text.endswith("---\n<div>\n<p>Text</p>\n</div>\n")


def test_asks_conditionally_and_at_most_every_ten_minutes(
    publication: Publication, settings: Settings, remote: Remote
) -> None:
    remote.set(entry(1))
    feed.poll(settings, NOW)
    feed.poll(settings, NOW + later(9))
    assert len(remote.asked) == 1
    assert feed.next_poll(settings, NOW + later(9)) == NOW + later(10)
    before = files(publication)
    assert feed.poll(settings, NOW + later(10)) == []
    assert [a.get("if-none-match") for a in remote.asked] == [None, remote.etag]
    assert files(publication) == before


def test_a_clock_set_back_does_not_keep_it_waiting(settings: Settings, remote: Remote) -> None:
    remote.set(entry(1))
    feed.poll(settings, NOW)
    feed.poll(settings, NOW - timedelta(days=400))
    assert len(remote.asked) == 2


def test_edits_follow_and_vanished_entries_stay(publication: Publication, settings: Settings, remote: Remote) -> None:
    remote.set(entry(2), entry(1))
    feed.poll(settings, NOW)
    remote.set(entry(3), entry(2, "New title"))
    feed.poll(settings, NOW + later(10))
    found = files(publication)
    assert list(found) == ["博客/post-1.md", "博客/post-2.md", "博客/post-3.md"]
    assert 'title: "New title"' in found["博客/post-2.md"]


def test_what_a_person_changed_or_removed_here_is_left_so(
    publication: Publication, settings: Settings, remote: Remote
) -> None:
    remote.set(entry(2), entry(1))
    feed.poll(settings, NOW)
    publication.write("entries/followed/博客/post-1.md", "mine\n")
    (publication.root / "entries/followed/博客/post-2.md").unlink()
    remote.set(entry(2, "x"), entry(1, "x"))
    problems = feed.poll(settings, NOW + later(10))
    assert files(publication) == {"博客/post-1.md": "mine\n"}
    assert [p.place for p in problems] == ["entries/followed/博客/post-1.md"]


@pytest.mark.parametrize("damage", [None, b"", b"{", b"[]", b'{"x": 1}', b'{"x": {"files": 3}}', b"\xff"])
def test_state_lost_or_damaged(
    publication: Publication, settings: Settings, remote: Remote, damage: bytes | None
) -> None:
    remote.set(entry(2), entry(1))
    feed.poll(settings, NOW)
    before = files(publication)
    state = publication.root / ".feeder/follow.json"
    state.unlink() if damage is None else state.write_bytes(damage)
    (publication.root / "entries/followed/博客/post-2.md").rename(publication.root / "entries/followed/博客/z.md")
    remote.set(entry(2, "edited"), entry(1))
    assert feed.poll(settings, NOW + later(1)) == []
    after = files(publication)
    assert list(after) == ["博客/post-1.md", "博客/z.md"]
    assert "edited" in after["博客/z.md"]
    assert after["博客/post-1.md"] == before["博客/post-1.md"]


@pytest.mark.parametrize(
    ("status", "body", "headers", "message"),
    [
        (503, b"", {}, "answered 503"),
        (404, b"", {}, "answered 404"),
        (200, b"<html><p>hello", {}, "not well-formed"),
        (200, b"<html/>", {}, "another kind"),
        (200, b'{"a": 1}', {}, "no JSON Feed"),
        (200, b"{" * 100_000, {}, "not JSON"),
        (200, ATOM.format(entry(1))[:-30].encode(), {}, "not well-formed"),
        (
            200,
            b'<!DOCTYPE r [<!ENTITY a "b">]><rss><channel><item><guid>&a;</guid></item></channel></rss>',
            {},
            "entities",
        ),
        (200, b'<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><rss>&a;</rss>', {}, "entities"),
        (200, b"<rss>" + b"x" * (fetch.MAX_BYTES + 1), {}, "larger than"),
        (302, b"", {"Location": "http://elsewhere.example/feed"}, "has moved"),
        (302, b"", {"Location": "file:///etc/passwd"}, "answered 302"),
        (301, b"", {"Location": "/feed.xml"}, "answered 301"),
    ],
)
def test_a_failing_remote_is_a_problem_that_stands_until_it_is_well(
    publication: Publication,
    settings: Settings,
    remote: Remote,
    status: int,
    body: bytes,
    headers: dict[str, str],
    message: str,
) -> None:
    remote.set(entry(1))
    feed.poll(settings, NOW)
    before = files(publication)
    good = remote.body
    remote.status, remote.body, remote.headers, remote.etag = status, body, headers, '"x"'
    (problem,) = feed.poll(settings, NOW + later(10))
    assert (problem.place, problem.rejects) == ("feeder.toml", False)
    assert message in problem.message
    assert problem.hint
    assert feed.poll(settings, NOW + later(11)) == [problem]
    assert files(publication) == before
    remote.status, remote.body, remote.headers = 200, good, {}
    assert feed.poll(settings, NOW + later(20)) == []


def test_bounded_redirects_on_the_same_host_are_followed(settings: Settings, remote: Remote) -> None:
    asked: list[str] = []
    body = ATOM.format(entry(1)).encode()

    def hop(host: str, path: str, headers: dict[str, str]) -> Answer:
        asked.append(path)
        return Answer(200, body) if path == "/new" else Answer(301, headers={"Location": "/new"})

    with serve(hop) as server:
        fetched = fetch.fetch(server.url("old"))
    assert fetched is not None
    assert (asked, fetched.url.endswith("/new"), fetched.body) == (["/old", "/new"], True, body)


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x", "http://127.0.0.1:1/", "http://[", "http://"]
)
def test_addresses_that_cannot_be_fetched(url: str) -> None:
    with pytest.raises(fetch.FetchError):
        fetch.fetch(url)


def test_a_body_that_breaks_off_is_not_taken(settings: Settings) -> None:
    with serve(lambda *_: Answer(200, b"short", {"Content-Length": "9"})) as server, pytest.raises(fetch.FetchError):
        fetch.fetch(server.url())


RSS = """<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>T</title><language>en</language>
<item><title>It&#8217;s &lt;新品&gt;</title><link>https://blog.example.org/?p=7</link>
<guid isPermaLink="false">https://blog.example.org/?p=7</guid><pubDate>Tue, 02 Apr 2024 10:00:00 +0000</pubDate>
<dc:creator>Ann</dc:creator><category>芯片</category><category>GPU</category>
<description>Short &amp;amp; plain</description>
<content:encoded><![CDATA[<p>Long <img src="/a.png" onerror="x()"></p><pre>a

b</pre><script>x()</script>]]></content:encoded>
<enclosure url="/a.mp3" type="audio/mpeg" length="12"/></item>
<item><title>nothing to know it by</title></item></channel></rss>"""


def test_rss(publication: Publication, settings: Settings, remote: Remote) -> None:
    remote.body = RSS.encode()
    assert feed.poll(settings, NOW) == []
    ((_, text),) = files(publication).items()
    head, _, body = text.partition("\n---\n")
    front = dict(line.split(": ", 1) for line in head.splitlines()[1:])
    values = {key: json.loads(value) for key, value in front.items()}
    enclosure = {"url": "https://blog.example.org/a.mp3", "type": "audio/mpeg", "length": 12}
    assert values == {
        "title": "It’s <新品>", "date": "2024-04-02T18:00:00+08:00", "id": "https://blog.example.org/?p=7",
        "slug": values["slug"], "via": "https://blog.example.org/?p=7", "tags": ["芯片", "GPU"], "authors": ["Ann"],
        "lang": "en", "summary": "Short & plain", "enclosures": [enclosure],
    }  # fmt: skip
    assert "script" not in body
    assert "onerror" not in body
    assert 'src="https://blog.example.org/a.png"' in body
    assert "a&#10;\nb" in body
    assert "\n\n" not in body


def test_json_feed(publication: Publication, settings: Settings, remote: Remote) -> None:
    item = {"id": 7, "url": "https://blog.example.org/seven", "content_text": "One <b>\n\nTwo", "tags": ["a", 3, None]}
    odd: list[object] = [item, None, 3, {"id": ""}, {"id": "x", "title": "\ud800\x00X", "attachments": "no"}]
    remote.body = json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": odd}).encode()
    assert feed.poll(settings, NOW) == []
    found = files(publication)
    assert list(found) == ["博客/seven.md", "博客/x.md"]
    assert "<p>One &lt;b&gt;</p>\n<p>Two</p>" in found["博客/seven.md"]
    assert '\nid: "7"\n' in found["博客/seven.md"]
    assert 'title: "X"' in found["博客/x.md"]


def test_an_undated_item_keeps_the_instant_it_was_first_seen_at(
    publication: Publication, settings: Settings, remote: Remote
) -> None:
    remote.body = b"<rss><channel><item><guid>a</guid><title>A</title></item></channel></rss>"
    feed.poll(settings, NOW)
    before = files(publication)
    remote.etag = '"2"'
    feed.poll(settings, NOW + later(60))
    assert files(publication) == before


def test_two_followed_feeds_have_two_folders(publication: Publication, settings: Settings, remote: Remote) -> None:
    remote.set(entry(1))
    url = remote.server.url
    both = replace(settings, follow=(Follow(feed=url("a")), Follow(feed=url("b"))))
    feed.poll(both, NOW)
    assert len({name.split("/")[0] for name in files(publication)}) == 2


def test_no_follow_touches_nothing(publication: Publication) -> None:
    assert feed.poll(publication.settings, NOW) == []
    assert feed.next_poll(publication.settings, NOW) is None
    assert not (publication.root / ".feeder").exists()


def test_the_files_publish(publication: Publication, remote: Remote) -> None:
    body = "&lt;p&gt;*not* _emphasis_ {{ x }}&lt;/p&gt;\n\n    &lt;pre&gt;a\n\n\n    b&lt;/pre&gt;"
    remote.set(entry(2, "…\"'\\: # [x]"), entry(1, body=body))
    publication.configure(f'[[follow]]\nfeed = "{remote.server.url("feed.xml")}"\nname = "blog"\n')
    report = publication.run()
    assert (report.exit_code, report.problems) == (0, ())
    feed_json = json.loads(publication.read("feed.json"))
    assert {i["id"]: i["title"] for i in feed_json["items"]} == {
        "tag:blog.example.org,2024:1": "Post 1",
        "tag:blog.example.org,2024:2": "…\"'\\: # [x]",
    }
    (first,) = (i for i in feed_json["items"] if i["id"].endswith(":1"))
    assert "*not* _emphasis_ {{ x }}" in first["content_html"]
    assert "a\n\n\n    b" in first["content_html"]
    assert first["external_url"] == "https://blog.example.org/2024/post-1/"


@given(st.binary(max_size=300))
def test_any_bytes_are_a_feed_or_refused(body: bytes) -> None:
    with contextlib.suppress(syndication.FeedError):
        syndication.items(body, "https://x.example/")


any_text = st.text(st.characters(), max_size=40)


@given(any_text, any_text, any_text, st.lists(any_text, max_size=3))
def test_any_text_gives_front_matter_that_reads_back(identity: str, title: str, content: str, tags: list[str]) -> None:
    item = syndication.Item(
        id=identity, title=title, title_is_html=len(title) % 2 == 0, content=content, url="https://x.example/" + title,
        base="https://x.example/", tags=tuple(tags),
    )  # fmt: skip
    text = entryfile.entry_file(item, ZoneInfo("Asia/Shanghai"), "zh-CN", NOW).text
    head, _, body = text[4:].partition("\n---\n")
    front = yaml.load(head, yaml.CSafeLoader)
    assert front.get("id", "") == entryfile.front_id(text)
    assert isinstance(front["title"], str)
    assert "\n\n" not in body
    text.encode()
