"""Our own marks in a message that came back: they prove which message it is about, and cannot be made up."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hmac import compare_digest

from feeder.mail.mailbox.parsing import Letter
from feeder.mail.message.message_ids import digest_message_id
from feeder.mail.message.verp import Verp

ADDRESSED = ("to", "cc", "delivered-to", "x-original-to", "x-delivered-to", "envelope-to", "x-envelope-to",
             "original-recipient", "apparently-to", "resent-to", "x-forwarded-to", "x-rcpt-to")  # fmt: skip
"""Headers in which the address stands to which a message was delivered."""

_RETURN_PATH = re.compile(
    r"[A-Za-z0-9!#$%&'*/=?^_`{|}~.-]{1,64}\+\d{1,18}-\d{1,18}-[0-9A-Fa-f]{10}@[A-Za-z0-9.-]{1,253}"
)
_OF_DIGEST = re.compile(r"(?<![\w.])(\d{1,18})\.(\d{1,18})\.([0-9a-f]{12})@")
_OF_NOTICE = re.compile(r"(?<![\w.-])([a-z]{1,20}\.\d{10,18}\.[0-9a-f]{12}@[A-Za-z0-9.-]{1,253})")
_MOST = 50


@dataclass(frozen=True, slots=True)
class Mark:
    """A message of ours: whom it went to, and in which digest."""

    digest: int
    subscriber: int


class Marks:
    """Finds the marks of one publication."""

    def __init__(self, keys: Sequence[bytes], verp: Verp) -> None:
        self._keys = tuple(keys)
        self._verp = verp

    def addressed(self, letter: Letter, recipient: str = "") -> Mark | None:
        """By the return path that the letter was sent to; ``recipient`` is what the mail server says of it."""
        return next(self._paths([recipient, *letter.all(*ADDRESSED)]), None)

    def within(self, letter: Letter) -> Mark | None:
        """By a return path or a Message-ID anywhere in the message that came back."""
        texts = [letter.everything, *letter.all("in-reply-to", "references")]
        return next(self._paths(texts), None) or next(self._message_ids(" ".join(texts)), None)

    def own(self, letter: Letter) -> bool:
        """Whether the letter itself is a digest of ours."""
        return next(self._message_ids(letter.first("message-id")), None) is not None

    def _paths(self, texts: Iterable[str]) -> Iterator[Mark]:
        for text in texts:
            for number, match in enumerate(_RETURN_PATH.finditer(text)):
                read = self._verp.read(match[0]) if number < _MOST else None
                if read is not None:
                    yield Mark(*read)

    def _message_ids(self, text: str) -> Iterator[Mark]:
        for number, match in enumerate(_OF_DIGEST.finditer(text)):
            if number < _MOST and self._is_ours(int(match[1]), int(match[2]), match[3]):
                yield Mark(int(match[1]), int(match[2]))

    def _is_ours(self, digest: int, subscriber: int, mark: str) -> bool:
        made = (digest_message_id([key], digest, subscriber, "") for key in self._keys)
        return any(compare_digest(one, f"<{digest}.{subscriber}.{mark}@>") for one in made)


def notices(letter: Letter) -> list[str]:
    """What may be Message-IDs of system mails of ours in a message that came back; the database knows."""
    return list(dict.fromkeys(f"<{match[1]}>" for match in _OF_NOTICE.finditer(letter.everything)))[:_MOST]
