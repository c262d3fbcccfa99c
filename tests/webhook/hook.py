"""The webhook on a socket, before a mail room; requests as the providers send and sign them."""

from __future__ import annotations

import http.client
import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from hmac import digest
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from mail.mailroom import LISTS, Mailroom, mailroom
from starlette.applications import Starlette
from support import FIXTURES, NOW, Publication

from feeder.config.secrets import Secrets
from feeder.mail import schema
from feeder.web import webhook
from feeder.web.serving import Serving
from feeder.web.values import Condition, Why
from feeder.web.webhook import plain, sns

LATER = NOW + timedelta(hours=1)
TOPIC = "arn:aws:sns:eu-west-1:123456789012:bounces"
RELAY_ID = "0102018f3b2c4d5e-7a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9-000000"
SECRET, MAILGUN_KEY = "a secret of the webhook", "key-3ax6xnjp29jd6fds4gc373sgvjxteol0"
WEB = f"""
[web]
url = "https://news.example.org/mail/"
[web.webhook]
sns_certificate = "sns.pem"
sns_topics = ["{TOPIC}"]
"""


class Fixture(NamedTuple):
    """A report of tests/fixtures/webhook, and what is expected of it."""

    provider: str
    subscriber: str
    expect: dict[str, Any]
    body: str


def fixture(name: str) -> Fixture:
    data = json.loads((FIXTURES / f"webhook/{name}.json").read_text("utf-8"))
    return Fixture(data["provider"], data["subscriber"], data["expect"], json.dumps(data["body"], ensure_ascii=False))


class Office:
    """The process around the pages, as far as the webhook asks it anything."""

    def __init__(self) -> None:
        self.time = LATER
        self.rung: list[Why] = []

    def now(self) -> datetime:
        return self.time

    def ring(self, why: Why) -> None:
        self.rung.append(why)

    def condition(self) -> Condition:
        return Condition(started=self.time)


@cache
def amazon(name: str = "sns.amazonaws.com", days: int = 30) -> tuple[rsa.RSAPrivateKey, bytes]:
    """A key, and its certificate in PEM that is good around now."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=60))
        .not_valid_after(NOW + timedelta(days=days))
        .sign(key, SHA256())
    )
    return key, made.public_bytes(Encoding.PEM)


class Hook:
    """The webhook of one publication, answering."""

    def __init__(self, room: Mailroom, port: int, office: Office) -> None:
        self.room, self.port, self.office = room, port, office
        self.number = 0

    def post(self, path: str, body: bytes, headers: Mapping[str, str] | None = None) -> tuple[int, str]:
        """Status and words of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("POST", f"/mail/webhook/{path}", body, dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def send(self, provider: str, body: str, **given: Any) -> tuple[int, str]:
        """Post a body as the provider would: wrapped and signed. Each has a time and a token of its own."""
        self.number += 1
        made: tuple[bytes, dict[str, str]] = getattr(self, f"_{provider}")(body, **given)
        return self.post("" if provider == "plain" else provider, *made)

    def _ses(self, body: str, **given: Any) -> tuple[bytes, dict[str, str]]:
        return envelope(body, self.office.time, number=self.number, **given), {
            "Content-Type": "text/plain; charset=UTF-8"
        }

    def _postmark(self, body: str, password: str = SECRET) -> tuple[bytes, dict[str, str]]:
        return body.encode(), {"Authorization": "Basic " + b64encode(f"feeder:{password}".encode()).decode()}

    def _mailgun(self, body: str, key: str = MAILGUN_KEY, token: str = "") -> tuple[bytes, dict[str, str]]:
        stamp, token = str(int(self.office.time.timestamp())), token or f"{self.number:050}"
        signature = digest(key.encode(), f"{stamp}{token}".encode(), "sha256").hex()
        signed = {"signature": {"timestamp": stamp, "token": token, "signature": signature}, **json.loads(body)}
        return json.dumps(signed).encode(), {"Content-Type": "application/json"}

    def _plain(self, body: str, secret: str = SECRET, at: int = 0) -> tuple[bytes, dict[str, str]]:
        at = at or int(self.office.time.timestamp())
        return body.encode(), {"X-Feeder-Signature": plain.signature(secret.encode(), body.encode(), at)}

    def reader(self, address: str = "reader@example.com") -> int:
        """A subscriber who was sent digest 1 by a relay that told its own name of the message."""
        number = self.room.person(address)
        self.room.deliver(number)
        with self.room.database.begin() as connection:
            connection.execute(schema.delivery.update().values(reply=f"250 Ok {RELAY_ID}"))
        return number

    def filled(self, body: str, address: str, number: int) -> str:
        """A fixture with its holes filled, for digest 1 to this subscriber."""
        message_id = self.room.message_id(1, number)
        holes = {"address": address, "message-id": message_id, "bare-message-id": message_id.strip("<>"),
                 "verp": self.room.verp(1, number)}  # fmt: skip
        return re.sub(r"\{([a-z-]+)\}", lambda hole: holes[hole[1]], body)

    def found(self, address: str) -> dict[str, Any]:
        """What became of the subscriber, as fixtures say what is expected."""
        rows = self.room.rows(schema.bounce)
        return {
            "suppressed": self.room.suppressed(address),
            "subscription": self.room.state_of(address),
            "bounces": [[row.kind, row.status, row.digest] for row in rows],
            "delivery": self.room.rows(schema.delivery)[0].state,
        }


def envelope(
    message: str,
    at: datetime,
    *,
    number: int = 1,
    version: str = "1",
    kind: str = "Notification",
    key: rsa.RSAPrivateKey | None = None,
    **changed: Any,
) -> bytes:
    """What SNS posts, signed with its key; ``changed`` is changed after signing where it begins with ``after_``."""
    subject = {"Subject": "Amazon SES Email Event Notification"} if kind == "Notification" and number % 2 else {}
    made: dict[str, Any] = {
        "Type": kind, "MessageId": f"22b80b92-fdea-4c2c-8f9d-{number:012}", "TopicArn": TOPIC, **subject,
        "Message": message, "Timestamp": f"{at:%Y-%m-%dT%H:%M:%S.123Z}", "SignatureVersion": version,
        "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem",
    }  # fmt: skip
    made |= {name: value for name, value in changed.items() if not name.startswith("after_")}
    signature = (key or amazon()[0]).sign(sns.canonical(made), PKCS1v15(), SHA1() if version == "1" else SHA256())
    made["Signature"] = b64encode(signature).decode()
    made |= {name.removeprefix("after_"): value for name, value in changed.items() if name.startswith("after_")}
    return json.dumps(made, ensure_ascii=False).encode()


@contextmanager
def hook(publication: Publication, *, environ: Mapping[str, str] | None = None, extra: str = "") -> Iterator[Hook]:
    """The webhook on a free port of loopback for as long as the block lasts."""
    publication.write("sns.pem", amazon()[1])
    given = {"FEEDER_WEBHOOK_SECRET": SECRET, "FEEDER_MAILGUN_KEY": MAILGUN_KEY} if environ is None else environ
    with mailroom(publication, LISTS + (extra or WEB)) as room:
        office = Office()
        serving = Serving(Starlette(routes=webhook.routes(room.settings, office, Secrets(given))), "127.0.0.1", 0)
        serving.start()
        try:
            yield Hook(room, serving.port, office)
        finally:
            serving.stop()
