"""Tokens in links and return addresses: who may unsubscribe, confirm, or change preferences, and of which list.

A token says in the clear whom it is about and is signed (itsdangerous), with a salt for each purpose. Nothing is kept
for it: keys rotate by putting a new one first, and old tokens stay good as long as their key is in the list.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from types import MappingProxyType
from typing import Final, Literal

from itsdangerous import BadSignature, Signer
from itsdangerous.encoding import base64_decode, base64_encode

Purpose = Literal["unsubscribe", "confirm", "preferences", "data", "form"]

MAX_AGE: Mapping[Purpose, timedelta | None] = MappingProxyType(
    {
        "unsubscribe": None,
        "confirm": timedelta(days=7),
        "preferences": timedelta(days=90),
        "data": timedelta(days=1),
        "form": timedelta(hours=12),
    }
)
"""How long a token is good. A digest of two years ago still unsubscribes; preferences outlast two monthly digests.

Digests are forwarded, and their links with them: what is kept about a person, and its end, need a link of their own."""

ANYBODY: Final = 1
"""The subscriber in a token for ``form``: it says when the page of a list was shown, to whomever."""

LONGEST: Final = 200
"""Characters; what is longer is no token of ours."""

_AHEAD = timedelta(days=1)
"""How far in the future a token may have been made: clocks of two machines differ."""
_PAYLOAD = re.compile(r"([1-9][0-9]{0,18})-([0-9]{1,11})-([a-z0-9-]*)")
_LIST = re.compile(r"[a-z0-9-]{0,64}")


@dataclass(frozen=True, slots=True)
class Token:
    """What a token says, once its signature has been believed."""

    purpose: Purpose
    subscriber: int
    list: str
    """Name of the list it is about; empty: of all the person's."""
    made_at: datetime
    """When it was made, to the second; 1970 for one made without a time."""


class Tokens:
    """Makes and reads tokens."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        """Use ``keys``, the newest first, as `MailDatabase.secrets` gives them."""
        self._signers = {purpose: _signer(keys, purpose) for purpose in MAX_AGE}

    def make(self, purpose: Purpose, subscriber: int, list: str = "", now: datetime | None = None) -> str:  # noqa: A002
        """A token: letters, digits, ``-``, ``_`` and ``.``; the same for the same arguments.

        Raises:
            ValueError: the purpose's tokens expire and ``now`` is missing, or ``list`` is no name of a list.
        """
        if now is None and MAX_AGE[purpose] is not None:
            raise ValueError(f"a token to {purpose} needs the time at which it is made")
        if not _LIST.fullmatch(list):
            raise ValueError(f"no name of a list: {list!r}")
        seconds = int(now.timestamp()) if now is not None else 0
        return self._signers[purpose].sign(f"{subscriber}-{seconds}-{list}").decode("ascii")

    def read(self, purpose: Purpose, token: str, now: datetime, max_age: timedelta | None = None) -> Token | None:
        """What the token says; None for every token that is not good, whatever the reason.

        Args:
            purpose: what it has to be for.
            token: as it came from outside.
            now: the time.
            max_age: how old it may be; not given: as long as is usual for the purpose (`MAX_AGE`).
        """
        payload = self._payload(purpose, token)
        found = _PAYLOAD.fullmatch(payload) if payload is not None else None
        if found is None:
            return None
        seconds = int(found[2])
        made_at = datetime.fromtimestamp(seconds, UTC)
        allowed = max_age if max_age is not None else MAX_AGE[purpose]
        # Without a time, one that expires was never made by us.
        if allowed is not None and not (seconds and -_AHEAD <= now - made_at <= allowed):
            return None
        return Token(purpose, int(found[1]), found[3], made_at)

    def _payload(self, purpose: Purpose, token: str) -> str | None:
        if len(token) > LONGEST or not token.isascii():
            return None
        try:
            payload = self._signers[purpose].unsign(token).decode("ascii")
            signature = token.rpartition(".")[2].encode("ascii")
            # Base64 has spare bits at its end: only one of the spellings of a signature is ours.
            return payload if base64_encode(base64_decode(signature)) == signature else None
        except (BadSignature, ValueError):
            return None


def _signer(keys: Sequence[bytes], purpose: Purpose) -> Signer:
    # Derived once here, with the purpose in it: itsdangerous would derive anew for each token.
    salt = f"feeder.mail.{purpose}".encode("ascii")
    derived = [sha256(salt + b"\0" + key).digest() for key in reversed(keys)]
    return Signer(derived, salt=salt, key_derivation="none", digest_method=sha256)
