"""Other settings or templates make everything that depends on them, and end where a build from nothing would."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest
from support import NOW, Publication


def _fill(publication: Publication) -> None:
    publication.configure("[feeds]\nsize = 3\n")
    for number in range(8):
        publication.entry(
            f"e{number}", f"第 {number} 条。\n", title=f"消息 {number}", date=f"2026-11-{number + 1:02}", tags="芯片"
        )
    publication.run()


def _retitle(publication: Publication) -> None:
    publication.configure("[feeds]\nsize = 3\n", title="另一个名字")


def _other_page(publication: Publication) -> None:
    publication.write("templates/withdrawn.html", "<!DOCTYPE html><title>{{ title }}</title><p>没有了</p>\n")


def _other_feed_style(publication: Publication) -> None:
    publication.write("templates/feed.css", "entry { color: green; }\n")


def _other_icon(publication: Publication) -> None:
    publication.write("icon.svg", '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>')
    publication.configure("[feeds]\nsize = 3\n", icon="icon.svg")


def _template_and_edit(publication: Publication) -> None:
    _other_page(publication)
    publication.entry("e1", "改过的。\n", title="消息 1", date="2026-11-02", tags="芯片, 新")


Change = Callable[[Publication], None]
CHANGES = [_retitle, _other_page, _other_feed_style, _other_icon, _template_and_edit]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_ends_where_a_full_build_would(
    publication: Publication, change: Callable[[Publication], None]
) -> None:
    _fill(publication)
    change(publication)
    publication.run(NOW)
    found = publication.tree()
    for name in ("index", "cache.db", "cache.db-wal", "cache.db-shm"):
        (publication.root / ".feeder" / name).unlink(missing_ok=True)
    shutil.rmtree(publication.out)
    publication.out.mkdir()
    publication.run(NOW)
    assert publication.tree() == found


def test_another_template_touches_no_feed(publication: Publication) -> None:
    _fill(publication)
    before = publication.stamps()
    _other_page(publication)
    (publication.root / "entries/e0.md").unlink()
    publication.run()
    after = publication.stamps()
    assert after["archive/2.atom"] == before["archive/2.atom"]
    assert after["archive/1.atom"] != before["archive/1.atom"]
    assert "没有了" in publication.read("2026/11/e0/index.html")


def test_another_icon_in_the_same_place_is_seen(publication: Publication) -> None:
    _fill(publication)
    _other_icon(publication)
    publication.run()
    publication.write("icon.svg", '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 2"/>')
    before = publication.read("feed.atom")
    publication.run()
    assert publication.read("feed.atom") != before


def test_a_publication_that_was_copied_notices_what_is_gone(publication: Publication) -> None:
    _fill(publication)
    copied = Publication(publication.root.parent / "copy")
    shutil.copytree(publication.root, copied.root, symlinks=True)
    (copied.root / "entries/e1.md").unlink()
    report = copied.run()
    assert (report.exit_code, [change.kind for change in report.changes]) == (0, ["withdrawn"])


def test_a_copy_beside_the_publication_is_published_for_itself(publication: Publication) -> None:
    publication.entry("a", title="A", date="2026-11-20")
    assert publication.publish().returncode == 0
    copied = Publication(publication.root.parent / "copy")
    shutil.copytree(publication.root, copied.root, symlinks=True)
    copied.entry("b", title="B", date="2026-11-21")
    assert "new" in copied.publish().stdout
    assert (copied.out / "2026/11/b/index.html").exists()
