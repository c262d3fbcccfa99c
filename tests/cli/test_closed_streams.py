"""A process whose standard streams were closed (``>&-``) works, and what it opens does not take their numbers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support import Publication


def run(pub: Publication, closed: str, *argv: str) -> int:
    """The exit code that a shell sees."""
    shell = ["/bin/sh", "-c", f'"$0" "$@" {closed}', *argv]
    return subprocess.run(shell, cwd=pub.root, env=pub.environment(), check=False).returncode


@pytest.fixture
def pub(tmp_path: Path) -> Publication:
    made = Publication(tmp_path / "pub")
    made.configure()
    made.entry("a", title="A", date="2026-11-20")
    return made


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_publish_and_another_command(pub: Publication, closed: str) -> None:
    for _ in range(2):  # the second time nothing has changed
        assert run(pub, closed, *pub.publish_argv()) == 0
    assert (pub.root / "out/feed.atom").exists()
    assert run(pub, closed, sys.executable, "-m", "feeder", "status") == 0


def test_what_a_deploy_command_says_goes_into_no_file_of_ours(pub: Publication) -> None:
    pub.configure('[output]\ndeploy = "echo said; echo complained >&2"')
    assert run(pub, "<&- >&- 2>&-", *pub.publish_argv()) == 0
    written = [path for path in pub.root.rglob("*") if path.is_file() and path.name != "feeder.toml"]
    assert not [path for path in written if b"complained" in path.read_bytes()]
