"""A small publication that people work on: operations on its files, and the full build that judges them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from support import NOW, Publication

from feeder import dates, feeds, inputs
from feeder.cache import open_cache
from feeder.feeds.lint import known
from feeder.feeds.pieces import Pieces
from feeder.history import DigestRecord, open_history
from feeder.pipeline import Options, Report, mailing
from feeder.pipeline.run import Run
from feeder.pipeline.telling import report
from feeder.plan import Plan

PRECIOUS = frozenset(("history.db", "history.db-wal", "history.db-shm"))

_WEEKLY = '[[lists]]\nname = "weekly"\ntitle = "每周新闻"\n'
_DAILY = '[[lists]]\nname = "daily"\ntitle = "Daily"\nlanguage = "en"\nfrequency = "daily"\n'
LISTS = {"both": _WEEKLY + _DAILY, "none": "", "hidden": f"{_WEEKLY}archive = false\n{_DAILY}"}
"""Lists of mail, as the settings have them."""

DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010800000000"
    "3a7e9b550000000a49444154789c6360000000020001e221bc330000000049454e44ae426082"
)
"""A grey picture of one pixel."""


@dataclass
class File:
    """An entry file as its author sees it."""

    title: str
    date: str
    body: str = "正文。"
    tags: list[str] = field(default_factory=list)
    extra: dict[str, str] = field(default_factory=dict)

    def text(self) -> str:
        front = {"title": f'"{self.title}"', "date": self.date, "tags": f"[{', '.join(self.tags)}]", **self.extra}
        return "---\n" + "".join(f"{key}: {value}\n" for key, value in front.items()) + f"---\n{self.body}\n"


class Newsroom:
    """A publication, its files by name, and a clock that only the test moves."""

    def __init__(self, root: Path) -> None:
        self.publication = Publication(root)
        self.size, self.lists = 4, LISTS["both"]
        self.configure()
        (root / "entries").mkdir()
        self.files: dict[str, File] = {}
        self.now = NOW
        self.digests = 0

    def configure(self) -> None:
        self.publication.configure(f"[feeds]\nsize = {self.size}\n{self.lists}")

    def save(self, name: str) -> None:
        self.publication.write(f"entries/{name}.md", self.files[name].text())

    def add(self, name: str, file: File) -> None:
        self.files[name] = file
        self.save(name)

    def remove(self, name: str) -> File:
        (self.publication.root / f"entries/{name}.md").unlink()
        return self.files.pop(name)

    def rename(self, name: str, new: str) -> None:
        (self.publication.root / f"entries/{name}.md").rename(self.publication.root / f"entries/{new}.md")
        self.files[new] = self.files.pop(name)

    def pass_time(self, span: timedelta) -> None:
        self.now += span

    def publish(self) -> Report:
        return self.publication.run(self.now)

    def cut(self, name: str, first: int, count: int) -> None:
        """A digest of some entries, as a run that cut it would have left it; its pages are made and nothing else."""
        with open_history(str(self.publication.root)) as history:
            known = [record for record in history.everything() if record.public][first:]
        digest = self.digest(name, [one.id for one in known[:count]], [one.id for one in known[count:][:1]])
        self.show(replace(digest, subject=f"{known[0].title}等") if known else digest)

    def amend(self, digest: DigestRecord, entries: list[str]) -> None:
        """Leave these entries in a digest, and no other."""
        self.show(replace(digest, entries=tuple(entries)))

    def show(self, digest: DigestRecord) -> None:
        settings, root = self.publication.settings, str(self.publication.root)
        with open_history(root) as history, open_cache(root) as cache:
            run = Run(settings, self.now, Options(mail=False), history, cache)
            looked = inputs.survey(settings, history, cache)
            written = mailing.show(run, looked, [digest])
            report(run, looked, Plan(run.micros), written, deployed=None)

    def digest(self, name: str, entries: list[str], corrections: list[str]) -> DigestRecord:
        self.digests += 1
        at = dates.to_micros(self.now) + self.digests
        return DigestRecord(
            number=self.digests, list=name, path=f"digests/{name}/2026-11-22-{self.digests}", until=at, made=at,
            subject="本期", language="en" if name == "daily" else "zh-CN", preface="<p>编者按。</p>",
            entries=tuple(entries), corrections=tuple(corrections),
        )  # fmt: skip

    def copy(self, root: Path) -> Publication:
        """A copy of the publication as it stands."""
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(self.publication.root, root, symlinks=True)
        return Publication(root)


def forget(publication: Publication) -> None:
    """Delete all that can be made again: ``out/``, cache, index; the history stays."""
    shutil.rmtree(publication.out, ignore_errors=True)
    state = publication.root / ".feeder"
    for path in state.iterdir() if state.is_dir() else ():
        if path.name not in PRECIOUS:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


@contextmanager
def remembering_nothing() -> Iterator[None]:
    """Without what this process keeps of feeds that it made before: it might be stale."""
    modules = [feeds.load(name) for name in feeds.FORMATS]
    kept = [module._pieces for module in modules], known._well
    try:
        for module in modules:
            module._pieces = Pieces()
        known._well = {}
        yield
    finally:
        for module, pieces in zip(modules, kept[0], strict=True):
            module._pieces = pieces
        known._well = kept[1]


def publish_and_judge(newsroom: Newsroom, scratch: Path) -> Report:
    """Publish, and see that a full build from the same history and files gives the same, and a second run nothing."""
    full = newsroom.copy(scratch)
    forget(full)
    report = newsroom.publish()
    with remembering_nothing():
        whole = full.run(newsroom.now)
    assert whole.exit_code == report.exit_code
    same(newsroom.publication.tree(), full.tree())
    stamps = newsroom.publication.stamps()
    again = newsroom.publish()
    assert (again.written, again.deleted, again.changes) == ((), (), ())
    assert newsroom.publication.stamps() == stamps
    return report


def judge(newsroom: Newsroom, scratch: Path) -> None:
    """See that a full build gives what is public now, and a run nothing."""
    full = newsroom.copy(scratch)
    forget(full)
    with remembering_nothing():
        full.run(newsroom.now)
    same(newsroom.publication.tree(), full.tree())
    again = newsroom.publish()
    assert (again.written, again.deleted, again.changes) == ((), (), ())


def same(given: dict[str, bytes], expected: dict[str, bytes]) -> None:
    """Both trees are the same; says first which files differ and where."""
    assert (sorted(given.keys() - expected), sorted(expected.keys() - given)) == ([], []), "(surplus, missing)"
    for path, body in expected.items():
        if given[path] != body:
            pairs = zip(given[path], body, strict=False)
            at = next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(body), len(given[path])))
            around = slice(max(0, at - 80), at + 120)
            raise AssertionError(f"{path} differs at {at}: {given[path][around]!r} is not {body[around]!r}")


def day(now: datetime, offset: int) -> str:
    return (now + timedelta(days=offset)).strftime("%Y-%m-%d")
