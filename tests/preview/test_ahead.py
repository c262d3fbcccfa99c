"""What a preview asks of the pipeline: drafts and entries of the future come out, and leave no trace."""

from __future__ import annotations

from datetime import timedelta

from support import NOW, Publication

from feeder import history, pipeline
from feeder.pipeline import Report


def run(publication: Publication, ahead: frozenset[str] | None = frozenset(), *, days: int = 0) -> Report:
    options = pipeline.Options(mail=False, force=True, ahead=ahead)
    return pipeline.publish(publication.settings, NOW + timedelta(days=days), options)


def addresses(publication: Publication) -> list[str]:
    with history.read_history(str(publication.root)) as known:
        return sorted(record.permalink for record in known.latest(100))


def test_drafts_and_the_future_come_out_with_their_own_dates(publication: Publication) -> None:
    publication.entry("a", title="草稿", date="2026-11-20", draft="true")
    publication.entry("b", title="将来", date="2027-03-04")
    publication.entry("c", title="定时", date="2027-03-05T08:00:00+08:00")
    publication.entry("d", title="过去", date="2026-11-19", expires="2026-11-20")
    run(publication)
    assert addresses(publication) == ["/2026/11/a/", "/2027/03/b/", "/2027/03/c/"]
    assert "2027年3月4日" in publication.read("2027/03/b/index.html")
    run(publication)
    assert len(addresses(publication)) == 3


def test_a_draft_without_a_date_has_that_of_the_preview(publication: Publication) -> None:
    publication.entry("a", title="还没想好", draft="true")
    assert not run(publication).problems
    assert addresses(publication) == ["/2026/11/a/"]


def test_a_draft_without_a_date_is_shown_though_a_publish_has_read_it(publication: Publication) -> None:
    publication.entry("a", title="还没想好", draft="true")
    publication.run()
    publication.entry("b", title="别的", date="2026-11-20")
    assert addresses(publication) == []
    (publication.root / ".feeder/index").unlink()
    run(publication)
    assert addresses(publication) == ["/2026/11/a/", "/2026/11/b/"]


def test_what_only_a_preview_showed_moves_with_its_name_and_its_date(publication: Publication) -> None:
    file = publication.entry("untitled", title="无题", date="2026-11-20", draft="true")
    run(publication)
    file.rename(file.with_name("order.md"))
    run(publication)
    assert addresses(publication) == ["/2026/11/order/"]
    assert "tag:news.example.org,2026:2026-11-20/order" in publication.read("feed.atom")
    publication.entry("order", title="无题", date="2026-10-20", draft="true")
    run(publication)
    assert addresses(publication) == ["/2026/10/order/"]
    assert "/2026/10/order/" in publication.read("2026/11/untitled/index.html")


def test_what_only_a_preview_showed_goes_without_a_word_in_the_feeds(publication: Publication) -> None:
    publication.entry("real", title="真的", date="2026-11-18")
    publication.run()
    with history.read_history(str(publication.root)) as known:
        public = frozenset(record.id for record in known.everything())
    file = publication.entry("a", title="草稿", date="2026-11-20", draft="true")
    run(publication, ahead=public)
    assert "草稿" in publication.read("feed.atom")
    file.unlink()
    run(publication, ahead=public)
    assert "草稿" not in publication.read("feed.atom")
    assert "已撤回" not in publication.read("feed.atom")
    (publication.root / "entries/real.md").unlink()
    run(publication, ahead=public)
    assert "已撤回" in publication.read("feed.atom")


def test_a_publish_holds_them_back_as_ever(publication: Publication) -> None:
    publication.entry("a", title="草稿", date="2026-11-20", draft="true")
    publication.entry("b", title="将来", date="2027-03-04")
    publication.entry("c", title="没有日期", draft="true")
    publication.run()
    assert addresses(publication) == []


def test_a_mistake_on_the_way_leaves_no_trace_either(publication: Publication) -> None:
    publication.entry("a", title="草稿", date="2026-11-20", draft="true")
    run(publication)
    before = publication.read("feed.atom")
    publication.write("entries/a.md", "")
    run(publication)
    publication.entry("a", title="草稿", date="2026-11-20", draft="true")
    run(publication, days=1)
    assert publication.read("feed.atom") == before
    assert "更新于" not in publication.read("2026/11/a/index.html")
