"""``publish`` with lists: what is released reaches each subscriber once, and never before its pages are public."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from mail.newsdesk import MAIL, Newsdesk, text_of
from mail.postroom import FakeClock
from support import soak

from feeder import index, pipeline
from feeder.config.secrets import Secrets
from feeder.mail.subscribers import tidying
from feeder.pipeline import Options, Post
from tests.faults import dying

SATURDAY = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
SUNDAY = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 0, 0, 20, tzinfo=UTC)  # 08:00:20 in Shanghai
WEEK = timedelta(days=7)


@pytest.fixture
def desk(tmp_path: Path) -> Newsdesk:
    """Two subscribers, one entry of this week and an old one."""
    made = Newsdesk(tmp_path / "pub")
    made.begin()
    made.entry("e1", "第一条正文。\n", title="第一条", date="2026-11-20")
    made.entry("old", "旧闻。\n", title="旧闻", date="2019-01-01")
    made.subscribe("a@example.org", SATURDAY)
    made.subscribe("b@example.org", SATURDAY)
    made.mailed(SUNDAY)
    return made


def test_nothing_before_it_is_due(desk: Newsdesk) -> None:
    assert desk.letters() == []


def test_a_digest_at_its_time_once_to_each_and_its_page(desk: Newsdesk) -> None:
    report = desk.mailed(MONDAY)
    (cut,) = report.mailing.cuts
    assert (cut.entries, cut.queued, cut.page) == (1, 2, "digests/weekly/2026-11-23")
    assert report.mailing.tally is not None
    assert report.mailing.tally.sent == 2
    assert {who: len(what) for who, what in desk.received().items()} == {"a@example.org": 1, "b@example.org": 1}
    text = text_of(desk.letters()[0])
    assert "第一条正文" in text
    assert "旧闻" not in text
    page = (desk.out / "digests/weekly/2026-11-23/index.html").read_text("utf-8")
    assert "第一条" in page
    assert "第一条" in (desk.out / "digests/weekly/feed.atom").read_text("utf-8")
    again = desk.mailed(MONDAY + timedelta(minutes=5))
    assert again.mailing.cuts == ()
    assert again.written == ()
    assert len(desk.letters()) == 2


def test_without_mail_it_waits(desk: Newsdesk) -> None:
    assert desk.mailed(MONDAY, mail=False).mailing.cuts == ()
    assert desk.letters() == []
    desk.mailed(MONDAY + timedelta(hours=1))
    assert len(desk.letters()) == 2


def test_no_mail_leaves_while_the_deploy_fails(desk: Newsdesk) -> None:
    desk.begin(lines='[output]\ndeploy = "test -e ok"\n' + MAIL)
    report = desk.mailed(MONDAY)
    assert report.exit_code == 69
    assert desk.letters() == []
    desk.write("ok", "")
    report = desk.mailed(MONDAY + timedelta(minutes=5))
    assert report.exit_code == 0
    assert len(desk.letters()) == 2


def test_no_mail_leaves_before_the_page_of_its_digest_is_deployed(desk: Newsdesk) -> None:
    # The deploy command fails as soon as the digest's page is among what changed.
    desk.begin(lines='[output]\ndeploy = "! grep -q digests/weekly/2026 $FEEDER_CHANGED || test -e ok"\n' + MAIL)
    desk.mailed(SUNDAY + timedelta(hours=1))
    report = desk.mailed(MONDAY)
    assert (report.exit_code, len(report.mailing.cuts)) == (69, 1)
    assert desk.letters() == []
    desk.write("ok", "")
    assert desk.mailed(MONDAY + timedelta(minutes=5)).exit_code == 0
    assert len(desk.letters()) == 2


def test_a_sending_cut_short_is_taken_up_by_the_very_next_run(desk: Newsdesk) -> None:
    settings = desk.settings
    stopped = Post(FakeClock(MONDAY), Secrets({}), lambda: True)
    pipeline.publish(settings, MONDAY, Options(post=stopped))
    assert desk.letters() == []
    assert (desk.root / index.UNSENT).exists()
    assert desk.publish().returncode == 0  # with the fast path, which would see that no file has changed
    assert len(desk.letters()) == 2
    assert not (desk.root / index.UNSENT).exists()


def test_on_request_whatever_the_schedule(desk: Newsdesk) -> None:
    assert len(desk.mailed(SUNDAY + timedelta(hours=2), at_once="weekly").mailing.cuts) == 1
    assert len(desk.letters()) == 2
    assert desk.mailed(MONDAY).mailing.cuts == ()


def test_mail_true_sends_an_old_entry_and_mail_false_keeps_one_out(desk: Newsdesk) -> None:
    desk.entry("old2", "更旧。\n", title="更旧的一条", date="2018-01-01", mail="true")
    desk.entry("e2", "内部。\n", title="不寄的一条", date="2026-11-21", mail="false")
    desk.mailed(SUNDAY + timedelta(hours=1))
    desk.mailed(MONDAY)
    text = text_of(desk.letters()[0])
    assert "更旧的一条" in text
    assert "不寄的一条" not in text


def test_what_waited_for_its_date_is_mailed_however_late_it_comes_out(desk: Newsdesk) -> None:
    desk.entry("plan", "发布会。\n", title="预告的一条", date="2026-11-25 09:00")
    desk.mailed(MONDAY)
    assert "预告的一条" not in text_of(desk.letters()[0])
    # Nothing ran for three weeks; an entry that old, of which nobody knew, came by an import.
    desk.entry("found", "旧闻二。\n", title="找到的一条", date="2026-11-25 09:00")
    back = MONDAY + 3 * WEEK + timedelta(days=2)
    desk.mailed(back)
    desk.entry("plan", "发布会，已开过。\n", title="预告的一条", date="2026-11-25 09:00")
    desk.mailed(back + timedelta(hours=1))
    desk.mailed(MONDAY + 4 * WEEK)
    told = [text_of(letter) for letter in desk.letters() if str(letter["To"]) == "a@example.org"]
    assert sorted("预告的一条" in one for one in told) == [False, True]
    assert not any("找到的一条" in one for one in told)


@pytest.mark.parametrize("anew", [False, True])
def test_an_import_under_a_clock_that_was_behind_has_not_waited(tmp_path: Path, anew: bool) -> None:
    desk = Newsdesk(tmp_path)
    desk.begin()
    desk.subscribe("a@example.org", SUNDAY - WEEK)
    if not anew:
        desk.entry("e1", "第一条。\n", title="第一条", date="2026-11-21")
        desk.mailed(SUNDAY)
    desk.entry("old", "旧闻。\n", title="导入的一条", date="2024-05-01")
    desk.mailed(datetime(2023, 1, 1, tzinfo=UTC))  # a machine without a battery, before it was told the time
    desk.entry("e2", "第二条。\n", title="第二条", date="2026-11-22")
    desk.mailed(SUNDAY + timedelta(hours=1))
    desk.mailed(MONDAY)
    told = [text_of(letter) for letter in desk.letters()]
    assert any("第二条" in one for one in told)
    assert not any("导入的一条" in one for one in told)


def test_taken_back_before_any_digest_had_it_and_put_out_again_it_is_mailed(desk: Newsdesk) -> None:
    desk.entry("e2", "第二条。\n", title="第二条", date="2026-11-21")
    desk.mailed(SUNDAY + timedelta(hours=1))
    desk.entry("e2", "第二条。\n", title="第二条", date="2026-11-21", draft="true")
    desk.mailed(SUNDAY + timedelta(hours=2))
    desk.mailed(MONDAY)
    desk.entry("e2", "第二条。\n", title="第二条", date="2026-11-21")
    desk.mailed(MONDAY + timedelta(days=1))
    desk.mailed(MONDAY + WEEK)
    texts = [text_of(one) for one in desk.letters() if one["To"] == "a@example.org"]
    assert ["第二条" in one for one in texts] == [False, True]


def test_taken_back_after_it_was_mailed_and_put_out_again_it_is_not(desk: Newsdesk) -> None:
    desk.mailed(MONDAY)
    desk.entry("e1", "第一条正文。\n", title="第一条", date="2026-11-20", draft="true")
    desk.mailed(MONDAY + timedelta(days=1))
    desk.entry("e1", "第一条正文。\n", title="第一条", date="2026-11-20")
    desk.mailed(MONDAY + timedelta(days=2))
    desk.mailed(MONDAY + WEEK)
    assert len(desk.letters()) == 2


def test_a_correction_opens_the_next_digest_of_those_who_were_sent_the_error(desk: Newsdesk) -> None:
    desk.mailed(MONDAY)
    desk.subscribe("late@example.org", MONDAY + timedelta(hours=1))
    desk.entry("e1", "第一条正文，改过。\n", title="第一条", date="2026-11-20", correction="数字写错了")
    desk.entry("e2", "第二条。\n", title="第二条", date="2026-11-25")
    desk.mailed(MONDAY + timedelta(days=2))
    desk.mailed(MONDAY + WEEK)
    last = {
        str(one["To"]): text_of(one) for one in desk.letters()
    }  # the second letter of a and b comes after the first
    assert "数字写错了" in last["a@example.org"]
    assert "第二条" in last["a@example.org"]
    assert "数字写错了" not in last["late@example.org"]
    assert "第二条" in last["late@example.org"]
    assert "改过" in (desk.out / "digests/weekly/2026-11-23/index.html").read_text("utf-8")


def test_withdrawn_after_the_cut_the_unsent_rest_goes_without_it(desk: Newsdesk) -> None:
    desk.entry("e2", "第二条。\n", title="第二条", date="2026-11-21")
    desk.mailed(SUNDAY + timedelta(hours=1))
    desk.run_cut_only(MONDAY)
    (desk.root / "entries/e2.md").unlink()
    desk.mailed(MONDAY + timedelta(minutes=5))
    assert len(desk.letters()) == 2
    assert all("第二条" not in text_of(one) for one in desk.letters())
    assert "第二条" not in (desk.out / "digests/weekly/2026-11-23/index.html").read_text("utf-8")


def test_a_damaged_mail_database_never_keeps_an_entry_from_being_published(desk: Newsdesk) -> None:
    (desk.root / ".feeder/mail.db").write_bytes(b"not a database, but long enough to be looked at" * 100)
    for ending in ("-wal", "-shm"):
        (desk.root / f".feeder/mail.db{ending}").unlink(missing_ok=True)
    desk.entry("e2", "第二条。\n", title="第二条", date="2026-11-21")
    report = desk.mailed(MONDAY)
    assert report.mailing.error is not None
    assert "mail.db is damaged" in str(report.mailing.error)
    assert report.exit_code == 69  # 65 would say that nothing was published
    assert "第二条" in (desk.out / "feed.atom").read_text("utf-8")
    assert (desk.root / ".feeder/mail.db").read_bytes().startswith(b"not a database")


def test_a_mail_database_that_is_gone_is_told_by_all_and_made_anew_by_whoever_adds_a_subscriber(desk: Newsdesk) -> None:
    desk.mailed(MONDAY)
    for file in (desk.root / ".feeder").glob("mail.db*"):
        file.unlink()
    desk.entry("e2", "第二条。\n", title="第二条", date="2026-11-24")
    report = desk.mailed(MONDAY + timedelta(days=1))
    assert (report.exit_code, "第二条" in desk.read("feed.atom")) == (69, True)
    for words in (
        ["publish"],
        ["digest", "status"],
        ["subscribers", "list"],
        ["subscribers", "forget", "a@example.org"],
    ):
        done = desk.command(*words)
        assert (done.returncode, "the mail database is gone: " in done.stderr) == (69, True), words
    assert desk.command("status").stdout.count("the mail database is gone: ") == 1
    assert not (desk.root / ".feeder/mail.db").exists()
    assert desk.command("subscribers", "add", "c@example.org", "--list", "weekly").returncode == 0
    assert desk.mailed(MONDAY + timedelta(days=1, hours=1)).exit_code == 0
    assert "gone" not in desk.command("status").stdout


def test_a_broken_note_is_told_once_and_never_read_as_an_entry_file(desk: Newsdesk) -> None:
    desk.write("notes/weekly.md", "---\nsubject: [要闻\n---\n")
    told = []
    for number in (2, 3):  # files that were refused are read again by the next run, but a note is no entry file
        desk.entry(f"e{number}", "正文。\n", title=f"第 {number} 条", date="2026-11-21")
        report = desk.mailed(SUNDAY + timedelta(hours=number))
        told.append([problem.path for problem in report.fresh])
        assert [problem.path for problem in report.problems] == ["notes/weekly.md"]
    assert told == [["notes/weekly.md"], []]
    desk.write("notes/weekly.md", "---\nsubject: 要闻\n---\n")
    desk.entry("e4", "正文。\n", title="第 4 条", date="2026-11-21")
    report = desk.mailed(SUNDAY + timedelta(hours=4))
    assert (report.exit_code, report.problems, report.fresh) == (0, (), ())


def test_a_new_mail_database_gives_no_number_twice(desk: Newsdesk) -> None:
    desk.mailed(MONDAY)
    for file in (desk.root / ".feeder").glob("mail.db*"):
        file.unlink()
    desk.subscribe("a@example.org", MONDAY + timedelta(hours=1))
    desk.entry("e2", "第二条。\n", title="第二条", date="2026-11-25")
    desk.mailed(MONDAY + timedelta(days=2))
    (cut,) = desk.mailed(MONDAY + WEEK).mailing.cuts
    assert cut.digest == 2
    pages = [(desk.out / f"digests/weekly/{day}/index.html").read_text("utf-8") for day in ("2026-11-23", "2026-11-30")]
    assert ["第一条正文" in page for page in pages] == [True, False]
    assert ["第二条" in page for page in pages] == [True, True]  # the first page leads to the second


def test_with_the_history_lost_nobody_is_mailed_an_entry_twice(desk: Newsdesk) -> None:
    desk.mailed(MONDAY)
    for file in (*(desk.root / ".feeder").glob("history.db*"), desk.root / ".feeder/index"):
        file.unlink()
    desk.entry("e2", "第二条。\n", title="第二条", date="2026-11-25")
    desk.mailed(MONDAY + timedelta(days=2))
    desk.mailed(MONDAY + WEEK)
    texts = [text_of(one) for one in desk.letters() if one["To"] == "a@example.org"]
    assert ["第一条正文" in one for one in texts] == [True, False]
    assert ["第二条" in one for one in texts] == [False, True]


def test_an_address_that_nobody_confirmed_is_not_kept(desk: Newsdesk) -> None:
    assert desk.command("subscribers", "add", "c@example.org", "--list", "weekly").returncode == 0
    now = datetime.now(UTC)
    desk.mailed(now + timedelta(days=29))
    assert "c@example.org" in desk.command("subscribers", "list").stdout
    desk.mailed(now + timedelta(days=31))
    assert "c@example.org" not in desk.command("subscribers", "list").stdout


def test_of_very_many_addresses_that_nobody_confirmed_none_is_kept(
    desk: Newsdesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tidying, "AT_ONCE", 1)
    now = datetime.now(UTC)
    for number in range(3):
        assert desk.command("subscribers", "add", f"c{number}@example.org", "--list", "weekly").returncode == 0
    desk.mailed(now + timedelta(days=31))
    assert "c" not in {line[:1] for line in desk.command("subscribers", "list").stdout.splitlines()}


def test_without_subscribers_nothing_of_mail_is_imported(tmp_path: Path) -> None:
    desk = Newsdesk(tmp_path / "pub")
    desk.begin()
    desk.entry("e1", "正文。\n", title="一", date="2026-11-20")
    code = (
        "import sys; from feeder.fastpath import main; main(); "
        "sys.exit(any(name in sys.modules for name in ('sqlalchemy', 'alembic', 'cryptography', 'css_inline')))"
    )
    done = desk.command_of("-c", code)
    assert done.returncode == 0, done.stderr
    assert not (desk.root / ".feeder/mail.db").exists()


def test_killed_at_every_step_nobody_is_left_out_and_the_next_run_is_enough(desk: Newsdesk, tmp_path: Path) -> None:
    desk.entry("e2", "第二条。\n", title="第二条", date="2026-11-21")
    desk.mailed(SUNDAY + timedelta(hours=1))
    desk.entry("e3", "第三条。\n", title="第三条", date="2026-11-21")  # released by the run that is killed
    counted = desk.copy(tmp_path / "counted")
    steps = dying.call(lambda: counted.mailed(MONDAY), under=counted.root).steps
    whole = counted.received()
    tree = counted.tree()
    assert len(whole) == 2
    stride = soak(max(1, len(steps) // 25), 1)
    for step in range(1, len(steps) + 1, stride):
        one = desk.copy(tmp_path / str(step))
        died = dying.call(lambda one=one: one.mailed(MONDAY), under=one.root, at=step)  # type: ignore[misc]
        assert died.killed, (died.code, died.stderr)
        one.mailed(MONDAY)
        # The Maildir gives the same message the same name, so that a second copy would not even be seen.
        assert one.received() == whole, (step, steps[step - 1])
        assert one.tree() == tree, (step, steps[step - 1])
        report = one.mailed(MONDAY + timedelta(minutes=10))
        assert report.mailing.cuts == ()
        assert report.mailing.tally is None or report.mailing.tally.sent == 0


BROKEN = "---\nsubject: [要闻\n---\n"


def test_a_note_alone_is_a_change(desk: Newsdesk) -> None:
    assert desk.publish().returncode == 0  # the real clock; from here on the fast path answers
    desk.write("notes/weekly.md", BROKEN)
    told = desk.publish().stderr
    assert "notes/weekly.md:" in told
    assert desk.publish().stderr == ""
    desk.write("notes/weekly.md", "---\nsubject: 要闻\n---\n")
    assert desk.publish().stderr == ""
    assert "notes" not in desk.command("status").stderr


def test_a_digest_waits_a_while_for_its_note_to_be_mended(desk: Newsdesk) -> None:
    desk.write("notes/weekly.md", BROKEN)
    report = desk.mailed(MONDAY)
    assert report.mailing.cuts == ()
    assert [one.message for one in report.fresh if "waits" in one.message] == [
        "the digest that is due waits for this note, until 2026-11-23 11:00"
    ]
    assert desk.mailed(MONDAY + timedelta(hours=1)).fresh == ()
    desk.write("notes/weekly.md", "---\nsubject: 要闻\n---\n")
    assert len(desk.mailed(MONDAY + timedelta(hours=2)).mailing.cuts) == 1
    assert desk.received() == {"a@example.org": ["要闻"], "b@example.org": ["要闻"]}


def test_nobody_waits_for_a_note_for_ever(desk: Newsdesk) -> None:
    desk.write("notes/weekly.md", BROKEN)
    assert desk.mailed(MONDAY + timedelta(hours=2)).mailing.cuts == ()
    assert len(desk.mailed(MONDAY + timedelta(hours=3)).mailing.cuts) == 1


def test_on_request_a_note_must_be_well(desk: Newsdesk) -> None:
    desk.write("notes/weekly.md", BROKEN)
    done = desk.command("digest", "send", "weekly")
    assert (done.returncode, desk.letters()) == (2, [])
    assert "notes/weekly.md cannot be read" in done.stderr


@pytest.mark.parametrize("rest", ["", '[[lists]]\nname = "daily"\n'], ids=["no list left", "another left"])
def test_a_list_that_is_no_more_in_the_settings_is_told_once(desk: Newsdesk, rest: str) -> None:
    desk.begin(lines=MAIL.partition("[[lists]]")[0] + rest)
    report = desk.mailed(SUNDAY + timedelta(hours=1))
    (problem,) = report.fresh
    assert "list `weekly` has subscribers" in str(problem)
    assert report.exit_code == 0
    assert desk.mailed(SUNDAY + timedelta(hours=2)).fresh == ()
    assert "list `weekly` has subscribers" in desk.command("status").stderr
    assert "list `weekly` has subscribers" in desk.command("check").stderr
    desk.begin()
    assert desk.mailed(SUNDAY + timedelta(hours=3)).problems == ()


def test_status_names_why_mail_failed(desk: Newsdesk) -> None:
    desk.write("templates/mail/digest.html", "{{ nothing.of.that.name }}")
    report = desk.mailed(MONDAY)
    assert report.exit_code == 69
    (line,) = (line for line in desk.command("status").stdout.splitlines() if line.startswith("mail:"))
    assert "digest.html" in line
    (desk.root / "templates/mail/digest.html").unlink()
    assert desk.mailed(MONDAY + timedelta(minutes=5)).exit_code == 0
    assert "mail:" not in desk.command("status").stdout


def test_a_stopped_sending_says_how_many_wait(desk: Newsdesk) -> None:
    from feeder.cli import mailing

    stopped = Post(FakeClock(MONDAY), Secrets({}), lambda: True)
    report = pipeline.publish(desk.settings, MONDAY, Options(post=stopped))
    assert list(mailing.troubles(report)) == ["mail: stopped; 2 deliveries wait for the next `publish`"]


def test_a_digest_that_is_not_there(desk: Newsdesk) -> None:
    desk.mailed(MONDAY)
    done = desk.command("digest", "status", "99")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no digest 99 (the last one is 1; " in done.stderr


def test_status_says_of_entries_that_none_is_due(desk: Newsdesk) -> None:
    assert "next:      no entry is due\n" in desk.command("status").stdout
