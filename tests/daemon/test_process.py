"""The process itself: its signals, its lock, a publish beside it, what systemd hears, what `feeder status` shows."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from mail import sink
from mail.newsdesk import MAIL, Newsdesk
from support import NOW, Publication

from feeder.output import publishing
from tests.daemon.process import Daemon, daemon, eventually, feed, with_digest_due


@pytest.fixture
def pub(publication: Publication) -> Publication:
    publication.entry("a", title="A", date="2026-11-20")
    return publication


def test_it_publishes_at_the_start_and_at_each_change_and_ends_with_0(pub: Publication) -> None:
    with daemon(pub) as running:
        assert feed(pub.root) == ["A"]
        pub.entry("b", title="B", date="2026-11-21")
        eventually(lambda: feed(pub.root) == ["B", "A"])
        (pub.root / "entries/a.md").unlink()
        eventually(lambda: "B" in feed(pub.root) and "A" not in feed(pub.root))
        assert running.end() == 0
        assert running.said().rstrip().endswith("stopped")
        assert not (pub.root / ".feeder/daemon.json").exists()


def test_ctrl_c_ends_it_as_well(pub: Publication) -> None:
    with daemon(pub) as running:
        assert running.end(signal.SIGINT) == 0


def test_what_is_under_way_is_finished(pub: Publication) -> None:
    pub.configure('[output]\ndeploy = "echo $$ > started; sleep 1; echo done >> finished"')
    with daemon(pub) as running:
        (pub.root / "started").unlink()
        pub.entry("b", title="B", date="2026-11-21")
        eventually((pub.root / "started").exists)
        assert running.end() == 0
        assert (pub.root / "finished").read_text() == "done\n" * 2


def test_asked_twice_it_ends_at_once_and_the_next_one_goes_on(pub: Publication) -> None:
    pub.configure('[output]\ndeploy = "echo $$ > started; test -e ok || exec sleep 600"')
    running = Daemon(pub, "--no-web")
    try:
        eventually(lambda: (pub.root / "started").exists() and (pub.root / "started").read_text())
        running.send(signal.SIGINT)
        eventually(lambda: "stopping: finishing the run under way; asked once more it breaks off\n" in running.said())
        assert running.end(signal.SIGINT) == 130
        assert running.said().endswith("stopped: the run under way was broken off; the next start finishes it\n")
        assert running.warned() == []
        with pytest.raises(ProcessLookupError):  # nor is the command left behind, which the next one would run beside
            os.kill(int((pub.root / "started").read_text()), 0)
        assert "daemon:" not in pub.command("status").stdout
    finally:
        running.kill()
    pub.write("ok", "")
    with daemon(pub) as again:
        eventually(lambda: "deploy: done" in again.said())


def test_pages_answer_while_the_first_run_deploys_and_until_the_last_has(pub: Publication) -> None:
    assert pub.publish().returncode == 0
    pub.configure('[output]\ndeploy = "touch slowly; while test ! -e ok; do sleep 0.1; done"\n[web]\nport = 8080')
    pub.entry("b", title="B", date="2026-11-21")
    port = _free()
    running = Daemon(pub, "--port", str(port))
    try:
        eventually((pub.root / "slowly").exists)
        assert _status(port) == 200
        assert ", first run, http://127.0.0.1:" in pub.command("status").stdout
        running.send(signal.SIGTERM)
        eventually(lambda: "stopping: finishing the run under way" in running.said())
        assert _status(port) == 200
        pub.write("ok", "")
        assert running.process.wait(60) == 0
        assert "deploy: done" in running.said()
    finally:
        running.kill()


def test_a_first_build_says_so_and_that_it_is_stopping(pub: Publication) -> None:
    for number in range(400):
        pub.entry(f"e{number}", "正文。\n" * 20, title=f"E{number}", date="2026-11-20")
    running = Daemon(pub, "--no-web")
    try:
        eventually(lambda: "first run: making everything" in running.said())
        assert running.state()["watching"] == ""
        running.send(signal.SIGTERM)
        assert running.process.wait(60) == 0
        assert "stopping: finishing the run under way" in running.said()
        assert len(feed(pub.root)) > 10
    finally:
        running.kill()


def test_one_is_enough(pub: Publication) -> None:
    with daemon(pub) as running:
        second = pub.command("run", "--no-web")
        assert second.returncode == 75
        assert f"another `feeder run` is at work here: process {running.process.pid}, since " in second.stderr
        running.process.kill()
        running.process.wait()
    with daemon(pub) as third:  # the lock of a killed process is not stale
        assert third.end() == 0


def test_a_publish_beside_it_waits_or_ends_with_75_and_it_waits_for_a_publish(pub: Publication) -> None:
    pub.configure('[output]\ndeploy = "test ! -e slow || { touch slowly; while test -e slow; do sleep 0.1; done; }"')
    with daemon(pub) as running:
        pub.write("slow", "")
        pub.entry("b", title="B", date="2026-11-21")
        eventually((pub.root / "slowly").exists)
        beside = pub.publish("--lock-timeout", "0")
        assert beside.returncode == 75
        (pub.root / "slow").unlink()
        assert pub.publish().returncode == 0
        with publishing(pub.root, NOW, 30):
            pub.entry("c", title="C", date="2026-11-21")
            eventually(lambda: "waiting: another publish is at work" in running.said())
            time.sleep(1.5)
        eventually(lambda: "C" in feed(pub.root))
        assert running.said().count("waiting:") == 1
        assert running.warned() == []


def test_hangup_reads_the_settings_anew_and_bad_ones_change_nothing(pub: Publication) -> None:
    with daemon(pub) as running:
        pub.configure(title="新名")
        eventually(lambda: "新名" in pub.read("feed.atom"))
        pub.write("feeder.toml", "[site]\ntitle = ")
        eventually(lambda: running.troubles() == {"settings"})
        running.send(signal.SIGHUP)
        pub.entry("b", title="B", date="2026-11-21")
        eventually(lambda: "B" in feed(pub.root))
        assert "新名" in pub.read("feed.atom")
        told = [line for line in running.warned() if "settings: feeder.toml:2" in line]
        assert len(told) == 1
        assert "the settings of before go on" in told[0]
        status = pub.command("status")
        pub.configure(title="更新的名")
        running.send(signal.SIGHUP)
        eventually(lambda: "更新的名" in pub.read("feed.atom"))
        eventually(lambda: running.troubles() == set())
        assert status.returncode == 78
        assert "daemon:    process " in status.stdout
        assert "failing:   settings, " in status.stdout


def test_the_pages_follow_the_settings_and_an_address_that_is_taken_changes_nothing(pub: Publication) -> None:
    pub.configure("[web]\nport = 0")
    with daemon(pub, "--port", str(_free())) as running:
        at = urlsplit(running.state()["address"])
        assert _status(at.port) == 200
    pub.configure(f"[web]\nport = {_free()}")
    running.log.unlink()
    with daemon(pub, "-q") as running, socket.create_server(("127.0.0.1", 0)) as taken:
        first = urlsplit(running.state()["address"]).port
        assert _status(first) == 200
        pub.configure(f"[web]\nport = {taken.getsockname()[1]}")
        eventually(lambda: running.troubles() == {"web"})
        assert _status(first) == 200
        pub.configure(f"[web]\nport = {first}")  # back to where it never ceased to listen
        eventually(lambda: running.troubles() == set())
        pub.configure(f'[web]\nport = {first}\nproxies = ["10.0.0.0/8"]')
        eventually(lambda: "settings" not in running.troubles() and _answers(first))
        pub.configure(f"[web]\nport = {taken.getsockname()[1]}")
        eventually(lambda: running.troubles() == {"web"})
        assert _status(first) == 200
        taken.close()
        pub.entry("b", title="B", date="2026-11-21")
        eventually(lambda: running.troubles() == set())  # it is tried again with every run
        other = _free()
        pub.configure(f"[web]\nport = {other}")
        eventually(lambda: urlsplit(running.state()["address"]).port == other)
        eventually(lambda: running.troubles() == set())
        assert _status(other) == 200
        assert running.said() == ""


def test_a_port_that_is_taken_is_said_at_once(pub: Publication) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        found = pub.command("run", "--port", str(taken.getsockname()[1]))
    assert found.returncode == 73
    assert "Address already in use" in found.stderr
    assert not (pub.root / "out").exists()


def test_options_that_exclude_each_other(pub: Publication) -> None:
    assert pub.command("run", "-q", "-v").returncode == 2
    assert pub.command("run", "--no-web", "--port", "1").returncode == 2


def test_status_tells_how_it_is_and_that_it_is_gone(pub: Publication) -> None:
    assert "daemon:" not in pub.command("status").stdout
    with daemon(pub) as running:
        pid = running.process.pid
        found = pub.command("status").stdout
        assert f"daemon:    process {pid} since " in found
        assert "watching by inotify" in found
        running.kill()
        assert (
            f"gone without a word; it ran from {found.split('since ')[1].split(',')[0]}" in pub.command("status").stdout
        )
    with daemon(pub) as running:
        assert running.end() == 0
    assert "daemon:" not in pub.command("status").stdout


def test_what_a_visitor_sets_off_leaves_at_once(tmp_path: Path) -> None:
    desk = Newsdesk(tmp_path / "pub")
    desk.begin(lines=MAIL.replace("[web]\n", f"[web]\nport = {_free()}\n"))
    desk.entry("a", title="A", date="2026-11-20")
    with daemon(desk, "-v") as running:
        port = urlsplit(running.state()["address"]).port

        def asked() -> bool:
            # A form that was filled in within a second comes back, to be sent again.
            token = re.search(r'name="token" (?:[^>]*? )?value="([^"]*)"', _ask(port, "GET", "/subscribe/weekly"))
            assert token is not None
            time.sleep(2)
            _ask(port, "POST", "/subscribe/weekly", email="reader@example.net", token=token[1])
            return "mail: 1 sent" in running.said()

        eventually(asked)
        (letter,) = desk.letters()
        assert letter["To"] == "reader@example.net"


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """The socket of a service manager."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.bind(str(tmp_path / "notify"))
        made.settimeout(30)
        yield made


def messages(manager: socket.socket, until: str) -> list[dict[str, str]]:
    """What it hears, up to a message that has this line."""
    found = []
    while True:
        lines = manager.recv(4096).decode().splitlines()
        found.append(dict(line.partition("=")[::2] for line in lines))
        if until in lines:
            return found


def test_systemd_hears_of_it(pub: Publication, manager: socket.socket, tmp_path: Path) -> None:
    env = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "2000000"}
    running = Daemon(pub, "--no-web", env=env)
    try:
        began = messages(manager, "READY=1")
        assert any("EXTEND_TIMEOUT_USEC" in one for one in began)
        messages(manager, "WATCHDOG=1")
        running.send(signal.SIGHUP)
        reloading = messages(manager, "RELOADING=1")[-1]
        assert 0 < int(reloading["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000
        messages(manager, "READY=1")
        pub.entry("f", title="F", date="2036-01-01")
        heard = messages(manager, "STATUS=next: entry F 2035-12-31 16:00 UTC")
        assert not any("STOPPING" in one for one in heard)
        running.send(signal.SIGTERM)
        assert "STATUS" in messages(manager, "STOPPING=1")[-1]
        assert running.process.wait(30) == 0
    finally:
        running.kill()


def test_mail_that_has_left_is_not_what_comes_next(manager: socket.socket, tmp_path: Path) -> None:
    desk = Newsdesk(tmp_path / "pub")
    desk.begin()
    desk.entry("a", title="A", date="2026-11-20")
    assert desk.command("subscribers", "add", "reader@example.net").returncode == 0
    with daemon(desk, env={"NOTIFY_SOCKET": str(tmp_path / "notify")}) as running:
        messages(manager, "STATUS=nothing is due")  # pending, she is served by no digest yet
        assert "mail: 1 sent" in running.said()
        assert not running.state()["why"]


def test_each_line_begins_with_the_time_in_the_sites_zone(pub: Publication) -> None:
    pub.configure('[output]\ndeploy = "false"\n', timezone="America/New_York")
    with daemon(pub) as running:
        eventually(lambda: "deploy" in running.troubles())
        lines = len(running.said().splitlines())
        running.send(signal.SIGHUP)  # tries again: that says nothing new
        eventually(lambda: "feeder.toml: read anew, nothing changed" in running.said())
        eventually(lambda: running.state()["troubles"][0]["times"] > 1)
        assert running.end() == 0
    assert len(running.said().splitlines()) == lines + 3  # that, stopping, stopped
    assert all(re.match(r"20\d\d-\d\d-\d\dT[\d:]{8}-0[45]:00 {1,3}\S", line) for line in running.said().splitlines())
    assert len(running.warned()) == 1


def test_in_the_journal_lines_have_priorities_and_no_times(pub: Publication, tmp_path: Path) -> None:
    running = Daemon(pub, "--no-web")
    running.up()
    running.kill()
    log, errors = os.stat(running.log), os.stat(running.errors)
    assert not running.said().startswith("<")
    with daemon(pub, env={"JOURNAL_STREAM": f"{log.st_dev}:{log.st_ino}"}) as again:
        assert any(line.startswith("<6>feeder run: process ") for line in again.said().splitlines())
        again.end()
    with daemon(pub, env={"JOURNAL_STREAM": f"{errors.st_dev}:{errors.st_ino}"}) as again:
        pub.write("feeder.toml", "[site]\ntitle = ")
        eventually(lambda: any(line.startswith("<3>settings: feeder.toml:2") for line in again.warned()))


def test_a_process_that_was_held_over_an_instant(pub: Publication) -> None:
    with daemon(pub) as running:
        at = datetime.now(UTC) + timedelta(seconds=10)  # time enough to notice it, on any machine
        pub.entry("f", title="F", date=f"{at:%Y-%m-%dT%H:%M:%SZ}")
        eventually(lambda: running.state().get("why") == "entry F")
        running.send(signal.SIGSTOP)
        time.sleep((at - datetime.now(UTC)).total_seconds() + 1)
        assert feed(pub.root) == ["A"]
        running.send(signal.SIGCONT)
        eventually(lambda: feed(pub.root) == ["F", "A"])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_log_that_takes_no_more_ends_nothing(pub: Publication) -> None:
    running = Daemon(pub, "--no-web", "-v", env={"LOG": "/dev/full"})
    try:
        eventually(lambda: feed(pub.root) == ["A"])
        pub.write("feeder.toml", "[site]\ntitle = ")
        eventually(lambda: running.troubles() == {"settings"})
        pub.entry("b", title="B", date="2026-11-21")
        eventually(lambda: "B" in feed(pub.root))
        assert running.end() == 0
    finally:
        running.kill()


def test_a_long_sending_keeps_no_feed_from_being_published_and_ends_in_good_order(tmp_path: Path) -> None:
    with sink.running(tmp_path, sink.Manners(slow=0.3)) as server:
        desk = with_digest_due(tmp_path / "pub", server.port, 300)
        with daemon(desk) as running:
            eventually(lambda: len(server.accepted()) > 2)
            desk.entry("b", title="B", date="2026-11-21")
            eventually(lambda: "B" in feed(desk.root))
            assert len(server.accepted()) < 250
            assert running.end() == 0
        before = len(server.accepted())
        with daemon(desk):  # the rest goes on where it was
            eventually(lambda: len(server.accepted()) > before)
        accepted = server.accepted()
        assert len({line.recipient for line in accepted}) == len(accepted)


def _free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def _ask(port: int | None, method: str, path: str, **form: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port or 0, timeout=10)
    try:
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
        connection.request(method, path, urlencode(form) or None, kind)
        return connection.getresponse().read().decode("utf-8")
    finally:
        connection.close()


def _answers(port: int | None) -> bool:
    try:
        return _status(port) == 200
    except OSError:
        return False


def _status(port: int | None) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port or 0, timeout=10)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status
    finally:
        connection.close()


def test_what_another_command_queues_leaves_at_once(tmp_path: Path) -> None:
    desk = Newsdesk(tmp_path / "pub")
    desk.begin()
    desk.entry("a", title="A", date="2026-11-20")
    with daemon(desk) as running:
        running.up()
        assert desk.command("subscribers", "add", "ana@example.org").returncode == 0
        eventually(lambda: list(desk.received()) == ["ana@example.org"])
        assert not (desk.root / ".feeder/wake").exists()
