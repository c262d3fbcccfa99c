"""A small publication that people work on: operations on its files, and the full build that judges them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from support import NOW, Publication

from feeder.pipeline import Report

PRECIOUS = frozenset(("history.db", "history.db-wal", "history.db-shm"))

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
        self.publication.configure("[feeds]\nsize = 4\n")
        (root / "entries").mkdir()
        self.files: dict[str, File] = {}
        self.now = NOW

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


def publish_and_judge(newsroom: Newsroom, scratch: Path) -> Report:
    """Publish, and see that a full build from the same history and files gives the same, and a second run nothing."""
    full = newsroom.copy(scratch)
    forget(full)
    report = newsroom.publish()
    whole = full.run(newsroom.now)
    assert whole.exit_code == report.exit_code
    same(newsroom.publication.tree(), full.tree())
    stamps = newsroom.publication.stamps()
    again = newsroom.publish()
    assert (again.written, again.deleted, again.changes) == ((), (), ())
    assert newsroom.publication.stamps() == stamps
    return report


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
