"""What the hub is told, when, and what becomes of it when the hub does not behave."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
from support import NOW, Publication

from feeder import index, pipeline
from feeder.pipeline import Report
from feeder.websub import caller, load, owed, rounds, save
from tests.websub.hubs import Recorder, recorder

SITE = "https://news.example.org/"
MAIN = [f"{SITE}feed.{ending}" for ending in ("atom", "rss", "json")]
TAG = [f"{SITE}tags/%E8%8A%AF%E7%89%87/feed.{ending}" for ending in ("atom", "rss", "json")]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def hub() -> Iterator[Recorder]:
    with recorder() as made:
        yield made


@pytest.fixture
def paper(publication: Publication, hub: Recorder) -> Publication:
    """A publication with a hub and one entry."""
    publication.configure(f'[feeds]\nhub = "{hub.url}"\n')
    publication.entry("a", title="甲", date="2026-11-20")
    return publication


def told(report: Report) -> tuple[str, ...]:
    return report.hub.topics if report.hub else ()


def test_each_changed_topic_is_told_once_by_both_names_over_one_connection(paper: Publication, hub: Recorder) -> None:
    report = paper.run()
    assert hub.topics == MAIN
    assert hub.asked[0] == {"hub.mode": ["publish"], "hub.url": MAIN[:1], "hub.topic": MAIN[:1]}
    assert hub.heads[0]["user-agent"].startswith("feeder/")
    assert hub.heads[0]["user-agent"].endswith(f" (+{SITE})")
    assert hub.heads[0]["content-type"] == "application/x-www-form-urlencoded"
    assert len(set(hub.peers)) == 1
    assert told(report) == tuple(MAIN)
    assert not (paper.root / index.HUB).exists()


def test_nothing_changed_and_nothing_is_told(paper: Publication, hub: Recorder) -> None:
    paper.run()
    hub.take()
    report = paper.run(NOW + MINUTE)
    assert (report.hub, hub.topics) == (None, [])


def test_only_feeds_whose_bytes_changed_are_topics(paper: Publication, hub: Recorder) -> None:
    paper.entry("b", title="乙", tags="[芯片]", date="2026-11-20")
    paper.run()
    assert hub.take() == MAIN + TAG
    paper.entry("a", "另一段。\n", title="甲", date="2026-11-20")
    paper.run(NOW + MINUTE)
    assert hub.take() == MAIN
    paper.write("templates/page.css", "/* 新 */")
    paper.entry("b", "又一段。\n", title="乙", tags="[芯片]", date="2026-11-20")
    paper.run(NOW + 2 * MINUTE)
    assert hub.take() == MAIN + TAG


def test_a_topic_is_what_the_feed_calls_itself_and_the_feed_names_the_hub(paper: Publication, hub: Recorder) -> None:
    paper.configure(f'[feeds]\nhub = "{hub.url}"\nsize = 1\nalso = ["index.xml", "feed/atom.xml", "old/feed.json"]\n')
    for number in range(4):
        paper.entry(f"n{number}", title=f"第{number}条", tags='["芯片", "C++"]', date=f"2026-10-0{number + 1}")
    paper.run()
    topics = hub.take()
    assert len(topics) == len(set(topics)) == 3 + 3 + 2 * 3
    assert topics[:4] == [f"{SITE}feed.atom", f"{SITE}feed.rss", f"{SITE}index.xml", f"{SITE}feed.json"]
    for topic in topics:
        text = paper.read(path_of(topic))
        if topic.endswith(".json"):
            found = json.loads(text)
            assert (found["feed_url"], found["hubs"]) == (topic, [{"type": "WebSub", "url": hub.url}])
        else:
            links = {one.get("rel"): one.get("href") for one in ET.fromstring(text).iter() if links_to(one)}
            assert (links["self"], links["hub"]) == (topic, hub.url)
    assert list((paper.out / "archive").glob("*.atom"))
    assert "/archive/" not in "".join(topics)


def path_of(topic: str) -> str:
    from urllib.parse import unquote

    return unquote(topic.removeprefix(SITE))


def links_to(element: ET.Element) -> bool:
    return element.tag.endswith("}link") and element.get("rel") in {"self", "hub"}


def test_nothing_is_told_in_a_dry_run_or_without_a_hub(paper: Publication, hub: Recorder) -> None:
    paper.run(dry_run=True)
    paper.configure()
    assert paper.run().hub is None
    assert hub.topics == []


def test_a_caller_may_tell_the_hub_by_itself(paper: Publication, hub: Recorder) -> None:
    report = pipeline.publish(paper.settings, NOW, pipeline.Options(mail=False, notify=False))
    assert (report.hub, hub.topics) == (None, [])
    found = pipeline.notify(paper.settings, NOW)
    assert found is not None
    assert found.topics == tuple(MAIN) == tuple(hub.topics)
    assert pipeline.notify(paper.settings, NOW) is None


def test_the_hub_hears_of_it_after_the_deploy_and_not_while_that_fails(paper: Publication, hub: Recorder) -> None:
    deployed: list[bool] = []
    hub.then = lambda: deployed.append((paper.root / "web/feed.atom").exists())
    settings = f'[feeds]\nhub = "{hub.url}"\n[output]\n'
    paper.configure(f"{settings}deploy = 'exit 1'\n")
    report = paper.run()
    assert (report.exit_code, report.deployed, report.hub, hub.topics) == (69, False, None, [])
    done = paper.command("status")
    assert "hub:       3 topics left until the deploy has succeeded\n" in done.stdout
    assert pipeline.notify(paper.settings, NOW) is not None
    assert hub.topics == []
    paper.configure(f"{settings}deploy = 'cp -r out web'\n")
    assert told(paper.run(NOW + MINUTE)) == tuple(MAIN)
    assert deployed == [True] * 3


def test_mail_waits_for_the_hub(paper: Publication, hub: Recorder) -> None:
    mails: list[int] = []
    hub.then = lambda: mails.append(len(list((paper.root / "mail").rglob("*.eml"))))
    listed = '[mail]\ntransport = "eml"\n[[lists]]\nname = "now"\nfrequency = "instant"\n'
    paper.configure(f'[feeds]\nhub = "{hub.url}"\n{listed}', email="news@example.org")
    added = paper.command("subscribers", "add", "li@example.org", "--list", "now", "--confirmed-by", "paper form")
    assert added.returncode == 0, added.stderr
    assert paper.publish().returncode == 0
    mails.clear()
    paper.entry("b", title="乙", date=datetime.now(UTC).isoformat())
    done = paper.command("digest", "send", "now")
    assert "mail: 1 sent\n" in done.stdout
    assert mails
    assert set(mails) == {0}
    assert len(list((paper.root / "mail").rglob("*.eml"))) == 1


def test_a_hub_that_is_down_is_told_when_it_is_back(publication: Publication) -> None:
    with recorder() as gone:
        port = gone.port
    publication.configure(f'[feeds]\nhub = "http://127.0.0.1:{port}/"\n')
    publication.entry("a", title="甲", date="2026-11-20")
    before = time.time()
    done = publication.publish()
    assert (done.returncode, done.stderr) == (0, "")
    line = f"hub: 3 topics left: http://127.0.0.1:{port}/ cannot be reached: Connection refused; tried again "
    assert line in done.stdout
    known = load(str(publication.root))
    assert known is not None
    assert before + 60 <= known.next <= time.time() + 60

    quiet = publication.publish()
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
    assert line.removeprefix("hub: ") in publication.command("status").stdout

    with recorder(port) as back:
        pass_time(publication, 61)
        quiet = publication.publish()
        assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
        assert back.topics == MAIN
    assert not (publication.root / index.HUB).exists()


def pass_time(publication: Publication, seconds: float) -> None:
    """As if the hub had been tried so much earlier."""
    known = load(str(publication.root))
    assert known is not None
    topics = {path: since - seconds for path, since in known.topics.items()}
    save(str(publication.root), replace(known, topics=topics, next=known.next - seconds))


def test_the_pauses_grow_to_six_hours_and_after_three_days_it_is_given_up(
    paper: Publication, hub: Recorder, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.answer(500)
    report, now, pauses = paper.run(), NOW, []
    while report.hub and report.hub.owed:
        assert report.exit_code == 0
        assert report.next is not None
        assert report.hub.next is not None
        assert (report.next.at, report.next.why) == (report.hub.next, "hub")
        pauses.append((report.next.at - now).total_seconds() / 60)
        paper.run(now + timedelta(seconds=30))
        now = report.next.at
        report = paper.run(now)
    assert pauses[:11] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360]
    assert now - NOW >= timedelta(days=3)
    assert len(hub.asked) == len(pauses) + 1
    assert report.hub is not None
    assert set(report.hub.given_up) == set(MAIN)
    from feeder.cli import publish
    from feeder.cli.arguments import Arguments

    publish.tell(report, paper.settings, Arguments())
    told = capsys.readouterr()
    assert told.out == ""
    first = f"publish: hub: gave up notifying it of 3 topics after three days: {hub.url} answered 500"
    assert told.err.startswith(first)
    assert f"\npublish:   {MAIN[0]}\n" in told.err
    assert paper.run(now + MINUTE).hub is None


def test_a_new_change_is_not_made_to_wait_for_the_back_off(paper: Publication, hub: Recorder) -> None:
    hub.answer(502)
    report, now = paper.run(), NOW
    for _ in range(8):
        assert report.next is not None
        now = report.next.at
        report = paper.run(now)
    paper.entry("b", title="乙", date="2026-11-20")
    report = paper.run(now + MINUTE)
    assert report.hub is not None
    assert report.hub.next == now + 2 * MINUTE
    hub.answer(202)
    hub.take()
    assert told(paper.run(now + 2 * MINUTE)) == tuple(MAIN)


@pytest.mark.parametrize("status", [429, 503])
def test_the_hub_may_name_the_pause(paper: Publication, hub: Recorder, status: int) -> None:
    hub.answer(status, Retry_After="1800")
    report = paper.run()
    assert report.hub is not None
    assert report.hub.next == NOW + 30 * MINUTE
    assert len(hub.asked) == 1
    paper.entry("b", title="乙", date="2026-11-20")
    report = paper.run(NOW + 5 * MINUTE)
    assert len(hub.asked) == 1, "not asked sooner than it said, whatever is new"
    hub.answer(202)
    assert told(paper.run(NOW + 30 * MINUTE)) == tuple(MAIN)


@pytest.mark.parametrize(
    ("said", "minutes"),
    [("Sun, 22 Nov 2026 01:20:00 GMT", 20), ("Sun, 22 Nov 2020 01:20:00 GMT", 1), ("1", 1), ("99999999999", 360),
     ("tomorrow", 1), ("-5", 1), ("Sun, 22 Nov 2026 01:20:00 -0000", 1), ("²", 1)],
)  # fmt: skip
def test_what_a_hub_may_say_of_its_pause(said: str, minutes: int) -> None:
    known = owed.Owed("http://hub.example.net/", {"feed.atom": NOW.timestamp()})
    left = rounds._scheduled(known, caller.Answer(429, "Slow", said), NOW, progress=False)
    assert left.next == (NOW + minutes * MINUTE).timestamp()


@pytest.mark.parametrize("status", [200, 202, 204, 226])
def test_any_2xx_is_fine(paper: Publication, hub: Recorder, status: int) -> None:
    hub.answer(status)
    hub.body = b"thank you"
    assert told(paper.run()) == tuple(MAIN)
    assert len(set(hub.peers)) == 1


def test_what_a_hub_refuses_is_told_and_not_tried_again(paper: Publication, hub: Recorder) -> None:
    """Hubs answer 404 for a topic that nobody subscribes to."""
    hub.answers = [(202, {}), (404, {}), (400, {}), (202, {})]
    done = paper.publish()
    assert done.returncode == 0
    assert "hub: notified of 1 topic\n" in done.stdout
    assert (
        f"hub: refused 2 topics ({hub.url})\n  {MAIN[1]}: 404 Not Found\n  {MAIN[2]}: 400 Bad Request\n" in done.stdout
    )
    assert not (paper.root / index.HUB).exists()


def test_a_redirect_leads_nowhere(paper: Publication, hub: Recorder) -> None:
    with recorder() as other:
        hub.answer(307, Location=f"http://localhost:{other.port}/\x1b[31m")
        report = paper.run()
        assert report.hub is not None
        assert report.hub.refused[0].startswith(f"{MAIN[0]}: 307 moved to http://localhost:{other.port}/")
        assert other.asked == []


def test_one_topic_that_fails_does_not_keep_the_others_from_the_hub(paper: Publication, hub: Recorder) -> None:
    hub.answers = [(500, {}), (202, {})]
    report = paper.run()
    assert report.hub is not None
    assert (report.hub.topics, report.hub.owed) == ((), 3)
    hub.answers = [(202, {}), (202, {}), (500, {})]
    report = paper.run(NOW + MINUTE)
    assert report.hub is not None
    assert report.hub.topics == tuple(MAIN[1:])
    assert report.hub.next == NOW + 2 * MINUTE, "it goes on: the pause starts anew"


def test_a_kept_connection_that_the_hub_closed_is_opened_again(paper: Publication, hub: Recorder) -> None:
    hub.keeps = False
    assert told(paper.run()) == tuple(MAIN)
    assert len(set(hub.peers)) == 3


def test_a_killed_run_leaves_what_it_owes(paper: Publication, hub: Recorder) -> None:
    hub.gate.clear()
    process = start(paper)
    assert hub.came.wait(60)
    process.kill()
    process.wait()
    hub.gate.set()
    hub.take()
    assert paper.publish().returncode == 0
    assert hub.take() == MAIN


def test_a_hub_that_hangs_keeps_no_other_run_waiting(
    paper: Publication, hub: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caller, "ANSWER_S", 60.0)
    monkeypatch.setattr(rounds, "ANSWER_S", 60.0)
    hub.gate.clear()
    with ThreadPoolExecutor(2) as runs:
        try:
            first = runs.submit(paper.run)
            assert hub.came.wait(60)
            paper.entry("b", title="乙", date="2026-11-20")
            options = pipeline.Options(mail=False, lock_timeout=0)
            second = runs.submit(pipeline.publish, paper.settings, NOW + MINUTE, options)
            deadline = time.monotonic() + 60
            while "乙" not in paper.read("feed.atom"):
                assert time.monotonic() < deadline
                time.sleep(0.01)
            assert not first.done()
        finally:
            hub.gate.set()
        assert told(first.result()) == told(second.result()) == tuple(MAIN)
    assert not (paper.root / index.HUB).exists()


def start(publication: Publication, *argv: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        publication.publish_argv(*argv), cwd=publication.root, env=publication.environment(), stdout=subprocess.DEVNULL
    )


def test_a_run_killed_at_the_deploy_leaves_what_it_owes(paper: Publication, hub: Recorder) -> None:
    settings = f'[feeds]\nhub = "{hub.url}"\n[output]\n'
    paper.configure(f"{settings}deploy = 'kill -9 $PPID'\n")
    assert paper.publish().returncode == -signal.SIGKILL
    assert hub.take() == []
    paper.configure(f"{settings}deploy = 'true'\n")
    assert paper.publish().returncode == 0
    assert hub.take() == MAIN


def test_what_is_owed_is_dropped_with_the_hub(paper: Publication, hub: Recorder) -> None:
    hub.answer(500)
    paper.run()
    assert (paper.root / index.HUB).exists()
    hub.take()
    paper.configure()
    assert paper.run(NOW + MINUTE).hub is None
    assert not (paper.root / index.HUB).exists()
    assert hub.topics == []


def test_another_hub_is_owed_nothing_of_the_first_ones(paper: Publication, hub: Recorder) -> None:
    hub.answer(500)
    paper.run()
    hub.take()
    with recorder() as other:
        paper.configure(f'[feeds]\nhub = "{other.url}"\n')
        assert told(paper.run(NOW + MINUTE)) == tuple(MAIN)
        assert other.topics == MAIN
    assert hub.topics == []


def test_a_feed_that_is_gone_is_no_topic(paper: Publication, hub: Recorder) -> None:
    paper.entry("b", title="乙", tags="[芯片]", date="2026-11-20")
    hub.answer(500)
    paper.run()
    hub.answer(202)
    hub.take()
    paper.entry("b", title="乙", date="2026-11-20")
    paper.run(NOW + MINUTE)
    assert set(hub.topics) == set(MAIN)


def test_with_the_clock_set_back_the_hub_is_still_told(paper: Publication, hub: Recorder) -> None:
    hub.answer(500)
    paper.run(NOW + timedelta(days=30))
    hub.answer(202)
    assert set(told(paper.run(NOW))) == set(MAIN)


def test_after_a_rollback_the_hub_is_told(paper: Publication, hub: Recorder) -> None:
    from feeder import upkeep

    paper.configure(f'[feeds]\nhub = "{hub.url}"\n[output]\nlayout = "generations"\n')
    paper.run()
    paper.entry("b", title="乙", date="2026-11-20")
    paper.run(NOW + MINUTE)
    hub.take()
    upkeep.rollback(paper.settings, NOW + 2 * MINUTE)
    report = paper.run(NOW + 3 * MINUTE)
    assert set(told(report)) == set(MAIN) == set(hub.topics)


def test_what_changes_during_a_round_stays_owed() -> None:
    """Another run publishes while this one still talks to the hub."""
    hub, at = "http://hub.example.net/", NOW.timestamp()
    before = owed.Owed(hub, {"feed.atom": at, "feed.rss": at, "feed.json": at})
    after = owed.Owed(hub, {"feed.json": at}, tries=1, next=at + 60)
    meanwhile = owed.Owed(hub, {"feed.atom": at + 5, "feed.rss": at, "feed.json": at})
    assert owed.settle(meanwhile, before, after).topics == {"feed.atom": at + 5, "feed.json": at}
    assert owed.settle(None, before, after).topics == {"feed.json": at}


def test_many_topics_take_several_runs_the_main_feed_first(
    paper: Publication, hub: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "ROUND_S", 0.3)
    hub.then = lambda: time.sleep(0.1)
    for number in range(4):
        paper.entry(f"n{number}", title=f"第{number}条", tags=f"[t{number}]", date="2026-11-20")
    report, now, seen = paper.run(), NOW, 1
    while report.hub and report.hub.owed:
        assert report.next is not None
        assert report.next.at == now
        now, seen = now + MINUTE, seen + 1
        report = paper.run(now)
    assert seen > 1
    assert hub.topics[:3] == MAIN
    assert len(hub.topics) == len(set(hub.topics)) == 15


@pytest.mark.parametrize(
    ("path", "wanted"),
    [("feed.atom", True), ("feed.json", True), ("tags/ai/feed.rss", True), ("digests/weekly/feed.atom", True),
     ("authors/李/feed.atom", True), ("index.xml", True), ("feeds.opml", False), ("archive/3.atom", False),
     ("sitemap.xml", False), ("2026/11/x/feed.atom", False), ("feed.atom.gz", False), ("assets/feed.json", False),
     ("tags/ai/page/feed.atom", False), ("feed.xml", False)],
)  # fmt: skip
def test_what_a_topic_is(path: str, wanted: bool) -> None:
    assert owed.is_topic(path, ("/index.xml",)) is wanted


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", "{", '{"topics": 3}', '{"topics": {"a": "x"}}', "\x00"])
def test_a_file_that_is_none_of_ours_owes_nothing(publication: Publication, text: str) -> None:
    publication.write(index.HUB, text)
    assert load(str(publication.root)) is None
    assert publication.run().hub is None
    assert not (publication.root / index.HUB).exists()


def test_the_fast_path_knows_when_the_hub_is_due(publication: Publication) -> None:
    root = str(publication.root)
    os.makedirs(f"{root}/.feeder")
    assert not index.is_left(root, 1000.0)
    save(root, owed.Owed("http://hub.example.net/", {"feed.atom": 900.0}, next=1060.0))
    assert not index.is_left(root, 1059.0)
    assert index.is_left(root, 1060.0)
    save(root, owed.Owed("http://hub.example.net/", {"feed.atom": 900.0}))
    assert index.is_left(root, 900.0)
    save(root, owed.Owed("http://hub.example.net/"))
    assert not index.is_left(root, 2000.0)
