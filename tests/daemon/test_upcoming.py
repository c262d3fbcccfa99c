"""When the next message may leave, and what systemd is told over which socket."""

from __future__ import annotations

import os
import socket
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from mail.postroom import NOW, postroom, settings_of

from feeder.daemon.sdnotify import Notifier
from feeder.dates import to_micros
from feeder.mail.sending import upcoming

HOUR = timedelta(hours=1)


def test_the_first_instant_at_which_anything_may_leave(tmp_path: Path) -> None:
    with postroom(settings_of(tmp_path), 3) as room:

        def due() -> datetime | None:
            return upcoming.next_due(room.database, "smtp")

        assert due() is None
        number = room.cut(until=NOW + HOUR)
        assert due() == NOW + HOUR
        assert upcoming.next_due(room.database, "maildir") is None
        room.raw.execute("UPDATE digest SET send_at = ?", (to_micros(NOW + 3 * HOUR),))
        assert due() == NOW + 3 * HOUR  # the editor looks at a proof
        room.raw.execute("UPDATE digest SET state = 'paused'")
        assert due() is None
        room.raw.execute("UPDATE digest SET state = 'ready', send_at = 0")
        room.raw.execute("UPDATE delivery SET state = 'deferred', due_at = ?", (to_micros(NOW + 5 * HOUR),))
        room.raw.execute("UPDATE delivery SET due_at = ? WHERE subscriber = 2", (to_micros(NOW + 4 * HOUR),))
        assert due() == NOW + 4 * HOUR
        room.raw.execute("INSERT INTO pause VALUES ('smtp', '*', ?, 'down', 1)", (to_micros(NOW + 6 * HOUR),))
        assert due() == NOW + 6 * HOUR
        room.raw.execute("DELETE FROM pause")
        room.raw.execute("UPDATE delivery SET state = 'held'")
        assert due() is None
        room.raw.execute("UPDATE delivery SET state = 'sending', due_at = 5 WHERE subscriber = 3")
        assert due() is not None  # a dead run left it there
        room.raw.execute("UPDATE delivery SET state = 'sent'")
        room.raw.execute(
            """INSERT INTO notice (kind, address, data, message_id, state, due_at, made_at, updated_at)
            VALUES ('confirm', 'a@example.org', x'', '<a@b>', 'queued', ?1, ?1, ?1)""", (to_micros(NOW),),
        )  # fmt: skip
        assert due() == NOW
        assert number == 1


@pytest.mark.parametrize("abstract", [False, True])
def test_one_datagram_to_a_socket_with_a_path_or_an_abstract_name(tmp_path: Path, abstract: bool) -> None:
    name = f"\0feeder-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(name)
        manager.settimeout(10)
        told = Notifier({"NOTIFY_SOCKET": name.replace("\0", "@")})
        told.ready()
        assert manager.recv(4096) == b"READY=1"
        told.status("第一行\n第二行")
        assert manager.recv(4096).decode() == "STATUS=第一行 第二行"
        told.status("in \udcd0\udcc2/")  # the name of a file, which need not be text
        assert manager.recv(4096) == b"STATUS=in ??/"
        told.patience(60)
        assert manager.recv(4096) == b"EXTEND_TIMEOUT_USEC=60000000"
        told.alive()
        assert manager.recv(4096) == b"WATCHDOG=1"
    told.ready()  # the manager is gone: nobody minds


def test_who_waits_for_signs_of_life(tmp_path: Path) -> None:
    at = {"NOTIFY_SOCKET": str(tmp_path / "x")}
    assert Notifier({}).every is None
    assert Notifier({"WATCHDOG_USEC": "30000000"}).every is None
    assert Notifier({**at, "WATCHDOG_USEC": "30000000"}).every == 15.0
    assert Notifier({**at, "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}).every == 15.0
    assert Notifier({**at, "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}).every is None
    assert Notifier({**at, "WATCHDOG_USEC": "soon"}).every is None
    assert Notifier({"NOTIFY_SOCKET": "vsock:2:1234", "WATCHDOG_USEC": "30000000"}).every is None
