"""Reports of providers: what follows, once, and only when they are signed."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from support import FIXTURES, NOW, Publication
from webhook.hook import MAILGUN_KEY, TOPIC, WEB, Hook, amazon, envelope, fixture, hook

from feeder.mail import schema
from feeder.web.webhook import LARGEST, PROVIDERS

NAMES = sorted(path.stem for path in (FIXTURES / "webhook").glob("*.json"))
ADDRESS = "reader@example.com"
CONFIRM = (
    "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=" + TOPIC + "&Token=2336412f37fb687f"
)


@pytest.fixture
def open_hook(publication: Publication) -> Iterator[Hook]:
    with hook(publication) as made:
        yield made


def alarms(made: Hook) -> list[str]:
    """Subject and texts of the mails to the editor."""
    found = []
    for row in made.room.rows(schema.notice):
        if row.kind == "alarm":
            letter = message_from_bytes(row.data, policy=policy.default)
            bodies = [part.get_content() for part in letter.walk() if part.get_content_maintype() == "text"]
            found.append("\n".join([str(letter["Subject"]), *bodies]))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_case(open_hook: Hook, name: str) -> None:
    case = fixture(name)
    number = open_hook.reader(case.subscriber)
    body = open_hook.filled(case.body, case.subscriber, number)
    assert open_hook.send(case.provider, body)[0] == 200
    assert open_hook.found(case.subscriber) == case.expect
    # Providers repeat themselves, in requests that are signed anew.
    assert open_hook.send(case.provider, body)[0] == 200
    if case.provider != "plain":
        assert open_hook.found(case.subscriber) == case.expect


@pytest.mark.parametrize("version", ["1", "2"])
def test_both_versions_of_the_signature(open_hook: Hook, version: str) -> None:
    number = open_hook.reader()
    body = open_hook.filled(fixture("ses-complaint").body, ADDRESS, number)
    assert open_hook.send("ses", body, version=version)[0] == 200
    assert open_hook.room.suppressed(ADDRESS) == "complaint"


def test_the_very_same_request_counts_once(open_hook: Hook) -> None:
    number = open_hook.reader()
    for name in ("ses-by-address", "postmark-soft", "plain-hard"):
        case = fixture(name)
        body = open_hook.filled(case.body, ADDRESS, number)
        before = len(open_hook.room.rows(schema.bounce))
        data, headers = {
            "ses": open_hook._ses, "postmark": open_hook._postmark, "plain": open_hook._plain,
        }[case.provider](body)  # fmt: skip
        path = "" if case.provider == "plain" else case.provider
        for _ in range(3):
            assert open_hook.post(path, data, headers)[0] == 200
        assert len(open_hook.room.rows(schema.bounce)) == before + 1


def test_an_event_that_comes_by_two_ways_counts_once(open_hook: Hook) -> None:
    """SES publishes it for the identity and for the configuration set: two messages with one feedback id."""
    open_hook.reader()
    body = open_hook.filled(fixture("ses-by-address").body, ADDRESS, 1)
    for _ in range(2):
        assert open_hook.send("ses", body)[0] == 200
    assert len(open_hook.room.rows(schema.bounce)) == 1


def test_a_token_of_mailgun_is_good_once(open_hook: Hook) -> None:
    """Its signature is not of what it says: whoever saw one could say anything with it."""
    number = open_hook.reader()
    seen, bounce = (
        open_hook.filled(fixture(f"mailgun-{name}").body, ADDRESS, number) for name in ("opened", "permanent")
    )
    assert open_hook.send("mailgun", seen, token="a" * 50)[0] == 200
    assert open_hook.send("mailgun", bounce, token="a" * 50)[0] == 200
    assert open_hook.room.rows(schema.bounce) == []
    assert open_hook.send("mailgun", bounce, token="b" * 50)[0] == 200
    assert len(open_hook.room.rows(schema.bounce)) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"after_Message": '{"notificationType":"Bounce"}'},
        {"after_Timestamp": "2026-11-22T02:00:00.124Z"},
        {"after_Signature": "AAAA"},
        {"after_Signature": "no base64 at all"},
        {"after_SignatureVersion": "2"},
        {"after_SignatureVersion": "3"},
        {"after_Type": "Something"},
        {"TopicArn": "arn:aws:sns:eu-west-1:999999999999:bounces"},
        {"key": amazon("another")[0]},
    ],
)
def test_what_sns_did_not_sign_for_our_topic_is_refused(open_hook: Hook, change: dict[str, str]) -> None:
    number = open_hook.reader()
    body = open_hook.filled(fixture("ses-permanent-general").body, ADDRESS, number)
    assert open_hook.send("ses", body, **change)[0] == 403
    assert open_hook.room.rows(schema.bounce) == []


@pytest.mark.parametrize(("provider", "given", "status"), [
    ("postmark", {"password": "wrong"}, 401), ("mailgun", {"key": "wrong"}, 403),
    ("plain", {"secret": "wrong"}, 403), ("plain", {"at": int(NOW.timestamp())}, 403),
])  # fmt: skip
def test_unsigned(open_hook: Hook, provider: str, given: dict[str, str], status: int) -> None:
    number = open_hook.reader()
    body = open_hook.filled(fixture(f"{provider}-complaint{'ed' if provider == 'mailgun' else ''}".replace(
        "complainted", "complained")).body, ADDRESS, number)  # fmt: skip
    assert open_hook.send(provider, body, **given)[0] == status
    assert open_hook.found(ADDRESS)["suppressed"] == ""
    assert open_hook.post("" if provider == "plain" else provider, body.encode())[0] in (401, 403)


def test_old_signatures_are_refused_or_do_nothing(open_hook: Hook) -> None:
    number = open_hook.reader()
    mailgun = open_hook._mailgun(open_hook.filled(fixture("mailgun-permanent").body, ADDRESS, number))
    ses = open_hook._ses(open_hook.filled(fixture("ses-permanent-general").body, ADDRESS, number))
    open_hook.office.time += timedelta(days=8)
    assert open_hook.post("mailgun", *mailgun)[0] == 403
    assert open_hook.post("ses", *ses)[0] == 200
    assert open_hook.room.rows(schema.bounce) == []


def test_a_secret_in_a_header_will_do_for_postmark(open_hook: Hook) -> None:
    open_hook.reader()
    body = open_hook.filled(fixture("postmark-complaint").body, ADDRESS, 1).encode()
    assert open_hook.post("postmark", body, {"X-Feeder-Secret": "a secret of the webhooc"})[0] == 401
    assert open_hook.post("postmark", body, {"X-Feeder-Secret": "a secret of the webhook"})[0] == 200
    assert open_hook.room.suppressed(ADDRESS) == "complaint"


def test_without_secrets_nobody_is_believed(publication: Publication) -> None:
    with hook(publication, environ={}, extra='[web]\nurl = "https://news.example.org/mail/"\n') as made:
        made.reader()
        for provider, name in (
            ("postmark", "postmark-hard"),
            ("mailgun", "mailgun-permanent"),
            ("plain", "plain-hard"),
        ):
            status, words = made.send(provider, made.filled(fixture(name).body, ADDRESS, 1))
            assert (status, "not set up" in words) == (403, True)
        assert made.send("ses", "{}")[0] == 403
        assert made.room.rows(schema.bounce) == []


def test_an_address_that_had_no_mail_of_ours_is_left_alone(open_hook: Hook) -> None:
    """Accounts at providers are shared: what others sent to the same person says nothing of ours."""
    open_hook.room.person(ADDRESS)
    for name in ("plain-hard", "plain-complaint", "plain-unsubscribe"):
        assert open_hook.send("plain", open_hook.filled(fixture(name).body, ADDRESS, 1))[0] == 200
    assert open_hook.room.rows(schema.bounce) == []
    assert open_hook.room.state_of(ADDRESS) == "active"


def test_a_confirmation_that_bounced(open_hook: Hook) -> None:
    open_hook.room.person(ADDRESS, pending=True)
    with open_hook.room.database.begin() as connection:
        connection.execute(schema.notice.update().values(state="sent"))
    message_id = open_hook.room.rows(schema.notice)[0].message_id
    report = {"address": ADDRESS, "message_id": message_id, "kind": "bounce", "text": "550 5.1.1 user unknown"}
    assert open_hook.send("plain", json.dumps(report))[0] == 200
    assert open_hook.room.rows(schema.notice)[0].state == "failed"
    assert open_hook.room.suppressed(ADDRESS) == "bounce"


def test_a_subscription_is_told_to_the_editor_and_never_fetched(
    open_hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached: list[object] = []
    connect = socket.socket.connect
    mine = ("127.0.0.1", open_hook.port)

    def connected(made: socket.socket, address: object) -> None:
        reached.append(address)
        assert address == mine
        connect(made, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", connected)
    token = {"SubscribeURL": CONFIRM, "Token": "2336412f37fb687f"}
    for _ in range(2):
        answer = open_hook.send("ses", "You have chosen to subscribe", kind="SubscriptionConfirmation", **token)
        assert answer[0] == 200
    told = alarms(open_hook)
    assert len(told) == 1
    assert "请确认 SNS 订阅" in told[0]
    assert CONFIRM in told[0]
    assert set(reached) == {mine}
    assert "mail" in open_hook.office.rung


def test_an_address_that_is_not_amazons_is_not_told(open_hook: Hook) -> None:
    token = {
        "SubscribeURL": "https://sns.eu-west-1.amazonaws.com.evil.example/?Action=ConfirmSubscription",
        "Token": "2",
    }
    assert open_hook.send("ses", "…", kind="SubscriptionConfirmation", **token)[0] == 200
    assert alarms(open_hook) == []


def test_a_changed_certificate_is_told_once_a_day(open_hook: Hook) -> None:
    other = amazon("another")[0]
    for _ in range(3):
        assert open_hook.send("ses", "{}", key=other)[0] == 403
    open_hook.office.time += timedelta(hours=2)
    assert open_hook.send("ses", "{}", key=other, after_SigningCertURL="https://evil.example/cert.pem")[0] == 403
    told = alarms(open_hook)
    assert len(told) == 1
    assert "SimpleNotificationService-0123456789abcdef" in told[0]
    open_hook.office.time += timedelta(days=1)
    assert open_hook.send("ses", "{}", key=other, after_SigningCertURL="https://evil.example/cert.pem")[0] == 403
    assert "evil.example" not in alarms(open_hook)[1]


def test_the_file_may_hold_the_next_certificate_too(open_hook: Hook) -> None:
    number = open_hook.reader()
    key, certificate = amazon("another")
    (open_hook.room.settings.root / "sns.pem").write_bytes(amazon()[1] + certificate)
    body = open_hook.filled(fixture("ses-complaint").body, ADDRESS, number)
    assert open_hook.send("ses", body, key=key)[0] == 200
    assert open_hook.room.suppressed(ADDRESS) == "complaint"


def test_an_expired_certificate_proves_nothing(open_hook: Hook) -> None:
    number = open_hook.reader()
    key, certificate = amazon("old", days=-1)
    (open_hook.room.settings.root / "sns.pem").write_bytes(certificate)
    body = open_hook.filled(fixture("ses-complaint").body, ADDRESS, number)
    assert open_hook.send("ses", body, key=key)[0] == 403
    assert len(alarms(open_hook)) == 1


def test_a_certificate_that_is_not_there_yet_is_told_of(open_hook: Hook) -> None:
    (open_hook.room.settings.root / "sns.pem").unlink()
    assert open_hook.send("ses", "…", kind="SubscriptionConfirmation", SubscribeURL=CONFIRM, Token="2")[0] == 403
    assert "SimpleNotificationService-0123456789abcdef" in alarms(open_hook)[0]


def test_a_certificate_that_cannot_be_read_asks_to_come_again(open_hook: Hook) -> None:
    (open_hook.room.settings.root / "sns.pem").write_text("no certificate")
    assert open_hook.send("ses", "{}")[0] == 503


def test_nothing_of_a_report_acts_or_tells_an_address(open_hook: Hook) -> None:
    """Mautic CVE-2021-27910: a script in a bounce's words ran in the editor's browser."""
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)> spam from reader@example.com\x1b[31m\u202e"
    number = open_hook.reader()
    report = {
        "message_id": open_hook.room.message_id(1, number),
        "kind": "bounce",
        "status": "5.7.1<b>",
        "text": f"554 {evil}",
    }
    assert open_hook.send("plain", json.dumps(report))[0] == 200
    row = open_hook.room.rows(schema.bounce)[0]
    assert (row.kind, "reader@" in row.detail, "\x1b" in row.detail) == ("policy", False, False)
    assert "<" not in row.status
    letter = message_from_bytes(open_hook.room.rows(schema.notice)[0].data, policy=policy.default)
    page = letter.get_body(("html",))
    assert page is not None
    assert "<script>" not in page.get_content()
    assert "<img" not in page.get_content()
    assert "&lt;script&gt;" in page.get_content()


def test_too_large_is_refused_before_it_is_read(open_hook: Hook) -> None:
    for path in PROVIDERS:
        assert open_hook.post(path, b"x" * (LARGEST + 1))[0] == 413
    connection = http.client.HTTPConnection("127.0.0.1", open_hook.port, timeout=30)
    connection.putrequest("POST", "/mail/webhook/ses")
    connection.putheader("Content-Length", str(1 << 40))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_what_is_told_in_pieces_is_bounded_too(open_hook: Hook) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", open_hook.port, timeout=30)
    pieces = (b"x" * 65536 for _ in range(5))
    try:
        connection.request(
            "POST", "/mail/webhook/ses", pieces, encode_chunked=True, headers={"Transfer-Encoding": "chunked"}
        )
        assert connection.getresponse().status == 413
    except (BrokenPipeError, ConnectionResetError):
        pass  # it did not wait for the rest
    finally:
        connection.close()


def test_more_at_once_than_can_be_taken_come_again(open_hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    from feeder.web import webhook

    monkeypatch.setattr(webhook, "MOST", 1)
    connection = http.client.HTTPConnection("127.0.0.1", open_hook.port, timeout=30)
    connection.putrequest("POST", "/mail/webhook/ses")
    connection.putheader("Content-Length", "2")
    connection.endheaders()  # its body is under way
    statuses = {open_hook.post("ses", b"{}")[0] for _ in range(20)}
    connection.send(b"{}")
    assert connection.getresponse().status in (403, 503)
    connection.close()
    assert 503 in statuses
    assert open_hook.post("ses", b"{}")[0] == 403


def test_a_broken_database_is_no_fault_of_the_sender(open_hook: Hook) -> None:
    number = open_hook.reader()
    path = open_hook.room.settings.root / ".feeder/mail.db"
    kept = path.read_bytes()
    path.unlink()
    path.write_bytes(b"")
    body = open_hook.filled(fixture("plain-by-verp").body, ADDRESS, number)
    assert open_hook.send("plain", body)[0] == 503
    assert open_hook.send("ses", "{}", key=amazon("another")[0])[0] == 503
    assert (path.read_bytes(), bool(kept)) == (b"", True)


def test_a_database_that_is_away_is_not_made_anew(open_hook: Hook) -> None:
    number = open_hook.reader()
    body = open_hook.filled(fixture("plain-by-verp").body, ADDRESS, number)
    folder = open_hook.room.settings.root / ".feeder"
    folder.rename(folder.with_name("away"))
    assert open_hook.send("plain", body)[0] == 503
    assert open_hook.send("ses", "{}", key=amazon("another")[0])[0] == 403
    assert not folder.exists()
    folder.with_name("away").rename(folder)
    assert open_hook.send("plain", body)[0] == 200
    assert len(open_hook.room.rows(schema.bounce)) == 1


def test_only_posts_are_answered(open_hook: Hook) -> None:
    for path in ("/mail/webhook/ses", "/mail/webhook/"):
        connection = http.client.HTTPConnection("127.0.0.1", open_hook.port, timeout=30)
        connection.request("GET", path)
        assert connection.getresponse().status == 405
        connection.close()
    assert open_hook.post("nobody", b"{}")[0] == 404


def test_a_database_that_another_program_holds_asks_to_come_again(
    open_hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    from feeder.web.webhook import desk

    monkeypatch.setattr(desk, "PATIENCE", 0.05)
    number = open_hook.reader()
    body = open_hook.filled(fixture("plain-by-verp").body, ADDRESS, number)
    with open_hook.room.database.begin():
        assert open_hook.send("plain", body)[0] == 503
    assert open_hook.send("plain", body)[0] == 200
    assert len(open_hook.room.rows(schema.bounce)) == 1


def test_names_of_secrets_are_not_in_answers(open_hook: Hook) -> None:
    words = open_hook.post("postmark", b"{}")[1] + open_hook.post("mailgun", envelope("{}", NOW))[1]
    assert MAILGUN_KEY not in words
    assert "a secret" not in words
    assert WEB


def test_more_reports_than_are_read_at_once_are_refused_and_none_is_lost(open_hook: Hook) -> None:
    open_hook.reader()
    rest = [{"kind": "hard", "address": f"nobody{number}@example.com"} for number in range(200)]
    one = {"kind": "hard", "address": ADDRESS}
    assert open_hook.send("plain", json.dumps([*rest, one]))[0] == 413
    assert not open_hook.room.suppressed(ADDRESS)
    assert open_hook.send("plain", json.dumps([*rest[1:], one]))[0] == 200
    assert open_hook.room.suppressed(ADDRESS) == "bounce"
