"""What several test areas share: a publication to play with, and how hard to try."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from feeder.config import Settings
    from feeder.pipeline import Report

CHECKOUT = Path(__file__).resolve().parent.parent
FIXTURES = Path(__file__).resolve().parent / "fixtures"
NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
"""The instant at which tests publish unless they say otherwise: a Sunday, 09:00 in Shanghai."""

SETTINGS = """\
[site]
title = "测试新闻"
url = "https://news.example.org/"
language = "zh-CN"
timezone = "Asia/Shanghai"
author = "新闻编辑部"
authority = "news.example.org,2026"
"""


def lasting_folder() -> Path:
    """A folder for what is made once and shared by many tests; it goes when the last of them has ended."""
    folder = Path(mkdtemp(prefix="feeder-tests-"))
    atexit.register(_remove, folder, os.getpid())
    return folder


def _remove(folder: Path, owner: int) -> None:
    if os.getpid() == owner:  # no child that a test forks
        shutil.rmtree(folder, ignore_errors=True)


def soak(small: int, full: int) -> int:
    """``small`` in an ordinary run, ``full`` where ``FEEDER_SOAK`` is set (``make soak``)."""
    return full if os.environ.get("FEEDER_SOAK") not in (None, "", "0") else small


def refused_like_others() -> list[str]:
    """What stands before a command so that root, too, may read only what modes of files let it; nothing for others."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("root reads everything, and setpriv is not installed")
    return ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]


def cases(path: str) -> list[tuple[str, str, str]]:
    """``(title, input, expected)`` of a fixture file in ``tests/fixtures``, written as markdown-it-py's are.

    A case is a title line, a line ``.``, the input, a line ``.``, what is expected, a line ``.``.
    """
    parts = re.split(r"^\.[ \t]*\n", (FIXTURES / path).read_text("utf-8"), flags=re.MULTILINE)
    found = []
    for title, given, expected in zip(parts[0::3], parts[1::3], parts[2::3], strict=False):
        found.append((title.strip().splitlines()[-1] if title.strip() else "", given, expected))
    return found


class Publication:
    """A publication in a temporary folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.out = root / "out"

    def write(self, path: str, text: str | bytes) -> Path:
        """A file, by its path from the publication's root; folders are made."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return file

    def configure(self, extra: str = "", **site: str) -> None:
        """Write ``feeder.toml``: the usual one, ``[site]`` keys replaced or added, ``extra`` TOML behind it."""
        lines = dict(re.findall(r"^(\w+) = (.*)$", SETTINGS, flags=re.MULTILINE))
        lines |= {key: f'"{value}"' for key, value in site.items()}
        body = "".join(f"{key} = {value}\n" for key, value in lines.items())
        self.write("feeder.toml", f"[site]\n{body}\n{extra}")

    def entry(self, name: str, body: str = "正文。\n", **front: object) -> Path:
        """An entry file ``entries/NAME.md`` with YAML front matter; values are written as given."""
        head = "".join(f"{key}: {value}\n" for key, value in front.items())
        return self.write(f"entries/{name}.md", f"---\n{head}---\n{body}" if front else body)

    def command(self, *argv: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """``feeder ARGV`` as a process of its own, in the publication's folder, as cron would: no terminal."""
        return subprocess.run(
            [sys.executable, "-m", "feeder", *argv], cwd=self.root, env=self.environment(env),
            stdin=subprocess.DEVNULL, capture_output=True, text=True, encoding="utf-8", timeout=300,
        )  # fmt: skip

    def publish(self, *argv: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """``publish ARGV`` as a process of its own (with the fast path and the real clock)."""
        return subprocess.run(
            self.publish_argv(*argv), cwd=self.root, env=self.environment(env),
            stdin=subprocess.DEVNULL, capture_output=True, text=True, encoding="utf-8", timeout=300,
        )  # fmt: skip

    def publish_argv(self, *argv: str) -> list[str]:
        """The argument vector of ``publish ARGV``, for tests that start the process themselves."""
        return [sys.executable, "-c", "import sys; from feeder.fastpath import main; sys.exit(main())", *argv]

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """A small environment like cron's, in which this checkout's ``feeder`` is the one that runs."""
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "TMPDIR") if key in os.environ}
        return {**kept, "PYTHONPATH": str(CHECKOUT), "LC_ALL": "C.UTF-8", **(extra or {})}

    @property
    def settings(self) -> Settings:
        """``feeder.toml`` as it stands now, loaded."""
        from feeder import config

        return config.load(self.root)

    def run(self, now: datetime = NOW, *, dry_run: bool = False, force: bool = False) -> Report:
        """``pipeline.publish`` in this process, at the instant ``now``."""
        from feeder import pipeline

        options = pipeline.Options(dry_run=dry_run, force=force, mail=False, progress=None)
        return pipeline.publish(self.settings, now, options)

    def files(self) -> Iterator[Path]:
        """All files in ``out/``, sorted."""
        return (path for path in sorted(self.out.rglob("*")) if path.is_file())

    def tree(self) -> dict[str, bytes]:
        """Path in ``out/`` -> bytes."""
        return {path.relative_to(self.out).as_posix(): path.read_bytes() for path in self.files()}

    def stamps(self) -> dict[str, tuple[int, int]]:
        """Path in ``out/`` -> (mtime in ns, inode): the same for a file that was not touched."""
        stats = ((path, path.stat()) for path in self.files())
        return {path.relative_to(self.out).as_posix(): (s.st_mtime_ns, s.st_ino) for path, s in stats}

    def read(self, path: str) -> str:
        """The text of a file in ``out/``."""
        return (self.out / path).read_text("utf-8")
