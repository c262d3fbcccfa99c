"""Whatever happens to the inputs is noticed, once it is over; and nothing else is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from identity.newsroom import DOT
from support import CHECKOUT, NOW, SETTINGS, Publication

from feeder import index as indexing
from feeder import pipeline
from feeder.daemon import watching, watchways
from feeder.daemon.watching import Watcher
from feeder.daemon.watchplaces import Places, places
from feeder.index import Index

PATIENCE = 30.0
SILENCE = 0.25
"""Seconds after which nothing more is expected: five times the quiet time."""


class Watch:
    """A watcher and what it told."""

    def __init__(self, publication: Publication, then: Callable[[], None] = lambda: None) -> None:
        self.publication = publication
        self.sentences: list[str] = []
        self.seen: list[Index | None] = []
        self._news = threading.Condition()
        self._then = then
        self._waited = 0
        self.watcher = Watcher(publication.settings, self._changed, self.sentences.append)

    def _changed(self) -> None:
        self._then()
        with self._news:
            self.seen.append(self.watcher.look())
            self._news.notify_all()

    @property
    def told(self) -> int:
        return len(self.seen)

    def wait(self, enough: Callable[[], bool] | None = None) -> None:
        """Until a change was told since the last wait, or ``enough``; then until there is silence."""
        end = time.monotonic() + PATIENCE
        with self._news:
            while not (enough() if enough else self.told > self._waited):
                assert self._news.wait(max(0.0, end - time.monotonic())), f"nothing told; {self.sentences}"
        told = -1
        while told != self.told or (self._is_behind() and time.monotonic() < end):
            told = self.told
            time.sleep(SILENCE)
        self._waited = told

    def _is_behind(self) -> bool:
        """Whether something else stands in the folders than was seen last: more will be told, however late."""
        last = self.seen[-1] if self.seen else None
        return last is not None and last.trees != places(self.publication.settings).look().index.trees

    def files(self) -> dict[str, indexing.Stat]:
        """The entry files as they were seen last."""
        last = self.seen[-1]
        assert last is not None
        return indexing.stats(last.trees[str(self.publication.root / "entries")])

    def fresh(self) -> Watch:
        """The same, with nothing told yet."""
        self.seen.clear()
        self._waited = 0
        return self


@contextmanager
def watching_of(publication: Publication, then: Callable[[], None] = lambda: None) -> Iterator[Watch]:
    watch = Watch(publication, then)
    watch.watcher.start()
    # The first events may be of what stood there before.
    time.sleep(SILENCE / 2)
    watch.fresh()
    try:
        yield watch
    finally:
        watch.watcher.stop()
        assert not watch.watcher._thread.is_alive()


@pytest.fixture(params=["inotify", "polling"])
def watch(publication: Publication, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    """Of a publication with an entry, in both ways."""
    monkeypatch.setattr(watching, "EVERY", 0.1)
    publication.entry("a", date="2026-11-01")
    (publication.root / "entries" / "2026").mkdir()
    if request.param == "polling":
        publication.configure('[entries]\nwatch = "polling"\n')
    with watching_of(publication) as made:
        assert made.watcher.how == request.param
        yield made
        assert made.watcher.how == request.param
        assert made.sentences == []


# Saving


def plain(file: Path) -> None:
    file.write_text("written anew", "utf-8")


def renamed(file: Path) -> None:
    beside = file.with_name(f".{file.name}.swp")
    beside.write_text("renamed over", "utf-8")
    beside.replace(file)


def visibly_renamed(file: Path) -> None:
    beside = file.with_name(f"{file.name}.tmp")
    beside.write_text("renamed over", "utf-8")
    beside.replace(file)


def vim(file: Path) -> None:
    """With ``backupcopy=no``: it tries whether it may write here, keeps the old file aside, and writes a new one."""
    probe, kept = file.with_name("4913"), file.with_name(f"{file.name}~")
    probe.touch()
    probe.unlink()
    file.rename(kept)
    file.write_text("by vim", "utf-8")
    kept.unlink()


def removed_and_made(file: Path) -> None:
    file.unlink()
    file.write_text("made anew", "utf-8")


def emacs(file: Path) -> None:
    """A lock that is a link to nowhere, an autosave file, and a backup."""
    lock, auto = file.with_name(f".#{file.name}"), file.with_name(f"#{file.name}#")
    lock.symlink_to("somebody@somewhere.1")
    auto.write_text("by ema", "utf-8")
    shutil.copy(file, file.with_name(f"{file.name}~"))
    file.write_text("by emacs", "utf-8")
    auto.unlink()
    lock.unlink()


def by_halves(file: Path) -> None:
    with file.open("w", encoding="utf-8") as opened:
        opened.write("first half")
        opened.flush()
        opened.write(", second half")


@pytest.mark.parametrize("save", [plain, renamed, visibly_renamed, vim, removed_and_made, emacs, by_halves])
def test_however_an_editor_saves_it_is_noticed_when_it_is_over(watch: Watch, save: Callable[[Path], None]) -> None:
    file = watch.publication.root / "entries" / "a.md"
    save(file)
    watch.wait()
    # More than once only where the machine was too busy to save within the quiet time.
    assert 1 <= watch.told <= 3
    assert watch.files()["a.md"] == indexing.stat(str(file))


def test_a_file_that_comes_moves_and_goes(watch: Watch) -> None:
    folder = watch.publication.root / "entries"
    (folder / "2026" / "b.md").write_text("b")
    watch.wait()
    assert "2026/b.md" in watch.files()
    (folder / "2026" / "b.md").rename(folder / "c.md")
    watch.wait()
    assert watch.files().keys() >= {"a.md", "c.md"}
    (folder / "c.md").unlink()
    watch.wait()
    assert watch.files().keys() == {"a.md"}


def test_a_folder_is_watched_from_when_it_appears(watch: Watch) -> None:
    deep = watch.publication.root / "entries" / "2027" / "01"
    deep.mkdir(parents=True)
    (deep / "at-once.md").write_text("x")
    watch.wait()
    assert "2027/01/at-once.md" in watch.files()
    (deep / "later.md").write_text("x")
    watch.wait()
    assert "2027/01/later.md" in watch.files()


def test_the_entries_go_and_come_back(watch: Watch) -> None:
    entries = watch.publication.root / "entries"
    shutil.rmtree(entries)
    watch.wait()
    assert watch.files() == {}
    entries.mkdir()
    (entries / "again.md").write_text("x")
    watch.wait()
    (entries / "again.md").write_text("xy")
    watch.wait()
    assert watch.files()["again.md"] == indexing.stat(str(entries / "again.md"))


@pytest.mark.parametrize("path", ["templates/base.html", "templates/mail/x.html", "notes/weekly.md", "static/a.png"])
def test_folders_beside_the_entries_are_noticed_when_they_appear_and_change(watch: Watch, path: str) -> None:
    file = watch.publication.write(path, "x")
    watch.wait()
    file.write_text("xy")
    watch.wait()
    shutil.rmtree(watch.publication.root / path.partition("/")[0])
    watch.wait()


def test_settings_are_noticed(watch: Watch) -> None:
    watch.publication.write("feeder.toml", SETTINGS + "# a comment\n")
    watch.wait()


def test_what_a_run_writes_is_not_noticed(watch: Watch) -> None:
    watch.publication.run()  # this makes out/ and .feeder/
    time.sleep(2 * SILENCE)
    watch.fresh()
    watch.publication.run(NOW + timedelta(days=1))
    for path in (
        "out/index.html",
        "out/new/page.html",
        ".feeder/x",
        "mail/new/1",
        "entries/.a.md.swp",
        "entries/.git/x",
    ):
        watch.publication.write(path, "x")
    time.sleep(2 * SILENCE)
    assert watch.told == 0


def test_what_was_seen_is_handed_over_once_and_makes_the_right_run(publication: Publication) -> None:
    publication.entry("a", date="2026-11-01")
    publication.run()
    with watching_of(publication) as watch:
        publication.entry("b", date="2026-11-02", title="new")
        watch.wait()
        assert watch.watcher.look() is None
        report = pipeline.publish(
            publication.settings, NOW + timedelta(hours=1), pipeline.Options(mail=False, seen=watch.seen[-1])
        )
    assert [change.title for change in report.changes] == ["new"]


# What entries use elsewhere


def test_pictures_and_the_icon_outside_of_the_walked_folders(publication: Publication) -> None:
    publication.configure(icon="brand/icon.png")
    publication.write("brand/icon.png", DOT)
    publication.write("pictures/dot.png", DOT)
    publication.entry("a", "![x](/pictures/dot.png) ![y](/later/y.png)\n", date="2026-11-01")
    publication.run()
    with watching_of(publication) as watch:
        for path in ("pictures/dot.png", "brand/icon.png", "later/y.png"):
            publication.write(path, DOT + b"\0")
            watch.wait()
        publication.write("README.md", "nobody minds")
        publication.write("elsewhere/x.md", "nobody minds")


def test_what_an_entry_uses_from_now_on_is_watched_from_now_on(publication: Publication) -> None:
    publication.write("pictures/dot.png", DOT)
    publication.entry("a", date="2026-11-01")
    publication.run()
    with watching_of(publication) as watch:
        publication.entry("b", "![x](/pictures/dot.png)\n", date="2026-11-01")
        watch.wait()
        publication.run(NOW + timedelta(minutes=1))
        time.sleep(SILENCE)
        publication.write("pictures/dot.png", DOT + b"\0")
        watch.wait()
        assert watch.watcher.how == "inotify"


def test_while_a_run_is_at_work_nothing_is_looked_at_anew(
    publication: Publication, monkeypatch: pytest.MonkeyPatch
) -> None:
    publication.write("pictures/dot.png", DOT)
    publication.entry("a", "![x](/pictures/dot.png)\n", date="2026-11-01")
    publication.run()
    with watching_of(publication) as watch:
        known = indexing.load(str(publication.root))
        assert known is not None
        looks: list[Places] = []
        real = Places.look
        monkeypatch.setattr(Places, "look", lambda self: (looks.append(self), real(self))[1])
        indexing.drop(str(publication.root))  # as a run does when it begins to write
        time.sleep(SILENCE)
        indexing.save(str(publication.root), known)
        time.sleep(SILENCE)
        assert (looks, watch.told) == ([], 0)
        indexing.drop(str(publication.root))
        publication.write("pictures/dot.png", DOT + b"\0")
        watch.wait()


# Links


def test_entries_that_are_a_link(publication: Publication, tmp_path: Path) -> None:
    one, other = tmp_path / "far" / "one", tmp_path / "far" / "other"
    one.mkdir(parents=True)
    other.mkdir()
    entries = publication.root / "entries"
    entries.rmdir()
    entries.symlink_to(one)
    with watching_of(publication) as watch:
        (one / "a.md").write_text("x")
        watch.wait()
        assert watch.files().keys() == {"a.md"}
        (publication.root / "turned").symlink_to(other)
        (publication.root / "turned").replace(entries)
        watch.wait()
        assert watch.files() == {}
        (other / "b.md").write_text("x")
        watch.wait()
        assert watch.files().keys() == {"b.md"}
        shutil.rmtree(other)
        watch.wait()
        other.mkdir()
        (other / "c.md").write_text("x")
        watch.fresh().wait(lambda: bool(watch.seen and watch.seen[-1] and watch.files()))
        assert watch.files().keys() == {"c.md"}


def test_a_link_below_the_entries_is_not_followed(publication: Publication, tmp_path: Path) -> None:
    (tmp_path / "huge").mkdir()
    (publication.root / "entries" / "link").symlink_to(tmp_path / "huge")
    (publication.root / "entries" / "loop").symlink_to(publication.root)
    folders = {os.path.basename(folder) for folder in places(publication.settings).look().folders}
    assert not folders & {"link", "loop", "huge"}


# Many at once


@pytest.mark.server
@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_a_checkout_of_500_files_is_one_change(publication: Publication) -> None:
    def git(*argv: str) -> None:
        command = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", *argv]
        subprocess.run(command, cwd=publication.root / "entries", check=True, capture_output=True)

    def write(text: str) -> None:
        for number in range(500):
            publication.write(f"entries/{number % 7}/e{number}.md", f"{text} {number}\n")
        git("add", ".")
        git("commit", "-qm", text)

    git("init", "-q", "-b", "one")
    write("old")
    git("checkout", "-qb", "two")
    write("new")
    git("checkout", "-q", "one")
    with watching_of(publication) as watch:
        git("checkout", "-q", "two")
        watch.wait()
        # One, where git wrote without a pause of 50 ms, which a busy machine may make.
        assert watch.told <= 3
        files = watch.files()
    root = publication.root / "entries"
    assert len(files) == 500
    assert all(stat == indexing.stat(str(root / path)) for path, stat in files.items())


def test_without_any_quiet_it_is_told_after_a_while(publication: Publication, monkeypatch: pytest.MonkeyPatch) -> None:
    publication.entry("a")
    monkeypatch.setattr(watching, "QUIET", 1.0)  # which no busy machine makes of a pause of five milliseconds
    with watching_of(publication) as watch:
        ended = threading.Event()

        def write() -> None:
            file, number = publication.root / "entries" / "log.md", 0
            while not ended.wait(0.005):
                number += 1
                file.write_text(f"{number}")

        writer = threading.Thread(target=write)
        writer.start()
        try:
            watch.wait(lambda: None in watch.seen)
        finally:
            ended.set()
            writer.join()
        assert None in watch.seen  # it was void: the run looks itself


def test_what_does_not_matter_does_not_end_the_quiet_time(publication: Publication) -> None:
    publication.entry("a")
    with watching_of(publication) as watch:
        ended, swap = threading.Event(), publication.root / "entries" / ".a.md.swp"

        def write() -> None:
            while not ended.wait(0.001):
                swap.write_text("x")

        writer = threading.Thread(target=write)
        writer.start()
        try:
            file = publication.entry("b")
            for number in range(20):
                file.write_text(f"{number}")
                time.sleep(0.005)
            watch.wait()
        finally:
            ended.set()
            writer.join()
        assert watch.told <= 3
        assert watch.files()["b.md"] == indexing.stat(str(file))


def test_what_happens_during_a_look_makes_it_void(publication: Publication, monkeypatch: pytest.MonkeyPatch) -> None:
    publication.entry("a")
    real = Places.look

    def look(self: Places) -> Any:
        found = real(self)
        if armed.is_set():
            armed.clear()
            publication.entry("during")
        return found

    armed = threading.Event()
    monkeypatch.setattr(Places, "look", look)
    with watching_of(publication) as watch:
        armed.set()
        publication.entry("a", "changed")
        watch.wait()
        assert watch.files().keys() == {"a.md", "during.md"}


def test_a_file_that_vanishes_while_it_is_read_is_told_and_the_next_run_is_well(publication: Publication) -> None:
    publication.entry("a", date="2026-11-01")
    publication.run()

    with watching_of(publication) as watch:
        file = publication.entry("b", date="2026-11-02")
        watch.wait()
        seen = watch.seen[-1]
        file.unlink()
        options = pipeline.Options(mail=False, seen=seen)
        report = pipeline.publish(publication.settings, NOW + timedelta(minutes=1), options)
        assert [problem.message for problem in report.fresh] == ["vanished while it was read"]
        watch.wait()
        options = pipeline.Options(mail=False, seen=watch.seen[-1])
        report = pipeline.publish(publication.settings, NOW + timedelta(minutes=2), options)
        assert (report.exit_code, report.problems, report.public) == (0, (), 1)


# Where inotify cannot be

LIMITED = """
import sys, threading
from pathlib import Path
from feeder import config
from feeder.daemon import watching

limit, number, root = sys.argv[1], sys.argv[2], Path(sys.argv[3])
Path(f"/proc/sys/user/{limit}").write_text(number)
told = threading.Event()
watching.EVERY = 0.1
watcher = watching.Watcher(config.load(root), told.set, lambda sentence: print(sentence, flush=True))
watcher.start()
for _ in range(1000):
    if watcher.how == "polling":
        break
    threading.Event().wait(0.01)
(root / "entries" / "new.md").write_text("x")
print(watcher.how, told.wait(20), flush=True)
if len(sys.argv) > 4:
    Path(f"/proc/sys/user/{limit}").write_text(sys.argv[4])
    watcher._retry = 0
    for _ in range(1000):
        if watcher.how == "inotify":
            break
        threading.Event().wait(0.01)
    threading.Event().wait(0.3)
    told.clear()
    (root / "entries" / "new.md").write_text("xy")
    print(watcher.how, told.wait(20), flush=True)
watcher.stop()
"""


def in_a_user_namespace(*argv: str) -> str:
    unshare = shutil.which("unshare")
    command = [unshare or "unshare", "--user", "--map-root-user", sys.executable, "-c", *argv]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)
    if "Permission denied: '/proc/sys" in done.stderr or "unshare" in done.stderr:
        pytest.skip("no user namespaces here, in which the limits of inotify can be set")
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.server
@pytest.mark.skipif(shutil.which("unshare") is None, reason="unshare is not installed")
@pytest.mark.parametrize(
    ("limit", "few", "remedy"),
    [
        ("max_inotify_watches", "5", "sysctl fs.inotify.max_user_watches=524288"),
        ("max_inotify_instances", "0", "sysctl fs.inotify.max_user_instances=1024"),
    ],
)
def test_at_the_limit_of_inotify_it_looks_itself_and_says_so_once(
    publication: Publication, limit: str, few: str, remedy: str
) -> None:
    for number in range(9):
        publication.write(f"entries/{number}/a.md", "x")
    sentence, polling, inotify = in_a_user_namespace(LIMITED, limit, few, str(publication.root), "500").splitlines()
    assert sentence.startswith("inotify is at its limit")
    assert sentence.endswith(remedy)
    assert (polling, inotify) == ("polling True", "inotify True")


def test_on_a_file_system_that_others_change_it_looks_itself_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = watchways.afar([str(tmp_path)], _mounts(tmp_path, f"{tmp_path} rw - nfs4 host:/x rw"))
    assert kind == "nfs4"
    publication = Publication(tmp_path / "publication")
    publication.configure()
    publication.entry("a")
    monkeypatch.setattr(watching, "afar", lambda paths: kind)
    monkeypatch.setattr(watching, "EVERY", 0.1)
    with watching_of(publication) as watch:
        assert watch.watcher.how == "polling"
        assert len(watch.sentences) == 1
        assert "nfs4" in watch.sentences[0]
        publication.entry("b")
        watch.wait()
        assert watch.files().keys() == {"a.md", "b.md"}


def test_a_network_disk_that_is_mounted_later_is_looked_at_as_well(
    publication: Publication, monkeypatch: pytest.MonkeyPatch
) -> None:
    publication.entry("a")
    kinds = [""]
    monkeypatch.setattr(watching, "afar", lambda paths: kinds[-1])
    monkeypatch.setattr(watching, "EVERY", 0.1)
    monkeypatch.setattr(watching, "_ANYWAY", 0.1)
    with watching_of(publication) as watch:
        assert watch.watcher.how == "inotify"
        kinds.append("nfs4")
        while watch.watcher.how == "inotify" or not watch.sentences:
            time.sleep(0.01)
        publication.entry("b")
        watch.wait()
        assert watch.files().keys() == {"a.md", "b.md"}
    assert len(watch.sentences) == 1
    assert "nfs4" in watch.sentences[0]


def _mounts(folder: Path, *lines: str) -> str:
    file = folder / "mountinfo"
    file.write_text("".join(f"36 35 98:0 / {line}\n" for line in lines))
    return str(file)


@pytest.mark.parametrize(
    ("lines", "path", "kind"),
    [
        (["/ rw master:1 - ext4 /dev/sda rw"], "/srv/news", ""),
        (["/ rw - ext4 /dev/sda rw", "/srv rw shared:1 - nfs4 host:/x rw"], "/srv/news", "nfs4"),
        (["/ rw - ext4 /dev/sda rw", "/srv rw - nfs4 host:/x rw"], "/srvnews", ""),
        (["/ rw - nfs4 host:/ rw", "/srv rw - xfs /dev/sdb rw"], "/srv/news", ""),
        (["/ rw - ext4 /dev/sda rw", "/srv rw - cifs //h/x rw", "/srv rw - ext4 /dev/sdc rw"], "/srv/news", ""),
        (["/ rw - ext4 /dev/sda rw", "/my\\040news rw - cifs //h/x rw"], "/my news/entries", "cifs"),
        (["/ rw - overlay overlay rw", "/news rw - fuse.sshfs me@host:/ rw"], "/news", "fuse.sshfs"),
        (["/ rw - ext4 /dev/sda rw", "/news rw - fuseblk /dev/sdb1 rw"], "/news", ""),
        (["/ rw - ext4 /dev/sda rw", "/mnt/c rw - 9p drvfs rw"], "/mnt/c/news", "9p"),
    ],
)
def test_which_file_systems_are_looked_at(tmp_path: Path, lines: list[str], path: str, kind: str) -> None:
    assert watchways.afar([path], _mounts(tmp_path, *lines)) == kind
    assert watchways.afar([path], str(tmp_path / "none")) == ""


# Whatever goes wrong


def test_a_fault_of_whoever_is_told_does_not_end_the_watch(publication: Publication) -> None:
    publication.entry("a")
    faults = [ValueError("a fault of theirs")]

    def then() -> None:
        if faults:
            raise faults.pop()

    with watching_of(publication, then) as watch:
        publication.entry("b")
        while not watch.sentences:
            time.sleep(0.01)
        publication.entry("c")
        watch.wait()
        assert watch.sentences == [
            "watching failed (ValueError: a fault of theirs); changes are looked for every second"
        ]


def test_a_fault_of_inotify_does_not_end_the_watch(publication: Publication, monkeypatch: pytest.MonkeyPatch) -> None:
    publication.entry("a")
    monkeypatch.setattr(watching, "EVERY", 0.1)

    def wait(*_: object) -> frozenset[str]:
        raise RuntimeError("error in underlying watcher")

    monkeypatch.setattr(watchways.Notices, "wait", wait)
    with watching_of(publication) as watch:
        publication.entry("b")
        watch.wait()
        assert watch.watcher.how == "polling"
        assert "error in underlying watcher" in watch.sentences[0]
        assert watch.files().keys() == {"a.md", "b.md"}


@pytest.mark.parametrize("told", [frozenset(), frozenset({"/of/no/interest"})])
def test_what_inotify_missed_is_found_by_a_look_now_and_then(
    publication: Publication, monkeypatch: pytest.MonkeyPatch, told: frozenset[str]
) -> None:
    publication.entry("a")
    real = watchways.Notices.wait

    def wait(*given: Any) -> frozenset[str]:
        real(*given)
        return told

    monkeypatch.setattr(watchways.Notices, "wait", wait)
    monkeypatch.setattr(watching, "_ANYWAY", 0.1)
    with watching_of(publication) as watch:
        publication.entry("b")
        watch.wait()
        assert watch.files().keys() == {"a.md", "b.md"}
        assert watch.watcher.how == "inotify"


def test_a_stopped_watcher_tells_nothing(publication: Publication) -> None:
    with watching_of(publication) as watch:
        pass
    publication.entry("b")
    time.sleep(SILENCE)
    assert watch.told == 0


@pytest.mark.parametrize(
    ("path", "minded"),
    [
        ("entries/a.md", True),
        ("entries/2026/a.png", True),
        ("entries", True),
        ("entries/.a.md.swp", False),
        ("entries/.git/index", False),
        ("entries/4913", True),
        ("templates/mail/list.html", True),
        ("static", True),
        ("feeder.toml", True),
        ("notes/weekly.md", True),
        ("README.md", False),
        (".git/HEAD", False),
        ("out", False),
        ("out/feed.atom", False),
        ("outside/x", False),
        (".feeder/index.123", False),
        ("mail/new/1", False),
    ],
)
def test_what_is_minded(publication: Publication, path: str, minded: bool) -> None:
    assert places(publication.settings).minds(str(publication.root / path)) is minded


def test_an_output_in_a_folder_of_assets_is_not_minded(publication: Publication) -> None:
    publication.configure('[output]\npath = "public"\n')
    publication.write("public/index.html", "x")
    found = places(publication.settings)
    assert not found.minds(str(publication.root / "public" / "index.html"))
    before = found.look()
    publication.write("public/other/index.html", "x")
    assert places(publication.settings).look().state == before.state
    assert before.folders == places(publication.settings).look().folders
