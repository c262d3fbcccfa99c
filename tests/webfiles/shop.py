"""Files of a publication on a socket, and how they are asked for."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from support import Publication

from feeder.web.files import Files
from feeder.web.serving import Serving


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes


def ask(port: int, path: str, method: str = "GET", **headers: str) -> Answer:
    """What a server on loopback answers; ``If_None_Match`` is the header ``If-None-Match``."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


@contextmanager
def served(publication: Publication, **given: Any) -> Iterator[int]:
    """The port at which the publication's ``out/`` is served for as long as the block lasts."""
    serving = Serving(Files(publication.settings, **given), "127.0.0.1", 0)
    serving.start()
    try:
        yield serving.port
    finally:
        serving.stop()
