"""A mail database that is older than the history: put back by hand, or made anew and filled from a CSV file."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from backup.vault import DAY, HISTORY, MAIL, MONDAY, SATURDAY, WEEK, Vault, fold
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mail.desk import Desk, Killed, Killing
from mail.newsdesk import MAIL as LINES
from support import soak

from feeder.mail import cutting


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault.with_news(tmp_path / "pub")


def copied(vault: Vault, to: Path) -> Callable[[], None]:
    """A copy of the mail database, as ``cp`` makes it; called, it is put back."""
    fold(vault.root / MAIL)
    shutil.copy(vault.root / MAIL, to)

    def put_back() -> None:
        vault.lose(MAIL)
        shutil.copy(to, vault.root / MAIL)

    return put_back


def counts(vault: Vault) -> dict[str, int]:
    return {who.partition("@")[0]: len(what) for who, what in vault.received().items()}


def test_an_old_one_put_back_mails_nobody_twice_and_says_so_once(vault: Vault, tmp_path: Path) -> None:
    put_back = copied(vault, tmp_path / "old.db")
    now = vault.next_week()
    put_back()
    vault.entry("e3", "第三条。\n", title="第三条", date="2026-12-01")
    (told,) = vault.mailed(now + DAY).mailing.overtaken
    assert (told.list, told.subscriptions, told.held) == ("weekly", 2, 0)
    assert told.until == MONDAY.replace(second=0) + WEEK
    report = vault.mailed(now + WEEK)
    assert report.mailing.overtaken == ()
    assert [(cut.digest, cut.entries) for cut in report.mailing.cuts] == [(3, 1)]
    assert counts(vault) == {"a": 3, "b": 3}
    assert all(len(set(subjects)) == 3 for subjects in vault.received().values())


def test_a_run_says_it_in_a_line_and_how_to_send_all_the_same(vault: Vault, tmp_path: Path) -> None:
    put_back = copied(vault, tmp_path / "old.db")
    vault.next_week()
    put_back()
    done = vault.publish("-v")
    assert "weekly: the mail database is older than the history, which knows digests up to 2026-11-30" in done.stderr
    assert "2 subscribers counted as served by them" in done.stderr
    assert "older" not in vault.publish("-v").stderr
    before = counts(vault)
    again = vault.command("digest", "send", "weekly", "--since", "2026-11-24")
    assert "weekly: 2 subscribers get again what was released since 2026-11-24 00:00\n" in again.stderr
    assert counts(vault) == {who: many + 1 for who, many in before.items()}


def test_a_run_says_it_as_json_too(vault: Vault, tmp_path: Path) -> None:
    put_back = copied(vault, tmp_path / "old.db")
    vault.next_week()
    put_back()
    mail = json.loads(vault.publish("--json").stdout)["mail"]
    assert (mail["waiting"], mail["started"]) == (0, [])
    (told,) = mail["overtaken"]
    assert told["until"].startswith("2026-11-30T")
    assert (told["list"], told["subscriptions"], told["held"]) == ("weekly", 2, 0)
    assert json.loads(vault.publish("--json").stdout)["mail"]["overtaken"] == []


def test_one_made_anew_and_filled_from_a_file(vault: Vault) -> None:
    file = vault.root / "people.csv"
    file.write_text(vault.command("subscribers", "export").stdout, "utf-8")
    now = vault.next_week()
    vault.mailed(now + DAY, at_once="weekly")
    vault.lose(MAIL)
    vault.subscribe("a@example.org", now - 3 * DAY)
    vault.subscribe("b@example.org", now - 3 * DAY)
    (told,) = vault.mailed(now + DAY).mailing.overtaken
    assert told.subscriptions == 2
    vault.mailed(now + WEEK)
    assert counts(vault) == {"a": 2, "b": 2}


def test_lists_without_pages_and_other_schedules(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "pub")
    vault.begin(lines=LINES.replace('weekday = "monday"', 'weekday = "monday"\narchive = false'))
    vault.subscribe("a@example.org", SATURDAY)
    vault.subscribe("b@example.org", SATURDAY)
    vault.entry("e1", "第一条。\n", title="第一条", date="2026-11-20")
    vault.mailed(SATURDAY)
    connection = sqlite3.connect(vault.root / MAIL)
    connection.execute("UPDATE subscription SET frequency = 'daily' WHERE id = 2")
    connection.commit()
    connection.close()
    put_back = copied(vault, tmp_path / "old.db")
    vault.mailed(MONDAY)
    vault.entry("e2", "第二条。\n", title="第二条", date="2026-11-24")
    vault.mailed(MONDAY + DAY)
    vault.mailed(MONDAY + 2 * DAY)
    assert counts(vault) == {"a": 1, "b": 2}
    put_back()
    vault.mailed(MONDAY + 2 * DAY + timedelta(hours=1))
    assert counts(vault) == {"a": 1, "b": 2}
    vault.mailed(MONDAY + WEEK)
    assert counts(vault) == {"a": 2, "b": 2}  # the weekly one still gets what the daily one had


def test_what_waited_in_it_is_held(vault: Vault, tmp_path: Path) -> None:
    vault.entry("e2", "第二条。\n", title="第二条", date="2026-11-25")
    vault.mailed(MONDAY + 2 * DAY)
    vault.run_cut_only(MONDAY + WEEK)
    put_back = copied(vault, tmp_path / "old.db")
    vault.mailed(MONDAY + WEEK)
    now = vault.next_week(MONDAY + WEEK)
    sent = vault.received()
    put_back()
    (told,) = vault.mailed(now + DAY).mailing.overtaken
    assert told.held == 2
    assert vault.received() == sent
    assert "restart" not in vault.command("status").stderr
    assert "held  a@example.org" in vault.command("digest", "status", "2").stdout
    assert vault.command("digest", "restart", "2", "--arrived").returncode == 0


def test_a_rehearsal_serves_nobody_by_it(vault: Vault) -> None:
    now = vault.next_week()
    vault.lose(MAIL)
    vault.begin(lines=LINES.replace('"maildir"', '"eml"'))
    vault.subscribe("a@example.org", now - 3 * DAY)
    assert vault.mailed(now + timedelta(hours=2)).mailing.overtaken == ()
    assert [path.suffix for path in (vault.root / "mail").rglob("*") if path.is_file()].count(".eml") == 1


def test_a_history_made_anew_knows_it_too(vault: Vault, tmp_path: Path) -> None:
    put_back = copied(vault, tmp_path / "old.db")
    now = vault.next_week()
    vault.lose(HISTORY)
    assert vault.command("recover").returncode == 0
    put_back()
    assert len(vault.mailed(now + DAY).mailing.overtaken) == 1
    vault.mailed(now + WEEK)
    assert counts(vault) == {"a": 2, "b": 2}


def test_a_power_cut_takes_nothing_from_the_mail_database_that_the_history_says_of_it(vault: Vault) -> None:
    # The order in which things reach the disk: the log of the mail database, then the history's commit.
    from tests.faults import dying

    vault.entry("e2", "第二条。\n", title="第二条", date="2026-11-25")
    vault.mailed(MONDAY + 2 * DAY)
    steps = dying.call(lambda: vault.mailed(MONDAY + WEEK), under=vault.root).steps
    synced = max(n for n, step in enumerate(steps) if step.startswith("fsync") and "mail.db-wal" in step)
    cut = [n for n, step in enumerate(steps) if step.startswith("commit") and step.endswith("history.db")]
    assert any(n > synced for n in cut)
    told = [n for n, step in enumerate(steps) if "digests/weekly/2026-11-30" in step]
    assert synced < min(told)


EVENTS = st.lists(
    st.sampled_from(["release", "release", "hours", "day", "day", "days", "copy", "back", "back", "at once", "killed"]),
    min_size=4,
    max_size=24,
)
LISTS = '[[lists]]\nname = "weekly"\nallowed = ["instant", "daily", "monthly"]\narchive = {}\n'


class Shelf:
    """A desk whose mail database is copied and put back; what everybody got is written down elsewhere."""

    def __init__(self, root: Path, archive: str) -> None:
        self.desk = Desk(root, LISTS.format(archive), MONDAY - 5 * DAY + timedelta(hours=1))
        for name in ("weekly", "daily", "instant"):
            self.desk.join(name, frequency=name)
        self.desk.pass_time(minutes=1)
        self.copy = root / "copy.db"
        self.got: dict[str, Counter[str]] = {}
        self.released: list[str] = []
        self.back_at = self.desk.now
        self.keep()

    def keep(self) -> None:
        with self.desk.database.raw() as raw:
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        raw.close()
        shutil.copy(self.desk.database.path, self.copy)

    def back(self) -> None:
        self.desk.database.close()
        for ending in ("-wal", "-shm", ""):
            Path(self.desk.database.path + ending).unlink(missing_ok=True)
        shutil.copy(self.copy, self.desk.database.path)
        self.desk.configure()
        self.back_at = self.desk.now

    def cut(self, *, at: int = 10_000, **options: object) -> None:
        """One run; killed at its step number ``at``."""
        desk = self.desk
        desk.seal()
        before = {number for (number,) in desk.rows("SELECT id FROM digest")}
        real, desk.database = desk.database, Killing(desk.database, at)
        desk.database.sync = real.sync
        try:
            cutting.reckon(desk.database, desk.settings, desk.history, desk.now)
            desk.cut(**options)
            cutting.keep(desk.database, desk.history)
            desk.history.commit()
        except Killed:
            desk.history.roll_back()
        finally:
            desk.database = real
        self.deliver(before)

    def deliver(self, before: set[int]) -> None:
        rows = self.desk.rows(
            "SELECT d.digest, p.address, e.entry FROM delivery d JOIN digest_entry e ON e.digest = d.digest "
            "JOIN subscriber p ON p.id = d.subscriber WHERE d.state = 'queued'"
        )
        for _, address, entry in rows:
            self.got.setdefault(address.partition("@")[0], Counter())[entry[4:]] += 1
        self.desk.do("UPDATE delivery SET state = 'sent' WHERE state = 'queued'")

    def happens(self, what: str, nth: int) -> None:
        desk = self.desk
        if what == "release":
            self.released.append(desk.release(f"n{len(self.released)}").slug)
        elif what in {"hours", "day", "days"}:
            desk.pass_time(hours={"hours": 3, "day": 24, "days": 24 * 5}[what])
            self.cut()
        elif what == "killed":
            desk.pass_time(hours=24)
            self.cut(at=nth)
            self.cut()
        elif what == "at once":
            self.cut(only="weekly", at_once=True)
        else:
            {"copy": self.keep, "back": self.back}[what]()


@settings(max_examples=soak(40, 1500), deadline=None, suppress_health_check=list(HealthCheck))
@given(events=EVENTS, nth=st.integers(0, 40), archive=st.sampled_from(["true", "false"]))
def test_whatever_is_put_back_when_nobody_gets_an_entry_twice_and_what_comes_later_reaches_all(
    events: list[str], nth: int, archive: str
) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        shelf = Shelf(Path(folder), archive)
        for what in events:
            shelf.happens(what, nth)
        shelf.cut()
        last = [shelf.desk.release(f"last{n}").slug for n in range(2)]
        for _ in range(9):
            shelf.desk.pass_time(days=1)
            shelf.cut()
        shelf.desk.close()
        for name in ("weekly", "daily", "instant"):
            got = shelf.got.get(name, Counter())
            assert max(got.values(), default=0) <= 1, (name, got)
            assert set(last) <= set(got), (name, got)
            if "back" not in events:
                assert set(got) == {*shelf.released, *last}, name
