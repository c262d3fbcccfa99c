"""Promise 5, the part of publishing: whatever the clock does, nothing public is un-published."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta

import pytest
from support import NOW, Publication

from feeder.errors import ClockAhead


def titles(publication: Publication) -> list[str]:
    return [item["title"] for item in json.loads(publication.read("feed.json"))["items"]]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_clock_set_back_withdraws_nothing_and_changes_nothing(publication: Publication) -> None:
    publication.entry("a", title="A", date="2026-11-21")
    publication.run(NOW)
    stamps = publication.stamps()
    for back in (timedelta(hours=3), timedelta(days=30), timedelta(days=9000)):
        report = publication.run(NOW - back)
        assert (report.exit_code, report.written, report.deleted, report.changes) == (0, (), (), ())
    assert publication.stamps() == stamps


def test_an_edit_while_the_clock_is_back_is_published_and_nothing_goes_backwards(publication: Publication) -> None:
    publication.entry("a", title="A", date="2026-11-21")
    publication.run(NOW)
    before = json.loads(publication.read("feed.json"))["items"][0]
    publication.entry("a", "改。\n", title="A", date="2026-11-21", correction="改了")
    publication.run(NOW - timedelta(days=400))
    after = json.loads(publication.read("feed.json"))["items"][0]
    assert "改。" in after["content_html"]
    assert after["date_modified"] >= before.get("date_modified", before["date_published"])
    assert after["_feeder"]["released"] == before["_feeder"]["released"]


def test_an_entry_that_arrives_while_the_clock_is_back_waits_for_its_date(publication: Publication) -> None:
    publication.entry("a", title="A", date="2026-11-21")
    publication.run(NOW)
    publication.entry("b", title="B", date="2026-11-20")
    publication.run(NOW - timedelta(days=30))
    assert titles(publication) == ["A"]
    publication.run(NOW + timedelta(hours=1))
    assert sorted(titles(publication)) == ["A", "B"]


def test_a_clock_set_forward_and_back_again(publication: Publication) -> None:
    publication.entry("a", title="A", date="2026-11-21")
    publication.entry("f", title="F", date="2027-12-01 09:00")
    publication.run(NOW)
    assert titles(publication) == ["A"]
    publication.run(NOW + timedelta(days=390))
    assert sorted(titles(publication)) == ["A", "F"]
    stamps = publication.stamps()
    publication.run(NOW + timedelta(hours=1))
    assert publication.stamps() == stamps


def test_a_clock_that_cannot_be_right_publishes_nothing_until_it_is_told_to(publication: Publication) -> None:
    publication.entry("a", title="A", date="2026-11-21")
    publication.entry("f", title="F", date="2030-01-01 09:00")
    publication.run(NOW)
    stamps, far = publication.stamps(), datetime(2200, 1, 1, tzinfo=UTC)
    for _ in range(2):
        with pytest.raises(ClockAhead, match="the clock says 2200-01-01"):
            publication.run(far)
    assert publication.stamps() == stamps
    assert publication.run(NOW + timedelta(hours=1)).changes == ()
    publication.run(far, force=True)
    assert sorted(titles(publication)) == ["A", "F"]
    publication.run(far + timedelta(days=399))


def test_a_publication_that_rested_for_years_is_taken_up_with_its_next_entry(publication: Publication) -> None:
    publication.entry("a", title="A", date="2026-11-21")
    publication.run(NOW)
    later = NOW + timedelta(days=2000)
    path = publication.entry("b", title="B", date="2030-01-01")
    os.utime(path, (later.timestamp(), later.timestamp()))
    publication.run(later)
    assert sorted(titles(publication)) == ["A", "B"]


def test_each_day_with_a_run_counts_though_nothing_changes(publication: Publication) -> None:
    publication.entry("a", title="A", date="2026-11-21")
    for days in range(0, 2000, 390):
        publication.run(NOW + timedelta(days=days))


ZONES = [
    # zone, date as written, due (UTC), day shown
    ("Asia/Shanghai", "2026-03-08", "2026-03-07T16:00"),
    ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00"),
    ("Europe/Berlin", "2026-10-25", "2026-10-24T22:00"),
    ("Europe/Berlin", "2026-03-29 02:30", "2026-03-29T01:30"),
    ("Europe/Berlin", "2026-10-25 02:30", "2026-10-25T00:30"),
    ("America/New_York", "2026-03-08", "2026-03-08T05:00"),
    ("America/New_York", "2026-11-01 01:30", "2026-11-01T05:30"),
    ("Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00"),
    ("Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-03T15:45"),
    ("America/Havana", "2026-03-08", "2026-03-08T05:00"),
    ("Pacific/Apia", "2028-02-29", "2028-02-28T11:00"),
    ("Pacific/Kiritimati", "2026-12-31", "2026-12-30T10:00"),
    ("UTC", "2028-02-29", "2028-02-29T00:00"),
]


@pytest.mark.parametrize(("zone", "date", "due"), ZONES)
def test_goes_out_at_its_instant_and_not_before(publication: Publication, zone: str, date: str, due: str) -> None:
    publication.configure(timezone=zone)
    publication.entry("a", title="A", date="2020-01-01")
    publication.entry("f", title="F", date=date)
    at = utc(due)
    report = publication.run(at - timedelta(seconds=1))
    assert titles(publication) == ["A"]
    assert report.next is not None
    assert report.next.at == at
    publication.run(at)
    assert sorted(titles(publication)) == ["A", "F"]


@pytest.mark.parametrize(("zone", "date", "due"), ZONES)
def test_leaves_at_its_expiry_and_not_before(publication: Publication, zone: str, date: str, due: str) -> None:
    publication.configure(timezone=zone)
    publication.entry("a", title="A", date="2020-01-01")
    publication.entry("f", title="F", date="2020-01-02", expires=date)
    at = utc(due)
    publication.run(at - timedelta(seconds=1))
    assert sorted(titles(publication)) == ["A", "F"]
    publication.run(at + timedelta(days=1, hours=1))  # A day as expiry may count whole.
    assert "F" not in titles(publication)


def test_a_date_edited_into_the_future_withdraws_until_then(publication: Publication) -> None:
    publication.entry("a", "内容。\n", title="A", date="2026-11-21")
    publication.run(NOW)
    (before,) = json.loads(publication.read("feed.json"))["items"]
    publication.entry("a", "内容。\n", title="A", date="2026-12-24 09:00")
    publication.run(NOW + timedelta(hours=1))
    assert "内容。" not in publication.read("feed.json")
    publication.run(utc("2026-12-24T01:00"))
    (after,) = json.loads(publication.read("feed.json"))["items"]
    assert (after["id"], after["title"]) == (before["id"], "A")


def test_a_new_zone_unpublishes_nothing(publication: Publication) -> None:
    publication.entry("a", title="A", date="2026-11-22")
    publication.run(NOW)
    (before,) = json.loads(publication.read("feed.json"))["items"]
    publication.configure(timezone="America/New_York")  # There it is still the 21st.
    publication.run(NOW)
    (after,) = json.loads(publication.read("feed.json"))["items"]
    assert (after["id"], after["url"], after["title"]) == (before["id"], before["url"], "A")


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_a_day_without_a_time_is_the_same_day_for_nearly_everyone(publication: Publication, zone: str) -> None:
    publication.configure(timezone=zone)
    publication.entry("a", title="A", date="2024-04-02")
    publication.run(NOW)
    (item,) = json.loads(publication.read("feed.json"))["items"]
    assert datetime.fromisoformat(item["date_published"]) == utc("2024-04-02T12:00")


def test_released_on_its_own_day_is_never_dated_ahead(publication: Publication) -> None:
    publication.entry("a", title="A", date="2026-11-22")
    now = utc("2026-11-21T16:30")  # Half past midnight in Shanghai.
    publication.run(now)
    (item,) = json.loads(publication.read("feed.json"))["items"]
    assert datetime.fromisoformat(item["date_published"]) == now
    publication.run(now + timedelta(days=2))
    (item,) = json.loads(publication.read("feed.json"))["items"]
    assert datetime.fromisoformat(item["date_published"]) == now
