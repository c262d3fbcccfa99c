"""DKIM signatures (RFC 6376; Ed25519: RFC 8463), relaxed/relaxed, at about the price of the key's own operation.

What all messages of a digest share is put into canonical form and hashed once: a `Seal` carries it.
"""

from __future__ import annotations

import os
import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from feeder.errors import Problem, SettingsError
from feeder.mail.message.headers import unfold

if TYPE_CHECKING:
    from hashlib import _Hash

    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

    from feeder.config import Settings

SIGNED: Final = (
    b"from", b"reply-to", b"to", b"subject", b"date", b"message-id", b"mime-version", b"content-type",
    b"content-language", b"list-id", b"list-unsubscribe", b"list-unsubscribe-post", b"list-archive", b"list-help",
    b"feedback-id", b"auto-submitted",
)  # fmt: skip
"""The fields that are signed where they stand."""
OVERSIGNED: Final = (b"from", b"subject", b"date")
"""Those a second one of which would break the signature."""
SMALLEST: Final = 2048
"""Bits of an RSA key; RFC 8301 tells verifiers to refuse less than 1024, and large receivers want 2048."""

_FIELD = b"DKIM-Signature: "
_VALUE_LINE = 72
_BLANKS = re.compile(rb"[ \t]+")
_FOLDS = re.compile(rb"\r\n(?=[ \t])")
_HOW = {
    "rsa-sha256": "make one: openssl genrsa -out secrets/dkim.pem 2048",
    "ed25519-sha256": "make one: openssl genpkey -algorithm ed25519 -out secrets/dkim-ed25519.pem",
}


@dataclass(frozen=True, slots=True)
class _Key:
    algorithm: str
    domain: str
    selector: str
    public: bytes
    """As p= of the DNS record has it, before base64."""
    sign: Callable[[bytes], bytes]
    """The signature over a SHA-256 digest."""


class Signer:
    """Signs messages with the keys of ``[mail.dkim]``."""

    def __init__(self, keys: Sequence[_Key]) -> None:
        self._keys = tuple(keys)
        self.domain = keys[0].domain

    def seal(self, constant: Sequence[tuple[bytes, bytes]], at: datetime) -> Seal:
        """What signs the messages of a digest.

        Args:
            constant: the fields that all of them share, as `headers.unfold` gives them.
            at: the time of the signature.
        """
        return Seal(self._keys, constant, at)

    def sign(self, data: bytes, at: datetime) -> bytes:
        """A whole message, with its signatures put in front of it."""
        head, _, body = data.partition(b"\r\n\r\n")
        fields = [unfold(line) for line in _fields(head)]
        digest = sha256(relaxed_body(body)).digest()
        return self.seal(fields, at).sign((), digest) + data

    def public(self) -> list[tuple[str, str, bytes]]:
        """``(algorithm, name of the DNS record, public key as p= has it)`` of each key."""
        return [(key.algorithm, f"{key.selector}._domainkey.{key.domain}", key.public) for key in self._keys]


class Seal:
    """The signing of messages that share most of their header fields."""

    def __init__(self, keys: Sequence[_Key], constant: Sequence[tuple[bytes, bytes]], at: datetime) -> None:
        self._keys = tuple(keys)
        fields = [field for field in constant if field[0] in SIGNED]
        self._names = tuple([name for name, _ in fields])
        self._shared = sha256(b"".join([b"%b:%b\r\n" % field for field in fields]))
        self._at = int(at.timestamp())
        self._made: dict[tuple[bytes, ...], list[_Made]] = {}

    def sign(self, fields: Sequence[tuple[bytes, bytes]], body_hash: bytes) -> bytes:
        """The DKIM-Signature fields of one message, with their CRLF.

        Args:
            fields: the message's own, in relaxed form, all of them signed.
            body_hash: SHA-256 of the body in relaxed form.
        """
        names = tuple([name for name, _ in fields])
        made = self._made.get(names) or self._make(names)
        state = self._shared.copy()
        state.update(b"".join([b"%b:%b\r\n" % field for field in fields]))
        encoded = b64encode(body_hash)
        return b"".join([one.field(state.copy(), encoded) for one in made])

    def _make(self, names: tuple[bytes, ...]) -> list[_Made]:
        listed = [*self._names, *names]
        folded = _folded(b":".join([*listed, *(name for name in OVERSIGNED if name in listed)]))
        self._made[names] = [_Made(key, folded, self._at) for key in self._keys]
        return self._made[names]


class _Made:
    """One key's field, all but what changes from message to message."""

    def __init__(self, key: _Key, listed: bytes, at: int) -> None:
        self._sign = key.sign
        tags = f"v=1; a={key.algorithm}; c=relaxed/relaxed; d={key.domain};\r\n s={key.selector}; t={at};\r\n h="
        self._head = tags.encode("ascii") + listed + b";\r\n bh="
        self._relaxed = b"dkim-signature:" + b" ".join(self._head.split())

    def field(self, state: _Hash, body_hash: bytes) -> bytes:
        """The field with its CRLF; ``state`` has seen all other fields."""
        state.update(self._relaxed + body_hash + b"; b=")
        signature = b64encode(self._sign(state.digest()))
        lines = [signature[at : at + _VALUE_LINE] for at in range(0, len(signature), _VALUE_LINE)]
        return _FIELD + self._head + body_hash + b";\r\n b=" + b"\r\n ".join(lines) + b"\r\n"


def signer(settings: Settings) -> Signer | None:
    """The signer of ``[mail.dkim]``; none where nothing is set, or where the relay signs itself.

    Raises:
        SettingsError: a key cannot be read, or is none that receivers take.
    """
    dkim = settings.mail.dkim
    if not dkim.domain or settings.mail.smtp.rewrites:
        return None
    domain = dkim.domain.encode("idna").decode("ascii").lower()
    keys = []
    if dkim.key_file:
        keys.append(_load(settings, domain, dkim.selector, dkim.key_file, "rsa-sha256"))
    if dkim.ed25519_key_file:
        keys.append(_load(settings, domain, dkim.ed25519_selector, dkim.ed25519_key_file, "ed25519-sha256"))
    if not keys:
        raise SettingsError("[mail.dkim] has a domain and no key_file", hint="name the private key, or remove domain")
    return Signer(keys)


def exposed(settings: Settings) -> list[Problem]:
    """The key files that others on this machine can read."""
    problems = []
    for path in (settings.mail.dkim.key_file, settings.mail.dkim.ed25519_key_file):
        try:
            mode = os.stat(os.path.join(settings.root, path)).st_mode if path else 0
        except OSError:
            continue  # said by `signer`
        if mode & 0o004:
            problems.append(Problem(path, "everybody on this machine can read this private key", f"chmod 600 {path}"))
    return problems


def relaxed_body(body: bytes) -> bytes:
    """A body in the relaxed canonical form (RFC 6376 section 3.4.4)."""
    lines = [_BLANKS.sub(b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    return b"".join([line + b"\r\n" for line in lines])


def _fields(head: bytes) -> list[bytes]:
    return _FOLDS.sub(b"", head).split(b"\r\n")


def _folded(names: bytes) -> bytes:
    lines = [b""]
    for name in names.split(b":"):
        if len(lines[-1]) + len(name) > _VALUE_LINE - 2:
            lines.append(b"")
        lines[-1] += name + b":"
    return b"\r\n ".join(lines)[:-1]


def _load(settings: Settings, domain: str, selector: str, path: str, algorithm: str) -> _Key:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if not selector:
        raise SettingsError(
            f"[mail.dkim] has no selector for {path}", hint='as selector = "s1"; it is part of a DNS name'
        )
    try:
        with open(os.path.join(settings.root, path), "rb") as file:
            private = load_pem_private_key(file.read(), password=None)
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}", hint="[mail.dkim] names it as a private key") from error
    except (ValueError, TypeError) as error:
        raise SettingsError(f"{path}: not a private key in PEM without a password", hint=_HOW[algorithm]) from error
    return (
        _rsa(domain, selector, path, private)
        if algorithm == "rsa-sha256"
        else _ed25519(domain, selector, path, private)
    )


def _rsa(domain: str, selector: str, path: str, private: PrivateKeyTypes) -> _Key:
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    if not isinstance(private, RSAPrivateKey):
        raise SettingsError(f"{path}: not an RSA key", hint=_HOW["rsa-sha256"])
    if private.key_size < SMALLEST:
        raise SettingsError(f"{path}: {private.key_size} bits are too few", hint=_HOW["rsa-sha256"])
    padding, prehashed = PKCS1v15(), Prehashed(SHA256())
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return _Key("rsa-sha256", domain, selector, public, lambda digest: private.sign(digest, padding, prehashed))


def _ed25519(domain: str, selector: str, path: str, private: PrivateKeyTypes) -> _Key:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    if not isinstance(private, Ed25519PrivateKey):
        raise SettingsError(f"{path}: not an Ed25519 key", hint=_HOW["ed25519-sha256"])
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return _Key("ed25519-sha256", domain, selector, public, private.sign)
