"""Promise 6: whichever command meets a damaged database names it, and leaves every byte as it was."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from backup.vault import HISTORY, MAIL, Vault, fold

from feeder.cli import main

Damage = Callable[[Path], None]


def truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-5000])


def zeroed(file: Path) -> None:
    """A page in the middle, as a power cut may leave one; the first pages say that all is well."""
    data = bytearray(file.read_bytes())
    for at in range(4096 * 2, len(data), 4096):
        data[at : at + 4096] = bytes(4096)
    file.write_bytes(data)


def text(file: Path) -> None:
    file.write_text("亲爱的编辑：\n" * 400, "utf-8")


def newer(file: Path) -> None:
    connection = sqlite3.connect(file)
    if file.name == "history.db":
        connection.execute("PRAGMA user_version = 99")
    else:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    fold(file)


def empty(file: Path) -> None:
    file.write_bytes(b"")


DAMAGES = [truncated, zeroed, text, newer, empty]
HISTORY_COMMANDS = {
    "publish": ("publish",),
    "status": ("status",),
    "check": ("check",),
    "pin": ("pin",),
    "withdraw": ("withdraw", "entries/e1.md"),
    "digest preview": ("digest", "preview", "weekly"),
    "digest send": ("digest", "send", "weekly"),
    "backup": ("backup",),
}
MAIL_COMMANDS = {
    "publish": ("publish", "-v"),
    "status": ("status",),
    "lists": ("lists",),
    "subscribers list": ("subscribers", "list"),
    "subscribers add": ("subscribers", "add", "new@example.org"),
    "subscribers export": ("subscribers", "export"),
    "subscribers remove": ("subscribers", "remove", "a@example.org"),
    "digest status": ("digest", "status"),
    "digest cancel": ("digest", "cancel", "1"),
    "digest send": ("digest", "send", "weekly"),
    "backup": ("backup",),
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = Vault.with_news(tmp_path_factory.mktemp("sound") / "pub")
    for name in (HISTORY, MAIL):
        fold(made.root / name)
    return made.root


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", [HISTORY, MAIL])
def test_it_is_named_and_left_as_it_is(
    sound: Path, tmp_path: Path, name: str, damage: Damage, capfd: pytest.CaptureFixture[str]
) -> None:
    vault = Vault(sound).copy(tmp_path / "pub")
    damage(vault.root / name)
    before = (vault.root / name).read_bytes()
    out = vault.tree()
    vault.entry("new", "新的。\n", title="新", date="2026-11-24")
    for what, argv in (HISTORY_COMMANDS if name == HISTORY else MAIL_COMMANDS).items():
        code = main.main(["-C", str(vault.root), *argv])
        said = "".join(capfd.readouterr())
        assert (vault.root / name).read_bytes() == before, what
        if what == "status" and name == MAIL:
            assert code == 0
        else:
            assert code in {65, 69}, (what, code, said)
        assert Path(name).name in said, (what, said)
        assert "fault of feeder" not in said, (what, said)
    if name == HISTORY:
        assert vault.tree() == out
    else:
        assert "新" in vault.read("feed.json")  # mail keeps no entry from being published


@pytest.mark.parametrize("argv", [("status",), ("rollback",)])
@pytest.mark.parametrize("table", ["waiting", "problem", "entry"])
def test_damage_in_one_table_is_named_by_whoever_meets_it(
    sound: Path, tmp_path: Path, table: str, argv: tuple[str, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    vault = Vault(sound).copy(tmp_path / "pub")
    file = vault.root / HISTORY
    connection = sqlite3.connect(file)
    # Its pages, and not those by which the file is opened.
    pages = connection.execute("SELECT rootpage FROM sqlite_master WHERE tbl_name = ?", (table,)).fetchall()
    size = connection.execute("PRAGMA page_size").fetchone()[0]
    connection.close()
    data = bytearray(file.read_bytes())
    for (page,) in pages:
        data[(page - 1) * size : page * size] = b"\xaa" * size
    file.write_bytes(data)
    code = main.main(["-C", str(vault.root), *argv])
    said = "".join(capfd.readouterr())
    assert (code, "history.db is damaged" in said) == (65, True), said
    assert file.read_bytes() == data
