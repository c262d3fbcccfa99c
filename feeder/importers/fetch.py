"""Fetch an address of the settings, politely and within bounds: conditional, capped, http(s) only."""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import IO
from urllib.parse import urljoin, urlsplit

MAX_BYTES = 10 * 1024 * 1024
TIMEOUT_S = 15
"""Seconds one socket operation may take."""
DEADLINE_S = 30
"""Seconds the body may take altogether, so that a server that drips holds nobody up."""
MAX_REDIRECTS = 5
AGENT = "feeder (+followed feed)"


class FetchError(Exception):
    """An address could not be fetched; the message is for the author."""

    def __init__(self, message: str, hint: str = "it is tried again in 10 minutes; what came before stays") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Fetched:
    """A fresh body and what to ask with next time (RFC 9110 section 13.1)."""

    url: str
    """Where the body came from in the end: the base of relative addresses in it."""
    body: bytes
    etag: str
    modified: str


class _SameSite(urllib.request.HTTPRedirectHandler):
    """Redirects stay on the host of the settings: nothing else the remote names is fetched."""

    max_redirections = MAX_REDIRECTS
    max_repeats = 2

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        old, new = urlsplit(req.full_url), urlsplit(urljoin(req.full_url, newurl))
        if _host(old.hostname) != _host(new.hostname) or (old.scheme == "https" != new.scheme):
            raise FetchError(f"{req.full_url} has moved to {newurl}", "write the new address in feeder.toml")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fetch(url: str, *, etag: str = "", modified: str = "") -> Fetched | None:
    """What stands at ``url``; None where it is as it was (304).

    ``etag`` and ``modified`` are what the last answer said. Raises FetchError.
    """
    if not url.startswith(("http://", "https://")):
        raise FetchError(f"not an http(s) address: {url}", "write one that begins with https://")
    try:
        with _opener().open(_request(url, etag, modified), timeout=TIMEOUT_S) as answer:
            body = _read(answer, url)
            return Fetched(answer.url, body, answer.headers.get("ETag", ""), answer.headers.get("Last-Modified", ""))
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == http.client.NOT_MODIFIED:
            return None
        raise FetchError(f"{url} answered {error.code} {error.reason}") from error
    except urllib.error.URLError as error:
        raise FetchError(f"{url} cannot be reached: {error.reason}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise FetchError(f"{url} cannot be read: {error or type(error).__name__}") from error


def _request(url: str, etag: str, modified: str) -> urllib.request.Request:
    accept = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
    headers = {"User-Agent": AGENT, "Accept": accept}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310  # `fetch` lets only http(s) through
    if etag:
        request.add_header("If-None-Match", etag)
    if modified:
        request.add_header("If-Modified-Since", modified)
    return request


def _opener() -> urllib.request.OpenerDirector:
    # Not build_opener: it would also open file:, ftp: and data: addresses.
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
        _SameSite(),
    ):
        opener.add_handler(handler)
    return opener


def _read(answer: http.client.HTTPResponse, url: str) -> bytes:
    # A stopwatch, not a clock: it bounds the wait and reaches no output.
    began = time.monotonic()
    parts: list[bytes] = []
    size = 0
    while part := answer.read1(1 << 16):
        size += len(part)
        if size > MAX_BYTES:
            raise FetchError(f"{url} is larger than {MAX_BYTES >> 20} MiB", "follow a feed with fewer entries")
        if time.monotonic() - began > DEADLINE_S:
            raise FetchError(f"{url} takes longer than {DEADLINE_S} seconds")
        parts.append(part)
    expected = answer.headers.get("Content-Length", "")
    if expected.isdigit() and size < int(expected):
        raise FetchError(f"{url} broke off after {size} of {expected} bytes")
    return b"".join(parts)


def _host(name: str | None) -> str:
    return (name or "").lower().removeprefix("www.")
