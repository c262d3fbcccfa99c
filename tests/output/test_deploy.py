"""The deploy command: what it is told, in which order, and what happens when it fails."""

from __future__ import annotations

from pathlib import Path

import pytest
from mail.servers import wait_for

from feeder.errors import DeployFailed
from feeder.output import deploy, generations, served
from tests.output.outputs import LAYOUTS, publish, settings, site

KEEP = 'cp "$FEEDER_CHANGED" told; cp "$FEEDER_DELETED" gone; echo "$FEEDER_OUT" > where; pwd > here'
MIRROR = """
while IFS= read -r path; do
  if [ -e "$FEEDER_OUT/$path" ]; then mkdir -p "$(dirname "web/$path")"; cp -p "$FEEDER_OUT/$path" "web/$path"
  else rm -f "web/$path"; fi
done < "$FEEDER_CHANGED"
"""


def ended(process: int) -> bool:
    """Whether a process is no more; one that was ended is so a little later."""
    try:
        return Path(f"/proc/{process}/stat").read_text().split()[2] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_it_is_told_what_changed_in_upload_order(tmp_path: Path, layout: str) -> None:
    of = settings(tmp_path, layout=layout, deploy=KEEP)
    publish(of, site({"a": "1"}))
    deploy.settle(tmp_path)
    written = publish(of, site({"新品 8": "1"}), ["2024/a/index.html"])
    deploy.run(KEEP, written.changed, tmp_path, served(of))
    told = ["2024/新品 8/index.html", "index.html", "feed.atom", "2024/a/index.html"]
    assert lines(tmp_path / "told") == told
    assert lines(tmp_path / "gone") == told[-1:]
    assert lines(tmp_path / "where") == [str(served(of))]
    assert lines(tmp_path / "here") == [str(tmp_path)]
    assert deploy.owed(tmp_path) == ()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_mirror_kept_by_it_is_the_same_also_over_failures_and_a_rollback(tmp_path: Path, layout: str) -> None:
    of = settings(tmp_path, layout=layout, deploy=MIRROR)

    def mirrored() -> bool:
        tops = (served(of), tmp_path / "web")
        one, two = ({str(p.relative_to(t)): p.read_bytes() for p in t.rglob("*") if p.is_file()} for t in tops)
        return one == two

    deploy.run(MIRROR, publish(of, site({"a": "1", "b": "1"})).changed, tmp_path, served(of))
    assert mirrored()
    with pytest.raises(DeployFailed):
        deploy.run("exit 3", publish(of, site({"b": "2"}), ["2024/a/index.html"]).changed, tmp_path, served(of))
    assert not mirrored()
    deploy.run(MIRROR, publish(of, site({"b": "2", "c": "1"})).changed, tmp_path, served(of))
    assert mirrored()
    if layout == "generations":
        generations.rollback(of)
        generations.rollback(of)
        deploy.run(MIRROR, (), tmp_path, served(of))
        assert mirrored()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_compressed_copies_that_go_are_told_too(tmp_path: Path, layout: str) -> None:
    """Else a mirror's web server would go on sending what was withdrawn, to all who take gzip."""
    of = settings(tmp_path, layout=layout, deploy=MIRROR, compress=("gz",))

    def mirrored(documents: dict[str, str], *delete: str) -> set[str]:
        deploy.run(MIRROR, publish(of, site(documents), delete).changed, tmp_path, served(of))
        tops = (served(of), tmp_path / "web")
        one, two = ({str(p.relative_to(t)): p.read_bytes() for p in t.rglob("*") if p.is_file()} for t in tops)
        assert one == two
        return {path for path in two if path.endswith(".gz")}

    pages = {"2024/a/index.html.gz", "2024/b/index.html.gz"}
    assert pages < mirrored({"a": "long", "b": "long"})
    assert pages & mirrored({"a": "1", "b": "long"}) == {"2024/b/index.html.gz"}
    assert pages & mirrored({"a": "1"}, "2024/b/index.html") == set()


def test_a_failure_shows_the_last_lines_it_said(tmp_path: Path) -> None:
    command = "for i in 1 2 3 4 5 6 7 8 9; do echo line $i >&2; done; exit 12"
    with pytest.raises(DeployFailed) as caught:
        deploy.run(command, ["a.html"], tmp_path)
    assert str(caught.value).splitlines() == [
        "the deploy command ended with exit code 12",
        *(f"  line {i}" for i in range(5, 10)),
    ]
    assert caught.value.exit_code == 69
    assert deploy.owed(tmp_path) == ("a.html",)


def test_a_signal_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeployFailed, match="was killed by signal 9"):
        deploy.run("kill -9 $$", [], tmp_path)


def test_bytes_that_are_no_text_and_a_child_left_behind_do_no_harm(tmp_path: Path) -> None:
    with pytest.raises(DeployFailed, match="�"):
        deploy.run(r"sleep 30 & printf '\377' >&2; echo $! > pid; exit 1", [], tmp_path)
    import os
    import signal

    os.kill(int((tmp_path / "pid").read_text()), signal.SIGTERM)


def test_it_reads_nothing_from_the_terminal(tmp_path: Path) -> None:
    deploy.run("read x && exit 1 || exit 0", [], tmp_path)


def test_paths_owed_before_come_first_and_once(tmp_path: Path) -> None:
    deploy.owe(tmp_path, ["a", "feed"])
    deploy.owe(tmp_path, ["b", "a\u2028c", "feed"])
    assert deploy.owed(tmp_path) == ("a", "b", "a\u2028c", "feed")


def test_one_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    of = settings(tmp_path, deploy="x")
    changed = publish(of, site({"a": "1"})).changed
    hanging = "echo waiting for the server >&2; sleep 600 & echo $! > child; wait"
    with pytest.raises(DeployFailed, match="took longer than 5 seconds and was ended") as failed:
        deploy.run(hanging, changed, tmp_path, served(of), patience=5)
    assert str(failed.value).endswith("  waiting for the server")
    assert failed.value.exit_code == 69
    assert set(deploy.owed(tmp_path)) == set(changed)
    child = int((tmp_path / "child").read_text())
    wait_for(lambda: ended(child), "the end of what it started")


def test_one_that_will_not_be_asked_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deploy, "_GRACE", 0.3)
    of = settings(tmp_path, deploy="x")
    changed = publish(of, site({"a": "1"})).changed
    with pytest.raises(DeployFailed, match="was ended"):
        deploy.run("trap '' TERM; while :; do sleep 1; done", changed, tmp_path, patience=0.5)
