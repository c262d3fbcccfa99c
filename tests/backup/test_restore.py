"""``feeder restore``: both databases or none, nothing overwritten, nobody mailed twice or brought back who left."""

from __future__ import annotations

import io
import json
import os
import shutil
import sqlite3
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from backup.vault import DAY, HISTORY, MAIL, MONDAY, WEEK, Vault, fold
from support import soak

from feeder import history as histories
from feeder.errors import DataError, FeederError, Locked, UsageError
from feeder.history import swapping
from feeder.mail.database import open_mail
from feeder.output import publishing
from tests.faults import dying

LATER = MONDAY + 2 * WEEK
GONE = "unmistakable@example.org"  # no end of a Message-ID, whose last letters are hexadecimal


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault.with_news(tmp_path / "pub")


def test_on_another_machine_it_goes_on_where_it_was(vault: Vault, tmp_path: Path) -> None:
    file = vault.backup(MONDAY + DAY)
    other = Vault(tmp_path / "other")
    for name in ("feeder.toml", "entries/e1.md"):
        other.write(name, (vault.root / name).read_bytes())
    done = other.command("restore", str(file))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("restored history.db and mail.db of 2026-11-24 00:00 UTC (1 entry, 2 subscribers, ")
    assert other.mailed(MONDAY + 2 * DAY).changes == ()
    assert other.tree()["feed.json"] == vault.tree()["feed.json"]
    other.next_week()
    assert {who: len(what) for who, what in other.received().items()} == {"a@example.org": 1, "b@example.org": 1}


def test_what_stood_there_is_kept_aside_and_named(vault: Vault) -> None:
    file = vault.backup(MONDAY)
    now = vault.next_week()
    for name in (HISTORY, MAIL):
        fold(vault.root / name)
    before = {name: (vault.root / name).read_bytes() for name in (HISTORY, MAIL)}
    done = vault.command("restore", str(file))
    assert done.returncode == 0, done.stderr
    (folder,) = (vault.root / ".feeder").glob("before-restore-*")
    assert f"what stood there is kept in .feeder/{folder.name}/" in done.stdout
    assert {name: (folder / Path(name).name).read_bytes() for name in before} == before
    assert (vault.root / MAIL).stat().st_mode & 0o777 == 0o600
    vault.mailed(now + DAY)
    again = vault.restore(file, now + 2 * DAY)
    assert len(again.aside) == 1


def test_what_was_sent_since_is_not_sent_again(vault: Vault) -> None:
    file = vault.backup(MONDAY)
    now = vault.next_week()
    sent = vault.received()
    done = vault.command("restore", str(file))
    assert "mail: 1 digest cut since then: not sent again to those who had them\n" in done.stdout
    assert "history: 1 entry published since then come again, with the next `publish`\n" in done.stdout
    report = vault.mailed(now + DAY)
    assert [change.kind for change in report.changes] == ["new"]
    assert vault.mailed(now + WEEK).mailing.cuts == ()
    assert vault.received() == sent
    assert "第2条" in vault.read("digests/weekly/2026-11-30/index.html")
    vault.next_week(now + WEEK)
    assert {who: len(what) for who, what in vault.received().items()} == {"a@example.org": 3, "b@example.org": 3}


@pytest.mark.parametrize("lost", [(MAIL,), (HISTORY,), (HISTORY, MAIL)], ids=["mail", "history", "both"])
def test_what_cannot_be_read_any_more(vault: Vault, lost: tuple[str, ...]) -> None:
    file = vault.backup(MONDAY)
    now = vault.next_week()
    sent = vault.received()
    for name in lost:
        vault.lose(name)
        vault.write(name, b"not a database\n" * 300)
    done = vault.restore(file, now)
    assert [one.read for one in done.carried] == [name not in lost for name in (HISTORY, MAIL)]
    (folder,) = (Path(path) for path in done.aside)
    assert all((folder / Path(name).name).read_bytes() == b"not a database\n" * 300 for name in lost)
    vault.mailed(now + DAY)
    vault.mailed(now + WEEK)
    twice = len(lost) == 2  # nobody knows, and `restore` says so
    assert (vault.received() == sent) is not twice
    numbers = [number for (number,) in vault.ask(MAIL, "SELECT id FROM digest ORDER BY id")]
    assert twice is False or numbers == [1, 1002]


def test_the_mail_database_alone(vault: Vault) -> None:
    file = vault.backup(MONDAY)
    now = vault.next_week()
    sent = vault.received()
    history = vault.ask(HISTORY, "SELECT id FROM entry")
    vault.write(MAIL, b"")
    done = vault.command("restore", str(file), "--only", "mail")
    assert done.returncode == 0, done.stderr
    assert "mail: what was sent since then is known by the history" in done.stdout
    assert vault.ask(HISTORY, "SELECT id FROM entry") == history
    report = vault.mailed(now + DAY)
    assert [(one.list, one.subscriptions) for one in report.mailing.overtaken] == [("weekly", 2)]
    assert vault.mailed(now + WEEK).mailing.cuts == ()
    assert vault.received() == sent


def test_who_left_since_stays_away(vault: Vault) -> None:
    for address in ("c@example.org", "d@example.org", GONE):
        vault.subscribe(address, MONDAY)
    file = vault.backup(MONDAY)
    for what, address in (("remove", "a@example.org"), ("forget", GONE), ("pause", "c@example.org")):
        assert vault.command("subscribers", what, address).returncode == 0
    vault.subscribe("late@example.org", MONDAY + DAY)
    done = vault.command("restore", str(file))
    assert "mail: 2 subscriptions ended since then: they stay ended\n" in done.stdout
    assert "mail: not in the backup: 1 person who came since then\n" in done.stdout
    assert vault.states() == {
        "a@example.org": "ended", "b@example.org": "active", "c@example.org": "paused", "d@example.org": "active",
    }  # fmt: skip
    fold(vault.root / MAIL)
    assert GONE.encode() not in (vault.root / MAIL).read_bytes()
    told = vault.command("subscribers", "add", GONE, "--confirmed-by", "a paper").stdout
    assert GONE not in vault.states(), told


def test_numbers_of_people_are_never_given_twice(vault: Vault) -> None:
    file = vault.backup(MONDAY)
    vault.subscribe("late@example.org", MONDAY)
    vault.restore(file, MONDAY + DAY)
    vault.subscribe("next@example.org", MONDAY + DAY)
    numbers = dict(vault.ask(MAIL, "SELECT address, id FROM subscriber"))
    assert numbers["next@example.org"] == 4
    vault.write(MAIL, b"")
    vault.restore(file, MONDAY + 2 * DAY)
    vault.subscribe("next@example.org", MONDAY + 2 * DAY)
    assert dict(vault.ask(MAIL, "SELECT address, id FROM subscriber"))["next@example.org"] > 100_000


def test_a_backup_taken_in_the_middle_of_a_sending(vault: Vault) -> None:
    day = MONDAY + 2 * DAY
    vault.entry("e2", "第二条。\n", title="第二条", date="2026-11-25")
    vault.mailed(day)
    vault.run_cut_only(MONDAY + WEEK)
    file = vault.backup(MONDAY + WEEK)
    vault.mailed(MONDAY + WEEK)
    sent = vault.received()
    shutil.copytree(vault.root, vault.root.with_name("copy"))
    vault.restore(file, LATER)
    vault.mailed(LATER)
    assert vault.received() == sent
    blind = Vault(vault.root.with_name("copy"))
    blind.write(MAIL, b"")
    done = blind.command("restore", str(file))
    assert "mail: 2 deliveries that waited then are held" in done.stdout
    blind.mailed(LATER)
    assert blind.received() == sent
    assert blind.command("digest", "restart", "2").returncode == 0


@pytest.mark.parametrize("name", ["run", "publish", "send"])
def test_while_another_is_at_work_nothing_is_touched(vault: Vault, name: str) -> None:
    file = vault.backup(MONDAY)
    before = state(vault)
    with publishing(vault.root, MONDAY, 0, name), pytest.raises(Locked) as refused:
        vault.restore(file, MONDAY + DAY)
    assert refused.value.exit_code == 75
    assert state(vault) == before


def state(vault: Vault) -> dict[str, bytes]:
    """All that is precious."""
    found = {name: (vault.root / name).read_bytes() for name in (HISTORY, MAIL)}
    others = {path.name for path in (vault.root / ".feeder").iterdir()}
    return {**found, "others": repr(sorted(n for n in others if "restor" in n)).encode()}


def repacked(file: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    """A backup with other contents."""
    with tarfile.open(file) as tar:
        parts = {one.name: tar.extractfile(one).read() for one in tar}  # type: ignore[union-attr]
    change(parts)
    with tarfile.open(file, "w:gz") as tar:
        for name, data in parts.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))


def told(parts: dict[str, bytes], /, **values: object) -> None:
    parts["manifest.json"] = json.dumps(json.loads(parts["manifest.json"]) | values).encode()


def flip(parts: dict[str, bytes]) -> None:
    data = bytearray(parts["mail.db"])
    data[20_000] ^= 1
    parts["mail.db"] = bytes(data)


@pytest.mark.parametrize(
    "change",
    [
        flip,
        lambda parts: parts.pop("history.db"),
        lambda parts: parts.pop("manifest.json"),
        lambda parts: told(parts, format=99),
        lambda parts: told(parts, parts=[{"name": "../x"}]),
        lambda parts: told(parts, made="yesterday"),
    ],
    ids=["a bit", "a part gone", "no manifest", "newer", "strange parts", "strange time"],
)
def test_a_backup_that_is_not_whole_changes_nothing(vault: Vault, change: Callable[[dict[str, bytes]], None]) -> None:
    file = vault.backup(MONDAY)
    repacked(file, change)
    before = state(vault)
    with pytest.raises(DataError) as refused:
        vault.restore(file, MONDAY + DAY)
    assert str(file) in str(refused.value)
    assert state(vault) == before


def test_a_truncated_one_changes_nothing(vault: Vault) -> None:
    file = vault.backup(MONDAY)
    whole, before = file.read_bytes(), state(vault)
    for size in sorted({0, 1, 10, 100, 600, len(whole) // 2, len(whole) - 2000}):
        file.write_bytes(whole[:size])
        with pytest.raises(DataError):
            vault.restore(file, MONDAY + DAY)
        assert state(vault) == before
    file.write_text("just a text\n", "utf-8")
    done = vault.command("restore", str(file))
    assert (done.returncode, done.stdout) == (65, "")
    assert vault.command("restore", "nowhere.tar.gz").returncode == 2


def alter(vault: Vault, file: Path, name: str, statement: str) -> None:
    """A backup that is whole, of a database that somebody changed."""
    part = vault.root / Path(name).name

    def change(parts: dict[str, bytes]) -> None:
        from feeder.upkeep import archive

        part.write_bytes(parts[part.name])
        connection = sqlite3.connect(part)
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute(statement)
        connection.commit()
        connection.close()
        parts[part.name] = part.read_bytes()
        manifest = json.loads(parts["manifest.json"])
        for one in manifest["parts"]:
            if one["name"] == part.name:
                one["size"] = len(parts[part.name])
                one["sha256"] = archive.sha256(parts[part.name]).hexdigest()
        parts["manifest.json"] = json.dumps(manifest).encode()

    repacked(file, change)
    part.unlink()


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        (HISTORY, "PRAGMA user_version = 99"),
        (HISTORY, "PRAGMA user_version = 0"),
        (MAIL, "UPDATE alembic_version SET version_num = '9999'"),
        (MAIL, "DELETE FROM alembic_version"),
        (MAIL, "DROP TABLE alembic_version"),
    ],
)
def test_that_of_a_newer_feeder_or_of_none_changes_nothing(vault: Vault, name: str, statement: str) -> None:
    file = vault.backup(MONDAY)
    alter(vault, file, name, statement)
    before = state(vault)
    with pytest.raises(DataError):
        vault.restore(file, MONDAY + DAY)
    assert state(vault) == before


def test_that_of_another_publication_only_when_it_is_meant(vault: Vault, tmp_path: Path) -> None:
    file = vault.backup(MONDAY)
    vault.configure(title="别的新闻", url="https://other.example.org/")
    with pytest.raises(UsageError, match="测试新闻"):
        vault.restore(file, MONDAY + DAY)
    assert vault.restore(file, MONDAY + DAY, force=True).names == ("history.db", "mail.db")


def test_one_without_mail_leaves_the_mail_there_is(vault: Vault, tmp_path: Path) -> None:
    shutil.move(vault.root / MAIL, tmp_path / "mail.db")
    vault.configure()  # before there were lists
    file = vault.backup(MONDAY)
    vault.begin()
    shutil.move(tmp_path / "mail.db", vault.root / MAIL)
    done = vault.restore(file, MONDAY + DAY)
    assert (done.names, done.kept) == (("history.db",), True)
    assert len(vault.states()) == 2
    with pytest.raises(UsageError, match=r"has no mail\.db"):
        vault.restore(file, MONDAY + DAY, only="mail")


def test_a_mail_database_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    place = tmp_path / "far/mail.db"
    vault = Vault(tmp_path / "pub")
    vault.begin(lines=f'[mail]\ndatabase = "{place}"\n[[lists]]\nname = "weekly"\n')
    vault.entry("e1", "一。\n", title="一", date="2026-11-20")
    vault.subscribe("a@example.org", MONDAY)
    vault.mailed(MONDAY)
    file = vault.backup(MONDAY)
    done = vault.restore(file, MONDAY + DAY)
    assert [Path(path).parent for path in done.aside] == [vault.root / ".feeder", tmp_path / "far"]
    assert place.exists()
    shutil.rmtree(tmp_path / "far")
    with pytest.raises(FeederError, match="folder of the mail database"):
        vault.restore(file, MONDAY + DAY)


def pair(vault: Vault) -> tuple[str, str]:
    """Which history and which mail database a command sees that opens them."""
    with histories.open_history(str(vault.root)) as history:
        one = history.meta("mark")
    with open_mail(vault.settings, MONDAY) as database, database.read() as connection:
        row = connection.exec_driver_sql("SELECT value FROM meta WHERE key = 'mark'").first()
    return one, row[0] if row else ""


def mark(vault: Vault, word: str) -> None:
    for name in (HISTORY, MAIL):
        connection = sqlite3.connect(vault.root / name)
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('mark', ?)", (word,))
        connection.commit()
        connection.close()


def test_killed_at_every_step_it_is_the_old_pair_or_the_new_and_can_be_done_again(vault: Vault, tmp_path: Path) -> None:
    mark(vault, "then")
    file = vault.backup(MONDAY, tmp_path / "then.tar.gz")
    vault.next_week()
    mark(vault, "now")
    counted = Vault(shutil.copytree(vault.root, tmp_path / "counted"))
    steps = dying.call(lambda: counted.restore(file, LATER), under=counted.root).steps
    assert pair(counted) == ("then", "then")
    seen = set()
    for step in range(1, len(steps) + 1, soak(max(1, len(steps) // 40), 1)):
        one = Vault(shutil.copytree(vault.root, tmp_path / str(step)))
        died = dying.call(lambda one=one: one.restore(file, LATER), under=one.root, at=step)  # type: ignore[misc]
        assert died.killed, (died.code, died.stderr)
        assert (one.root / HISTORY).exists()
        assert (one.root / MAIL).exists()
        found = pair(one)
        seen.add(found)
        assert found in {("then", "then"), ("now", "now")}, (step, steps[step - 1])
        assert not (one.root / swapping.JOURNAL).exists()
        one.restore(file, LATER)
        assert pair(one) == ("then", "then")
        assert not list((one.root / ".feeder").glob("*.restoring*"))
        shutil.rmtree(one.root)
    assert seen == {("then", "then"), ("now", "now")}


def test_what_is_left_of_a_killed_one_is_done_by_a_dry_run_too(vault: Vault, tmp_path: Path) -> None:
    file = vault.backup(MONDAY)
    vault.lose(HISTORY, MAIL)
    counted = Vault(shutil.copytree(vault.root, tmp_path / "counted"))
    steps = dying.call(lambda: counted.restore(file, LATER), under=counted.root).steps
    meant = steps.index(f"rename {counted.root}/{swapping.JOURNAL}") + 1
    died = dying.call(lambda: vault.restore(file, LATER), under=vault.root, at=meant + 1)
    assert died.killed
    assert not (vault.root / HISTORY).exists()
    assert vault.command("publish", "-n").returncode == 0
    assert len(vault.ask(HISTORY, "SELECT id FROM entry")) == 1
    assert len(vault.states()) == 2


@pytest.mark.parametrize("fault", ["ENOSPC", "EIO", "ENOSPC+"])
def test_refused_by_the_disk_it_is_the_old_pair_or_the_new(vault: Vault, tmp_path: Path, fault: str) -> None:
    mark(vault, "then")
    file = vault.backup(MONDAY, tmp_path / "then.tar.gz")
    vault.next_week()
    mark(vault, "now")
    counted = Vault(shutil.copytree(vault.root, tmp_path / "counted"))
    steps = dying.call(lambda: counted.restore(file, LATER), under=counted.root).steps
    for step in range(2, len(steps) + 1, soak(max(1, len(steps) // 12), 1)):
        one = Vault(shutil.copytree(vault.root, tmp_path / str(step)))
        done = dying.call(lambda one=one: one.restore(file, LATER), under=one.root, at=step, fault=fault)  # type: ignore[misc]
        assert done.code in {0, 73, 74}, (step, steps[step - 1], done.stderr)
        assert pair(one) in {("then", "then"), ("now", "now")}, (step, steps[step - 1])
        one.restore(file, LATER)
        assert pair(one) == ("then", "then")
        shutil.rmtree(one.root)


def test_those_who_were_deleted_by_mistake_are_mailed_nothing_twice(vault: Vault) -> None:
    vault.entry("e2", "第二条。\n", title="第二条", date="2026-11-25")
    vault.mailed(MONDAY + 2 * DAY)
    vault.run_cut_only(MONDAY + WEEK)  # waits to be sent in the backup
    file = vault.backup(MONDAY + WEEK)
    vault.mailed(MONDAY + WEEK)
    now = vault.next_week(MONDAY + WEEK)
    sent = vault.received()
    connection = sqlite3.connect(vault.root / MAIL)
    for table in ("subscriber", "subscription", "served"):
        connection.execute(f"DELETE FROM {table}")
    connection.commit()
    connection.close()
    vault.restore(file, now)
    vault.mailed(now + DAY)
    vault.mailed(now + WEEK)
    assert vault.received() == sent
    vault.next_week(now + WEEK)
    assert {who: len(what) for who, what in vault.received().items()} == {"a@example.org": 4, "b@example.org": 4}


def test_a_present_database_that_is_older_than_the_backup_takes_nothing_from_it(vault: Vault, tmp_path: Path) -> None:
    vault.entry("e2", "第二条。\n", title="第二条", date="2026-11-25")
    vault.mailed(MONDAY + 2 * DAY)
    vault.run_cut_only(MONDAY + WEEK)
    for name in (HISTORY, MAIL):
        fold(vault.root / name)
    old = {name: (vault.root / name).read_bytes() for name in (HISTORY, MAIL)}
    vault.mailed(MONDAY + WEEK)
    now = vault.next_week(MONDAY + WEEK)
    file, sent = vault.backup(now), vault.received()
    for name, data in old.items():
        vault.lose(name)
        vault.write(name, data)
    vault.restore(file, now + DAY)
    assert vault.mailed(now + DAY).mailing.overtaken == ()
    assert vault.mailed(now + WEEK).mailing.cuts == ()
    assert vault.received() == sent


def test_in_a_folder_whose_name_is_no_text(tmp_path: Path) -> None:
    vault = Vault.with_news(Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xd0\xc2\xce\xc5")))  # GBK
    file = vault.backup(MONDAY)
    done = vault.restore(file, MONDAY + DAY)
    assert [(one.name, one.read) for one in done.carried] == [("history.db", True), ("mail.db", True)]
