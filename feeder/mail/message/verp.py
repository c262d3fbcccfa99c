"""Return paths that say which message came back (VERP), signed so that nobody can make up a bounce."""

from __future__ import annotations

import re
from collections.abc import Sequence
from hmac import compare_digest, digest
from typing import Final

from feeder.mail.addresses import normal

_PURPOSE: Final = b"verp "
_MARK_BYTES: Final = 5
_LOCAL = re.compile(r"([0-9]{1,18})-([0-9]{1,18})-([0-9a-f]{10})\Z")


class Verp:
    """Makes and reads return paths ``bounce+DIGEST-SUBSCRIBER-MARK@example.org``.

    Args:
        keys: secrets of the mail database, newest first; any of them is good for reading.
        base: the address without its mark; empty: there are no such return paths.

    Raises:
        BadAddress: the base is none.
    """

    def __init__(self, keys: Sequence[bytes], base: str) -> None:
        self.keys = tuple(keys)
        self.base = normal(base)[0] if base else ""
        self._local, _, self._domain = self.base.rpartition("@")

    def address(self, number: int, subscriber: int) -> str:
        """The return path of a digest's message to a subscriber; empty where there is no base."""
        if not self.base:
            return ""
        what = f"{number}-{subscriber}"
        return f"{self._local}+{what}-{_mark(self.keys[0], what)}@{self._domain}"

    def read(self, address: str) -> tuple[int, int] | None:
        """``(digest, subscriber)`` of a return path that was made here; nothing of any other text."""
        local, at, domain = address.strip(" <>").rpartition("@")
        before, plus, extension = local.rpartition("+")
        if not (at and plus) or domain.lower() != self._domain.lower() or before.lower() != self._local.lower():
            return None
        match = _LOCAL.match(extension.lower())
        if not match or not any(compare_digest(_mark(key, f"{match[1]}-{match[2]}"), match[3]) for key in self.keys):
            return None
        return int(match[1]), int(match[2])


def _mark(key: bytes, what: str) -> str:
    return digest(key, _PURPOSE + what.encode(), "sha256")[:_MARK_BYTES].hex()
