"""Promise 1: ``kill -9`` at any instant of ``publish``; the next run ends where an undisturbed one would."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hostile.whole import complaints
from identity.newsroom import DOT
from support import NOW, Publication, soak

from tests.faults import dying

T1, T2 = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
Tree = dict[str, bytes]


def begin(root: Path) -> Publication:
    """A publication that was published, and then worked on."""
    publication = Publication(root)
    publication.configure("[feeds]\nsize = 3\n")
    publication.write("entries/dot.png", DOT)
    for number in range(1, 6):
        body = f"第 {number} 条。\n\n![点](dot.png)\n"
        publication.entry(f"e{number}", body, title=f"标题{number}", date=f"2024-04-0{number}", tags="[GPU]")
    return publication


def work_on(publication: Publication) -> None:
    publication.entry("e1", "改过。\n", title="标题1", date="2024-04-01", tags="[GPU, 芯片]", correction="更正")
    (publication.root / "entries/e2.md").unlink()
    (publication.root / "entries/e3.md").rename(publication.root / "entries/renamed.md")
    publication.entry("e6", "新的一条。\n", title="标题6", date="2024-04-06", tags="[新]")


class Stand:
    """A publication between two runs, as often as wanted, and where undisturbed runs end."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.number = folder, 0
        self.base = begin(folder / "base")
        self.base.run(NOW)
        self.before = self.base.tree()
        shutil.copytree(self.base.root, folder / "idle", symlinks=True)
        work_on(self.base)
        self.ends = [self.undisturbed(T1), self.undisturbed(T2)]
        counted = self.fresh()
        self.steps = dying.call(lambda: publish(counted), under=counted.root).steps

    def fresh(self) -> Publication:
        self.number += 1
        root = self.folder / str(self.number)
        shutil.copytree(self.base.root, root, symlinks=True)
        return Publication(root)

    def undisturbed(self, now: datetime) -> Tree:
        publication = self.fresh()
        publication.run(now)
        return publication.tree()

    def killed(self, step: int) -> Publication:
        publication = self.fresh()
        died = dying.call(lambda: publish(publication), under=publication.root, at=step)
        assert died.killed, (died.code, died.stderr)
        return publication


def publish(publication: Publication) -> None:
    publication.run(T1)


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Stand:
    return Stand(tmp_path_factory.mktemp("killed"))


def some(count: int, few: int) -> list[int]:
    """Every step where there is time for it, else some, spread evenly."""
    return list(range(1, count + 1, max(1, count // soak(few, count))))


def ids(publication: Publication) -> dict[str, str]:
    return {item["id"]: item["url"] for item in json.loads(publication.read("feed.json"))["items"]}


def whole(publication: Publication, stand: Stand) -> None:
    """Every file is one of a whole run's, and no feed names what is not there."""
    allowed = [stand.before, *stand.ends]
    for path, body in publication.tree().items():
        if not path.startswith("."):
            assert any(tree.get(path) == body for tree in allowed), path
    assert complaints(publication.out, thorough=False) == []


def test_at_every_step_and_the_next_run_ends_where_an_undisturbed_one_would(stand: Stand) -> None:
    for step in some(len(stand.steps), 25):
        publication = stand.killed(step)
        whole(publication, stand)
        assert publication.run(T2).exit_code == 0
        assert publication.tree() in stand.ends, (step, stand.steps[step - 1])
        stamps = publication.stamps()
        assert publication.run(T2).written == ()
        assert publication.stamps() == stamps
        shutil.rmtree(publication.root)


def test_killed_twice(stand: Stand) -> None:
    chance = random.Random(7)
    for step in some(len(stand.steps), 6):
        publication = stand.killed(step)
        again = dying.call(lambda: publication.run(T2), under=publication.root, at=chance.randrange(1, 40))  # noqa: B023
        whole(publication, stand)
        assert publication.run(T2).exit_code == 0, again
        assert publication.tree() in stand.ends
        shutil.rmtree(publication.root)


def touch_and_revert(publication: Publication) -> None:
    publication.entry("e4", "别的话。\n", title="别的", date="2024-04-04")
    publication.run(T1)
    work = Publication(publication.root.parent / "base").root / "entries/e4.md"
    shutil.copyfile(work, publication.root / "entries/e4.md")
    publication.run(T1)


def back_as_it_was(publication: Publication) -> None:
    """All files are as they were before the run that was killed."""
    shutil.rmtree(publication.root / "entries")
    shutil.copytree(publication.root.parent / "idle/entries", publication.root / "entries", symlinks=True)
    publication.run(T1)


@pytest.mark.parametrize("meanwhile", [touch_and_revert, back_as_it_was])
def test_inputs_change_between_the_kill_and_the_next_run(
    stand: Stand, meanwhile: Callable[[Publication], None]
) -> None:
    calm = stand.fresh()
    meanwhile(calm)
    never_begun = calm.tree()
    calm = stand.fresh()
    calm.run(T1)
    meanwhile(calm)
    ends = [never_begun, calm.tree()]
    for step in some(len(stand.steps), 12):
        publication = stand.killed(step)
        meanwhile(publication)
        assert publication.tree() in ends, (step, stand.steps[step - 1])
        shutil.rmtree(publication.root)


def test_first_run_ever(tmp_path: Path) -> None:
    calm = begin(tmp_path / "calm")
    steps = dying.call(lambda: calm.run(NOW), under=calm.root).steps
    calm.run(NOW)
    for step in some(len(steps), 12):
        publication = begin(tmp_path / str(step))
        died = dying.call(lambda: publication.run(NOW), under=publication.root, at=step)  # noqa: B023
        assert died.killed
        assert not publication.out.exists() or complaints(publication.out, thorough=False) == []
        publication.run(NOW)
        assert publication.tree() == calm.tree(), steps[step - 1]
        shutil.rmtree(publication.root)


def test_at_random_moments(publication: Publication) -> None:
    """The real command with the real clock, killed whenever it happens."""
    chance = random.Random(20261122)
    for number in range(12):
        publication.entry(f"e{number}", f"第 {number} 条。\n", title=f"标题{number}", date="2024-04-02", tags="[GPU]")
    assert publication.publish().returncode == 0
    before = {record["id"] for record in json.loads(publication.read("feed.json"))["items"]}
    for kill in range(soak(6, 200)):
        publication.entry(
            f"e{kill % 12}", f"第 {kill} 次改。\n", title=f"标题{kill % 12}", date="2024-04-02", tags="[GPU]"
        )
        process = subprocess.Popen(
            publication.publish_argv("-q"), cwd=publication.root, env=publication.environment(),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(chance.uniform(0, 0.6))
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert complaints(publication.out, thorough=False) == []
        assert set(ids(publication)) == before
    assert publication.publish("-q").returncode == 0
    full = Publication(publication.root.parent / "full")
    shutil.copytree(publication.root, full.root)
    shutil.rmtree(full.out)
    (full.root / ".feeder/index").unlink(missing_ok=True)
    (full.root / ".feeder/cache.db").unlink()
    assert full.publish("-q").returncode == 0
    assert full.tree() == publication.tree()
