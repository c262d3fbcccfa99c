"""Many threads open the mail database of one process, and other programs look in: nobody takes a lock from another."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from mail.postroom import NOW, postroom, settings_of

from feeder.errors import MailDamaged
from feeder.mail.database import open_mail

LOOK_IN = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM meta').fetchall(); c.close()"


def test_a_program_that_looks_in_leaves_the_log_of_a_sending_where_it_is(tmp_path: Path) -> None:
    # POSIX takes all locks on a file from a process that closes it anywhere (sqlite.org/howtocorrupt.html, 2.2).
    settings = settings_of(tmp_path)
    with postroom(settings, 3) as room:
        room.cut()
        for _ in range(3):
            with open_mail(settings, NOW) as other:  # as another thread does
                other.sync()
            subprocess.run([sys.executable, "-c", LOOK_IN, room.database.path], check=True, timeout=60)
            assert Path(f"{room.database.path}-wal").exists()
            room.raw.execute("UPDATE delivery SET state = 'sent'")
        assert room.states() == {"sent": 3}
        assert room.raw.execute("PRAGMA quick_check").fetchone() == ("ok",)


@pytest.mark.parametrize("left", [0, 1, 100, 4096, 0.5, 0.99])
def test_a_file_that_was_cut_is_named(tmp_path: Path, left: float) -> None:
    settings = settings_of(tmp_path)
    with postroom(settings, 300) as room:
        path = room.database.path
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for ending in ("-wal", "-shm"):
        Path(path + ending).unlink(missing_ok=True)
    data = Path(path).read_bytes()
    Path(path).write_bytes(data[: int(left if left > 1 or left in {0, 1} else left * len(data))])
    with pytest.raises(MailDamaged):
        open_mail(settings, NOW)
