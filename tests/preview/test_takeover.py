"""The preview begins with what the last publish made."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from preview.room import picture, stocked
from support import Publication

from feeder import history as histories
from feeder import index
from feeder.web.preview.studio import Studio

NOW = datetime(2026, 11, 28, tzinfo=UTC)
CHIPS = "2026/11/chips/index.html"


def built(publication: Publication) -> dict[str, bytes]:
    """Every file of a preview that begins now."""
    studio = Studio(publication.settings, lambda: NOW)
    studio.build()
    assert not studio.state.stuck
    out = studio.shadow.out
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


def anew(publication: Publication) -> dict[str, bytes]:
    """Likewise, made from nothing: without an index nothing is taken over."""
    shutil.rmtree(publication.root / ".feeder/preview")
    index.drop(str(publication.root))
    return built(publication)


def taken_over(publication: Publication) -> bool:
    """Whether a page is a copy of the public one: that has its very time."""
    page = publication.root / ".feeder/preview/_preview" / CHIPS
    return page.stat().st_mtime_ns == (publication.out / CHIPS).stat().st_mtime_ns


def test_only_what_differs_from_what_is_public_is_made(publication: Publication) -> None:
    made = built(stocked(publication))
    assert taken_over(publication)
    assert "还在写" in made["index.html"].decode()
    assert made == anew(publication)
    assert not taken_over(publication)


def test_after_a_publish_an_earlier_preview_is_used_again(publication: Publication) -> None:
    built(stocked(publication))
    (publication.root / "entries/draft.md").unlink()
    publication.entry("fresh", "新的。\n", title="新的", date="2026-11-20")
    publication.run()
    publication.entry("order", "改过。\n", title="订单消息", date="2026-11-19")
    publication.write("entries/card.png", picture("#1f4e9c"))
    made = built(publication)
    assert not taken_over(publication)  # it shows another picture now
    fresh = publication.root / ".feeder/preview/_preview/2026/11/fresh/index.html"
    assert fresh.stat().st_mtime_ns == (publication.out / "2026/11/fresh/index.html").stat().st_mtime_ns
    assert not [path for path in made if "/draft/" in path]
    assert made == anew(publication)


def test_a_generation_is_taken_over_as_a_folder_is(publication: Publication) -> None:
    stocked(publication)
    shutil.rmtree(publication.out)
    settings = publication.root / "feeder.toml"
    settings.write_text(
        settings.read_text("utf-8") + '\n[output]\nlayout = "generations"\ncompress = ["gz"]\n', "utf-8"
    )
    publication.run()
    made = built(publication)
    page = publication.root / ".feeder/preview/_preview" / CHIPS
    assert page.stat().st_mtime_ns == (publication.out / "current" / CHIPS).stat().st_mtime_ns
    assert made == anew(publication)


def test_a_file_where_a_folder_was(publication: Publication) -> None:
    built(stocked(publication))
    out = publication.root / ".feeder/preview/_preview"
    shutil.rmtree(out / "2026")
    (out / "2026").write_text("?", "utf-8")
    (out / "feed.atom").unlink()
    (out / "feed.atom/x").mkdir(parents=True)
    (out / "feed.atom/x/y").write_text("?", "utf-8")
    publication.entry("fresh", "新的。\n", title="新的", date="2026-11-20")
    publication.run()
    assert built(publication) == anew(publication)


def started(publication: Publication) -> None:
    with histories.open_history(str(publication.root)) as history:
        history.set_meta("started", NOW.isoformat())
        history.commit()


def other_template(publication: Publication) -> None:
    page = '{% extends "base.html" %}{% block main %}别的样子{% endblock %}'
    publication.write("templates/entry.html", page)


def file_gone(publication: Publication) -> None:
    (publication.out / CHIPS).unlink()


@pytest.mark.parametrize("change", [started, other_template, file_gone])
def test_what_is_not_as_publish_left_it_is_made_anew(
    publication: Publication, change: Callable[[Publication], None]
) -> None:
    change(stocked(publication))
    made = built(publication)
    assert "天数智芯" in made[CHIPS].decode()
    assert made == anew(publication)


def test_only_copies_are_written(publication: Publication) -> None:
    stocked(publication)
    before = {path: (path.stat().st_mtime_ns, path.stat().st_ino, path.stat().st_nlink) for path in files(publication)}
    built(publication)
    assert before == {
        path: (path.stat().st_mtime_ns, path.stat().st_ino, path.stat().st_nlink) for path in files(publication)
    }


def files(publication: Publication) -> list[Path]:
    """Everything that is public."""
    return sorted(path for path in publication.out.rglob("*") if path.is_file())
