"""The transport smtp against a server that misbehaves in every way it can."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from feeder.mail.sending.ledger import Tally
from tests.mail import sink
from tests.mail.postroom import postroom, settings_of
from tests.mail.sink import Accepted, Manners


def deliver(
    folder: Path, manners: Manners, addresses: list[str] | int = 20, runs: int = 1, password: str = "", **smtp: Any
) -> tuple[Tally, dict[str, int], list[Accepted]]:
    """Some runs to one sink, all deferred made due in between: the last tally, the states, what was accepted."""
    with sink.running(folder, manners) as server, postroom(settings_of(folder, server.port, **smtp), addresses) as room:
        room.cut()
        tally = room.send(password=password)
        for _ in range(runs - 1):
            room.make_due()
            tally = room.send(password=password)
        return tally, room.states(), server.accepted()


def each_once(accepted: list[Accepted], count: int) -> bool:
    return sorted(Counter(line.recipient for line in accepted).values()) == [1] * count


@pytest.mark.parametrize(
    "manners",
    [
        Manners(),
        Manners(pipelining=False),
        Manners(talkative=True),
        Manners(size=1_000_000),
        Manners(messages=3),
        Manners(connections=1),
        Manners(slow=0.01),
        Manners(greeting="220-hello\r\n220 there"),
    ],
    ids=["plain", "no pipelining", "talkative", "size", "421 after three", "one connection", "slow", "long greeting"],
)
def test_everybody_gets_one(tmp_path: Path, manners: Manners) -> None:
    tally, states, accepted = deliver(tmp_path, manners, connections=3)
    assert (tally.sent, states) == (20, {"sent": 20})
    assert each_once(accepted, 20)


def test_the_text_arrives_as_it_was(tmp_path: Path) -> None:
    """Dots at the head of lines are doubled on the way, and only there."""
    html = "".join(f"<p>\n.{number}\n..\n</p>\n" for number in range(50))
    with sink.running(tmp_path) as server, postroom(settings_of(tmp_path, server.port), 1) as room:
        room.cut(html=html)
        room.send()
        assert room.states() == {"sent": 1}
        assert len(server.accepted()) == 1


def test_a_connection_is_made_anew_after_its_messages(tmp_path: Path) -> None:
    _, states, accepted = deliver(tmp_path, Manners(), 21, messages=5, connections=2)
    assert states == {"sent": 21}
    assert each_once(accepted, 21)


def test_greylisted(tmp_path: Path) -> None:
    """Put off at the first try: nobody is lost, and it is well at the second; a pause spares the server the rest."""
    tally, states, accepted = deliver(tmp_path, Manners(grey=True), 15, runs=3)
    assert states == {"sent": 15}
    assert each_once(accepted, 15)
    assert tally.deferred == 0


@pytest.mark.parametrize("where", ["at_rcpt", "at_end", "at_mail"])
@pytest.mark.parametrize("pipelining", [True, False])
def test_half_the_replies_are_refusals(tmp_path: Path, where: str, pipelining: bool) -> None:
    pattern = "[02468]-" if where == "at_mail" else "[02468]@"
    manners = Manners(pipelining=pipelining, **{where: {pattern: "554 5.3.0 no"}})
    tally, states, accepted = deliver(tmp_path, manners)
    assert (tally.sent, tally.failed, states) == (10, 10, {"sent": 10, "failed": 10})
    assert each_once(accepted, 10)


def test_a_server_that_asks_for_the_text_though_it_wants_nobody(tmp_path: Path) -> None:
    manners = Manners(invite_anyway=True, at_rcpt={"[02468]@": "550 5.3.0 no"})
    _, states, accepted = deliver(tmp_path, manners)
    assert states == {"sent": 10, "failed": 10}
    assert each_once(accepted, 10)


def test_no_such_user_is_suppressed_at_once_and_policy_never(tmp_path: Path) -> None:
    manners = Manners(
        at_rcpt={"^u1@": "550 5.1.1 no such user", "^u2@": "550 5.7.1 blocked by policy", "^u3@": "550 5.2.1 disabled"}
    )
    with sink.running(tmp_path, manners) as server, postroom(settings_of(tmp_path, server.port), 5) as room:
        room.cut()
        tally = room.send()
        assert (tally.sent, tally.failed, tally.suppressed) == (2, 3, 1)
        kinds = dict(room.raw.execute("SELECT subscriber, kind FROM bounce").fetchall())
        assert kinds == {1: "hard", 2: "policy", 3: "hard"}
        states = dict(room.raw.execute("SELECT subscriber, state FROM subscription").fetchall())
        assert states == {1: "ended", 2: "active", 3: "active", 4: "active", 5: "active"}


def test_a_provider_that_refuses_by_policy_waits_and_suppresses_nobody(tmp_path: Path) -> None:
    addresses = [f"u{number}@qq.com" for number in range(30)] + [f"v{number}@example.net" for number in range(30)]
    manners = Manners(at_end={"@qq": "550 Mail content denied. http://service.mail.qq.com/detail/0/1000726"})
    with sink.running(tmp_path, manners) as server, postroom(settings_of(tmp_path, server.port), addresses) as room:
        room.cut()
        tally = room.send()
        states = dict(
            room.raw.execute(
                "SELECT provider || ' ' || state, count(*) FROM delivery GROUP BY provider, state"
            ).fetchall()
        )
        assert states["example.net sent"] == 30
        assert states["qq failed"] <= 3 + 2
        assert states["qq queued"] == 30 - states["qq failed"]
        assert tally.suppressed == 0
        assert len(tally.alarms) == 1
        assert "mail to qq waits" in tally.alarms[0]
        assert not room.raw.execute("SELECT * FROM suppression").fetchall()


def test_cut_off_between_the_final_dot_and_its_answer(tmp_path: Path) -> None:
    """Sent again under the same Message-ID, byte for byte the same; never a third time."""
    _, states, accepted = deliver(tmp_path, Manners(cut=0.3), 40, runs=4)
    assert set(states) <= {"sent", "held"}
    assert sum(states.values()) == 40
    copies = Counter(line.recipient for line in accepted)
    assert len(copies) == 40
    assert max(copies.values()) <= 2
    assert len(set(accepted)) == 40


def test_cut_off_and_held(tmp_path: Path) -> None:
    """With on_uncertain = "hold" nobody ever gets a second copy."""
    with (
        sink.running(tmp_path, Manners(cut=0.3)) as server,
        postroom(settings_of(tmp_path, server.port, on_uncertain="hold"), 40) as room,
    ):
        room.cut()
        for _ in range(4):
            room.send()
            room.make_due()
        accepted = server.accepted()
        assert each_once(accepted, 40)
        assert set(room.states()) <= {"sent", "held"}


@pytest.mark.parametrize("when", ["MAIL", "RCPT", "DATA"])
def test_hangs_up_over_one_message(tmp_path: Path, when: str) -> None:
    """A message over which the server dies is put off; all others get through."""
    _, states, accepted = deliver(tmp_path, Manners(cut_at=when, cut_whom="1-7-|^u7@|<u7@"), 12)
    assert states == {"sent": 11, "deferred": 1}
    assert each_once(accepted, 11)


def test_hangs_up_always(tmp_path: Path) -> None:
    """Nothing is put off message by message: the server is what is wrong, and it is said once."""
    tally, states, _ = deliver(tmp_path, Manners(cut_at="MAIL"), 50)
    assert "again and again" in tally.down
    assert states["queued"] >= 48


@pytest.mark.parametrize(
    ("greeting", "words"),
    [("421 4.3.2 not now", "421 4.3.2 not now"), ("554 5.7.1 go away", "554 5.7.1 go away"), ("SSH-2.0-OpenSSH_9", "")],
)
def test_bad_greetings(tmp_path: Path, greeting: str, words: str) -> None:
    tally, states, _ = deliver(tmp_path, Manners(greeting=greeting))
    assert states == {"queued": 20}
    assert words in tally.down
    assert len(tally.alarms) == 1


def test_nobody_there(tmp_path: Path) -> None:
    """Everything waits, nothing is put off message by message; what waits is left alone, and told once."""
    with postroom(settings_of(tmp_path, 1), 5) as room:
        room.cut()
        tally = room.send()
        assert "refused" in tally.down
        assert room.states() == {"queued": 5}
        assert room.raw.execute("SELECT provider, times FROM pause").fetchall() == [("*", 1)]
        again = room.send()
        assert (again.down, again.alarms) == ("", [])


def test_421_in_mid_conversation_pauses_everything_behind_a_relay(tmp_path: Path) -> None:
    _, states, accepted = deliver(tmp_path, Manners(at_rcpt={"u": "421 4.7.0 too much mail from you"}), 30)
    assert states["queued"] >= 25
    assert states["deferred"] <= 3
    assert accepted == []


def test_garbage_in_mid_conversation(tmp_path: Path) -> None:
    tally, states, _ = deliver(tmp_path, Manners(at_rcpt={"u": "what?"}), 30)
    assert "not an SMTP reply" in tally.down
    assert sum(states.values()) == 30
    assert not set(states) & {"sent", "sending", "failed"}


def test_too_big_for_the_server(tmp_path: Path) -> None:
    _, states, accepted = deliver(tmp_path, Manners(size=100), 3)
    assert states == {"failed": 3}
    assert accepted == []


def test_an_address_that_cannot_be_written_stops_nobody_else(tmp_path: Path) -> None:
    assert deliver(tmp_path, Manners(utf8=False), ["用户@example.net", "u@example.net"])[1] == {"sent": 1, "failed": 1}


@pytest.mark.parametrize(
    ("mechanisms", "auth"), [("PLAIN LOGIN", "password"), ("LOGIN", "password"), ("XOAUTH2", "xoauth2")]
)
def test_logging_in(tmp_path: Path, mechanisms: str, auth: str) -> None:
    manners = Manners(login="me:secret", mechanisms=mechanisms)
    _, states, _ = deliver(tmp_path, manners, 3, password="secret", user="me", auth=auth)
    assert states == {"sent": 3}


@pytest.mark.parametrize("mechanisms", ["PLAIN LOGIN", "XOAUTH2"])
def test_a_wrong_password_is_told_and_not_shown(tmp_path: Path, mechanisms: str) -> None:
    manners = Manners(login="me:secret", mechanisms=mechanisms)
    auth = "xoauth2" if mechanisms == "XOAUTH2" else "password"
    tally, states, _ = deliver(tmp_path, manners, 3, password="hunter2", user="me", auth=auth)
    assert states == {"queued": 3}
    assert "535 5.7.8" in tally.down
    assert "smtp_password" in tally.down
    assert "hunter2" not in repr(tally)


def test_without_a_password_no_server_is_asked(tmp_path: Path) -> None:
    """As when `publish` is called by hand, where systemd alone gives the password to the service."""
    tally, states, accepted = deliver(tmp_path, Manners(), 3, user="me")
    assert (states, accepted) == ({"queued": 3}, [])
    assert tally.down.endswith(": no password for me (give the secret smtp_password, as FEEDER_SMTP_PASSWORD for one)")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and certificate of ``localhost`` in one file."""
    import datetime as dt

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    file = tmp_path_factory.mktemp("certificate") / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_encrypted(tmp_path: Path, certificate: Path, security: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    manners = Manners(tls=security, certificate=str(certificate))
    _, states, accepted = deliver(tmp_path, manners, 30, security=security, host="localhost")
    assert states == {"sent": 30}
    assert each_once(accepted, 30)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_of_nobody_knows_whom(tmp_path: Path, certificate: Path, security: str) -> None:
    manners = Manners(tls=security, certificate=str(certificate))
    tally, states, _ = deliver(tmp_path, manners, 3, security=security, host="localhost")
    assert states == {"queued": 3}
    assert "certificate" in tally.down


def test_a_server_that_offers_no_encryption_gets_nothing(tmp_path: Path) -> None:
    tally, states, _ = deliver(tmp_path, Manners(), 3, security="starttls")
    assert states == {"queued": 3}
    assert "STARTTLS" in tally.down


def test_big_messages_over_tls(tmp_path: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    manners = Manners(tls="tls", certificate=str(certificate))
    settings = {"security": "tls", "host": "localhost"}
    with sink.running(tmp_path, manners) as server, postroom(settings_of(tmp_path, server.port, **settings), 5) as room:
        room.cut(html="<p>长文</p>\n" * 200_000)
        room.send()
        assert room.states() == {"sent": 5}
