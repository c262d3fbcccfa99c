"""The body of a part as lines of seven bits, with holes: what is the same for all subscribers is encoded once.

Both encodings are already in the relaxed canonical form of DKIM (RFC 6376 section 3.4.4): no blank at the end of a
line, never two blanks in a row.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Mapping, Sequence
from typing import Final, Literal, Protocol, get_args

from feeder.mail.values import HOLE, Hole

TransferEncoding = Literal["base64", "quoted-printable"]

LINE: Final = 76
"""Characters of an encoded line (RFC 2045 section 6.7 and 6.8)."""

_HOLES = re.compile(HOLE.format(f"({'|'.join(get_args(Hole))})"))
_BYTES_A_LINE = 57
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]+")
# A blank at the end of a line or beside another, a tab, "=", and what is not printable ASCII; "From " at the head of
# a line and a line of one dot are touched by mbox files and SMTP.
_ESCAPED = re.compile(rb"[^\x20-\x3c\x3e-\x7e]|=| (?=[ ]|\Z)|\AF(?=rom )|\A\.(?=\Z)")
_SOFT = b"=\r\n"


class Encoded(Protocol):
    """A part's body with holes."""

    name: TransferEncoding
    head: bytes
    """What stands before the first hole, in whole lines."""

    def tail(self, values: Mapping[str, bytes]) -> bytes:
        """The rest, the holes filled with UTF-8; it ends with CRLF."""
        ...


def encoded(content: str) -> Encoded:
    """The content of a part in the shorter of the two encodings; LF becomes CRLF."""
    pieces = _HOLES.split(content)
    constants = [_crlf(piece) for piece in pieces[0::2]]
    holes = pieces[1::2]
    plain = b"".join(constants)
    costly = len(_ESCAPED.findall(plain.replace(b"\r\n", b"")))
    return Quoted(constants, holes) if costly * 2 * 57 <= len(plain) * 20 else Based(constants, holes)


def holes_of(content: str) -> frozenset[str]:
    """The names of the holes in a text."""
    return frozenset(_HOLES.findall(content))


def fill(content: str, values: Mapping[str, str]) -> str:
    """A text with its holes filled; those without a value stay empty."""
    return _HOLES.sub(lambda match: values.get(match[1], ""), content)


def _crlf(piece: str) -> bytes:
    lines = piece.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\r\n".join([_NOT_TEXT.sub("", line) for line in lines]).encode("utf-8", "replace")


class Based:
    """base64 (RFC 2045 section 6.8), for text that is mostly Chinese."""

    name: TransferEncoding = "base64"

    def __init__(self, constants: Sequence[bytes], holes: Sequence[str]) -> None:
        first = constants[0]
        whole = len(first) if not holes else len(first) - len(first) % _BYTES_A_LINE
        self.head = based_lines(first[:whole])
        self._holes = tuple(holes)
        self._form = b"%b".join([piece.replace(b"%", b"%%") for piece in (first[whole:], *constants[1:])])

    def tail(self, values: Mapping[str, bytes]) -> bytes:
        """The rest, the holes filled with UTF-8; it ends with CRLF."""
        return based_lines(self._form % tuple([values[name] for name in self._holes]))


class Quoted:
    """quoted-printable (RFC 2045 section 6.7), for text that is mostly ASCII.

    A soft line break stands on both sides of a hole, so that what lies between two is the same whatever fills them.
    """

    name: TransferEncoding = "quoted-printable"

    def __init__(self, constants: Sequence[bytes], holes: Sequence[str]) -> None:
        pieces = [quoted_lines(piece, LINE - 1) for piece in constants]  # a soft break follows
        pieces[-1] += b"\r\n"  # the boundary's
        self.head = pieces[0] + (_SOFT if holes else b"")
        self._holes = tuple(holes)
        rest = [piece.replace(b"%", b"%%") for piece in pieces[1:]]
        self._form = b"".join(
            [b"%b" + _SOFT + piece + _SOFT for piece in rest[:-1]] + [b"%b" + _SOFT + p for p in rest[-1:]]
        )

    def tail(self, values: Mapping[str, bytes]) -> bytes:
        """The rest, the holes filled with UTF-8; it ends with CRLF."""
        return self._form % tuple([_quoted_value(values[name]) for name in self._holes])


def based_lines(data: bytes) -> bytes:
    """base64 in lines of 76 characters, each ended by CRLF; nothing for nothing."""
    code = b2a_base64(data, newline=False)
    lines = [code[at : at + LINE] for at in range(0, len(code), LINE)]
    return b"\r\n".join([*lines, b""])


def quoted_lines(data: bytes, last: int = LINE) -> bytes:
    """quoted-printable of text with CRLF, in lines of at most 76 characters.

    Args:
        last: the most that the last one has, which is not ended.
    """
    return b"\r\n".join([_quoted_line(line, last) for line in data.split(b"\r\n")])


def _quoted_line(line: bytes, last: int) -> bytes:
    code = _ESCAPED.sub(_escape, line)
    lines = []
    while len(code) > last:
        end = LINE - 1
        # An escape is three characters that stay together.
        end -= 1 if code[end - 1 : end] == b"=" else 2 if code[end - 2 : end - 1] == b"=" else 0
        lines.append(code[:end])
        code = code[end:]
    return _SOFT.join([*lines, code])


def _escape(match: re.Match[bytes]) -> bytes:
    return b"=%02X" % match[0][0]


def _quoted_value(value: bytes) -> bytes:
    return _quoted_line(value, LINE - 1)  # a soft break follows
