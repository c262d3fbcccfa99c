"""Keys for the tests of signatures, and dkimpy as the judge of what was signed with them."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from mail.letters import settings

from feeder.config.settings import Dkim, Settings
from feeder.mail.message import dkim


@cache
def rsa_pem(bits: int = 2048) -> bytes:
    """A private RSA key."""
    return rsa.generate_private_key(65537, bits).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@cache
def ed25519_pem() -> bytes:
    """A private Ed25519 key."""
    return ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def signing(root: Path, *, second: bool = True) -> Settings:
    """Settings whose keys lie in ``root``."""
    for name, pem in (("rsa.pem", rsa_pem()), ("ed25519.pem", ed25519_pem())):
        (root / name).write_bytes(pem)
        (root / name).chmod(0o600)
    pair = {"ed25519_selector": "s2", "ed25519_key_file": "ed25519.pem"} if second else {}
    return settings(root, dkim=Dkim(domain="example.org", selector="s1", key_file="rsa.pem", **pair))


def records(signer: dkim.Signer) -> dict[str, str]:
    """What the DNS says for the signer's keys: name -> text."""
    kinds = {"rsa-sha256": "rsa", "ed25519-sha256": "ed25519"}
    return {
        name: f"v=DKIM1; k={kinds[algorithm]}; p={b64encode(public).decode()}"
        for algorithm, name, public in signer.public()
    }


def judge(signer: dkim.Signer) -> Callable[[bytes], list[bool]]:
    """What dkimpy says of each signature of a message, given the signer's records."""
    theirs = pytest.importorskip("dkim", reason="dkimpy is not installed")
    _lend_ed25519(theirs)
    told = records(signer)

    def verify(data: bytes) -> list[bool]:
        def ask(name: bytes, timeout: int = 5) -> bytes:
            return told[name.decode().rstrip(".")].encode()

        def is_good(index: int) -> bool:
            try:
                return bool(theirs.DKIM(data).verify(idx=index, dnsfunc=ask))
            except theirs.ValidationError:
                return False

        count = data.partition(b"\r\n\r\n")[0].count(b"DKIM-Signature: ")
        return [is_good(index) for index in range(count)]

    return verify


def _lend_ed25519(theirs: ModuleType) -> None:
    """Stand in for PyNaCl, of which dkimpy needs one operation; ``cryptography`` has it too."""
    if hasattr(theirs, "nacl"):
        return

    class BadSignatureError(Exception):
        pass

    class VerifyKey:
        def __init__(self, key: bytes, encoder: object) -> None:
            self._key = ed25519.Ed25519PublicKey.from_public_bytes(b64decode(key))

        def verify(self, digest: bytes, signature: bytes) -> None:
            try:
                self._key.verify(signature, digest)
            except InvalidSignature as error:
                raise BadSignatureError from error

    signing = SimpleNamespace(VerifyKey=VerifyKey)
    nacl = SimpleNamespace(
        signing=signing,
        encoding=SimpleNamespace(Base64Encoder=None),
        exceptions=SimpleNamespace(BadSignatureError=BadSignatureError),
    )
    vars(theirs)["nacl"] = nacl
