"""``feeder preview`` as a process: says where it is, takes a free port, ends on Ctrl-C."""

from __future__ import annotations

import http.client
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from preview.room import stocked
from support import Publication

from feeder.output import lock, publishing


@contextmanager
def started(publication: Publication, *argv: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process, and the address it tells."""
    process = subprocess.Popen(
        [sys.executable, "-m", "feeder", "preview", *argv], cwd=publication.root, env=publication.environment(),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
    )  # fmt: skip
    try:
        assert process.stdout
        line = process.stdout.readline()
        found = re.match(r"http://127\.0\.0\.1:(\d+)/", line)
        assert found, line + (process.communicate(timeout=20)[1] if not line else "")
        yield process, found[1]
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def asked(port: str, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=20)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_answers_and_ends_when_told(publication: Publication, number: signal.Signals) -> None:
    with started(stocked(publication)) as (process, port):
        assert asked(port, "/page/2099/03/later/")[0] == 200
        process.send_signal(number)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "entries/wrong.md:3: month 13 does not exist" in said
    assert "Traceback" not in said


def test_a_port_that_is_taken_is_passed_over_unless_it_was_asked_for(publication: Publication) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        answer = publication.command("preview", "--port", str(port))
    assert answer.returncode == 73
    assert f"port {port}" in answer.stderr
    with socket.socket() as usual:
        usual.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            usual.bind(("127.0.0.1", 8000))
            usual.listen()
        except OSError:
            pass  # somebody else has it, which is as good
        with started(publication) as (_, found):
            assert int(found) > 8000


def test_one_preview_at_a_time_and_the_second_says_where_the_first_is(publication: Publication) -> None:
    with started(publication) as (process, port):
        answer = publication.command("preview")
        assert answer.returncode == 75
        assert answer.stderr.startswith(
            f"feeder: the preview is open already at http://127.0.0.1:{port}/: process {process.pid}, since "
        )
        assert answer.stderr.endswith(" UTC (go on there, or end that one first)\n")
        assert publication.publish().returncode == 0


def test_a_preview_that_is_still_building_is_told_without_an_address(publication: Publication) -> None:
    with publishing(publication.root, datetime.now(UTC), name="preview"):
        lock.note(publication.root, "preview", "http://127.0.0.1:8000/")
    with publishing(publication.root, datetime.now(UTC), name="preview"):
        answer = publication.command("preview")
    assert answer.returncode == 75
    assert "another preview is at work: process " in answer.stderr
    assert "(it tells its address once it has built)" in answer.stderr


def test_wrong_settings_at_the_start_are_told(publication: Publication) -> None:
    publication.write("feeder.toml", "[site\n")
    answer = publication.command("preview")
    assert answer.returncode == 78
    assert "feeder.toml:1" in answer.stderr


def test_clean_removes_the_copy(publication: Publication) -> None:
    with started(stocked(publication)):
        pass
    folder = Path(publication.root / ".feeder/preview")
    assert folder.is_dir()
    assert publication.command("clean").returncode == 0
    assert not folder.exists()


def test_a_folder_that_other_settings_name_is_followed_too(publication: Publication) -> None:
    with started(publication) as (_, port):
        publication.configure('[entries]\npath = "news"\n')
        publication.write("news/a.md", "---\ntitle: 甲\ndate: 2026-11-20\n---\n正文\n")
        assert eventually(lambda: asked(port, "/page/2026/11/a/")[0] == 200)
        publication.write("news/b.md", "---\ntitle: 乙\ndate: 2026-11-20\n---\n正文\n")
        assert eventually(lambda: asked(port, "/page/2026/11/b/")[0] == 200)


def eventually(true: Callable[[], bool]) -> bool:
    """Whether it becomes true within twenty seconds."""
    waiting = threading.Event()
    return any(true() or waiting.wait(0.1) for _ in range(200))
