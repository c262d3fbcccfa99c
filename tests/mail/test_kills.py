"""Promise 2: ``kill -9`` or SIGTERM at any instant of sending. Nobody is lost, nobody is served three times."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from support import CHECKOUT, soak

from tests.mail import sink
from tests.mail.postroom import Postroom, postroom, settings_of
from tests.mail.sink import Running

CONNECTIONS = 4
RECIPIENTS = soak(400, 5000)
KILLS = soak(6, 40)
TERMS = soak(2, 10)


def start(root: Path, port: int, on_uncertain: str) -> subprocess.Popen[str]:
    """A sender in a process of its own, at work."""
    command = [sys.executable, "-m", "mail.postroom", str(root), str(port), str(CONNECTIONS), on_uncertain]
    process = subprocess.Popen(
        command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True, encoding="utf-8",
        env={"PYTHONPATH": f"{CHECKOUT}:{CHECKOUT / 'tests'}", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    return process


def end(process: subprocess.Popen[str], how: signal.Signals) -> int:
    process.send_signal(how)
    code = process.wait(60)
    assert process.stdout is not None
    process.stdout.close()
    return code


def disturbed(room: Postroom, server: Running, on_uncertain: str) -> None:
    """Runs that are ended at random moments, each when it has got a little further; then one that is not."""
    chance = random.Random(7)
    ends = [signal.SIGKILL] * KILLS + [signal.SIGTERM] * TERMS
    chance.shuffle(ends)
    step = RECIPIENTS // (len(ends) + 1)
    for number, how in enumerate(ends):
        process = start(room.settings.root, server.port, on_uncertain)
        wanted = number * step + chance.randrange(step)
        while process.poll() is None and len(server.accepted()) < wanted:
            time.sleep(0.002)
        time.sleep(chance.random() * 0.02)
        code = end(process, how)
        assert code == (-how if how == signal.SIGKILL and code else 0)
    last = start(room.settings.root, server.port, on_uncertain)
    assert last.stdout is not None
    told = last.stdout.read()
    last.stdout.close()
    assert last.wait() == 0, told


@pytest.mark.parametrize("on_uncertain", ["resend", "hold"])
def test_nobody_lost_nobody_twice(tmp_path: Path, on_uncertain: str) -> None:
    with (
        sink.running(tmp_path) as server,
        postroom(settings_of(tmp_path, server.port, on_uncertain=on_uncertain), RECIPIENTS) as room,
    ):
        room.cut(html="<p>一段文字</p>\n" * 500)
        disturbed(room, server, on_uncertain)
        states, accepted = room.states(), server.accepted()
        held = {f"u{subscriber}@example.net" for state, subscriber in room.rows("state, subscriber") if state == "held"}
        copies = Counter(line.recipient for line in accepted)
        assert set(states) <= {"sent", "held"}
        assert sum(states.values()) == RECIPIENTS
        # Whoever has not got it is listed, for a person to decide.
        assert {f"u{number}@example.net" for number in range(1, RECIPIENTS + 1)} - copies.keys() <= held
        assert len(held) <= KILLS * CONNECTIONS
        assert len(set(accepted)) == len(copies), "a second copy is the same, byte for byte"
        if on_uncertain == "hold":
            assert max(copies.values()) == 1
        else:
            assert len(accepted) - len(copies) <= KILLS * CONNECTIONS
            assert max(copies.values()) <= 2
            assert len(copies) == RECIPIENTS or held
