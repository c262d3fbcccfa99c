"""Header fields of a message, written as RFC 5322 and RFC 2047 want them.

The standard library's own writer turns a long List-Unsubscribe into encoded-words (no one-click button then), makes
encoded-words of 76 octets, and lets NUL pass. Here a field is text that is legal whatever is put in: values are
cleaned, a line has at most 76 characters, and only addresses may make one longer.
"""

from __future__ import annotations

import re
from base64 import b64encode
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final

from feeder.mail.addresses import normal

LINE: Final = 76
"""Characters of a line that holds an encoded-word (RFC 2047 section 2); RFC 5322 would have 78."""
LONGEST: Final = 998
"""Characters no line may exceed (RFC 5322 section 2.1.1)."""

_BREAKS = re.compile("[ \t\r\n\v\f\x1c-\x1f\x85\u2028\u2029]+")
# Overrides and embeddings of the writing direction make a name or subject look like another; lone surrogates and
# controls are no text at all.
_NO_TEXT = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]+"
)
_PLAIN = re.compile(r"[\x20-\x7e]*\Z")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+(?: [A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+)*\Z")
_IN_PHRASE = re.compile(rb"[A-Za-z0-9!*+\-/]")  # RFC 2047 section 5 (3): what Q may leave as it is in a name
_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9_+\-.]+@[a-z0-9\-.]+\Z")
_NOT_IN_URL = re.compile("[^\x21-\x3b\x3d\x3f-\x7e]+")

_START, _END = "=?utf-8?", "?="
_WORD = 75
_LONG_WORD = 60


def clean(text: str) -> str:
    """A text as one line that may stand in a header.

    White space and line breaks of any kind become one blank; controls, lone surrogates, noncharacters and overrides
    of the writing direction are taken out.
    """
    return _BREAKS.sub(" ", _NO_TEXT.sub("", text)).strip(" ") if text else ""


def text_field(name: str, value: str) -> str:
    """A field of free text, as Subject; with its CRLF."""
    return f"{name}: {_unstructured(clean(value), len(name) + 2)}".rstrip(" ") + "\r\n"


def mailbox_field(name: str, person: str, address: str) -> str:
    """A field of one address with a display name, as From and To; with its CRLF.

    Raises:
        BadAddress: it is no mail address.
    """
    spec = address if _PLAIN_ADDRESS.match(address) else normal(address)[0]
    shown = phrase(person, len(name) + 2)
    if not shown:
        return f"{name}: {spec}\r\n"
    used = len(name) + 2 + len(shown) if "\r\n" not in shown else len(shown.rpartition("\n")[2])
    between = " " if used + len(spec) + 3 <= LINE else "\r\n "
    return f"{name}: {shown}{between}<{spec}>\r\n"


def phrase(person: str, used: int) -> str:
    """A display name: atoms, a quoted string, or encoded-words (RFC 2047 section 5); empty where it is empty.

    Args:
        used: characters that stand before it on its line.
    """
    shown = clean(person)
    if not shown:
        return ""
    if _PLAIN.match(shown) and "=?" not in shown and len(shown) <= _LONG_WORD:
        if _ATOMS.match(shown):
            return shown
        return '"' + shown.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return _words(shown, used)


def url_field(name: str, *addresses: str) -> str:
    """A field of addresses in angle brackets (RFC 2369), folded only behind a comma; with its CRLF."""
    return f"{name}: <" + ">,\r\n <".join([_url(address) for address in addresses]) + ">\r\n"


def _url(address: str) -> str:
    # The common case costs a tenth of the expression.
    if address.isascii() and address.isprintable() and not ("<" in address or ">" in address or " " in address):
        return address
    return _NOT_IN_URL.sub("", address)


def date_field(at: datetime) -> str:
    """The Date field; with its CRLF."""
    return f"Date: {format_datetime(at.astimezone(UTC).replace(microsecond=0))}\r\n"


def unfold(field: str | bytes) -> tuple[bytes, bytes]:
    """A field's name and value in the relaxed form of DKIM (RFC 6376 section 3.4.2)."""
    data = field.encode("ascii") if isinstance(field, str) else field
    name, _, value = data.partition(b":")
    return name.strip().lower(), b" ".join(value.split())


def _unstructured(value: str, used: int) -> str:
    if _PLAIN.match(value) and "=?" not in value:
        folded = _fold(value, used)
        if folded is not None:
            return folded
    return _words(value, used)


def _fold(value: str, used: int) -> str | None:
    """Lines of whole words; nothing where a word is longer than a line may be."""
    lines = [""]
    for word in value.split(" "):
        room = LINE - (used if len(lines) == 1 else 1)
        if len(word) > LINE - used:
            return None
        if lines[-1] and len(lines[-1]) + 1 + len(word) > room:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
    return "\r\n ".join(lines)


def _words(value: str, used: int) -> str:
    """Encoded-words, none longer than 75 octets and none with half a character, one a line."""
    latin = sum(map(str.isascii, value)) * 3 >= len(value) * 2
    cost = _quoted_cost if latin else _byte_cost
    room = min(_WORD, LINE - used) - len(_START) - 4
    words, start, size = [], 0, 0
    for position, char in enumerate(value):
        more = cost(char)
        limit = room if latin else room // 4 * 3
        if size + more > limit and position > start:
            words.append(value[start:position])
            start, size, room = position, 0, _WORD - len(_START) - 4
        size += more
    words.append(value[start:])
    return "\r\n ".join([_quoted(word) if latin else _based(word) for word in words])


def _byte_cost(char: str) -> int:
    return len(char.encode())


def _quoted_cost(char: str) -> int:
    data = char.encode()
    return 1 if char == " " or _IN_PHRASE.match(data) else 3 * len(data)


def _based(word: str) -> str:
    return f"{_START}B?{b64encode(word.encode()).decode('ascii')}{_END}"


def _quoted(word: str) -> str:
    pieces = [chr(b) if _IN_PHRASE.match(bytes((b,))) else "_" if b == 32 else f"={b:02X}" for b in word.encode()]
    return f"{_START}Q?{''.join(pieces)}{_END}"
