"""Text as feeds may carry it: no forbidden character, and no title that a reader takes for markup."""

from __future__ import annotations

import html
import re
import unicodedata
from html.entities import name2codepoint

_LAST = "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(1, 17))
_FORBIDDEN = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffd-\uffff{_LAST}]+")
_MISREAD = re.compile("[\xc2\xc3](?=[\xa0-\xbf])")
_SPACE = re.compile("[ \t\r\n]+")
_END_TAG = re.compile(r"</\w+>")
_REFERENCE = re.compile(r"&(#?\w+)")
_CLOSED_REFERENCE = re.compile(r"&#?\w+;")
_SUSPECT = re.compile("&#[x0-9]|<[/a-zA-Z]")
_MAILBOX = re.compile(r"\s*<[^<>@\s]*@[^<>\s]*>")


def clean(text: str) -> str:
    """Without what XML 1.0 forbids (section 2.2), C1 controls, what Unicode calls no characters, and U+FFFD.

    Strict parsers of HTML refuse the noncharacters, and validators take U+FFFD for a broken encoding.

    One such character in one entry would make the whole feed unreadable.
    """
    # Hardly any text has one, and to ask whether all can be printed costs a quarter of a search.
    if "\ufffd" not in text and text.replace("\n", "").isprintable():
        return text
    return _FORBIDDEN.sub("", text)


def legible(text: str) -> str:
    """Cleaned, and with no pair of letters that validators take for UTF-8 read as Latin-1 (BadCharacters).

    The first of the two is written as letter and combining accent, which Unicode holds for the same.
    """
    text = clean(text)
    # Searching for one letter is far cheaper than for a class of them.
    return _MISREAD.sub(_decomposed, text) if "\xc2" in text or "\xc3" in text else text


def _decomposed(match: re.Match[str]) -> str:
    return unicodedata.normalize("NFD", match[0])


def verbatim(text: str) -> str:
    """Cleaned, on one line: for ids, which never change."""
    return _SPACE.sub(" ", clean(text)).strip()


def one_line(text: str) -> str:
    """Legible, on one line: for titles, names and tags."""
    return _SPACE.sub(" ", legible(text)).strip()


def name(text: str) -> str:
    """A person's name: one line, no mail address in angle brackets and no end tag, both of which validators warn of."""
    return _END_TAG.sub("", _MAILBOX.sub("", one_line(text))).strip()


def is_markup(text: str) -> bool:
    """Whether a validator takes plain text for markup: it has an end tag or a character reference."""
    if "<" in text and _END_TAG.search(text):
        return True
    return "&" in text and any(map(_is_reference, _REFERENCE.findall(text)))


def is_sniffed(text: str) -> bool:
    """Whether readers of RSS, which has no ``type`` attribute, take plain text for HTML."""
    return ("<" in text and _END_TAG.search(text) is not None) or (
        "&" in text and _CLOSED_REFERENCE.search(text) is not None
    )


def is_suspect(text: str) -> bool:
    """Whether a validator doubts plain text in an attribute of RSS, where no reference can be written for ``<``."""
    return is_markup(text) or _SUSPECT.search(text) is not None


def _is_reference(found: str) -> bool:
    return found in name2codepoint or found == "apos" or not found.isalpha()


def escape(text: str) -> str:
    """Plain text as HTML."""
    return html.escape(text, quote=False)
