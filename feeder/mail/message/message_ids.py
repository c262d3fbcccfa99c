"""Message-IDs: the same whenever a message is made again, and not to be guessed."""

from __future__ import annotations

from collections.abc import Sequence
from hmac import digest

_MARK_BYTES = 6


def digest_message_id(keys: Sequence[bytes], number: int, subscriber: int, domain: str) -> str:
    """The Message-ID of a digest's message to a subscriber, with its angle brackets.

    Args:
        keys: secrets of the mail database, newest first; the oldest counts, so that a new one changes no Message-ID.
        domain: that of From.
    """
    what = f"{number}.{subscriber}"
    return f"<{what}.{_mark(keys, what)}@{domain}>"


def notice_message_id(keys: Sequence[bytes], kind: str, address: str, at: int, domain: str) -> str:
    """The Message-ID of a system mail made at an instant (microseconds since the epoch), with its angle brackets."""
    return f"<{kind}.{at}.{_mark(keys, f'{kind} {address} {at}')}@{domain}>"


def _mark(keys: Sequence[bytes], what: str) -> str:
    return digest(keys[-1], b"message-id " + what.encode("utf-8", "replace"), "sha256")[:_MARK_BYTES].hex()
