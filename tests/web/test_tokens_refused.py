"""Promise 12: tokens that are forged, swapped or too old are refused alike: status, bytes, headers, work."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from web.visitors import House, house

from feeder.mail.tokens import Purpose, Tokens

PURPOSES: list[Purpose] = ["confirm", "unsubscribe", "preferences"]


def bad(opened: House, purpose: Purpose) -> dict[str, str]:
    """Every way in which a token is not good."""
    made = opened.tokens.make
    good = opened.token(purpose)
    payload, _, signature = good.rpartition(".")
    other: Purpose = "preferences" if purpose != "preferences" else "confirm"
    found = {
        "forged": Tokens([b"x" * 64]).make(purpose, 1, "weekly", opened.office.time),
        "another person": f"{payload.replace('1-', '2-', 1)}.{signature}",
        "another list": f"{payload.replace('weekly', 'chips')}.{signature}",
        "another purpose": opened.token(other),
        "cut": good[:-1],
        "longer": f"{good}A",
        "signature alone": f".{signature}",
        "no signature": payload,
        "rubbish": "x",
        "long": "x" * 3000,
        "spare bits": f"{good[:-1]}{chr(ord(good[-1]) + 1)}",
    }
    if purpose != "unsubscribe":
        found["old"] = made(purpose, 1, "weekly", opened.office.time - timedelta(days=91))
        found["of the future"] = made(purpose, 1, "weekly", opened.office.time + timedelta(days=2))
    if purpose == "confirm":
        found["a list that is not there"] = made(purpose, 1, "nothing", opened.office.time)
    return found


class Work:
    """Counts what is done for a request: signatures looked at, and statements of the database."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done: list[str] = []
        read, connect = Tokens.read, sqlite3.connect

        def reading(tokens: Tokens, purpose: Purpose, *args: Any) -> Any:
            self.done.append(f"read {purpose}")
            return read(tokens, purpose, *args)

        def connecting(*args: Any, **named: Any) -> sqlite3.Connection:
            self.done.append("connect")
            return connect(*args, **named)

        monkeypatch.setattr(Tokens, "read", reading)
        monkeypatch.setattr(sqlite3, "connect", connecting)

    def of(self) -> tuple[str, ...]:
        done, self.done = tuple(self.done), []
        return done


@pytest.fixture
def opened(tmp_path: Any) -> Iterator[House]:
    with house(tmp_path) as made:
        made.join()
        yield made


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("purpose", PURPOSES)
def test_refused_alike(opened: House, purpose: Purpose, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened.get("/unsubscribe/x")  # the database is open
    before, tokens = opened.everything(), bad(opened, purpose)
    work, seen = Work(monkeypatch), {}
    for name, token in tokens.items():
        fields = {"do": "end-all", "scope": "all"} if method == "POST" else None
        answer = opened.ask(method, f"/{purpose}/{token}", fields)
        headers = tuple((key, value) for key, value in answer.headers.items() if key != "date")
        seen[name] = (answer.status, answer.body, headers, work.of())
    assert len(set(seen.values())) == 1, {name: one[0] for name, one in seen.items()}
    status, _, _, done = seen["rubbish"]
    assert (status, done) == (404, (f"read {purpose}",))
    assert opened.everything() == before


def test_one_that_is_good_is_looked_at_in_the_same_way(opened: House, monkeypatch: pytest.MonkeyPatch) -> None:
    opened.get("/unsubscribe/x")
    good = opened.token("unsubscribe")
    work = Work(monkeypatch)
    assert opened.get(f"/unsubscribe/{good}").status == 200
    assert work.of() == ("read unsubscribe",)
