"""``feeder backup``: one file with both databases, as they were in one instant, whatever is written meanwhile."""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
import stat
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from backup.vault import DAY, HISTORY, MAIL, MONDAY, SATURDAY, Vault, fold
from mail.newsdesk import MAIL as LINES
from support import NOW, Publication, soak

from feeder.errors import DataError, HistoryDamaged, Locked, MailDamaged, MailUnreachable, UsageError
from feeder.output import publishing
from feeder.upkeep import archive, backup
from tests.faults import dying


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault.with_news(tmp_path / "pub")


def unpack(data: bytes, folder: Path) -> dict[str, object]:
    """What is in a backup, by another program than feeder."""
    folder.mkdir()
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        tar.extractall(folder, filter="data")
    told: dict[str, object] = json.loads((folder / "manifest.json").read_text("utf-8"))
    return told


def one(path: Path, query: str) -> int:
    connection = sqlite3.connect(path)
    try:
        return int(connection.execute(query).fetchone()[0])
    finally:
        connection.close()


def test_one_file_that_nobody_else_reads_and_git_does_not_see(vault: Vault, tmp_path: Path) -> None:
    done = vault.command("backup")
    assert (done.returncode, done.stderr) == (0, "")
    (file,) = (vault.root / "backups").glob("feeder-*.tar.gz")
    assert done.stdout.startswith(f"backups/{file.name}  ")
    assert done.stdout.endswith(": 1 entry, 2 subscribers, 1 digest\n")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert (file.parent / ".gitignore").read_text("utf-8").splitlines()[-1] == "*"
    told = unpack(file.read_bytes(), tmp_path / "unpacked")
    assert told["title"] == "测试新闻"
    assert one(tmp_path / "unpacked/history.db", "SELECT count(*) FROM entry") == 1
    assert one(tmp_path / "unpacked/mail.db", "SELECT count(*) FROM subscriber") == 2
    assert not (vault.root / ".feeder/backup").exists()


def test_without_a_mail_database_that_was_there_nothing_takes_the_place_of_older_backups(vault: Vault) -> None:
    vault.backup(MONDAY + DAY)
    vault.lose(MAIL)
    with pytest.raises(MailUnreachable, match="the mail database is gone"):
        vault.backup(MONDAY + 2 * DAY, keep=1)
    (file,) = (vault.root / "backups").glob("feeder-*.tar.gz")
    vault.restore(file, MONDAY + 2 * DAY)
    assert vault.mailed(MONDAY + 2 * DAY).exit_code == 0


def test_without_lists_it_is_the_history_alone(publication: Publication) -> None:
    publication.entry("e1", "正文。\n", title="一", date="2026-11-20")
    publication.run()
    made = backup.backup(publication.settings, NOW)
    assert [part.name for part in made.manifest.parts] == ["history.db"]


def test_to_stdout_for_a_pipe(vault: Vault, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "feeder", "backup", "-o", "-"], cwd=vault.root, env=vault.environment(),
        capture_output=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    unpack(done.stdout, tmp_path / "unpacked")
    assert done.stderr.decode() == "1 entry, 2 subscribers, 1 digest\n"


def test_to_a_file_or_a_folder(vault: Vault, tmp_path: Path) -> None:
    assert vault.backup(MONDAY, tmp_path / "mine.tgz") == tmp_path / "mine.tgz"
    assert vault.backup(MONDAY, tmp_path).name == "feeder-2026-11-23T000020Z.tar.gz"
    assert vault.backup(MONDAY, tmp_path).name == "feeder-2026-11-23T000020Z-2.tar.gz"
    with pytest.raises(UsageError, match="no folder"):
        vault.backup(MONDAY, tmp_path / "not mounted" / "x.tgz")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "feeder-2026-11-23T000020Z-2.tar.gz", "feeder-2026-11-23T000020Z.tar.gz", "mine.tgz", "pub",
    ]  # fmt: skip


def test_keep_deletes_older_ones_of_ours_and_nothing_else(vault: Vault, tmp_path: Path) -> None:
    (vault.root / "backups").mkdir()
    vault.write("backups/mine.tar.gz", "x")
    made = [vault.backup(MONDAY + n * DAY, keep=3) for n in range(5)]
    assert [path.exists() for path in made] == [False, False, True, True, True]
    assert (vault.root / "backups/mine.tar.gz").exists()
    assert vault.command("backup", "--keep", "1", "-o", str(tmp_path / "x.tgz")).returncode == 2
    assert vault.command("backup", "--keep", "0").returncode == 2


def test_keep_spares_what_another_publication_keeps_in_the_same_folder(vault: Vault, tmp_path: Path) -> None:
    other = Vault.with_news(tmp_path / "other")
    other.configure(LINES, title="另一个", url="https://other.example.org/")
    (tmp_path / "kept").mkdir()
    theirs = [other.backup(MONDAY - n * DAY, tmp_path / "kept") for n in range(1, 4)]
    ours = [vault.backup(MONDAY + n * DAY, tmp_path / "kept", keep=1) for n in range(3)]
    assert [path.exists() for path in (*theirs, *ours)] == [True, True, True, False, False, True]


def test_only_a_backup_is_replaced(vault: Vault, tmp_path: Path) -> None:
    file = tmp_path / "mine.tgz"
    vault.backup(MONDAY, file)
    vault.backup(MONDAY + DAY, file)
    assert archive.extract(str(file), lambda _: None).made == MONDAY + DAY
    for path in (vault.root / "feeder.toml", vault.root / ".feeder/history.db"):
        before = path.read_bytes()
        with pytest.raises(UsageError, match="is there, and is no backup"):
            vault.backup(MONDAY, path)
        assert path.read_bytes() == before


def test_a_database_longer_than_its_manifest_says_fills_no_disk(vault: Vault, tmp_path: Path) -> None:
    manifest = archive.extract(str(vault.backup(MONDAY)), lambda _: None)
    (tmp_path / "long").write_bytes(bytes(32 << 20))
    told = replace(manifest, parts=(replace(manifest.parts[0], size=32 << 20),))
    with (tmp_path / "bad.tar.gz").open("wb") as out:
        archive.write(out, told, {manifest.parts[0].name: str(tmp_path / "long")})
    hostile = tmp_path / "hostile.tar.gz"
    with tarfile.open(tmp_path / "bad.tar.gz") as given, tarfile.open(hostile, "w:gz") as tar:
        for member in given:
            data = given.extractfile(member)
            assert data is not None
            content = data.read()
            if member.name == "manifest.json":
                content = content.replace(str(32 << 20).encode(), b"4096")
                member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    with pytest.raises(DataError, match="is not what it was"):
        archive.extract(str(hostile), lambda name: str(tmp_path / name))
    assert (tmp_path / "history.db").stat().st_size <= 2 << 20


def test_never_where_a_web_server_looks(vault: Vault) -> None:
    for target in (vault.out, vault.out / "x.tar.gz", vault.out / "digests"):
        with pytest.raises(UsageError, match="is public"):
            vault.backup(MONDAY, target)


def test_before_the_first_publish_there_is_nothing_to_back_up(publication: Publication) -> None:
    with pytest.raises(UsageError, match="nothing is published yet"):
        backup.backup(publication.settings, NOW)


def spoil(file: Path) -> None:
    """Further in, as a failing disk might."""
    data = bytearray(file.read_bytes())
    for at in range(4096 * 3, len(data), 4096):
        data[at : at + 2000] = b"\xff" * 2000
    file.write_bytes(data)


@pytest.mark.parametrize(("name", "error"), [(HISTORY, HistoryDamaged), (MAIL, MailDamaged)])
def test_a_damaged_database_is_named_and_no_older_backup_goes(vault: Vault, name: str, error: type[Exception]) -> None:
    kept = vault.backup(MONDAY, keep=1)
    fold(vault.root / name)
    spoil(vault.root / name)
    before = (vault.root / name).read_bytes()
    with pytest.raises(error, match="left as it is"):
        vault.backup(MONDAY + DAY, keep=1)
    assert (vault.root / name).read_bytes() == before
    assert [path.name for path in (vault.root / "backups").glob("*.gz*")] == [kept.name]


def test_a_sending_holds_nothing_up_and_a_publish_is_waited_for(vault: Vault) -> None:
    with publishing(vault.root, MONDAY, 0, "send"):
        assert vault.backup(MONDAY).exists()
    with publishing(vault.root, MONDAY, 0), pytest.raises(Locked):
        vault.backup(MONDAY, wait=0)
    assert vault.command("backup", "-q").stdout == ""


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


WRITER = """
import os, sys
from datetime import timedelta
from pathlib import Path
sys.path[:0] = {paths!r}
from backup.vault import Vault, MONDAY
vault, number = Vault(Path({root!r})), 100
while os.path.exists({flag!r}):
    number += 1
    now = MONDAY + timedelta(minutes=number)
    vault.entry(f"w{{number}}", "新的。\\n", title=f"新{{number}}", date="2026-11-23")
    vault.subscribe(f"p{{number}}@example.org", now)
    vault.mailed(now, at_once="weekly")
"""


def test_while_everything_writes_all_the_time_each_is_a_sound_pair(vault: Vault, tmp_path: Path) -> None:
    for number in range(50):
        vault.subscribe(f"r{number}@example.org", SATURDAY)
    flag = tmp_path / "go on"
    flag.touch()
    code = WRITER.format(paths=sys.path, root=str(vault.root), flag=str(flag))
    writer = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE)
    try:
        made = []
        for number in range(soak(6, 40)):
            until(lambda number=number: one(vault.root / MAIL, "SELECT max(id) FROM digest") > number)  # type: ignore[misc]
            made.append(vault.backup(MONDAY, tmp_path))
        assert writer.poll() is None
    finally:
        flag.unlink()
        _, said = writer.communicate(timeout=120)
    assert writer.returncode == 0, said
    seen = set()
    for number, file in enumerate(made):
        folder = tmp_path / str(number)
        folder.mkdir()
        manifest = archive.extract(str(file), lambda name, folder=folder: str(folder / name))  # type: ignore[misc]
        seen.add(manifest.counts["digests"])
        connection = sqlite3.connect(folder / "mail.db")
        connection.execute("ATTACH ? AS history", (str(folder / "history.db"),))
        for query in (
            "SELECT number FROM history.digest WHERE number NOT IN (SELECT id FROM digest)",
            "SELECT id FROM digest WHERE page <> '' AND id NOT IN (SELECT number FROM history.digest)",
            "SELECT entry FROM digest_entry WHERE entry NOT IN (SELECT id FROM history.entry)",
            "SELECT id FROM digest WHERE id NOT IN (SELECT digest FROM delivery)",
        ):
            assert connection.execute(query).fetchall() == [], query
        connection.close()
    assert len(seen) > 1, "nothing was written meanwhile"


@pytest.mark.parametrize("fault", ["kill", "ENOSPC", "EIO+"])
def test_ended_or_refused_at_any_step_there_is_no_half_backup(vault: Vault, tmp_path: Path, fault: str) -> None:
    kept = vault.backup(MONDAY - DAY)
    counted = Vault(shutil.copytree(vault.root, tmp_path / "counted"))
    steps = dying.call(lambda: counted.backup(MONDAY, keep=1), under=counted.root).steps
    for step in range(1, len(steps) + 1, soak(max(1, len(steps) // 10), 1)):
        copy = Vault(shutil.copytree(vault.root, tmp_path / str(step)))
        done = dying.call(lambda copy=copy: copy.backup(MONDAY, keep=1), under=copy.root, at=step, fault=fault)  # type: ignore[misc]
        assert done.killed or done.code in {0, 73, 74}, (step, steps[step - 1], done.stderr)
        left = sorted((copy.root / "backups").glob("*.tar.gz"))
        assert left, "the older one went, and no newer one came"
        for file in left:
            archive.extract(str(file), lambda _: None)
        assert done.code == 0 or (copy.root / "backups" / kept.name).exists() or len(left) == 1
        copy.backup(MONDAY + DAY, keep=1)
        assert len(list((copy.root / "backups").glob("*.tar.gz"))) == 1
        assert not (copy.root / ".feeder/backup").exists()
        shutil.rmtree(copy.root)
