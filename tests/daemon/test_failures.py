"""Whatever fails: it is told once, mailed to the operator once, tried again, and never the end of the process."""

from __future__ import annotations

import errno
import os
import resource
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from mail.newsdesk import MAIL, Newsdesk, text_of

from feeder import pipeline
from feeder.daemon import facts
from feeder.errors import CannotWrite
from feeder.output import publishing
from feeder.upkeep.running import load
from tests.daemon.process import daemon, eventually, feed
from tests.daemon.stage import Stage, SteppedClock

SUNDAY = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def desk(tmp_path: Path) -> Newsdesk:
    made = Newsdesk(tmp_path / "pub")
    made.begin(extra="")
    made.entry("a", "正文。\n", title="A", date="2026-11-20")
    made.subscribe("reader@example.net", SUNDAY - 24 * HOUR)
    return made


def alarms(desk: Newsdesk) -> list[EmailMessage]:
    return [one for one in desk.letters() if "警报" in str(one["Subject"])]


def started(desk: Newsdesk, at: datetime = SUNDAY) -> Stage:
    stage = Stage(desk, SteppedClock(at))
    stage.start()
    return stage


def test_a_broken_template(desk: Newsdesk) -> None:
    stage = started(desk)
    before = desk.tree()
    desk.write("templates/entry.html", "{% for %}")
    stage.publish()
    stage.until(SUNDAY + 3 * HOUR)
    assert desk.tree() == before
    (line,) = stage.voice.warned
    assert line.startswith("publish: templates/entry.html:1")
    (letter,) = alarms(desk)
    assert letter["To"] == "news@example.org"
    assert letter["Subject"] == "[警报] 测试新闻：发布失败"
    assert "templates/entry.html:1" in text_of(letter)
    assert stage.standing.condition().ok is False
    tries = [at for at, duty in stage.turns if duty and duty.kind == "retry"]
    waits = [(b - a).total_seconds() // 60 for a, b in pairwise(tries)]
    assert waits[:4] == [2, 4, 8, 15]
    desk.write("templates/entry.html", "{{ entry.title }}")
    stage.publish()
    assert stage.troubles.all() == ()
    assert stage.standing.condition().ok is True
    assert "publish: well again" in stage.voice.said
    # Once more: that is another failure, and told as one.
    desk.write("templates/entry.html", "{% for %}")
    stage.publish()
    assert len(stage.voice.warned) == 2
    assert len(alarms(desk)) == 1
    stage.until(SUNDAY + 4 * HOUR)
    assert len(alarms(desk)) == 2


def test_what_is_mended_within_a_minute_is_not_worth_a_mail(desk: Newsdesk) -> None:
    stage = started(desk)
    desk.write("templates/entry.html", "{% for %}")
    stage.publish()
    stage.until(SUNDAY + timedelta(seconds=50))
    desk.write("templates/entry.html", "{{ entry.title }}")
    stage.publish()
    stage.until(SUNDAY + HOUR)
    assert len(stage.voice.warned) == 1
    assert alarms(desk) == []


def test_settings_that_stay_broken_are_told_by_mail(desk: Newsdesk) -> None:
    stage = started(desk)
    desk.write("feeder.toml", (desk.root / "feeder.toml").read_text("utf-8") + "\n[site]\n")
    stage.publish()
    stage.until(SUNDAY + 2 * HOUR)
    (letter,) = alarms(desk)
    assert letter["Subject"] == "[警报] 测试新闻：feeder.toml 有误"
    found = stage.standing.condition()  # a supervisor that starts it anew would have none that runs
    assert (found.ok, found.why, [where for where, _ in found.failing]) == (True, "", ["settings"])


def test_other_mistakes_in_the_same_file_are_no_reason_for_another_mail(desk: Newsdesk) -> None:
    stage = started(desk)
    good = (desk.root / "feeder.toml").read_text("utf-8")
    for number, wrong in enumerate(["\n[site]\n", "\nnone = 1\n", "", "\n[[list]]\n"], 1):
        desk.write("feeder.toml", good + wrong if wrong else "")
        stage.publish()
        stage.until(SUNDAY + number * HOUR)
    assert len(stage.voice.warned) == 4
    assert len(alarms(desk)) == 1
    desk.write("feeder.toml", good)
    stage.publish()
    desk.write("feeder.toml", "")  # emptied while it is written
    stage.publish()
    stage.until(SUNDAY + 4 * HOUR + timedelta(seconds=50))
    assert len(alarms(desk)) == 1
    stage.until(SUNDAY + 5 * HOUR)
    assert len(alarms(desk)) == 2


def test_all_mistakes_are_told_as_far_as_there_is_room(desk: Newsdesk) -> None:
    stage = started(desk)
    good = (desk.root / "feeder.toml").read_text("utf-8")
    desk.write("feeder.toml", "one = 1\ntwo = 2\n" + good)
    stage.publish()
    desk.write("feeder.toml", "".join(f"name{'x' * number} = 1\n" for number in range(50)) + good)
    stage.publish()
    few, many = stage.voice.warned
    assert "feeder.toml:1: " in few
    assert "feeder.toml:2: " in few
    assert "more" not in few
    assert "more, which `feeder check` lists; the settings of before go on" in many


def test_a_process_that_is_started_again_tells_nobody_twice(desk: Newsdesk) -> None:
    started(desk)
    desk.write("templates/entry.html", "{% for %}")
    for number in range(1, 4):
        stage = started(desk, SUNDAY + number * HOUR)
        stage.until(SUNDAY + (number + 0.5) * HOUR, safety=False)
        assert len(stage.voice.warned) == (number == 1)
    assert len(alarms(desk)) == 1


def test_a_deploy_that_fails_is_told_by_mail_while_no_digest_leaves(desk: Newsdesk) -> None:
    desk.begin(lines='[output]\ndeploy = "test -e ok || { echo no route >&2; false; }"\n' + MAIL)
    stage = started(desk, SUNDAY + 22 * HOUR)
    stage.until(SUNDAY + 24 * HOUR, safety=False)
    (letter,) = desk.letters()
    assert letter["Subject"] == "[警报] 测试新闻：部署失败"
    assert "no route" in text_of(letter)
    assert stage.standing.condition().last_exit == 69
    desk.write("ok", "")
    stage.until(SUNDAY + 25 * HOUR, safety=False)
    assert len(desk.letters()) == 2
    assert stage.troubles.all() == ()


def test_a_broken_mail_template_keeps_no_entry_from_being_published(desk: Newsdesk) -> None:
    started(desk)
    desk.write("templates/mail/digest.html", "{% for %}")
    stage = started(desk, SUNDAY + 22 * HOUR)
    stage.until(SUNDAY + 25 * HOUR, safety=False)
    assert [one.where for one in stage.troubles.all()] == ["digests"]
    assert '"A"' in desk.read("feed.json")
    assert len(alarms(desk)) == 1
    (desk.root / "templates/mail/digest.html").unlink()
    stage.until(SUNDAY + 26 * HOUR, safety=False)
    assert len(desk.letters()) == 2
    assert stage.troubles.all() == ()


@pytest.mark.parametrize("name", ["history.db", "mail.db"])
def test_a_damaged_database_is_named_and_left_as_it_is(desk: Newsdesk, name: str) -> None:
    stage = started(desk)
    for ending in ("-wal", "-shm"):
        (desk.root / f".feeder/{name}{ending}").unlink(missing_ok=True)
    junk = b"not a database, but long enough to be looked at" * 200
    (desk.root / f".feeder/{name}").write_bytes(junk)
    stage.until(SUNDAY + 2 * HOUR)
    desk.entry("b", "正文。\n", title="B", date="2026-11-21")
    stage.publish()
    assert (desk.root / f".feeder/{name}").read_bytes() == junk
    assert any("is damaged and was left as it is" in line for line in stage.voice.warned)
    assert len(stage.voice.warned) == 1
    assert ('"B"' in desk.read("feed.json")) is (name == "mail.db")


def test_a_mail_database_that_is_gone_is_named_until_it_is_back(desk: Newsdesk) -> None:
    stage = started(desk)
    stage.until(SUNDAY + 24 * HOUR, safety=False)
    assert len(desk.letters()) == 1
    kept = {file: file.read_bytes() for file in (desk.root / ".feeder").glob("mail.db*")}
    for file in kept:
        file.unlink()
    desk.entry("b", "正文。\n", title="B", date="2026-11-23")
    stage.publish()
    stage.until(SUNDAY + 26 * HOUR)
    assert '"B"' in desk.read("feed.json")
    (line,) = stage.voice.warned
    assert line.startswith("digests: the mail database is gone: ")
    assert "`feeder subscribers import` begins a new one" in line
    assert not stage.standing.condition().ok
    assert not [*(desk.root / ".feeder").glob("mail.db*")]
    for file, content in kept.items():
        file.write_bytes(content)
    stage.until(SUNDAY + 28 * HOUR)
    assert stage.troubles.all() == ()
    stage.until(SUNDAY + 8 * 24 * HOUR, safety=False)
    assert len(desk.letters()) - len(alarms(desk)) == 2


def _full(*given: Any) -> pipeline.Report:
    raise CannotWrite("cannot write out/feed.atom: the disk is full", hint="free some space")


def _fault(*given: Any) -> pipeline.Report:
    raise KeyError("nobody foresaw this")


def _refused(*given: Any) -> pipeline.Report:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "x")


def _locked(*given: Any) -> pipeline.Report:
    raise sqlite3.OperationalError("whatever it is")


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        (_full, 74, "publish: cannot write out/feed.atom: the disk is full (free some space)"),
        (_refused, 74, "publish: No space left on device: x"),
        (_fault, 1, "publish: a fault of feeder's own: KeyError: 'nobody foresaw this' at "),
        (_locked, 1, "publish: a database cannot be read: whatever it is"),
    ],
)
def test_any_other_failure(
    desk: Newsdesk, monkeypatch: pytest.MonkeyPatch, fault: Callable[..., Any], code: int, words: str
) -> None:
    stage = started(desk)
    monkeypatch.setattr(pipeline, "publish", fault)
    desk.entry("b", "正文。\n", title="B", date="2026-11-21")
    stage.publish()
    stage.until(SUNDAY + HOUR)
    (line,) = stage.voice.warned
    assert line.startswith(words)
    found = stage.standing.condition()
    assert (found.last_exit, found.ok) == (code, False)
    assert found.failures == found.runs[code] > 5
    assert len(alarms(desk)) == 1
    monkeypatch.undo()
    stage.until(SUNDAY + HOUR * 3 / 2)
    assert stage.troubles.all() == ()
    assert '"B"' in desk.read("feed.json")


def test_where_no_mail_can_be_queued_it_is_tried_again(desk: Newsdesk, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = started(desk)
    monkeypatch.setattr(pipeline, "publish", _full)
    monkeypatch.setattr("feeder.daemon.alarms.queue", _full)  # the disk is full for the alarm as well
    stage.publish()
    stage.until(SUNDAY + HOUR / 2)
    monkeypatch.undo()
    assert alarms(desk) == []
    monkeypatch.setattr(pipeline, "publish", _full)
    stage.until(SUNDAY + HOUR)
    assert len(alarms(desk)) == 1


def test_facts_that_cannot_be_read_end_nothing(desk: Newsdesk, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = started(desk)
    monkeypatch.setattr(facts, "publishing", _fault)
    monkeypatch.setattr(facts, "sending", _fault)
    stage.publish()
    stage.until(SUNDAY + HOUR)
    assert [one.where for one in stage.troubles.all()] == ["facts"]
    assert len(stage.voice.warned) == 1
    assert len(stage.turns) < 10
    monkeypatch.undo()
    stage.until(SUNDAY + 2 * HOUR)
    assert stage.troubles.all() == ()


def test_a_server_that_cannot_be_reached_is_told_and_not_mailed(desk: Newsdesk) -> None:
    smtp = '[mail.smtp]\nhost = "127.0.0.1"\nport = 1\ntimeout = 2\n'
    desk.begin(lines=MAIL.replace("maildir", "smtp").replace("[web]\n", smtp + "[web]\n"))
    started(desk)
    stage = started(desk, SUNDAY + 22 * HOUR)
    stage.until(SUNDAY + 30 * HOUR, safety=False)
    assert [one.where for one in stage.troubles.all()] == ["sending"]
    assert len([line for line in stage.voice.warned if line.startswith("sending: ")]) == 1
    deliveries = sum(duty is not None and duty.kind == "mail" for _, duty in stage.turns)
    assert 3 < deliveries < 40  # its own back-off, up to an hour
    stage.work.wake()
    stage.work.deliver()  # a visitor rings while all mail waits: that mends nothing
    assert [one.where for one in stage.troubles.all()] == ["sending"]
    desk.begin(lines=MAIL)
    stage.until(SUNDAY + 32 * HOUR)
    assert stage.troubles.all() == ()


def test_a_publication_that_is_away_is_not_published_empty(desk: Newsdesk, tmp_path: Path) -> None:
    stage = started(desk)
    away = desk.root.rename(tmp_path / "away")
    for _ in range(3):
        stage.work.publish()
        stage.work.deliver()
    assert not desk.root.exists()
    assert any("no publication" in line for line in stage.voice.warned)
    away.rename(desk.root)
    desk.entry("back", "回来。\n", title="Back", date="2026-11-20")
    stage.work.publish()
    assert stage.voice.reports[-1].changes[0].title == "Back"
    assert stage.troubles.all() == ()


def test_nothing_is_mailed_where_there_are_no_lists(tmp_path: Path) -> None:
    plain = Newsdesk(tmp_path / "pub")
    plain.configure()
    plain.entry("a", "正文。\n", title="A", date="2026-11-20")
    plain.write("templates/entry.html", "{% for %}")
    stage = started(plain)
    assert [one.where for one in stage.troubles.all()] == ["publish"]
    assert not (plain.root / ".feeder/mail.db").exists()
    assert not (plain.root / "mail").exists()


def test_the_real_process_lives_through_it(desk: Newsdesk) -> None:
    desk.write("templates/entry.html", "{% for %}")  # before it even starts
    with daemon(desk) as running:
        eventually(lambda: running.troubles() == {"publish"})
        assert "failing:   publish, " in desk.command("status").stdout
        (desk.root / "templates/entry.html").unlink()
        eventually(lambda: feed(desk.root) == ["A"])
        eventually(lambda: running.troubles() == set())
        (desk.root / "templates").rmdir()
        good = (desk.root / "feeder.toml").read_text("utf-8")
        (desk.root / "feeder.toml").unlink()
        eventually(lambda: running.troubles() == {"settings"})
        desk.write("feeder.toml", good)
        eventually(lambda: running.troubles() == set())
        assert running.process.poll() is None
        assert running.end() == 0
        assert len(running.warned()) == 2


def test_another_publish_that_hangs_is_told_after_a_while(desk: Newsdesk) -> None:
    stage = started(desk)
    with publishing(desk.root, SUNDAY):
        for _ in range(3):
            stage.work.publish()
            stage.clock.pass_by(timedelta(minutes=8))
        assert sum("waiting: another publish is at work" in line for line in stage.voice.said) == 1
        (line,) = stage.voice.warned
        assert line.startswith("publish: another publish is at work: process ")
        assert not stage.standing.condition().ok
    stage.publish()
    assert stage.troubles.all() == ()
    assert stage.standing.condition().ok


def test_a_folder_whose_name_is_no_text(tmp_path: Path) -> None:
    # As archives from older Chinese systems leave them: in GBK.
    root = tmp_path / os.fsdecode("新闻".encode("gbk"))
    try:
        root.mkdir()
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    plain = Newsdesk(root)
    plain.configure()
    plain.entry("a", "正文。\n", title="A", date="2026-11-20")
    (root / "templates").mkdir()
    (root / "templates/entry.html").symlink_to("nowhere")  # what fails there is told with the folder's name
    stage = started(plain)
    assert "publish" in {one.where for one in stage.troubles.all()}
    assert load(root) is not None
    (root / "templates/entry.html").unlink()
    stage.publish()
    assert feed(root) == ["A"]
    assert stage.troubles.all() == ()


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="limits of another process can be set on Linux only")
def test_a_disk_that_refuses_and_takes_again(desk: Newsdesk) -> None:
    with daemon(desk) as running:
        before, unlimited = desk.read("feed.json"), (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (8192, resource.RLIM_INFINITY))
        desk.entry("b", "正文。\n" * 9000, title="B", date="2026-11-21")
        eventually(lambda: "publish" in running.troubles())
        assert desk.read("feed.json") == before
        assert running.process.poll() is None
        resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, unlimited)
        desk.entry("c", title="C", date="2026-11-22")
        eventually(lambda: feed(desk.root) == ["C", "B", "A"])
        eventually(lambda: running.troubles() == set())
        assert running.end() == 0
