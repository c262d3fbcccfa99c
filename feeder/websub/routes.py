"""The way to a hub: straight, or through the proxy that this machine is told to use."""

from __future__ import annotations

import http.client
from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Route:
    """A connection, not opened yet, and how to ask over it."""

    connection: http.client.HTTPConnection
    target: str
    """What stands in the request line (RFC 9112 section 3.2): the path, or for a proxy the whole address."""
    headers: dict[str, str] = field(default_factory=dict)
    """What the proxy wants to see."""


def route(hub: SplitResult, timeout: float) -> Route:
    """The way to ``hub``; ``timeout`` is in seconds, of each step on it. Raises ValueError for a proxy that is none."""
    path = (hub.path or "/") + (f"?{hub.query}" if hub.query else "")
    proxy = _proxy(hub)
    if proxy is None:
        return Route(_connection(hub.scheme == "https", hub, timeout), path)
    login = _login(proxy)
    if hub.scheme == "http":
        return Route(_connection(proxy.scheme == "https", proxy, timeout), hub._replace(fragment="").geturl(), login)
    # The proxy sees where it leads, and nothing of what is said there.
    through = _connection(True, proxy, timeout)
    through.set_tunnel(hub.hostname or "", hub.port or 443, headers=login)
    return Route(through, path)


def _connection(encrypted: bool, to: SplitResult, timeout: float) -> http.client.HTTPConnection:
    if not encrypted:
        return http.client.HTTPConnection(to.hostname or "", to.port, timeout=timeout)
    import ssl

    # The server's certificate and name are verified.
    return http.client.HTTPSConnection(
        to.hostname or "", to.port, timeout=timeout, context=ssl.create_default_context()
    )


def _proxy(hub: SplitResult) -> SplitResult | None:
    """The proxy for addresses like the hub's, as urllib finds it for feeds that are followed."""
    from urllib.request import getproxies, proxy_bypass

    address = getproxies().get(hub.scheme, "")
    if not address or proxy_bypass(hub.netloc):
        return None
    return urlsplit(address if "://" in address else f"http://{address}")


def _login(proxy: SplitResult) -> dict[str, str]:
    if proxy.username is None:
        return {}
    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
