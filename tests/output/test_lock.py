"""Promise 4: one publish at a time, and the others learn who it is."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from feeder.errors import CannotCreate, Locked
from feeder.output import publishing
from feeder.output.lock import is_held

NOW = datetime(2026, 11, 22, 20, 44, 5, tzinfo=UTC)
HOLD = """
import sys, pathlib, datetime
from feeder.output import publishing
from feeder.output.lock import is_held
with publishing(pathlib.Path(sys.argv[1]), datetime.datetime(2026, 1, 2, 3, 4, tzinfo=datetime.UTC)):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout
    assert child.stdout.readline() == "held\n"
    return child


def end(child: subprocess.Popen[str]) -> None:
    child.communicate()


def test_who_holds_it_is_said(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(Locked) as caught, publishing(tmp_path, NOW, timeout=0.1):
        pass
    assert str(caught.value) == f"another publish is at work: process {holder.pid}, since 2026-01-02 03:04:00 UTC"
    assert caught.value.exit_code == 75
    end(holder)


def test_it_waits_until_the_other_is_done(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    if not (child := os.fork()):
        assert holder.stdin
        os.close(holder.stdin.fileno())  # only the parent's end may keep the holder waiting
        code = 1
        try:
            with publishing(tmp_path, NOW, timeout=60):
                code = 0
        finally:
            os._exit(code)
    end(holder)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_it_goes_with_a_holder_that_is_killed(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGKILL)
    end(holder)
    with publishing(tmp_path, NOW, timeout=0):
        text = (tmp_path / ".feeder/publish.lock").read_text()
        assert text == f"{os.getpid()} 2026-11-22 20:44:05 UTC\n"


def test_two_in_one_process_exclude_each_other_and_names_do_not(tmp_path: Path) -> None:
    with publishing(tmp_path, NOW, timeout=0):
        with pytest.raises(Locked), publishing(tmp_path, NOW, timeout=0):
            pass
        with publishing(tmp_path, NOW, timeout=0, name="send"):
            pass
    with publishing(tmp_path, NOW, timeout=0):
        pass


def test_a_lock_file_with_nonsense_in_it(tmp_path: Path) -> None:
    with publishing(tmp_path, NOW, timeout=0):
        (tmp_path / ".feeder/publish.lock").write_bytes(b"\xff\n")
        with pytest.raises(Locked, match="not said who"), publishing(tmp_path, NOW, timeout=0):
            pass


def test_no_folder_for_it(tmp_path: Path) -> None:
    (tmp_path / ".feeder").write_text("a file")
    with pytest.raises(CannotCreate), publishing(tmp_path, NOW):
        pass


def test_whether_it_is_held_can_be_asked(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    assert is_held(tmp_path)
    end(holder)
    assert not is_held(tmp_path)
    assert not is_held(tmp_path, "another")


def test_who_asks_whether_it_is_held_turns_nobody_away(tmp_path: Path) -> None:
    """To ask is to have it for an instant."""
    with publishing(tmp_path, NOW):
        pass
    handle = os.open(tmp_path / ".feeder/publish.lock", os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_SH)
    asking = threading.Timer(0.01, os.close, [handle])
    asking.start()
    with publishing(tmp_path, NOW, timeout=0):
        pass
    asking.join()
