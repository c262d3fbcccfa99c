"""An application on a socket, in a thread of its own: uvicorn, without its signals and logs."""

from __future__ import annotations

import errno
import resource
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, cast

from feeder.errors import CannotCreate

if TYPE_CHECKING:
    from starlette.types import ASGIApp

_STARTING: Final = 10.0
"""Seconds until it answers, at the most."""
_HEAD: Final = 16 * 1024
"""Bytes of a request before its body."""
_BACKLOG: Final = 2048
_AT_ONCE: Final = 100
"""Connections accepted before anything else is looked at."""
_MOST: Final = 2000
"""Connections at once, where the process may open so many files; for further ones, the first without a request go."""
_FILES: Final = 8192
"""Open files that this process wants to be allowed, as far as the system lets it: each connection is one."""
_KEPT: Final = 256
"""Of those, how many are kept for everything else: publishing must go on, whoever knocks."""


class PortTaken(CannotCreate):
    """The port cannot be listened at."""


class Serving:
    """One application, served until it is stopped.

    The socket is bound when this is made: raises ``PortTaken`` when that cannot be done. ``port`` is the real one where
    0 was asked for.
    """

    def __init__(self, application: ASGIApp, host: str, port: int, proxies: Sequence[str] = ()) -> None:
        self.socket = _bound(host, port)
        self.host = host
        self.port: int = self.socket.getsockname()[1]
        self._server = _server(application, proxies)
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)

    @property
    def url(self) -> str:
        """Where it answers."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{name}:{self.port}/"

    @property
    def is_dead(self) -> bool:
        """Whether it answers no more, though nobody has stopped it."""
        return bool(self._thread.ident) and not self._thread.is_alive() and not self._server.should_exit

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()
        waiting = threading.Event()
        for _ in range(int(_STARTING / 0.01)):
            if self._server.started or not self._thread.is_alive():
                break
            waiting.wait(0.01)
        # asyncio makes its own number that of the queue before the door as well; the queue may be longer.
        self.socket.listen(_BACKLOG)

    def stop(self, seconds: float = 10.0) -> None:
        """Finish the requests under way, as far as they end within ``seconds``, and close the socket."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(seconds)
        if self._thread.is_alive():
            self._server.force_exit = True
            self._thread.join(seconds)
        self.socket.close()

    def _run(self) -> None:
        self._server.run(sockets=[self.socket])


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named, since asyncio turns off Nagle's delay of 40 ms only where it reads TCP.
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen(_BACKLOG)
    except OSError as error:
        made.close()
        taken = error.errno == errno.EADDRINUSE
        hint = "another program listens there, perhaps another `feeder run`; choose another port" if taken else ""
        raise PortTaken(f"cannot listen at {host}, port {port}: {error.strerror}", hint=hint) from error
    made.setblocking(False)
    return made


def _server(application: ASGIApp, proxies: Sequence[str]) -> Any:  # noqa: ANN401  (imported where it is needed)
    import uvicorn

    from feeder.web.connections import Arrivals, Bounded

    most = _room()
    config = uvicorn.Config(
        application,
        http=Bounded,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies),
        h11_max_incomplete_event_size=_HEAD,
        limit_concurrency=most,
        timeout_graceful_shutdown=5,
        # One that is hung up on is closed only some turns of the loop later.
        backlog=max(1, min(_AT_ONCE, most // 16)),
    )
    server = uvicorn.Server(config)
    server.server_state.connections = cast("Any", Arrivals())
    return server


def _room() -> int:
    """How many connections there may be, after asking the system for more open files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if soft == resource.RLIM_INFINITY:
        return _MOST
    return min(_MOST, max(soft - _KEPT, soft // 4))
