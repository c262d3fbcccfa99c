"""A hub that hangs, drips, floods, lies about who it is, or stands behind a proxy."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from support import NOW, Publication

from feeder.websub import caller, owed, rounds
from tests.websub.hubs import recorder

TOPICS = {"feed.atom": "https://news.example.org/feed.atom", "feed.rss": "https://news.example.org/feed.rss"}
AGENT = "feeder/0 (+https://news.example.org/)"


def ask(hub: str) -> rounds.Notified:
    known = owed.Owed(hub, dict.fromkeys(TOPICS, NOW.timestamp()))
    return rounds.notify(known, TOPICS, AGENT, NOW)[1]


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits of a fraction of a second."""
    for module, name in ((caller, "ANSWER_S"), (rounds, "ANSWER_S"), (rounds, "ROUND_S")):
        monkeypatch.setattr(module, name, 0.3)


@contextmanager
def raw(speak: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """A server that takes one connection and says what ``speak`` does; its address."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def run() -> None:
            try:
                peer = listening.accept()[0]
            except OSError:
                return
            with peer:
                try:
                    peer.recv(1 << 16)
                    speak(peer, ended)
                except OSError:
                    """The client hung up."""

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        finally:
            ended.set()
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(20)
            assert not thread.is_alive()


def threads() -> list[str]:
    return [one.name for one in threading.enumerate() if one.name == "hub"]


def wait_for_the_end() -> None:
    for one in threading.enumerate():
        if one.name == "hub":
            one.join(20)
    assert threads() == []


@pytest.mark.usefixtures("short")
def test_a_hub_that_hangs_is_waited_for_no_longer_than_it_is_worth() -> None:
    with raw(lambda _, ended: (ended.wait(60), None)[1]) as hub:
        found = ask(hub)
        assert (found.topics, found.owed) == ((), 2)
        assert found.error.startswith("gave no answer within ")
        assert found.next == NOW + timedelta(minutes=1)
        wait_for_the_end()


@pytest.mark.usefixtures("short")
def test_a_hub_that_drips_is_hung_up_on() -> None:
    def drip(peer: socket.socket, ended: threading.Event) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\n")
        while not ended.wait(0.05):
            peer.sendall(b"X")

    with raw(drip) as hub:
        found = ask(hub)
        assert (found.topics, found.owed) == ((), 2)
        wait_for_the_end()


@pytest.mark.usefixtures("short")
def test_a_body_that_drips_is_not_waited_for() -> None:
    def drip(peer: socket.socket, ended: threading.Event) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while not ended.wait(0.05):
            peer.sendall(b"X")

    with raw(drip) as hub:
        ask(hub)
        wait_for_the_end()


def test_a_flood_of_an_answer_is_not_read() -> None:
    sent: list[int] = []

    def flood(peer: socket.socket, ended: threading.Event) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        while not ended.is_set() and len(sent) < 1000:
            peer.sendall(b"x" * (1 << 16))
            sent.append(1)

    with raw(flood) as hub:
        found = rounds.notify(owed.Owed(hub, {"feed.atom": 0.0}), TOPICS, AGENT, NOW)[1]
    assert found.topics == (TOPICS["feed.atom"],)
    assert len(sent) < 1000


@pytest.mark.parametrize(
    "answer",
    [b"", b"SSH-2.0-OpenSSH_9\r\n", b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200, b"HTTP/1.1 " + b"9" * 70000,
     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n", b"\x00\xff" * 500],
)  # fmt: skip
def test_what_is_no_answer_is_told_in_words(answer: bytes) -> None:
    with raw(lambda peer, _: peer.sendall(answer)) as hub:
        found = ask(hub)
    assert (found.topics, found.refused, found.owed) == ((), (), 2)
    assert found.error.startswith("cannot be reached: ")
    assert len(found.error) < 250


@pytest.mark.parametrize(
    "hub", ["http://no-such-host.invalid/", "http://127.0.0.1:1/", "http://a..b/", "http://[::1]:1/"]
)
def test_a_hub_that_is_not_there_fails_no_run(publication: Publication, hub: str) -> None:
    publication.configure(f'[feeds]\nhub = "{hub}"\n')
    publication.entry("a", title="甲", date="2026-11-20")
    report = publication.run()
    assert report.exit_code == 0
    assert report.hub is not None
    assert (report.hub.owed, report.hub.topics) == (3, ())
    assert report.hub.error.startswith("cannot be reached: ")


def certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1 and its key, in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hub")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=9999))
        .not_valid_after(NOW + timedelta(days=9999))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "hub.crt", folder / "hub.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret = serialization.NoEncryption()
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, secret))
    return files


def test_over_https_the_hub_must_prove_who_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chain, key = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    with recorder(wrap=lambda plain: context.wrap_socket(plain, server_side=True)) as hub:
        address = f"https://127.0.0.1:{hub.port}/"
        found = ask(address)
        assert (found.topics, hub.asked) == ((), [])
        assert found.error == "cannot be reached: its certificate is not to be trusted: self-signed certificate"
        monkeypatch.setenv("SSL_CERT_FILE", str(chain))
        assert ask(address).topics == tuple(TOPICS.values())
        named = ask(address.replace("127.0.0.1", "localhost"))
        assert "Hostname mismatch" in named.error
        assert len(hub.asked) == 2


def test_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("no_proxy", "NO_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "REQUEST_METHOD"):
        monkeypatch.delenv(name, raising=False)
    with recorder() as proxy:
        monkeypatch.setenv("http_proxy", f"http://li:geheim@127.0.0.1:{proxy.port}")
        monkeypatch.setenv("https_proxy", f"127.0.0.1:{proxy.port}")
        assert ask("http://hub.example.net/push?x=1").topics == tuple(TOPICS.values())
        assert proxy.lines[0] == "POST http://hub.example.net/push?x=1 HTTP/1.1"
        assert proxy.heads[0]["host"] == "hub.example.net"
        assert proxy.heads[0]["proxy-authorization"] == "Basic bGk6Z2VoZWlt"
        found = ask("https://hub.example.net/")
        assert proxy.lines[-1].startswith("CONNECT hub.example.net:443 ")
        assert "502" in found.error
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        assert ask(proxy.url).topics == tuple(TOPICS.values())
        assert proxy.lines[-1] == "POST / HTTP/1.1"
