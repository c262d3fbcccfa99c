"""The mail database: made whole, opened cheaply, named when damaged and left as it is, shared by several programs."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from mail.deskbook import settings
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from support import CHECKOUT, NOW, soak

from feeder.config.settings import Mail, Settings, Site
from feeder.errors import CannotWrite, MailDamaged, MailUnreachable, SettingsError
from feeder.mail import database, schema


def file_of(root: Path) -> Path:
    return root / ".feeder/mail.db"


def made(root: Path) -> Settings:
    given = settings(root)
    with database.open_mail(given, NOW):
        pass
    return given


def with_database(root: Path, name: str) -> Settings:
    return Settings(root=root, site=Site(title="x", url="https://x.example/"), mail=Mail(database=name))


def note(key: str, value: str) -> object:
    return insert(schema.meta).values(key=key, value=value)


def fails_within(opened: database.MailDatabase) -> None:
    with opened.begin() as connection:
        connection.execute(note("b", "2"))
        raise ZeroDivisionError


def outgrows(opened: database.MailDatabase) -> None:
    with opened.begin() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        connection.execute(note("large", "x" * 1_000_000))


def test_is_made_once_and_readable_by_nobody_else(tmp_path: Path) -> None:
    given = settings(tmp_path)
    assert not database.exists(given)
    made(tmp_path)
    assert database.exists(given)
    assert stat.S_IMODE(file_of(tmp_path).stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / ".feeder").iterdir()] == ["mail.db"]
    with database.open_mail(given, NOW) as opened:
        first = opened.secrets()
    with database.open_mail(given, NOW) as opened:
        assert opened.secrets() == first
        assert len(first[0]) == 64
        with closing(opened.raw()) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_keys_from_outside_come_first_and_the_kept_ones_stay(tmp_path: Path) -> None:
    given = made(tmp_path)
    with database.open_mail(given, NOW, keys=[b"new" * 20]) as opened:
        keys = opened.secrets()
    assert keys[0] == b"new" * 20
    with database.open_mail(given, NOW) as opened:
        assert opened.secrets() == keys[1:]


def test_an_up_to_date_one_is_opened_without_alembic_and_asked_for_without_sqlalchemy(tmp_path: Path) -> None:
    made(tmp_path)
    code = (
        "import sys; from datetime import datetime, UTC; from pathlib import Path\n"
        "from feeder.config.settings import Settings, Site\n"
        "from feeder.mail import database\n"
        f"given = Settings(root=Path({str(tmp_path)!r}), site=Site(title='x', url='https://x.example/'))\n"
        "assert database.exists(given); assert 'sqlalchemy' not in sys.modules\n"
        "with database.open_mail(given, datetime.now(UTC)) as opened: opened.secrets()\n"
        "assert 'alembic' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")


def test_making_it_says_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    made(tmp_path)
    assert capfd.readouterr() == ("", "")


def test_a_transaction_is_whole_or_not_at_all(tmp_path: Path) -> None:
    given = made(tmp_path)
    with database.open_mail(given, NOW) as opened:
        with opened.begin() as connection:
            connection.execute(note("a", "1"))
        with pytest.raises(ZeroDivisionError):
            fails_within(opened)
        with opened.read() as connection:
            keys = set(connection.execute(select(schema.meta.c.key)).scalars())
    assert "a" in keys
    assert "b" not in keys


def test_reading_sees_one_state_while_another_writes(tmp_path: Path) -> None:
    given = made(tmp_path)
    with database.open_mail(given, NOW) as opened, opened.read() as reading:
        before = reading.execute(select(schema.meta.c.key)).scalars().all()
        with opened.begin() as writing:
            writing.execute(note("a", "1"))
        assert reading.execute(select(schema.meta.c.key)).scalars().all() == before


def test_writers_wait_for_each_other(tmp_path: Path) -> None:
    given = made(tmp_path)
    with database.open_mail(given, NOW) as opened:

        def count() -> None:
            for _ in range(20):
                with opened.begin() as connection:
                    table = schema.meta
                    old = connection.execute(select(table.c.value).where(table.c.key == "n")).scalar_one()
                    connection.execute(table.update().where(table.c.key == "n").values(value=str(int(old) + 1)))

        with opened.begin() as connection:
            connection.execute(note("n", "0"))
        threads = [threading.Thread(target=count) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with opened.read() as connection:
            value = connection.execute(select(schema.meta.c.value).where(schema.meta.c.key == "n")).scalar_one()
    assert value == "80"


def test_several_programs_make_one_at_once(tmp_path: Path) -> None:
    code = (
        "from datetime import datetime, UTC; from pathlib import Path\n"
        "from feeder.config.settings import Settings, Site\n"
        "from feeder.mail.database import open_mail\n"
        f"given = Settings(root=Path({str(tmp_path)!r}), site=Site(title='x', url='https://x.example/'))\n"
        "with open_mail(given, datetime.now(UTC)) as opened: print(opened.secrets()[0].decode())\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True)
        for _ in range(soak(3, 12))
    ]
    told = {process.communicate(timeout=120)[0] for process in running}
    assert len(told) == 1
    assert told.pop().strip()
    assert [path.name for path in (tmp_path / ".feeder").iterdir()] == ["mail.db"]


HEADER = b"SQLite format 3\x00"


@pytest.mark.parametrize(
    "content",
    [b"", b"not a database at all, just text\n" * 200, b"\0" * 8192, HEADER + b"\xff" * 4096, os.urandom(5000)],
    ids=["empty", "text", "zeros", "header only", "noise"],
)
def test_garbage_is_named_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    file = file_of(tmp_path)
    file.parent.mkdir()
    file.write_bytes(content)
    with pytest.raises(MailDamaged) as refused:
        database.open_mail(settings(tmp_path), NOW)
    assert str(file) in str(refused.value)
    assert refused.value.exit_code == 65
    assert refused.value.hint
    assert file.read_bytes() == content


def test_a_truncated_one_is_named_and_left_as_it_is(tmp_path: Path) -> None:
    made(tmp_path)
    file = file_of(tmp_path)
    whole = file.read_bytes()
    for size in sorted({100, 512, 4096, 5000, len(whole) // 2, len(whole) - 4096, len(whole) - 1}):
        file.write_bytes(whole[:size])
        with pytest.raises(MailDamaged):
            database.open_mail(settings(tmp_path), NOW)
        assert file.read_bytes() == whole[:size]


def test_damage_inside_is_named_when_it_is_met(tmp_path: Path) -> None:
    given = made(tmp_path)
    file = file_of(tmp_path)
    data = bytearray(file.read_bytes())
    size = int.from_bytes(data[16:18], "big")
    for start in range(4 * size, len(data), size):
        data[start : start + 64] = b"\xa5" * 64
    file.write_bytes(data)
    with pytest.raises(MailDamaged):
        database.require_sound(given)


def test_a_sound_one_is_sound(tmp_path: Path) -> None:
    database.require_sound(made(tmp_path))


def test_that_of_a_newer_feeder_is_left_alone(tmp_path: Path) -> None:
    made(tmp_path)
    with closing(sqlite3.connect(file_of(tmp_path))) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    before = file_of(tmp_path).read_bytes()
    with pytest.raises(MailDamaged, match="newer feeder"):
        database.open_mail(settings(tmp_path), NOW)
    assert file_of(tmp_path).read_bytes() == before


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    file_of(tmp_path).parent.mkdir()
    with closing(sqlite3.connect(file_of(tmp_path))) as connection, connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(MailDamaged, match="another program"):
        database.open_mail(settings(tmp_path), NOW)


def test_a_folder_that_is_not_there_is_no_empty_list_of_subscribers(tmp_path: Path) -> None:
    given = with_database(tmp_path, "not-mounted/mail.db")
    with pytest.raises(MailUnreachable) as refused:
        database.open_mail(given, NOW)
    assert refused.value.exit_code == 69
    (tmp_path / "not-mounted").mkdir()
    with database.open_mail(given, NOW) as opened:
        assert opened.secrets()
    assert (tmp_path / "not-mounted/mail.db").is_file()


def test_a_server_is_not_known_to_this_version(tmp_path: Path) -> None:
    given = with_database(tmp_path, "postgresql://feeder:geheim@db/feeder")
    for act in (database.exists, lambda one: database.open_mail(one, NOW)):
        with pytest.raises(SettingsError) as refused:
            act(given)
        assert "geheim" not in f"{refused.value} {refused.value.hint}"


def test_a_full_disk_is_a_full_disk(tmp_path: Path) -> None:
    given = made(tmp_path)
    with database.open_mail(given, NOW) as opened:
        with pytest.raises(CannotWrite):
            outgrows(opened)
        with opened.read() as connection:
            assert "large" not in connection.execute(select(schema.meta.c.key)).scalars().all()
    database.require_sound(given)


def test_an_error_tells_nothing_of_what_was_to_be_written(tmp_path: Path) -> None:
    with database.open_mail(made(tmp_path), NOW) as opened, opened.begin() as connection:
        connection.execute(note("ana@example.com", "1"))
        with pytest.raises(IntegrityError) as caught:
            connection.execute(note("ana@example.com", "2"))
    assert "ana@" not in str(caught.value)


def test_what_is_damaged_is_named_when_the_file_is_written_anew(tmp_path: Path) -> None:
    with database.open_mail(made(tmp_path), NOW) as opened:
        with opened.begin() as connection:
            connection.execute(note("large", "x" * 100_000))
        opened.scrub()
        with open(file_of(tmp_path), "r+b") as file:
            size = os.fstat(file.fileno()).st_size
            for page in range(4096 * 4, size, 4096):
                file.seek(page)
                file.write(b"\xff" * 4096)
        with pytest.raises(MailDamaged):
            opened.scrub()
