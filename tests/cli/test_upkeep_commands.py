"""``feeder status · pin · withdraw · move · recover · rollback`` as commands; what they do is tried elsewhere."""

from __future__ import annotations

import pytest
from support import NOW, Publication

from feeder.cli import main
from feeder.history import open_history
from feeder.output import publishing


@pytest.fixture
def published(publication: Publication) -> Publication:
    """A publication with three public entries."""
    for number in (1, 2, 3):
        publication.entry(f"e{number}", f"正文 {number}。\n", title=f"消息 {number}", date=f"2026-01-0{number}")
    publication.run()
    return publication


def run(publication: Publication, *argv: str) -> int:
    return main.main(["-C", str(publication.root), *argv])


def test_status(published: Publication, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(published, "status") == 0
    told = capsys.readouterr().out
    assert told.startswith("测试新闻  https://news.example.org/\nentries:   3 public\nlast run:  2026-11-22 09:00\n")
    assert told.endswith("problems:  none\n")


def test_status_before_the_first_run(publication: Publication, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(publication, "status") == 0
    assert "entries:   0 public\nlast run:  never\n" in capsys.readouterr().out


def test_status_without_settings_tells_what_is_known(
    published: Publication, capsys: pytest.CaptureFixture[str]
) -> None:
    published.write("feeder.toml", "[site]\ntitle = \n")
    assert run(published, "status") == 78
    told = capsys.readouterr()
    assert "feeder.toml:2: not TOML" in told.err
    assert told.out == (
        "settings:  they cannot be used; what is known without them:\nentries:   3 public\n"
        "last run:  2026-11-22 01:00 UTC\nnext:      no entry is due\nproblems:  none at the last run\n"
    )
    (published.root / "feeder.toml").unlink()
    assert run(published, "status") == 78
    told = capsys.readouterr()
    assert "no feeder.toml in" in told.err
    assert "entries:   3 public" in told.out


def test_status_without_settings_and_without_anything(
    publication: Publication, capsys: pytest.CaptureFixture[str]
) -> None:
    (publication.root / "feeder.toml").unlink()
    assert run(publication, "status") == 78
    told = capsys.readouterr()
    assert (told.out, told.err.count("no feeder.toml in")) == ("", 1)


def test_status_calls_a_run_that_failed_unfinished(published: Publication, capsys: pytest.CaptureFixture[str]) -> None:
    published.write("templates/entry.html", "{% if %}")
    published.entry("e4", "x\n", title="四", date="2026-02-01")
    assert run(published, "publish", "-q") == 78
    assert run(published, "status") == 0
    told = capsys.readouterr().out
    assert "unfinished: the run of " in told
    assert "; the next one that succeeds finishes it\n" in told
    (published.root / "templates/entry.html").unlink()
    assert run(published, "publish", "-q") == 0
    assert run(published, "status") == 0
    assert "unfinished" not in capsys.readouterr().out


def test_status_tells_of_a_run_that_is_at_work(published: Publication, capsys: pytest.CaptureFixture[str]) -> None:
    with open_history(str(published.root)) as history:
        history.set_meta("started", NOW.isoformat())
        history.commit()
    with publishing(published.root, NOW):
        assert run(published, "status") == 0
    told = capsys.readouterr().out
    assert "at work:   a run is under way\n" in told
    assert "unfinished" not in told


@pytest.mark.parametrize("spelling", ["entries/e1.md", "{root}/entries/e1.md"])
def test_pin_takes_paths_from_the_root_and_whole_ones(
    published: Publication, capsys: pytest.CaptureFixture[str], spelling: str
) -> None:
    assert run(published, "pin", spelling.format(root=published.root)) == 0
    told = capsys.readouterr()
    assert (told.out, told.err) == ("entries/e1.md\n", "1 file now holds its id\n")
    assert "id: " in (published.root / "entries/e1.md").read_text("utf-8")


def test_pin_from_within_the_folder(published: Publication, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(published.root / "entries")
    assert main.main(["pin", "-C", "..", "e2.md"]) == 0
    assert "id: " in (published.root / "entries/e2.md").read_text("utf-8")


def test_withdraw(published: Publication, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(published, "withdraw", "entries/e1.md") == 0
    said = capsys.readouterr()
    assert "2 entries: 1 withdrawn" in said.out
    assert "entries/e1.md is a draft now" in said.err
    assert run(published, "withdraw", "entries/e1.md") == 65


def test_move(published: Publication, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(published, "move", "not-an-address") == 2
    assert "not an absolute http(s) address" in capsys.readouterr().err
    assert run(published, "move", "https://new.example") == 0
    assert published.settings.site.url == "https://new.example/"
    assert b"https://new.example/" in (published.out / "feed.atom").read_bytes()


def test_status_counts_what_is_owed(published: Publication, capsys: pytest.CaptureFixture[str]) -> None:
    published.configure('[output]\ndeploy = "false"\n')
    published.write("entries/e1.md", published.root.joinpath("entries/e1.md").read_text("utf-8") + "\nMehr.\n")
    assert published.run().exit_code == 69
    assert run(published, "status") == 0
    assert " files are owed; tried again at the next run\n" in capsys.readouterr().out
    published.write(".feeder/owed", "feed.atom\n")
    assert run(published, "status") == 0
    assert " 1 file is owed; tried again at the next run\n" in capsys.readouterr().out


def test_recover_refuses_to_overwrite(published: Publication, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(published, "recover") == 65
    assert "was left as it is" in capsys.readouterr().err


def test_rollback_needs_generations(published: Publication, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(published, "rollback") == 2
    assert "generations" in capsys.readouterr().err


def test_rollback(published: Publication, capsys: pytest.CaptureFixture[str]) -> None:
    published.configure('[output]\nlayout = "generations"\npath = "www"\n')
    published.run()
    published.entry("e4", "x\n", title="四", date="2026-02-01")
    published.run()
    assert run(published, "rollback") == 0
    assert capsys.readouterr().out.startswith("back at generation ")
    assert run(published, "status") == 0
    assert "held:      after a rollback" in capsys.readouterr().out
