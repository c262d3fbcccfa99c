"""Promises 3, 4, 6 and 7: disk full and read-only, twenty at once, damage, and readers during a publish."""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from hostile.whole import complaints
from lxml import etree
from support import NOW, Publication, soak

from feeder.errors import HistoryDamaged


def fill(publication: Publication, count: int, text: str = "正文。", start: int = 0) -> None:
    for number in range(start, start + count):
        publication.entry(
            f"e{number}", f"{text}\n\n第 {number} 条。\n", title=f"标题{number}", date="2024-04-02", tags="[GPU]"
        )


@contextmanager
def mounted(path: Path, size: str) -> Iterator[None]:
    """A small file system of its own; skips where that is not allowed."""
    path.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(path)], capture_output=True)
    if done.returncode:
        pytest.skip("may not mount a tmpfs")
    try:
        yield
    finally:
        subprocess.run(["umount", str(path)], check=True)


def remount(path: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(path)], check=True)


def shown(publication: Publication) -> dict[str, bytes]:
    return {path: body for path, body in publication.tree().items() if not path.startswith(".")}


def test_disk_full_on_one_megabyte(publication: Publication) -> None:
    with mounted(publication.out, "1M"):
        fill(publication, 5)
        assert publication.publish().returncode == 0
        before = shown(publication)
        fill(publication, 40, "很长的正文，" * 3000, start=5)
        done = publication.publish()
        assert done.returncode in (73, 74), done.stderr
        assert "space" in done.stderr
        assert "Traceback" not in done.stderr
        after = shown(publication)
        assert {path: after.get(path) for path in before if path.startswith("feed.")} == {
            path: body for path, body in before.items() if path.startswith("feed.")
        }
        assert complaints(publication.out, thorough=False) == []
        remount(publication.out, "size=200M")
        assert publication.publish().returncode == 0
        assert complaints(publication.out, thorough=False) == []
        last = shown(publication)
    assert publication.publish().returncode == 0  # The mount is gone and out/ is empty: that is what it looks like.
    calm = Publication(publication.root.parent / "calm")
    shutil.copytree(publication.root, calm.root)
    shutil.rmtree(calm.out)
    (calm.root / ".feeder/index").unlink(missing_ok=True)
    assert calm.publish().returncode == 0
    assert shown(calm) == last


def test_state_on_a_full_disk(publication: Publication) -> None:
    state = publication.root / ".feeder"
    with mounted(state, "400k"):
        fill(publication, 2)
        first = publication.publish()
        before = shown(publication)
        fill(publication, 60, "".join(random.Random(1).choices("天数智芯芯片新闻融资订单", k=9000)), start=2)
        done = publication.publish()
        assert done.returncode in (73, 74), (first, done.stderr)
        assert "Traceback" not in done.stderr
        if first.returncode == 0:
            assert shown(publication)["feed.atom"] == before["feed.atom"]
        remount(state, "size=100M")
        again = publication.publish()
        assert again.returncode == 0, again.stderr
        assert len(list(publication.out.rglob("2024/04/e*/index.html"))) == 62


def test_read_only_output(publication: Publication) -> None:
    with mounted(publication.out, "10M"):
        fill(publication, 3)
        assert publication.publish().returncode == 0
        before = shown(publication)
        remount(publication.out, "ro")
        fill(publication, 3, "别的", start=2)
        done = publication.publish()
        assert done.returncode in (73, 74), done.stderr
        assert "read-only" in done.stderr.lower()
        assert shown(publication) == before
        remount(publication.out, "rw")
        assert publication.publish().returncode == 0
        assert "标题4" in publication.read("feed.atom")


def test_file_size_limit(publication: Publication) -> None:
    fill(publication, 3)
    assert publication.publish().returncode == 0
    before = shown(publication)
    fill(publication, 20, "很长的正文，" * 500, start=3)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))

    done = subprocess.run(
        publication.publish_argv(), cwd=publication.root, env=publication.environment(), preexec_fn=limit,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode in (73, 74), done.stderr
    assert "Traceback" not in done.stderr
    after = shown(publication)
    assert all(after[path] == before[path] for path in before if path.startswith("feed."))
    assert complaints(publication.out, thorough=False) == []
    assert publication.publish().returncode == 0
    assert "标题22" in publication.read("feed.atom")


@pytest.mark.parametrize("timeout", ["0", "60"])
def test_twenty_at_once(publication: Publication, timeout: str) -> None:
    fill(publication, 8)
    assert publication.publish().returncode == 0
    fill(publication, 4, "新的", start=6)
    running = [
        subprocess.Popen(
            publication.publish_argv("--lock-timeout", timeout),
            cwd=publication.root,
            env=publication.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(20)
    ]
    ends = [(process.communicate(timeout=200), process.returncode) for process in running]
    codes = {code for _, code in ends}
    assert codes <= ({0, 75} if timeout == "0" else {0}), ends
    assert 0 in codes
    assert len(json.loads(publication.read("feed.json"))["items"]) == 10
    stamps = publication.stamps()
    assert publication.publish().returncode == 0
    assert publication.stamps() == stamps


def garbage(path: Path) -> None:
    path.write_bytes(os.urandom(5000))


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    for at in range(100, len(data), 997):
        data[at] ^= 0xFF
    path.write_bytes(bytes(data))


def missing(path: Path) -> None:
    path.unlink()


DAMAGES = [garbage, truncated, empty, flipped, missing]


@pytest.mark.parametrize("name", ["cache.db", "index"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_cache_or_index_is_made_again(
    publication: Publication, name: str, damage: Callable[[Path], None]
) -> None:
    fill(publication, 4)
    publication.run(NOW)
    before, stamps = publication.tree(), publication.stamps()
    damage(publication.root / ".feeder" / name)
    report = publication.run(NOW + timedelta(hours=1))
    assert report.exit_code == 0
    assert publication.tree() == before
    assert publication.stamps() == stamps
    publication.entry("e1", "改。\n", title="标题1", date="2024-04-02", tags="[GPU]")
    damage(publication.root / ".feeder" / name) if damage is not missing else None
    assert publication.run(NOW + timedelta(hours=2)).exit_code == 0
    assert "改。" in publication.read("feed.atom")


@pytest.mark.parametrize("damage", [garbage, truncated, flipped])
def test_damaged_history_is_named_and_left_alone(publication: Publication, damage: Callable[[Path], None]) -> None:
    fill(publication, 4)
    assert publication.publish().returncode == 0
    before = publication.tree()
    history = publication.root / ".feeder/history.db"
    damage(history)
    held = history.read_bytes()
    publication.entry("e1", "改。\n", title="标题1", date="2024-04-02")
    done = publication.publish()
    assert done.returncode == 65, done.stderr
    assert "history" in done.stderr
    assert "Traceback" not in done.stderr
    assert history.read_bytes() == held
    assert publication.tree() == before
    with pytest.raises(HistoryDamaged):
        publication.run()


def test_history_lost_mints_the_same_ids(publication: Publication) -> None:
    fill(publication, 6)
    publication.run(NOW)
    before = {item["id"] for item in json.loads(publication.read("feed.json"))["items"]}
    shutil.rmtree(publication.root / ".feeder")
    publication.run(NOW + timedelta(days=1))
    assert {item["id"] for item in json.loads(publication.read("feed.json"))["items"]} == before


def test_readers_never_see_half_a_publish(publication: Publication) -> None:
    fill(publication, 12)
    publication.run(NOW)
    torn: list[str] = []
    stop = threading.Event()

    def read(name: str) -> None:
        while not stop.is_set():
            try:
                torn.extend(look(publication, name))
            except (OSError, ValueError, etree.XMLSyntaxError) as error:
                torn.append(f"{name}: {error}")

    readers = [threading.Thread(target=read, args=(name,)) for name in ("feed.atom", "feed.rss", "feed.json")]
    for reader in readers:
        reader.start()
    try:
        for number in range(soak(15, 200)):
            fill(publication, 1, f"第 {number} 版", start=number % 12)
            fill(publication, 1, "又一条", start=12 + number % 40)
            publication.run(NOW + timedelta(minutes=number + 1))
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert torn == []


def look(publication: Publication, name: str) -> Iterator[str]:
    """What is wrong with a feed as a reader finds it now, and with the pages it names."""
    body = (publication.out / name).read_bytes()
    if name.endswith("json"):
        urls = [item["url"] for item in json.loads(body)["items"]]
    else:
        links = etree.fromstring(body).iter("{*}entry", "item")
        urls = [(e.find("{*}link").get("href") or e.findtext("link")) for e in links]  # type: ignore[union-attr]
    for url in urls:
        page = publication.out / url.removeprefix("https://news.example.org/") / "index.html"
        if not page.is_file():
            yield f"{name} names {url}"
        elif not page.read_bytes().rstrip().endswith(b"</html>"):
            yield f"{page} is torn"
