"""What is owed to the hub, as it stands in its file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from feeder import index, websub
from feeder.websub import Owed

GOOD = {
    "hub": "https://hub.example.org/",
    "topics": {"feed.atom": 1.0},
    "tries": 0,
    "next": 2.0,
    "asked": False,
    "error": "",
}


def put(root: Path, text: str) -> None:
    (root / ".feeder").mkdir(exist_ok=True)
    (root / index.HUB).write_text(text)


def test_it_comes_back(tmp_path: Path) -> None:
    put(tmp_path, json.dumps(GOOD))
    assert websub.load(str(tmp_path)) == Owed("https://hub.example.org/", {"feed.atom": 1.0}, next=2.0)


@pytest.mark.parametrize(
    "wrong",
    [{"next": float("inf")}, {"next": float("nan")}, {"next": -1e300}, {"topics": {"feed.atom": 1e300}},
     {"tries": float("inf")}, {"topics": []}, {"topics": None}],
)  # fmt: skip
def test_a_file_that_is_none_of_ours_owes_nothing(tmp_path: Path, wrong: dict[str, object]) -> None:
    put(tmp_path, json.dumps({**GOOD, **wrong}))
    assert websub.load(str(tmp_path)) is None
