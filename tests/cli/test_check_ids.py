"""``feeder check`` names public ids that the next build would not give."""

from __future__ import annotations

from support import Publication


def test_a_lost_history_is_noticed_before_readers_do(publication: Publication) -> None:
    publication.entry("a", title="甲", date="2026-11-01")
    assert publication.publish().returncode == 0
    assert publication.command("check").returncode == 0
    feed = publication.out / "feed.json"
    feed.write_text(feed.read_text("utf-8").replace("2026-11-01/a", "2026-11-01/b"), "utf-8")
    done = publication.command("check")
    assert done.returncode == 3
    assert "feed.json: the id tag:news.example.org,2026:2026-11-01/b is not in the history" in done.stdout + done.stderr
