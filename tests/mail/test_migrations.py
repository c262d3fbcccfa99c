"""Every released schema comes to the present one; a new database is that too."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from mail.deskbook import settings
from sqlalchemy import Engine, create_engine, inspect
from support import CHECKOUT, FIXTURES, NOW

from feeder.mail import database, driver, founding
from feeder.mail.schema import metadata

RELEASED = sorted((FIXTURES / "mail").glob("schema-*.sql"))


def described(path: Path | str) -> dict[str, object]:
    """Tables, columns, keys, indexes, as the database tells them."""
    engine = create_engine(f"sqlite:///{path}")
    try:
        return _described(engine)
    finally:
        engine.dispose()


def _described(engine: Engine) -> dict[str, object]:
    seen = inspect(engine)
    found: dict[str, object] = {}
    for table in seen.get_table_names():
        if table != "alembic_version":
            columns = [(one["name"], str(one["type"]), one["nullable"], one["default"], one["primary_key"])
                       for one in seen.get_columns(table)]  # fmt: skip
            indexes = sorted(
                (one["name"] or "", tuple(one["column_names"]), one["unique"],
                 str(one["dialect_options"].get("sqlite_where")))
                for one in seen.get_indexes(table)
            )  # fmt: skip
            unique = sorted(tuple(one["column_names"]) for one in seen.get_unique_constraints(table))
            found[table] = (columns, indexes, unique)
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'table'").all()
    found["kinds"] = sorted(
        (n, "WITHOUT ROWID" in sql, "AUTOINCREMENT" in sql) for n, sql in rows if n in metadata.tables
    )
    return found


@pytest.fixture
def wanted(tmp_path: Path) -> dict[str, object]:
    """The schema as the code sees it."""
    path = tmp_path / "wanted.db"
    engine = create_engine(f"sqlite:///{path}")
    metadata.create_all(engine)
    engine.dispose()
    return described(path)


def restored(dump: Path, root: Path) -> Path:
    path = root / ".feeder/mail.db"
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.executescript(dump.read_text("utf-8"))
    connection.close()
    return path


def test_a_new_database_is_what_the_code_sees(tmp_path: Path, wanted: dict[str, object]) -> None:
    given = settings(tmp_path)
    with database.open_mail(given, NOW):
        pass
    assert described(database.path_of(given)) == wanted


@pytest.mark.parametrize("dump", RELEASED, ids=lambda dump: dump.stem)
def test_a_released_one_comes_to_the_present(tmp_path: Path, wanted: dict[str, object], dump: Path) -> None:
    path = restored(dump, tmp_path)
    with database.open_mail(settings(tmp_path), NOW) as opened:
        assert opened.secrets() == [b"f" * 64]
        with opened.read() as connection:
            rows = connection.exec_driver_sql(
                "SELECT address, list, state, through FROM subscriber JOIN subscription ON subscriber.id = subscriber "
                "JOIN served ON subscription.id = served.subscription"
            ).all()
    assert rows == [("Ana@example.org", "weekly", "active", 1794787200000000)]
    assert described(path) == wanted


def test_every_version_but_the_present_one_is_kept_as_a_dump() -> None:
    script = ScriptDirectory.from_config(_config())
    assert script.get_current_head() == founding.HEAD
    revisions = {one.revision for one in script.walk_revisions()}
    assert {dump.stem.removeprefix("schema-") for dump in RELEASED} == revisions


def test_an_interrupted_migration_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = restored(RELEASED[0], tmp_path)
    connection = sqlite3.connect(path)
    connection.execute("DELETE FROM alembic_version")
    connection.execute("INSERT INTO alembic_version VALUES ('0000')")
    connection.commit()
    before = list(connection.iterdump())
    monkeypatch.setattr(founding, "upgrade", _dies)
    with pytest.raises(KeyboardInterrupt):
        database.open_mail(settings(tmp_path), NOW)
    assert list(connection.iterdump()) == before
    connection.close()


def _dies(path: str) -> None:
    engine = driver.engine_of(path)
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE half (x)")
            connection.exec_driver_sql("DELETE FROM subscriber")
            raise KeyboardInterrupt
    finally:
        engine.dispose()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(CHECKOUT / "feeder/mail/migrations"))
    config.set_main_option("path_separator", "os")
    return config
