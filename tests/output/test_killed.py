"""Promises 1 and 3 for the output alone: killed, or refused by the disk, at every k-th step."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from support import soak

from feeder.config import Settings
from feeder.output import deploy, generations, held, open_output, served
from tests.faults import dying
from tests.output.outputs import LAYOUTS, public, publish, settings, site

BEFORE = {"a": "1", "b": "2", "c": "3"}
AFTER = {"b": "22", "c": "3", "d": "4", "e/deep": "5"}
GONE = ["2024/a/index.html"]
FAULTS = ["ENOSPC+", "EIO", "EACCES", "ENOSPC", "EDQUOT+", "EIO+", "EROFS+"]

each_layout = pytest.mark.parametrize("layout", LAYOUTS)


class Stand:
    """A publication before a publish, as often as wanted."""

    def __init__(self, folder: Path, layout: str, compress: tuple[str, ...] = ()) -> None:
        self.folder = folder
        self.number = 0
        self.make = lambda root: settings(root, layout=layout, compress=compress, deploy="true")
        first = self.make(folder / "first")
        publish(first, site({"a": "0", "b": "0", "c": "3"}))
        publish(first, site(BEFORE))
        deploy.settle(first.root)
        self.before = public(first)
        done = self.fresh()
        assert publish(done, site(AFTER), GONE).deleted == tuple(GONE)
        self.after = public(done)

    def fresh(self) -> Settings:
        self.number += 1
        root = self.folder / str(self.number)
        shutil.copytree(self.folder / "first", root, symlinks=True)
        return self.make(root)


def look(of: Settings, stand: Stand) -> None:
    """Every file is whole, and the feed names only what is there as it should be."""
    now = public(of)
    for path, body in now.items():
        assert body in (stand.before.get(path), stand.after.get(path)), path
    for line in now["feed.atom"].decode().splitlines()[:-1]:
        assert line in now, f"the feed names {line}"
    if now["feed.atom"] == stand.after["feed.atom"]:
        assert {path: now.get(path) for path in stand.after} == stand.after


def mend(of: Settings, stand: Stand) -> None:
    """The next run ends where an undisturbed one would, leaves nothing behind, and owes all that changed."""
    publish(of, site(AFTER), GONE)
    assert public(of) == stand.after
    assert not (of.root / "out/.staging").exists()
    changed = {path for path in stand.before | stand.after if stand.before.get(path) != stand.after.get(path)}
    assert changed - {GONE[0] + ".gz"} <= set(deploy.owed(of.root))


@each_layout
@pytest.mark.parametrize("compress", [(), ("gz",)])
def test_killed_at_every_step(tmp_path: Path, layout: str, compress: tuple[str, ...]) -> None:
    stand = Stand(tmp_path, layout, compress)
    of = stand.fresh()
    steps = dying.call(lambda: publish(of, site(AFTER), GONE), under=of.root).steps
    assert len(steps) > 20
    for k in range(1, len(steps) + 1):
        of = stand.fresh()
        died = dying.call(lambda of=of: publish(of, site(AFTER), GONE), under=of.root, at=k)
        assert died.killed, died
        look(of, stand)
        mend(of, stand)


@each_layout
@pytest.mark.parametrize("fault", FAULTS[: soak(3, len(FAULTS))])
def test_refused_at_every_step(tmp_path: Path, layout: str, fault: str) -> None:
    stand = Stand(tmp_path, layout)
    of = stand.fresh()
    steps = dying.call(lambda: publish(of, site(AFTER), GONE), under=of.root).steps
    for k in range(1, len(steps) + 1):
        of = stand.fresh()
        refused = dying.call(lambda of=of: publish(of, site(AFTER), GONE), under=of.root, at=k, fault=fault)
        if refused.code == 0:
            # Tidying up may fail in silence: the next run does it.
            assert public(of) == stand.after, refused.steps[k - 1]
        else:
            assert refused.code == (73 if fault[:5] in {"EROFS", "EACCE"} else 74), refused
            assert refused.stderr.startswith(("CannotWrite: cannot write out", "CannotCreate: cannot create out")) or (
                "cannot write .feeder/owed" in refused.stderr or "cannot create .feeder/owed" in refused.stderr
            ), refused.stderr
        look(of, stand)
        mend(of, stand)


def test_many_files_are_forced_at_once_and_in_order(tmp_path: Path) -> None:
    of = settings(tmp_path)
    many = {f"x{i}": "1" for i in range(70)}
    steps = dying.call(lambda: publish(of, site(many)), under=of.root).steps
    assert [step for step in steps if step.startswith("fsync")] == [f"fsync {tmp_path}/out"]
    renamed = [step.rpartition("/")[2] for step in steps if step.startswith("rename")]
    assert renamed[-1] == "feed.atom"


def test_pages_are_on_the_disk_before_the_feed_that_names_them(tmp_path: Path) -> None:
    of = settings(tmp_path)
    steps = dying.call(lambda: publish(of, site({"a": "1"})), under=of.root).steps
    out = tmp_path / "out"
    page = steps.index(f"rename {out}/2024/a/index.html")
    feed = steps.index(f"rename {out}/feed.atom")
    forced = [i for i, step in enumerate(steps) if step.startswith("fsync") and "/.staging/" in step]
    assert len(forced) == 3
    assert max(forced) < page
    for folder in (out / "2024/a", out / "2024", out):
        assert page < steps.index(f"fsync {folder}") < feed
    assert steps.index(f"fsync {out}", feed) > feed


@each_layout
@pytest.mark.parametrize("at", range(1, 4))
def test_a_killed_worker_leaves_nothing(tmp_path: Path, layout: str, at: int) -> None:
    of = settings(tmp_path, layout=layout)
    publish(of, site({"a": "1"}))

    def with_worker() -> None:
        output = open_output(of)
        if not os.fork():
            output.stage(site({"b": "1"})[0])
            os._exit(0)
        signal.pause()

    assert dying.call(with_worker, under=of.root, at=at).killed
    publish(of, site({"b": "1"}), ["2024/a/index.html"])
    assert not (tmp_path / "out/.staging").exists()
    assert "2024/b/index.html" in public(of)


def test_rollback_killed_at_every_step_is_done_and_held_or_not_done(tmp_path: Path) -> None:
    stand = Stand(tmp_path, "generations")
    steps = dying.call(lambda of=stand.fresh(): generations.rollback(of, "f"), under=tmp_path).steps  # noqa: B008
    for k in range(1, len(steps) + 1):
        of = stand.fresh()
        assert dying.call(lambda of=of: generations.rollback(of, "f"), under=of.root, at=k).killed
        if os.readlink(served(of)) == "generations/1":
            assert held(of) == "f"
            assert deploy.owed(of.root) == ("2024/a/index.html", "2024/b/index.html")
        else:
            assert os.readlink(served(of)) == "generations/2"


def test_pruning_killed_at_every_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generations, "KEPT", 2)
    stand = Stand(tmp_path, "generations")
    change: Callable[[Settings], object] = lambda of: publish(of, site(AFTER), GONE)  # noqa: E731
    of = stand.fresh()
    steps = dying.call(lambda: change(of), under=of.root).steps
    for k in range(1, len(steps) + 1):
        of = stand.fresh()
        assert dying.call(lambda of=of: change(of), under=of.root, at=k).killed
        mend(of, stand)
        numbers = sorted(int(path.name) for path in (of.root / "out/generations").iterdir())
        assert numbers == [2, 3], steps[k - 1]
