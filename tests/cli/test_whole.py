"""From ``feeder init`` to readers, as processes of their own."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
from pathlib import Path

import pytest
from support import Publication


@pytest.fixture
def fresh(tmp_path: Path) -> Publication:
    """What ``feeder init`` leaves."""
    made = Publication(tmp_path / "news")
    made.root.mkdir()
    done = made.command("init", env={"TZ": "Asia/Shanghai", "LC_ALL": "zh_CN.UTF-8"})
    assert done.returncode == 0, done.stderr
    return made


def on_terminal(publication: Publication, *argv: str) -> str:
    """What ``feeder ARGV`` shows on a terminal, without colours."""
    main, side = pty.openpty()
    env = publication.environment({"TERM": "xterm", "NO_COLOR": "1"})
    with subprocess.Popen([sys.executable, "-m", "feeder", *argv], cwd=publication.root, env=env,
                          stdin=side, stdout=side, stderr=side):  # fmt: skip
        os.close(side)
        shown = b""
        while select.select([main], [], [], 60)[0]:
            try:
                more = os.read(main, 65536)
            except OSError:  # Linux says so when the other side is closed
                break
            if not more:
                break
            shown += more
    os.close(main)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode()).replace("\r\n", "\n")


def test_init_publishes_at_once_and_then_is_silent(fresh: Publication) -> None:
    first = fresh.publish()
    assert first.returncode == 0, first.stderr
    assert re.fullmatch(
        r"News  1 entry: 1 new\n  new        entries/第一条消息\.md  第一条消息\n"
        r"out/: \d+ files written, 0 as they were  \(\d+\.\d s\)\n",
        first.stdout,
    )
    assert (fresh.out / "feed.atom").is_file()
    before = fresh.tree()
    for _ in range(2):
        again = fresh.publish()
        assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert fresh.tree() == before
    checked = fresh.command("check")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout.endswith(" feeds in out/: 0 problems\n")


def test_a_problem_is_told_once_and_3_every_time(fresh: Publication) -> None:
    fresh.entry("bad", title="二月", date="2026-02-30")
    first = fresh.publish()
    assert first.returncode == 3
    assert first.stderr == (
        "entries/bad.md:3: 30 February does not exist: 2026-02-30 (write a real day, as 2026-02-28; not published)\n"
    )
    again = fresh.publish()
    assert (again.returncode, again.stdout, again.stderr) == (3, "", "")
    assert fresh.command("check").returncode == 3
    assert "30 February" in fresh.publish("-v").stderr


def test_a_terminal_shows_the_spot(fresh: Publication) -> None:
    fresh.entry("bad", title="二月", date="2026-02-30")
    shown = on_terminal(fresh, "publish")
    assert "News  1 entry: 1 new\n" in shown
    assert "    3 | date: 2026-02-30\n      |       ^^^^^^^^^^\n   write a real day" in shown
    assert on_terminal(fresh, "publish").startswith("nothing changed\nentries/bad.md:3: ")
    assert on_terminal(fresh, "publish", "-q") == ""


def written(publication: Publication) -> list[Path]:
    """All files but the caches."""
    files = (path.relative_to(publication.root) for path in publication.root.rglob("*") if path.is_file())
    return sorted(path for path in files if path.parts[0] != ".feeder")


def test_dry_run_writes_nothing(fresh: Publication) -> None:
    before = written(fresh)
    done = fresh.publish("-n")
    assert done.returncode == 0
    assert done.stdout.startswith("News  1 entry: 1 new  (dry run: nothing is written)\n")
    assert written(fresh) == before


def test_json_of_a_run(fresh: Publication) -> None:
    told = json.loads(fresh.publish("--json").stdout)
    assert (told["version"], told["exit"], told["entries"]["public"]) == (1, 0, 1)
    assert told["entries"]["new"][0].startswith("tag:")
    assert "feed.atom" in told["written"]


def test_clean_changes_no_byte_of_the_output(fresh: Publication) -> None:
    fresh.publish()
    before = fresh.tree()
    assert fresh.command("clean").returncode == 0
    assert fresh.publish("-q").returncode == 0
    assert fresh.tree() == before


def test_a_new_entry_goes_out_when_it_is_no_draft(fresh: Publication) -> None:
    path = fresh.command("new", "新品：发布").stdout.strip()
    assert json.loads(fresh.publish("--json").stdout)["entries"]["public"] == 1
    file = fresh.root / path
    file.write_text(file.read_text("utf-8").replace("draft: true\n", "") + "正文。\n", "utf-8")
    assert json.loads(fresh.publish("--json").stdout)["entries"]["public"] == 2


def test_a_news_page_made_by_new_gives_an_entry(fresh: Publication) -> None:
    assert fresh.command("new", "--page", "--no-draft", "某公司").returncode == 0
    told = json.loads(fresh.publish("--json").stdout)
    assert (told["entries"]["public"], told["entries"]["rejected"]) == (2, [])


def test_gbk_is_named_and_convert_mends_it(fresh: Publication) -> None:
    fresh.write("entries/旧闻.md", "---\ntitle: 旧闻\ndate: 2020-01-02\n---\n中文的正文在这里。\n".encode("gbk"))
    done = fresh.publish("-q")
    assert done.returncode == 3
    assert "feeder convert" in done.stderr
    assert fresh.command("convert", "entries/旧闻.md").returncode == 0
    assert fresh.publish("-q").returncode == 0
