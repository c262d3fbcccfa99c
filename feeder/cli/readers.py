"""Who reads the feeds, from a web server's log: feed readers say for how many people they ask.

A hosted reader asks once for all its subscribers and tells their number in the User-Agent
(``Feedly/1.0 (+http://www.feedly.com/fetcher.html; 42 subscribers; …)``); anything else asks for one person.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

# Apache's and nginx's "combined" (httpd.apache.org/docs/2.4/logs.html), with or without a virtual host before it.
_LINE = re.compile(
    r"^(?:\S+:\d+ )?(?P<host>\S+) \S+ .*?\[(?P<time>[^\]]+)\] "
    r'"(?P<method>[A-Z]+) (?P<target>\S+)[^"]*" (?P<status>\d{3}) \S+ '
    r'"(?:[^"\\]|\\.)*" "(?P<agent>(?:[^"\\]|\\.)*)"'
)
_SUBSCRIBERS = re.compile(r"(\d{1,9})\s+(?:subscribers?|readers?|users?)\b", re.IGNORECASE)
_FEED_ID = re.compile(r"feed-?id[=:]\s*([\w./:-]+)", re.IGNORECASE)
_FEED_PATH = re.compile(
    r"(?:\.(?:atom|rss|rdf)|(?:^|/)(?:feed|atom|rss|index)(?:\.xml|\.json)|/feed/?)$", re.IGNORECASE
)
_BROWSER = re.compile(r"^Mozilla/\d[\d.]* \((?P<inside>[^)]*)\)")
_NOT_READERS = re.compile(
    r"Googlebot|bingbot|YandexBot|Baiduspider|AhrefsBot|SemrushBot|MJ12bot|DotBot|PetalBot|GPTBot|ClaudeBot|CCBot"
    r"|Bytespider|curl/|Wget/|python-requests|Go-http-client|UptimeRobot|Pingdom|W3C_Validator|FeedValidator",
    re.IGNORECASE,
)
_NAMES = (
    ("feedly", "Feedly"),
    ("inoreader", "Inoreader"),
    ("newsblur", "NewsBlur"),
    ("theoldreader", "The Old Reader"),
    ("bazqux", "BazQux"),
    ("feedbin", "Feedbin"),
    ("miniflux", "Miniflux"),
    ("newsboat", "Newsboat"),
    ("netnewswire", "NetNewsWire"),
    ("tiny tiny rss", "Tiny Tiny RSS"),
    ("freshrss", "FreshRSS"),
    ("liferea", "Liferea"),
    ("thunderbird", "Thunderbird"),
    ("rss2email", "rss2email"),
    ("akregator", "Akregator"),
    ("feedparser", "feedparser"),
)


@dataclass(frozen=True, slots=True)
class Request:
    """One successful request for a feed."""

    path: str
    reader: str
    """Name of the program or service, without its version."""
    who: str
    """Tells two readers of one name apart: the service's feed id, or the address and program."""
    subscribers: int
    """As the service says; 0 where it says nothing."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many people read one feed with one reader."""

    path: str
    reader: str
    subscribers: int
    counted: bool
    """Whether the reader says how many, rather than being counted by address."""


def requests(lines: Iterable[str], paths: frozenset[str] = frozenset()) -> Iterator[Request]:
    """The requests for feeds among ``lines``: for ``paths``, or for whatever is named like a feed."""
    for line in lines:
        match = _LINE.match(line)
        if match is None or match["method"] not in ("GET", "HEAD") or match["status"] not in ("200", "304"):
            continue
        path = _path(match["target"])
        agent = match["agent"].replace('\\"', '"')
        if (path in paths if paths else bool(_FEED_PATH.search(path))) and not _NOT_READERS.search(agent):
            yield _request(path, match["host"], agent)


def count(found: Iterable[Request]) -> list[Count]:
    """People by feed and reader, most first. Of one service's feed id the last number counts, not the sum."""
    latest: dict[tuple[str, str, str], int] = {}
    for one in found:
        latest[one.path, one.reader, one.who] = one.subscribers
    totals: dict[tuple[str, str], tuple[int, bool]] = {}
    for (path, reader, _), subscribers in latest.items():
        total, counted = totals.get((path, reader), (0, False))
        totals[path, reader] = (total + (subscribers or 1), counted or subscribers > 0)
    made = [Count(path, reader, total, counted) for (path, reader), (total, counted) in totals.items()]
    return sorted(made, key=lambda one: (one.path, -one.subscribers, one.reader))


def reader_of(agent: str) -> str:
    """The program's name, without version and system."""
    folded = agent.casefold()
    for part, name in _NAMES:
        if part in folded:
            return name
    if _BROWSER.match(agent):
        return "browsers and others"
    return re.split(r"[/;(\s]", agent.strip(), maxsplit=1)[0] or "unknown"


def _request(path: str, host: str, agent: str) -> Request:
    reader = reader_of(agent)
    number = _SUBSCRIBERS.search(agent)
    if number is None:
        return Request(path, reader, f"{host} {agent}", 0)
    # A service fetches from many addresses: its feed id tells its readers apart, not the address.
    feed_id = _FEED_ID.search(agent)
    return Request(path, reader, feed_id[1] if feed_id else "", int(number[1]))


def _path(target: str) -> str:
    try:
        return unquote(urlsplit(target).path)
    except ValueError:
        return ""
