"""The door stays where it can be found, whatever the settings say."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from mail.servers import free_port
from support import Publication

from feeder.config import Settings
from feeder.daemon.frontdoor import FrontDoor
from feeder.web.serving import PortTaken


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    publication = Publication(tmp_path)
    publication.configure()
    return at(publication.settings, "127.0.0.1", free_port())


@pytest.fixture
def door(settings: Settings) -> Iterator[FrontDoor]:
    """An open one, behind which there is nothing yet: it answers 503."""
    made = FrontDoor(settings, lambda _: pytest.fail("nobody asked for pages"))
    made.open()
    yield made
    made.close()


def at(settings: Settings, host: str, port: int) -> Settings:
    return replace(settings, web=replace(settings.web, host=host, port=port))


def asked(host: str, port: int) -> int:
    connection = http.client.HTTPConnection(host, port, timeout=30)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status
    finally:
        connection.close()


def test_another_address_with_the_same_port(settings: Settings, door: FrontDoor) -> None:
    port = settings.web.port
    door.follow(at(settings, "localhost", port))
    assert door.address == f"http://localhost:{port}/"
    assert asked("127.0.0.1", port) == 503


def test_an_address_that_cannot_be_had_leaves_it_where_it_was(settings: Settings, door: FrontDoor) -> None:
    port = settings.web.port
    for wanted in (port, free_port()):
        with pytest.raises(PortTaken):
            door.follow(at(settings, "192.0.2.1", wanted))
        assert door.address == f"http://127.0.0.1:{port}/"
        assert asked("127.0.0.1", port) == 503


def test_another_port_and_back(settings: Settings, door: FrontDoor) -> None:
    first, second = settings.web.port, free_port()
    door.follow(at(settings, "127.0.0.1", second))
    assert asked("127.0.0.1", second) == 503
    with pytest.raises(ConnectionRefusedError):
        asked("127.0.0.1", first)
    door.follow(settings)
    assert asked("127.0.0.1", first) == 503
