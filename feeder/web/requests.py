"""What comes in: bodies with a bound in bytes and seconds, form fields, and which network a request is from."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

LARGEST: Final = 16 * 1024
"""Bytes of a body: our longest form has a tenth of it."""
SLOWEST: Final = 10.0
"""Seconds in which a body has to arrive."""
MOST_FIELDS: Final = 200
_FORM: Final = "application/x-www-form-urlencoded"

Handler = Callable[[Request], Awaitable[Response]]


class Address:
    """What answers at one address, by method; every other method is refused with 405 and ``Allow``."""

    def __init__(self, *, get: Handler | None = None, post: Handler | None = None) -> None:
        self._handlers: dict[str, Handler] = {}
        if get is not None:
            self._handlers |= {"GET": get, "HEAD": get}
        if post is not None:
            self._handlers["POST"] = post

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        handler = self._handlers.get(scope["method"])
        if handler is None:
            raise HTTPException(405, headers={"Allow": ", ".join(self._handlers)})
        response = await handler(Request(scope, receive, send))
        await response(scope, receive, send)


class Form:
    """The fields of a form, as they were typed. What is not UTF-8 is read as U+FFFD, which no field takes."""

    def __init__(self, fields: Mapping[str, list[str]]) -> None:
        self._fields = fields

    def get(self, name: str) -> str:
        """The first field of that name; empty where there is none."""
        return self._fields.get(name, [""])[0]

    def all(self, name: str) -> list[str]:
        """Every field of that name."""
        return self._fields.get(name, [])

    def pairs(self) -> list[tuple[str, str]]:
        """Name and value of every field, as often as it was sent."""
        return [(name, value) for name, values in self._fields.items() for value in values]

    def __contains__(self, name: str) -> bool:
        return name in self._fields


async def body(request: Request, largest: int = LARGEST, slowest: float = 0) -> bytes:
    """The whole body.

    Raises ``HTTPException``: 413 for more than ``largest`` bytes, announced or not; 408 when it takes more seconds than
    ``slowest`` (0: as many as forms may); 400 when it was cut off.
    """
    announced = request.headers.get("content-length", "0")
    if not announced.isdigit() or int(announced) > largest:
        raise _closing(413)
    try:
        async with asyncio.timeout(slowest or SLOWEST):
            return await _read(request, largest)
    except TimeoutError:
        raise _closing(408) from None
    except ClientDisconnect:
        raise HTTPException(400) from None


async def form(request: Request) -> Form:
    """The fields of a posted form; raises as ``body`` does, 415 for another content type, 400 for too many fields."""
    data = await body(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _FORM:
        raise HTTPException(415)
    return _kept(request, parsed(data))


async def any_form(request: Request) -> Form:
    """The fields of whatever was posted; none where it is no form of ours. Raises as ``body`` does."""
    data = await body(request)
    try:
        return _kept(request, parsed(data))
    except HTTPException:
        return Form({})


def parsed(data: bytes) -> Form:
    """The fields of an encoded form; raises ``HTTPException`` 400 for too many."""
    try:
        return Form(parse_qs(data.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise HTTPException(400) from None


def client(request: Request) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Who asks, as far as the server was told; IPv4 also where it came mapped into IPv6."""
    host = request.client.host if request.client is not None else ""
    try:
        found = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if found.version == 6 else found


def network(request: Request) -> str:
    """The network that a request is counted for: an IPv4 /24, an IPv6 /48; all of unknown origin are one."""
    found = client(request)
    if found is None:
        return "unknown"
    return str(ipaddress.ip_network((found, 24 if found.version == 4 else 48), strict=False))


def posted(request: Request) -> Form | None:
    """The form that was read of this request; None where none was."""
    found: Form | None = getattr(request.state, "form", None)
    return found


def language(request: Request) -> str:
    """The language of the list that this request was found to be about; empty where it was not found out."""
    found: str = getattr(request.state, "language", "")
    return found


_PROXY_HEADERS: Final = ("x-forwarded-for", "forwarded", "x-real-ip", "via", "x-forwarded-host", "cf-connecting-ip")


def is_near(request: Request) -> bool:
    """Whether the request is from this machine or a private network, and came through no other web server."""
    found = client(request)
    if found is None or any(name in request.headers for name in _PROXY_HEADERS):
        return False
    return found.is_loopback or found.is_private


def _kept(request: Request, read: Form) -> Form:
    # For a page that offers to send the same once more.
    request.state.form = read
    return read


async def _read(request: Request, largest: int) -> bytes:
    read = bytearray()
    async for chunk in request.stream():
        read += chunk
        if len(read) > largest:
            raise _closing(413)
    return bytes(read)


def _closing(status: int) -> HTTPException:
    """A refusal after which the rest of the request is not read."""
    return HTTPException(status, headers={"Connection": "close"})
