"""Settings that change while it runs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from mail.newsdesk import MAIL, Newsdesk

from feeder import index, pipeline
from tests.daemon.stage import Stage, SteppedClock

SUNDAY = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


@pytest.fixture
def desk(tmp_path: Path) -> Newsdesk:
    made = Newsdesk(tmp_path / "pub")
    made.begin()
    made.entry("a", "正文。\n", title="A", date="2026-11-20")
    return made


def test_a_file_edited_is_in_force_with_the_next_run(desk: Newsdesk) -> None:
    stage = Stage(desk, SteppedClock(SUNDAY))
    stage.start()
    desk.configure(MAIL, title="新名")
    stage.publish()
    assert "新名" in desk.read("feed.atom")
    assert [settings.site.title for settings in stage.followed] == ["新名"]
    assert stage.voice.said == ["feeder.toml: read anew"]
    stage.publish()
    assert len(stage.followed) == 1


def test_edited_between_being_read_and_the_look_at_all_inputs(desk: Newsdesk, monkeypatch: pytest.MonkeyPatch) -> None:
    # The run with the settings of before must not remember the file of after as published.
    stage = Stage(desk, SteppedClock(SUNDAY))
    stage.start()
    publish = pipeline.publish

    def edited_meanwhile(*given: Any) -> pipeline.Report:
        desk.configure(MAIL, title="新名")
        return publish(*given)

    desk.entry("b", "正文。\n", title="B", date="2026-11-21")
    monkeypatch.setattr(pipeline, "publish", edited_meanwhile)
    stage.publish()
    monkeypatch.undo()
    assert "新名" not in desk.read("feed.atom")
    stage.publish()
    assert "新名" in desk.read("feed.atom")


def test_a_broken_file_is_told_once_and_those_of_before_go_on(desk: Newsdesk) -> None:
    stage = Stage(desk, SteppedClock(SUNDAY))
    stage.start()
    good = (desk.root / "feeder.toml").read_text("utf-8")
    desk.write("feeder.toml", good + "\n[site]\n")
    desk.entry("b", "正文。\n", title="B", date="2026-11-21")
    for _ in range(3):
        stage.publish()
    assert '"B"' in desk.read("feed.json")
    (line,) = stage.voice.warned
    assert line.startswith("settings: feeder.toml:")
    assert [one.where for one in stage.troubles.all()] == ["settings"]
    desk.write("feeder.toml", good)
    stage.publish()
    assert stage.troubles.all() == ()
    assert "settings: well again" in stage.voice.said


def test_a_version_installed_meanwhile_has_not_published(desk: Newsdesk, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(desk, SteppedClock(SUNDAY))
    stage.start()
    before = index.load(str(desk.root))
    assert before is not None
    real = index.stat
    monkeypatch.setattr(index, "stat", lambda path: (1, 1, 1) if path.endswith("feeder/__init__.py") else real(path))
    desk.entry("b", "正文。\n", title="B", date="2026-11-21")
    stage.publish()
    stage.publish()
    assert stage.voice.warned == ["program: another version of feeder was installed; start this process anew"]
    assert stage.standing.condition().ok
    monkeypatch.setattr(index, "walk", lambda folder: (b"new.py", b"") if folder.endswith("/feeder") else (b"", b""))
    (program,) = [folder for folder in before.trees if folder.endswith("/feeder")]
    assert stage.work._book.seen(None).trees[program] == before.trees[program]
