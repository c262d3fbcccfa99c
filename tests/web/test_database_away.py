"""The mail database is missing, damaged, replaced or busy: pages say so, and nothing is made anew or lost."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import pytest
from web.visitors import NOW, Answer, House, Office, house, waits

from feeder import history as histories
from feeder.config.secrets import Secrets
from feeder.mail import database
from feeder.mail.database import open_mail
from feeder.mail.tokens import Tokens
from feeder.web import records
from feeder.web.app import app


def file_of(opened: House) -> Path:
    return opened.desk.root / database.FILE


def every(opened: House) -> list[Answer]:
    """Every page that needs the database, asked and posted."""
    token = {
        purpose: opened.tokens.make(purpose, 1, "weekly", NOW) for purpose in ("confirm", "unsubscribe", "preferences")
    }
    paths = ["/subscribe/weekly", *(f"/{purpose}/{one}" for purpose, one in token.items())]
    paths.append(f"/preferences/{opened.tokens.make('data', 1, 'weekly', NOW)}/erase")
    fields = {"email": "a@b.example", "token": opened.form_token(), "do": "end-all"}
    return [
        opened.ask(method, path, fields if method == "POST" else None) for path in paths for method in ("GET", "POST")
    ]


def require_later(answers: list[Answer]) -> None:
    for answer in answers:
        assert answer.status == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert "请稍后再试" in answer.text
        assert "mail.db" not in answer.text


def test_missing_is_not_made_anew(served: House) -> None:
    served.join()
    kept = file_of(served).with_name("kept.db")
    served.database.scrub()
    os.rename(file_of(served), kept)
    require_later(every(served))
    assert not file_of(served).exists()
    os.rename(kept, file_of(served))
    assert served.get("/subscribe/weekly").status == 200
    assert served.state() == "active"


def test_damaged_is_left_as_it_is(served: House) -> None:
    served.join()
    served.database.close()
    for ending in ("-wal", "-shm"):
        Path(f"{file_of(served)}{ending}").unlink(missing_ok=True)
    file_of(served).unlink()
    file_of(served).write_bytes(b"rubbish" * 1000)
    require_later(every(served))
    assert file_of(served).read_bytes() == b"rubbish" * 1000


def test_one_that_was_restored_is_taken_up_at_once(served: House, tmp_path: Path) -> None:
    served.join()
    served.get("/subscribe/weekly")
    served.database.scrub()
    served.database.close()
    other = tmp_path / "other.db"
    shutil.copyfile(file_of(served), other)
    served.subscribe("later@example.com")
    for ending in ("-wal", "-shm"):
        Path(f"{file_of(served)}{ending}").unlink(missing_ok=True)
    os.replace(other, file_of(served))
    assert served.person("later@example.com") is None
    assert served.ask("POST", f"/unsubscribe/{served.token('unsubscribe')}").status == 200
    assert served.state() == "ended"


def test_whoever_comes_while_others_write_waits(served: House) -> None:
    served.join()
    path = f"/unsubscribe/{served.token('unsubscribe')}"
    held, free, found = threading.Event(), threading.Event(), []

    def hold() -> None:
        with served.database.begin():
            held.set()
            waits(free)

    holding = threading.Thread(target=hold)
    asking = threading.Thread(target=lambda: found.append(served.ask("POST", path).status))
    holding.start()
    waits(held)
    asking.start()
    asking.join(0.3)
    assert found == []
    assert served.get(path).status == 200, "who only looks need not wait"
    free.set()
    holding.join()
    asking.join()
    assert found == [200]
    assert served.state() == "ended"


@pytest.mark.parametrize("bound", ["PATIENCE", "LONGEST"])
def test_nobody_waits_for_ever(tmp_path: Path, bound: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, bound, 0.3)
    with house(tmp_path) as opened:
        opened.join()
        with opened.database.begin():
            require_later([opened.ask("POST", f"/unsubscribe/{opened.tokens.make('unsubscribe', 1, 'weekly')}")])


def test_a_line_that_is_too_long_is_sent_away(served: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "LINE", 0)
    served.join()
    require_later([served.ask("POST", f"/unsubscribe/{served.token('unsubscribe')}")])
    assert served.state() == "active"


# Before there was one


def test_the_first_subscriber_finds_one(tmp_path: Path) -> None:
    with house(tmp_path) as opened:
        settings = opened.settings
    file = tmp_path / database.FILE
    file.unlink()
    made = app(settings, Office(), Secrets({}))
    made.close()
    assert file.exists()


def test_one_that_is_lost_is_not_replaced_by_an_empty_one(tmp_path: Path) -> None:
    with house(tmp_path) as opened:
        opened.desk.entry("a", title="新闻", date="2026-11-20")
        opened.desk.run()
        settings = opened.settings
    with histories.open_history(str(tmp_path)) as history:
        _put_digest(history)
        history.commit()
    file = tmp_path / database.FILE
    file.unlink()
    app(settings, Office(), Secrets({})).close()
    assert not file.exists()


def _put_digest(history: histories.History) -> None:
    columns = [row[1] for row in history._db.execute("PRAGMA table_info(digest)")]
    values = {"number": 1, "list": "weekly", "until": 1}
    marks = ", ".join("?" for _ in columns)
    history._db.execute(f"INSERT INTO digest VALUES ({marks})", [values.get(one, 0) for one in columns])


def test_keys_from_outside_count(tmp_path: Path) -> None:
    secrets = Secrets({"FEEDER_SECRET": "k" * 40})
    with house(tmp_path, secrets=secrets) as opened:
        opened.join()
        token = Tokens([b"k" * 40]).make("unsubscribe", 1, "weekly")
        assert opened.ask("POST", f"/unsubscribe/{token}").status == 200
        with open_mail(opened.settings, NOW) as own:
            old = Tokens(own.secrets()).make("unsubscribe", 1, "weekly")
        assert opened.get(f"/unsubscribe/{old}").status == 200, "links from before there was such a key stay good"
