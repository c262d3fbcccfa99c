"""What goes out: the headers of every answer of ours, and the few answers that need no template."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from math import ceil
from types import MappingProxyType
from typing import Any, Final

from starlette.responses import Response

POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
"""Content-Security-Policy: nothing runs or loads but our own files, and nobody frames us."""

HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Content-Security-Policy": POLICY,
        # Addresses hold tokens, which no other site is told.
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex, nofollow",
        "Cache-Control": "no-store",
    }
)
FOR_EVER: Final = "public, max-age=31536000, immutable"
"""Cache-Control of a file whose name changes with what is in it."""


def html(text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A page."""
    data = text.encode("utf-8", "replace")
    return Response(data, status, {**HEADERS, **(headers or {})}, "text/html; charset=utf-8")


def plain(text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A few words for a program."""
    return Response(text, status, {**HEADERS, **(headers or {})}, "text/plain; charset=utf-8")


def as_json(value: Any, status: int = 200, *, filename: str = "") -> Response:  # noqa: ANN401  (whatever JSON takes)
    """A value as JSON; with a ``filename``, to be saved."""
    text = json.dumps(value, ensure_ascii=False, indent=1) + "\n"
    saved = {"Content-Disposition": f'attachment; filename="{filename}"'} if filename else {}
    return Response(text.encode("utf-8", "replace"), status, {**HEADERS, **saved}, "application/json")


def file(data: bytes, media_type: str) -> Response:
    """A file of the pages, named by what is in it."""
    return Response(data, 200, {**HEADERS, "Cache-Control": FOR_EVER}, media_type)


def elsewhere(path: str) -> Response:
    """See there, after a POST (RFC 9110 section 15.4.4)."""
    return Response(b"", 303, {**HEADERS, "Location": path})


def retry(wait: timedelta) -> Mapping[str, str]:
    """When to come again (RFC 9110 section 10.2.3)."""
    return {"Retry-After": str(max(1, ceil(wait.total_seconds())))}
