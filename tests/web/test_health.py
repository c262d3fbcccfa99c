"""``/healthz`` and ``/metrics``: right numbers, in the format, for those who may see them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from support import Publication
from web.visitors import NOW, House, Office, house

from feeder.config.secrets import Secrets
from feeder.mail import database
from feeder.web import health
from feeder.web.app import app
from feeder.web.health import Metric, written
from feeder.web.values import Condition

DELIVERY = "delivery (digest, transport, subscriber, subscription, provider, state, due_at, updated_at)"
DIGEST = "digest (list, until, entries_hash, language, frequency, state, send_at, made_at, revision)"
NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? (-?\d+(?:\.\d+(?:e[+-]?\d+)?)?|NaN|[+-]Inf)")


def parsed(text: str) -> dict[str, float]:
    """Samples by name and labels, read as strictly as the format (0.0.4) is written; raises ``AssertionError``."""
    assert text.endswith("\n")
    assert "\r" not in text
    found: dict[str, float] = {}
    described: dict[str, str] = {}
    current = ""
    for line in text.removesuffix("\n").split("\n"):
        if line.startswith("# HELP "):
            current = line.split(" ", 3)[2]
            assert current not in described, "a name is described once, and its samples stand together"
            continue
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name == current
            assert kind in ("gauge", "counter")
            assert (kind == "counter") == name.endswith("_total")
            described[name] = kind
            continue
        sample = SAMPLE.fullmatch(line)
        assert sample is not None, line
        assert sample[1] == current
        key = sample[1] + (f"{{{sample[2]}}}" if sample[2] else "")
        assert key not in found
        found[key] = float(sample[3])
    return found


def test_health_is_of_the_process(served: House) -> None:
    well = served.get("/healthz")
    assert well.status == 200
    assert json.loads(well.body)["ok"] is True
    served.office.state = replace(
        served.office.state, ok=False, why="the last run failed", last_exit=74, last_run=NOW, next=NOW,
        next_why="retry", failing=(("publish", "the disk is full"),),
    )  # fmt: skip
    ill = served.get("/healthz")
    assert ill.status == 503
    assert json.loads(ill.body) == {
        "ok": False, "why": "the last run failed", "failing": ["publish: the disk is full"],
        "started": "2026-11-28T09:00:00Z",
        "last_run": "2026-11-28T09:00:00Z", "last_exit": 74, "next": "2026-11-28T09:00:00Z", "next_why": "retry",
        "watching": "",
    }  # fmt: skip


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_who_comes_through_another_server_learns_no_more_than_that(served: House, header: str) -> None:
    served.office.state = replace(served.office.state, ok=False, why="entries/secret.md is broken")
    for value in ("203.0.113.7", "127.0.0.1", "10.0.0.1"):
        answer = served.ask("GET", "/healthz", headers={header: value})
        assert (answer.status, json.loads(answer.body)) == (503, {"ok": False})
        assert served.ask("GET", "/metrics", headers={header: value}).status == 404


def test_health_does_not_look_at_the_mail_database(served: House) -> None:
    (served.desk.root / database.FILE).unlink()
    assert served.get("/healthz").status == 200


def test_numbers_are_those_of_the_mail_database(served: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "KEPT", 0.0)
    for address in ("a@example.com", "b@example.com"):
        served.join(address)
    served.subscribe("c@example.com")
    served.office.state = Condition(
        started=NOW, runs={0: 7, 65: 1}, run_seconds=2.5, last_run=NOW, last_exit=0, next=NOW + timedelta(hours=1),
        watching="inotify", digests=3, sent=40, failures=1,
        failing=(("settings", "feeder.toml:3: x"),),
    )  # fmt: skip
    with served.database.begin() as connection:
        for statement in (
            f"INSERT INTO {DELIVERY} VALUES (1, 'smtp', 1, 1, 'x', 'deferred', 0, 0)",
            f"INSERT INTO {DELIVERY} VALUES (1, 'smtp', 2, 2, 'x', 'sent', 0, 0)",
            "INSERT INTO bounce (subscriber, kind, at) VALUES (1, 'hard', 0), (2, 'soft', 0), (2, 'soft', 1)",
            "INSERT INTO volume VALUES ('smtp', 'gmail', '2026-11-27', 5, 1, 0), ('smtp', 'qq', '2026-11-28', 4, 0, 2)",
            f"INSERT INTO {DIGEST} VALUES ('weekly', 1, 'x', 'zh-CN', 'weekly', 'ready', 0, 0, 1)",
            "INSERT INTO suppression (hash, reason, since) VALUES ('x', 'bounce', 0)",
        ):
            connection.exec_driver_sql(statement)
    answer = served.get("/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    found = parsed(answer.text)
    wanted = {
        'feeder_failing{where="settings"}': 1,
        "feeder_ok": 1, 'feeder_runs_total{exit_code="0"}': 7, 'feeder_runs_total{exit_code="65"}': 1,
        "feeder_run_seconds_total": 2.5, "feeder_digests_cut_total": 3, "feeder_messages_sent_total": 40,
        "feeder_failed_runs_total": 1, 'feeder_watching{by="inotify"}': 1, "feeder_mail_database_readable": 1,
        "feeder_start_time_seconds": NOW.timestamp(), "feeder_next_time_seconds": NOW.timestamp() + 3600,
        'feeder_subscriptions{list="weekly",state="active"}': 2,
        'feeder_subscriptions{list="weekly",state="pending"}': 1,
        'feeder_deliveries{transport="smtp",state="deferred"}': 1, 'feeder_notices{state="queued"}': 1,
        'feeder_messages_total{transport="smtp",outcome="sent"}': 9,
        'feeder_messages_total{transport="smtp",outcome="failed"}': 2,
        'feeder_bounces_total{kind="soft"}': 2, 'feeder_digests{list="weekly",state="ready"}': 1,
        'feeder_suppressed{reason="bounce"}': 1,
    }  # fmt: skip
    assert {name: found.get(name) for name in wanted} == wanted


def test_no_address_is_in_the_numbers(served: House) -> None:
    served.join()
    served.subscribe("bob@private.example")
    text = served.get("/metrics").text
    assert "ana" not in text
    assert "private" not in text


def test_a_database_that_cannot_be_read_is_a_number(served: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "KEPT", 0.0)
    (served.desk.root / database.FILE).unlink()
    found = parsed(served.get("/metrics").text)
    assert found["feeder_mail_database_readable"] == 0
    assert found["feeder_ok"] == 1


def test_any_label_can_be_read_back() -> None:
    text = written([Metric("a", "gauge", 'says "\\" and\nmore', [({"list": 'x"\\\ny{},='}, 0.5)])])
    assert list(parsed(text).values()) == [0.5]


def test_a_site_without_lists_has_no_pages_and_is_healthy(tmp_path: Path) -> None:
    publication = Publication(tmp_path)
    publication.configure()
    made = app(publication.settings, Office(), Secrets({}))
    made.close()
    assert not (tmp_path / database.FILE).exists()
    with house(tmp_path / "other", lines="") as opened:
        assert opened.get("/healthz").status == 200
        assert "feeder_mail" not in opened.get("/metrics").text
        assert opened.get("/subscribe/weekly").status == 404
