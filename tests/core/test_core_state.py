"""What can be thrown away: the cache and the index; and the workers that share the work."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import NOW, Publication

from feeder import cache as caching
from feeder import index
from feeder.errors import Problem
from feeder.forking import in_parallel
from feeder.model import Asset, Enclosure, Entry, Image, Moment, Reading, Via

texts = st.text(max_size=20)
moments = st.builds(
    Moment,
    st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),
    st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),
    texts,
    st.booleans(),
)
plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts
entries = st.builds(
    Entry,
    path=texts,
    anchor=texts,
    title=texts,
    date=moments,
    updated=st.none() | moments,
    expires=st.none() | moments,
    draft=st.booleans(),
    tags=st.lists(texts, max_size=3).map(tuple),
    html=texts,
    cover=st.none() | st.builds(Image, texts, texts),
    via=st.lists(st.builds(Via, texts, texts), max_size=2).map(tuple),
    enclosures=st.lists(st.builds(Enclosure, texts, texts, st.integers(0, 2**40)), max_size=2).map(tuple),
    assets=st.lists(st.builds(Asset, texts, texts, st.tuples(*[st.integers(0, 2**62)] * 3)), max_size=2).map(tuple),
    refs=st.lists(texts, max_size=2).map(tuple),
    mail=st.none() | st.booleans(),
    extra=st.dictionaries(texts, plain | st.lists(plain, max_size=2), max_size=3),
)
problems = st.builds(Problem, texts, texts, texts, st.booleans(), texts, st.integers(0, 99), st.integers(1, 99))
readings = st.builds(
    Reading,
    texts,
    st.lists(entries, max_size=3).map(tuple),
    st.lists(problems, max_size=2).map(tuple),
    st.frozensets(texts, max_size=2),
    st.lists(texts, max_size=2).map(tuple),
)


@given(readings)
def test_a_reading_comes_out_of_the_cache_as_it_went_in(reading: Reading) -> None:
    packed = caching.pack(b"key", reading)
    assert caching.unpack(packed.meta, packed.html) == reading


def test_a_date_in_an_unknown_key_is_kept_as_text() -> None:
    entry = Entry(path="a.md", title="t", date=_moment(), extra={"when": datetime(2026, 1, 1, tzinfo=UTC)})
    reading = Reading("a.md", (entry,))
    assert caching.unpack(caching.pack(b"", reading).meta).entries[0].extra == {"when": "2026-01-01 00:00:00+00:00"}


def _moment() -> Moment:
    return Moment(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01")


def test_the_cache_knows_who_uses_what_until_a_good_version_does_not(tmp_path: Path) -> None:
    used = Entry(path="a.md", title="t", date=_moment(), assets=(Asset("img/x.png", "assets/x.png"),), refs=("b.md#i",))
    with caching.open_cache(str(tmp_path)) as cache:
        cache.put([caching.pack(b"1", Reading("a.md", (used,), absent=("img/y.png",)))])
        assert (cache.users_of("img/x.png"), cache.referrers("b.md")) == (["a.md"], ["a.md"])
        cache.put([caching.pack(b"2", Reading("a.md", (), bad=frozenset({""})))])
        assert (cache.users_of("img/x.png"), cache.referrers("b.md")) == (["a.md"], ["a.md"])
        cache.put([caching.pack(b"3", Reading("a.md", ()))])
        assert (cache.used_outside([]), cache.referrers("b.md")) == ([], [])
        cache.prune([b"1" + b"\0" * 15 + b"assets"])
        assert [cache.has(key) for key in (b"1", b"2", b"3")] == [False, False, True]


@pytest.mark.parametrize("damage", [b"", b"no database", b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_cache_or_index_is_made_anew(publication: Publication, damage: bytes) -> None:
    publication.entry("a", date="2026-01-05")
    publication.run()
    before = publication.stamps()
    for name in ("cache.db", "index"):
        for ending in ("-wal", "-shm"):
            (publication.root / ".feeder" / (name + ending)).unlink(missing_ok=True)
        (publication.root / ".feeder" / name).write_bytes(damage)
    assert publication.run().changes == ()
    assert publication.stamps() == before


def test_a_page_of_the_cache_that_is_damaged_stops_nothing(publication: Publication) -> None:
    for number in range(40):
        publication.entry(f"{number}", date="2026-01-05", body="正文" * 500)
    publication.run()
    before = publication.tree()
    path = publication.root / ".feeder/cache.db"
    sqlite3.connect(path).execute("PRAGMA wal_checkpoint(TRUNCATE)").connection.close()
    data = bytearray(path.read_bytes())
    data[8192:-4096] = b"\x5a" * (len(data) - 12288)
    path.write_bytes(data)
    index.drop(str(publication.root))
    publication.run()
    assert publication.tree() == before


@pytest.mark.parametrize("front", [{"date": "2026-12-01"}, {"date": "2026-13-77"}], ids=["waiting", "refused"])
def test_a_file_that_went_together_with_the_cache_is_not_looked_for(
    publication: Publication, front: dict[str, str]
) -> None:
    publication.entry("a", date="2026-01-05")
    gone = publication.entry("b", **front)
    publication.run()
    gone.unlink()
    caching.remove(str(publication.root))
    index.drop(str(publication.root))
    for days in (20, 21):
        report = publication.run(NOW + timedelta(days=days))
        assert (report.problems, report.exit_code) == ((), 0)


def test_an_index_of_another_version_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / ".feeder").mkdir()
    index.save(str(tmp_path), index.Index({}, {}, due=1.0))
    assert index.load(str(tmp_path)) is not None
    data = (tmp_path / index.FILE).read_bytes()
    for size in range(len(data)):
        (tmp_path / index.FILE).write_bytes(data[:size])
        assert index.load(str(tmp_path)) is None


def test_a_file_as_new_as_the_look_is_looked_at_again(tmp_path: Path) -> None:
    second = 1_000_000_000
    now = 1_800_000_000 * second + 500_000_000
    stamps = {"old": now - second, "tick": now - 1_000_000, "coarse": now - 500_000_000, "ancient": -second}
    for name, stamp in stamps.items():
        (tmp_path / name).touch()
        os.utime(tmp_path / name, ns=(stamp, stamp))
    seen = index.walk(str(tmp_path))
    settled = index.stats(index.settled(seen, now))
    assert [name for name, stat in settled.items() if stat == index.UNKNOWN] == [
        name for name in index.stats(seen) if name in {"tick", "coarse", "ancient"}
    ]
    assert index.stats(seen) == {name: index.stat(str(tmp_path / name)) for name in index.stats(seen)}


def test_hidden_files_are_not_seen_and_loops_not_followed(tmp_path: Path) -> None:
    for name in (".git/x", "a/.b", "a/c.md", "a/__pycache__/d", "e\nf.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "a/loop").symlink_to(tmp_path)
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    assert sorted(index.stats(index.walk(str(tmp_path)))) == ["a/c.md", "a/loop", "e\nf.md", "gone"]
    assert index.stats(index.walk(str(tmp_path / "nowhere"))) == {}


def test_a_file_changed_again_within_a_tick_is_published_again(publication: Publication) -> None:
    file = publication.entry("a", date="2026-01-05", body="甲\n")
    ahead = file.stat().st_mtime_ns + 60_000_000_000
    os.utime(file, ns=(ahead, ahead))
    publication.run()
    publication.entry("a", date="2026-01-05", body="乙\n")
    os.utime(file, ns=(ahead, ahead))
    assert [change.kind for change in publication.run().changes] == ["revised"]


def _squares(numbers: Sequence[int]) -> list[tuple[int, int]]:
    return [(number * number, os.getpid()) for number in numbers]


@pytest.mark.parametrize("processes", [1, 2, 5])
def test_work_comes_back_in_order(processes: int) -> None:
    results = list(in_parallel(range(103), _squares, batch=10, fewest=1, processes=processes))
    assert [square for batch in results for square, _ in batch] == [n * n for n in range(103)]
    pids = {pid for batch in results for _, pid in batch}
    assert (pids == {os.getpid()}) if processes == 1 else (os.getpid() not in pids and len(pids) == processes)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_no_fork_in_a_thread_of_its_own() -> None:
    def pids(_: Sequence[int]) -> int:
        return os.getpid()

    found: list[int] = []
    thread = threading.Thread(
        target=lambda: found.extend(in_parallel(range(40), pids, batch=10, fewest=1, processes=2))
    )
    thread.start()
    thread.join()
    assert set(found) == {os.getpid()}
    # The bar of a terminal draws in a thread; the run itself is in the first one, and forks.
    beside = threading.Event()
    drawing = threading.Thread(target=beside.wait)
    drawing.start()
    assert os.getpid() not in set(in_parallel(range(40), pids, batch=10, fewest=1, processes=2))
    beside.set()
    drawing.join()


def test_little_work_stays_in_this_process() -> None:
    (batch,) = in_parallel([1, 2], _squares, batch=10, fewest=3, processes=2)
    assert {pid for _, pid in batch} == {os.getpid()}


def test_what_a_worker_raises_is_raised_here() -> None:
    def fail(numbers: Sequence[int]) -> int:
        if 15 in numbers:
            raise LookupError("fifteen")
        return len(numbers)

    results = in_parallel(range(40), fail, batch=10, fewest=1, processes=2)
    assert next(results) == 10
    with pytest.raises(LookupError, match="fifteen"):
        list(results)


def test_a_killed_worker_is_named() -> None:
    def die(numbers: Sequence[int]) -> int:
        if 15 in numbers:
            os.kill(os.getpid(), signal.SIGKILL)
        return len(numbers)

    with pytest.raises(ChildProcessError, match="ended before its work was done"):
        list(in_parallel(range(40), die, batch=10, fewest=1, processes=2))


def test_workers_end_when_nobody_listens() -> None:
    pids = []
    for batch in in_parallel(range(1000), _squares, batch=10, fewest=1, processes=2):
        pids = [pid for _, pid in batch]
        break
    with pytest.raises(ChildProcessError):
        os.waitpid(pids[0], 0)
