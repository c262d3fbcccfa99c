"""Whom the preview answers: this machine's browsers, and no page of another site in them.

A site can have its own name resolve to 127.0.0.1 (DNS rebinding): the ``Host`` that the browser sends gives it away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_OPEN: Final = ("/site/", "/mail/", "/reader/", "/paste/", "/own/")
"""What stands in frames of their own, which have no origin; the rest is for our own page."""
_SAFE: Final = frozenset({"GET", "HEAD"})


class Guard:
    """Refuses everything but what our own page asks, before anything else is looked at."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "http" and (why := refusal(scope)):
            status, text = why
            await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]})
            await send({"type": "http.response.body", "body": text.encode() + b"\n"})
            return
        await self._application(scope, receive, send)


def refusal(scope: Scope) -> tuple[int, str] | None:
    """Status and reason, or None for a request that is answered."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    host = headers.get("host", "")
    if _name(f"//{host}") not in HERE:
        return 421, "the preview answers at localhost only"
    if scope["method"] not in _SAFE:
        return (405, "the preview changes nothing") if _own(headers, host) else (403, "not from this page")
    if scope["path"].startswith(_OPEN):
        return None
    # A link from elsewhere may lead here; its page may not read.
    arriving = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    if not arriving and not _own(headers, host):
        return 403, "not from this page"
    return None


def _own(headers: dict[str, str], host: str) -> bool:
    origin = headers.get("origin")
    if origin is not None and origin != f"http://{host}":
        return False
    return headers.get("sec-fetch-site", "none") in ("same-origin", "none")


def _name(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
